//! What the platform hands to a Worker, on its own types, and the way back into JavaScript. The crate that is made for it
//! has classes, errors and texts for all that Workers can do: 20 kB of upload for the few calls that are made here.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;

/// Of what the platform does: what it throws is its own.
pub(crate) type Result<T> = std::result::Result<T, JsValue>;

#[wasm_bindgen]
extern "C" {
    /// Variables, secrets and bindings by their names.
    pub type Env;

    /// One request's.
    pub type Context;

    #[wasm_bindgen(method, catch, js_name = waitUntil)]
    pub(crate) fn wait_until(this: &Context, promise: &Promise) -> Result<()>;

    /// A Durable Object's.
    pub type State;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn id(this: &State) -> Id;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn storage(this: &State) -> Storage;

    pub(crate) type Id;

    #[wasm_bindgen(method, js_name = toString)]
    pub(crate) fn text(this: &Id) -> String;

    pub(crate) type Storage;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn sql(this: &Storage) -> Sql;

    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    pub(crate) fn set_alarm(this: &Storage, at_ms: f64) -> Result<Promise>;

    /// All of it or, where it throws, nothing.
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    pub(crate) fn transaction_sync(this: &Storage, action: &mut dyn FnMut() -> Result<()>) -> Result<()>;

    pub(crate) type Sql;

    #[wasm_bindgen(method, catch, variadic)]
    pub(crate) fn exec(this: &Sql, query: &str, values: &Array) -> Result<Rows>;

    pub(crate) type Rows;

    #[wasm_bindgen(method, catch, js_name = toArray)]
    pub(crate) fn to_array(this: &Rows) -> Result<Array>;

    /// Rows as arrays, one after the other.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn raw(this: &Rows) -> Result<JsValue>;

    /// A line of the log, for the owner.
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn log_error(text: &str);

    /// The same of what was thrown, with its stack.
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn log_thrown(thrown: &JsValue);
}
