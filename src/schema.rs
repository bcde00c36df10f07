//! Checks requests against one table, `request.schema`, that every build shares.
//!
//! A table instead of derived types: the request's ~200 fields cost a few kilobytes of text in the browser's
//! wasm where derived deserialisation cost 66, and the caller's own object is what gets sent, so what the table
//! does not know passes through untouched.

use crate::{
    error::{Error, ErrorKind},
    json::{Json, Kind},
};

const TABLE: &str = include_str!("request.schema");

/// A type of the table that a caller's value can be checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Body of `POST /chat/completions`.
    ChatRequest,
    /// Query of `GET /models`.
    ModelsQuery,
}

impl Schema {
    /// Refuses what the API would certainly refuse.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with the path of the first field that is wrong, e.g. `messages[0].role`,
    /// and what it should be. The value itself is never quoted.
    pub fn check<J: Json>(self, value: &J) -> Result<(), Error> {
        let name = match self {
            Self::ChatRequest => "ChatRequest",
            Self::ModelsQuery => "ModelsQuery",
        };
        if value.kind() != Kind::Object {
            return Err(Error::new(ErrorKind::InvalidRequest, "the request must be an object"));
        }
        // `prompt` is the older way to ask.
        if self == Self::ChatRequest && value.present("messages").is_none() && value.present("prompt").is_none() {
            return Err(refuse("messages", "required: expected a list"));
        }
        check(value, name, &mut String::new())
    }
}

/// Checks `value` against a type expression such as `string | [ContentPart] 1..`.
fn check<J: Json>(value: &J, expression: &str, path: &mut String) -> Result<(), Error> {
    let kind = value.kind();
    let Some(wanted) = expression.split(" | ").find(|wanted| kinds_match(kind, wanted)) else {
        return Err(refuse(path, &in_words(expression)));
    };
    let (name, range) = split_range(wanted);
    match kind {
        Kind::Number => {
            let number = value.number().unwrap_or(f64::NAN);
            if name == "integer" && number.fract() != 0.0 {
                return Err(refuse(path, "expected a whole number"));
            }
            in_range(number, range, "", path)
        }
        Kind::String if range.is_some() => {
            let units = value.text().map_or(0, |text| text.encode_utf16().count());
            in_range(count(units), range, " characters", path)
        }
        Kind::Array => {
            let element = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or("any");
            let mut length = 0;
            for (index, item) in value.items().enumerate() {
                length = index + 1;
                within(path, format_index(index).as_str(), |path| check(&*item, element, path))?;
            }
            in_range(count(length), range, " elements", path)
        }
        Kind::Object => check_object(value, name, range, path),
        _ => Ok(()),
    }
}

fn check_object<J: Json>(value: &J, name: &str, range: Option<&str>, path: &mut String) -> Result<(), Error> {
    if let Some(entry) = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        let keys = value.keys();
        for key in &keys {
            let Some(entry_value) = value.get(key) else { continue };
            within(path, &key_path(key), |path| check(&*entry_value, entry, path))?;
        }
        return in_range(count(keys.len()), range, " entries", path);
    }
    let Some((chosen_by, lines)) = section(name) else { return Ok(()) };
    if let Some(field) = chosen_by {
        let Some(tag) = value.present(field).as_ref().and_then(|tag| tag.text().map(std::borrow::Cow::into_owned))
        else {
            return within(path, &key_path(field), |path| Err(refuse(path, "required: expected a string")));
        };
        return match lines.filter_map(|line| line.split_once(' ')).find(|(text, _)| *text == tag) {
            Some((_, chosen)) => check_object(value, chosen, None, path),
            None => Ok(()),
        };
    }
    for (field, wanted) in lines.filter_map(|line| line.split_once(' ')) {
        let required = field.strip_suffix('*');
        let field = required.unwrap_or(field);
        match value.present(field) {
            Some(inner) => within(path, &key_path(field), |path| check(&*inner, wanted, path))?,
            None if required.is_some() => {
                let problem = String::from("required: ") + &in_words(wanted);
                return within(path, &key_path(field), |path| Err(refuse(path, &problem)));
            }
            None => {}
        }
    }
    Ok(())
}

/// The lines below a type's name, and the field that chooses among them for a `by` type.
fn section(name: &str) -> Option<(Option<&'static str>, impl Iterator<Item = &'static str>)> {
    let mut lines = TABLE.lines();
    let head = lines.by_ref().find(|line| line.split(' ').next() == Some(name))?;
    let body = lines.map_while(|line| line.strip_prefix("  "));
    Some((head.split_once(" by ").map(|(_, field)| field), body))
}

fn kinds_match(kind: Kind, wanted: &str) -> bool {
    let (name, _) = split_range(wanted);
    match kind {
        Kind::Null => name == "any",
        Kind::Bool => matches!(name, "boolean" | "any"),
        Kind::Number => matches!(name, "number" | "integer" | "any"),
        Kind::String => matches!(name, "string" | "any"),
        Kind::Array => name.starts_with('[') || name == "any",
        Kind::Object => !name.starts_with('[') && !matches!(name, "boolean" | "number" | "integer" | "string"),
    }
}

/// `[string] 0..4` is `[string]` and `0..4`; the range inside of brackets belongs to the element.
fn split_range(wanted: &str) -> (&str, Option<&str>) {
    match wanted.rsplit_once(' ') {
        Some((name, range)) if range.contains("..") && !range.ends_with([']', '}']) => (name, Some(range)),
        _ => (wanted, None),
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
fn count(length: usize) -> f64 {
    length as f64
}

fn in_range(number: f64, range: Option<&str>, unit: &str, path: &str) -> Result<(), Error> {
    let Some(range) = range else { return Ok(()) };
    let (least, most) = range.split_once("..").unwrap_or((range, ""));
    // The table's ranges are whole numbers: reading floats would cost more wasm than the whole check.
    let bound = |text: &str| text.parse::<i32>().ok().map(f64::from);
    let is_inside = bound(least).is_some_and(|least| number >= least) && bound(most).is_none_or(|most| number <= most);
    if is_inside {
        return Ok(());
    }
    let most = if most.is_empty() { String::new() } else { String::from(" and at most ") + most };
    Err(refuse(path, &(String::from("expected at least ") + least + &most + unit)))
}

/// `string | [ContentPart]` in words.
fn in_words(expression: &str) -> String {
    let mut words = String::from("expected ");
    for (index, wanted) in expression.split(" | ").enumerate() {
        if index > 0 {
            words.push_str(" or ");
        }
        words.push_str(match split_range(wanted).0 {
            "string" => "a string",
            "number" => "a number",
            "integer" => "a whole number",
            "boolean" => "true or false",
            "any" => "a value",
            list if list.starts_with('[') => "a list",
            _ => "an object",
        });
    }
    words
}

fn format_index(index: usize) -> String {
    String::from("[") + &index.to_string() + "]"
}

fn key_path(key: &str) -> String {
    String::from(".") + key
}

/// Runs `inner` with `step` added to the path.
fn within(path: &mut String, step: &str, inner: impl FnOnce(&mut String) -> Result<(), Error>) -> Result<(), Error> {
    let length = path.len();
    path.push_str(if length == 0 { step.trim_start_matches('.') } else { step });
    let result = inner(path);
    path.truncate(length);
    result
}

fn refuse(path: &str, problem: &str) -> Error {
    Error::invalid(ErrorKind::InvalidRequest, path, problem)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn problem(request: &Value) -> Option<String> {
        Schema::ChatRequest.check(request).err().map(|error| error.message().to_owned())
    }

    /// A request that is right, with one field added.
    fn with(field: &str, value: Value) -> Value {
        let mut request = json!({"model": "openai/gpt-5.2", "messages": [{"role": "user", "content": "hi"}]});
        request[field] = value;
        request
    }

    #[test]
    fn every_type_that_the_table_names_is_in_the_table() {
        for line in TABLE.lines().filter_map(|line| line.strip_prefix("  ")) {
            let (_, expression) = line.split_once(' ').unwrap();
            for wanted in expression.split(" | ") {
                let name = split_range(wanted).0.trim_matches(['[', ']', '{', '}']);
                let name = split_range(name).0;
                let is_basic = matches!(name, "string" | "number" | "integer" | "boolean" | "object" | "any");
                assert!(is_basic || section(name).is_some(), "{line}");
            }
        }
    }

    #[test]
    fn a_full_request_passes() {
        let request = json!({
            "model": "anthropic/claude-sonnet-4.6", "models": ["openai/gpt-5.2"],
            "messages": [
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": [
                    {"type": "text", "text": "what is this?", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
                    {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
                    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]},
                {"role": "assistant", "content": null, "reasoning_details": [], "tool_calls": [
                    {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "call_1", "content": "42"}],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
                      {"type": "openrouter:web_search"}],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}},
            "provider": {"order": ["azure"], "sort": {"by": "price", "partition": null}, "max_price": {"prompt": 1, "completion": "2"},
                         "preferred_max_latency": {"p90": 3}},
            "plugins": [{"id": "context-compression", "enabled": true}],
            "temperature": 0, "top_k": 0, "stop": ["a", "b"], "seed": null, "logit_bias": {"50256": -100}
        });
        assert_eq!(problem(&request), None);
    }

    #[test]
    fn what_nobody_has_named_yet_passes() {
        assert_eq!(problem(&json!({"model": "a/b", "prompt": "Once upon"})), None);
        assert_eq!(problem(&with("brand_new", json!({"any": [1, null]}))), None);
        assert_eq!(problem(&with("service_tier", json!("warp"))), None);
        assert_eq!(problem(&with("messages", json!([{"role": "critic", "content": 5}]))), None);
        let part = json!([{"role": "user", "content": [{"type": "hologram", "hologram": 1}]}]);
        assert_eq!(problem(&with("messages", part)), None);
    }

    #[test]
    fn the_first_wrong_field_is_named_with_what_it_should_be() {
        let cases = [
            (json!({}), "messages: required: expected a list"),
            (json!({"messages": null}), "messages: required: expected a list"),
            (with("messages", json!([])), "messages: expected at least 1 elements"),
            (with("messages", json!("hi")), "messages: expected a list"),
            (with("messages", json!([{"content": "x"}])), "messages[0].role: required: expected a string"),
            (with("messages", json!([null])), "messages[0]: expected an object"),
            (with("messages", json!([{"role": "user"}])), "messages[0].content: required: expected a string or a list"),
            (
                with("messages", json!([{"role": "tool", "content": ""}])),
                "messages[0].tool_call_id: required: expected a string",
            ),
            (
                with("messages", json!([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}])),
                "messages[0].content[0].image_url.url: required: expected a string",
            ),
            (with("model", json!(5)), "model: expected a string"),
            (with("temperature", json!(2.5)), "temperature: expected at least 0 and at most 2"),
            (with("temperature", json!("hot")), "temperature: expected a number"),
            (with("max_tokens", json!(0)), "max_tokens: expected at least 1"),
            (with("max_tokens", json!(1.5)), "max_tokens: expected a whole number"),
            (with("stop", json!(["a", "b", "c", "d", "e"])), "stop: expected at least 0 and at most 4 elements"),
            (with("stop", json!(5)), "stop: expected a string or a list"),
            (with("logit_bias", json!({"1": 200})), "logit_bias.1: expected at least -100 and at most 100"),
            (with("metadata", json!({"a": 1})), "metadata.a: expected a string"),
            (with("session_id", json!("é".repeat(257))), "session_id: expected at least 0 and at most 256 characters"),
            (with("provider", json!({"quantizations": [8]})), "provider.quantizations[0]: expected a string"),
            (with("provider", json!({"sort": 1})), "provider.sort: expected a string or an object"),
            (
                with("tools", json!([{"type": "function", "function": {}}])),
                "tools[0].function.name: required: expected a string",
            ),
            (with("stream", json!("yes")), "stream: expected true or false"),
        ];
        for (request, expected) in cases {
            assert_eq!(problem(&request).as_deref(), Some(expected), "{request}");
        }
        assert_eq!(problem(&json!([])).as_deref(), Some("the request must be an object"));
    }

    #[test]
    fn the_error_carries_the_path_and_never_the_value() {
        let error = Schema::ChatRequest.check(&with("model", json!(["sk-or-v1-secret"]))).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("model")));
        assert!(!format!("{error:?}").contains("secret"));
    }

    #[test]
    fn ranges_hold_at_their_ends() {
        for (field, passes, fails) in [
            ("temperature", json!(2), json!(2.000_001)),
            ("frequency_penalty", json!(-2), json!(-2.1)),
            ("top_logprobs", json!(20), json!(21)),
            ("max_completion_tokens", json!(1), json!(0)),
        ] {
            assert_eq!(problem(&with(field, passes)), None, "{field}");
            assert!(problem(&with(field, fails)).is_some(), "{field}");
        }
    }

    #[test]
    fn a_models_query_is_checked_too() {
        let check = |query: Value| Schema::ModelsQuery.check(&query).err().map(|error| error.message().to_owned());
        assert_eq!(check(json!({"q": "gpt", "limit": 10, "output_modalities": ["image"]})), None);
        assert_eq!(check(json!({"limit": 0})).as_deref(), Some("limit: expected at least 1 and at most 1000"));
    }
}
