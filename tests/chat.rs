//! Streamed answers through the public API: hand-written streams that imitate the wire's oddities.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use openrouter_wasm::{
    chat::{ChatStream, Chunk},
    error::{Error, ErrorKind, ResponseFacts},
};
use serde_json::{Value, json};

/// What was handed out of a chunk: all of its text, or the strings in which it differs from one before.
#[derive(Debug, PartialEq)]
enum Out {
    Whole(String),
    Like(Vec<String>),
}

fn new_stream() -> ChatStream {
    ChatStream::new(ResponseFacts::default())
}

fn push(stream: &mut ChatStream, bytes: &[u8], chunks: &mut Vec<Out>) -> Result<(), Error> {
    stream.push(bytes, &mut |chunk| {
        chunks.push(match chunk {
            Chunk::Whole { text, .. } => Out::Whole(text.to_owned()),
            Chunk::Like { strings, .. } => Out::Like(strings.iter().map(ToString::to_string).collect()),
        });
    })
}

/// Feeds a stream in pieces; chunks, error if any, and what the chunks add up to.
fn run(pieces: &[&[u8]]) -> (Vec<Out>, Result<(), Error>, Value) {
    let (mut stream, mut chunks) = (new_stream(), Vec::new());
    let result = pieces.iter().try_for_each(|piece| push(&mut stream, piece, &mut chunks));
    let result = result.and_then(|()| stream.finish());
    (chunks, result, parse(&stream.completion().to_json()))
}

fn parse(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

/// A stream of chunks with these deltas, a finish reason and `[DONE]`.
fn stream_of(deltas: &[Value], finish_reason: &Value) -> String {
    let mut stream = String::new();
    for delta in deltas {
        stream += &event(&json!({"id": "gen-1", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]}));
    }
    stream += &event(&json!({"id": "gen-1", "choices": [{"index": 0, "delta": {}, "finish_reason": finish_reason}]}));
    stream + "data: [DONE]\n\n"
}

fn event(chunk: &Value) -> String {
    format!("data: {chunk}\n\n")
}

/// The message of a stream that must be a success.
fn message(deltas: &[Value]) -> Value {
    let (_, result, completion) = run(&[stream_of(deltas, &json!("stop")).as_bytes()]);
    result.unwrap();
    completion["choices"][0]["message"].clone()
}

#[test]
fn chunks_come_out_unchanged_and_add_up_to_the_message() {
    let stream = stream_of(
        &[json!({"role": "assistant", "content": ""}), json!({"content": "Hel"}), json!({"content": "lo"})],
        &json!("stop"),
    );
    let (chunks, result, completion) = run(&[stream.as_bytes()]);
    result.unwrap();
    assert_eq!(chunks.len(), 4);
    let chunk = json!({"id": "gen-1", "choices": [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": null}]});
    assert_eq!(chunks[1..3], [Out::Whole(chunk.to_string()), Out::Like(vec!["lo".into()])]);
    assert_eq!(
        completion,
        json!({"object": "chat.completion", "id": "gen-1", "choices": [{"index": 0, "finish_reason": "stop",
            "native_finish_reason": null, "message": {"role": "assistant", "content": "Hello"}}]})
    );
}

#[test]
fn null_and_empty_content_are_told_apart() {
    assert_eq!(message(&[json!({"content": null})])["content"], Value::Null);
    assert_eq!(message(&[json!({"content": ""})])["content"], json!(""));
}

#[test]
fn the_last_usage_wins_wherever_it_comes_and_a_later_null_takes_nothing_back() {
    let stream = [
        event(&json!({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}], "usage": {"cost": 1}})),
        event(&json!({"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": null}], "usage": {"cost": 3.4e-7}})),
        event(&json!({"choices": [], "usage": null, "system_fingerprint": null})),
        "data: [DONE]\n\n".into(),
    ]
    .concat();
    let (_, result, completion) = run(&[stream.as_bytes()]);
    result.unwrap();
    assert_eq!(completion["usage"], json!({"cost": 3.4e-7}));
    assert_eq!(completion["choices"][0]["finish_reason"], "stop");
    assert_eq!(completion.get("system_fingerprint"), Some(&Value::Null), "said as null is not absent");
}

#[test]
fn a_stream_that_ends_without_finish_reason_or_done_is_cut_and_keeps_its_text() {
    let whole = stream_of(&[json!({"content": "Hello "}), json!({"content": "world"})], &json!("stop"));
    let second_chunk_ends = whole.match_indices("\n\n").nth(1).unwrap().0 + 2;
    let (chunks, result, _) = run(&[&whole.as_bytes()[..second_chunk_ends]]);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.partial_text()), (ErrorKind::StreamCut, Some("Hello world")));
    assert_eq!(chunks.len(), 2);
}

#[test]
fn an_empty_body_is_cut() {
    for body in ["", ": OPENROUTER PROCESSING\n\n"] {
        assert_eq!(run(&[body.as_bytes()]).1.unwrap_err().kind(), ErrorKind::StreamCut);
    }
}

#[test]
fn a_finish_reason_without_done_is_an_end_and_what_follows_done_is_ignored() {
    let stream = stream_of(&[json!({"content": "a"})], &json!("length"));
    run(&[stream.trim_end_matches("data: [DONE]\n\n").as_bytes()]).1.unwrap();
    let (chunks, result, _) =
        run(&[stream.as_bytes(), b"data: not json\n\n", event(&json!({"choices": []})).as_bytes()]);
    result.unwrap();
    assert_eq!(chunks.len(), 2);
}

#[test]
fn an_error_in_a_chunk_decides_whatever_else_it_says() {
    let before = event(&json!({"choices": [{"index": 0, "delta": {"content": "Half an"}, "finish_reason": "length"}]}));
    for error_chunk in [
        json!({"error": {"code": 502, "message": "lost"}, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]}),
        json!({"error": {"code": 502, "message": "lost"}}),
        json!({"choices": [{"index": 0, "delta": {}, "error": {"code": 502, "message": "lost"}}], "usage": {"cost": 1}}),
    ] {
        let stream = before.clone() + &event(&error_chunk) + "data: [DONE]\n\n";
        let (chunks, result, _) = run(&[stream.as_bytes()]);
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ProviderUnavailable);
        assert_eq!((error.partial_text(), error.upstream_message()), (Some("Half an"), Some("lost")));
        assert_eq!(chunks.len(), 1, "the chunks before the error are delivered");
    }
}

#[test]
fn a_null_error_and_the_word_error_in_the_text_are_no_errors() {
    let deltas = [json!({"content": "\"error\": {\"code\": 500}"})];
    let stream = event(&json!({"error": null, "choices": []})) + &stream_of(&deltas, &json!("stop"));
    run(&[stream.as_bytes()]).1.unwrap();
}

#[test]
fn a_finish_reason_of_error_is_no_success() {
    let (_, result, _) = run(&[stream_of(&[json!({"content": "x"})], &json!("error")).as_bytes()]);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.partial_text()), (ErrorKind::UpstreamError, Some("x")));
}

#[test]
fn an_event_that_is_not_json_is_an_error_after_the_chunks_before_it() {
    let stream =
        event(&json!({"choices": [{"index": 0, "delta": {"content": "a"}}]})) + "data: {oops\n\ndata: [DONE]\n\n";
    let (chunks, result, _) = run(&[stream.as_bytes()]);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.partial_text(), chunks.len()), (ErrorKind::MalformedResponse, Some("a"), 1));
}

#[test]
fn an_event_that_is_no_object_is_an_error() {
    for data in ["null", "5", "[]", "\"text\""] {
        let (chunks, result, _) = run(&[format!("data: {data}\n\ndata: [DONE]\n\n").as_bytes()]);
        assert_eq!((result.unwrap_err().kind(), chunks.len()), (ErrorKind::MalformedResponse, 0), "{data}");
    }
}

#[test]
fn a_tool_call_that_was_cut_before_its_arguments_is_not_complete() {
    let is_complete = |arguments: &str, reason: &str| {
        let call = json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": arguments}}]});
        let mut chat = new_stream();
        chat.record_events();
        push(&mut chat, stream_of(&[call], &json!(reason)).as_bytes(), &mut Vec::new()).unwrap();
        let events = parse(&chat.take_events());
        let call = events.as_array().unwrap().iter().find(|event| event["type"] == "tool_call").unwrap();
        call["isComplete"].as_bool().unwrap()
    };
    assert!(is_complete("", "tool_calls") && is_complete("{}", "length"));
    assert!(!is_complete("", "length") && !is_complete(" ", "content_filter") && !is_complete("{", "tool_calls"));
}

#[test]
fn lone_surrogates_do_not_stop_a_stream() {
    let mut chat = new_stream();
    push(&mut chat, raw_stream(&[r"a\ud83d", r"b\ude00"]).as_bytes(), &mut Vec::new()).unwrap();
    assert_eq!(chat.completion().text(), "a\u{FFFD}b\u{FFFD}");
    assert!(chat.completion().to_json().contains(r#""content":"a\ud83db\ude00""#), "the engine decides on its own");
}

#[test]
fn a_surrogate_pair_that_is_split_over_two_chunks_is_whole_in_the_message() {
    let (_, result, completion) = run(&[raw_stream(&["x", r"a\ud83d", r"\ude00b"]).as_bytes()]);
    result.unwrap();
    assert_eq!(completion["choices"][0]["message"]["content"], "xa😀b");
}

/// A stream of chunks with these contents, as they are written between the quotes.
fn raw_stream(contents: &[&str]) -> String {
    let chunk = |raw: &&str| {
        let chunk = r#"data: {"choices":[{"index":0,"delta":{"content":"RAW"},"finish_reason":null}]}"#;
        chunk.replace("RAW", raw) + "\n\n"
    };
    contents.iter().map(chunk).collect::<String>() + &stream_of(&[], &json!("stop"))
}

#[test]
fn tool_calls_are_joined_by_index() {
    let message = message(&[
        json!({"content": null, "tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]}),
        json!({"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}}]}),
        json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"x\""}}]}),
        json!({"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}),
    ]);
    assert_eq!(
        message["tool_calls"],
        json!([{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}},
               {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}}])
    );
}

#[test]
fn tool_calls_without_an_index_go_on_with_the_last_or_begin_another() {
    let message = message(&[
        json!({"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{\"x\""}}]}),
        json!({"tool_calls": [{"function": {"arguments": ":1}"}}]}),
        json!({"tool_calls": [{"id": "b", "function": {"name": "g"}}]}),
    ]);
    let calls: Vec<_> = message["tool_calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| (&call["id"], &call["function"]["arguments"]))
        .collect();
    assert_eq!(calls, [(&json!("a"), &json!("{\"x\":1}")), (&json!("b"), &json!("{}"))]);
}

#[test]
fn tool_call_ids_are_made_unique() {
    let ids = |ids: &[Value]| {
        let calls: Vec<_> = ids
            .iter()
            .enumerate()
            .map(|(index, id)| json!({"index": index, "id": id, "function": {"name": "f", "arguments": "{}"}}))
            .collect();
        let message = message(&[json!({ "tool_calls": calls })]);
        message["tool_calls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| call["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&[json!("x"), json!("x"), json!("x")]), ["x", "x_1", "x_2"]);
    assert_eq!(ids(&[json!(""), json!(null), json!("call_1")]), ["call_0", "call_1", "call_1_2"]);
    assert_eq!(ids(&[json!("a"), json!("b")]), ["a", "b"]);
}

#[test]
fn of_a_hostile_number_of_keys_choices_or_calls_the_first_ones_are_told_apart() {
    let many = |kind: &str| (0..2000).map(|at| (format!("{kind}{at}"), json!(at))).collect::<Value>();
    let mut calls: Vec<_> = (0..2000).map(|index| json!({"index": index, "function": {}})).collect();
    calls[0]["function"] = many("f");
    let choices = (0..2000).map(|index| json!({"index": index, "delta": {"content": "a"}, "finish_reason": "stop"}));
    let mut first = many("c");
    (first["index"], first["delta"], first["finish_reason"]) = (json!(0), many("m"), json!("stop"));
    first["delta"]["tool_calls"] = json!(calls);
    let mut chunk = many("k");
    chunk["choices"] = [first].into_iter().chain(choices.skip(1)).collect();
    let (_, result, completion) = run(&[event(&chunk).as_bytes(), b"data: [DONE]\n\n"]);
    assert_eq!(result, Ok(()));
    let choice = &completion["choices"][0];
    let call = &choice["message"]["tool_calls"][0];
    let sizes =
        [completion.as_object(), choice.as_object(), choice["message"].as_object(), call["function"].as_object()]
            .map(|object| object.unwrap().len());
    assert!(sizes.iter().all(|size| (500..510).contains(size)), "{sizes:?}");
    assert_eq!((&completion["k498"], &choice["message"]["m498"]), (&json!(498), &json!(498)));
    assert_eq!(choice["message"]["tool_calls"].as_array().unwrap().len(), 500);
    assert_eq!(completion["choices"].as_array().unwrap().len(), 500);
}

#[test]
fn tool_calls_make_the_finish_reason_where_the_model_says_stop() {
    let call = json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}]});
    for (said, expected) in [("stop", "tool_calls"), ("tool_calls", "tool_calls"), ("length", "length")] {
        let (_, _, completion) = run(&[stream_of(std::slice::from_ref(&call), &json!(said)).as_bytes()]);
        assert_eq!(completion["choices"][0]["finish_reason"], expected);
    }
}

#[test]
fn reasoning_details_are_merged_by_type_and_index_and_keep_their_signature() {
    let detail = |value: Value| json!({"reasoning_details": [value]});
    let message = message(&[
        detail(
            json!({"type": "reasoning.text", "text": "Let me ", "signature": "", "format": "anthropic-claude-v1", "index": 0}),
        ),
        detail(json!({"type": "reasoning.text", "text": "think.", "index": 0, "format": null})),
        detail(json!({"type": "reasoning.text", "signature": "SIG", "index": 0})),
        detail(json!({"type": "reasoning.summary", "summary": "s", "index": 0})),
        detail(json!({"type": "reasoning.encrypted", "data": "AA", "id": "r1", "index": 0})),
        detail(json!({"type": "reasoning.encrypted", "data": "BB", "id": "r2", "index": 0})),
        detail(json!({"type": "reasoning.brand_new", "x": 1, "index": 0})),
        detail(json!({"type": "reasoning.brand_new", "x": 2, "index": 0})),
    ]);
    assert_eq!(
        message["reasoning_details"],
        json!([
            {"type": "reasoning.text", "text": "Let me think.", "signature": "SIG", "format": "anthropic-claude-v1", "index": 0},
            {"type": "reasoning.summary", "summary": "s", "index": 0},
            {"type": "reasoning.encrypted", "data": "AA", "id": "r1", "index": 0},
            {"type": "reasoning.encrypted", "data": "BB", "id": "r2", "index": 0},
            {"type": "reasoning.brand_new", "x": 1, "index": 0},
            {"type": "reasoning.brand_new", "x": 2, "index": 0}
        ])
    );
}

#[test]
fn texts_without_an_index_are_joined_and_summaries_are_not() {
    let detail = |kind: &str, key: &str, text: &str| json!({"reasoning_details": [{"type": kind, key: text}]});
    let texts = ["a", "b"].map(|text| detail("reasoning.text", "text", text));
    assert_eq!(message(&texts)["reasoning_details"], json!([{"type": "reasoning.text", "text": "ab"}]));
    let summaries = ["a", "b"].map(|text| detail("reasoning.summary", "summary", text));
    assert_eq!(message(&summaries)["reasoning_details"].as_array().unwrap().len(), 2);
}

#[test]
fn a_signature_after_the_text_began_belongs_to_its_reasoning() {
    let message = message(&[
        json!({"reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "index": 0}]}),
        json!({"content": "Yes"}),
        json!({"reasoning_details": [{"type": "reasoning.text", "signature": "SIG", "index": 0}]}),
    ]);
    assert_eq!(
        message["reasoning_details"],
        json!([{"type": "reasoning.text", "text": "Hm.", "index": 0, "signature": "SIG"}])
    );
}

#[test]
fn an_empty_list_of_reasoning_details_is_not_an_absent_one() {
    assert_eq!(message(&[json!({"reasoning_details": []})])["reasoning_details"], json!([]));
    assert!(message(&[json!({})]).get("reasoning_details").is_none());
}

#[test]
fn images_annotations_audio_and_unknown_fields_are_kept() {
    let message = message(&[
        json!({"images": [{"type": "image_url", "image_url": {"url": "data:a"}}], "audio": {"id": "au", "data": "AA", "transcript": "he"}}),
        json!({"annotations": [{"type": "url_citation", "url_citation": {"url": "https://a.example"}}]}),
        json!({"images": [{"type": "image_url", "image_url": {"url": "data:b"}}], "audio": {"data": "BB", "transcript": "y", "expires_at": 5}}),
        json!({"hologram": {"x": 1}}),
    ]);
    assert_eq!(message["images"].as_array().unwrap().len(), 2);
    assert_eq!(message["annotations"].as_array().unwrap().len(), 1);
    assert_eq!(message["audio"], json!({"id": "au", "data": "AABB", "transcript": "hey", "expires_at": 5}));
    assert_eq!(message["hologram"], json!({"x": 1}));
}

#[test]
fn content_that_is_a_list_keeps_the_text_before_it() {
    let part = json!({"type": "image_url", "image_url": {"url": "data:a"}});
    let message = message(&[json!({"content": "Look: "}), json!({"content": [part]})]);
    assert_eq!(message["content"], json!([{"type": "text", "text": "Look: "}, part]));
}

#[test]
fn a_long_answer_is_what_its_chunks_were_wherever_it_is_kept_in_pieces() {
    // Of many lengths, so that a pair falls between two pieces, too.
    let half = |at: usize| {
        if at.is_multiple_of(2) { format!("{at}{}\\ud83d", "x".repeat(at % 700)) } else { r"\ude00".to_owned() }
    };
    let contents: Vec<String> = (0..1_000).map(half).collect();
    let expected = contents.concat().replace(r"\ud83d\ude00", "😀");
    let mut chat = new_stream();
    let raw: Vec<&str> = contents.iter().map(String::as_str).collect();
    push(&mut chat, raw_stream(&raw).as_bytes(), &mut Vec::new()).unwrap();
    assert_eq!(chat.completion().text(), expected);
    assert_eq!(parse(&chat.completion().to_json())["choices"][0]["message"]["content"], expected);

    let thought = "thought ".repeat(100);
    let mut deltas = vec![json!({"content": "a".repeat(40_000), "reasoning": thought}); 200];
    assert_eq!(message(&deltas)["reasoning"], thought.repeat(200));
    deltas.push(json!({"content": [{"type": "image_url", "image_url": {"url": "data:a"}}]}));
    deltas.push(json!({"content": "!"}));
    let message = message(&deltas);
    assert_eq!(message["content"][0]["text"], "a".repeat(8_000_000));
    assert_eq!(message["content"][2]["text"], "!");
    assert_eq!(message["reasoning"], thought.repeat(200));
}

#[test]
fn logprobs_are_joined() {
    let chunk = |token: &str| {
        event(
            &json!({"choices": [{"index": 0, "delta": {"content": token}, "logprobs": {"content": [{"token": token}], "refusal": null}}]}),
        )
    };
    let (_, _, completion) = run(&[(chunk("a") + &chunk("b")).as_bytes()]);
    assert_eq!(
        completion["choices"][0]["logprobs"],
        json!({"content": [{"token": "a"}, {"token": "b"}], "refusal": null})
    );
}

#[test]
fn choices_are_kept_apart_by_index() {
    let stream = event(&json!({"choices": [{"index": 1, "delta": {"content": "b"}}]}))
        + &event(
            &json!({"choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "c"}}]}),
        );
    let mut chat = new_stream();
    push(&mut chat, stream.as_bytes(), &mut Vec::new()).unwrap();
    assert_eq!(chat.completion().text(), "a");
    let error = chat.finish().unwrap_err();
    assert_eq!(error.partial_text(), Some("a"));
}

#[test]
fn a_chunk_without_delta_or_choices_is_survived() {
    let stream = [
        json!({"choices": [{"index": 0, "delta": null}]}),
        json!({"choices": [{}]}),
        json!({}),
        json!({"choices": null}),
    ]
    .iter()
    .map(event)
    .collect::<String>()
        + &stream_of(&[json!({"content": "ok"})], &json!("stop"));
    let (chunks, result, completion) = run(&[stream.as_bytes()]);
    result.unwrap();
    assert_eq!((chunks.len(), &completion["choices"][0]["message"]["content"]), (6, &json!("ok")));
}

#[test]
fn events_tell_text_reasoning_tools_and_the_end_once() {
    let stream = stream_of(
        &[
            json!({"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}]}),
            json!({"reasoning": " only a string", "reasoning_details": []}),
            json!({"content": "Hi"}),
            json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x\":"}}]}),
        ],
        &json!("tool_calls"),
    );
    let mut chat = new_stream();
    chat.record_events();
    push(&mut chat, stream.as_bytes(), &mut Vec::new()).unwrap();
    chat.finish().unwrap();
    assert_eq!(
        parse(&chat.take_events()),
        json!([
            {"type": "reasoning", "text": "Hm"},
            {"type": "reasoning", "text": " only a string"},
            {"type": "text", "text": "Hi"},
            {"type": "tool_call_delta", "delta": {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x\":"}}},
            {"type": "tool_call", "id": "a", "name": "f", "arguments": "{\"x\":", "isComplete": false},
            {"type": "finish", "finishReason": "tool_calls", "nativeFinishReason": null}
        ])
    );
    assert_eq!(chat.take_events(), "[]");
}

#[test]
fn events_that_are_taken_after_every_byte_are_the_same() {
    let deltas = [json!({"content": "a"}), json!({"content": "b"}), json!({"reasoning": "c"}), json!({"content": "d"})];
    let stream = stream_of(&deltas, &json!("stop"));
    let events = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut chat = new_stream();
        chat.record_events();
        let mut events = Vec::new();
        for piece in pieces {
            push(&mut chat, piece, &mut Vec::new()).unwrap();
            events.extend(parse(&chat.take_events()).as_array().unwrap().clone());
        }
        events
    };
    let whole = events(&mut std::iter::once(stream.as_bytes()));
    assert_eq!(events(&mut stream.as_bytes().chunks(1)), whole);
    let kinds: Vec<_> = whole.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text", "text", "reasoning", "text", "finish"]);
}

#[test]
fn events_are_of_the_first_choice_only_and_none_where_nobody_asked() {
    let stream = event(&json!({"choices": [{"index": 1, "delta": {"content": "b"}, "finish_reason": "stop"}]}))
        + &stream_of(&[json!({"content": "a"})], &json!("stop"));
    for (is_asked, expected) in [(true, json!(["a"])), (false, json!([]))] {
        let mut chat = new_stream();
        if is_asked {
            chat.record_events();
        }
        push(&mut chat, stream.as_bytes(), &mut Vec::new()).unwrap();
        let events = parse(&chat.take_events());
        let texts = events.as_array().unwrap().iter().filter(|event| event["type"] == "text");
        assert_eq!(json!(texts.map(|event| &event["text"]).collect::<Vec<_>>()), expected);
    }
}

#[test]
fn a_chunk_of_another_choice_in_between_is_added_where_it_belongs() {
    let chunk = |index: u32, text: &str| event(&json!({"choices": [{"index": index, "delta": {"content": text}}]}));
    let stream: String = [(0, "a"), (1, "A"), (0, "b"), (0, "c"), (1, "B"), (1, "C"), (0, "d")]
        .map(|(index, text)| chunk(index, text))
        .concat();
    let (chunks, _, completion) = run(&[stream.as_bytes()]);
    assert_eq!(chunks.iter().filter(|chunk| matches!(chunk, Out::Like(_))).count(), 5);
    let contents = [0, 1].map(|choice: usize| &completion["choices"][choice]["message"]["content"]);
    assert_eq!(contents, ["abcd", "ABC"]);
}

#[test]
fn the_message_is_the_same_whether_it_is_read_at_once_or_at_the_end() {
    let stream = stream_of(&vec![json!({"content": "0123456789".repeat(100)}); 3000], &json!("stop"));
    let (_, _, at_the_end) = run(&[stream.as_bytes()]);
    let mut chat = new_stream();
    for (count, piece) in stream.as_bytes().chunks(1000).enumerate() {
        push(&mut chat, piece, &mut Vec::new()).unwrap();
        if count % 100 == 0 {
            assert!(chat.completion().to_json().len() > count * 900);
        }
    }
    assert_eq!(parse(&chat.completion().to_json()), at_the_end);
}

#[test]
fn the_largest_index_of_a_tool_call_is_survived() {
    let message = message(&[
        json!({"tool_calls": [{"index": u32::MAX, "id": "a", "function": {"name": "f", "arguments": "{}"}}]}),
        json!({"tool_calls": [{"id": "b", "function": {"name": "g", "arguments": "{}"}}]}),
    ]);
    assert_eq!(message["tool_calls"].as_array().unwrap().len(), 2);
}

/// What the message makes of a delta with this content twice.
fn twice(first: &str, last: &str) -> Value {
    let delta = format!(r#"{{"{first}":"a","{last}":"b"}}"#);
    let chunk = format!(r#"data: {{"choices":[{{"delta":{delta},"finish_reason":"stop"}}]}}"#) + "\n\n";
    run(&[chunk.as_bytes()]).2["choices"][0]["message"]["content"].clone()
}

#[test]
fn of_duplicate_keys_in_a_chunk_the_last_counts_for_the_message_too() {
    assert_eq!(twice("content", "content"), "b");
    assert_eq!(twice("content", r"\u0063ontent"), "b");
    assert_eq!(twice(r"\u0063ontent", r"conten\u0074"), "b");
}

#[test]
fn of_duplicate_keys_the_last_counts_also_where_the_first_is_written_with_an_escape() {
    assert_eq!(twice(r"\u0063ontent", "content"), "b");
}
