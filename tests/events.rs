//! The streams of `/responses`, `/messages` and `/images` through the public API.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod recorded;

use std::fs;

use openrouter_wasm::{
    api::Operation,
    call::{Body, Call, Decoder},
    client::Settings,
    error::{Error, ErrorKind, ResponseFacts},
    events::EventStream,
};
use recorded::fixtures;
use serde_json::{Value, json};

fn facts() -> ResponseFacts {
    ResponseFacts { status: 200, is_event_stream: true, ..ResponseFacts::default() }
}

struct Outcome {
    events: Vec<String>,
    text: String,
    result: Value,
    ended: Result<(), Error>,
}

/// Feeds a body in pieces; what came of it.
fn run_with(facts: ResponseFacts, pieces: &[&[u8]]) -> Outcome {
    let mut stream = EventStream::new(facts);
    let (mut events, mut text) = (Vec::new(), String::new());
    let mut take = |event: &str, piece: &str| {
        events.push(event.to_owned());
        text.push_str(piece);
    };
    let pushed = pieces.iter().try_for_each(|piece| stream.push(piece, &mut take));
    let ended = pushed.and_then(|()| stream.finish(&mut take));
    assert_eq!(stream.is_done(), ended.is_ok());
    Outcome { events, text, result: parse(&stream.result_json()), ended }
}

fn run(body: &str) -> Outcome {
    run_with(facts(), &[body.as_bytes()])
}

fn parse(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

fn properties(ended: Result<(), Error>) -> Value {
    parse(&ended.unwrap_err().to_json())
}

/// As `/responses` and `/images` write it.
fn plain(events: &[Value]) -> String {
    events.iter().map(|event| ["data: ", &event.to_string(), "\n\n"].concat()).collect()
}

/// As `/messages` writes it.
fn named(events: &[Value]) -> String {
    let kind = |event: &Value| event["type"].as_str().unwrap().to_owned();
    events.iter().map(|event| ["event: ", &kind(event), "\n", &plain(std::slice::from_ref(event))].concat()).collect()
}

fn delta(text: &str) -> Value {
    json!({"type": "response.output_text.delta", "delta": text})
}

fn block_delta(index: u32, delta: &Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn block(index: u32, block: &Value, deltas: &[Value]) -> Vec<Value> {
    let mut events = vec![json!({"type": "content_block_start", "index": index, "content_block": block})];
    events.extend(deltas.iter().map(|delta| block_delta(index, delta)));
    events.push(json!({"type": "content_block_stop", "index": index}));
    events
}

/// A message of these blocks.
fn message(blocks: Vec<Vec<Value>>, stop_reason: &str) -> Vec<Value> {
    let mut events = vec![
        json!({"type": "message_start", "message": {"id": "gen-1", "type": "message", "role": "assistant", "content": [],
            "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": 5, "output_tokens": 0, "cache_read_input_tokens": 2}}}),
        json!({"type": "ping"}),
    ];
    events.extend(blocks.into_iter().flatten());
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": stop_reason, "stop_sequence": null},
        "usage": {"output_tokens": 7, "cache_read_input_tokens": null}}));
    events.push(json!({"type": "message_stop", "openrouter_metadata": {"attempt": 1}}));
    events
}

#[test]
fn events_come_as_they_are_sent_and_add_up_to_the_response() {
    let response = json!({"id": "gen-1", "status": "completed", "error": null, "usage": {"cost": 1e-7}});
    let events = [
        json!({"type": "response.created", "sequence_number": 0}),
        delta("é\""),
        json!({"type": "brand.new", "x": [null]}),
        delta("✔"),
        json!({"type": "response.completed", "response": response}),
    ];
    let outcome = run(&([": \n\n", &plain(&events), "data: [DONE]\n\n"].concat()));
    outcome.ended.unwrap();
    assert_eq!(outcome.events, events.map(|event| event.to_string()));
    assert_eq!(outcome.text, "é\\\"✔", "as written between quotes");
    assert_eq!(outcome.result, response);
}

#[test]
fn a_stream_of_responses_ends_with_its_response_and_nothing_after_it_counts() {
    for last in ["response.completed", "response.incomplete"] {
        let last = json!({"type": last, "response": {"status": "x"}});
        let outcome = run(&(plain(&[delta("a"), last]) + "data: nonsense\n\n"));
        outcome.ended.unwrap();
        assert_eq!((outcome.events.len(), outcome.result), (2, json!({"status": "x"})));
    }
    let outcome = run(&(plain(&[delta("a")]) + "data: [DONE]\n\n" + &plain(&[delta("b")])));
    outcome.ended.unwrap();
    assert_eq!((outcome.events.len(), outcome.result), (1, Value::Null));
}

#[test]
fn a_failed_response_is_its_error_with_the_text_and_usage_so_far() {
    let failed = json!({"type": "response.failed", "response": {"status": "failed", "usage": {"cost": 2},
        "error": {"code": "server_error", "message": "boom"}, "error_type": "provider_overloaded"}});
    let outcome = run(&(plain(&[delta("so "), delta("far\\n"), failed]) + "data: [DONE]\n\n"));
    assert_eq!(outcome.events.len(), 2, "the events before it are handed out");
    let error = properties(outcome.ended);
    assert_eq!(
        [
            &error["code"],
            &error["partialText"],
            &error["upstreamMessage"],
            &error["errorType"],
            &error["usage"]["cost"]
        ],
        [&json!("overloaded"), &json!("so far\\n"), &json!("boom"), &json!("provider_overloaded"), &json!(2)]
    );
}

#[test]
fn an_error_event_is_that_error_however_it_is_written() {
    for (event, kind, message) in [
        (
            json!({"type": "error", "code": "server_error", "message": "m", "param": null}),
            ErrorKind::ServerError,
            Some("m"),
        ),
        (
            json!({"type": "error", "error": {"type": "api_error", "error_type": "rate_limit_exceeded", "message": "m"}}),
            ErrorKind::RateLimited,
            Some("m"),
        ),
        (
            json!({"type": "error", "error": {"code": "server_error", "type": "provider_error", "message": "m"}}),
            ErrorKind::ServerError,
            Some("m"),
        ),
        (json!({"error": {"code": 402, "message": "m"}}), ErrorKind::PaymentRequired, Some("m")),
        (json!({"type": "response.failed", "response": {}}), ErrorKind::UpstreamError, None),
        (json!({"type": "error"}), ErrorKind::UpstreamError, None),
    ] {
        let error = run(&plain(&[delta("a"), event.clone()])).ended.unwrap_err();
        assert_eq!(
            (error.kind(), error.upstream_message(), error.partial_text()),
            (kind, message, Some("a")),
            "{event}"
        );
    }
}

#[test]
fn a_body_that_ends_early_is_cut() {
    for body in [String::new(), plain(&[delta("a")]), named(&message(vec![], "end_turn")[..3]), "data: [DON".to_owned()]
    {
        let error = run(&body).ended.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StreamCut, "{body}");
    }
    let error = run(&plain(&[delta("a"), delta("b")])).ended.unwrap_err();
    assert_eq!(error.partial_text(), Some("ab"));
}

#[test]
fn an_event_that_is_no_object_is_malformed() {
    for data in ["{", "5", "[]", "null", "<html>"] {
        let outcome = run(&[&plain(&[delta("a")]), "data: ", data, "\n\n"].concat());
        let error = outcome.ended.unwrap_err();
        assert_eq!((error.kind(), error.partial_text()), (ErrorKind::MalformedResponse, Some("a")), "{data}");
    }
}

#[test]
fn a_message_is_put_together_by_anthropics_rules() {
    let events = message(
        vec![
            block(
                0,
                &json!({"type": "thinking", "thinking": "", "signature": ""}),
                &[
                    json!({"type": "thinking_delta", "thinking": "Let "}),
                    json!({"type": "thinking_delta", "thinking": "me"}),
                    json!({"type": "signature_delta", "signature": "old"}),
                    json!({"type": "signature_delta", "signature": "sig=="}),
                ],
            ),
            block(
                1,
                &json!({"type": "text", "text": ""}),
                &[
                    json!({"type": "text_delta", "text": "4"}),
                    json!({"type": "citations_delta", "citation": {"url": "u"}}),
                    json!({"type": "text_delta", "text": "2 é"}),
                    json!({"type": "citations_delta", "citation": {"url": "v"}}),
                ],
            ),
            block(
                2,
                &json!({"type": "tool_use", "id": "t1", "name": "f", "input": {}}),
                &[
                    json!({"type": "input_json_delta", "partial_json": ""}),
                    json!({"type": "input_json_delta", "partial_json": "{\"a\": \"\\u00"}),
                    json!({"type": "input_json_delta", "partial_json": "e9\"}"}),
                ],
            ),
            block(
                3,
                &json!({"type": "tool_use", "id": "t2", "name": "g", "input": {}}),
                &[json!({"type": "input_json_delta", "partial_json": ""})],
            ),
            block(4, &json!({"type": "redacted_thinking", "data": "x"}), &[]),
        ],
        "tool_use",
    );
    let outcome = run(&named(&events));
    outcome.ended.unwrap();
    assert_eq!(outcome.text, "42 é");
    assert_eq!(outcome.events, events.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(
        outcome.result,
        json!({"id": "gen-1", "type": "message", "role": "assistant", "content": [
            {"type": "thinking", "thinking": "Let me", "signature": "sig=="},
            {"type": "text", "text": "42 é", "citations": [{"url": "u"}, {"url": "v"}]},
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": "é"}},
            {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
            {"type": "redacted_thinking", "data": "x"},
        ], "stop_reason": "tool_use", "stop_sequence": null,
            "usage": {"input_tokens": 5, "output_tokens": 7, "cache_read_input_tokens": 2},
            "openrouter_metadata": {"attempt": 1}})
    );
}

#[test]
fn input_that_was_cut_off_is_no_input() {
    let cut = block(
        0,
        &json!({"type": "tool_use", "id": "t", "name": "f", "input": {}}),
        &[json!({"type": "input_json_delta", "partial_json": "{\"a\": [1, "})],
    );
    let outcome = run(&named(&message(vec![cut], "max_tokens")));
    outcome.ended.unwrap();
    assert_eq!(outcome.result["content"][0]["partial_json"], "{\"a\": [1, ");
    assert_eq!(outcome.result["content"][0]["input"], json!({}));
}

#[test]
fn what_a_message_cost_until_it_failed_is_in_the_error() {
    let mut events = message(
        vec![block(0, &json!({"type": "text", "text": ""}), &[json!({"type": "text_delta", "text": "a"})])],
        "x",
    );
    events.truncate(events.len() - 2);
    events.push(json!({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}));
    let error = properties(run(&named(&events)).ended);
    assert_eq!((&error["usage"]["input_tokens"], &error["partialText"]), (&json!(5), &json!("a")));
}

#[test]
fn a_keep_alive_begins_nothing() {
    let mut stream = EventStream::new(facts());
    stream.push(b": x\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n", &mut |_, _| ()).unwrap();
    assert!(!stream.has_begun());
    stream.push(plain(&[delta("")]).as_bytes(), &mut |_, _| ()).unwrap();
    assert!(stream.has_begun());
}

#[test]
fn images_end_with_done_or_with_the_body_once_one_is_complete() {
    let partial = json!({"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": "A"});
    let completed = json!({"type": "image_generation.completed", "b64_json": "B", "created": 1});
    let two = plain(&[partial.clone(), completed.clone(), completed]);
    for end in ["", "data: [DONE]\n\n"] {
        let outcome = run(&[&two, end].concat());
        outcome.ended.unwrap();
        assert_eq!(outcome.events.len(), 3);
    }
    assert_eq!(run(&plain(&[partial])).ended.unwrap_err().kind(), ErrorKind::StreamCut);
}

#[test]
fn images_in_one_document_are_events_too() {
    let document = |body: &str| {
        let bytes = body.as_bytes();
        run_with(
            ResponseFacts { is_event_stream: false, ..facts() },
            &[&bytes[..bytes.len() / 2], &bytes[bytes.len() / 2..]],
        )
    };
    let outcome =
        document(r#"{"created":5,"data":[{"b64_json":"A"},{"b64_json":"B","media_type":"x"}],"usage":{"cost":1}}"#);
    outcome.ended.unwrap();
    assert_eq!(
        outcome.events,
        [
            r#"{"type":"image_generation.completed","b64_json":"A","created":5}"#,
            r#"{"type":"image_generation.completed","b64_json":"B","media_type":"x","created":5,"usage":{"cost":1}}"#,
        ]
    );
    for (body, kind) in [
        (r#"{"error":{"code":502,"message":"m"}}"#, ErrorKind::ProviderUnavailable),
        ("<html>", ErrorKind::MalformedResponse),
        ("", ErrorKind::MalformedResponse),
        (r#"{"id":"gen-1","output":[]}"#, ErrorKind::MalformedResponse),
    ] {
        assert_eq!(document(body).ended.unwrap_err().kind(), kind, "{body}");
    }
}

#[test]
fn an_event_without_an_end_is_refused_at_the_bound() {
    let mut stream = EventStream::new(facts());
    let chunk = vec![b'x'; 1024 * 1024];
    stream.push(b"data: ", &mut |_, _| ()).unwrap();
    let error = (0..20).find_map(|_| stream.push(&chunk, &mut |_, _| ()).err()).unwrap();
    assert_eq!(error.kind(), ErrorKind::MalformedResponse);
    assert!(stream.push(b"\n\n", &mut |_, _| ()).is_ok(), "it is over");
}

#[test]
fn hostile_messages_end_nothing() {
    for events in [
        vec![json!({"type": "content_block_delta", "index": 3, "delta": {"type": "text_delta", "text": "a"}})],
        vec![
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "message_delta", "delta": 5, "usage": []}),
        ],
        vec![json!({"type": "message_start", "message": "x"}), json!({"type": "content_block_start", "index": 9e9})],
        vec![
            json!({"type": "content_block_start", "content_block": 5}),
            block_delta(0, &json!({"type": "x", "citation": 1})),
        ],
        vec![json!({"type": "response.completed"})],
        vec![json!({"type": 5}), json!({})],
    ] {
        assert_eq!(run(&plain(&events)).events.len(), events.len(), "{events:?}");
    }
}

#[test]
fn a_recorded_stream_of_responses_is_the_same_wherever_it_is_cut() {
    let Some(folder) = fixtures() else { return };
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("responses_") || path.extension().is_none_or(|extension| extension != "sse") {
            continue;
        }
        let body = fs::read(&path).unwrap();
        let sent = String::from_utf8(body.clone()).unwrap();
        let sent: Vec<&str> =
            sent.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]").collect();
        let last = parse(sent.last().unwrap());
        for at in 0..=body.len() {
            let outcome = run_with(facts(), &[&body[..at], &body[at..]]);
            assert!(outcome.ended.is_ok(), "{name} cut at {at}");
            assert_eq!(outcome.events, sent, "{name} cut at {at}");
            assert_eq!(outcome.result, last["response"], "{name} cut at {at}");
        }
        let whole = String::from_utf8(body).unwrap();
        let before_the_end = whole.find("\"type\":\"response.completed\"").unwrap();
        for end in (0..before_the_end).step_by(13) {
            let error = run_with(facts(), &[&whole.as_bytes()[..end]]).ended.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StreamCut, "{name} without its end from {end}");
        }
    }
}

fn settings() -> Settings {
    Settings::new(r#"{"apiKey":"k"}"#, None, &|_| None).unwrap()
}

fn begin(operation: &str, request: &Value, stream: bool, options: &Value) -> Call {
    let operation = Operation::named(operation).unwrap();
    let prepared = settings().prepare(operation, &request.to_string(), stream, &options.to_string()).unwrap();
    Call::new(prepared, operation.answer, stream, 0)
}

fn refuse(call: &mut Call, status: u16) {
    call.sent(0);
    assert_eq!(call.received(ResponseFacts { status, ..ResponseFacts::default() }), Body::Refused);
    call.refused(Some(r#"{"error":{"code":404,"message":"Generation not found"}}"#).filter(|_| status == 404));
}

#[test]
fn a_stream_is_tried_again_until_its_first_event() {
    let failing =
        plain(&[json!({"type": "response.failed", "response": {"error": {"code": "server_error", "message": "m"}}})]);
    let mut call = begin("responses", &json!({"input": "hi"}), true, &json!({}));
    call.sent(0);
    assert_eq!(call.received(facts()), Body::Stream);
    assert!(!call.read(Some(failing.as_bytes()), 0));
    assert!(call.error().is_some() && call.again(0.5, 0).is_some());
    call.sent(0);
    assert_eq!(call.received(facts()), Body::Stream);
    assert!(!call.read(Some(b": \n\n"), 0), "a comment is no answer");
    assert!(call.read(Some(plain(&[delta("a")]).as_bytes()), 0));
    assert!(call.error().is_none());
    assert!(matches!(call.stream().0, Decoder::Events(_)));
}

#[test]
fn a_whole_response_that_failed_is_its_error() {
    let mut call = begin("responses", &json!({"input": "hi"}), false, &json!({}));
    call.sent(0);
    call.received(ResponseFacts { status: 200, ..ResponseFacts::default() });
    let failed = r#"{"status":"failed","error":{"code":"server_error","message":"m"},"error_type":"timeout"}"#;
    assert!(!call.answered(failed));
    assert_eq!(call.error().unwrap().kind(), ErrorKind::Timeout);
    assert!(call.answered(r#"{"status":"completed","error":null}"#));
}

#[test]
fn a_streamed_answer_needs_the_method_that_streams() {
    for (operation, request) in [
        ("responses", json!({"input": "hi", "stream": true})),
        ("messages", json!({"model": "a/b", "messages": [{}], "max_tokens": 1, "stream": true})),
        ("images", json!({"model": "a/b", "prompt": "p", "stream": true})),
    ] {
        let error =
            settings().prepare(Operation::named(operation).unwrap(), &request.to_string(), false, "{}").unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("stream")), "{operation}");
    }
}

#[test]
fn a_generation_that_is_not_there_yet_is_asked_for_again_for_ten_seconds() {
    let mut call = begin("generation", &json!({"id": "gen-1"}), false, &json!({}));
    let mut pauses = Vec::new();
    loop {
        refuse(&mut call, 404);
        let Some(pause) = call.again(0.0, 0) else { break };
        pauses.push(pause);
    }
    assert_eq!(pauses, [320, 640, 1280, 2560, 5120]);
    let error = call.error().unwrap();
    assert_eq!((error.kind(), properties(Err(error))["attempts"].as_u64()), (ErrorKind::NotFound, Some(6)));
}

#[test]
fn nothing_else_that_is_not_there_is_asked_for_again() {
    for (operation, request, options, status) in [
        ("generation", json!({"id": "gen-1"}), json!({"maxRetries": 0}), 404),
        ("generation", json!({"id": "gen-1"}), json!({}), 410),
        ("generation", json!({"id": "gen-1"}), json!({}), 401),
        ("key", json!({}), json!({}), 404),
    ] {
        let mut call = begin(operation, &request, false, &options);
        refuse(&mut call, status);
        assert_eq!(call.again(0.0, 0), None, "{operation} {options} {status}");
    }
}

#[test]
fn the_limit_of_the_call_ends_the_asking() {
    let mut call = begin("generation", &json!({"id": "gen-1"}), false, &json!({"timeout": 1000}));
    refuse(&mut call, 404);
    assert_eq!(call.again(0.0, 0), Some(320));
    refuse(&mut call, 404);
    assert_eq!(call.again(0.0, 400), None);
}

#[test]
fn a_code_is_exchanged_once_and_without_a_key() {
    let request = json!({"code": "c", "code_verifier": "v", "code_challenge_method": "S256"});
    let own = json!({"maxRetries": 5, "apiKey": "own", "headers": [["x-a", "b"]], "fallbackModels": ["a/b"]});
    let mut call = begin("exchangeCode", &request, false, &own);
    let names: Vec<_> = call.request().headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x-a", "Content-Type"].into_iter().rev().collect::<Vec<_>>());
    assert_eq!(call.request().body.as_deref(), Some(request.to_string().as_str()));
    refuse(&mut call, 503);
    assert_eq!(call.again(0.0, 0), None);
}

#[test]
fn a_raw_get_has_no_body() {
    let error = settings().prepare_raw("GET", "/models", Some("{}".to_owned()), "{}").unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("body")));
}
