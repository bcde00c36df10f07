//! The one place where the core's error becomes JavaScript's.

use wasm_bindgen::prelude::*;

use super::value::to_js;
use crate::error::{Error, ErrorKind};

#[wasm_bindgen(module = "/src/browser/error.js")]
extern "C" {
    #[wasm_bindgen(js_name = openRouterError)]
    fn open_router_error(properties: JsValue, cause: &JsValue) -> JsValue;

    // Never called: `reexport` makes the class an export of the package, so that `instanceof` works.
    #[wasm_bindgen(js_name = OpenRouterError, reexport = "OpenRouterError", skip_typescript)]
    fn reexport_class();
}

/// `OpenRouterError` with the core's properties.
pub(super) fn to_error(error: &Error) -> JsValue {
    open_router_error(to_js(error), &JsValue::UNDEFINED)
}

/// The same, with the engine's own error as its cause.
pub(super) fn to_error_with_cause(error: &Error, cause: &JsValue) -> JsValue {
    open_router_error(to_js(error), cause)
}

/// What `fetch` or a broken body throws.
pub(super) fn network() -> Error {
    Error::new(
        ErrorKind::Network,
        "the connection failed: the server is not reachable, or CORS or the page's Content-Security-Policy forbids it",
    )
}
