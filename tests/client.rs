//! What the caller gives and what is sent for it, and what is made of one response.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

use openrouter_wasm::{
    api::{Method, Operation},
    auth::ASKED,
    call::{Body, Call},
    client::{Prepared, Settings},
    error::{Error, ErrorKind, ResponseFacts},
    retry::Limits,
};
use serde_json::{Value, json};

const PAGE: Option<&str> = Some("https://app.example");

fn new(options: &Value, page: Option<&str>, environment: &[(&str, &str)]) -> Result<Settings, Error> {
    let variable =
        |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Settings::new(&options.to_string(), page, &variable)
}

fn settings() -> Settings {
    new(&json!({"baseURL": "https://proxy.example/v1/", "apiKey": "sk-test"}), None, &[]).unwrap()
}

fn operation(name: &str) -> &'static Operation {
    Operation::named(name).unwrap()
}

fn prepare(name: &str, request: &Value, options: &Value) -> Result<Prepared, Error> {
    settings().prepare(operation(name), &request.to_string(), false, &options.to_string())
}

/// The URL of a call below the base URL.
fn target(name: &str, request: &Value) -> Result<String, Error> {
    let url = prepare(name, request, &json!({}))?.request.url;
    Ok(url.strip_prefix("https://proxy.example/v1").unwrap().to_owned())
}

/// The body of a call of `stream()`.
fn streamed(name: &str, request: &str) -> Result<String, Error> {
    Ok(settings().prepare(operation(name), request, true, "{}")?.request.body.unwrap())
}

/// The headers of a model list over these settings, in the order of their names.
fn headers(settings: &Settings, options: &Value) -> Result<Vec<(String, String)>, Error> {
    let mut headers = settings.prepare(operation("models"), "{}", false, &options.to_string())?.request.headers;
    headers.sort();
    Ok(headers)
}

fn header(settings: &Settings, name: &str) -> Option<String> {
    let headers = headers(settings, &json!({})).unwrap();
    headers.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn pairs(list: &[(String, String)]) -> Vec<(&str, &str)> {
    list.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn field(result: Result<impl Sized, Error>) -> String {
    result.map(|_| ()).unwrap_err().field().unwrap_or_else(|| panic!("no field")).to_owned()
}

/// What a call makes of this response; the body `broken` is one that breaks off.
fn answer(
    name: &str,
    stream: bool,
    (status, content_type, body): (u16, &str, &'static str),
) -> Result<&'static str, Error> {
    let operation = operation(name);
    let prepared = settings().prepare(operation, &hi().to_string(), stream, "{}").unwrap();
    let mut call = Call::new(prepared, operation.answer, stream, 0);
    call.sent(0);
    let header = |name: &str| match name {
        "content-type" => Some(content_type.to_owned()),
        "x-request-id" => Some("r1".to_owned()),
        _ => None,
    };
    match call.received(ResponseFacts::read(status, 0, &header, &|_| None)) {
        Body::Refused => call.refused(Some(body).filter(|body| *body != "broken")),
        Body::Whole | Body::Trusted if body == "broken" => call.broke(0),
        Body::Whole | Body::Trusted => assert_eq!(call.answered(body), call.error().is_none()),
        Body::Stream | Body::Bytes => {}
    }
    call.error().map_or(Ok(body), Err)
}

fn chat(status: u16, content_type: &str, body: &'static str) -> Result<&'static str, Error> {
    answer("chat", false, (status, content_type, body))
}

fn hi() -> Value {
    json!({"model": "a/b", "messages": [{"role": "user", "content": "hi"}]})
}

fn base_url(settings: &Settings) -> String {
    settings.prepare(operation("key"), "{}", false, "{}").unwrap().request.url.strip_suffix("/key").unwrap().to_owned()
}

const JSON: &str = "application/json";

#[test]
fn a_page_talks_to_itself_and_a_server_to_openrouter_with_a_key() {
    let base = |given: Option<&str>, key: Option<&str>, page| {
        new(&json!({"baseURL": given, "apiKey": key}), page, &[])
            .map(|settings| base_url(&settings))
            .map_err(|error| error.field().unwrap().to_owned())
    };
    assert_eq!(base(None, None, PAGE).unwrap(), "https://app.example/api/v1");
    assert_eq!(base(None, Some("k"), None).unwrap(), "https://openrouter.ai/api/v1");
    assert_eq!(base(None, None, None).unwrap_err(), "apiKey");
    assert_eq!(base(Some("https://x.example/v1/"), None, None).unwrap(), "https://x.example/v1");
    assert_eq!(base(Some("/llm/v1"), None, PAGE).unwrap(), "https://app.example/llm/v1");
    for wrong in ["/llm/v1", "//x.example", "x.example", "", "javascript:alert(1)"] {
        assert_eq!(base(Some(wrong), Some("k"), None).unwrap_err(), "baseURL", "{wrong}");
    }
    assert_eq!(base(Some("//x.example"), None, PAGE).unwrap_err(), "baseURL");
}

#[test]
fn a_chat_is_posted_with_key_and_type_and_the_callers_own_body() {
    let body = r#" { "messages" : [{"role":"user","content":"h\u0069"}], "model":"a/b", "seed": 1e0 } "#;
    let request = settings().prepare(operation("chat"), body, false, "{}").unwrap().request;
    assert_eq!((request.method, request.url.as_str()), (Method::Post, "https://proxy.example/v1/chat/completions"));
    assert_eq!(request.body.as_deref(), Some(body), "to the letter");
    assert_eq!(pairs(&request.headers), [("Authorization", "Bearer sk-test"), ("Content-Type", "application/json")]);
}

#[test]
fn headers_of_a_call_stand_in_for_those_of_the_client() {
    let own = json!({"headers": [["authorization", "Bearer other"]]});
    assert_eq!(pairs(&headers(&settings(), &own).unwrap()), [("authorization", "Bearer other")]);
    assert_eq!(field(headers(&settings(), &json!({"headers": [["x", "a\nb"]]}))), "headers.x");
    assert_eq!(field(headers(&settings(), &json!({"headers": [["x", "a", "b"]]}))), "headers", "that is no pair");
    let settings = new(
        &json!({"apiKey": "k", "headers": [["X-A", "1"], ["X-B", "2"]], "siteURL": "https://a.example", "siteName": "A"}),
        None,
        &[],
    )
    .unwrap();
    let own = json!({"headers": [["x-a", "3"]], "siteName": "B", "apiKey": "other"});
    assert_eq!(
        pairs(&headers(&settings, &own).unwrap()),
        [
            ("Authorization", "Bearer other"),
            ("HTTP-Referer", "https://a.example"),
            ("X-B", "2"),
            ("X-OpenRouter-Title", "B"),
            ("x-a", "3")
        ]
    );
    assert_eq!(header(&settings, "X-A").as_deref(), Some("1"), "one call changes nothing for the next");
}

#[test]
fn a_key_in_the_headers_is_a_key() {
    let settings = new(&json!({"headers": [["authorization", "Bearer k"]]}), None, &[]).unwrap();
    assert_eq!(base_url(&settings), "https://openrouter.ai/api/v1");
    let both = json!({"headers": [["authorization", "Bearer old"]], "apiKey": "k"});
    assert_eq!(pairs(&headers(&new(&both, None, &[]).unwrap(), &json!({})).unwrap()), [("Authorization", "Bearer k")]);
    assert_eq!(field(new(&json!({"apiKey": ""}), None, &[])), "apiKey");
}

#[test]
fn a_token_goes_where_a_key_goes_and_the_nearer_option_counts() {
    let with = |options: &Value| new(options, PAGE, &[]).unwrap();
    let sent = |settings: &Settings, options: &Value| {
        let all = headers(settings, options).unwrap();
        all.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization")).map(|(_, value)| value).collect()
    };
    let (none, token) = (with(&json!({})), with(&json!({"auth": "t"})));
    let (key, asked) = (with(&json!({"apiKey": "k"})), with(&json!({"auth": ASKED})));
    for (settings, options, expected) in [
        (&token, json!({}), &["Bearer t"][..]),
        (&none, json!({"auth": "own"}), &["Bearer own"]),
        (&key, json!({"auth": "own"}), &["Bearer own"]),
        (&token, json!({"apiKey": "own"}), &["Bearer own"]),
        (&asked, json!({}), &[ASKED]),
        (&asked, json!({"auth": null}), &[ASKED]),
        (&asked, json!({"auth": "own"}), &["Bearer own"]),
        (&asked, json!({"apiKey": "own"}), &["Bearer own"]),
        (&asked, json!({"headers": [["authorization", "Basic own"]]}), &["Basic own"]),
        (&key, json!({"auth": ASKED}), &[ASKED]),
        (&none, json!({"auth": ASKED, "headers": [["authorization", "Basic own"]]}), &[ASKED]),
    ] {
        let sent: Vec<String> = sent(settings, &options);
        assert_eq!(sent, expected, "{options}");
    }
    let environment = [("OPENROUTER_API_KEY", "sk-env")];
    for auth in ["t", ASKED] {
        let settings = new(&json!({"auth": auth}), None, &environment).unwrap();
        let expected = if auth == ASKED { ASKED } else { "Bearer t" };
        assert_eq!(header(&settings, "Authorization").as_deref(), Some(expected), "options go before variables");
        assert_eq!(base_url(&settings), "https://openrouter.ai/api/v1", "it is as good as a key");
    }
}

#[test]
fn a_token_beside_a_key_is_refused_with_words_and_without_either() {
    for auth in ["secret-t", ASKED] {
        let both = json!({"apiKey": "secret-k", "auth": auth});
        for (error, kind) in [
            (new(&both, PAGE, &[]).unwrap_err(), ErrorKind::Configuration),
            (headers(&settings(), &both).unwrap_err(), ErrorKind::InvalidRequest),
        ] {
            assert_eq!((error.kind(), error.field()), (kind, Some("auth")));
            assert!(
                error.message().contains("either apiKey or auth") && !error.to_json().contains("secret"),
                "{error:?}"
            );
        }
    }
    for (auth, words) in [(json!(""), "no auth at all"), (json!(5), "a string or a function"), (json!("t\n"), "ASCII")]
    {
        let error = new(&json!({"auth": auth}), PAGE, &[]).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("auth")));
        assert!(error.message().contains(words), "{error:?}");
    }
}

#[test]
fn a_code_is_exchanged_without_asking_for_a_token() {
    let settings = new(&json!({"auth": ASKED}), PAGE, &[]).unwrap();
    let prepared = settings.prepare(operation("exchangeCode"), r#"{"code":"c"}"#, false, "{}").unwrap();
    assert!(!Call::new(prepared, operation("exchangeCode").answer, false, 0).lacks_token());
}

#[test]
fn names_in_other_languages_are_percent_encoded_in_headers() {
    let settings =
        new(&json!({"apiKey": "k", "siteURL": "https://é.example", "siteName": "Ünï & Co"}), None, &[]).unwrap();
    assert_eq!(header(&settings, "X-OpenRouter-Title").as_deref(), Some("%C3%9Cn%C3%AF%20%26%20Co"));
    assert_eq!(header(&settings, "HTTP-Referer").as_deref(), Some("https%3A%2F%2F%C3%A9.example"));
    let plain = new(&json!({"apiKey": "k", "siteName": "Plain & Co: 100%"}), None, &[]).unwrap();
    assert_eq!(header(&plain, "X-OpenRouter-Title").as_deref(), Some("Plain & Co: 100%"), "ASCII stays as it is");
    assert_eq!(field(new(&json!({"apiKey": "k", "siteName": "a\nb"}), None, &[])), "siteName");
    assert_eq!(field(new(&json!({"apiKey": "k€"}), None, &[])), "apiKey");
}

#[test]
fn the_environment_stands_in_for_options_where_there_is_no_page() {
    let environment = [
        ("OPENROUTER_API_KEY", "env-key"),
        ("OPENROUTER_BASE_URL", "https://env.example/v1/"),
        ("OPENROUTER_SITE_URL", "https://site.example"),
        ("OPENROUTER_SITE_NAME", "Größe"),
    ];
    let server = new(&json!({}), None, &environment).unwrap();
    assert_eq!(base_url(&server), "https://env.example/v1");
    assert_eq!(
        pairs(&headers(&server, &json!({})).unwrap()),
        [
            ("Authorization", "Bearer env-key"),
            ("HTTP-Referer", "https://site.example"),
            ("X-OpenRouter-Title", "Gr%C3%B6%C3%9Fe")
        ]
    );
    let page = new(&json!({}), PAGE, &environment).unwrap();
    assert_eq!(base_url(&page), "https://app.example/api/v1");
    assert_eq!(headers(&page, &json!({})).unwrap(), [], "a bundler's variables do not get into a page");
}

#[test]
fn options_go_before_the_environment() {
    let environment = [
        ("OPENROUTER_API_KEY", "env-key"),
        ("OPENROUTER_BASE_URL", "https://env.example/v1"),
        ("OPENROUTER_SITE_NAME", "Env"),
    ];
    let given = json!({"apiKey": "own", "baseURL": "https://own.example", "headers": [["x-openrouter-title", "Own"]]});
    let settings = new(&given, None, &environment).unwrap();
    assert_eq!(base_url(&settings), "https://own.example");
    assert_eq!(
        pairs(&headers(&settings, &json!({})).unwrap()),
        [("Authorization", "Bearer own"), ("x-openrouter-title", "Own")]
    );
    let own = json!({"baseURL": "https://call.example/", "apiKey": "call"});
    let request = settings.prepare(operation("key"), "{}", false, &own.to_string()).unwrap().request;
    assert_eq!(request.url, "https://call.example/key");
    assert!(pairs(&request.headers).contains(&("Authorization", "Bearer call")));
}

#[test]
fn an_empty_variable_is_none() {
    let empty = [("OPENROUTER_API_KEY", ""), ("OPENROUTER_BASE_URL", ""), ("OPENROUTER_SITE_NAME", "")];
    assert_eq!(field(new(&json!({}), None, &empty)), "apiKey");
    let settings = new(&json!({"apiKey": "k"}), None, &empty).unwrap();
    assert_eq!(base_url(&settings), "https://openrouter.ai/api/v1");
    assert_eq!(header(&settings, "X-OpenRouter-Title"), None);
}

#[test]
fn a_wrong_variable_is_named_as_the_option_that_it_stands_for() {
    let error = new(&json!({}), None, &[("OPENROUTER_API_KEY", "k\n")]).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("apiKey")));
    let wrong = [("OPENROUTER_API_KEY", "k"), ("OPENROUTER_BASE_URL", "openrouter.ai")];
    assert_eq!(field(new(&json!({}), None, &wrong)), "baseURL");
}

#[test]
fn an_unknown_option_is_named_with_those_that_there_are() {
    let error = new(&json!({"apiKey": "k", "defaultHeaders": {}}), None, &[]).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("defaultHeaders")));
    assert!(error.message().contains("baseURL, apiKey, auth, headers, maxRetries, timeout"), "{}", error.message());
    let error = prepare("chat", &hi(), &json!({"retries": 1})).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("retries")));
}

#[test]
fn an_option_of_the_wrong_type_is_named_with_what_it_should_be() {
    let cases = [
        (json!({"maxRetries": "2"}), "maxRetries: expected a whole number"),
        (json!({"maxRetries": -1}), "maxRetries: expected at least 0 and at most 100"),
        (json!({"timeout": 0}), "timeout: expected at least 1"),
        (json!({"timeout": 1.5}), "timeout: expected a whole number"),
        (json!({"firstTokenTimeout": true}), "firstTokenTimeout: expected a whole number"),
        (json!({"idleTimeout": []}), "idleTimeout: expected a whole number"),
        (json!({"fallbackModels": "a/b"}), "fallbackModels: expected a list"),
        (json!({"fallbackModels": ["a/b", 5]}), "fallbackModels[1]: expected a string"),
        (json!({"headers": {"a": "b"}}), "headers: expected a list"),
        (json!({"headers": [["a", 5]]}), "headers[0][1]: expected a string"),
        (json!({"baseURL": 5}), "baseURL: expected a string"),
        (json!({"siteName": {}}), "siteName: expected a string"),
        (json!({"apiKey": ["sk-secret"]}), "apiKey: expected a string"),
    ];
    for (options, expected) in cases {
        let error = new(&options, PAGE, &[]).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Configuration, expected));
        let error = prepare("chat", &hi(), &options).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidRequest, expected));
        assert_eq!(error.field(), expected.split(": ").next());
    }
}

#[test]
fn options_that_are_no_object_are_refused_and_null_is_none() {
    for wrong in ["null", "5", "[]", "", "{"] {
        let error = Settings::new(wrong, PAGE, &|_| None).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("options")), "{wrong}");
        let error = settings().prepare(operation("models"), "{}", false, wrong).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("options")), "{wrong}");
    }
    let nulls = json!({"baseURL": null, "apiKey": null, "headers": null, "maxRetries": null, "timeout": null,
        "fallbackModels": null, "siteURL": null, "siteName": null});
    assert_eq!(base_url(&new(&nulls, PAGE, &[]).unwrap()), "https://app.example/api/v1");
    assert_eq!(headers(&settings(), &nulls).unwrap(), headers(&settings(), &json!({})).unwrap());
}

#[test]
fn limits_and_retries_of_a_call_go_before_those_of_the_client_and_those_before_the_default() {
    let general = json!({"apiKey": "k", "timeout": 10, "firstTokenTimeout": 20, "maxRetries": 7});
    let settings = new(&general, None, &[]).unwrap();
    let limits = |own: Value, stream| {
        let limits = settings.prepare(operation("chat"), &hi().to_string(), stream, &own.to_string()).unwrap().limits;
        (limits.total_ms, limits.first_token_ms, limits.idle_ms)
    };
    assert_eq!(limits(json!({}), false), (Some(10), Some(20), None));
    assert_eq!(limits(json!({"timeout": 11, "idleTimeout": 5}), true), (Some(11), Some(20), Some(5)));
    assert_eq!(limits(json!({"timeout": null}), true), (Some(10), Some(20), Some(120_000)));
}

#[test]
fn a_limit_that_no_timer_holds_is_none() {
    let limit = |ms: u64| {
        let own = json!({"timeout": ms, "firstTokenTimeout": ms, "idleTimeout": ms});
        settings().prepare(operation("chat"), &hi().to_string(), true, &own.to_string()).unwrap().limits
    };
    let all = |ms| Limits { total_ms: ms, first_token_ms: ms, idle_ms: ms };
    assert_eq!(limit(2_147_000_000), all(Some(2_147_000_000)));
    for ms in [2_147_483_643, u64::from(u32::MAX), 1 << 32, 1 << 60] {
        assert_eq!(limit(ms), all(None), "{ms}");
    }
}

#[test]
fn without_limits_a_stream_may_go_on_but_not_be_silent_and_an_answer_takes_ten_minutes() {
    let limits = |stream| {
        let limits = settings().prepare(operation("chat"), &hi().to_string(), stream, "{}").unwrap().limits;
        (limits.total_ms, limits.first_token_ms, limits.idle_ms)
    };
    assert_eq!(limits(false), (Some(600_000), None, None));
    assert_eq!(limits(true), (None, None, Some(120_000)));
}

#[test]
fn a_stream_is_asked_for_and_nothing_else_is_changed() {
    for (given, expected) in [
        (
            r#"{"model":"a/b", "messages":[{"role":"user","content":"\u0068i }"}],"seed":1e0}"#,
            r#"{"model":"a/b", "messages":[{"role":"user","content":"\u0068i }"}],"seed":1e0,"stream":true}"#,
        ),
        (" \n{ \"prompt\": \"x{\" }\n", " \n{ \"prompt\": \"x{\",\"stream\":true}"),
        (r#"{"prompt":"x","stream":true}"#, r#"{"prompt":"x","stream":true}"#),
    ] {
        assert_eq!(streamed("chat", given).unwrap(), expected);
    }
    for empty in ["{}", " { } ", "{\n}", r#"{"stream":null}"#] {
        let body = streamed("responses", empty).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), json!({"stream": true}), "{body}");
    }
    assert_eq!(field(streamed("chat", "{}")), "messages");
}

#[test]
fn a_body_that_is_not_streamed_is_sent_to_the_letter() {
    for body in
        [r#"{"prompt":"x"}"#, "{ \"prompt\" : \"\\u0078\" , \"top_p\":1.0 }", r#"{"prompt":"x","stream":false}"#]
    {
        let prepared = settings().prepare(operation("chat"), body, false, "{}").unwrap();
        assert_eq!(prepared.request.body.as_deref(), Some(body));
    }
}

#[test]
fn spellings_of_older_guides_are_brought_up_to_date_with_a_warning() {
    let mut request = hi();
    request["route"] = json!("cheapest");
    let prepared = settings().prepare(operation("chat"), &request.to_string(), true, "{}").unwrap();
    let mut expected = hi();
    expected["stream"] = json!(true);
    expected["provider"] = json!({"sort": "price"});
    assert_eq!(serde_json::from_str::<Value>(&prepared.request.body.unwrap()).unwrap(), expected);
    assert_eq!(prepared.warnings.len(), 1);
    assert!(prepare("chat", &hi(), &json!({})).unwrap().warnings.is_empty());
    request["max_price"] = json!({"prompt": 1});
    assert_eq!(field(prepare("chat", &request, &json!({}))), "max_price");
}

#[test]
fn a_query_is_encoded_and_its_lists_are_joined() {
    let query = json!({"q": "é &=+", "limit": 5, "output_modalities": ["text", "image"], "zdr": true, "max_price": 0.5, "absent": null});
    assert_eq!(
        target("models", &query).unwrap(),
        "/models?q=%C3%A9%20%26%3D%2B&limit=5&output_modalities=text%2Cimage&zdr=true&max_price=0.5"
    );
    assert_eq!(target("models", &json!({})).unwrap(), "/models");
    assert_eq!(
        target("models", &json!({"q": "", "a#?/": "-_.~*'()#?/"})).unwrap(),
        "/models?q=&a%23%3F%2F=-_.~*'()%23%3F%2F"
    );
    assert_eq!(target("models", &json!({"providers": []})).unwrap(), "/models?providers=");
    assert_eq!(target("generation", &json!({"id": "gen-1"})).unwrap(), "/generation?id=gen-1");
    assert_eq!(field(target("generation", &json!({}))), "id");
}

#[test]
fn a_get_has_no_body_and_no_type() {
    let request = prepare("models", &json!({"q": "x"}), &json!({})).unwrap().request;
    assert_eq!((request.method, request.body), (Method::Get, None));
    assert_eq!(pairs(&request.headers), [("Authorization", "Bearer sk-test")]);
}

#[test]
fn a_model_is_put_into_the_path_and_the_rest_into_the_query() {
    let model = "~anthropic/claude-sonnet-latest:free";
    assert_eq!(target("endpoints", &json!({"model": model})).unwrap(), format!("/models/{model}/endpoints"));
    assert_eq!(target("model", &json!({"x": 1, "model": "a/b"})).unwrap(), "/model/a/b?x=1");
}

#[test]
fn a_model_that_is_no_safe_path_is_refused() {
    for model in [
        "gpt-4", "a/../b", "../b", "a/..", "a/b/c", "a/b?x=1", "a/b#x", "a/b..c", "a..b/c", "a/.b", "a/b%2f", "a\\b",
        "a/b c", "a/é", "/", " a/b",
    ] {
        for name in ["model", "endpoints"] {
            let error = target(name, &json!({"model": model})).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("model")), "{model}");
        }
    }
    assert_eq!(field(target("model", &json!({}))), "model");
    assert_eq!(field(target("model", &json!({"model": ["a/b"]}))), "model");
}

#[test]
fn a_raw_request_goes_to_its_path_below_the_base_url() {
    let raw = |method: &str, path: &str, body: Option<&str>| {
        settings().prepare_raw(method, path, body.map(ToOwned::to_owned), "{}").map(|prepared| prepared.request)
    };
    let request = raw("GET", "/credits?x=1&y=a%20b", None).unwrap();
    assert_eq!((request.method, request.url.as_str()), (Method::Get, "https://proxy.example/v1/credits?x=1&y=a%20b"));
    assert_eq!(pairs(&request.headers), [("Authorization", "Bearer sk-test")]);
    let request = raw("POST", "/brand/new", Some("[1]")).unwrap();
    assert_eq!((request.method, request.body.as_deref()), (Method::Post, Some("[1]")));
    assert!(pairs(&request.headers).contains(&("Content-Type", "application/json")));
    assert_eq!(raw("GET", "/auth/key", None).unwrap().url, "https://proxy.example/v1/key", "its older name");
    assert_eq!(raw("GET", "/a..b/c.", None).unwrap().url, "https://proxy.example/v1/a..b/c.");
}

#[test]
fn a_raw_request_to_anywhere_else_is_refused() {
    for path in [
        "",
        "models",
        "//evil.example/x",
        "/../keys",
        "/models/..",
        "/models/../../x",
        "/models/..?x",
        "/\\evil.example",
        "/models\\..\\..",
        "/models#x",
        "/mod els",
        "/models\n",
        "/mod\tels",
        "/é",
        "https://evil.example",
        "@evil.example",
        ".evil.example",
    ] {
        let error = settings().prepare_raw("GET", path, None, "{}").unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("path")), "{path:?}");
    }
    for method in ["DELETE", "get", "", "PATCH"] {
        assert_eq!(field(settings().prepare_raw(method, "/models", None, "{}")), "method");
    }
}

#[test]
fn every_operation_is_found_by_its_name_once() {
    let mut names: Vec<_> = openrouter_wasm::api::OPERATIONS.iter().map(|operation| operation.name).collect();
    for operation in &openrouter_wasm::api::OPERATIONS {
        assert_eq!(Operation::named(operation.name), Some(operation));
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), openrouter_wasm::api::OPERATIONS.len());
    assert_eq!(Operation::named("keys"), None, "what manages an account is not offered");
}

#[test]
fn a_wrong_request_is_not_sent() {
    let prepare =
        |name: &str, request: &Value, stream| settings().prepare(operation(name), &request.to_string(), stream, "{}");
    assert_eq!(field(prepare("chat", &json!({"messages": []}), false)), "messages");
    let mut request = hi();
    request["stream"] = json!(true);
    assert_eq!(field(prepare("chat", &request, false)), "stream");
    request["stream"] = json!(false);
    assert_eq!(field(prepare("chat", &request, true)), "stream");
    assert_eq!(field(prepare("models", &json!({"limit": "five"}), false)), "limit");
    for (no_object, stream) in [("null", true), ("[]", false), ("5", false), ("", true), ("{", false)] {
        let error = settings().prepare(operation("chat"), no_object, stream, "{}").unwrap_err();
        assert_eq!(error.message(), "the request must be an object", "{no_object}");
    }
}

#[test]
fn an_error_inside_an_answer_with_status_200_is_an_error() {
    let error =
        chat(200, JSON, "\n         \n{\"error\":{\"code\":502,\"message\":\"lost\"},\"user_id\":\"u\"}").unwrap_err();
    assert_eq!((error.kind(), error.upstream_message()), (ErrorKind::ProviderUnavailable, Some("lost")));
    let error = chat(
        200,
        JSON,
        r#"{"choices":[{"message":{"content":"Half"},"finish_reason":"error","error":{"code":504,"message":"slow"}}]}"#,
    )
    .unwrap_err();
    assert_eq!((error.kind(), error.partial_text()), (ErrorKind::Timeout, Some("Half")));
    let error = answer("responses", false, (200, JSON, r#"{"error":{"code":"server_error"}}"#)).unwrap_err();
    assert_eq!((error.kind(), error.partial_text()), (ErrorKind::ServerError, None));
}

#[test]
fn an_answer_goes_to_the_caller_as_it_came() {
    for (name, body) in [
        ("chat", r#"{"choices":[],"error":null}"#),
        ("chat", "\n {\"choices\":[{\"message\":{\"content\":\"\\\"error\\\":{}\"}}]}"),
        ("responses", r#"{"error":null,"output":[]}"#),
        ("messages", "[]"),
    ] {
        assert_eq!(answer(name, false, (200, JSON, body)), Ok(body));
    }
    assert_eq!(answer("chat", false, (299, "text/plain", "{\"choices\":[]}")), Ok("{\"choices\":[]}"));
}

#[test]
fn what_is_no_answer_is_malformed() {
    for body in ["<html>", "", "5", "{}", r#"{"choices":{}}"#] {
        let error = chat(200, JSON, body).unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::MalformedResponse, Some(200)), "{body}");
        assert!(!error.is_retryable(), "an answer was billed");
    }
    assert_eq!(answer("responses", false, (200, JSON, "<html>")).unwrap_err().kind(), ErrorKind::MalformedResponse);
    assert_eq!(chat(200, JSON, "broken").unwrap_err().kind(), ErrorKind::Network);
}

#[test]
fn a_failed_response_is_that_failure_whatever_its_body() {
    for body in ["<html>", "", "broken", "5", "{}"] {
        let error = chat(503, "text/html", body).unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Overloaded, Some(503)), "{body}");
        assert_eq!(serde_json::from_str::<Value>(&error.to_json()).unwrap()["requestId"], "r1");
    }
    for status in [199, 300, 304, 400] {
        assert!(chat(status, JSON, r#"{"choices":[]}"#).is_err(), "{status}");
    }
}

#[test]
fn a_stream_that_is_none_is_an_error() {
    let stream = |content_type, body| answer("chat", true, (200, content_type, body)).map_err(|error| error.kind());
    assert_eq!(stream("text/event-stream; charset=utf-8", "data: x"), Ok("data: x"));
    assert_eq!(stream("Text/Event-Stream", "data: x"), Ok("data: x"));
    assert_eq!(stream(JSON, r#"{"error":{"code":429}}"#), Err(ErrorKind::RateLimited));
    assert_eq!(stream(JSON, r#"{"choices":[]}"#), Err(ErrorKind::MalformedResponse));
    assert_eq!(stream("text/html", "<html>"), Err(ErrorKind::MalformedResponse));
    assert_eq!(stream(JSON, "broken"), Err(ErrorKind::Network));
}

#[test]
fn the_type_of_a_body_is_told_once() {
    let settings =
        new(&json!({"apiKey": "k", "headers": [["content-type", "application/json; charset=utf-8"]]}), None, &[]);
    let request = settings.unwrap().prepare(operation("chat"), &hi().to_string(), false, "{}").unwrap().request;
    let types = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    assert_eq!(types.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["application/json; charset=utf-8"]);
}

#[test]
fn a_raw_request_does_not_leave_the_base_url_by_escaped_dots() {
    for path in ["/%2e%2e/keys", "/.%2E/keys", "/models/%2e./%2E%2e/keys"] {
        assert_eq!(field(settings().prepare_raw("GET", path, None, "{}")), "path", "{path}");
    }
}

#[test]
fn a_whole_number_is_one_however_it_is_written() {
    let options = r#"{"timeout":5e3,"maxRetries":0.0}"#;
    let limits = settings().prepare(operation("chat"), &hi().to_string(), false, options).unwrap().limits;
    assert_eq!(limits.total_ms, Some(5000));
}

#[test]
fn no_debug_output_shows_the_key() {
    let prepared = prepare("chat", &hi(), &json!({"headers": [["x-other", "sk-other"]]})).unwrap();
    let call = Call::new(prepared.clone(), operation("chat").answer, false, 0);
    let error = chat(200, JSON, "{}").unwrap_err();
    for shown in [format!("{:?}", settings()), format!("{prepared:?}"), format!("{call:?}"), format!("{error:?}")] {
        assert!(!shown.contains("sk-test") && !shown.contains("sk-other"), "{shown}");
    }
}

#[test]
fn every_code_is_in_the_types() {
    let types = include_str!("../src/browser/types.d.ts");
    let codes = &types
        [types.find("type OpenRouterErrorCode").unwrap()..types.find("interface OpenRouterErrorProperties").unwrap()];
    for kind in ErrorKind::ALL {
        assert!(codes.contains(&format!("\"{}\"", kind.code())), "{}", kind.code());
    }
    assert_eq!(codes.matches("| \"").count(), ErrorKind::ALL.len());
}

#[test]
fn every_code_is_in_the_table_of_errors() {
    let table = include_str!("../docs/errors.md");
    for kind in ErrorKind::ALL {
        assert!(table.contains(&format!("\n| `{}` |", kind.code())), "{}", kind.code());
    }
    let head = 1;
    assert_eq!(table.matches("\n| `").count(), head + ErrorKind::ALL.len());
}
