//! The calls over a scripted transport: what is sent, and what is made of what comes back.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    cell::RefCell,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use openrouter_wasm::{
    api::Method,
    client::{Client, Settings},
    error::{Error, ErrorKind, ResponseFacts},
    json::Json,
    transport::{HttpRequest, HttpResponse, Transport},
};
use serde_json::{Value, json};

/// Answers every request with the same response, and keeps what it was asked.
#[derive(Debug)]
struct Script {
    status: u16,
    content_type: &'static str,
    body: &'static str,
    requests: RefCell<Vec<HttpRequest<Value>>>,
}

impl Script {
    fn new(status: u16, content_type: &'static str, body: &'static str) -> Self {
        Self { status, content_type, body, requests: RefCell::default() }
    }
}

impl Transport for &Script {
    type Json = Value;
    type Payload = Value;
    type Body = &'static str;

    fn payload(request: &Value, stream: bool) -> Result<Value, Error> {
        let mut request = request.clone();
        if stream {
            request["stream"] = json!(true);
        }
        Ok(request)
    }

    async fn send(&self, request: HttpRequest<Value>) -> Result<HttpResponse<&'static str>, Error> {
        self.requests.borrow_mut().push(request);
        let header = |name: &str| match name {
            "content-type" => Some(self.content_type.to_owned()),
            "x-request-id" => Some("r1".to_owned()),
            _ => None,
        };
        Ok(HttpResponse { facts: ResponseFacts::read(self.status, 0.0, header, |_| None), body: self.body })
    }

    async fn read(&self, body: &'static str) -> Result<Option<Value>, Error> {
        if body == "broken" { Err(Error::new(ErrorKind::Network, "broken")) } else { Ok(Value::parse(body)) }
    }
}

/// Nothing in these tests waits for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("pending"),
    }
}

fn settings() -> Settings {
    Settings::new(Some("https://proxy.example/v1/"), Some("sk-test"), Vec::new(), None).unwrap()
}

/// What a call with these settings does over this transport.
fn chat_over(script: &Script, request: &Value) -> Result<Value, Error> {
    now(Client(script).chat(settings().chat_request::<&Script>(request, false, &[])?))
}

fn stream_over(script: &Script, request: &Value) -> Result<&'static str, Error> {
    Ok(now(Client(script).stream(settings().chat_request::<&Script>(request, true, &[])?))?.1)
}

fn models_over(script: &Script, query: Option<&Value>, headers: &[(String, String)]) -> Result<Value, Error> {
    now(Client(script).models(settings().models_request::<&Script>(query, headers)?))
}

fn hi() -> Value {
    json!({"model": "a/b", "messages": [{"role": "user", "content": "hi"}]})
}

fn chat(status: u16, content_type: &'static str, body: &'static str) -> Result<Value, Error> {
    chat_over(&Script::new(status, content_type, body), &hi())
}

const JSON: &str = "application/json";

#[test]
fn a_page_talks_to_itself_and_a_server_to_openrouter_with_a_key() {
    let base = |base_url, key, page| {
        Settings::new(base_url, key, Vec::new(), page)
            .map(|settings| settings.base_url().to_owned())
            .map_err(|error| error.field().unwrap().to_owned())
    };
    let page = Some("https://app.example");
    assert_eq!(base(None, None, page).unwrap(), "https://app.example/api/v1");
    assert_eq!(base(None, Some("k"), None).unwrap(), "https://openrouter.ai/api/v1");
    assert_eq!(base(None, None, None).unwrap_err(), "apiKey");
    assert_eq!(base(Some("https://x.example/v1/"), None, None).unwrap(), "https://x.example/v1");
    assert_eq!(base(Some("/llm/v1"), None, page).unwrap(), "https://app.example/llm/v1");
    for wrong in ["/llm/v1", "//x.example", "x.example", "", "javascript:alert(1)"] {
        assert_eq!(base(Some(wrong), Some("k"), None).unwrap_err(), "baseURL", "{wrong}");
    }
    assert_eq!(base(Some("//x.example"), None, page).unwrap_err(), "baseURL");
}

#[test]
fn a_chat_is_posted_with_key_and_type_and_the_callers_own_body() {
    let script = Script::new(200, JSON, r#"{"choices":[]}"#);
    chat_over(&script, &hi()).unwrap();
    let request = &script.requests.borrow()[0];
    assert_eq!((request.method, request.url.as_str()), (Method::Post, "https://proxy.example/v1/chat/completions"));
    assert_eq!(request.body, Some(hi()));
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("Authorization", "Bearer sk-test"), ("Content-Type", "application/json")]);
}

#[test]
fn headers_of_a_call_stand_in_for_those_of_the_client() {
    let script = Script::new(200, JSON, r#"{"data":[]}"#);
    let headers = [("authorization".to_owned(), "Bearer other".to_owned())];
    models_over(&script, None, &headers).unwrap();
    assert_eq!(script.requests.borrow()[0].headers, headers);
    let wrong = [("x".to_owned(), "a\nb".to_owned())];
    assert_eq!(models_over(&script, None, &wrong).unwrap_err().field(), Some("headers.x"));
}

#[test]
fn a_query_is_encoded_and_its_lists_are_joined() {
    let script = Script::new(200, JSON, r#"{"data":[]}"#);
    let query = json!({"q": "é &=+", "limit": 5, "output_modalities": ["text", "image"], "zdr": true, "max_price": 0.5, "absent": null});
    models_over(&script, Some(&query), &[]).unwrap();
    assert_eq!(
        script.requests.borrow()[0].url,
        "https://proxy.example/v1/models?q=%C3%A9%20%26%3D%2B&limit=5&output_modalities=text%2Cimage&zdr=true&max_price=0.5"
    );
}

#[test]
fn a_wrong_request_is_not_sent() {
    let script = Script::new(200, JSON, "{}");
    assert_eq!(chat_over(&script, &json!({"messages": []})).unwrap_err().field(), Some("messages"));
    let mut request = hi();
    request["stream"] = json!(true);
    assert_eq!(chat_over(&script, &request).unwrap_err().field(), Some("stream"));
    request["stream"] = json!(false);
    assert_eq!(stream_over(&script, &request).unwrap_err().field(), Some("stream"));
    assert_eq!(models_over(&script, Some(&json!({"limit": "five"})), &[]).unwrap_err().field(), Some("limit"));
    assert!(script.requests.borrow().is_empty());
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
}

#[test]
fn what_is_no_answer_is_malformed() {
    for body in ["<html>", "", "5", "{}", r#"{"choices":{}}"#] {
        let error = chat(200, JSON, body).unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::MalformedResponse, Some(200)), "{body}");
    }
    assert_eq!(chat(200, JSON, "broken").unwrap_err().kind(), ErrorKind::Network);
}

#[test]
fn a_failed_response_is_that_failure_whatever_its_body() {
    for body in ["<html>", "", "broken", "5", "{}"] {
        let error = chat(503, "text/html", body).unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Overloaded, Some(503)), "{body}");
        assert_eq!(serde_json::to_value(&error).unwrap()["requestId"], "r1");
    }
}

#[test]
fn a_stream_that_is_none_is_an_error() {
    let stream = |content_type, body| {
        let script = Script::new(200, content_type, body);
        stream_over(&script, &hi()).map_err(|error| error.kind())
    };
    assert_eq!(stream("text/event-stream; charset=utf-8", "data: x"), Ok("data: x"));
    assert_eq!(stream(JSON, r#"{"error":{"code":429}}"#), Err(ErrorKind::RateLimited));
    assert_eq!(stream(JSON, r#"{"choices":[]}"#), Err(ErrorKind::MalformedResponse));
    assert_eq!(stream("text/html", "<html>"), Err(ErrorKind::MalformedResponse));
    assert_eq!(stream(JSON, "broken"), Err(ErrorKind::Network));
}

#[test]
fn no_debug_output_shows_the_key() {
    assert!(!format!("{:?}", settings()).contains("sk-test"));
    let error = chat(200, JSON, "{}").unwrap_err();
    assert!(!format!("{error:?}").contains("sk-test"));
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
