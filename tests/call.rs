//! A call under way, told what the network did: what it asks for next, when, and how it ends.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

use openrouter_wasm::{
    api::Operation,
    auth::{ASKED, Reason},
    base64::encode_url,
    call::{Body, Call, Decoder},
    client::Settings,
    error::{Error, ErrorKind, ResponseFacts},
};
use serde_json::{Value, json};

/// The largest number below 1: what `Math.random()` may give.
const ALMOST_ONE: f64 = 1.0 - f64::EPSILON / 2.0;

const COMMENT: &[u8] = b": OPENROUTER PROCESSING\n\n";
const CHUNK: &[u8] = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n";
const IN_BAND: &[u8] = b"data: {\"error\":{\"code\":502,\"message\":\"lost\"},\"choices\":[]}\n\n";

fn begin(operation: &str, request: &Value, stream: bool, options: &Value) -> Call {
    let operation = Operation::named(operation).unwrap();
    let settings = Settings::new(r#"{"apiKey":"k"}"#, None, &|_| None).unwrap();
    let prepared = settings.prepare(operation, &request.to_string(), stream, &options.to_string()).unwrap();
    Call::new(prepared, operation.answer, stream, 0)
}

fn chat(options: &Value) -> Call {
    begin("chat", &hi(), false, options)
}

fn stream(options: &Value) -> Call {
    begin("chat", &hi(), true, options)
}

fn hi() -> Value {
    json!({"model": "a/b", "messages": [{"role": "user", "content": "hi"}]})
}

fn facts(status: u16, headers: &[(&str, &str)], now: u64) -> ResponseFacts {
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    ResponseFacts::read(status, now, &header, &|_| None)
}

/// The call is sent, and refused with this status and body.
fn refuse(call: &mut Call, status: u16, body: &Value) {
    refuse_with(call, status, &[], body);
}

fn refuse_with(call: &mut Call, status: u16, headers: &[(&str, &str)], body: &Value) {
    call.sent(0);
    assert_eq!(call.received(facts(status, headers, 0)), Body::Refused);
    call.refused(Some(&body.to_string()));
}

/// A stream is sent, and its head has come.
fn open(call: &mut Call, now: u64) {
    call.sent(now);
    assert_eq!(call.received(facts(200, &[("content-type", "text/event-stream")], now)), Body::Stream);
}

/// The pause before the next try of a call that was refused so, as far as there is one.
fn pause_after(status: u16, body: &Value) -> Option<u64> {
    let mut call = chat(&json!({}));
    refuse(&mut call, status, body);
    call.again(0.5, 0)
}

fn kind(call: &Call) -> ErrorKind {
    call.error().unwrap().kind()
}

fn properties(error: &Error) -> Value {
    serde_json::from_str(&error.to_json()).unwrap()
}

fn body(call: &Call) -> Value {
    serde_json::from_str(call.request().body.as_deref().unwrap()).unwrap()
}

#[test]
fn pauses_double_with_full_jitter_up_to_eight_seconds() {
    for (random, expected) in [
        (0.0, [0, 0, 0, 0, 0, 0, 0]),
        (0.5, [250, 500, 1000, 2000, 4000, 4000, 4000]),
        (ALMOST_ONE, [499, 999, 1999, 3999, 7999, 7999, 7999]),
    ] {
        let mut call = chat(&json!({"maxRetries": 7}));
        for pause in expected {
            refuse(&mut call, 503, &json!({}));
            assert_eq!(call.again(random, 0), Some(pause));
        }
        refuse(&mut call, 503, &json!({}));
        assert_eq!(call.again(random, 0), None);
    }
}

#[test]
fn a_call_is_tried_thrice_unless_the_caller_says_otherwise() {
    for (options, tries) in [
        (json!({}), 3),
        (json!({"maxRetries": 0}), 1),
        (json!({"maxRetries": 1}), 2),
        (json!({"maxRetries": 100}), 101),
    ] {
        let mut call = chat(&options);
        let mut sent = 1;
        refuse(&mut call, 503, &json!({}));
        while call.again(ALMOST_ONE, 0).is_some() {
            sent += 1;
            assert_eq!(call.attempt(), sent);
            refuse(&mut call, 503, &json!({}));
        }
        assert_eq!(sent, tries, "{options}");
    }
}

#[test]
fn an_error_tells_how_often_the_request_was_sent() {
    let mut call = chat(&json!({}));
    let mut attempts = Vec::new();
    for _ in 0..3 {
        refuse(&mut call, 429, &json!({}));
        attempts.push(properties(&call.error().unwrap()).get("attempts").cloned());
        call.again(0.0, 0);
    }
    assert_eq!(attempts, [None, Some(json!(2)), Some(json!(3))], "a single one needs no telling");
    assert_eq!(properties(&call.error().unwrap())["attempts"], 3);
}

#[test]
fn what_may_pass_is_tried_again_and_what_is_wrong_is_not() {
    for status in [408, 429, 500, 502, 503, 504, 524, 529, 599] {
        assert_eq!(pause_after(status, &json!({})), Some(250), "{status}");
    }
    for status in [400, 401, 402, 403, 404, 405, 410, 413, 418, 422, 300] {
        assert_eq!(pause_after(status, &json!({})), None, "{status}");
    }
}

#[test]
fn the_kind_decides_and_not_the_status() {
    let named = |name: &str| json!({"error": {"code": 400, "metadata": {"error_type": name}}});
    assert_eq!(pause_after(400, &named("provider_overloaded")), Some(250));
    assert_eq!(pause_after(503, &named("context_length_exceeded")), None);
}

#[test]
fn a_failure_of_openrouter_itself_is_worth_one_retry() {
    let mut call = chat(&json!({"maxRetries": 5}));
    refuse(&mut call, 500, &json!({}));
    assert_eq!(call.again(ALMOST_ONE, 0), Some(499));
    refuse(&mut call, 500, &json!({}));
    assert_eq!(call.again(ALMOST_ONE, 0), None);
    let mut none = chat(&json!({"maxRetries": 0}));
    refuse(&mut none, 500, &json!({}));
    assert_eq!(none.again(ALMOST_ONE, 0), None);
}

#[test]
fn the_upstreams_own_pause_goes_first() {
    for (seconds, expected) in [("0", Some(0)), ("7", Some(7_000)), ("0.25", Some(250)), ("60", Some(60_000))] {
        for random in [0.0, ALMOST_ONE] {
            let mut call = chat(&json!({}));
            refuse_with(&mut call, 429, &[("retry-after", seconds)], &json!({}));
            assert_eq!(call.again(random, 0), expected, "{seconds}");
        }
    }
    let mut call = chat(&json!({}));
    refuse(&mut call, 503, &json!({"error": {"availability": {"code": "capacity_exhausted", "retry_after": 12}}}));
    assert_eq!(call.again(0.0, 0), Some(12_000));
}

#[test]
fn a_pause_of_more_than_a_minute_is_for_the_caller_to_decide_on() {
    let mut call = chat(&json!({}));
    refuse_with(&mut call, 429, &[("retry-after", "60.001")], &json!({}));
    assert_eq!(call.again(0.0, 0), None);
    let error = call.error().unwrap();
    assert_eq!((error.retry_after_ms(), error.is_retryable()), (Some(60_001), true), "he is told");
    assert_eq!(properties(&error)["retryAfter"], 60.001);
}

#[test]
fn a_daily_limit_is_not_waited_for() {
    let body = json!({"error": {"code": 429, "metadata": {"limit_source": "openrouter_free_tier_daily"}}});
    assert_eq!(pause_after(429, &body), None);
    let body = json!({"error": {"code": 429, "metadata": {"limit_source": "openrouter_free_tier_minute"}}});
    assert_eq!(pause_after(429, &body), Some(250));
}

#[test]
fn availability_decides_whether_to_try_again() {
    let says = |retryable: Value| json!({"error": {"availability": {"code": "brand_new", "retryable": retryable}}});
    for status in [400, 404, 503] {
        assert_eq!(pause_after(status, &says(json!(true))), Some(250), "{status}");
        assert_eq!(pause_after(status, &says(json!(false))), None, "{status}");
    }
    assert_eq!(pause_after(404, &says(json!(null))), None, "who says nothing decides nothing");
    assert_eq!(pause_after(503, &says(json!("yes"))), Some(250));
}

#[test]
fn a_connection_that_fails_is_tried_again() {
    let mut call = chat(&json!({}));
    call.sent(0);
    call.broke(5);
    let error = call.error().unwrap();
    assert_eq!((error.kind(), error.status(), error.partial_text()), (ErrorKind::Network, None, None));
    assert_eq!(call.again(0.5, 5), Some(250));
    call.sent(255);
    assert!(call.error().is_none(), "a new try has not failed yet");
    call.received(facts(200, &[("x-request-id", "r2")], 260));
    call.broke(270);
    let error = call.error().unwrap();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Network, Some(200)));
    assert_eq!(properties(&error)["requestId"], "r2");
    assert_eq!(call.again(0.5, 270), Some(500));
}

#[test]
fn a_connection_that_breaks_before_a_stream_has_begun_is_a_cut_answer() {
    let mut call = stream(&json!({"maxRetries": 1, "fallbackModels": ["c/d"]}));
    open(&mut call, 0);
    call.read(Some(COMMENT), 10);
    call.broke(20);
    let error = call.error().unwrap();
    assert_eq!((error.kind(), error.status(), error.partial_text()), (ErrorKind::StreamCut, Some(200), None));
    assert_eq!(call.again(0.5, 20), Some(250));
    open(&mut call, 270);
    call.broke(280);
    assert_eq!((call.again(0.5, 280), &body(&call)["model"]), (Some(0), &json!("c/d")));
}

#[test]
fn what_one_try_was_told_does_not_get_into_the_next() {
    let mut call = chat(&json!({}));
    refuse_with(&mut call, 429, &[("x-request-id", "r1"), ("x-generation-id", "g1"), ("retry-after", "9")], &json!({}));
    call.again(0.0, 0).unwrap();
    call.sent(9_000);
    assert_eq!(call.error(), None);
    call.broke(9_001);
    let error = properties(&call.error().unwrap());
    for key in ["requestId", "generationId", "retryAfter", "status"] {
        assert_eq!(error.get(key), None, "{key}");
    }
}

#[test]
fn no_retry_without_a_failure() {
    let mut call = chat(&json!({}));
    call.sent(0);
    assert_eq!((call.again(0.0, 0), call.error(), call.attempt()), (None, None, 1));
    assert_eq!(call.received(facts(200, &[], 0)), Body::Whole);
    assert!(call.answered(r#"{"choices":[]}"#));
    assert_eq!((call.again(0.0, 0), call.error()), (None, None));
}

#[test]
fn an_error_inside_an_answer_with_status_200_is_tried_again_by_its_own_code() {
    for (code, expected) in [(429, Some(250)), (502, Some(250)), (400, None), (401, None)] {
        let mut call = chat(&json!({}));
        call.sent(0);
        call.received(facts(200, &[], 0));
        assert!(!call.answered(&json!({"error": {"code": code, "message": "x"}}).to_string()));
        assert_eq!(call.again(0.5, 0), expected, "{code}");
    }
}

#[test]
fn an_answer_that_is_none_is_not_asked_for_again() {
    for body in ["<html>", "", "{}", "[]", r#"{"choices":null}"#] {
        let mut call = chat(&json!({}));
        call.sent(0);
        call.received(facts(200, &[], 0));
        assert!(!call.answered(body));
        assert_eq!((kind(&call), call.again(0.5, 0)), (ErrorKind::MalformedResponse, None), "{body}");
    }
}

#[test]
fn json_of_other_operations_is_trusted_as_far_as_the_engine_can_read_it() {
    for name in ["responses", "messages", "models", "key"] {
        let request = json!({"messages": [1]});
        let mut call = begin(name, &request, false, &json!({}));
        call.sent(0);
        assert_eq!(call.received(facts(200, &[], 0)), Body::Trusted, "{name}");
        assert!(call.error().is_none());
        assert_eq!(call.received(facts(204, &[], 0)), Body::Trusted, "{name}");
        assert_eq!(call.received(facts(301, &[], 0)), Body::Refused, "{name}");
    }
}

#[test]
fn bytes_are_handed_out_as_they_are_unless_they_are_an_error() {
    let mut call = begin("speech", &json!({"model": "a/b", "input": "hi"}), false, &json!({}));
    call.sent(0);
    assert_eq!(call.received(facts(200, &[("content-type", "audio/mpeg")], 0)), Body::Bytes);
    assert!(call.error().is_none());
    refuse(&mut call, 503, &json!({}));
    assert_eq!((kind(&call), call.again(0.5, 0)), (ErrorKind::Overloaded, Some(250)));
}

#[test]
fn an_answer_in_json_where_a_stream_was_asked_for_is_an_error() {
    for content_type in ["application/json", "text/html", ""] {
        let mut call = stream(&json!({}));
        call.sent(0);
        assert_eq!(call.received(facts(200, &[("content-type", content_type)], 0)), Body::Whole);
        assert!(!call.answered(r#"{"choices":[]}"#));
        assert_eq!((kind(&call), call.again(0.5, 0)), (ErrorKind::MalformedResponse, None), "it was billed");
    }
    let mut call = stream(&json!({}));
    call.sent(0);
    call.received(facts(200, &[("content-type", "application/json")], 0));
    assert!(!call.answered(r#"{"error":{"code":503}}"#));
    assert_eq!((kind(&call), call.again(0.5, 0)), (ErrorKind::Overloaded, Some(250)));
}

#[test]
fn a_stream_where_none_was_asked_for_is_read_whole() {
    let mut call = chat(&json!({}));
    call.sent(0);
    assert_eq!(call.received(facts(200, &[("content-type", "text/event-stream")], 0)), Body::Whole);
    assert!(!call.answered("data: {\"choices\":[]}\n\n"));
    assert_eq!(kind(&call), ErrorKind::MalformedResponse);
}

#[test]
fn an_error_before_the_first_chunk_of_a_stream_is_tried_again() {
    let mut call = stream(&json!({}));
    open(&mut call, 0);
    assert!(!call.read(Some(COMMENT), 1));
    assert!(!call.read(Some(&IN_BAND[..20]), 2) && call.error().is_none(), "half an event says nothing");
    assert!(!call.read(Some(&IN_BAND[20..]), 3));
    let error = call.error().unwrap();
    assert_eq!((error.kind(), error.upstream_message()), (ErrorKind::ProviderUnavailable, Some("lost")));
    assert_eq!(call.again(0.5, 3), Some(250));
    open(&mut call, 300);
    assert!(call.error().is_none() && !call.read(Some(COMMENT), 301));
    assert!(call.read(Some(CHUNK), 302), "the next try is another stream");
}

#[test]
fn an_error_that_cannot_pass_is_not_tried_again_though_nothing_was_answered() {
    let mut call = stream(&json!({}));
    open(&mut call, 0);
    call.read(Some(b"data: {\"error\":{\"code\":401,\"message\":\"no\"}}\n\n"), 1);
    assert_eq!((kind(&call), call.again(0.5, 1)), (ErrorKind::Authentication, None));
    let mut call = stream(&json!({}));
    open(&mut call, 0);
    call.read(Some(b"data: {oops\n\n"), 1);
    assert_eq!((kind(&call), call.again(0.5, 1)), (ErrorKind::MalformedResponse, None));
}

#[test]
fn an_error_after_the_first_chunk_is_the_streams_own() {
    for reads in [vec![CHUNK.to_vec(), IN_BAND.to_vec()], vec![[COMMENT, CHUNK, IN_BAND].concat()]] {
        let mut call = stream(&json!({}));
        open(&mut call, 0);
        assert!(call.read(Some(&reads[0]), 1));
        assert_eq!((call.error(), call.again(0.5, 1)), (None, None));
        let (Decoder::Chat(mut chat), _) = call.stream() else { panic!("no chat") };
        let mut count = 0;
        let error = reads.iter().try_for_each(|read| chat.push(read, &mut |_| count += 1)).unwrap_err();
        assert_eq!((count, error.partial_text(), error.kind()), (1, Some("Hi"), ErrorKind::ProviderUnavailable));
    }
}

#[test]
fn a_stream_that_is_cut_before_its_first_chunk_is_tried_again() {
    for reads in [vec![], vec![COMMENT], vec![COMMENT, &CHUNK[..30]]] {
        let mut call = stream(&json!({}));
        open(&mut call, 0);
        for read in reads {
            assert!(!call.read(Some(read), 1) && call.error().is_none());
        }
        assert!(!call.read(None, 2));
        assert_eq!((kind(&call), call.again(0.5, 2)), (ErrorKind::StreamCut, Some(250)));
    }
}

#[test]
fn a_stream_that_is_cut_after_its_first_chunk_is_not() {
    let mut call = stream(&json!({}));
    open(&mut call, 0);
    assert!(call.read(Some(CHUNK), 1));
    assert!(call.read(None, 2), "it has begun, whatever becomes of it");
    assert_eq!((call.error(), call.again(0.5, 2)), (None, None));
    let (Decoder::Chat(mut chat), _) = call.stream() else { panic!("no chat") };
    chat.push(CHUNK, &mut |_| ()).unwrap();
    assert_eq!(chat.finish().unwrap_err().kind(), ErrorKind::StreamCut);
}

#[test]
fn a_stream_that_is_over_before_its_first_chunk_is_empty_and_no_failure() {
    let mut call = stream(&json!({}));
    open(&mut call, 0);
    assert!(call.read(Some(b"data: [DONE]\n\n"), 1));
    assert_eq!((call.error(), call.again(0.5, 1)), (None, None));
}

#[test]
fn a_stream_knows_its_response() {
    let mut call = stream(&json!({}));
    call.sent(0);
    let headers = [("content-type", "text/event-stream"), ("x-request-id", "r1"), ("x-generation-id", "g1")];
    call.received(facts(200, &headers, 0));
    let (Decoder::Chat(chat), _) = call.stream() else { panic!("no chat") };
    let expected = json!({"status": 200, "requestId": "r1", "generationId": "g1"});
    assert_eq!(serde_json::from_str::<Value>(&chat.facts().to_json()).unwrap(), expected);
}

#[test]
fn fallback_models_are_asked_in_their_order_once_the_retries_are_over() {
    let mut request = hi();
    request["models"] = json!(["x/y", "a/b"]);
    request["seed"] = json!(7);
    let mut call = begin("chat", &request, true, &json!({"maxRetries": 1, "fallbackModels": ["c/d", "e/f"]}));
    let sent = body(&call);
    let mut tries = vec![(sent.clone(), None)];
    refuse(&mut call, 503, &json!({}));
    while let Some(pause) = call.again(0.5, 0) {
        tries.push((body(&call), Some(pause)));
        assert_eq!(call.attempt() as usize, tries.len());
        refuse(&mut call, 503, &json!({}));
    }
    let with = |model: &str| {
        let mut body = sent.clone();
        body.as_object_mut().unwrap().remove("models");
        body["model"] = json!(model);
        body
    };
    let expected = [
        (sent.clone(), None),
        (sent.clone(), Some(250)),
        (with("c/d"), Some(0)),
        (with("c/d"), Some(250)),
        (with("e/f"), Some(0)),
        (with("e/f"), Some(250)),
    ];
    assert_eq!(tries, expected);
    assert_eq!(properties(&call.error().unwrap())["attempts"], 6);
}

#[test]
fn another_model_is_asked_for_the_same_to_the_letter() {
    let request = r#"{"prompt":"\u0068i","model":"a/b","seed":1e0,"models":["x/y"]}"#;
    let operation = Operation::named("chat").unwrap();
    let settings = Settings::new(r#"{"apiKey":"k"}"#, None, &|_| None).unwrap();
    let options = r#"{"fallbackModels":["c/\"d"]}"#;
    let mut call = Call::new(settings.prepare(operation, request, true, options).unwrap(), operation.answer, true, 0);
    refuse(&mut call, 404, &json!({"error": {"metadata": {"error_type": "model_not_found"}}}));
    assert_eq!(call.again(0.5, 0), Some(0));
    assert_eq!(
        call.request().body.as_deref(),
        Some(r#"{"model":"c/\"d","prompt":"\u0068i","seed":1e0,"stream":true}"#)
    );
}

#[test]
fn a_fallback_is_for_what_another_model_may_do() {
    let falls_back = |status: u16, error_type: Option<&str>| {
        let mut call = chat(&json!({"maxRetries": 0, "fallbackModels": ["c/d"]}));
        refuse(&mut call, status, &json!({"error": {"metadata": {"error_type": error_type}}}));
        call.again(0.5, 0) == Some(0) && body(&call)["model"] == "c/d"
    };
    for (status, error_type) in [
        (400, Some("context_length_exceeded")),
        (404, Some("model_not_found")),
        (404, Some("no_endpoints")),
        (403, Some("content_policy_violation")),
        (408, None),
        (429, None),
        (500, None),
        (502, None),
        (503, None),
    ] {
        assert!(falls_back(status, error_type), "{status} {error_type:?}");
    }
    for (status, error_type) in [
        (400, None),
        (422, None),
        (401, None),
        (402, None),
        (403, None),
        (404, None),
        (413, None),
        (400, Some("invalid_image")),
    ] {
        assert!(!falls_back(status, error_type), "{status} {error_type:?}");
    }
}

#[test]
fn a_connection_that_fails_is_no_fault_of_the_model() {
    let mut call = chat(&json!({"maxRetries": 0, "fallbackModels": ["c/d"]}));
    call.sent(0);
    call.broke(1);
    assert_eq!((call.again(0.5, 1), &body(&call)["model"]), (None, &json!("a/b")));
}

#[test]
fn a_fallback_does_not_wait_for_the_model_before_it() {
    let mut call = chat(&json!({"fallbackModels": ["c/d"]}));
    refuse_with(&mut call, 429, &[("retry-after", "3600")], &json!({}));
    assert_eq!((call.again(0.5, 0), &body(&call)["model"]), (Some(0), &json!("c/d")));
    let mut call = chat(&json!({"fallbackModels": ["c/d"]}));
    refuse(&mut call, 429, &json!({"error": {"metadata": {"limit_source": "x_daily"}}}));
    assert_eq!((call.again(0.5, 0), &body(&call)["model"]), (Some(0), &json!("c/d")));
}

#[test]
fn a_stream_falls_back_as_long_as_it_has_not_begun() {
    let mut call = stream(&json!({"maxRetries": 0, "fallbackModels": ["c/d"]}));
    open(&mut call, 0);
    call.read(Some(b"data: {oops\n\n"), 1);
    assert_eq!(call.again(0.5, 1), Some(0));
    assert_eq!((&body(&call)["model"], &body(&call)["stream"]), (&json!("c/d"), &json!(true)));
    open(&mut call, 2);
    assert!(call.read(Some(CHUNK), 3) && call.again(0.5, 3).is_none());
}

#[test]
fn the_fallbacks_of_a_call_go_before_those_of_the_client() {
    let operation = Operation::named("chat").unwrap();
    let general = r#"{"apiKey":"k","maxRetries":0,"fallbackModels":["general/x"]}"#;
    let settings = Settings::new(general, None, &|_| None).unwrap();
    let model = |options: &str| {
        let prepared = settings.prepare(operation, &hi().to_string(), false, options).unwrap();
        let mut call = Call::new(prepared, operation.answer, false, 0);
        refuse(&mut call, 503, &json!({}));
        call.again(0.5, 0).map(|_| body(&call)["model"].as_str().unwrap().to_owned())
    };
    assert_eq!(model("{}").as_deref(), Some("general/x"));
    assert_eq!(model(r#"{"fallbackModels":["own/x"]}"#).as_deref(), Some("own/x"));
    assert_eq!(model(r#"{"fallbackModels":[]}"#), None);
}

/// What a call that is given up at this time says about it.
fn given_up(call: &mut Call, now: u64) -> (ErrorKind, Option<String>) {
    assert_eq!(call.wait(now), Some(0), "it is time");
    call.broke(now);
    let error = call.error().unwrap();
    (error.kind(), error.error_type().map(ToOwned::to_owned))
}

fn timeout(option: &str) -> (ErrorKind, Option<String>) {
    (ErrorKind::Timeout, Some(option.to_owned()))
}

#[test]
fn the_whole_call_has_its_limit_with_all_its_tries() {
    let mut call = chat(&json!({"timeout": 1000}));
    call.sent(0);
    assert_eq!((call.wait(0), call.wait(999)), (Some(1000), Some(1)));
    refuse(&mut call, 503, &json!({}));
    assert_eq!(call.again(0.5, 400), Some(250));
    call.sent(650);
    assert_eq!(call.wait(650), Some(350), "a new try begins no new limit");
    assert_eq!(given_up(&mut call, 1000), timeout("timeout"));
    assert_eq!(call.again(0.0, 1000), None, "and no try begins after it");
}

#[test]
fn no_try_begins_that_the_limit_would_end_before() {
    for (now, seconds, expected) in [(500, "0.499", Some(499)), (500, "0.5", None), (500, "7", None), (1000, "0", None)]
    {
        let mut call = chat(&json!({"timeout": 1000}));
        refuse_with(&mut call, 503, &[("retry-after", seconds)], &json!({}));
        assert_eq!(call.again(0.0, now), expected, "{seconds}");
    }
    let mut call = chat(&json!({"timeout": 1000, "maxRetries": 0, "fallbackModels": ["c/d"]}));
    refuse(&mut call, 503, &json!({}));
    assert_eq!(call.again(0.0, 1000), None, "nor another model");
}

#[test]
fn keep_alives_are_no_first_token() {
    let mut call = stream(&json!({"firstTokenTimeout": 1000, "idleTimeout": 300}));
    open(&mut call, 0);
    for now in (200..1000).step_by(200) {
        assert!(!call.read(Some(COMMENT), now));
        assert_eq!(call.wait(now), Some(300.min(1000 - now)), "they are a sign of life though, at {now}");
    }
    assert_eq!(given_up(&mut call, 1000), timeout("firstTokenTimeout"));
    assert_eq!(call.again(0.5, 1000), Some(250), "each try has its own");
    open(&mut call, 1250);
    assert_eq!(call.wait(1250), Some(300));
    call.read(Some(COMMENT), 1500);
    assert_eq!(call.wait(2200), Some(0), "idle since 1500");
    call.read(Some(COMMENT), 2200);
    assert_eq!(call.wait(2200), Some(50));
}

#[test]
fn silence_has_its_limit() {
    let mut call = stream(&json!({"idleTimeout": 300}));
    call.sent(0);
    assert_eq!(call.wait(100), Some(200), "also before the response");
    open(&mut call, 250);
    assert_eq!(call.wait(250), Some(300));
    call.read(Some(COMMENT), 500);
    assert_eq!(call.wait(799), Some(1));
    assert_eq!(given_up(&mut call, 800), timeout("idleTimeout"));
    let error = call.error().unwrap();
    assert_eq!((error.status(), error.is_retryable()), (Some(200), true));
}

#[test]
fn a_connection_that_fails_in_time_is_no_timeout() {
    let mut call = stream(&json!({"idleTimeout": 300, "timeout": 1000, "firstTokenTimeout": 500}));
    call.sent(0);
    call.broke(299);
    assert_eq!(kind(&call), ErrorKind::Network);
}

#[test]
fn the_nearest_limit_counts() {
    for (options, expected, option) in [
        (json!({"timeout": 100, "firstTokenTimeout": 200, "idleTimeout": 300}), 100, "timeout"),
        (json!({"timeout": 300, "firstTokenTimeout": 100, "idleTimeout": 200}), 100, "firstTokenTimeout"),
        (json!({"timeout": 300, "firstTokenTimeout": 200, "idleTimeout": 100}), 100, "idleTimeout"),
    ] {
        let mut call = stream(&options);
        call.sent(0);
        assert_eq!(call.wait(0), Some(expected), "{options}");
        assert_eq!(given_up(&mut call, expected), timeout(option));
    }
}

#[test]
fn a_stream_without_a_limit_may_take_for_ever_but_not_be_silent() {
    let mut call = stream(&json!({}));
    open(&mut call, 0);
    for now in (0..10_000_000).step_by(100_000) {
        call.read(Some(COMMENT), now);
        assert_eq!(call.wait(now), Some(120_000));
    }
}

#[test]
fn once_it_has_begun_a_stream_may_take_longer_than_to_its_first_token() {
    let mut call = stream(&json!({"firstTokenTimeout": 100, "timeout": 5000}));
    open(&mut call, 0);
    assert!(call.read(Some(CHUNK), 50));
    let (_, watch) = call.stream();
    assert_eq!(watch.check(4000).unwrap(), Some(1000));
    let error = watch.check(5000).unwrap_err();
    assert_eq!((error.kind(), error.error_type()), (ErrorKind::Timeout, Some("timeout")));
}

#[test]
fn a_stream_that_has_begun_is_watched_for_silence_from_its_last_byte_on() {
    let mut call = stream(&json!({"idleTimeout": 300}));
    open(&mut call, 0);
    call.read(Some(COMMENT), 250);
    assert!(call.read(Some(CHUNK), 500));
    let (_, watch) = call.stream();
    assert_eq!(watch.check(500), Ok(Some(300)));
}

#[test]
fn a_try_that_the_limit_forbids_is_not_counted() {
    let mut call = chat(&json!({"timeout": 1000}));
    call.sent(0);
    call.broke(1000);
    assert_eq!(call.again(0.5, 1000), None);
    assert_eq!((call.attempt(), properties(&call.error().unwrap()).get("attempts")), (1, None));
}

#[test]
fn fallback_models_are_nothing_to_what_asks_no_model() {
    for (name, request) in [
        ("models", json!({})),
        ("key", json!({})),
        ("endpoints", json!({"model": "a/b"})),
        ("exchangeCode", json!({"code": "x"})),
    ] {
        let mut call = begin(name, &request, false, &json!({"maxRetries": 0, "fallbackModels": ["c/d"]}));
        refuse(&mut call, 503, &json!({}));
        assert_eq!(call.again(0.5, 0), None, "{name}");
    }
}

#[test]
fn a_model_that_is_written_with_an_escape_is_replaced_too() {
    let operation = Operation::named("chat").unwrap();
    let settings = Settings::new(r#"{"apiKey":"k","fallbackModels":["c/d"]}"#, None, &|_| None).unwrap();
    let request = r#"{"prompt":"hi","\u006dodel":"a/b"}"#;
    let mut call = Call::new(settings.prepare(operation, request, false, "{}").unwrap(), operation.answer, false, 0);
    refuse(&mut call, 404, &json!({"error": {"metadata": {"error_type": "model_not_found"}}}));
    assert_eq!((call.again(0.5, 0), &body(&call)["model"]), (Some(0), &json!("c/d")));
}

#[test]
fn warnings_are_told_one_a_line() {
    let mut request = hi();
    request["transforms"] = json!([]);
    request["route"] = json!("balanced");
    let warnings = begin("chat", &request, false, &json!({})).warnings();
    let lines: Vec<_> = warnings.lines().collect();
    assert!(
        matches!(lines[..], [route, transforms] if route.starts_with("route: ") && transforms.starts_with("transforms: "))
    );
    assert_eq!(chat(&json!({})).warnings(), "");
}

/// A call whose tokens come from the caller's function.
fn asking(options: &Value) -> Call {
    let mut options = options.clone();
    options["auth"] = json!(ASKED);
    chat(&options)
}

fn authorization(call: &Call) -> Vec<&str> {
    let headers = call.request().headers.iter();
    headers.filter(|(name, _)| name.eq_ignore_ascii_case("authorization")).map(|(_, value)| &**value).collect()
}

/// A token that ends at this second.
fn ending_at(seconds: u64) -> String {
    format!("e30.{}.c2ln", encode_url(format!("{{\"exp\":{seconds}}}").as_bytes()))
}

#[test]
fn a_token_is_asked_for_before_the_first_request_and_kept_ones_are_taken() {
    let mut call = asking(&json!({}));
    assert!(call.lacks_token());
    assert_eq!(call.offer("", Some(0), 5), Some(Reason::First));
    assert!(call.lacks_token() && call.error().is_none());
    assert_eq!(call.offer("one", None, 7), None);
    assert_eq!((call.lacks_token(), authorization(&call)), (false, vec!["Bearer one"]));
    let mut call = asking(&json!({}));
    assert_eq!(call.offer("one", Some(7), 1_000_000), None, "kept from the other call");
    assert_eq!(authorization(&call), ["Bearer one"]);
}

#[test]
fn who_has_a_key_is_asked_for_no_token() {
    let mut call = chat(&json!({}));
    assert!(!call.lacks_token());
    assert_eq!(call.offer("another", None, 0), None);
    assert_eq!(authorization(&call), ["Bearer k"]);
    refuse(&mut call, 401, &json!({}));
    assert_eq!((call.again(0.0, 0), call.lacks_token(), call.attempt()), (None, false, 1));
}

#[test]
fn a_kept_token_that_is_soon_over_is_replaced_before_it_is_sent() {
    let token = ending_at(1000);
    let reason = |now: u64| asking(&json!({})).offer(&token, Some(900_000), now);
    assert_eq!(
        (reason(989_999), reason(990_000), reason(2_000_000)),
        (None, Some(Reason::Expired), Some(Reason::Expired))
    );
    // Over when it came, by a clock that must be wrong.
    assert_eq!(asking(&json!({})).offer(&token, Some(1_000_000), 9_000_000), None);
}

#[test]
fn what_is_no_token_is_an_error_that_names_the_option_and_nothing_is_sent() {
    for (given, words) in [("", "gave no token"), ("secret\n", "ASCII"), ("s\u{e9}cret", "ASCII")] {
        let mut call = asking(&json!({}));
        assert_eq!(call.offer(given, None, 5), None);
        assert!(call.lacks_token());
        let error = call.error().unwrap();
        assert_eq!(
            (error.kind(), error.field(), error.is_retryable()),
            (ErrorKind::Authentication, Some("auth"), false)
        );
        assert!(error.message().contains(words) && !error.to_json().contains("cret"), "{error:?}");
        assert_eq!(call.again(0.0, 5), None);
        assert_eq!(asking(&json!({})).offer(given, Some(5), 6), Some(Reason::First), "it is not kept");
    }
}

#[test]
fn a_refused_token_is_replaced_once_and_that_is_no_retry() {
    let mut call = asking(&json!({"maxRetries": 1}));
    call.offer("one", None, 0);
    refuse(&mut call, 401, &json!({}));
    assert_eq!((call.again(0.0, 0), call.lacks_token(), call.attempt()), (Some(0), true, 2));
    assert!(!authorization(&call).contains(&"Bearer one"));
    assert_eq!(call.offer("one", Some(0), 9), Some(Reason::Refused), "the one that was kept");
    assert_eq!(call.offer("", Some(0), 9), Some(Reason::Refused));
    assert_eq!(call.offer("two", None, 9), None);
    assert_eq!((authorization(&call), call.lacks_token()), (vec!["Bearer two"], false));
    // It still has its retry.
    refuse(&mut call, 503, &json!({}));
    assert_eq!((call.again(0.0, 0), call.lacks_token(), authorization(&call)), (Some(0), false, vec!["Bearer two"]));
    refuse(&mut call, 401, &json!({}));
    assert_eq!((call.again(0.0, 0), call.lacks_token(), call.attempt()), (None, false, 3));
    let error = call.error().unwrap();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Authentication, Some(401)));
}

#[test]
fn a_token_that_others_have_replaced_meanwhile_is_taken_without_asking() {
    let mut call = asking(&json!({}));
    call.offer("one", None, 0);
    refuse(&mut call, 401, &json!({}));
    call.again(0.0, 0);
    assert_eq!(call.offer("two", Some(0), 9), None);
    assert_eq!(authorization(&call), ["Bearer two"]);
}

#[test]
fn only_the_servers_own_401_asks_for_another_token_and_only_before_anything_came() {
    for (status, body) in [(403, json!({})), (402, json!({})), (200, json!({"error": {"code": 401, "message": "no"}}))]
    {
        let mut call = asking(&json!({"maxRetries": 0}));
        call.offer("one", None, 0);
        call.sent(0);
        match call.received(facts(status, &[], 0)) {
            Body::Refused => call.refused(Some(&body.to_string())),
            _ => assert!(!call.answered(&body.to_string())),
        }
        assert_eq!((call.again(0.0, 0), call.lacks_token()), (None, false), "{status}");
    }
    let mut call = begin("chat", &hi(), true, &json!({"auth": ASKED}));
    call.offer("one", None, 0);
    open(&mut call, 0);
    assert!(call.read(Some(CHUNK), 0));
    assert_eq!((call.again(0.0, 0), call.lacks_token()), (None, false));
}

#[test]
fn another_model_is_asked_with_the_token_too() {
    let mut call = asking(&json!({"maxRetries": 0, "fallbackModels": ["c/d"]}));
    call.offer("one", None, 0);
    refuse(&mut call, 503, &json!({}));
    assert_eq!((call.again(0.0, 0), authorization(&call)), (Some(0), vec!["Bearer one"]));
    refuse(&mut call, 401, &json!({}));
    assert_eq!((call.again(0.0, 0), call.lacks_token()), (Some(0), true));
    assert_eq!(body(&call)["model"], "c/d");
}

#[test]
fn whoever_waits_for_a_token_has_the_limit_of_the_whole_call_alone() {
    let limits = json!({"timeout": 900, "firstTokenTimeout": 200, "idleTimeout": 300});
    let mut call = asking(&limits);
    assert_eq!((call.wait(0), call.wait(500)), (Some(900), Some(400)));
    call.broke(900);
    assert_eq!((kind(&call), call.again(0.0, 900)), (ErrorKind::Timeout, None));
    assert_eq!(call.error().unwrap().error_type(), Some("timeout"));
    let mut call = asking(&limits);
    call.offer("one", None, 500);
    call.sent(500);
    assert_eq!(call.wait(600), Some(100), "the others count from the request on");
    assert_eq!(call.received(facts(401, &[], 600)), Body::Refused);
    call.refused(None);
    assert_eq!((call.again(0.0, 600), call.wait(800)), (Some(0), Some(100)));
    call.broke(900);
    assert_eq!((kind(&call), call.error().unwrap().status()), (ErrorKind::Timeout, None));
}

#[test]
fn no_token_is_asked_for_once_the_time_is_over() {
    let mut call = asking(&json!({"timeout": 900}));
    call.offer("one", None, 0);
    refuse(&mut call, 401, &json!({}));
    assert_eq!((call.again(0.0, 900), call.lacks_token()), (None, false));
}

#[test]
fn no_debug_output_of_a_call_shows_a_token() {
    let mut call = asking(&json!({}));
    call.offer("secret", None, 0);
    refuse(&mut call, 401, &json!({}));
    call.again(0.0, 0);
    call.offer("secret-two", None, 1);
    assert!(!format!("{call:?}").contains("secret"));
}
