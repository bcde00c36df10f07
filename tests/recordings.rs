//! Replays OpenRouter's recorded traffic, which lies outside of the repository, and compares with what an
//! independent accumulator got from it. Skipped, and said so, where the recordings are not there.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod recorded;

use std::{fs, path::Path};

use openrouter_wasm::{
    chat::{ChatStream, Chunk, Completion},
    error::{Error, ResponseFacts},
    json,
    models::Price,
    schema::check_request,
    sse::SseDecoder,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use recorded::fixtures;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn text_file(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

fn json_file(folder: &Path, name: &str) -> Value {
    parse(&text_file(folder, name))
}

fn parse(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

/// What our own reader makes of it.
fn read(json: &str) -> json::Value<'_> {
    json::Value::parse(json).unwrap_or_else(|| panic!("not JSON: {json}"))
}

/// What is handed out of each chunk, how the stream ends, and what it adds up to.
type Outcome = (Vec<String>, Result<(), Error>, String);

fn decode(pieces: &[&[u8]]) -> Outcome {
    let mut stream = ChatStream::new(ResponseFacts { status: 200, ..ResponseFacts::default() });
    let mut chunks = Vec::new();
    let mut take = |chunk: Chunk<'_>| {
        chunks.push(match chunk {
            Chunk::Whole { text, .. } => text.to_owned(),
            Chunk::Like { at, strings, .. } => format!("as {at}: {strings:?}"),
        });
    };
    let result = pieces.iter().try_for_each(|piece| stream.push(piece, &mut take)).and_then(|()| stream.finish());
    (chunks, result, stream.completion().to_json())
}

/// A long text is given as its length and hash.
fn same_text(expected: &Value, actual: &str) -> bool {
    if let Some(text) = expected.as_str() {
        text == actual
    } else {
        let hash = format!("{:x}", Sha256::digest(actual));
        expected["sha256"] == hash && expected["utf8_bytes"] == actual.len()
    }
}

fn same_detail(expected: &Value, actual: &Value) -> bool {
    let (expected, actual) = (expected.as_object().unwrap(), actual.as_object().unwrap());
    expected.len() == actual.len()
        && expected.iter().all(|(key, value)| match &actual[key] {
            Value::String(text) => same_text(value, text),
            other => value == other,
        })
}

fn check(name: &str, wire: &str, expected: &Value, (chunks, result, completion): &Outcome) {
    let completion = parse(completion);
    assert_eq!(result.is_err(), !expected["errors"].as_array().unwrap().is_empty(), "{name}: {result:?}");
    // An error chunk is not handed out: it is the error.
    let errors = expected["errors"].as_array().unwrap().len();
    assert_eq!(json!(chunks.len() + errors), expected["events"], "{name}: chunks");
    assert_eq!(expected["unparsable_events"], 0);
    if errors > 0 {
        let error = result.as_ref().unwrap_err();
        assert_eq!(error.upstream_message(), expected["errors"][0]["message"].as_str(), "{name}");
        return;
    }
    let choice = &completion["choices"][0];
    let message = &choice["message"];
    assert_eq!(completion["usage"], expected["usage"], "{name}: usage");
    assert_eq!(completion["model"], expected["model_last"], "{name}: model");
    assert!(same_text(&expected["content"], message["content"].as_str().unwrap_or("")), "{name}: content");
    assert!(same_text(&expected["reasoning"], message["reasoning"].as_str().unwrap_or("")), "{name}: reasoning");
    let list = |key: &str| message[key].as_array().cloned().unwrap_or_default();
    assert_eq!(json!(list("annotations").len()), expected["annotations"], "{name}: annotations");
    assert_eq!(json!(list("images").len()), expected["images"], "{name}: images");
    let reasons = expected["finish_reasons_seen"].as_array().unwrap();
    assert_eq!(Some(&choice["finish_reason"]), reasons.last(), "{name}: finish reason");
    let native = expected["native_finish_reasons_seen"].as_array().unwrap();
    assert_eq!(&choice["native_finish_reason"], native.last().unwrap_or(&Value::Null), "{name}: native finish reason");
    let details = list("reasoning_details");
    let expected_details = expected["reasoning_details"].as_array().unwrap();
    assert_eq!(details.len(), expected_details.len(), "{name}: reasoning details");
    assert!(
        expected_details.iter().zip(&details).all(|(expected, actual)| same_detail(expected, actual)),
        "{name}: {details:?}"
    );
    check_tool_calls(name, expected["tool_calls"].as_array().unwrap(), &list("tool_calls"), wire);
}

/// Ids are as on the wire, and made unique.
fn check_tool_calls(name: &str, expected: &[Value], calls: &[Value], wire: &str) {
    assert_eq!(calls.len(), expected.len(), "{name}: tool calls");
    let mut ids = Vec::new();
    for (expected, call) in expected.iter().zip(calls) {
        assert_eq!(call["function"]["name"], expected["name"], "{name}");
        assert_eq!(call["function"]["arguments"], expected["arguments"], "{name}");
        let wire_id = expected["id"].as_str().unwrap();
        assert!(wire.contains(&format!(r#""id":"{wire_id}""#)), "{name}: {wire_id}");
        assert!(call["id"].as_str().unwrap().starts_with(wire_id));
        assert!(!ids.contains(&call["id"]), "{name}: {} twice", call["id"]);
        ids.push(call["id"].clone());
    }
}

#[test]
fn every_recorded_stream_adds_up_to_what_is_expected_wherever_it_is_cut() {
    let Some(folder) = fixtures() else { return };
    let expected = json_file(&folder, "EXPECTED.json");
    for (name, expected) in expected.as_object().unwrap() {
        let text = text_file(&folder, name);
        let bytes = text.as_bytes();
        let whole = decode(&[bytes]);
        check(name, &text, expected, &whole);
        assert_eq!(decode(&bytes.chunks(1).collect::<Vec<_>>()), whole, "{name}, byte by byte");
        let cuts = prop::collection::vec(0..=bytes.len(), 0..20);
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(64) })
            .run(&cuts, |mut cuts| {
                cuts.extend([0, bytes.len()]);
                cuts.sort_unstable();
                let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
                prop_assert_eq!(&decode(&pieces), &whole);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn a_recorded_stream_that_loses_its_end_is_never_a_success() {
    let Some(folder) = fixtures() else { return };
    let text = text_file(&folder, "chat_reasoning_then_tool_call.sse");
    let reason_at = text.find(r#""finish_reason":"tool_calls""#).unwrap();
    for end in (0..reason_at).step_by(7) {
        let (_, result, _) = decode(&[&text.as_bytes()[..end]]);
        assert!(result.is_err(), "cut at {end}");
    }
}

#[test]
fn recorded_answers_that_were_not_streamed_are_read_without_loss() {
    let Some(folder) = fixtures() else { return };
    for name in [
        "chat_file_annotation.json",
        "chat_leading_whitespace_citations.json.txt",
        "chat_tool_call_missing_arguments.json",
    ] {
        let answer = text_file(&folder, name);
        let mut expected = parse(&answer);
        for choice in expected["choices"].as_array_mut().unwrap() {
            for call in choice["message"].get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
                // The position says it, and a missing text means no arguments.
                call.as_object_mut().unwrap().remove("index");
                let arguments = call["function"]["arguments"].as_str().unwrap_or("{}").to_owned();
                call["function"]["arguments"] = json!(arguments);
            }
            // Null is what an absent one reads as.
            let message = choice["message"].as_object_mut().unwrap();
            message.retain(|key, value| !(value.is_null() && ["refusal", "reasoning"].contains(&key.as_str())));
            choice.as_object_mut().unwrap().retain(|key, value| !(value.is_null() && key == "logprobs"));
        }
        let mut actual = parse(&Completion::read(&read(&answer)).to_json());
        for choice in actual["choices"].as_array_mut().unwrap() {
            choice.as_object_mut().unwrap().retain(|key, value| !(value.is_null() && key == "logprobs"));
        }
        assert_eq!(actual, expected, "{name}");
    }
}

#[test]
fn what_a_stream_adds_up_to_can_be_sent_back() {
    let Some(folder) = fixtures() else { return };
    let (_, _, completion) = decode(&[text_file(&folder, "chat_reasoning_then_tool_call.sse").as_bytes()]);
    let completion = parse(&completion);
    let request = text_file(&folder, "chat_after_tool_result_request.json");
    let sent = parse(&request);
    let sent_message =
        sent["messages"].as_array().unwrap().iter().find(|message| message["role"] == "assistant").unwrap();
    let message = &completion["choices"][0]["message"];
    assert_eq!(message["reasoning_details"][0]["signature"], sent_message["reasoning_details"][0]["signature"]);
    assert_eq!(message["tool_calls"][0]["id"], sent_message["tool_calls"][0]["id"]);
    check_request(&read(&request), "ChatRequest").unwrap();
    check_request(&read(&json!({"messages": [message]}).to_string()), "ChatRequest").unwrap();
}

#[test]
fn recorded_errors_are_understood() {
    let Some(folder) = fixtures() else { return };
    let error = |name: &str, status| {
        let facts = ResponseFacts { status, ..ResponseFacts::default() };
        Error::from_response(&facts, Some(&read(&text_file(&folder, name))))
    };
    assert_eq!(error("error_401_missing_auth.json", 401).kind().code(), "authentication");
    let limited = error("error_429_provider_raw.json", 429);
    assert_eq!(limited.kind().code(), "rate_limited");
    assert!(limited.upstream_message().is_some_and(|message| message != "Provider returned error"));
}

#[test]
fn the_recorded_model_list_is_read_whole_and_its_prices_exactly() {
    let Some(folder) = fixtures() else { return };
    let text = text_file(&folder, "models_list_subset.json");
    let list = read(&text);
    assert_eq!(parse(&list.to_json()), parse(&text));
    for model in list.get("data").unwrap().items() {
        let id = model.text_of("id").unwrap();
        for unit in ["prompt", "completion"] {
            let text = model.at("pricing").text_of(unit).unwrap();
            let price = Price::parse(&text).unwrap_or_else(|| panic!("{id}: {unit}"));
            assert_eq!(price.to_text(), text.trim_end_matches('0').trim_end_matches('.'), "{id}: {unit}");
        }
    }
}

#[test]
fn the_recorded_stream_of_another_endpoint_loses_nothing() {
    let Some(folder) = fixtures() else { return };
    let text = text_file(&folder, "responses_tool_call.sse");
    let mut events = Vec::new();
    SseDecoder::new().push(text.as_bytes(), &mut |data: &str| events.push(data.to_owned())).unwrap();
    let sent: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(events, sent);
    for event in &sent[..sent.len() - 1] {
        assert_eq!(read(event).to_json(), parse(event).to_string());
    }
    assert_eq!(sent.last(), Some(&"[DONE]"));
}

#[test]
fn a_recorded_cost_with_an_exponent_is_read() {
    let Some(folder) = fixtures() else { return };
    let text = text_file(&folder, "rerank.json");
    let answer = read(&text);
    let cost = answer.get("usage").and_then(|usage| usage.number_of("cost")).unwrap();
    assert!((cost - 3.4e-7).abs() < 1e-20);
    assert!(answer.to_json().contains(r#""cost":3.4e-7"#), "and goes out as it came");
}

#[test]
fn recorded_headers_tell_status_kind_and_generation() {
    let Some(folder) = fixtures() else { return };
    for (name, recorded) in json_file(&folder, "HEADERS.json").as_object().unwrap() {
        let header = |header: &str| recorded["headers"][header].as_str().map(str::to_owned);
        let status = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
        let facts = ResponseFacts::read(status, 0, &header, &|_| None);
        assert_eq!(
            facts.is_event_stream,
            header("content-type").unwrap_or_default().starts_with("text/event-stream"),
            "{name}"
        );
        assert_eq!(facts.generation_id, header("x-generation-id"), "{name}");
    }
}

#[test]
fn the_documented_examples_are_json_that_every_reader_survives() {
    let Some(folder) = fixtures() else { return };
    let examples = json_file(&folder, "spec_examples.json");
    for (name, example) in examples.as_object().unwrap() {
        let status = name.rsplit(' ').next().and_then(|status| status.parse().ok()).unwrap_or(200);
        let text = example.to_string();
        let error = Error::from_response(&ResponseFacts { status, ..ResponseFacts::default() }, Some(&read(&text)));
        if status >= 400 {
            assert_ne!(error.kind().code(), "upstream_error", "{name}");
            assert_eq!(error.upstream_message(), example["error"]["message"].as_str(), "{name}");
        }
        parse(&Completion::read(&read(&text)).to_json());
    }
}
