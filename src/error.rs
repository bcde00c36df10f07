//! The one error type, with codes that never change.
//!
//! Source: OpenRouter “Errors and debugging” and the bodies that it really sends (2026-08): HTTP status,
//! `error.code`, `error.metadata.error_type`, `error.availability`, and errors in the middle of a stream.

use alloc::{borrow::ToOwned, boxed::Box, string::String};
use core::fmt;

use crate::json::{ObjectWriter, Value, concat, decimal, digits};

/// What went wrong, as far as a program can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is wrong: refused here before it was sent, or by OpenRouter (400, 405, 422).
    InvalidRequest,
    /// The prompt, or prompt and answer together, do not fit the model's context.
    ContextLengthExceeded,
    /// No model has this slug.
    ModelNotFound,
    /// The model exists, but no provider may serve this request: gone, or filtered out by the request's own limits.
    ModelUnavailable,
    /// The key or token is missing, wrong or disabled (401).
    Authentication,
    /// The account is out of credits, or the key's limit is reached (402).
    PaymentRequired,
    /// The key may not do this (403).
    PermissionDenied,
    /// Moderation, a guardrail or the model itself refused the content.
    ContentRefused,
    /// There is no such thing (404).
    NotFound,
    /// The body is too large (413).
    PayloadTooLarge,
    /// Too many requests (429).
    RateLimited,
    /// Nobody answered in time (408, 504, 524).
    Timeout,
    /// OpenRouter itself failed (500).
    ServerError,
    /// The provider failed or answered nonsense (502).
    ProviderUnavailable,
    /// No provider has room at the moment (503, 529).
    Overloaded,
    /// The connection failed, or broke before an answer began.
    Network,
    /// The streamed answer ended before it was complete.
    StreamCut,
    /// What came back is not what the API sends.
    MalformedResponse,
    /// The client or the proxy is set up wrongly.
    Configuration,
    /// The upstream reported an error of no kind that we know.
    UpstreamError,
    /// The model's answer is not of the form that was asked for, e.g. no JSON, or not what its schema says.
    InvalidOutput,
    /// The model went on calling tools beyond the allowed number of steps.
    StepLimit,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 22] = [
        Self::InvalidRequest,
        Self::ContextLengthExceeded,
        Self::ModelNotFound,
        Self::ModelUnavailable,
        Self::Authentication,
        Self::PaymentRequired,
        Self::PermissionDenied,
        Self::ContentRefused,
        Self::NotFound,
        Self::PayloadTooLarge,
        Self::RateLimited,
        Self::Timeout,
        Self::ServerError,
        Self::ProviderUnavailable,
        Self::Overloaded,
        Self::Network,
        Self::StreamCut,
        Self::MalformedResponse,
        Self::Configuration,
        Self::UpstreamError,
        Self::InvalidOutput,
        Self::StepLimit,
    ];

    /// The `code` that JavaScript sees. Part of the public contract: never reworded, only added to.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::ContextLengthExceeded => "context_length_exceeded",
            Self::ModelNotFound => "model_not_found",
            Self::ModelUnavailable => "model_unavailable",
            Self::Authentication => "authentication",
            Self::PaymentRequired => "payment_required",
            Self::PermissionDenied => "permission_denied",
            Self::ContentRefused => "content_refused",
            Self::NotFound => "not_found",
            Self::PayloadTooLarge => "payload_too_large",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::ServerError => "server_error",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::Overloaded => "overloaded",
            Self::Network => "network",
            Self::StreamCut => "stream_cut",
            Self::MalformedResponse => "malformed_response",
            Self::Configuration => "configuration",
            Self::UpstreamError => "upstream_error",
            Self::InvalidOutput => "invalid_output",
            Self::StepLimit => "step_limit",
        }
    }

    /// The sentence for an upstream error of this kind. It never quotes the upstream, whose text may hold the prompt.
    const fn sentence(self) -> &'static str {
        match self {
            Self::InvalidRequest => "the request was refused as invalid",
            Self::ContextLengthExceeded => "the conversation is longer than the model's context",
            Self::ModelNotFound => "no model has this name",
            Self::ModelUnavailable => "no provider can serve this model with these settings",
            Self::Authentication => "the key or token is missing or was refused",
            Self::PaymentRequired => "the account is out of credits, or its key's limit is reached",
            Self::PermissionDenied => "this is not allowed with the given key or token",
            Self::ContentRefused => "the content was refused by moderation or a guardrail",
            Self::NotFound => "there is nothing at this address",
            Self::PayloadTooLarge => "the request is too large",
            Self::RateLimited => "too many requests",
            Self::Timeout => "no answer came in time",
            Self::ServerError => "OpenRouter failed internally",
            Self::ProviderUnavailable => "the model's provider failed",
            Self::Overloaded => "no provider has room for the request at the moment",
            Self::Network => "the connection failed",
            Self::StreamCut => "the answer was cut off before its end",
            Self::MalformedResponse => "the answer is not what the API sends",
            Self::Configuration => "the proxy is not set up correctly",
            Self::UpstreamError => "the upstream reported an error",
            Self::InvalidOutput => "the answer is not of the form that was asked for",
            Self::StepLimit => "the model went on calling tools beyond the allowed number of steps",
        }
    }

    /// By `availability.code`, then `error_type`, then status: from what says most to what says least.
    fn of_upstream(error: &Upstream, status: Option<u16>) -> Self {
        let known = |name: &Option<String>| name.as_deref().and_then(Self::of_name);
        known(&error.availability)
            // A moderated request calls itself `permission_denied` too.
            .or_else(|| {
                known(&error.error_type).filter(|kind| !(error.is_moderated && *kind == Self::PermissionDenied))
            })
            .or_else(|| error.is_moderated.then_some(Self::ContentRefused))
            .or_else(|| status.and_then(Self::of_status))
            .unwrap_or(Self::UpstreamError)
    }

    /// Source: `ApiErrorType` and `availability.code`, both open lists.
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "context_length_exceeded" | "max_tokens_exceeded" | "token_limit_exceeded" | "string_too_long" => {
                Self::ContextLengthExceeded
            }
            "invalid_request"
            | "invalid_prompt"
            | "invalid_image"
            | "image_too_large"
            | "image_too_small"
            | "unsupported_image_format"
            | "image_download_failed"
            | "unprocessable"
            | "precondition_failed"
            | "wrong_endpoint" => Self::InvalidRequest,
            "content_policy_violation" | "refusal" => Self::ContentRefused,
            "authentication" => Self::Authentication,
            "payment_required" => Self::PaymentRequired,
            "permission_denied" | "region_restricted" => Self::PermissionDenied,
            "not_found" | "image_not_found" => Self::NotFound,
            "payload_too_large" => Self::PayloadTooLarge,
            "rate_limit_exceeded" | "capacity_exhausted" => Self::RateLimited,
            "server" | "server_error" | "unmapped" => Self::ServerError,
            "provider_unavailable" => Self::ProviderUnavailable,
            "provider_overloaded" | "temporarily_unavailable" => Self::Overloaded,
            "timeout" => Self::Timeout,
            "model_not_found" => Self::ModelNotFound,
            "no_endpoints"
            | "model_deprecated"
            | "model_unavailable_upstream"
            | "privacy_restricted"
            | "constraint_filtered"
            | "free_variant_ended" => Self::ModelUnavailable,
            "proxy_configuration" => Self::Configuration,
            _ => return None,
        })
    }

    fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            401 => Self::Authentication,
            402 => Self::PaymentRequired,
            403 => Self::PermissionDenied,
            404 | 410 => Self::NotFound,
            408 | 504 | 524 => Self::Timeout,
            413 => Self::PayloadTooLarge,
            429 => Self::RateLimited,
            400..=499 => Self::InvalidRequest,
            502 => Self::ProviderUnavailable,
            503 | 529 => Self::Overloaded,
            500..=599 => Self::ServerError,
            _ => return None,
        })
    }

    const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::Timeout
                | Self::ServerError
                | Self::ProviderUnavailable
                | Self::Overloaded
                | Self::Network
                | Self::StreamCut
        )
    }
}

/// What the upstream's error object says, read without trusting its shape.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Upstream {
    message: Option<String>,
    code: Option<u16>,
    error_type: Option<String>,
    availability: Option<String>,
    provider: Option<String>,
    retryable: Option<bool>,
    retry_after_ms: Option<u64>,
    is_moderated: bool,
    limit_source: Option<String>,
}

impl Upstream {
    /// Reads an `error` object, or the string that some gateways put in its place.
    fn read(error: &Value<'_>, now_ms: u64) -> Self {
        if let Some(message) = error.text() {
            return Self { message: Some(message.into_owned()), ..Self::default() };
        }
        let mut read = Self { message: owned(error, "message"), ..Self::default() };
        // `code` is a number, null, absent, or (in one documented example, and on `/responses`) a name.
        match error.present("code") {
            Some(code @ Value::Number(_)) => read.code = status_from(code),
            Some(Value::String(name)) => match digits(name) {
                Some(number) => read.code = status(number),
                None => read.error_type = owned(error, "code"),
            },
            _ => read.code = error.get("http_status").and_then(status_from),
        }
        // An event of `type` "error" may name its kind in `code`.
        if read.error_type.as_deref().and_then(ErrorKind::of_name).is_none() {
            read.error_type = owned(error, "type").or(read.error_type);
        }
        read.error_type = owned(error, "error_type").or(read.error_type);
        if let Some(metadata) = error.present("metadata") {
            read.read_metadata(metadata, now_ms);
        }
        if let Some(availability) = error.present("availability") {
            read.availability = owned(availability, "code");
            if let Some(Value::Bool(flag)) = availability.get("retryable") {
                read.retryable = Some(*flag);
            }
            read.retry_after_ms = availability.get("retry_after").and_then(milliseconds).or(read.retry_after_ms);
        }
        read
    }

    fn read_metadata(&mut self, metadata: &Value<'_>, now_ms: u64) {
        self.error_type = owned(metadata, "error_type").or(self.error_type.take());
        self.provider = owned(metadata, "provider_name");
        self.is_moderated = metadata.present("reasons").is_some() || metadata.present("patterns").is_some();
        self.limit_source = owned(metadata, "limit_source");
        // “Provider returned error” says nothing; the provider's own words are in `raw`.
        if let Some(raw) = metadata.present("raw") {
            self.message = provider_message(raw).or(self.message.take());
        }
        if let Some(headers) = metadata.present("headers") {
            self.retry_after_ms = headers
                .get("Retry-After")
                .and_then(milliseconds)
                .or_else(|| ms_until_reset(&plain(headers.get("X-RateLimit-Reset")?)?, now_ms));
        }
    }
}

fn owned(object: &Value<'_>, key: &str) -> Option<String> {
    object.text_of(key).map(Into::into)
}

/// A string's content, or a number as written.
fn plain(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Number(raw) => Some((**raw).to_owned()),
        _ => value.text().map(Into::into),
    }
}

/// `metadata.raw` is a string, an object, or a string that holds an object.
fn provider_message(raw: &Value<'_>) -> Option<String> {
    let Some(text) = raw.text() else {
        let error = raw.present("error");
        return error
            .and_then(|error| owned(error, "message"))
            .or_else(|| owned(raw, "message"))
            .or_else(|| error?.text().map(Into::into));
    };
    match Value::parse(&text) {
        Some(inner @ Value::Object(_)) => provider_message(&inner),
        _ => Some(String::from(text)).filter(|text| !text.is_empty()),
    }
}

fn status_from(number: &Value<'_>) -> Option<u16> {
    let Value::Number(raw) = number else { return None };
    status(digits(raw.split('.').next()?)?)
}

fn status(number: u64) -> Option<u16> {
    number.try_into().ok().filter(|number| (100..1000).contains(number))
}

/// Seconds, as a number or as text, in milliseconds.
fn milliseconds(seconds: &Value<'_>) -> Option<u64> {
    let text = plain(seconds)?;
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let thousandths = digits(concat(&[fraction, "000"]).get(..3)?)?;
    digits(whole)?.checked_mul(1000)?.checked_add(thousandths)
}

/// Until an `X-RateLimit-Reset`, which is in milliseconds since 1970.
fn ms_until_reset(value: &str, now_ms: u64) -> Option<u64> {
    Some(digits(value.trim())?.saturating_sub(now_ms))
}

/// The response that an error came with: what the core needs to know of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseFacts {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After` or `X-RateLimit-Reset`, in milliseconds from now.
    pub retry_after_ms: Option<u64>,
    /// The name under which the proxy, OpenRouter or Cloudflare logged the request.
    pub request_id: Option<String>,
    /// `X-Generation-Id`, to look up cost and provider with `GET /generation`.
    pub generation_id: Option<String>,
    /// Whether the body calls itself an event stream.
    pub is_event_stream: bool,
    /// When it was received, in ms since 1970 (a core has no clock).
    pub received_at_ms: u64,
}

impl ResponseFacts {
    /// Reads status and headers: `header` looks one up by its lower-case name, `date_ms` reads an HTTP date into ms
    /// since 1970 (every runtime has that already).
    pub fn read(
        status: u16,
        received_at_ms: u64,
        header: &dyn Fn(&str) -> Option<String>,
        date_ms: &dyn Fn(&str) -> Option<u64>,
    ) -> Self {
        let mut content_type = header("content-type").unwrap_or_default();
        content_type.make_ascii_lowercase();
        let content_type = content_type.split(';').next().unwrap_or_default().trim_end();
        Self {
            status,
            retry_after_ms: header("retry-after")
                .and_then(|value| {
                    milliseconds(&Value::String(value.as_str().into()))
                        .or_else(|| Some(date_ms(&value)?.saturating_sub(received_at_ms)))
                })
                .or_else(|| ms_until_reset(&header("x-ratelimit-reset")?, received_at_ms)),
            request_id: header("x-request-id").or_else(|| header("request-id")).or_else(|| header("cf-ray")),
            generation_id: header("x-generation-id"),
            is_event_stream: content_type == "text/event-stream",
            received_at_ms,
        }
    }

    /// `{status, requestId?, generationId?}`, as JavaScript sees a response.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        let mut object = ObjectWriter::new(&mut out);
        object.key("status").push_str(&decimal(u64::from(self.status)));
        object.text("requestId", self.request_id.as_deref());
        object.text("generationId", self.generation_id.as_deref());
        object.end();
        out
    }
}

/// Why a call failed.
///
/// The message is a sentence for the caller, without key, prompt or answer; what the upstream itself said is
/// [`Error::upstream_message`], and what had been answered until then [`Error::partial_text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Facts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Facts {
    kind: ErrorKind,
    message: String,
    status: Option<u16>,
    retryable: bool,
    retry_after_ms: Option<u64>,
    request_id: Option<String>,
    generation_id: Option<String>,
    field: Option<String>,
    error_type: Option<String>,
    upstream_message: Option<String>,
    provider: Option<String>,
    limit_source: Option<String>,
    partial_text: Option<String>,
    /// As JSON.
    usage: Option<String>,
    attempts: u32,
}

impl Error {
    /// An error of this kind, told in one sentence.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::with_message(kind, message.into())
    }

    /// An error of this kind, in its own words.
    #[must_use]
    pub fn of(kind: ErrorKind) -> Self {
        Self::new(kind, kind.sentence())
    }

    fn with_message(kind: ErrorKind, message: String) -> Self {
        Self(Box::new(Facts {
            kind,
            message,
            status: None,
            retryable: kind.is_retryable(),
            retry_after_ms: None,
            request_id: None,
            generation_id: None,
            field: None,
            error_type: None,
            upstream_message: None,
            provider: None,
            limit_source: None,
            partial_text: None,
            usage: None,
            attempts: 1,
        }))
    }

    /// A request or setting that is certainly wrong, with the path of the field, e.g. `messages[0].role`.
    pub fn invalid(kind: ErrorKind, field: &str, problem: &str) -> Self {
        let mut error = Self::with_message(kind, concat(&[field, ": ", problem]));
        error.0.field = Some(field.to_owned());
        error
    }

    /// From a response whose status is not 2xx. `body` is `None` where the body is not JSON (Cloudflare answers in HTML).
    pub fn from_response(facts: &ResponseFacts, body: Option<&Value<'_>>) -> Self {
        let upstream = body.map_or_else(Upstream::default, |body| {
            Upstream::read(body.present("error").unwrap_or(body), facts.received_at_ms)
        });
        Self::from_upstream(upstream, Some(facts.status)).with_facts(facts)
    }

    /// From an `error` object inside an answer that began with status 200.
    pub fn in_band(error: &Value<'_>, facts: &ResponseFacts) -> Self {
        let upstream = Upstream::read(error, facts.received_at_ms);
        let status = upstream.code;
        Self::from_upstream(upstream, status).with_facts(facts)
    }

    fn from_upstream(upstream: Upstream, status: Option<u16>) -> Self {
        let kind = ErrorKind::of_upstream(&upstream, status);
        let mut message = kind.sentence().to_owned();
        if let Some(status) = status {
            message.push_str(" (HTTP ");
            message.push_str(&decimal(u64::from(status)));
            message.push(')');
        }
        let mut error = Self::with_message(kind, message);
        // A daily limit is over tomorrow, not after a pause.
        let is_daily = |source: &String| source.split('_').any(|word| word == "daily");
        error.0.retryable =
            upstream.retryable.unwrap_or(kind.is_retryable()) && !upstream.limit_source.as_ref().is_some_and(is_daily);
        error.0.status = status;
        error.0.retry_after_ms = upstream.retry_after_ms;
        error.0.error_type = upstream.availability.or(upstream.error_type);
        error.0.upstream_message = upstream.message;
        error.0.provider = upstream.provider;
        error.0.limit_source = upstream.limit_source;
        error
    }

    /// Adds what the response's head says, where the body has not said it already.
    #[must_use]
    pub fn with_facts(mut self, facts: &ResponseFacts) -> Self {
        let error = &mut *self.0;
        error.status = error.status.or(Some(facts.status));
        error.retry_after_ms = facts.retry_after_ms.or(error.retry_after_ms);
        error.request_id.clone_from(&facts.request_id);
        error.generation_id.clone_from(&facts.generation_id);
        self
    }

    /// The same, if there was a response.
    #[must_use]
    pub fn with_facts_if_any(self, facts: &ResponseFacts) -> Self {
        if facts.status == 0 { self } else { self.with_facts(facts) }
    }

    /// Adds the text that had been answered before the error.
    #[must_use]
    pub fn with_partial_text(mut self, text: String) -> Self {
        self.0.partial_text = Some(text);
        self
    }

    /// Adds what was billed until then, as JSON.
    #[must_use]
    pub fn with_usage(mut self, usage: Option<String>) -> Self {
        self.0.usage = usage;
        self
    }

    /// Adds the upstream's own words, e.g. the model's refusal; they may quote the prompt.
    #[must_use]
    pub fn with_upstream_message(mut self, message: Option<String>) -> Self {
        self.0.upstream_message = message;
        self
    }

    /// Adds OpenRouter's or our own finer name for what happened.
    #[must_use]
    pub fn with_error_type(mut self, name: &str) -> Self {
        self.0.error_type = Some(name.to_owned());
        self
    }

    /// Adds how often the request was sent in all.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The sentence for the caller.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// HTTP status of the response, or the `code` of an error inside an answer; `None` if no response came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Whether the same request, sent again after [`Self::retry_after_ms`], may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Milliseconds to wait before the next try, where the upstream says so.
    #[must_use]
    pub fn retry_after_ms(&self) -> Option<u64> {
        self.0.retry_after_ms
    }

    /// Path of the field that is wrong, e.g. `messages[0].role`.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The upstream's own words; they may quote the prompt.
    #[must_use]
    pub fn upstream_message(&self) -> Option<&str> {
        self.0.upstream_message.as_deref()
    }

    /// OpenRouter's `error_type` or `availability.code`, as sent.
    #[must_use]
    pub fn error_type(&self) -> Option<&str> {
        self.0.error_type.as_deref()
    }

    /// The text that had been answered before the error; `None` where no answer had begun.
    #[must_use]
    pub fn partial_text(&self) -> Option<&str> {
        self.0.partial_text.as_deref()
    }

    /// The properties of JavaScript's `OpenRouterError`; absent ones are left out.
    #[must_use]
    pub fn to_json(&self) -> String {
        let facts = &*self.0;
        let mut out = String::new();
        let mut object = ObjectWriter::new(&mut out);
        for (name, value) in [
            ("code", Some(facts.kind.code())),
            ("message", Some(facts.message.as_str())),
            ("requestId", facts.request_id.as_deref()),
            ("generationId", facts.generation_id.as_deref()),
            ("field", facts.field.as_deref()),
            ("errorType", facts.error_type.as_deref()),
            ("upstreamMessage", facts.upstream_message.as_deref()),
            ("provider", facts.provider.as_deref()),
            ("limitSource", facts.limit_source.as_deref()),
            ("partialText", facts.partial_text.as_deref()),
        ] {
            object.text(name, value);
        }
        object.value("retryable", &Value::Bool(facts.retryable));
        if let Some(status) = facts.status {
            object.value("status", &Value::integer(u64::from(status)));
        }
        if let Some(ms) = facts.retry_after_ms {
            let out = object.key("retryAfter");
            out.push_str(&decimal(ms / 1000));
            if ms % 1000 > 0 {
                // Thousandths with their zeros: 1040 ms are 1.040 s.
                out.push('.');
                out.push_str(&decimal(1000 + ms % 1000)[1..]);
            }
        }
        if let Some(usage) = &facts.usage {
            object.key("usage").push_str(usage);
        }
        if facts.attempts > 1 {
            object.value("attempts", &Value::integer(u64::from(facts.attempts)));
        }
        object.end();
        out
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use std::prelude::rust_2024::*;

    use serde_json::{Value as Document, json};

    use super::*;

    const NOW_MS: u64 = 1_793_000_000_000;

    fn facts(status: u16, headers: &[(&str, &str)]) -> ResponseFacts {
        let header =
            |name: &str| headers.iter().find(|(header, _)| *header == name).map(|(_, value)| (*value).to_owned());
        // Stands for the runtime's own reader of dates.
        let date_ms = |date: &str| match date {
            "Sun, 25 Oct 2026 22:13:50 GMT" => Some(NOW_MS + 30_000),
            "Thu, 01 Jan 1970 00:00:00 GMT" => Some(0),
            _ => None,
        };
        ResponseFacts::read(status, NOW_MS, &header, &date_ms)
    }

    fn from(status: u16, body: &Document) -> Error {
        from_response(status, &[], body)
    }

    fn from_response(status: u16, headers: &[(&str, &str)], body: &Document) -> Error {
        Error::from_response(&facts(status, headers), Value::parse(&body.to_string()).as_ref())
    }

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
    }

    #[test]
    fn a_status_alone_chooses_kind_and_retry() {
        let expected = [
            (400, "invalid_request", false),
            (401, "authentication", false),
            (402, "payment_required", false),
            (403, "permission_denied", false),
            (404, "not_found", false),
            (405, "invalid_request", false),
            (408, "timeout", true),
            (413, "payload_too_large", false),
            (422, "invalid_request", false),
            (429, "rate_limited", true),
            (500, "server_error", true),
            (502, "provider_unavailable", true),
            (503, "overloaded", true),
            (504, "timeout", true),
            (524, "timeout", true),
            (529, "overloaded", true),
            (599, "server_error", true),
        ];
        for (status, code, retryable) in expected {
            let error = Error::from_response(&facts(status, &[]), None);
            assert_eq!((error.kind().code(), error.is_retryable()), (code, retryable), "{status}");
            assert_eq!(error.status(), Some(status));
        }
    }

    #[test]
    fn the_error_type_says_more_than_the_status() {
        let error = from(
            400,
            &json!({"error": {"code": 400, "message": "too long", "metadata": {"error_type": "context_length_exceeded"}}}),
        );
        assert_eq!(error.kind(), ErrorKind::ContextLengthExceeded);
        assert_eq!(error.error_type(), Some("context_length_exceeded"));
        assert_eq!(error.upstream_message(), Some("too long"));
    }

    #[test]
    fn availability_says_most() {
        let body = json!({"error": {"error_type": "not_found", "http_status": 404, "message": "gone",
            "availability": {"code": "model_deprecated", "retryable": false, "retry_after": null}}});
        assert_eq!(from(404, &body).kind(), ErrorKind::ModelUnavailable);
        let body = json!({"error": {"message": "full", "availability":
            {"code": "capacity_exhausted", "retryable": true, "retry_after": 12}}});
        let error = from(429, &body);
        assert_eq!((error.kind(), error.retry_after_ms()), (ErrorKind::RateLimited, Some(12_000)));
        let body = json!({"error": {"message": "full", "availability": {"code": "brand_new", "retryable": false}}});
        assert_eq!((from(503, &body).kind(), from(503, &body).is_retryable()), (ErrorKind::Overloaded, false));
    }

    #[test]
    fn moderation_is_not_a_lack_of_permission() {
        for metadata in [
            json!({"reasons": ["violence"], "flagged_input": "…"}),
            json!({"patterns": ["ssn"]}),
            json!({"error_type": "permission_denied", "reasons": ["violence"]}),
        ] {
            let error = from(403, &json!({"error": {"code": 403, "message": "flagged", "metadata": metadata}}));
            assert_eq!(error.kind(), ErrorKind::ContentRefused);
        }
    }

    #[test]
    fn the_providers_own_words_are_dug_out_of_raw() {
        for raw in [
            json!("slow down"),
            json!({"error": {"message": "slow down"}}),
            json!({"error": "slow down"}),
            json!(r#"{"error":{"message":"slow down","code":429}}"#),
            json!({"message": "slow down"}),
        ] {
            let error = from(
                429,
                &json!({"error": {"message": "Provider returned error", "metadata": {"raw": raw, "provider_name": "X"}}}),
            );
            assert_eq!(error.upstream_message(), Some("slow down"), "{raw}");
        }
    }

    #[test]
    fn retry_after_comes_from_header_or_body_in_seconds() {
        let after = |headers: &[_], body: &Document| from_response(429, headers, body).retry_after_ms();
        assert_eq!(after(&[("retry-after", "7")], &json!({})), Some(7_000));
        assert_eq!(after(&[("retry-after", "-7")], &json!({})), None);
        assert_eq!(after(&[("retry-after", "soon")], &json!({})), None);
        assert_eq!(after(&[("retry-after", "Sun, 25 Oct 2026 22:13:50 GMT")], &json!({})), Some(30_000));
        assert_eq!(after(&[("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")], &json!({})), Some(0));
        assert_eq!(after(&[("x-ratelimit-reset", "1793000005000")], &json!({})), Some(5_000));
        let body = json!({"error": {"metadata": {"headers": {"X-RateLimit-Reset": "1793000009000"}}}});
        assert_eq!(after(&[], &body), Some(9_000));
        assert_eq!(after(&[], &json!({})), None);
    }

    #[test]
    fn a_daily_limit_is_not_worth_a_retry() {
        let body = json!({"error": {"code": 429, "metadata": {"limit_source": "openrouter_free_tier_daily"}}});
        assert!(!from(429, &body).is_retryable());
    }

    #[test]
    fn which_limit_it_was_is_told() {
        let body = json!({"error": {"code": 429, "metadata": {"limit_source": "user_requests"}}});
        let told: Document = serde_json::from_str(&from(429, &body).to_json()).unwrap();
        assert_eq!((&told["limitSource"], &told["retryable"]), (&json!("user_requests"), &json!(true)));
        let told: Document = serde_json::from_str(&from(429, &json!({})).to_json()).unwrap();
        assert_eq!(told.get("limitSource"), None);
    }

    #[test]
    fn an_error_in_band_takes_its_code_for_status_and_names_for_what_they_are() {
        let in_band = |error: &Document| {
            Error::in_band(&Value::parse(&error.to_string()).unwrap(), &facts(200, &[("x-request-id", "r1")]))
        };
        let error = in_band(&json!({"code": 502, "message": "upstream"}));
        assert_eq!((error.kind(), error.status()), (ErrorKind::ProviderUnavailable, Some(502)));
        let error = in_band(&json!({"code": "server_error", "message": "x"}));
        assert_eq!((error.kind(), error.status()), (ErrorKind::ServerError, Some(200)));
        let error = in_band(&json!({"code": null, "type": "server_error", "message": "x"}));
        assert_eq!(error.kind(), ErrorKind::ServerError);
        let error = in_band(&json!({"message": "?"}));
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::UpstreamError, false));
        let error = in_band(&json!("a bare string"));
        assert_eq!(error.upstream_message(), Some("a bare string"));
    }

    #[test]
    fn shapes_that_nobody_promised_do_no_harm() {
        for body in [
            json!(null),
            json!([]),
            json!("text"),
            json!({"error": null}),
            json!({"error": {"code": 1e300, "message": 5, "metadata": "x", "availability": []}}),
            json!({"error": {"code": -1, "metadata": {"raw": null, "headers": 1, "reasons": null}}}),
        ] {
            assert_eq!(from(418, &body).kind(), ErrorKind::InvalidRequest, "{body}");
        }
    }

    #[test]
    fn the_message_never_quotes_the_upstream() {
        let error = from(400, &json!({"error": {"message": "you said: my secret prompt"}}));
        assert_eq!(error.to_string(), "the request was refused as invalid (HTTP 400)");
        let properties: Document = serde_json::from_str(&error.to_json()).unwrap();
        assert_eq!(properties["upstreamMessage"], "you said: my secret prompt");
        assert!(properties.get("partialText").is_none() && properties.get("retryAfter").is_none());
    }
}
