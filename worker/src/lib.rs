//! The proxy that holds the key: reads a request's head, asks [`policy`], forwards, and hands the upstream's own body
//! back. No byte of an answer crosses into wasm: looking at the chunks of a stream costs ten times their transport.

pub mod config;
mod http;
pub mod identity;
pub mod policy;

use openrouter_wasm::api::Call;
use serde_json::json;
use wasm_bindgen::JsValue;
use worker::{Context, Env, Result, console_error, event};

use crate::{
    config::{BOUND, Config},
    http::{body_bytes, fetch_upstream, header, json_response},
    identity::{MAX_SESSION_BYTES, Scope, edge},
    policy::{Decision, EXPOSED_HEADERS, Incoming, PASSED_DOWN, Refusal},
};

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _context: Context) -> Result<web_sys::Response> {
    let config = Config::read(|name| match js_sys::Reflect::get(&env, &name.into()).ok()? {
        // A rate limit, a namespace.
        binding if binding.is_object() => Some(BOUND.to_owned()),
        variable => variable.as_string(),
    });
    answer(&request, &config).await
}

async fn answer(
    request: &web_sys::Request,
    config: &std::result::Result<Config, Vec<String>>,
) -> Result<web_sys::Response> {
    let url = web_sys::Url::new(&request.url())?;
    let (method, path, own_origin) = (request.method(), url.pathname(), url.origin());
    let headers = request.headers();
    let (origin, content_type) = (header(&headers, "origin"), header(&headers, "content-type"));
    let incoming = Incoming {
        method: &method,
        path: &path,
        origin: origin.as_deref(),
        own_origin: &own_origin,
        content_type: content_type.as_deref(),
        content_length: header(&headers, "content-length").and_then(|length| length.parse().ok()),
    };
    let allowed_origin = origin
        .as_deref()
        .filter(|origin| config.as_ref().is_ok_and(|config| config.allows_origin(origin, &own_origin)));
    let reply = Reply { allowed_origin, request_id: header(&headers, "cf-ray") };

    match (policy::decide(config, &incoming), config) {
        (Decision::Health, Ok(config)) => {
            json_response(&reply.headers()?, 200, &json!({"status": "ok", "demo": config.is_demo}).to_string())
        }
        (Decision::Health, Err(problems)) => {
            json_response(&reply.headers()?, 500, &json!({"status": "misconfigured", "problems": problems}).to_string())
        }
        (Decision::Preflight(allowed_method), _) => {
            let requested = header(&headers, "access-control-request-headers").unwrap_or_default();
            preflight(&reply, allowed_method, &requested)
        }
        (Decision::OpenSession, Ok(config)) => open_session(request, config, &reply).await,
        (Decision::Forward(call), Ok(config)) => forward(request, config, &call, &url.search(), &reply).await,
        (Decision::Refuse(refusal), _) => refuse(&reply, &refusal),
        (Decision::Forward(_) | Decision::OpenSession, Err(_)) => {
            refuse(&reply, &Refusal::misconfigured("The proxy is not set up."))
        }
    }
}

async fn open_session(request: &web_sys::Request, config: &Config, reply: &Reply<'_>) -> Result<web_sys::Response> {
    let Some(body) = body_bytes(request, MAX_SESSION_BYTES).await? else {
        return refuse(reply, &policy::too_large(MAX_SESSION_BYTES));
    };
    match edge::open_session(&config.authentication, request, &body.to_vec()).await {
        Ok(session) => json_response(&reply.headers()?, 200, &session),
        Err(refusal) => refuse(reply, &refusal),
    }
}

async fn forward(
    request: &web_sys::Request,
    config: &Config,
    call: &Call,
    query: &str,
    reply: &Reply<'_>,
) -> Result<web_sys::Response> {
    let identity = match edge::identify(&config.authentication, request).await {
        Ok(identity) => identity,
        Err(refusal) => return refuse(reply, &refusal),
    };
    if let Err(refusal) = identity.check(Scope::of(call)) {
        return refuse(reply, &refusal);
    }
    let body = if *call == Call::ChatCompletions {
        let Some(bytes) = body_bytes(request, config.max_body_bytes).await? else {
            return refuse(reply, &policy::too_large(config.max_body_bytes));
        };
        if let Err(refusal) = policy::check_chat(&bytes.to_vec()) {
            return refuse(reply, &refusal);
        }
        Some(bytes)
    } else {
        None
    };
    let client = request.headers();
    let upstream_headers = config.upstream_headers(call, |name| header(&client, name));
    let url = config.upstream_url(call, query);
    let Ok(upstream) =
        fetch_upstream(&url, call.method().as_str(), &upstream_headers, body.as_ref().map(AsRef::as_ref)).await
    else {
        console_error!("the upstream cannot be reached; look at OPENROUTER_BASE_URL");
        return refuse(reply, &Refusal::new(502, "provider_unavailable", "The upstream cannot be reached."));
    };
    let headers = reply.headers()?;
    for name in PASSED_DOWN {
        if let Some(value) = header(&upstream.headers(), name) {
            headers.set(name, &value)?;
        }
    }
    if upstream.ok() {
        // The body stays the upstream's own: it is pumped outside of JavaScript, and ends with the client.
        return http::respond(upstream.status(), &headers, upstream.body().map(JsValue::from).as_ref());
    }
    let text = wasm_bindgen_futures::JsFuture::from(upstream.text()?).await.ok().and_then(|text| text.as_string());
    match policy::clean_error(config, upstream.status(), &text.unwrap_or_default()) {
        Ok(error) => http::json_response(&headers, upstream.status(), &error),
        Err(refusal) => refuse_with(&headers, &refusal),
    }
}

fn preflight(reply: &Reply<'_>, method: &str, requested: &str) -> Result<web_sys::Response> {
    let headers = reply.headers()?;
    headers.set("access-control-allow-methods", method)?;
    headers.set("access-control-allow-headers", &policy::allowed_headers(requested))?;
    headers.set("access-control-max-age", "86400")?;
    http::respond(204, &headers, None)
}

fn refuse(reply: &Reply<'_>, refusal: &Refusal) -> Result<web_sys::Response> {
    refuse_with(&reply.headers()?, refusal)
}

/// With headers that are there already: how long to wait is said, whatever the body was.
fn refuse_with(headers: &web_sys::Headers, refusal: &Refusal) -> Result<web_sys::Response> {
    let mut error = json!({"code": refusal.status, "message": refusal.message});
    if let Some(error_type) = refusal.error_type {
        error["metadata"] = json!({ "error_type": error_type });
        if error_type == "proxy_configuration" {
            console_error!("{}", refusal.message);
        }
    }
    if refusal.status == 401 {
        headers.set("www-authenticate", r#"Bearer error="invalid_token""#)?;
    }
    if let Some(allow) = refusal.allow {
        headers.set("allow", allow)?;
    }
    http::json_response(headers, refusal.status, &json!({ "error": error }).to_string())
}

/// What all answers to one request have in common.
struct Reply<'a> {
    allowed_origin: Option<&'a str>,
    request_id: Option<String>,
}

impl Reply<'_> {
    /// The headers that every answer has.
    fn headers(&self) -> Result<web_sys::Headers> {
        let headers = web_sys::Headers::new()?;
        headers.set("vary", "Origin")?;
        headers.set("x-content-type-options", "nosniff")?;
        if let Some(id) = &self.request_id {
            headers.set("x-request-id", id)?;
        }
        if let Some(origin) = self.allowed_origin {
            headers.set("access-control-allow-origin", origin)?;
            headers.set("access-control-expose-headers", EXPOSED_HEADERS)?;
        }
        Ok(headers)
    }
}
