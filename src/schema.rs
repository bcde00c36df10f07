//! Checks requests against one table, `request.schema`, that every build shares.
//!
//! A table instead of derived types: the request's ~200 fields cost a few kilobytes of text in the browser's
//! wasm where derived deserialisation cost 66, and the caller's own text is what gets sent, so what the table
//! does not know passes through untouched.
//!
//! Only what is certainly wrong is refused. Names that are not listed pass; so do unknown values of `by` and of
//! strings that the API documents as a choice, for both grow without notice. An optional field may be null.
//! Source: OpenRouter's `OpenAPI` document and guides (2026-08). The table's language:
//!
//! ```text
//! Type                     a type: its fields follow, indented
//! Type by field            a type chosen by the text of that field: `text Type` lines follow
//!   name* type             the field is required
//! "a text"                just that one: for names that are ours, and so do not grow without notice
//! function signal blob    what is no JSON: it is here only where the caller gave something else
//! string number integer boolean object any   [list of]   {map to}   {64: map to, its keys so long}   one | another
//! 2..4                     range of a number, characters of a string, elements of a list, entries of a map
//! ```

use alloc::string::String;

use crate::{
    error::{Error, ErrorKind},
    json::{Value, concat, decimal, digits, join, unescape},
};

const TABLE: &str = include_str!("request.schema");

/// Where the types of the table begin. Looking for them line by line was most of what a call took.
static TYPES: [u16; types(&mut []) as usize] = {
    let mut starts = [0; types(&mut []) as usize];
    types(&mut starts);
    starts
};

/// How many types the table has; writes where they begin, as far as there is room.
#[expect(clippy::cast_possible_truncation, reason = "there are few, and see below")]
const fn types(starts: &mut [u16]) -> u16 {
    let (table, mut at, mut count) = (TABLE.as_bytes(), 0, 0);
    while at < table.len() {
        if table[at].is_ascii_uppercase() && (at == 0 || table[at - 1] == b'\n') {
            if count < starts.len() {
                starts[count] = at as u16;
            }
            count += 1;
        }
        at += 1;
    }
    count as u16
}

const _: () = assert!(TABLE.len() <= u16::MAX as usize);

/// Refuses what the API would certainly refuse, by a type of the table, e.g. `ChatRequest`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with the path of the first field that is wrong, e.g. `messages[0].role`,
/// and what it should be. The value itself is never quoted.
pub fn check_request(value: &Value<'_>, name: &str) -> Result<(), Error> {
    if !value.is_object() {
        return Err(Error::new(ErrorKind::InvalidRequest, "the request must be an object"));
    }
    // `prompt` is the older way to ask.
    if name == "ChatRequest" && value.present("messages").is_none() && value.present("prompt").is_none() {
        return Err(refuse("messages", "required: expected a list"));
    }
    check(value, name, &mut String::new())
}

/// Refuses names that a type of the table does not have: for objects that are ours, where one is a mistake.
///
/// # Errors
/// `kind` with the name.
pub fn check_names(value: &Value<'_>, name: &str, kind: ErrorKind) -> Result<(), Error> {
    match value.entries().iter().find(|(key, _)| !fields(name).any(|field| field == key)) {
        Some((unknown, _)) => {
            Err(Error::invalid(kind, unknown, &concat(&["unknown option; there are ", &join(fields(name), ", ")])))
        }
        None => Ok(()),
    }
}

/// The names of a type's fields.
pub fn fields(name: &str) -> impl Iterator<Item = &'static str> {
    section(name).into_iter().flat_map(|(_, lines)| lines.filter_map(|line| line.split(['*', ' ']).next()))
}

/// Checks `value` against a type expression such as `string | [ContentPart] 1..`.
fn check(value: &Value<'_>, expression: &str, path: &mut String) -> Result<(), Error> {
    let Some(wanted) = expression.split('|').map(str::trim_ascii).find(|wanted| kinds_match(value, wanted)) else {
        return Err(refuse(path, &in_words(expression)));
    };
    let (name, range) = split_range(wanted);
    match value {
        Value::Number(_) => {
            let number = value.number().unwrap_or(f64::NAN);
            if name == "integer" && !is_whole(number) {
                return Err(refuse(path, "expected a whole number"));
            }
            in_range(number, range, "", path)
        }
        Value::String(_) if range.is_some() => {
            let units = value.text().map_or(0, |text| text.encode_utf16().count());
            in_range(count(units), range, " characters", path)
        }
        Value::Array(items) => {
            let element = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or("any");
            for (index, item) in items.iter().enumerate() {
                let length = enter(path, ["[", &decimal(index as u64), "]"]);
                check(item, element, path)?;
                path.truncate(length);
            }
            in_range(count(items.len()), range, " elements", path)
        }
        Value::Object(_) => check_object(value, name, range, path),
        _ => Ok(()),
    }
}

fn check_object(value: &Value<'_>, name: &str, range: Option<&str>, path: &mut String) -> Result<(), Error> {
    if let Some(entry) = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        let (longest, entry) = entry.split_once(':').unwrap_or(("", entry));
        for (key, entry_value) in value.entries() {
            let length = enter(path, [".", key, ""]);
            let units = unescape(key).encode_utf16().count();
            if digits(longest).is_some_and(|longest| units as u64 > longest) {
                return Err(refuse(path, &concat(&["expected a key of at most ", longest, " characters"])));
            }
            check(entry_value, entry, path)?;
            path.truncate(length);
        }
        return in_range(count(value.entries().len()), range, " entries", path);
    }
    let Some((chosen_by, lines)) = section(name) else { return Ok(()) };
    if let Some(field) = chosen_by {
        let Some(tag) = value.text_of(field) else {
            enter(path, [".", field, ""]);
            return Err(refuse(path, "required: expected a string"));
        };
        return match lines.filter_map(|line| line.split_once(' ')).find(|(text, _)| *text == tag) {
            Some((_, chosen)) => check_object(value, chosen, None, path),
            None => Ok(()),
        };
    }
    for (field, wanted) in lines.filter_map(|line| line.split_once(' ')) {
        let required = field.strip_suffix('*');
        let field = required.unwrap_or(field);
        let given = value.present(field);
        if given.is_none() && required.is_none() {
            continue;
        }
        let length = enter(path, [".", field, ""]);
        match given {
            Some(inner) => check(inner, wanted, path)?,
            None => return Err(refuse(path, &concat(&["required: ", &in_words(wanted)]))),
        }
        path.truncate(length);
    }
    Ok(())
}

/// The lines below a type's name, and the field that chooses among them for a `by` type.
fn section(name: &str) -> Option<(Option<&'static str>, impl Iterator<Item = &'static str>)> {
    let mut lines = TYPES
        .iter()
        .filter_map(|start| TABLE.get(usize::from(*start)..))
        .find(|text| text.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '\n'])))?
        .lines();
    let head = lines.next()?;
    let body = lines.map_while(|line| line.strip_prefix("  "));
    // `Type by field`, or `Type`.
    Some((head.split(' ').nth(2), body))
}

fn kinds_match(value: &Value<'_>, wanted: &str) -> bool {
    let (name, _) = split_range(wanted);
    name == "any"
        || match value {
            Value::Null => false,
            Value::Bool(_) => name == "boolean",
            Value::Number(_) => matches!(name, "number" | "integer"),
            Value::String(raw) => name == "string" || literal(name) == Some(raw),
            Value::Array(_) => name.starts_with('['),
            Value::Object(_) => {
                !name.starts_with(['[', '"'])
                    && !matches!(name, "boolean" | "number" | "integer" | "string" | "function" | "signal" | "blob")
            }
        }
}

/// The text that `"a text"` stands for.
fn literal(wanted: &str) -> Option<&str> {
    wanted.strip_prefix('"')?.strip_suffix('"')
}

/// `[string] 0..4` is `[string]` and `0..4`; the range inside of brackets belongs to the element.
fn split_range(wanted: &str) -> (&str, Option<&str>) {
    // The library's search from the end is for long texts.
    let last = wanted.bytes().rposition(|byte| byte == b' ').map(|at| (&wanted[..at], &wanted[at + 1..]));
    match last {
        Some((name, range))
            if range.as_bytes().windows(2).any(|pair| pair == b"..") && !range.ends_with([']', '}']) =>
        {
            (name, Some(range))
        }
        _ => (wanted, None),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "that is the question"
)]
pub(crate) fn is_whole(number: f64) -> bool {
    // A float beyond 2^53 has no fraction.
    number.abs() > 1e18 || number as i64 as f64 == number
}

#[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
fn count(length: usize) -> f64 {
    length as f64
}

fn in_range(number: f64, range: Option<&str>, unit: &str, path: &str) -> Result<(), Error> {
    let Some(range) = range else { return Ok(()) };
    let (least, most) = range.split_once('.').unwrap_or((range, ""));
    // The table's ranges are whole numbers: reading floats would cost more wasm than the whole check.
    let most = most.trim_start_matches('.');
    let bound = |text: &str| {
        let size = count(usize::try_from(digits(text.trim_start_matches('-'))?).ok()?);
        Some(if text.starts_with('-') { -size } else { size })
    };
    let is_inside = bound(least).is_some_and(|least| number >= least) && bound(most).is_none_or(|most| number <= most);
    if is_inside {
        return Ok(());
    }
    let and = if most.is_empty() { "" } else { " and at most " };
    Err(refuse(path, &concat(&["expected at least ", least, and, most, unit])))
}

/// `string | [ContentPart]` in words.
fn in_words(expression: &str) -> String {
    let mut words = String::from("expected ");
    for (index, wanted) in expression.split('|').map(str::trim_ascii).enumerate() {
        if index > 0 {
            words.push_str(" or ");
        }
        words.push_str(match split_range(wanted).0 {
            "string" => "a string",
            "number" => "a number",
            "integer" => "a whole number",
            "boolean" => "true or false",
            "any" => "a value",
            "function" => "a function",
            "signal" => "an AbortSignal",
            "blob" => "a Blob or File",
            list if list.starts_with('[') => "a list",
            text if text.starts_with('"') => text,
            _ => "an object",
        });
    }
    words
}

/// Adds a step to the path, and gives the length to which it is to be cut back; after a failure that does not matter.
fn enter(path: &mut String, step: [&str; 3]) -> usize {
    let length = path.len();
    for part in step {
        path.push_str(part);
    }
    length
}

fn refuse(path: &str, problem: &str) -> Error {
    Error::invalid(ErrorKind::InvalidRequest, path.trim_start_matches('.'), problem)
}

#[cfg(test)]
mod tests {
    use std::{format, prelude::rust_2024::*};

    use serde_json::{Value as Document, json};

    use super::*;

    fn check_against(name: &str, request: &Document) -> Result<(), Error> {
        check_request(&Value::parse(&request.to_string()).unwrap(), name)
    }

    fn problem(request: &Document) -> Option<String> {
        check_against("ChatRequest", request).err().map(|error| error.message().to_owned())
    }

    /// A request that is right, with one field added.
    fn with(field: &str, value: Document) -> Document {
        let mut request = json!({"model": "openai/gpt-5.2", "messages": [{"role": "user", "content": "hi"}]});
        request[field] = value;
        request
    }

    #[test]
    fn every_type_that_the_table_names_is_in_the_table() {
        for line in TABLE.lines().filter_map(|line| line.strip_prefix("  ")) {
            let (_, expression) = line.split_once(' ').unwrap();
            for wanted in expression.split('|').map(str::trim_ascii) {
                let name = split_range(wanted).0.trim_matches(['[', ']', '{', '}']);
                let name = name.split_once(':').map_or(name, |(_, name)| name.trim_start());
                let name = split_range(name).0;
                let is_basic = matches!(
                    name,
                    "string" | "number" | "integer" | "boolean" | "object" | "any" | "function" | "signal" | "blob"
                );
                let is_basic = is_basic || literal(name).is_some();
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
    fn what_the_api_takes_is_not_refused() {
        let details =
            json!([{"role": "assistant", "reasoning_details": [{"type": "reasoning.new", "data": {"a": 1}}]}]);
        assert_eq!(problem(&with("messages", details)), None, "what the API gave goes back unchanged");
        assert_eq!(problem(&with("seed", json!(u64::MAX))), None);
        for (name, request) in [
            ("MessagesRequest", json!({"model": "a/b", "messages": null})),
            ("EmbeddingsRequest", json!({"model": "a/b", "input": []})),
            ("SpeechRequest", json!({"model": "a/b", "input": ""})),
        ] {
            assert_eq!(check_against(name, &request), Ok(()), "{name}");
        }
    }

    #[test]
    fn names_that_are_ours_are_told_from_mistakes() {
        let options = |value: Document| check_against("Options", &value).err().map(|error| error.message().to_owned());
        assert_eq!(options(json!({"cache": "reload"})), None);
        for value in [json!("force"), json!("\"reload\""), json!({}), json!(5)] {
            let expected = "cache: expected \"default\" or \"reload\" or \"no-store\"";
            assert_eq!(options(json!({"cache": value})).as_deref(), Some(expected));
        }
        let unknown =
            check_names(&Value::parse(r#"{"limit":1,"serach":""}"#).unwrap(), "ModelNeeds", ErrorKind::InvalidRequest);
        assert_eq!(unknown.unwrap_err().field(), Some("serach"));
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
            (
                with("metadata", json!({"a": "é".repeat(513)})),
                "metadata.a: expected at least 0 and at most 512 characters",
            ),
            (
                with("plugins", json!([{"id": "auto-router", "cost_quality_tradeoff": 11}])),
                "plugins[0].cost_quality_tradeoff: expected at least 0 and at most 10",
            ),
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
    fn a_key_of_metadata_has_at_most_64_characters() {
        let metadata = |length: usize| with("metadata", json!({"é".repeat(length): "x"}));
        assert_eq!(problem(&metadata(64)), None);
        assert_eq!(problem(&with("metadata", json!({"\"".repeat(64): "x"}))), None, "not as they are written");
        assert!(problem(&metadata(65)).unwrap().ends_with(": expected a key of at most 64 characters"));
    }

    #[test]
    fn the_error_carries_the_path_and_never_the_value() {
        let error = check_against("ChatRequest", &with("model", json!(["sk-or-v1-secret"]))).unwrap_err();
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
        let check =
            |query: Document| check_against("ModelsQuery", &query).err().map(|error| error.message().to_owned());
        assert_eq!(check(json!({"q": "gpt", "limit": 10, "output_modalities": ["image"]})), None);
        assert_eq!(check(json!({"distillable": "true", "zdr": true})), None, "as the query has it too");
        assert_eq!(check(json!({"limit": 0})).as_deref(), Some("limit: expected at least 1 and at most 1000"));
    }
}
