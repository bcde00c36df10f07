//! One attack for each thing that can name a model or raise a price; what passes; what it costs at most.

use openrouter_wasm::{
    api::{Method, PASSED},
    models,
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value as Document, json};

use super::*;

/// Rows of the simulator's list, one to three of each shape; a test against the simulator keeps them equal.
const LIST: &str = include_str!("price-list.json");

const MODEL: &str = "openai/gpt-5.2-chat";

fn list() -> Prices {
    Prices::read(LIST).unwrap()
}

/// Rules with these settings besides, or in place of, a list of models.
fn rules(settings: &[(&str, &str)]) -> Rules {
    let mut all = vec![("ALLOWED_MODELS", "openai/* ~openai/* cohere/* black-forest-labs/* *:free sim/*")];
    all.extend(settings);
    rules::tests::read(&all).unwrap()
}

fn ask(rules: &Rules, endpoint: Endpoint, body: &str, who: &Who<'_>) -> Result<Admission, Refusal> {
    let request = Request { endpoint, content_type: "application/json", body: body.as_bytes() };
    admit(rules, Some(&list()), &request, who)
}

/// A request that passes, with these fields besides or in place of its own.
fn body(endpoint: Endpoint, fields: &Document) -> String {
    let mut body = match endpoint {
        Endpoint::ChatCompletions | Endpoint::Messages => {
            json!({"model": MODEL, "messages": [{"role": "user", "content": "hi"}]})
        }
        Endpoint::Completions => json!({"model": MODEL, "prompt": "hi"}),
        Endpoint::Responses => json!({"model": MODEL, "input": "hi"}),
        Endpoint::Embeddings => json!({"model": "openai/text-embedding-3-small", "input": "hi"}),
        Endpoint::Rerank => json!({"model": "cohere/rerank-v3.5", "query": "hi", "documents": ["a"]}),
        Endpoint::Images => json!({"model": "openai/gpt-image-1", "prompt": "hi"}),
        Endpoint::Speech => json!({"model": "openai/gpt-4o-mini-tts", "input": "hi"}),
        Endpoint::Transcriptions => {
            json!({"model": "openai/whisper-1", "input_audio": {"data": "AA==", "format": "wav"}})
        }
        _ => json!({"model": "openai/sora-2", "prompt": "hi"}),
    };
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body.to_string()
}

/// Prices for what the list does not tell.
const MEDIA: (&str, &str) = ("MEDIA_USD", "rerank=0.01 transcription=0.1 videos=4");

fn admitted(settings: &[(&str, &str)], endpoint: Endpoint, fields: &Document) -> Admission {
    ask(&rules(settings), endpoint, &body(endpoint, fields), &Who::default()).unwrap()
}

fn sent(admission: &Admission) -> Document {
    match &admission.body {
        Sent::Same => panic!("nothing was changed"),
        Sent::Changed(bytes) => serde_json::from_slice(bytes).unwrap(),
    }
}

const USD: u64 = 1_000_000_000;

/// All that asks a model.
fn all() -> Vec<Endpoint> {
    PASSED.iter().filter(|(_, operation)| operation.method == Method::Post).map(|(endpoint, _)| *endpoint).collect()
}

#[test]
fn an_ordinary_request_of_every_kind_passes() {
    for endpoint in all() {
        let admission = admitted(&[MEDIA], endpoint, &json!({}));
        assert_eq!(admission.models.len(), 1, "{endpoint:?}");
        assert!(admission.usd_nano > 0 && !admission.is_stream, "{endpoint:?}");
    }
    assert!(admitted(&[], Endpoint::ChatCompletions, &json!({"stream": true})).is_stream);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_names_a_model_or_raises_a_price_is_refused_unless_it_is_allowed() {
    use Endpoint::{
        ChatCompletions as Chat, Completions, Embeddings, Images, Messages, Rerank, Responses, Speech,
        Transcriptions as Transcription, Videos,
    };
    let all = all();
    let other = "anthropic/claude-sonnet-4.6";
    let tool = |kind: &str| json!({"tools": [{"type": kind}]});
    let chats = [Chat, Responses, Messages];
    let mut attacks: Vec<(&[Endpoint], Document, u16, &str)> = vec![
        (&all, json!({"model": other}), 403, "model:"),
        (&all, json!({"model": null}), 400, "model:"),
        (&all, json!({"model": ""}), 400, "model:"),
        (&all, json!({"model": format!("{MODEL}@preset/x")}), 403, "model:"),
        (&all, json!({"model": "@preset/x"}), 403, "model:"),
        (&all, json!({"model": format!("{MODEL}:online")}), 403, "model:"),
        (&all, json!({"model": format!("{MODEL}:batch")}), 403, "model:"),
        (&all, json!({"model": "openai/../anthropic"}), 400, "model:"),
        (&all, json!({"new_field": 1}), 400, "new_field:"),
        (&all, json!({"callback_url": "https://evil.example"}), 400, "callback_url:"),
        (&all, json!({"debug": {"echo_upstream_body": true}}), 400, "debug:"),
        (&all, json!({"store": true}), 400, "store:"),
        (&all, json!({"previous_response_id": "x"}), 400, "previous_response_id:"),
        (&all, json!({"background": true}), 400, "background:"),
        (&all, json!({"provider": {"sort": "price"}}), 403, "provider:"),
        (&[Chat], json!({"model": "~anthropic/claude-sonnet-latest"}), 403, "model:"),
        (&[Chat], json!({"model": "openrouter/auto"}), 403, "model:"),
        (&[Chat], json!({"model": "gpt-4o"}), 403, "model:"),
        (&[Chat], json!({"model": "openai/unknown"}), 403, "model:"),
        (&[Chat], json!({"model": "sim/text"}), 403, "model:"),
        (&[Chat, Messages, Responses, Completions], json!({"models": [other]}), 403, "models:"),
        (&[Chat, Messages, Responses, Completions], json!({"models": [format!("{MODEL}@preset/x")]}), 403, "models:"),
        (&[Completions], json!({"models": other}), 400, "models:"),
        (&[Messages], json!({"fallbacks": [{"model": other}]}), 403, "fallbacks:"),
        (&[Messages], json!({"fallbacks": [{"model": MODEL, "max_tokens": 9}]}), 400, "fallbacks:"),
        (&[Chat, Completions], json!({"preset": "x"}), 403, "preset:"),
        (&[Chat, Completions, Embeddings, Messages, Responses], json!({"n": 2}), 400, "n:"),
        (&[Chat, Completions, Embeddings, Messages, Responses], json!({"n": 1.5}), 400, "n:"),
        (&[Chat, Completions], json!({"n": "1"}), 400, "n:"),
        (&[Chat, Completions], json!({"best_of": 2}), 400, "best_of:"),
        (&[Chat, Completions, Messages], json!({"max_tokens": 4097}), 400, "max_tokens:"),
        (&[Chat, Completions], json!({"max_completion_tokens": 1e9}), 400, "max_completion_tokens:"),
        (&[Chat, Completions], json!({"max_tokens": 1, "max_completion_tokens": 4097}), 400, "max_completion_tokens:"),
        (&[Responses], json!({"max_output_tokens": 4097}), 400, "max_output_tokens:"),
        (&[Completions], json!({"max_tokens": "9"}), 400, "max_tokens:"),
        (&[Completions], json!({"max_tokens": -1}), 400, "max_tokens:"),
        (&[Chat, Responses], json!({"reasoning": {"max_tokens": 4097}}), 400, "reasoning.max_tokens:"),
        (&[Messages], json!({"thinking": {"type": "enabled", "budget_tokens": 4097}}), 400, "thinking.budget_tokens:"),
        (
            &[Messages],
            json!({"context_management": {"edits": [{"type": "compact_20260112"}]}}),
            403,
            "context_management:",
        ),
        (&[Messages], json!({"speed": "fast"}), 403, "speed:"),
        (&chats, json!({"service_tier": "priority"}), 403, "service_tier:"),
        (&chats, json!({"service_tier": "fast"}), 403, "service_tier:"),
        (&[Completions], json!({"service_tier": ["priority"]}), 403, "service_tier:"),
        (&[Responses], json!({"prompt": {"id": "pmpt_1"}}), 400, "prompt:"),
        (&[Responses], json!({"conversation": "x"}), 400, "conversation:"),
        (&[Messages], json!({"container": "x"}), 400, "container:"),
        (&[Messages], json!({"mcp_servers": []}), 400, "mcp_servers:"),
        (&[Chat], json!({"functions": []}), 400, "functions:"),
        (&[Chat], json!({"web_search_options": {}}), 403, "web_search_options:"),
        (&[Completions], json!({"plugins": {"0": {"id": "web"}}}), 400, "plugins:"),
        (&[Videos, Completions, Images, Speech, Transcription], json!({"provider": "x"}), 400, "provider"),
        (
            &[Chat],
            json!({"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]}),
            403,
            "files",
        ),
        (
            &[Chat],
            json!({"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": "data:,"}}]}]}),
            403,
            "files",
        ),
        (
            &[Responses],
            json!({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}),
            403,
            "files",
        ),
        (
            &[Responses],
            json!({"input": [{"type": "message", "content": [{"type": "input_file", "file_url": "https://x"}]}]}),
            403,
            "files",
        ),
        (
            &[Messages],
            json!({"messages": [{"role": "user", "content": [{"type": "document", "source": {}}]}]}),
            403,
            "files",
        ),
        (&[Rerank], json!({"query": 1}), 400, "query:"),
        (&[Images], json!({"n": 11}), 400, "n:"),
        (&[Images], json!({"response_format": "url"}), 400, "response_format:"),
        (&[Images], json!({"response_format": ["b64_json"]}), 400, "response_format:"),
        (&[Speech, Rerank, Embeddings, Completions], json!({"safety_identifier": "x"}), 400, "safety_identifier:"),
    ];
    for id in ["web", "fusion", "auto-router", "file-parser", "response-healing", "new"] {
        attacks.push((&[Chat, Responses, Messages, Completions], json!({"plugins": [{"id": id}]}), 403, "plugins:"));
    }
    for kind in [
        "openrouter:web_search",
        "web_search",
        "web_search_preview",
        "web_search_20250305",
        "openrouter:web_fetch",
        "openrouter:advisor",
        "advisor_20260301",
        "openrouter:subagent",
        "openrouter:fusion",
        "openrouter:image_generation",
        "image_generation",
        "openrouter:bash",
        "openrouter:files",
        "openrouter:shell",
        "shell",
        "file_search",
        "code_interpreter",
        "mcp",
        "openrouter:datetime",
        "new",
    ] {
        attacks.push((&[Chat, Responses, Messages], tool(kind), 403, "tools:"));
        attacks.push((&[Responses, Messages], json!({"tool_choice": {"type": kind}}), 403, "tool_choice:"));
    }
    attacks.push((&[Responses], json!({"tools": [{"name": "x"}]}), 400, "tools:"));
    attacks.push((&[Responses], json!({"tools": [{"type": "namespace", "tools": [{"type": "mcp"}]}]}), 403, "tools:"));
    let rules = rules(&[MEDIA]);
    for (endpoints, fields, status, message) in attacks {
        for endpoint in endpoints {
            let mut body: Document = serde_json::from_str(&body(*endpoint, &fields)).unwrap();
            // Whatever the order of the keys: what is attacked with comes last, and then first.
            for is_first in [false, true] {
                if is_first {
                    let object = body.as_object_mut().unwrap();
                    let (attack, rest): (Vec<_>, Vec<_>) =
                        std::mem::take(object).into_iter().partition(|(key, _)| fields.get(key).is_some());
                    object.extend(attack);
                    object.extend(rest);
                }
                let refusal = ask(&rules, *endpoint, &body.to_string(), &Who::default())
                    .expect_err(&format!("{endpoint:?} {body}"));
                assert_eq!(refusal.status, status, "{endpoint:?} {body} {}", refusal.message);
                assert!(refusal.message.starts_with(message), "{endpoint:?} {body} {}", refusal.message);
            }
        }
    }
}

#[test]
fn what_is_nothing_passes() {
    for fields in [
        json!({"debug": null, "store": false, "background": false, "previous_response_id": null, "new": null}),
        json!({"provider": {}, "models": [], "plugins": [], "tools": [], "service_tier": "default"}),
        json!({"preset": null, "max_tokens": null, "reasoning": {"max_tokens": null}}),
        json!({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"properties": {"model": {"type": "x"}}}}}]}),
        json!({"tool_choice": {"type": "function", "function": {"name": "f"}}}),
        json!({"n": 1}),
    ] {
        admitted(&[], Endpoint::ChatCompletions, &fields);
    }
    admitted(&[], Endpoint::Images, &json!({"background": "transparent"}));
    let tool_use = json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": {"file_id": "x", "type": "image"}}]}],
        "tools": [{"name": "f", "input_schema": {}}]});
    let admission = admitted(&[], Endpoint::Messages, &tool_use);
    assert!(admission.tokens < 10_000, "a caller's own data is no picture");
}

#[test]
fn keys_that_are_there_twice_are_refused_at_every_depth() {
    let rules = rules(&[]);
    for (body, key) in [
        (format!(r#"{{"model":"{MODEL}","messages":[{{"role":"user","content":"hi"}}],"model":"x"}}"#), "model"),
        (format!(r#"{{"model":"{MODEL}","messages":[{{"role":"user","content":"hi"}}],"mo\u0064el":"x"}}"#), "model"),
        (format!(r#"{{"model":"{MODEL}","messages":[{{"role":"user","content":"hi","role":"user"}}]}}"#), "role"),
        (
            format!(
                r#"{{"model":"{MODEL}","messages":[{{"role":"user","content":[{{"type":"text","text":"a","type":"x"}}]}}]}}"#
            ),
            "type",
        ),
        (
            format!(
                r#"{{"model":"{MODEL}","messages":[{{"role":"user","content":"hi"}}],"tools":[{{"type":"function","function":{{"name":"f","parameters":{{"a":{{"b":1,"b":1}}}}}}}}]}}"#
            ),
            "b",
        ),
    ] {
        let refusal = ask(&rules, Endpoint::ChatCompletions, &body, &Who::default()).unwrap_err();
        assert_eq!(refusal.status, 400);
        assert!(refusal.message.starts_with(&format!("{key}: there twice")), "{}", refusal.message);
    }
}

#[test]
fn escaped_names_mean_what_they_say() {
    let rules = rules(&[]);
    for body in [
        r#"{"m\u006fdel":"anthropic/claude-sonnet-4.6","messages":[{"role":"user","content":"hi"}]}"#.to_owned(),
        format!(r#"{{"model":"{MODEL}","messages":[{{"role":"user","content":"hi"}}],"\u0064ebug":{{}}}}"#),
        format!(
            r#"{{"model":"{MODEL}","messages":[{{"role":"user","content":"hi"}}],"tools":[{{"ty\u0070e":"openrouter:b\u0061sh"}}]}}"#
        ),
        r#"{"model":"\u0061nthropic/claude-sonnet-4.6","messages":[{"role":"user","content":"hi"}]}"#.to_owned(),
    ] {
        assert!(ask(&rules, Endpoint::ChatCompletions, &body, &Who::default()).is_err(), "{body}");
    }
}

#[test]
fn what_is_no_request_is_refused() {
    let rules = rules(&[]);
    for (body, message) in [
        ("{", "The body is not JSON"),
        ("", "The body is not JSON"),
        ("[]", "the request must be an object"),
        (r#"{"messages":[]}"#, "messages: expected at least 1 elements"),
    ] {
        assert!(
            ask(&rules, Endpoint::ChatCompletions, body, &Who::default()).unwrap_err().message.starts_with(message),
            "{body}"
        );
    }
    let request = Request { endpoint: Endpoint::ChatCompletions, content_type: "application/json", body: b"\xff" };
    assert_eq!(admit(&rules, Some(&list()), &request, &Who::default()).unwrap_err().status, 400);
    let request = Request { body: b"{}", ..request };
    assert_eq!(admit(&rules, None, &request, &Who::default()).unwrap_err().status, 503, "no list, no bound");
}

#[test]
fn the_same_bytes_go_on_when_nothing_changes() {
    let off = rules(&[("PRICES", "off"), ("MAX_OUTPUT_TOKENS", "0")]);
    for endpoint in all() {
        let odd = body(endpoint, &json!({})).replace(':', " :\n ").replace("\"hi\"", "\"\\ud83d \\u00e9\"");
        let request = Request { endpoint, content_type: "application/json", body: odd.as_bytes() };
        let admission = admit(&off, None, &request, &Who::default()).unwrap();
        assert_eq!((admission.body, admission.usd_nano), (Sent::Same, 0), "{endpoint:?}");
    }
    // Also where all that would be set is there already.
    let first = sent(&admitted(&[("ALLOW_PROVIDER", "true")], Endpoint::ChatCompletions, &json!({})));
    let again =
        ask(&rules(&[("ALLOW_PROVIDER", "true")]), Endpoint::ChatCompletions, &first.to_string(), &Who::default())
            .unwrap();
    assert_eq!(again.body, Sent::Same);
}

#[test]
fn limits_and_prices_are_put_in_and_the_rest_stays_in_its_order() {
    let admission = admitted(&[], Endpoint::ChatCompletions, &json!({"zeta": null, "temperature": 1.50}));
    let Sent::Changed(bytes) = &admission.body else { panic!("the same") };
    let text = std::str::from_utf8(bytes).unwrap();
    // 1.75 and 14 USD per million are listed.
    assert_eq!(
        text,
        r#"{"model":"openai/gpt-5.2-chat","messages":[{"role":"user","content":"hi"}],"zeta":null,"temperature":1.5,"provider":{"max_price":{"prompt":3.5,"completion":28,"request":0}},"max_tokens":4096}"#
    );
    for (endpoint, fields, limit) in [
        (Endpoint::ChatCompletions, json!({"max_tokens": null}), json!({"max_tokens": 4096})),
        (Endpoint::ChatCompletions, json!({"max_completion_tokens": 5}), json!({"max_completion_tokens": 5})),
        (Endpoint::Completions, json!({}), json!({"max_tokens": 4096})),
        (Endpoint::Messages, json!({}), json!({"max_tokens": 4096})),
        (Endpoint::Responses, json!({}), json!({"max_output_tokens": 4096})),
        (Endpoint::Responses, json!({"max_output_tokens": 7}), json!({"max_output_tokens": 7})),
    ] {
        let body = sent(&admitted(&[], endpoint, &fields));
        for field in ["max_tokens", "max_completion_tokens", "max_output_tokens"] {
            assert_eq!(body.get(field), limit.get(field), "{endpoint:?} {fields} {field}");
        }
    }
    for endpoint in [Endpoint::Embeddings, Endpoint::Completions, Endpoint::Responses, Endpoint::Messages] {
        assert!(
            sent(&admitted(&[], endpoint, &json!({})))["provider"]["max_price"]["prompt"].is_number(),
            "{endpoint:?}"
        );
    }
    assert_eq!(admitted(&[], Endpoint::Images, &json!({})).body, Sent::Same, "nothing there takes a price");
}

#[test]
fn a_callers_provider_is_checked_where_it_is_let_in() {
    let allow = ("ALLOW_PROVIDER", "true");
    let body = sent(&admitted(
        &[allow],
        Endpoint::ChatCompletions,
        &json!({"provider": {"order": ["a"], "max_price": {"prompt": "1", "completion": 99}}}),
    ));
    assert_eq!(body["provider"], json!({"order": ["a"], "max_price": {"prompt": "1", "completion": 28, "request": 0}}));
    let force = ("FORCE_PROVIDER", r#"{"zdr": true, "only": ["x"]}"#);
    let body = sent(&admitted(
        &[allow, force],
        Endpoint::ChatCompletions,
        &json!({"provider": {"zdr": false, "sort": "price"}}),
    ));
    assert_eq!(
        (&body["provider"]["zdr"], &body["provider"]["only"], &body["provider"]["sort"]),
        (&json!(true), &json!(["x"]), &json!("price"))
    );
    let body = sent(&admitted(&[force], Endpoint::ChatCompletions, &json!({})));
    assert_eq!(body["provider"]["zdr"], json!(true));
    for (settings, endpoint, fields) in [
        (&[allow][..], Endpoint::ChatCompletions, json!({"provider": {"max_price": {"prompt": "-1"}}})),
        (&[allow], Endpoint::ChatCompletions, json!({"provider": {"options": {"x": {}}}})),
        (&[allow], Endpoint::Images, json!({"provider": {"options": {"x": {"quality": "max"}}}})),
        // What cannot be said there is not forgotten there.
        (&[force, MEDIA], Endpoint::Images, json!({})),
        (&[force, MEDIA], Endpoint::Videos, json!({})),
        (&[force, MEDIA], Endpoint::Transcriptions, json!({})),
    ] {
        assert!(ask(&rules(settings), endpoint, &body_of(endpoint, &fields), &Who::default()).is_err(), "{fields}");
    }
    let only = ("FORCE_PROVIDER", r#"{"only": ["x"]}"#);
    assert_eq!(sent(&admitted(&[only], Endpoint::Images, &json!({})))["provider"], json!({"only": ["x"]}));
}

use body as body_of;

#[test]
fn who_asks_is_said_by_the_proxy() {
    let who = Who { user: Some("user-1"), plan: None, session: Some("from the header") };
    let ask =
        |endpoint, fields: &Document| sent(&ask(&rules(&[MEDIA]), endpoint, &body(endpoint, fields), &who).unwrap());
    let chat = ask(Endpoint::ChatCompletions, &json!({"user": "admin", "session_id": "s"}));
    assert_eq!((&chat["user"], &chat["session_id"]), (&json!("user-1"), &json!("user-1/s")));
    let chat = ask(Endpoint::ChatCompletions, &json!({}));
    assert_eq!((&chat["user"], &chat["session_id"]), (&json!("user-1"), &json!("user-1/from the header")));
    let long = ask(Endpoint::ChatCompletions, &json!({"session_id": "s".repeat(256)}));
    assert_eq!(long["session_id"].as_str().unwrap().len(), 256);
    let messages = ask(Endpoint::Messages, &json!({"metadata": {"user_id": "admin"}}));
    assert_eq!((&messages["user"], &messages["metadata"]), (&json!("user-1"), &json!({"user_id": "user-1"})));
    for endpoint in [Endpoint::Responses, Endpoint::ChatCompletions] {
        assert_eq!(ask(endpoint, &json!({"safety_identifier": "admin"}))["safety_identifier"], "user-1");
    }
    assert_eq!(ask(Endpoint::Embeddings, &json!({"user": "admin"}))["user"], "user-1");
}

#[test]
fn the_form_of_a_picture_that_openais_clients_ask_for_stays_here() {
    for form in [json!("b64_json"), json!(null)] {
        let images = admitted(&[("PRICES", "off")], Endpoint::Images, &json!({"response_format": form, "n": 2}));
        let expected: Document = serde_json::from_str(&body(Endpoint::Images, &json!({"n": 2}))).unwrap();
        assert_eq!(sent(&images), expected);
    }
}

#[test]
fn a_plan_asks_its_own_models() {
    let rules = rules(&[("PLAN_MODELS", r#"{"free": "*:free"}"#)]);
    let ask = |plan| {
        ask(
            &rules,
            Endpoint::ChatCompletions,
            &body(Endpoint::ChatCompletions, &json!({})),
            &Who { plan, ..Who::default() },
        )
        .map(|_| ())
    };
    assert!(ask(None).is_ok() && ask(Some("pro")).is_ok());
    assert_eq!(ask(Some("free")).unwrap_err().status, 403);
}

#[test]
fn the_operators_words_come_before_all_others() {
    let prompt = ("SYSTEM_PROMPT", "Be \"kind\".");
    let chat = sent(&admitted(&[prompt], Endpoint::ChatCompletions, &json!({})));
    assert_eq!(chat["messages"][0], json!({"role": "system", "content": "Be \"kind\"."}));
    assert_eq!(chat["messages"][1]["content"], "hi");
    assert_eq!(sent(&admitted(&[prompt], Endpoint::Responses, &json!({})))["instructions"], "Be \"kind\".");
    let responses = sent(&admitted(&[prompt], Endpoint::Responses, &json!({"instructions": "Be brief."})));
    assert_eq!(responses["instructions"], "Be \"kind\".\n\nBe brief.");
    assert_eq!(sent(&admitted(&[prompt], Endpoint::Messages, &json!({})))["system"], "Be \"kind\".");
    let parts = sent(&admitted(&[prompt], Endpoint::Messages, &json!({"system": [{"type": "text", "text": "a"}]})));
    assert_eq!(parts["system"], json!([{"type": "text", "text": "Be \"kind\"."}, {"type": "text", "text": "a"}]));
    let rules = rules(&[prompt]);
    assert!(ask(&rules, Endpoint::Completions, &body(Endpoint::Completions, &json!({})), &Who::default()).is_err());
    let legacy = json!({"model": MODEL, "prompt": "hi"}).to_string();
    assert!(ask(&rules, Endpoint::ChatCompletions, &legacy, &Who::default()).is_err());
}

#[test]
fn messages_are_counted() {
    let rules = rules(&[("MAX_MESSAGES", "2")]);
    let message = json!({"role": "user", "content": "hi"});
    for (endpoint, field) in
        [(Endpoint::ChatCompletions, "messages"), (Endpoint::Messages, "messages"), (Endpoint::Responses, "input")]
    {
        for (count, passes) in [(2, true), (3, false)] {
            let body = body(endpoint, &json!({field: vec![message.clone(); count]}));
            assert_eq!(ask(&rules, endpoint, &body, &Who::default()).is_ok(), passes, "{endpoint:?} {count}");
        }
    }
}

#[test]
fn named_fields_pass_and_multiply() {
    let one = admitted(&[], Endpoint::ChatCompletions, &json!({}));
    let three = admitted(
        &[("EXTRA_FIELDS", "n best_of other")],
        Endpoint::ChatCompletions,
        &json!({"n": 3, "best_of": 2, "other": {}}),
    );
    assert!(three.tokens > one.tokens + 2 * 4096 - 1 && three.usd_nano > one.usd_nano * 2);
    let prompts = admitted(&[], Endpoint::Completions, &json!({"prompt": ["a", "b", "c"]}));
    assert!(prompts.tokens > 3 * 4096);
    assert!(
        ask(
            &rules(&[("EXTRA_FIELDS", "debug")]),
            Endpoint::ChatCompletions,
            &body(Endpoint::ChatCompletions, &json!({"debug": {}})),
            &Who::default()
        )
        .is_err()
    );
}

#[test]
fn plugins_and_tools_pass_with_what_they_name_and_cost() {
    let listed = [
        ("ALLOWED_PLUGINS", "web file-parser fusion=3 auto-router response-healing"),
        (
            "ALLOWED_SERVER_TOOLS",
            "openrouter:web_search openrouter:web_fetch=0.01 openrouter:datetime openrouter:advisor=0.5 openrouter:fusion=3 openrouter:bash openrouter:new",
        ),
        ("ALLOWED_PRESETS", "support=0.25 free-for-all"),
        ("MAX_PRICE", r#"{"prompt": 10, "completion": 60}"#),
    ];
    let rules = rules(&listed);
    let ask = |fields: Document| {
        super::tests::ask(&rules, Endpoint::ChatCompletions, &body(Endpoint::ChatCompletions, &fields), &Who::default())
    };
    let plain = ask(json!({})).unwrap().usd_nano;
    let cost = |fields: Document| ask(fields).unwrap().usd_nano;

    // A search brings into the prompt what nobody sees before: all of the context is reserved.
    let context = 2 * 400_000 * 1750;
    assert!(cost(json!({"plugins": [{"id": "web"}]})) > context);
    assert!(cost(json!({"model": "openai/gpt-5.2-chat:online"})) > context);
    assert!(cost(json!({"tools": [{"type": "openrouter:web_search"}]})) > 7 * context);
    // With the operator's own price only the steps are.
    let fetch = cost(json!({"tools": [{"type": "openrouter:web_fetch"}]}));
    assert!(fetch > 7 * plain + 5 * USD / 100 && fetch < 2 * USD, "{fetch}");
    assert!(cost(json!({"plugins": [{"id": "fusion", "model": MODEL, "analysis_models": [MODEL]}]})) > 3 * USD);
    assert!((plain + USD / 4..plain + USD / 4 + USD / 1000).contains(&cost(json!({"preset": "support"}))));
    assert!((plain..plain + USD / 1000).contains(&cost(json!({"plugins": [{"id": "response-healing"}]}))));
    let file =
        json!({"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": "https://x"}}]}]});
    assert!(cost(file.clone()) > 2 * USD + context);
    let mut free = file;
    free["plugins"] = json!([{"id": "file-parser", "pdf": {"engine": "native"}}]);
    assert!((context..2 * USD).contains(&cost(free)));

    // Steps end.
    let body = sent(&ask(json!({"tools": [{"type": "openrouter:datetime"}], "stop_server_tools_when": [{"type": "step_count_is", "step_count": 30}]})).unwrap());
    let conditions = body["stop_server_tools_when"].as_array().unwrap();
    assert_eq!(
        conditions[..2],
        [json!({"type": "step_count_is", "step_count": 30}), json!({"type": "step_count_is", "step_count": 5})]
    );
    assert_eq!(conditions[2]["type"], "max_cost");

    let other = "anthropic/claude-sonnet-4.6";
    let tool = |kind: &str, parameters: Document| json!({"tools": [{"type": kind, "parameters": parameters}]});
    for fields in [
        json!({"preset": "free-for-all"}),
        json!({"preset": "none"}),
        json!({"plugins": [{"id": "fusion", "analysis_models": [MODEL]}]}),
        json!({"plugins": [{"id": "fusion", "model": other, "analysis_models": [MODEL]}]}),
        json!({"plugins": [{"id": "fusion", "model": MODEL, "analysis_models": [MODEL, other]}]}),
        json!({"plugins": [{"id": "fusion", "model": MODEL, "analysis_models": [MODEL], "preset": "general-high"}]}),
        json!({"plugins": [{"id": "fusion", "model": MODEL, "analysis_models": [MODEL], "tools": [{"type": "openrouter:bash"}]}]}),
        json!({"plugins": [{"id": "fusion", "model": MODEL, "analysis_models": [MODEL], "max_tool_calls": 16}]}),
        json!({"plugins": [{"id": "auto-router", "allowed_models": ["*"]}]}),
        json!({"plugins": [{"id": "auto-router", "allowed_models": [other]}]}),
        tool("openrouter:bash", json!({})),
        tool("openrouter:new", json!({})),
        tool("openrouter:advisor", json!({})),
        tool("openrouter:advisor", json!({"model": other})),
        tool("openrouter:advisor", json!({"model": MODEL, "max_completion_tokens": 4097})),
        tool("openrouter:advisor", json!({"model": MODEL, "reasoning": {"max_tokens": 4097}})),
        tool("openrouter:advisor", json!({"model": MODEL, "tools": [{"type": "openrouter:subagent"}]})),
        tool("openrouter:advisor", json!({"m\u{6f}del": format!("{MODEL}@preset/none")})),
        tool("openrouter:fusion", json!({"model": MODEL})),
        tool("openrouter:fusion", json!({"model": MODEL, "analysis_models": [other]})),
        tool("openrouter:web_search", json!({"models": [other]})),
    ] {
        assert!(ask(fields.clone()).is_err(), "{fields}");
    }
    assert!(ask(tool("openrouter:advisor", json!({"model": MODEL, "max_completion_tokens": 4096}))).is_ok());
    assert!(ask(json!({"plugins": [{"id": "auto-router", "allowed_models": ["openai/*", MODEL]}]})).is_ok());
}

#[test]
fn the_reservation_is_what_it_has_to_be_and_no_more() {
    let row = json!({"id": "openai/x", "context_length": 10_000, "pricing": {"prompt": "0.000001", "completion": "0.000002", "image": "0.01",
        "request": "0.001", "overrides": [{"min_prompt_tokens": 5000, "prompt": "0.000003"}]}});
    let flat = json!({"id": "openai/y", "context_length": 10_000, "pricing": {"prompt": "0.000001", "completion": "0.000002"}});
    let prices = Prices::read(&json!({"data": [row, flat]}).to_string()).unwrap();
    let usd = |endpoint, fields: &Document| {
        let mut all = json!({"model": "openai/x", "max_tokens": 100});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let body = body(endpoint, &all);
        let request = Request { endpoint, content_type: "application/json", body: body.as_bytes() };
        let admission = admit(&rules(&[]), Some(&prices), &request, &Who::default()).unwrap();
        (admission.usd_nano, body.len() as u64)
    };
    let request = 2_000_000;
    let (text, bytes) = usd(Endpoint::ChatCompletions, &json!({}));
    assert_eq!(text, (bytes + 1000) * 2000 + 100 * 4000 + request);
    // Twice the prompt for what is kept for an hour.
    let (cached, bytes) = usd(Endpoint::ChatCompletions, &json!({"cache_control": {"type": "ephemeral"}}));
    assert_eq!(cached, (bytes + 1000) * 4000 + 100 * 4000 + request);
    // All of the context, at the price of long prompts, which is more than that of the answer.
    let picture =
        json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x"}}]}]});
    assert_eq!(usd(Endpoint::ChatCompletions, &picture).0, 10_000 * 6000 + request + 20_000_000);
    // Where the answer is dearer, it takes its own part of the context.
    let mut cheap = picture.clone();
    cheap["model"] = json!("openai/y");
    assert_eq!(usd(Endpoint::ChatCompletions, &cheap).0, 9900 * 2000 + 100 * 4000);
    let (long, _) =
        usd(Endpoint::ChatCompletions, &json!({"messages": [{"role": "user", "content": "x".repeat(20_000)}]}));
    assert_eq!(long, 10_000 * 6000 + request, "never more than the context");
}

#[test]
fn what_belongs_to_the_account_is_never_offered() {
    let all = rules(&[
        ("ALLOWED_MODELS", "*"),
        ("ALLOWED_SERVER_TOOLS", "*=0"),
        ("ALLOWED_PLUGINS", "*=0"),
        ("EXTRA_FIELDS", "debug store"),
    ]);
    for kind in [
        "openrouter:bash",
        "openrouter:files",
        "openrouter:shell",
        "OpenRouter:Bash",
        "shell",
        "bash",
        "files",
        "file_search",
    ] {
        for fields in [json!({"tools": [{"type": kind}]}), json!({"tool_choice": {"type": kind}})] {
            assert!(
                ask(&all, Endpoint::Responses, &body(Endpoint::Responses, &fields), &Who::default()).is_err(),
                "{fields}"
            );
        }
    }
    assert!(
        ask(
            &all,
            Endpoint::Responses,
            &body(Endpoint::Responses, &json!({"tools": [{"type": "code_interpreter"}]})),
            &Who::default()
        )
        .is_ok()
    );
}

#[test]
fn what_has_no_price_is_refused_or_held_to_the_highest() {
    let all = ("ALLOWED_MODELS", "*");
    for model in ["openrouter/auto", "sim/text", "openai/unknown", "@preset/x"] {
        let refusal = ask(
            &rules(&[all, ("ALLOWED_PRESETS", "x=0")]),
            Endpoint::ChatCompletions,
            &body(Endpoint::ChatCompletions, &json!({"model": model})),
            &Who::default(),
        );
        assert_eq!(refusal.unwrap_err().status, 403, "{model}");
        let highest = [all, ("ALLOWED_PRESETS", "x=0"), ("MAX_PRICE", r#"{"prompt": 3, "completion": 15}"#)];
        let admission = admitted(&highest, Endpoint::ChatCompletions, &json!({"model": model, "max_tokens": 1000}));
        assert_eq!(sent(&admission)["provider"]["max_price"], json!({"prompt": 3, "completion": 15, "request": 0}));
        assert!(admission.usd_nano > 15 * 1_000_000 && admission.usd_nano < 20 * 1_000_000, "{}", admission.usd_nano);
        let picture = json!({"model": model, "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x"}}]}]});
        assert!(
            ask(
                &rules(&highest),
                Endpoint::ChatCompletions,
                &body(Endpoint::ChatCompletions, &picture),
                &Who::default()
            )
            .is_err(),
            "no context bounds it"
        );
    }
    let cheap = [all, ("MAX_PRICE", r#"{"prompt": 0.1, "completion": 0.1}"#)];
    let refusal =
        ask(&rules(&cheap), Endpoint::ChatCompletions, &body(Endpoint::ChatCompletions, &json!({})), &Who::default())
            .unwrap_err();
    assert!(refusal.message.contains("MAX_PRICE"));
    // Nothing is listed for what they cost.
    for (endpoint, fields) in [
        (Endpoint::Images, json!({"model": "black-forest-labs/flux.2-pro"})),
        (Endpoint::Rerank, json!({})),
        (Endpoint::Transcriptions, json!({})),
        (Endpoint::Videos, json!({})),
    ] {
        let refusal = ask(&rules(&[]), endpoint, &body(endpoint, &fields), &Who::default()).unwrap_err();
        assert!(refusal.status == 403 && refusal.message.contains("MEDIA_USD"), "{}", refusal.message);
    }
    assert_eq!(admitted(&[("MEDIA_USD", "images=0.25")], Endpoint::Images, &json!({"n": 4})).usd_nano, USD);
}

#[test]
fn the_dearest_of_all_models_counts() {
    let one = |model: &str| admitted(&[], Endpoint::ChatCompletions, &json!({"model": model}));
    let both = admitted(
        &[],
        Endpoint::ChatCompletions,
        &json!({"model": "openai/gpt-5.2-chat", "models": ["openai/gpt-audio"]}),
    );
    assert_eq!(both.models, ["openai/gpt-5.2-chat", "openai/gpt-audio"]);
    assert!(both.usd_nano >= one("openai/gpt-audio").usd_nano.max(one("openai/gpt-5.2-chat").usd_nano));
    let cap = &sent(&both)["provider"]["max_price"];
    assert_eq!((&cap["prompt"], &cap["completion"]), (&json!(5), &json!(28)));
}

#[test]
fn a_form_is_checked_as_json_is() {
    let media = rules(&[("MEDIA_USD", "transcription=0.1")]);
    let form = |model: &str, more: &str| {
        let part = |name: &str, content: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
        };
        [part("file", "RIFF\u{0}"), part("model", model), more.to_owned(), "--b--\r\n".to_owned()].concat()
    };
    let ask = |rules: &Rules, body: &str| {
        let request = Request {
            endpoint: Endpoint::Transcriptions,
            content_type: "multipart/form-data; boundary=b",
            body: body.as_bytes(),
        };
        admit(rules, Some(&list()), &request, &Who::default())
    };
    let admission = ask(&media, &form("openai/whisper-1", "")).unwrap();
    assert_eq!(
        (admission.models, admission.usd_nano, admission.body),
        (vec!["openai/whisper-1".to_owned()], USD / 10, Sent::Same)
    );
    let extra = "--b\r\nContent-Disposition: form-data; name=\"provider\"\r\n\r\n{}\r\n";
    let twice = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nopenai/whisper-1\r\n";
    for body in [
        form("anthropic/x", ""),
        form("openai/whisper-1@preset/x", ""),
        form("", ""),
        form("openai/whisper-1", extra),
        form("openai/whisper-1", twice),
    ] {
        assert!(ask(&media, &body).is_err(), "{body}");
    }
    let forced = rules(&[("MEDIA_USD", "transcription=0.1"), ("FORCE_PROVIDER", r#"{"zdr": true}"#)]);
    assert_eq!(ask(&forced, &form("openai/whisper-1", "")).unwrap_err().status, 403);
    assert!(ask(&rules(&[]), &form("openai/whisper-1", "")).is_err(), "nothing bounds what a sound costs");
}

#[test]
fn hostile_bodies_take_no_longer_than_others() {
    // Ten times as much of each would take a hundred times as long if any of it were compared with all of it.
    let rules = rules(&[("EXTRA_FIELDS", "other")]);
    let keys = (0..100_000).map(|at| format!(r#""{at}":1"#)).collect::<Vec<_>>().join(",");
    let many = |item: &str, count: usize| vec![item; count].join(",");
    for fields in [
        format!(r#""other":{{{keys}}}"#),
        format!(r#""tools":[{}]"#, many(r#"{"type":"function","function":{"name":"f"}}"#, 50_000)),
        format!(r#""models":[{}]"#, many(r#""openai/gpt-5.2-chat""#, 50_000)),
        format!(r#""stop":["a"],"other":[{}]"#, many("[]", 500_000)),
        format!(r#""other":"{}""#, "\\\\".repeat(1_000_000)),
    ] {
        let body = format!(r#"{{"model":"{MODEL}","messages":[{{"role":"user","content":"hi"}}],{fields}}}"#);
        ask(&rules, Endpoint::ChatCompletions, &body, &Who::default()).unwrap();
    }
    let top = format!(r#"{{"model":"{MODEL}","messages":[{{"role":"user","content":"hi"}}],{keys}}}"#);
    assert!(ask(&rules, Endpoint::ChatCompletions, &top, &Who::default()).is_err());
    let messages = format!(
        r#"{{"model":"{MODEL}","messages":[{}]}}"#,
        many(r#"{"role":"user","content":[{"type":"text","text":"hi"}]}"#, 50_000)
    );
    ask(&rules, Endpoint::ChatCompletions, &messages, &Who::default()).unwrap();
}

/// A row of the list, or one that has every kind of price.
fn rows() -> impl Strategy<Value = Document> {
    let list: Document = serde_json::from_str(LIST).unwrap();
    let listed: Vec<Document> =
        list["data"].as_array().unwrap().iter().filter(|row| row["pricing"]["prompt"] != "-1").cloned().collect();
    let price = || (0_u64..1_000_000_000_000).prop_map(|femto| Price::of_places(femto, 18).to_text());
    let invented = (proptest::collection::vec(price(), 16), proptest::collection::vec(0_u64..100_000_000, 3), 0_u64..200_000, 1000_u64..2_000_000).prop_map(|(prices, fees, floor, context)| {
            let fee = |at: usize| Price::of_places(fees[at], 9).to_text();

        json!({"id": "a/invented", "context_length": context, "pricing": {
            "prompt": prices[0], "completion": prices[1], "request": fee(0), "image": fee(1), "audio": prices[4],
            "audio_output": prices[5], "image_output": prices[6], "internal_reasoning": prices[7],
            "input_cache_read": prices[8], "input_cache_write": prices[9], "web_search": fee(2),
            "overrides": [{"min_prompt_tokens": floor, "prompt": prices[11], "completion": prices[12]},
                {"utc_start": 100, "utc_end": 1300, "audio_output": prices[13], "input_cache_read": prices[14], "input_cache_write": prices[15]}]}})
    });
    prop_oneof![3 => select(listed), 2 => invented]
}

/// A part of a whole, by thousandths.
fn part(whole: u64, thousandths: u64) -> u64 {
    u64::try_from(u128::from(whole) * u128::from(thousandths) / 1000).unwrap()
}

/// The prices of an endpoint that asks so many thousandths of what is listed.
fn dearer(pricing: &mut Document, thousandths: u64) {
    match pricing {
        Document::String(text) => {
            let listed = Price::parse(text).unwrap().in_places(18).unwrap();
            *text = Price::of_places(part(listed, thousandths), 18).to_text();
        }
        Document::Array(entries) => entries.iter_mut().for_each(|entry| dearer(entry, thousandths)),
        Document::Object(entries) => entries.values_mut().for_each(|price| dearer(price, thousandths)),
        _ => {}
    }
}

/// Thousandths, and often all or nothing: a bound fails at its edges first.
fn share() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(1000), 1 => Just(0), 2 => 0_u64..=1000]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_costs_more_than_was_reserved(
        answering in rows(),
        beside in prop_oneof![2 => Just(None), 1 => rows().prop_map(Some)],
        text in "[a-zé\"\\\\]{0,300}",
        long in prop_oneof![4 => Just(0_usize), 1 => 0_usize..400_000],
        limit in 1_u64..4096,
        budget in prop_oneof![Just(0_u64), 1_u64..4096],
        pictures in prop_oneof![2 => Just(0_usize), 1 => 1_usize..50],
        caches in any::<bool>(),
        loops in prop_oneof![3 => Just(false), 1 => Just(true)],
        headroom in 1000_u64..4000,
        shares in proptest::collection::vec(share(), 10),
        minute in 0_u64..1440,
    ) {
        let content = text + &"x".repeat(long);
        let mut parts = vec![json!({"type": "text", "text": content})];
        parts.extend(vec![json!({"type": "image_url", "image_url": {"url": "https://x"}}); pictures]);
        let mut body = json!({"model": answering["id"], "max_tokens": limit, "messages": [{"role": "user", "content": parts}]});
        if let Some(beside) = beside.as_ref().filter(|beside| beside["id"] != answering["id"]) {
            body["models"] = json!([beside["id"]]);
        }
        if budget > 0 {
            body["reasoning"] = json!({"max_tokens": budget});
        }
        if caches {
            body["cache_control"] = json!({"type": "ephemeral"});
        }
        if loops {
            body["tools"] = json!([{"type": "openrouter:web_search"}]);
        }
        let body = body.to_string();
        let factor = Price::of_places(headroom, 3).to_text();
        let rules = rules(&[("ALLOWED_MODELS", "*"), ("ALLOWED_SERVER_TOOLS", "openrouter:web_search"), ("PRICE_HEADROOM", &factor)]);
        let rows = [Some(&answering), beside.as_ref().filter(|beside| beside["id"] != answering["id"])];
        let prices = Prices::read(&json!({"data": rows.into_iter().flatten().collect::<Vec<_>>()}).to_string()).unwrap();
        let request = Request { endpoint: Endpoint::ChatCompletions, content_type: "application/json", body: body.as_bytes() };
        let admission = admit(&rules, Some(&prices), &request, &Who::default()).unwrap();

        // What the one that answers may do at most: each call in its context, each step with a search.
        let (calls, searches) = if loops { (7, 13) } else { (1, 0) };
        let context = answering["context_length"].as_u64().unwrap().max(answering["top_provider"]["context_length"].as_u64().unwrap_or(0));
        let is_open = pictures > 0 || loops;
        let completion = part((limit + budget).min(context), shares[0]);
        let room = context - completion;
        let prompt = part(if is_open { room } else { room.min(body.len() as u64 + 1000) }, shares[1]) * calls;
        let completion = completion * calls;
        let cached = part(prompt, shares[2]);
        let written = if caches { part(prompt - cached, shares[3]) } else { 0 };
        let heard = if is_open { part(prompt - cached - written, shares[4]) } else { 0 };
        let thought = part(completion, shares[5]);
        let drawn = part(completion - thought, shares[6]);
        let spoken = part(completion - thought - drawn, shares[7]);
        let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion,
            "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written, "audio_tokens": heard},
            "completion_tokens_details": {"reasoning_tokens": thought, "image_tokens": drawn, "audio_tokens": spoken},
            "server_tool_use_details": {"web_search_requests": searches}});
        let mut pricing = answering["pricing"].clone();
        dearer(&mut pricing, part(headroom, shares[8]));
        let question = json!({"model": {"pricing": pricing}, "usage": usage, "images": pictures}).to_string();
        let now = format!("2026-08-11T{:02}:{:02}:00.000Z", minute / 60, minute % 60);
        let cost = models::cost(&Value::parse(&question).unwrap(), &now).unwrap();
        // What the core cannot count exactly, or not read again: 20 digits.
        let usd = cost.and_then(|cost| {
            let cost: Document = serde_json::from_str(&cost).ok()?;
            Price::parse(cost["usd"].as_str()?)?.in_places(9)
        });
        let Some(usd) = usd else { return Err(TestCaseError::reject("beyond what the core can count")) };
        prop_assert!(usd <= admission.usd_nano, "{usd} of {} {question}", admission.usd_nano);
        prop_assert!(prompt + completion <= admission.tokens);
    }
}
