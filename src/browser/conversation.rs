//! What `conversation.js`, `parts.js` and the package's `compare.js` stand on.

use alloc::{borrow::ToOwned, string::String};

use wasm_bindgen::prelude::*;

use super::{Core, not_json};
use crate::{
    compare,
    conversation::{add_usage, next_request},
    error::{Error, ErrorKind},
    json::{Value, concat},
    parts::form_of,
};

#[wasm_bindgen(module = "/src/browser/conversation.js")]
extern "C" {
    #[wasm_bindgen(js_name = conversationClass, reexport = "conversationClass", skip_typescript)]
    fn bring_conversation();
}
#[wasm_bindgen(module = "/src/browser/parts.js")]
extern "C" {
    #[wasm_bindgen(js_name = contentPartOver, reexport = "contentPartOver", skip_typescript)]
    fn bring_parts();
}

#[wasm_bindgen]
impl Core {
    /// The next request of a conversation (JSON): `{dropped, tokens, estimate}`, a line feed, and the body; or what is
    /// wrong, as `{error}`. `context_length` is the model's, where it was looked up.
    #[must_use]
    pub fn conversation(conversation: &str, context_length: Option<u32>) -> String {
        let parsed = Value::parse(conversation).ok_or_else(|| not_json(ErrorKind::InvalidRequest, "conversation"));
        match parsed.and_then(|conversation| next_request(&conversation, context_length)) {
            Ok(request) => concat(&[&request.facts, "\n", &request.body]),
            Err(error) => failed(&error),
        }
    }

    /// Two usages (JSON), added.
    #[wasm_bindgen(js_name = addUsage)]
    #[must_use]
    pub fn add_usage(total: &str, usage: &str) -> String {
        match (Value::parse(total), Value::parse(usage)) {
            (Some(total), Some(usage)) => add_usage(&total, &usage),
            _ => total.to_owned(),
        }
    }

    /// How a file or a URL is sent, see `form_of`, or `{error}`.
    #[wasm_bindgen(js_name = partForm)]
    #[must_use]
    pub fn part_form(media_type: &str, name: &str, url: &str, size: Option<f64>, max_bytes: Option<f64>) -> String {
        form_of(media_type, name, url, size, max_bytes).unwrap_or_else(|error| failed(&error))
    }

    /// Tokens per second; 0 where that cannot be said.
    #[wasm_bindgen(js_name = tokensPerSecond)]
    #[must_use]
    pub fn tokens_per_second(completion_tokens: f64, first_token_ms: f64, end_ms: f64) -> f64 {
        compare::tokens_per_second(completion_tokens, first_token_ms, end_ms).unwrap_or_default()
    }
}

fn failed(error: &Error) -> String {
    concat(&["{\"error\":", &error.to_json(), "}"])
}
