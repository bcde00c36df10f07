//! A conversation: what of its history is sent, to which model in what form, and what it has used so far.
//!
//! **What is sent.** Messages of the roles system and developer, and the newest turn, always. A turn is a user's message
//! with everything up to the next one, so a tool's result stays with its call. As long as the rest has more than
//! `contextLength − reserve` tokens, the oldest turn is left out, whole. If the newest turn alone is too long it is sent
//! all the same: the numbers are estimates, and the API says `context_length_exceeded` if they are right.
//! `reserve` is what is kept for the answer: if it is not given, the request's `max_completion_tokens` or `max_tokens`,
//! or else a quarter of the context, but at most 4,096.
//!
//! **Tokens** are estimated: 4 for each message, and 1 for 4 bytes of its strings, as JSON writes them. An image is 1,500
//! (large models count 258 to 1,600); audio and video 1 for 500 characters of base64 or URL (32 in a second of MP3 at
//! 128 kbit/s), other files 1 for 50 (a page of a PDF, 75 kB, is 2,000), all of them at least 1,500. `reasoning` is not
//! counted, for its details are. The request's tools count as a message. Once an answer told `usage.prompt_tokens`, the
//! messages that there were then share that number in the proportion of their estimates.
//!
//! **Another model.** Reasoning goes back unchanged to models of the author who gave it (`openai` of `openai/gpt-5.2`).
//! To others go neither its `reasoning.encrypted` items nor its signatures, which only their author can read: others
//! refuse them. Its text stays, and a list that is empty then. Routers (`openrouter/…`) and presets may choose any model
//! and get all of it; so does everybody of a message that does not say which `model` wrote it. The history itself keeps
//! everything.

use alloc::string::String;

use crate::{
    chat::slot,
    error::{Error, ErrorKind},
    json::{ObjectWriter, Value, decimal, separate},
    models::Price,
    schema,
};

/// The version in which conversations are saved.
pub const VERSION: u32 = 1;

/// What an image counts, and every other medium at least.
const MEDIUM_TOKENS: u64 = 1500;

/// What is to be sent next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The body, as JSON.
    pub body: String,
    /// As JSON: `dropped`, the indices of the messages that are left out; `tokens`, how many the body has as far as one
    /// can know; `estimate`, how many by the rule alone, to be kept with the `prompt_tokens` of the answer.
    pub facts: String,
}

/// Reads a conversation as it is saved: `{version, model?, messages, contextLength?, reserve?, request?, usage?,
/// known?}`, and makes the request for the next answer. `context_length` counts where the conversation has no number.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with the field that is wrong.
pub fn next_request(conversation: &Value<'_>, context_length: Option<u32>) -> Result<Request, Error> {
    schema::check_request(conversation, "Conversation")?;
    let refuse = |field: &str, problem: &str| Err(Error::invalid(ErrorKind::InvalidRequest, field, problem));
    if conversation.index_of("version") != Some(VERSION) {
        return refuse("version", "this is no conversation, or a newer openrouter-wasm saved it");
    }
    if conversation.text_of("contextLength").is_some_and(|text| text != "auto") {
        return refuse("contextLength", "expected a number of tokens, or \"auto\"");
    }
    let messages = conversation.at("messages").items();
    let settings = conversation.at("request");

    let known = conversation.at("known");
    let known = |key: &str| number(known, key).unwrap_or(0);
    let (covered, told, ruled) = (known("messages"), known("tokens"), known("estimate").max(1));
    let size = |index: u64, value: &Value<'_>| {
        let estimate = 4 + bytes(value).div_ceil(4);
        (estimate, if index < covered { estimate * told / ruled } else { estimate })
    };
    let (mut estimate, mut tokens) = settings.present("tools").map_or((0, 0), |tools| size(0, tools));
    let mut newest = 0;
    for (index, message) in messages.iter().enumerate() {
        let (more_estimate, more_tokens) = size(index as u64, message);
        estimate += more_estimate;
        tokens += more_tokens;
        if message.raw_of("role") == Some("user") {
            newest = index;
        }
    }

    let context_length = number(conversation, "contextLength").or(context_length.map(u64::from));
    let reserve = number(conversation, "reserve")
        .or_else(|| number(settings, "max_completion_tokens"))
        .or_else(|| number(settings, "max_tokens"));
    let most = context_length.map_or(u64::MAX, |all| all.saturating_sub(reserve.unwrap_or((all / 4).min(4096))));

    let (mut facts, mut body) = (String::new(), String::new());
    let mut told_facts = ObjectWriter::new(&mut facts);
    let dropped = told_facts.key("dropped");
    dropped.push('[');
    let mut request = ObjectWriter::new(&mut body);
    for (key, value) in settings.entries() {
        // What the conversation says itself is not said twice.
        if conversation.get(key).is_none() {
            request.value(key, value);
        }
    }
    let model = conversation.text_of("model");
    request.text("model", model.as_deref());
    let list = request.key("messages");
    list.push('[');
    let mut is_enough = false;
    for (index, message) in messages.iter().enumerate() {
        let role = message.raw_of("role").unwrap_or_default();
        if index == 0 || role == "user" {
            is_enough |= index >= newest || tokens <= most;
        }
        if is_enough || role == "system" || role == "developer" {
            separate(list);
            write_for(message, author(model.as_deref()), list);
        } else {
            let (less_estimate, less_tokens) = size(index as u64, message);
            estimate -= less_estimate;
            tokens -= less_tokens;
            separate(dropped);
            dropped.push_str(&decimal(index as u64));
        }
    }
    list.push(']');
    request.end();
    dropped.push(']');
    told_facts.value("tokens", &Value::integer(tokens));
    told_facts.value("estimate", &Value::integer(estimate));
    told_facts.end();
    Ok(Request { body, facts })
}

fn number(object: &Value<'_>, key: &str) -> Option<u64> {
    object.index_of(key).map(u64::from)
}

/// How many bytes of text a message is like.
fn bytes(value: &Value<'_>) -> u64 {
    match value {
        Value::String(raw) => raw.len() as u64,
        Value::Array(items) => items.iter().map(bytes).sum(),
        Value::Object(entries) => {
            let mut sum = 0;
            for (key, value) in entries {
                let inside = bytes(value);
                let per_token = match &**key {
                    "image_url" => u64::MAX,
                    "input_audio" | "video_url" | "audio" => 500,
                    "file" => 50,
                    "reasoning" => continue,
                    _ => 0,
                };
                sum += if per_token > 0 && value.is_object() {
                    (inside / per_token).max(MEDIUM_TOKENS) * 4
                } else {
                    inside
                };
            }
            sum
        }
        _ => 0,
    }
}

/// Whose model this is; `None` where it may be anybody's.
fn author(model: Option<&str>) -> Option<&str> {
    let (author, _) = model?.split_once('/')?;
    Some(author.strip_prefix('~').unwrap_or(author)).filter(|author| !matches!(*author, "openrouter" | "@preset"))
}

/// Writes a message for models of this author.
fn write_for(message: &Value<'_>, reader: Option<&str>, out: &mut String) {
    let model = message.text_of("model");
    let writer = author(model.as_deref());
    if writer == reader || writer.is_none() || reader.is_none() {
        return message.write(out);
    }
    let mut object = ObjectWriter::new(out);
    for (key, value) in message.entries() {
        if key != "reasoning_details" {
            object.value(key, value);
            continue;
        }
        let out = object.key(key);
        out.push('[');
        for detail in value.items() {
            if detail.raw_of("type") != Some("reasoning.encrypted") {
                separate(out);
                let mut object = ObjectWriter::new(out);
                for (key, value) in detail.entries() {
                    if key != "signature" {
                        object.value(key, value);
                    }
                }
                object.end();
            }
        }
        out.push(']');
    }
    object.end();
}

/// Two usages as one, as JSON.
#[must_use]
pub fn add_usage(total: &Value<'_>, usage: &Value<'_>) -> String {
    let mut sum = total.clone();
    add(&mut sum, usage);
    sum.to_json()
}

/// Adds a usage to another one: numbers as exact decimals, objects key by key; of all else, and of what is no amount, the
/// last counts that is not null.
pub(crate) fn add<'a>(sum: &mut Value<'a>, more: &Value<'a>) {
    match (&mut *sum, more) {
        (_, Value::Null) => {}
        (Value::Object(known), Value::Object(entries)) => {
            for (key, value) in entries {
                add(slot(known, key), value);
            }
        }
        (Value::Number(known), Value::Number(number)) => {
            let total = Price::parse(known).and_then(|known| known.plus(Price::parse(number)?));
            *known = total.map_or_else(|| number.clone(), |total| total.to_text().into());
        }
        _ => *sum = more.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::{format, prelude::rust_2024::*};

    use serde_json::{Value as Document, json};

    use super::*;

    fn next(conversation: &Document, context_length: Option<u32>) -> Result<Request, Error> {
        let text = conversation.to_string();
        next_request(&Value::parse(&text).unwrap(), context_length)
    }

    fn facts(conversation: &Document, context_length: Option<u32>) -> (Document, u64, u64) {
        let facts: Document = serde_json::from_str(&next(conversation, context_length).unwrap().facts).unwrap();
        (facts["dropped"].clone(), facts["tokens"].as_u64().unwrap(), facts["estimate"].as_u64().unwrap())
    }

    fn sent(conversation: &Document) -> Document {
        serde_json::from_str(&next(conversation, None).unwrap().body).unwrap()
    }

    /// A message of this many tokens.
    fn message(role: &str, tokens: usize) -> Document {
        let id = "i".repeat(4);
        json!({"role": role, "content": "x".repeat(tokens * 4 - 20 - role.len()), "tool_call_id": id})
    }

    fn dropped(messages: &[Document], context_length: u32, more: Document) -> Document {
        let mut conversation =
            json!({"version": 1, "messages": messages, "contextLength": context_length, "reserve": 0});
        let Document::Object(more) = more else { unreachable!() };
        conversation.as_object_mut().unwrap().extend(more);
        facts(&conversation, None).0
    }

    fn history() -> Vec<Document> {
        [
            ("system", 10),
            ("user", 20),
            ("assistant", 20),
            ("user", 30),
            ("assistant", 30),
            ("tool", 30),
            ("assistant", 30),
            ("developer", 10),
            ("user", 40),
        ]
        .map(|(role, tokens)| message(role, tokens))
        .to_vec()
    }

    #[test]
    fn the_request_has_model_messages_and_the_settings() {
        let conversation = json!({"version": 1, "model": "a/b", "messages": [{"role": "user", "content": "é"}], "request": {"temperature": 0.5, "model": "c/d"}});
        assert_eq!(
            next(&conversation, None).unwrap().body,
            r#"{"temperature":0.5,"model":"a/b","messages":[{"role":"user","content":"é"}]}"#
        );
        let without = json!({"version": 1, "messages": [], "request": null});
        assert_eq!(next(&without, None).unwrap().body, r#"{"messages":[]}"#);
    }

    #[test]
    fn without_a_context_length_nothing_is_left_out() {
        let conversation = json!({"version": 1, "messages": history(), "contextLength": "auto"});
        assert_eq!(facts(&conversation, None), (json!([]), 220, 220));
    }

    #[test]
    fn a_context_length_of_the_model_counts_where_none_is_given() {
        let conversation = json!({"version": 1, "messages": history(), "contextLength": "auto", "reserve": 0});
        assert_eq!(facts(&conversation, Some(219)).0, json!([1, 2]));
        let conversation = json!({"version": 1, "messages": history(), "contextLength": 1000, "reserve": 0});
        assert_eq!(facts(&conversation, Some(219)).0, json!([]));
    }

    #[test]
    fn the_oldest_whole_turns_go_first_and_only_as_many_as_must() {
        assert_eq!(dropped(&history(), 220, json!({})), json!([]));
        assert_eq!(dropped(&history(), 219, json!({})), json!([1, 2]));
        assert_eq!(dropped(&history(), 180, json!({})), json!([1, 2]));
        assert_eq!(dropped(&history(), 179, json!({})), json!([1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn system_and_developer_messages_and_the_newest_turn_always_stay() {
        assert_eq!(dropped(&history(), 1, json!({})), json!([1, 2, 3, 4, 5, 6]));
        let running = [message("user", 50), message("user", 50), message("assistant", 50), message("tool", 50)];
        assert_eq!(dropped(&running, 1, json!({})), json!([0]));
        assert_eq!(dropped(&[message("assistant", 50), message("user", 50)], 60, json!({})), json!([0]));
        assert_eq!(dropped(&[message("assistant", 50), message("tool", 50)], 60, json!({})), json!([]));
    }

    #[test]
    fn what_is_left_out_is_not_in_the_body() {
        let mut conversation = json!({"version": 1, "messages": history(), "contextLength": 1});
        let request = next(&conversation, None).unwrap();
        let body: Document = serde_json::from_str(&request.body).unwrap();
        let roles: Vec<&str> =
            body["messages"].as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["system", "developer", "user"]);
        assert_eq!(facts(&conversation, None), (json!([1, 2, 3, 4, 5, 6]), 60, 60));
        conversation["known"] = json!({"messages": 9, "tokens": 440, "estimate": 220});
        assert_eq!(next(&conversation, None).unwrap().facts, r#"{"dropped":[1,2,3,4,5,6],"tokens":120,"estimate":60}"#);
    }

    #[test]
    fn room_is_kept_for_the_answer() {
        let with = |more| dropped(&history(), 320, more);
        assert_eq!(with(json!({"reserve": 100})), json!([]));
        assert_eq!(with(json!({"reserve": 101})), json!([1, 2]));
        assert_eq!(with(json!({"reserve": null, "request": {"max_tokens": 101}})), json!([1, 2]));
        assert_eq!(
            with(json!({"reserve": null, "request": {"max_tokens": 101, "max_completion_tokens": 100}})),
            json!([])
        );
        assert_eq!(with(json!({"reserve": null})), json!([]), "a quarter");
        assert_eq!(dropped(&history(), 292, json!({"reserve": null})), json!([1, 2]), "a quarter");
        let long = [message("user", 10_000), message("user", 10_000)];
        assert_eq!(dropped(&long, 24_095, json!({"reserve": null})), json!([0]), "at most 4096");
        assert_eq!(dropped(&long, 24_096, json!({"reserve": null})), json!([]), "at most 4096");
    }

    #[test]
    fn what_an_answer_told_counts_for_the_messages_that_there_were() {
        let known = json!({"known": {"messages": 7, "tokens": 340, "estimate": 170}});
        assert_eq!(dropped(&history(), 390, known.clone()), json!([]));
        assert_eq!(dropped(&history(), 389, known.clone()), json!([1, 2]));
        assert_eq!(dropped(&history(), 310, known.clone()), json!([1, 2]));
        assert_eq!(dropped(&history(), 309, known), json!([1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn tokens_are_estimated_by_the_rule() {
        let tokens = |message: Document| facts(&json!({"version": 1, "messages": [message]}), None).1;
        let with = |part: Document| tokens(json!({"role": "user", "content": [part]}));
        assert_eq!(tokens(json!({"role": "user", "content": ""})), 4 + 1);
        assert_eq!(tokens(json!({"role": "user", "content": "x"})), 4 + 2);
        assert_eq!(tokens(json!({"role": "user", "content": "ééééé"})), 4 + 4);
        assert_eq!(with(json!({"type": "image_url", "image_url": {"url": "x".repeat(1_000_000)}})), 4 + 1500 + 4);
        assert_eq!(
            with(json!({"type": "input_audio", "input_audio": {"format": "wav", "data": "x".repeat(1_000_000)}})),
            4 + 2000 + 4
        );
        assert_eq!(with(json!({"type": "video_url", "video_url": {"url": "x".repeat(1_000_000)}})), 4 + 2000 + 4);
        assert_eq!(with(json!({"type": "file", "file": {"file_data": "x".repeat(100_000)}})), 4 + 2000 + 2);
        assert_eq!(with(json!({"type": "file", "file": {"file_data": "https://a.example/b.pdf"}})), 4 + 1500 + 2);
        let thought = |reasoning: &str| json!({"role": "user", "content": "", "reasoning": reasoning, "reasoning_details": [{"text": "abcd"}]});
        assert_eq!(tokens(thought("abcd")), tokens(thought("")));
        let tools = json!({"version": 1, "messages": [], "request": {"tools": [{"type": "function", "function": {"name": "f123"}}]}});
        assert_eq!(facts(&tools, None).1, 4 + 3);
    }

    fn thought(model: &str) -> Document {
        json!({"role": "assistant", "content": "a", "model": model, "reasoning": "r", "reasoning_details": [
            {"type": "reasoning.text", "text": "r", "signature": "s", "index": 0},
            {"type": "reasoning.encrypted", "data": "d"}]})
    }

    #[test]
    fn reasoning_goes_back_unchanged_to_the_author_who_gave_it() {
        for (writer, reader) in [
            ("anthropic/claude-4.5-haiku-20251001", "anthropic/claude-opus-4.5:beta"),
            ("anthropic/claude-a", "~anthropic/claude-latest"),
            ("anthropic/claude-a", "openrouter/auto"),
            ("anthropic/claude-a", "@preset/mine"),
            ("anthropic/claude-a", "no-slug"),
        ] {
            let conversation = json!({"version": 1, "model": reader, "messages": [thought(writer)]});
            assert_eq!(sent(&conversation)["messages"][0], thought(writer), "{reader}");
        }
        let mut unknown = thought("");
        unknown.as_object_mut().unwrap().remove("model");
        assert_eq!(sent(&json!({"version": 1, "model": "a/b", "messages": [unknown]}))["messages"][0], unknown);
        assert_eq!(sent(&json!({"version": 1, "messages": [thought("c/d")]}))["messages"][0], thought("c/d"));
    }

    #[test]
    fn another_author_gets_neither_signatures_nor_what_is_encrypted() {
        let conversation =
            json!({"version": 1, "model": "openai/gpt-5.2", "messages": [thought("anthropic/claude-a")]});
        let mut expected = thought("anthropic/claude-a");
        expected["reasoning_details"] = json!([{"type": "reasoning.text", "text": "r", "index": 0}]);
        assert_eq!(sent(&conversation)["messages"][0], expected);
        let mut only = thought("anthropic/claude-a");
        only["reasoning_details"] = json!([{"type": "reasoning.encrypted", "data": "d"}]);
        let message =
            sent(&json!({"version": 1, "model": "openai/gpt-5.2", "messages": [only]}))["messages"][0].clone();
        assert_eq!(
            message,
            json!({"role": "assistant", "content": "a", "model": "anthropic/claude-a", "reasoning": "r", "reasoning_details": []})
        );
    }

    #[test]
    fn what_is_no_conversation_is_refused_with_its_field() {
        for (conversation, field) in [
            (json!({"messages": []}), "version"),
            (json!({"version": 2, "messages": []}), "version"),
            (json!({"version": "1", "messages": []}), "version"),
            (json!({"version": 1}), "messages"),
            (json!({"version": 1, "messages": [{"role": "user"}]}), "messages[0].content"),
            (json!({"version": 1, "messages": [], "contextLength": 0}), "contextLength"),
            (json!({"version": 1, "messages": [], "contextLength": "long"}), "contextLength"),
            (json!({"version": 1, "messages": [], "reserve": -1}), "reserve"),
            (json!({"version": 1, "messages": [], "model": 5}), "model"),
            (json!({"version": 1, "messages": [], "request": {"temperature": 3}}), "request.temperature"),
            (json!({"version": 1, "messages": [], "usage": 5}), "usage"),
            (
                json!({"version": 1, "messages": [], "known": {"messages": 1, "tokens": 1, "estimate": 0}}),
                "known.estimate",
            ),
        ] {
            let error = next(&conversation, None).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(field)), "{conversation}");
        }
        assert!(next(&json!([]), None).is_err());
    }

    fn add(total: &str, usage: &str) -> String {
        add_usage(&Value::parse(total).unwrap(), &Value::parse(usage).unwrap())
    }

    #[test]
    fn usage_is_summed_exactly() {
        assert_eq!(add("{}", r#"{"cost":3.4e-7,"prompt_tokens":5}"#), r#"{"cost":3.4e-7,"prompt_tokens":5}"#);
        assert_eq!(add(r#"{"cost":0.1}"#, r#"{"cost":0.2}"#), r#"{"cost":0.3}"#);
        assert_eq!(add(r#"{"cost":0.00000034}"#, r#"{"cost":8.1e-05}"#), r#"{"cost":0.00008134}"#);
        assert_eq!(add(r#"{"cost":0.5}"#, r#"{"cost":0.5}"#), r#"{"cost":1}"#);
        assert_eq!(add(r#"{"d":{"a":1},"n":4}"#, r#"{"d":{"a":2,"b":3},"n":6}"#), r#"{"d":{"a":3,"b":3},"n":10}"#);
        let all = (0..1000).fold(String::from("{}"), |total, _| add(&total, r#"{"cost":0.001234567}"#));
        assert_eq!(all, r#"{"cost":1.234567}"#);
    }

    #[test]
    fn a_hostile_number_of_keys_is_not_looked_through() {
        let many = |kind: &str| {
            let usage: Document = (0..1000).map(|at| (format!("{kind}{at}"), json!(1))).collect();
            usage.to_string()
        };
        let sum: Document = serde_json::from_str(&add(&many("a"), &many("b"))).unwrap();
        assert_eq!((sum.as_object().unwrap().len(), &sum["a499"]), (1000, &json!(1)));
        let sum: Document = serde_json::from_str(&add(&many("a"), &many("a"))).unwrap();
        assert_eq!((&sum["a499"], &sum["a500"]), (&json!(2), &json!(1)));
    }

    #[test]
    fn what_an_answer_does_not_tell_takes_nothing_back() {
        assert_eq!(add(r#"{"cost":1,"d":{"a":1}}"#, r#"{"cost":null,"d":null}"#), r#"{"cost":1,"d":{"a":1}}"#);
        assert_eq!(
            add(r#"{"cost":null,"is_byok":false}"#, r#"{"cost":2,"is_byok":true}"#),
            r#"{"cost":2,"is_byok":true}"#
        );
        assert_eq!(add(r#"{"a":1}"#, "null"), r#"{"a":1}"#);
    }

    #[test]
    fn sums_beyond_18_digits_lose_the_smallest_ones_only() {
        let tiny = "0.0000000000000000000001";
        assert_eq!(add(r#"{"cost":12.5}"#, &format!(r#"{{"cost":{tiny}}}"#)), r#"{"cost":12.5}"#);
        assert_eq!(add(&format!(r#"{{"cost":{tiny}}}"#), r#"{"cost":12.5}"#), r#"{"cost":12.5}"#);
        assert_eq!(add(r#"{"cost":12.5}"#, r#"{"cost":0.00014500000000000003}"#), r#"{"cost":12.500145}"#);
    }
}
