//! Signing in, as `npm/src/oauth.js` uses it: functions, so that a bundle that does not use them does not have them.

use alloc::string::String;

use wasm_bindgen::prelude::*;

use super::ms;
use crate::{
    error::Error,
    json::{ObjectWriter, concat},
    oauth::{Callback, begin, complete},
};

/// `{url, pending}` or `{error}`, as JSON.
#[wasm_bindgen(js_name = oauthBegin, skip_typescript)]
#[must_use]
pub fn oauth_begin(options: &str, random: &[u8], digest: &[u8], now: f64) -> String {
    begin(options, random, digest, ms(now)).unwrap_or_else(|error| with_error(&error))
}

/// `{cleanURL, request}` or `{cleanURL, error}`, as JSON.
#[wasm_bindgen(js_name = oauthComplete, skip_typescript)]
#[must_use]
pub fn oauth_complete(url: &str, pending: Option<String>, now: f64) -> String {
    let Callback { clean_url, request } = complete(url, pending.as_deref(), ms(now));
    let mut out = String::new();
    let mut object = ObjectWriter::new(&mut out);
    object.text("cleanURL", Some(&clean_url));
    match request {
        Ok(request) => object.key("request").push_str(&request),
        Err(error) => object.key("error").push_str(&error.to_json()),
    }
    object.end();
    out
}

fn with_error(error: &Error) -> String {
    concat(&["{\"error\":", &error.to_json(), "}"])
}
