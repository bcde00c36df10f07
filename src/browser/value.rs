//! The engine's own values as the core's JSON view.

use std::borrow::Cow;

use js_sys::{Array, JSON, JsString, Object, Reflect};
use serde::{Serialize, Serializer};
use wasm_bindgen::{JsCast, JsValue};

use crate::json::{Json, Kind};

/// A value that `JSON.parse` made, or that the caller gave: what JSON cannot say (functions, `undefined`) reads as absent.
#[derive(Debug, Clone)]
pub(super) struct JsJson(pub(super) JsValue);

impl Json for JsJson {
    fn parse(text: &str) -> Option<Self> {
        JSON::parse(text).ok().map(Self)
    }

    /// One call into the engine for all: the events of one read become one list.
    fn parse_each(texts: &[String]) -> Vec<Option<Self>> {
        if let [_, _, ..] = texts {
            let joined = ["[", &texts.join(","), "]"].concat();
            if let Some(Ok(list)) = JSON::parse(&joined).ok().map(JsCast::dyn_into::<Array>) {
                // Texts that are no JSON by themselves may look like it in a list, but hardly if each begins an object.
                if list.length() as usize == texts.len() && texts.iter().all(|text| text.starts_with('{')) {
                    return list.iter().map(|value| Some(Self(value))).collect();
                }
            }
        }
        texts.iter().map(|text| Self::parse(text)).collect()
    }

    fn kind(&self) -> Kind {
        let value = &self.0;
        if value.is_string() {
            Kind::String
        } else if value.as_bool().is_some() {
            Kind::Bool
        } else if value.as_f64().is_some() {
            Kind::Number
        } else if Array::is_array(value) {
            Kind::Array
        } else if value.is_object() {
            Kind::Object
        } else {
            Kind::Null
        }
    }

    fn get(&self, key: &str) -> Option<Cow<'_, Self>> {
        if !self.0.is_object() {
            return None;
        }
        let value = Reflect::get(&self.0, &key.into()).ok()?;
        let says_something = !value.is_undefined() && !value.is_function() && !value.is_symbol();
        says_something.then_some(Cow::Owned(Self(value)))
    }

    fn items(&self) -> impl Iterator<Item = Cow<'_, Self>> {
        let list = self.0.dyn_ref::<Array>();
        list.into_iter().flat_map(|list| list.iter().map(|value| Cow::Owned(Self(value))))
    }

    fn keys(&self) -> Vec<String> {
        match self.0.dyn_ref::<Object>() {
            Some(object) if !Array::is_array(&self.0) => {
                Object::keys(object).iter().filter_map(|key| key.as_string()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        self.0.as_string().map(Cow::Owned)
    }

    fn number(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn is_true(&self) -> bool {
        self.0.as_bool() == Some(true)
    }

    fn to_json(&self) -> String {
        JSON::stringify(&self.0).map(|text: JsString| String::from(text)).unwrap_or_default()
    }
}

/// Goes out as it is.
impl Serialize for JsJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_wasm_bindgen::preserve::serialize(&self.0, serializer)
    }
}

/// A result of the core as plain JavaScript objects (the default serializer makes `Map`s of some).
pub(super) fn to_js(value: &impl Serialize) -> JsValue {
    // Only a failing `Serialize` could end here, and none of the core's fails.
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED)
}
