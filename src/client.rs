//! A call, from what the caller gave to the request that is sent, and from the response to what the caller gets.
//!
//! Nothing here waits or sends: a build drives it with its own network.

use alloc::{borrow::Cow, borrow::ToOwned, string::String, vec::Vec};

use crate::{
    api::{Answer, DEFAULT_BASE_URL, Method, Operation, PROXY_BASE_PATH, check_header, is_model_slug, raw_path},
    auth::{ASKED, authorization},
    chat::{Completion, find_error},
    error::{Error, ErrorKind, ResponseFacts},
    events,
    json::{Value, concat, is_same, join},
    legacy,
    retry::{DEFAULT_RETRIES, Limits, Retry},
    schema,
};

/// An answer that is not streamed may take as long unless the caller says otherwise.
const DEFAULT_TOTAL_MS: u64 = 600_000;

/// A stream may be silent for as long: OpenRouter sends a comment every few seconds.
const DEFAULT_IDLE_MS: u64 = 120_000;

/// A longer limit, 24 days, is none: the timers of engines hold 31 bits, and fire at once where that is not enough.
const LONGEST_LIMIT_MS: u32 = 2_147_000_000;

/// Options of the client or of one call, as far as the core needs them. Headers are a list of pairs.
#[derive(Debug, Clone, Copy)]
struct Options<'a>(&'a Value<'a>, ErrorKind);

impl<'a> Options<'a> {
    fn read(options: &'a Value<'a>, kind: ErrorKind) -> Result<Self, Error> {
        schema::check_request(options, "Options").map_err(|error| match error.field() {
            // The message begins with the field already.
            Some(field) => Error::invalid(kind, field, error.message().get(field.len() + 2..).unwrap_or_default()),
            None => error,
        })?;
        schema::check_names(options, "Options", kind)?;
        Ok(Self(options, kind))
    }

    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.0.present(name)?.text()
    }

    fn ms(&self, name: &str, default: Option<u64>) -> Option<u64> {
        let is_limit = |ms: &u32| *ms <= LONGEST_LIMIT_MS;
        self.0.present(name).map_or(default, |_| self.0.index_of(name).filter(is_limit).map(u64::from))
    }

    /// Adds headers, each in place of one of the same name.
    fn headers_into(&self, headers: &mut Vec<(String, String)>) -> Result<(), Error> {
        for pair in self.0.at("headers").items() {
            let [name, value] = pair.items() else {
                return Err(Error::invalid(self.1, "headers", "expected pairs of a name and a value"));
            };
            let (name, value) = (name.text().unwrap_or_default(), value.text().unwrap_or_default());
            self.set_header(headers, &concat(&["headers.", &name]), &name, value.into_owned())?;
        }
        for (option, name) in [("siteURL", "HTTP-Referer"), ("siteName", "X-OpenRouter-Title")] {
            if let Some(value) = self.text(option) {
                // Names are in any language; headers are ASCII.
                let value = if value.is_ascii() { value.into_owned() } else { percent_encoded(&value) };
                self.set_header(headers, option, name, value)?;
            }
        }
        let (option, given) = match (self.text("apiKey"), self.text("auth")) {
            (None, None) => return Ok(()),
            (Some(key), None) => ("apiKey", key),
            (None, Some(token)) => ("auth", token),
            (Some(_), Some(_)) => {
                return Err(Error::invalid(self.1, "auth", "give either apiKey or auth, which is for tokens that end"));
            }
        };
        if given.is_empty() {
            return Err(Error::invalid(self.1, option, &concat(&["expected a text, or no ", option, " at all"])));
        }
        if given == ASKED {
            replace_header(headers, "Authorization", given.into_owned());
            return Ok(());
        }
        self.set_header(headers, option, "Authorization", authorization(&given))
    }

    fn set_header(
        &self,
        headers: &mut Vec<(String, String)>,
        field: &str,
        name: &str,
        value: String,
    ) -> Result<(), Error> {
        check_header(self.1, field, name, &value)?;
        replace_header(headers, name, value);
        Ok(())
    }
}

/// Adds a header in place of those of the same name.
fn replace_header(headers: &mut Vec<(String, String)>, name: &str, value: String) {
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value));
}

/// Where requests go and what they carry.
#[derive(Clone)]
pub struct Settings {
    /// Without a slash at its end.
    base_url: String,
    page_origin: Option<String>,
    headers: Vec<(String, String)>,
    /// As JSON: what calls fall back to.
    options: String,
}

impl Settings {
    /// Checks what the caller gave and fills in the rest: from the environment where there is one, then by default.
    ///
    /// On a page (`page_origin`) the base URL is its own `/api/v1`, where a proxy holds the key; elsewhere it is
    /// OpenRouter itself, and a key is needed. `auth` is a token, or [`ASKED`] where the caller has a function for it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] with the option that is wrong or missing.
    pub fn new(
        options: &str,
        page_origin: Option<&str>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let kind = ErrorKind::Configuration;
        let parsed = object(options, kind)?;
        let given = Options::read(&parsed, kind)?;
        let from_environment =
            |name: &str| environment(name).filter(|value| !value.is_empty() && page_origin.is_none());

        let mut headers = Vec::new();
        let mut fallback = Vec::new();
        for (name, option) in
            [("OPENROUTER_API_KEY", "apiKey"), ("OPENROUTER_SITE_URL", "siteURL"), ("OPENROUTER_SITE_NAME", "siteName")]
        {
            if let Some(value) = from_environment(name) {
                fallback.push((Cow::Borrowed(option), Value::string(&value)));
            }
        }
        let fallback = Value::Object(fallback);
        Options(&fallback, kind).headers_into(&mut headers)?;
        given.headers_into(&mut headers)?;

        let base_url = given.text("baseURL").map(Cow::into_owned).or_else(|| from_environment("OPENROUTER_BASE_URL"));
        let has_key = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let base_url = match (base_url, page_origin) {
            (Some(given), _) => absolute_base_url(&given, page_origin, kind)?,
            (None, Some(origin)) => concat(&[origin, PROXY_BASE_PATH]),
            (None, None) if has_key => DEFAULT_BASE_URL.to_owned(),
            (None, None) => {
                return Err(Error::invalid(
                    kind,
                    "apiKey",
                    "required where there is no page: new OpenRouter({ apiKey }), the variable OPENROUTER_API_KEY, or \
                     the baseURL of a proxy",
                ));
            }
        };
        Ok(Self { base_url, page_origin: page_origin.map(ToOwned::to_owned), headers, options: options.to_owned() })
    }

    /// Prepares a call: what is asked is read now, whatever becomes of the caller's objects later.
    ///
    /// `request` and `options` are JSON; `stream` is whether a stream is wanted.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with the field, option or header that is wrong.
    pub fn prepare(
        &self,
        operation: &Operation,
        request: &str,
        stream: bool,
        options: &str,
    ) -> Result<Prepared, Error> {
        let mut warnings = Vec::new();
        let not_an_object = || Error::new(ErrorKind::InvalidRequest, "the request must be an object");
        let mut parsed = Value::parse(request).ok_or_else(not_an_object)?;
        if operation.answer != Answer::Bytes && !stream && parsed.at("stream").is_true() {
            let problem = "use stream(), streamResponses(), streamMessages() or streamImages() for a streamed answer";
            return Err(Error::invalid(ErrorKind::InvalidRequest, "stream", problem));
        }
        if stream && parsed.present("stream").is_some_and(|given| !given.is_true()) {
            let problem = "a method that streams always does: leave it out, or use the one that does not";
            return Err(Error::invalid(ErrorKind::InvalidRequest, "stream", problem));
        }
        let is_changed = operation.answer == Answer::Chat && legacy::modernise(&mut parsed, &mut warnings)?;
        schema::check_request(&parsed, operation.request)?;
        let (path, body) = match operation.method {
            Method::Get => (target(operation.path, &parsed)?, None),
            Method::Post => {
                let body = if is_changed { parsed.to_json() } else { request.to_owned() };
                let asks_for_stream = parsed.at("stream").is_true();
                (operation.path.to_owned(), Some(if stream && !asks_for_stream { streamed(&body) } else { body }))
            }
        };
        let mut prepared = self.finish(Some(operation), operation.method, &path, body, stream, options, warnings)?;
        match operation.path {
            "/generation" => prepared.retry.await_record(),
            // A code is good for one try, and proves who asks: a key would say something else.
            "/auth/keys" => {
                prepared.request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
                prepared.retry = Retry::new(0, Vec::new());
            }
            _ => {}
        }
        Ok(prepared)
    }

    /// Prepares a request of any path below the base URL, its body JSON or none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with what is wrong.
    pub fn prepare_raw(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
        options: &str,
    ) -> Result<Prepared, Error> {
        let method = match method {
            "GET" => Method::Get,
            "POST" => Method::Post,
            _ => return Err(Error::invalid(ErrorKind::InvalidRequest, "method", "expected GET or POST")),
        };
        if method == Method::Get && body.is_some() {
            let problem = "a GET has none: put it into the path's query";
            return Err(Error::invalid(ErrorKind::InvalidRequest, "body", problem));
        }
        self.finish(None, method, raw_path(path)?, body, false, options, Vec::new())
    }

    #[expect(clippy::too_many_arguments, reason = "all that a request is made of")]
    fn finish(
        &self,
        operation: Option<&Operation>,
        method: Method,
        path: &str,
        body: Option<String>,
        stream: bool,
        options: &str,
        warnings: Vec<&'static str>,
    ) -> Result<Prepared, Error> {
        let kind = ErrorKind::InvalidRequest;
        let own = object(options, kind)?;
        let own = Options::read(&own, kind)?;
        let general = Value::parse(&self.options).unwrap_or(Value::Null);
        let general = Options(&general, kind);

        let mut headers = self.headers.clone();
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        own.headers_into(&mut headers)?;
        let base_url = match own.text("baseURL") {
            Some(given) => absolute_base_url(&given, self.page_origin.as_deref(), kind)?,
            None => self.base_url.clone(),
        };
        let ms = |name: &str, default: Option<u64>| own.ms(name, general.ms(name, default));
        let limits = Limits {
            total_ms: ms("timeout", (!stream).then_some(DEFAULT_TOTAL_MS)),
            first_token_ms: ms("firstTokenTimeout", None),
            idle_ms: ms("idleTimeout", stream.then_some(DEFAULT_IDLE_MS)),
        };
        let retries =
            own.0.index_of("maxRetries").or_else(|| general.0.index_of("maxRetries")).unwrap_or(DEFAULT_RETRIES);
        // Only who asks a model can ask another one.
        let has_model = operation.is_some_and(|operation| {
            operation.answer == Answer::Chat || matches!(operation.path, "/responses" | "/messages")
        });
        let models = own.0.present("fallbackModels").or_else(|| general.0.present("fallbackModels"));
        let models = models.map_or(&[][..], Value::items).iter().filter_map(|model| Some(model.text()?.into_owned()));
        Ok(Prepared {
            request: HttpRequest { method, url: concat(&[&base_url, path]), headers, body },
            retry: Retry::new(retries, if has_model { models.collect() } else { Vec::new() }),
            limits,
            warnings,
        })
    }
}

/// Without headers and options: they hold the key.
impl core::fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Settings").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// What is to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// HTTP method.
    pub method: Method,
    /// Whole URL.
    pub url: String,
    /// Names and values, checked; [`ASKED`] in place of a token that is not there yet.
    pub headers: Vec<(String, String)>,
    /// JSON, for `POST`.
    pub body: Option<String>,
}

impl HttpRequest {
    /// Asks another model for the same.
    pub fn set_model(&mut self, model: &str) {
        let Some(Value::Object(mut entries)) = self.body.as_deref().and_then(Value::parse) else { return };
        entries.retain(|(key, _)| !is_same(key, "model") && !is_same(key, "models"));
        entries.insert(0, (Cow::Borrowed("model"), Value::string(model)));
        self.body = Some(Value::Object(entries).to_json());
    }
}

/// Without the headers: they hold the key.
impl core::fmt::Debug for HttpRequest {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("HttpRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A call that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What is to be sent.
    pub request: HttpRequest,
    /// What to do if that fails.
    pub retry: Retry,
    /// How long it may take.
    pub limits: Limits,
    /// Sentences for the developer's console.
    pub warnings: Vec<&'static str>,
}

/// Whether a response is a success; if not, its body tells what it is.
#[must_use]
pub fn is_success(facts: &ResponseFacts) -> bool {
    (200..300).contains(&facts.status)
}

/// The error that a response is, by its body, if that came through.
#[must_use]
pub fn error_of(facts: &ResponseFacts, body: Option<&str>) -> Error {
    Error::from_response(facts, body.and_then(Value::parse).as_ref())
}

/// Checks the body of a successful response.
///
/// # Errors
/// An error inside an answer with status 200; [`ErrorKind::MalformedResponse`] where it is not what the API sends.
pub fn check_answer(answer: Answer, facts: &ResponseFacts, body: &str) -> Result<(), Error> {
    let malformed = |problem: &str| Error::new(ErrorKind::MalformedResponse, problem).with_facts(facts);
    let parsed = Value::parse(body).ok_or_else(|| malformed("the answer is not JSON"))?;
    if answer != Answer::Chat {
        return events::find_error(&parsed).map_or(Ok(()), |error| Err(Error::in_band(&error, facts)));
    }
    if let Some(error) = find_error(&parsed) {
        let partial = Completion::read(&parsed);
        return Err(Error::in_band(error, facts).with_partial_text(partial.text()).with_usage(partial.usage()));
    }
    if parsed.at("choices").is_array() { Ok(()) } else { Err(malformed("the answer has no choices")) }
}

fn object(options: &str, kind: ErrorKind) -> Result<Value<'_>, Error> {
    let parsed = Value::parse(options).filter(Value::is_object);
    parsed.ok_or_else(|| Error::invalid(kind, "options", "expected an object"))
}

fn absolute_base_url(given: &str, page_origin: Option<&str>, kind: ErrorKind) -> Result<String, Error> {
    let url = match page_origin {
        _ if given.starts_with("https://") || given.starts_with("http://") => given.to_owned(),
        Some(origin) if given.starts_with('/') && !given.starts_with("//") => concat(&[origin, given]),
        _ => {
            let problem = "expected a URL such as https://openrouter.ai/api/v1, or a path on a page";
            return Err(Error::invalid(kind, "baseURL", problem));
        }
    };
    Ok(url.trim_end_matches('/').to_owned())
}

/// The body with `stream` set and nothing else changed.
fn streamed(body: &str) -> String {
    let rest = body.trim_ascii_end().strip_suffix('}').unwrap_or_default().trim_ascii_end();
    let comma = if rest.ends_with('{') { "" } else { "," };
    concat(&[rest, comma, "\"stream\":true}"])
}

/// A path with `{model}` filled in, and what else is asked as its query; lists are joined by commas, as the API takes
/// them.
fn target(path: &str, request: &Value<'_>) -> Result<String, Error> {
    let mut target = String::new();
    let taken = if let Some((before, after)) = path.split_once(['{', '}']) {
        let after = after.strip_prefix("model}").unwrap_or_default();
        let model = request.text_of("model").unwrap_or_default();
        if !is_model_slug(&model) {
            return Err(Error::invalid(
                ErrorKind::InvalidRequest,
                "model",
                "expected author/name, e.g. openai/gpt-5.2",
            ));
        }
        target.push_str(&concat(&[before, &*model, after]));
        "model"
    } else {
        target.push_str(path);
        ""
    };
    let mut separator = '?';
    for (key, value) in request.entries() {
        if value.is_null() || key == taken {
            continue;
        }
        let text = match value {
            Value::Array(items) => join(items.iter().map(plain), ","),
            _ => plain(value),
        };
        target.push(separator);
        separator = '&';
        target.push_str(&percent_encoded(key));
        target.push('=');
        target.push_str(&percent_encoded(&text));
    }
    Ok(target)
}

fn plain(value: &Value<'_>) -> String {
    value.text().map_or_else(|| value.to_json(), Cow::into_owned)
}

/// As `encodeURIComponent` does it.
pub(crate) fn percent_encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~*'()!".contains(&byte) {
            out.push(char::from(byte));
        } else {
            for digit in [b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]] {
                out.push(char::from(digit));
            }
        }
    }
    out
}
