//! What the proxy lets pass, and what comes back: pure decisions over names and values, tested natively.

use std::ops::{Deref, DerefMut};

use openrouter_wasm::{
    api::{Call, Endpoint, Method, NoCall, PROXY_BASE_PATH},
    json::{ObjectWriter, Value, concat, decimal, join},
};

use crate::{
    config::Config,
    identity::{MAX_SESSION_BYTES, SESSION_PATH},
    stats::View,
    text::fill,
};

/// Response headers that reach the client; all others, `Set-Cookie` first of all, stay here.
pub const PASSED_DOWN: [&str; 15] = [
    "content-type",
    "content-range",
    "accept-ranges",
    "etag",
    "cache-control",
    "retry-after",
    "x-generation-id",
    "x-provider-name",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-openrouter-cache-status",
    "x-openrouter-cache-age",
    "x-openrouter-cache-ttl",
    "x-openrouter-metadata",
];

/// What scripts of another origin may read besides the safelisted headers.
pub const EXPOSED_HEADERS: &str = "X-Generation-Id, X-Provider-Name, Retry-After, X-RateLimit-Limit, \
    X-RateLimit-Remaining, X-RateLimit-Reset, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, \
    X-OpenRouter-Cache-Status, X-OpenRouter-Cache-Age, X-OpenRouter-Cache-TTL, X-Request-Id, ETag, Age, Content-Range";

/// What a preflight may ask for. Clients of other makers send names of their own (`x-stainless-*`, `openai-*`): those are listed
/// by what was asked, for they are dropped anyway.
pub fn allowed_headers(requested: &str) -> String {
    const KNOWN: [&str; 12] = [
        "authorization",
        "content-type",
        "http-referer",
        "x-title",
        "x-session-id",
        "x-anthropic-beta",
        "accept",
        // The AI SDK and LangChain write one of their own; Chromium leaves it out, Firefox and WebKit ask for it.
        "user-agent",
        "last-event-id",
        "cache-control",
        "if-none-match",
        "range",
    ];
    let mut allowed: Vec<String> = KNOWN.iter().map(|name| (*name).to_owned()).collect();
    for name in requested.split(',').map(|name| name.trim().to_ascii_lowercase()) {
        let is_known =
            ["x-openrouter-", "x-stainless-", "openai-", "anthropic-"].iter().any(|prefix| name.starts_with(prefix));
        let is_token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_known && is_token && !allowed.contains(&name) {
            allowed.push(name);
        }
    }
    join(allowed.iter(), ", ")
}

/// What is asked for, before any of it is read.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// As in the request line.
    pub method: &'a str,
    /// Path of the URL, as it came.
    pub path: &'a str,
    /// The `Origin` header.
    pub origin: Option<&'a str>,
    /// The origin that the Worker itself is reached at.
    pub own_origin: &'a str,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The `Content-Length` header.
    pub content_length: Option<u64>,
}

/// What is to be done with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Tell how this Worker is set up.
    Health,
    /// Answer the preflight of this call's method.
    Preflight(&'static str),
    /// Begin a session.
    OpenSession,
    /// Ask the upstream, if the caller may.
    Forward(Call),
    /// Tell users their own numbers.
    Usage,
    /// Show the figures to an admin.
    Admin(View),
    /// Refuse.
    Refuse(Refusal),
}

/// A refusal. What it says is on the heap: each `?` on its way moves a pointer, which is some kB of upload less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(Box<Said>);

/// What a refusal says, told in OpenRouter's own shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// HTTP status, and `error.code`.
    pub status: u16,
    /// A sentence for the caller.
    pub message: String,
    /// `error.metadata.error_type`, from which clients make their codes; without one they go by the status.
    pub error_type: Option<&'static str>,
    /// The `Allow` header of a 405.
    pub allow: Option<&'static str>,
    /// `error.metadata.limit_source`: which limit it was.
    pub limit_source: Option<&'static str>,
    /// Headers that tell more.
    pub headers: Vec<(&'static str, String)>,
}

impl Refusal {
    /// A refusal.
    pub fn new(status: u16, error_type: &'static str, message: impl Into<String>) -> Self {
        Self::said(status, error_type, message.into())
    }

    fn said(status: u16, error_type: &'static str, message: String) -> Self {
        let error_type = Some(error_type);
        Self(Box::new(Said { status, message, error_type, allow: None, limit_source: None, headers: Vec::new() }))
    }

    /// The set-up is wrong: nothing that the caller can mend.
    pub fn misconfigured(message: impl Into<String>) -> Self {
        Self::new(500, "proxy_configuration", message)
    }
}

impl Deref for Refusal {
    type Target = Said;

    fn deref(&self) -> &Said {
        &self.0
    }
}

impl DerefMut for Refusal {
    fn deref_mut(&mut self) -> &mut Said {
        &mut self.0
    }
}

/// Decides by what a request says of itself; cheap refusals first, and none of them costs an upstream request.
pub fn decide(config: Result<&Config, &Vec<String>>, request: &Incoming<'_>) -> Decision {
    if request.path == "/healthz" {
        return match request.method {
            "GET" | "HEAD" => Decision::Health,
            _ => Decision::Refuse(method_not_allowed("GET")),
        };
    }
    if request.path == SESSION_PATH {
        return decide_session(config, request);
    }
    if request.path == "/usage" {
        return decide_usage(config, request);
    }
    if let Some(view) = View::at(request.path) {
        return decide_admin(config, request, view);
    }
    let Some(path) = request.path.strip_prefix(PROXY_BASE_PATH) else {
        return Decision::Refuse(not_found());
    };
    let (is_preflight, method) = if request.method == "OPTIONS" { (true, None) } else { (false, Some(request.method)) };
    let call = match Call::find(method.unwrap_or("GET"), path) {
        Ok(call) => Ok(call),
        // A preflight asks for a path, whatever its method.
        Err(NoCall::MethodNotAllowed(allowed)) if is_preflight => Call::find(allowed.as_str(), path),
        Err(problem) => Err(problem),
    };
    let call = match call {
        Ok(call) => call,
        Err(NoCall::NotFound) => return Decision::Refuse(not_found()),
        Err(NoCall::MethodNotAllowed(allowed)) => return Decision::Refuse(method_not_allowed(allowed.as_str())),
    };
    let config = match check_caller(config, request) {
        Ok(config) => config,
        Err(refusal) => return Decision::Refuse(refusal),
    };
    if is_preflight {
        return Decision::Preflight(call.method().as_str());
    }
    match check_body_headers(config, &call, request) {
        Some(refusal) => Decision::Refuse(refusal),
        None => Decision::Forward(call),
    }
}

/// Whether a request comes from where requests may come from, before it says who makes it.
fn check_caller<'a>(
    config: Result<&'a Config, &'a Vec<String>>,
    request: &Incoming<'_>,
) -> Result<&'a Config, Refusal> {
    let config = config.map_err(|problems| not_set_up(problems))?;
    let denied = |message: &str| Err(Refusal::new(403, "permission_denied", message));
    if !config.authentication.answers_at(request.own_origin) {
        return denied("With AUTH_MODE=local this Worker answers at localhost and 127.0.0.1 only.");
    }
    match request.origin {
        Some(origin) if !config.allows_origin(origin, request.own_origin) => {
            denied("This origin is not allowed to use the proxy: add it to ALLOWED_ORIGINS.")
        }
        // Every browser says where a POST comes from; who does not is no page that was let in.
        None if request.method == "POST" && config.authentication.needs_origin() => {
            denied("A POST needs an Origin header that is in ALLOWED_ORIGINS.")
        }
        _ => Ok(config),
    }
}

fn not_set_up(problems: &[String]) -> Refusal {
    Refusal::misconfigured(fill("The proxy is not set up: %.", &[&problems.join("; ")]))
}

/// Of no other site's page, whatever its origin: no answer says that it may read it.
fn decide_admin(config: Result<&Config, &Vec<String>>, request: &Incoming<'_>, view: View) -> Decision {
    match config {
        Err(problems) => Decision::Refuse(not_set_up(problems)),
        Ok(config) if config.stats.admin.is_none() => Decision::Refuse(not_found()),
        Ok(_) if request.method != "GET" => Decision::Refuse(method_not_allowed("GET")),
        Ok(_) => Decision::Admin(view),
    }
}

fn decide_usage(config: Result<&Config, &Vec<String>>, request: &Incoming<'_>) -> Decision {
    match (request.method, check_caller(config, request)) {
        ("GET" | "OPTIONS", Err(refusal)) => Decision::Refuse(refusal),
        ("GET", Ok(_)) => Decision::Usage,
        ("OPTIONS", Ok(_)) => Decision::Preflight("GET"),
        _ => Decision::Refuse(method_not_allowed("GET")),
    }
}

/// A `POST /session`.
fn decide_session(config: Result<&Config, &Vec<String>>, request: &Incoming<'_>) -> Decision {
    match check_caller(config, request) {
        Ok(config) if config.authentication.has_sessions() => {}
        Ok(_) => return Decision::Refuse(not_found()),
        Err(refusal) => return Decision::Refuse(refusal),
    }
    match request.method {
        "OPTIONS" => Decision::Preflight("POST"),
        "POST" => {
            match check_json(request.content_type).or_else(|| check_length(request.content_length, MAX_SESSION_BYTES)) {
                Some(refusal) => Decision::Refuse(refusal),
                None => Decision::OpenSession,
            }
        }
        _ => Decision::Refuse(method_not_allowed("POST")),
    }
}

fn check_body_headers(config: &Config, call: &Call, request: &Incoming<'_>) -> Option<Refusal> {
    if call.method() == Method::Get {
        return None;
    }
    if is_form(call, request.content_type) {
        return check_length(request.content_length, config.max_body_bytes);
    }
    check_json(request.content_type).or_else(|| check_length(request.content_length, config.max_body_bytes))
}

fn check_json(content_type: Option<&str>) -> Option<Refusal> {
    let is_json = is_media_type(content_type, "application/json");
    (!is_json).then(|| Refusal::new(415, "invalid_request", "Content-Type must be application/json."))
}

fn check_length(length: Option<u64>, most: u64) -> Option<Refusal> {
    length.filter(|length| *length > most).map(|_| too_large(most))
}

pub(crate) fn is_media_type(content_type: Option<&str>, wanted: &str) -> bool {
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(wanted)
}

/// Whether a body is a form where the API takes one: it goes up as it is, and is not looked into here.
pub fn is_form(call: &Call, content_type: Option<&str>) -> bool {
    call.endpoint == Endpoint::Transcriptions && is_media_type(content_type, "multipart/form-data")
}

/// The refusal of what answers for the account.
pub fn not_yours() -> Refusal {
    Refusal::new(403, "permission_denied", "This tells of the proxy's account, which all of its users share.")
}

/// The query that a call may have; the catalogue's is put in order elsewhere.
pub fn passed_query(call: &Call, query: &str) -> String {
    let name = match call.endpoint {
        Endpoint::Generation => "id=",
        Endpoint::VideoContent => "index=",
        _ => return String::new(),
    };
    let mut parameters = query.trim_start_matches('?').split('&').filter(|parameter| parameter.starts_with(name));
    parameters.next().map(|parameter| concat(&["?", parameter])).unwrap_or_default()
}

/// The refusal of a body above the bound.
pub fn too_large(most: u64) -> Refusal {
    Refusal::new(413, "payload_too_large", fill("The body is larger than % bytes.", &[&decimal(most)]))
}

/// A refusal as a body: in OpenRouter's shape, or for `/messages` in Anthropic's, as OpenRouter itself has it.
pub fn refusal_body(refusal: &Refusal, is_messages: bool, request_id: &str) -> String {
    let Said { status, message, error_type, limit_source, .. } = &**refusal;
    let mut out = String::new();
    let mut body = ObjectWriter::new(&mut out);
    if is_messages {
        let kind = match status {
            400 | 405 | 415 => "invalid_request_error",
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            503 | 529 => "overloaded_error",
            504 => "timeout_error",
            _ => "api_error",
        };
        body.text("type", Some("error"));
        let mut error = ObjectWriter::new(body.key("error"));
        error.text("type", Some(kind));
        error.text("message", Some(message));
        error.text("error_type", *error_type);
        error.end();
        body.text("request_id", Some(request_id));
    } else {
        let mut error = ObjectWriter::new(body.key("error"));
        error.value("code", &Value::integer((*status).into()));
        error.text("message", Some(message));
        if error_type.is_some() {
            let mut metadata = ObjectWriter::new(error.key("metadata"));
            metadata.text("error_type", *error_type);
            if limit_source.is_some() {
                metadata.text("limit_source", *limit_source);
            }
            metadata.end();
        }
        error.end();
    }
    body.end();
    out
}

/// What `/healthz` answers: that all is well, or each mistake in the set-up.
pub fn health_body(settings: Result<&Config, &Vec<String>>) -> String {
    let mut out = String::new();
    let mut body = ObjectWriter::new(&mut out);
    body.text("status", Some(if settings.is_ok() { "ok" } else { "misconfigured" }));
    match settings {
        Ok(config) => {
            body.key("demo").push_str(if config.is_demo { "true" } else { "false" });
            // The page begins its session by itself.
            if let Some((site_key, action)) = config.authentication.turnstile_widget() {
                let mut turnstile = ObjectWriter::new(body.key("turnstile"));
                turnstile.text("siteKey", Some(site_key));
                turnstile.text("action", action);
                turnstile.end();
            }
        }
        Err(problems) => {
            let problems = problems.iter().map(|problem| Value::string(problem)).collect();
            body.value("problems", &Value::Array(problems));
        }
    }
    body.end();
    out
}

pub(crate) fn not_found() -> Refusal {
    Refusal::new(404, "not_found", "There is nothing at this path.")
}

fn method_not_allowed(allow: &'static str) -> Refusal {
    let mut refusal = Refusal::new(405, "invalid_request", fill("This path takes % only.", &[allow]));
    refusal.allow = Some(allow);
    refusal
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::tests::{config, with_defaults, working};

    const REQUEST: Incoming<'static> = Incoming {
        method: "POST",
        path: "/api/v1/chat/completions",
        origin: Some("https://app.example"),
        own_origin: "https://proxy.example",
        content_type: Some("application/json"),
        content_length: Some(100),
    };

    fn status(request: Incoming<'_>) -> u16 {
        match decide(working().as_ref(), &request) {
            Decision::Refuse(refusal) => refusal.status,
            _ => 200,
        }
    }

    #[test]
    fn calls_pass_from_allowed_origins_only() {
        assert_eq!(status(REQUEST), 200);
        assert_eq!(status(Incoming { origin: Some("https://proxy.example"), ..REQUEST }), 200, "its own page");
        assert_eq!(status(Incoming { origin: Some("https://evil.example"), ..REQUEST }), 403);
        assert_eq!(status(Incoming { origin: None, ..REQUEST }), 200, "a backend has a token, and no origin");
        let models = Incoming {
            method: "GET",
            path: "/api/v1/models",
            origin: None,
            content_type: None,
            content_length: None,
            ..REQUEST
        };
        assert_eq!(status(models), 200, "a page's own GET names no origin");
        assert_eq!(status(Incoming { origin: Some("https://evil.example"), ..models }), 403);
    }

    #[test]
    fn without_tokens_a_post_names_its_origin_and_reaches_this_machine() {
        let local = with_defaults(&[("OPENROUTER_API_KEY", "sk-test")]);
        let status = |request: Incoming<'_>| match decide(local.as_ref(), &request) {
            Decision::Refuse(refusal) => refusal.status,
            _ => 200,
        };
        let own = "http://localhost:8787";
        let request = Incoming { origin: Some(own), own_origin: own, ..REQUEST };
        assert_eq!(status(request), 200);
        assert_eq!(status(Incoming { origin: None, ..request }), 403);
        assert_eq!(status(Incoming { origin: Some("http://evil.example"), ..request }), 403);
        let rebound = "http://rebound.example:8787";
        for method in ["POST", "OPTIONS"] {
            assert_eq!(status(Incoming { method, origin: Some(rebound), own_origin: rebound, ..request }), 403);
        }
        let models = Incoming { method: "GET", path: "/api/v1/models", origin: None, own_origin: rebound, ..request };
        assert_eq!(status(models), 403);
        assert_eq!(status(Incoming { path: "/session", ..request }), 404, "there are none");
    }

    #[test]
    fn a_session_begins_with_a_small_post_of_json() {
        let request = Incoming { path: "/session", ..REQUEST };
        assert_eq!(decide(working().as_ref(), &request), Decision::OpenSession);
        assert_eq!(decide(working().as_ref(), &Incoming { method: "OPTIONS", ..request }), Decision::Preflight("POST"));
        assert_eq!(status(Incoming { origin: None, ..request }), 200);
        assert_eq!(status(Incoming { origin: Some("https://evil.example"), ..request }), 403);
        assert_eq!(status(Incoming { content_type: Some("text/plain"), ..request }), 415);
        assert_eq!(status(Incoming { content_length: Some(8192), ..request }), 200);
        assert_eq!(status(Incoming { content_length: Some(8193), ..request }), 413);
        assert_eq!(status(Incoming { method: "GET", ..request }), 405);
        assert_eq!(status(Incoming { path: "/session/", ..request }), 404);
        assert!(matches!(decide(config(&[]).as_ref(), &request), Decision::Refuse(refusal) if refusal.status == 500));
    }

    #[test]
    fn bodies_are_json_and_bounded() {
        assert_eq!(status(Incoming { content_type: Some("application/json; charset=utf-8"), ..REQUEST }), 200);
        assert_eq!(status(Incoming { content_type: Some("text/plain"), ..REQUEST }), 415);
        assert_eq!(status(Incoming { content_type: None, ..REQUEST }), 415);
        assert_eq!(status(Incoming { content_length: Some(101), ..REQUEST }), 413);
        assert_eq!(status(Incoming { content_length: None, ..REQUEST }), 200, "it is counted while it is read");
    }

    #[test]
    fn everything_else_is_404_or_405() {
        for path in [
            "/",
            "/api/v1",
            "/api/v1/keys",
            "/api/v1/credits",
            "/api/v1/presets/x/chat/completions",
            "/api/v1//models",
            "/api/v1x/models",
            "/api/v1/models/a/..%2fb/endpoints",
        ] {
            assert_eq!(status(Incoming { path, ..REQUEST }), 404, "{path}");
        }
        assert_eq!(status(Incoming { method: "GET", ..REQUEST }), 405);
        assert_eq!(status(Incoming { path: "/api/v1/models", ..REQUEST }), 405);
        assert_eq!(status(Incoming { path: "/healthz", ..REQUEST }), 405);
    }

    #[test]
    fn a_preflight_is_answered_for_allowed_origins() {
        let preflight = Incoming { method: "OPTIONS", content_type: None, content_length: None, ..REQUEST };
        assert_eq!(decide(working().as_ref(), &preflight), Decision::Preflight("POST"));
        assert_eq!(
            decide(working().as_ref(), &Incoming { path: "/api/v1/models", ..preflight }),
            Decision::Preflight("GET")
        );
        assert_eq!(status(Incoming { origin: Some("https://evil.example"), ..preflight }), 403);
        assert_eq!(status(Incoming { path: "/api/v1/keys", ..preflight }), 404);
    }

    #[test]
    fn the_admins_page_is_there_where_there_is_an_admin() {
        use crate::config::BOUND;
        let secret = ("ADMIN_SECRET", "0123456789abcdef0123456789abcdef");
        let with = with_defaults(&[("OPENROUTER_API_KEY", "sk-test"), secret, ("STATS", BOUND), ("LEDGER", BOUND)]);
        let get = Incoming { method: "GET", path: "/admin", origin: None, content_type: None, ..REQUEST };
        for (path, view) in
            [("/admin", View::Page), ("/admin/figures", View::Figures), ("/admin/export.csv", View::Export)]
        {
            assert_eq!(decide(with.as_ref(), &Incoming { path, ..get }), Decision::Admin(view));
            assert_eq!(status(Incoming { path, ..get }), 404, "there is no admin");
        }
        for (request, expected) in [
            (Incoming { method: "POST", ..get }, 405),
            (Incoming { method: "OPTIONS", ..get }, 405),
            (Incoming { path: "/admin/", ..get }, 404),
            (Incoming { path: "/admin/other", ..get }, 404),
        ] {
            let Decision::Refuse(refusal) = decide(with.as_ref(), &request) else { panic!("let through") };
            assert_eq!(refusal.status, expected);
        }
        let Decision::Refuse(refusal) = decide(config(&[]).as_ref(), &get) else { panic!("let through") };
        assert_eq!(refusal.status, 500);
    }

    #[test]
    fn a_wrong_set_up_is_told_at_the_first_request() {
        let Decision::Refuse(refusal) = decide(config(&[]).as_ref(), &REQUEST) else { panic!("let through") };
        assert_eq!((refusal.status, refusal.error_type), (500, Some("proxy_configuration")));
        assert!(refusal.message.contains("OPENROUTER_API_KEY"));
        assert_eq!(
            decide(config(&[]).as_ref(), &Incoming { method: "GET", path: "/healthz", ..REQUEST }),
            Decision::Health
        );
    }

    #[test]
    fn preflights_may_ask_for_the_headers_of_other_makers_clients() {
        let allowed = allowed_headers("X-Stainless-OS, x-openrouter-title, x-evil, x-stainless-a b");
        assert!(
            allowed.contains("x-stainless-os")
                && allowed.contains("x-openrouter-title")
                && allowed.contains("authorization")
        );
        assert!(!allowed.contains("evil") && !allowed.contains("a b"));
        let allowed = allowed_headers("user-agent, OpenAI-Organization,anthropic-version,openai_beta,xopenai-");
        assert!(allowed.ends_with(", range, openai-organization, anthropic-version"), "{allowed}");
        assert_eq!(allowed.matches("user-agent").count(), 1);
    }

    #[test]
    fn a_refusal_has_the_shape_that_the_endpoint_has() {
        let refusal = Refusal::new(413, "payload_too_large", "Too \"large\".");
        assert_eq!(
            refusal_body(&refusal, false, "r"),
            json!({"error": {"code": 413, "message": "Too \"large\".", "metadata": {"error_type": "payload_too_large"}}}).to_string()
        );
        assert_eq!(
            refusal_body(&refusal, true, "r"),
            json!({"type": "error", "error": {"type": "request_too_large", "message": "Too \"large\".", "error_type": "payload_too_large"}, "request_id": "r"}).to_string()
        );
    }

    #[test]
    fn forms_are_for_transcriptions_only() {
        let content_type = Some("multipart/form-data; boundary=x");
        let form = Incoming { content_type, path: "/api/v1/audio/transcriptions", ..REQUEST };
        assert_eq!(status(form), 200);
        assert_eq!(status(Incoming { content_length: Some(101), ..form }), 413);
        assert_eq!(status(Incoming { content_type: Some("application/json"), ..form }), 200);
        assert_eq!(status(Incoming { content_type: Some("text/plain"), ..form }), 415);
        assert_eq!(status(Incoming { path: "/api/v1/images", ..form }), 415);
    }

    #[test]
    fn a_query_passes_where_the_call_has_one() {
        let passed = |path: &str, query: &str| passed_query(&Call::find("GET", path).unwrap(), query);
        assert_eq!(passed("/generation", "?x=1&id=gen-1&id=gen-2"), "?id=gen-1");
        assert_eq!(passed("/videos/a/content", "?index=1&key=x"), "?index=1");
        assert_eq!(passed("/videos/a", "?index=1"), "");
        assert_eq!(passed("/key", "?id=1"), "");
    }
}
