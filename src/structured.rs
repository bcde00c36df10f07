//! Structured output: which schemas are strict, and the value that an answer holds.

use alloc::{borrow::Cow, string::String};

use crate::{
    chat::Completion,
    error::{Error, ErrorKind},
    json::{Value, concat},
    json_schema::misfit,
};

/// What strict models take beside what [`make_strict`] looks into.
static STRICT: [&str; 17] = [
    "type",
    "required",
    "enum",
    "const",
    "$ref",
    "$schema",
    "title",
    "description",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
];

/// A JSON Schema as strict models take it: its top is an object, every object lists all its properties as required and
/// takes no others, and no keyword is used that they refuse. `None` if it is another one.
///
/// With `may_close` an object that says nothing about other properties is made to refuse them: that is for schemas that
/// a validator made of itself, which takes what the narrower one takes.
///
/// Source: `OpenAI`'s guide to structured outputs (2026-08), the strictest of the providers.
#[must_use]
pub fn strict<'a>(schema: &Value<'a>, may_close: bool) -> Option<Value<'a>> {
    let mut schema = schema.clone();
    (schema.raw_of("type") == Some("object") && make_strict(&mut schema, may_close)).then_some(schema)
}

fn make_strict(schema: &mut Value<'_>, may_close: bool) -> bool {
    let Value::Object(entries) = schema else { return false };
    for (keyword, inner) in &mut *entries {
        let is_strict = match (&**keyword, inner) {
            ("properties" | "$defs" | "definitions", Value::Object(schemas)) => {
                schemas.iter_mut().all(|(_, schema)| make_strict(schema, may_close))
            }
            ("anyOf", Value::Array(schemas)) => schemas.iter_mut().all(|schema| make_strict(schema, may_close)),
            ("items", schema) => make_strict(schema, may_close),
            ("additionalProperties", Value::Bool(is_open)) => !*is_open,
            (keyword, _) => STRICT.contains(&keyword),
        };
        if !is_strict {
            return false;
        }
    }
    let is_object = schema.raw_of("type") == Some("object") || lists(schema.at("type"), "object");
    if !is_object {
        return true;
    }
    let is_closed = schema.get("additionalProperties").is_some();
    if (!is_closed && (!may_close || schema.get("properties").is_none()))
        || !schema.at("properties").entries().iter().all(|(key, _)| lists(schema.at("required"), key))
    {
        return false;
    }
    if let (Value::Object(entries), false) = (schema, is_closed) {
        entries.push((Cow::Borrowed("additionalProperties"), Value::Bool(false)));
    }
    true
}

fn lists(names: &Value<'_>, raw: &str) -> bool {
    names.items().iter().any(|name| matches!(name, Value::String(known) if known == raw))
}

/// The value that an answer holds, as JSON: its text, freed of a fence or of prose around an object or a list.
///
/// `schema` is what it must fit, see [`misfit`]; `found` what somebody else found wrong with it.
///
/// # Errors
/// [`ErrorKind::ContentRefused`] where the model refused or a filter stepped in; [`ErrorKind::InvalidOutput`] where the
/// answer was cut, is not one JSON value or does not fit. Both keep the text and what it cost.
pub fn output(answer: &Value<'_>, schema: Option<&Value<'_>>, found: Option<String>) -> Result<String, Error> {
    let completion = Completion::read(answer);
    let text = completion.text();
    let choice = answer.at("choices").items().first().unwrap_or(&Value::Null);
    let refusal = choice.at("message").text_of("refusal").filter(|refusal| !refusal.is_empty()).map(Cow::into_owned);
    let finish_reason = choice.raw_of("finish_reason").unwrap_or_default();
    let error = if refusal.is_some() || finish_reason == "content_filter" {
        Error::new(ErrorKind::ContentRefused, "the model refused to answer, or a filter stepped in")
    } else {
        let problem = match find_value(&text) {
            _ if finish_reason == "length" => "the answer was cut off by the limit of tokens".into(),
            None => "the answer is not one JSON value".into(),
            Some(value) => match found.or_else(|| misfit(&value, schema?)) {
                None => return Ok(value.to_json()),
                Some(problem) => concat(&["the answer does not fit its schema: ", &*problem]),
            },
        };
        Error::new(ErrorKind::InvalidOutput, problem)
    };
    Err(error.with_partial_text(text).with_usage(completion.usage()).with_upstream_message(refusal))
}

/// The one JSON value of a text. Of one that was cut off no part is taken, and of several none.
fn find_value(text: &str) -> Option<Value<'_>> {
    Value::parse(text).or_else(|| {
        let first = text.as_bytes().iter().position(|byte| matches!(byte, b'{' | b'['))?;
        let last = text.as_bytes().iter().rposition(|byte| matches!(byte, b'}' | b']'))?;
        Value::parse(text.get(first..=last)?)
    })
}

#[cfg(test)]
mod tests {
    use std::prelude::rust_2024::*;

    use serde_json::{Value as Document, json};

    use super::*;

    fn strict_of(schema: &Document, may_close: bool) -> Option<Document> {
        let text = schema.to_string();
        Some(serde_json::from_str(&strict(&Value::parse(&text).unwrap(), may_close)?.to_json()).unwrap())
    }

    fn answer(content: &Document, finish_reason: &str) -> String {
        json!({"id": "gen-1", "choices": [{"finish_reason": finish_reason, "message": {"content": content}}], "usage": {"total_tokens": 7}})
            .to_string()
    }

    fn value_of(content: &str) -> Result<String, Error> {
        output(&Value::parse(&answer(&json!(content), "stop")).unwrap(), None, None)
    }

    fn problem_of(answer: &str, schema: Option<&str>) -> Error {
        let schema = schema.map(|schema| Value::parse(schema).unwrap());
        output(&Value::parse(answer).unwrap(), schema.as_ref(), None).unwrap_err()
    }

    fn object(more: &Document) -> Document {
        let mut schema =
            json!({"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": false});
        for (key, value) in more.as_object().unwrap() {
            schema[key] = value.clone();
        }
        schema
    }

    #[test]
    fn a_schema_that_is_strict_stays_as_it_is() {
        let items =
            json!({"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/c"}, {"type": "null"}]}, "minItems": 1});
        let schema = object(
            &json!({"properties": {"b": items, "a": {"type": ["string", "null"]}}, "required": ["b", "a"], "$defs": {"c": {"enum": [1, 2]}}}),
        );
        assert_eq!(strict_of(&schema, false), Some(schema));
    }

    #[test]
    fn what_strict_models_refuse_is_not_called_strict() {
        for schema in [
            object(&json!({"additionalProperties": true})),
            object(&json!({"additionalProperties": {"type": "string"}})),
            object(&json!({"required": []})),
            object(&json!({"allOf": []})),
            object(&json!({"properties": {"a": {"default": 1}}})),
            object(&json!({"properties": {"a": {"minLength": 1}}})),
            object(&json!({"properties": {"a": {"type": ["object", "null"]}}})),
            object(&json!({"properties": {"a": true}})),
            object(&json!({"properties": {"a": {"items": {"type": "object"}}}})),
            object(&json!({"$defs": {"x": {"type": "object"}}})),
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"anyOf": [object(&json!({}))]}),
            json!({}),
            json!(true),
        ] {
            assert_eq!(strict_of(&schema, true), None, "{schema}");
        }
    }

    #[test]
    fn only_a_derived_schema_is_closed() {
        let open = json!({"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "null"}}, "required": ["b"]}}, "required": ["a"]});
        assert_eq!(strict_of(&open, false), None);
        let closed = strict_of(&open, true).unwrap();
        assert_eq!(closed["additionalProperties"], false);
        assert_eq!(closed["properties"]["a"]["additionalProperties"], false);
        assert_eq!(strict_of(&json!({"type": "object", "properties": {"a": {}}}), true), None, "an optional property");
    }

    #[test]
    fn fences_and_prose_around_one_value_are_stripped() {
        for text in [
            r#"{"a":1}"#,
            "\n {\"a\":1}\n",
            "```json\n{\"a\":1}\n```",
            "```\n{\"a\":1}\n```",
            "Here you are:\n```json\n{\"a\":1}\n```\nAnything else?",
            "Sure! {\"a\":1} That is it.",
        ] {
            assert_eq!(value_of(text).unwrap(), r#"{"a":1}"#, "{text}");
        }
        for (text, value) in [("5", "5"), ("\"{x\"", "\"{x\""), ("List: [1,{}].", "[1,{}]")] {
            assert_eq!(value_of(text).unwrap(), value);
        }
    }

    #[test]
    fn no_part_of_a_cut_value_and_no_one_of_several_is_taken() {
        for text in [
            "",
            "yes",
            r#"{"a":{"b":1}"#,
            r#"Here: [{"a":1},{"#,
            r#"See [1]: {"a":1}"#,
            r#"{"a":1} or {"a":2}"#,
            "{'a':1}",
            "```json\n{\"a\":\n```",
        ] {
            let error = value_of(text).unwrap_err();
            assert_eq!(
                (error.kind(), error.message()),
                (ErrorKind::InvalidOutput, "the answer is not one JSON value"),
                "{text}"
            );
            assert_eq!(error.partial_text(), Some(text));
        }
    }

    #[test]
    fn parts_of_the_content_are_joined() {
        let answer = answer(
            &json!([{"type": "text", "text": "{\"a\""}, {"type": "image_url"}, {"type": "text", "text": ":1}"}]),
            "stop",
        );
        assert_eq!(output(&Value::parse(&answer).unwrap(), None, None).unwrap(), r#"{"a":1}"#);
    }

    #[test]
    fn a_refusal_is_no_output() {
        let answer = json!({"choices": [{"finish_reason": "stop", "message": {"content": null, "refusal": "I can't."}}], "usage": {"cost": 1}});
        let error = problem_of(&answer.to_string(), None);
        assert_eq!(
            (error.kind(), error.upstream_message(), error.partial_text()),
            (ErrorKind::ContentRefused, Some("I can't."), Some(""))
        );
        assert!(error.to_json().contains(r#""usage":{"cost":1}"#));
        assert_eq!(problem_of(&self::answer(&json!("{}"), "content_filter"), None).kind(), ErrorKind::ContentRefused);
    }

    #[test]
    fn a_cut_answer_is_called_cut_and_keeps_what_came_and_what_it_cost() {
        let error = problem_of(&answer(&json!("{\"a\":"), "length"), None);
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::InvalidOutput, "the answer was cut off by the limit of tokens")
        );
        assert_eq!(error.partial_text(), Some("{\"a\":"));
        assert!(error.to_json().contains(r#""usage":{"total_tokens":7}"#) && !error.is_retryable());
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_path_and_never_quoted() {
        let error = problem_of(
            &answer(&json!(r#"{"a":{"b":"secret"}}"#), "stop"),
            Some(r#"{"properties":{"a":{"properties":{"b":{"type":"number"}}}}}"#),
        );
        assert_eq!(error.message(), "the answer does not fit its schema: type at a.b");
        let error =
            output(&Value::parse(&answer(&json!("[1]"), "stop")).unwrap(), None, Some("[0]".into())).unwrap_err();
        assert_eq!((error.message(), error.partial_text()), ("the answer does not fit its schema: [0]", Some("[1]")));
    }

    #[test]
    fn an_answer_without_a_choice_is_no_output() {
        for answer in ["{}", r#"{"choices":[]}"#, r#"{"choices":[{"message":null}]}"#] {
            assert_eq!(problem_of(answer, None).kind(), ErrorKind::InvalidOutput);
        }
    }
}
