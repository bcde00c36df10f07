//! One data point for each settled request, where a data set of the Analytics Engine is bound.

use js_sys::JSON;
use openrouter_wasm::json::Value;
use wasm_bindgen::prelude::*;

use super::ANALYTICS;
use crate::{
    ledger::remote::binding,
    platform::{Env, Result},
    text::{fill, shortened},
};

#[wasm_bindgen]
extern "C" {
    type Dataset;

    #[wasm_bindgen(method, catch, js_name = writeDataPoint)]
    fn write_data_point(this: &Dataset, point: &JsValue) -> Result<()>;
}

/// The most bytes of an index, by which points are sampled.
const LONGEST_INDEX: usize = 96;

/// Index: the user as in the log. Blobs: user, model, and `settled` or `estimated`. Doubles: the counts in the order of
/// the export's columns, money in nano-USD.
pub(crate) fn write_point(env: &Env, user: &str, point: &str) -> Result<()> {
    let Some(dataset) = binding(env, ANALYTICS) else { return Ok(()) };
    let [index, user] = [shortened(user, LONGEST_INDEX), user].map(|text| Value::string(text).to_json());
    let point = fill(r#"{"indexes":[%],"blobs":[%,%]}"#, &[&index, &user, point]);
    dataset.unchecked_ref::<Dataset>().write_data_point(&JSON::parse(&point)?)
}
