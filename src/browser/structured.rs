//! Structured output and the tool loop, for `structured.js` and `tools.js`.

use alloc::string::String;

use wasm_bindgen::prelude::*;

use super::Core;
use crate::{
    json::{Value, concat},
    structured, tools,
};

#[wasm_bindgen]
impl Core {
    /// What is to be said of an answer (`{completion, schema?, found?}`: `{data}` or `{error}`), of a step of the tool
    /// loop (`{calls, …}`, see [`tools::turn`]), or of a schema (`{schema, isDerived?}`: the strict one, or null).
    #[must_use]
    pub fn judge(given: &str) -> String {
        let given = Value::parse(given).unwrap_or(Value::Null);
        let schema = given.present("schema");
        if let Some(completion) = given.get("completion") {
            let (key, value) = match structured::output(completion, schema, given.text_of("found").map(Into::into)) {
                Ok(value) => ("data", value),
                Err(error) => ("error", error.to_json()),
            };
            concat(&["{\"", key, "\":", &value, "}"])
        } else if given.get("calls").is_some() {
            tools::turn(&given)
        } else {
            let strict = schema.and_then(|schema| structured::strict(schema, given.at("isDerived").is_true()));
            strict.unwrap_or(Value::Null).to_json()
        }
    }
}
