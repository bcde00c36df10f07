//! Export for `models.js`: questions to the core about what may be kept, what it costs, and which models are meant.

use alloc::string::String;

use wasm_bindgen::prelude::*;

use super::Core;
use crate::{
    json::{Value, concat, decimal, digits},
    models::{check_needs, cost, find, freshness},
};

#[wasm_bindgen]
impl Core {
    /// Answers one of the questions of `models.js` with JSON, or with nothing; after a `!` it is the error.
    #[must_use]
    pub fn ask(what: u8, question: &str, now: &str, list: &str) -> String {
        if what == 0 {
            return decimal(freshness(question, digits(now)) as u64);
        }
        // What is no JSON is no object either, which is an error.
        let question = Value::parse(question).unwrap_or(Value::Null);
        let answer = match what {
            1 => cost(&question, now).map(Option::unwrap_or_default),
            _ if list.is_empty() => check_needs(&question).map(|()| String::new()),
            _ => find(&Value::parse(list).unwrap_or(Value::Null), &question, what == 3, now),
        };
        answer.unwrap_or_else(|error| concat(&["!", &error.to_json()]))
    }
}
