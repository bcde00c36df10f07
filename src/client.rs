//! The calls, over whatever network and JSON the build has.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    api::{Call, DEFAULT_BASE_URL, PROXY_BASE_PATH, check_header},
    chat::{ChatStream, Completion, find_error},
    error::{Error, ErrorKind, ResponseFacts},
    json::{Json, Kind},
    models,
    schema::Schema,
    transport::{HttpRequest, HttpResponse, Transport},
};

/// What `encodeURIComponent` leaves as it is.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Where requests go and what they carry.
#[derive(Clone)]
pub struct Settings {
    base_url: String,
    headers: Vec<(String, String)>,
}

impl Settings {
    /// Checks what the caller gave and fills in the rest.
    ///
    /// On a page (`page_origin`) the base URL is its own `/api/v1`, where a proxy holds the key; elsewhere it is
    /// OpenRouter itself, and a key is needed.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] with the option that is wrong or missing.
    pub fn new(
        base_url: Option<&str>,
        api_key: Option<&str>,
        headers: Vec<(String, String)>,
        page_origin: Option<&str>,
    ) -> Result<Self, Error> {
        let invalid = |field: &str, problem: &str| Error::invalid(ErrorKind::Configuration, field, problem);
        let base_url = match (base_url, page_origin) {
            (Some(given), _) if given.starts_with("https://") || given.starts_with("http://") => given.to_owned(),
            (Some(given), Some(origin)) if given.starts_with('/') && !given.starts_with("//") => {
                [origin, given].concat()
            }
            (Some(_), _) => {
                return Err(invalid(
                    "baseURL",
                    "expected a URL such as https://openrouter.ai/api/v1, or a path on a page",
                ));
            }
            (None, Some(origin)) => [origin, PROXY_BASE_PATH].concat(),
            (None, None) if api_key.is_some() => DEFAULT_BASE_URL.to_owned(),
            (None, None) => {
                return Err(invalid(
                    "apiKey",
                    "required where there is no page: new OpenRouter({ apiKey }), or give the baseURL of a proxy",
                ));
            }
        };
        for (name, value) in &headers {
            check_header(ErrorKind::Configuration, &["headers.", name].concat(), name, value)?;
        }
        let mut settings = Self { base_url: base_url.trim_end_matches('/').to_owned(), headers };
        if let Some(key) = api_key {
            if key.is_empty() {
                return Err(invalid("apiKey", "expected a key, or no apiKey at all"));
            }
            check_header(ErrorKind::Configuration, "apiKey", "Authorization", key)?;
            settings.headers.push(("Authorization".to_owned(), ["Bearer ", key].concat()));
        }
        Ok(settings)
    }

    /// Where requests go, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// `POST /chat/completions` with the caller's request as it is now, and headers of this call only.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with the field or header that is wrong.
    pub fn chat_request<T: Transport>(
        &self,
        request: &T::Json,
        stream: bool,
        headers: &[(String, String)],
    ) -> Result<HttpRequest<T::Payload>, Error> {
        Schema::ChatRequest.check(request)?;
        if request.present("stream").is_some_and(|given| given.is_true() != stream) {
            let problem = if stream {
                "stream() always streams: leave it out, or use chat()"
            } else {
                "use stream() for a streamed answer"
            };
            return Err(Error::invalid(ErrorKind::InvalidRequest, "stream", problem));
        }
        self.request(&Call::ChatCompletions, "", Some(T::payload(request, stream)?), headers)
    }

    /// `GET /models` with a query, and headers of this call only.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with the parameter or header that is wrong.
    pub fn models_request<T: Transport>(
        &self,
        query: Option<&T::Json>,
        headers: &[(String, String)],
    ) -> Result<HttpRequest<T::Payload>, Error> {
        let query = query.map_or(Ok(String::new()), query_string)?;
        self.request(&Call::Models, &query, None, headers)
    }

    fn request<P>(
        &self,
        call: &Call,
        query: &str,
        body: Option<P>,
        headers: &[(String, String)],
    ) -> Result<HttpRequest<P>, Error> {
        let mut all = self.headers.clone();
        if body.is_some() {
            all.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        for (name, value) in headers {
            check_header(ErrorKind::InvalidRequest, &["headers.", name].concat(), name, value)?;
            all.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            all.push((name.clone(), value.clone()));
        }
        let url = [&self.base_url, &*call.path(), query].concat();
        Ok(HttpRequest { method: call.method(), url, headers: all, body })
    }
}

/// Without the headers: they hold the key.
impl std::fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Settings").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// The calls: sends what [`Settings`] made, and makes something of what comes back.
#[derive(Debug)]
pub struct Client<T>(pub T);

impl<T: Transport> Client<T> {
    /// The whole answer to a chat, as sent.
    ///
    /// # Errors
    /// A response that is no success, an error inside an answer with status 200, an answer that is none.
    pub async fn chat(&self, request: HttpRequest<T::Payload>) -> Result<T::Json, Error> {
        let (facts, answer) = self.read(request).await?;
        if let Some(error) = find_error(&answer) {
            let partial = Completion::read(&answer);
            return Err(Error::in_band(&error, &facts).with_partial_text(partial.text().to_owned()));
        }
        if answer.get("choices").is_none_or(|choices| choices.kind() != Kind::Array) {
            return Err(Error::new(ErrorKind::MalformedResponse, "the answer has no choices").with_facts(&facts));
        }
        Ok(answer)
    }

    /// The decoder of a streamed answer, and the body to feed it with.
    ///
    /// # Errors
    /// A response that is no success or no stream; what goes wrong later comes from the decoder.
    pub async fn stream(&self, request: HttpRequest<T::Payload>) -> Result<(ChatStream<T::Json>, T::Body), Error> {
        let HttpResponse { facts, body } = self.send(request).await?;
        if facts.is_event_stream {
            return Ok((ChatStream::new(facts), body));
        }
        let answer = self.read_body(body, &facts).await?;
        Err(match find_error(&answer) {
            Some(error) => Error::in_band(&error, &facts),
            None => Error::new(ErrorKind::MalformedResponse, "the answer is not an event stream").with_facts(&facts),
        })
    }

    /// The model list, as sent.
    ///
    /// # Errors
    /// A response that is no success or no list.
    pub async fn models(&self, request: HttpRequest<T::Payload>) -> Result<T::Json, Error> {
        let (facts, answer) = self.read(request).await?;
        models::check_list(&answer).map_err(|error| error.with_facts(&facts))?;
        Ok(answer)
    }

    async fn send(&self, request: HttpRequest<T::Payload>) -> Result<HttpResponse<T::Body>, Error> {
        let response = self.0.send(request).await?;
        if (200..300).contains(&response.facts.status) {
            return Ok(response);
        }
        // An error whose body breaks off is still that error.
        let body = self.0.read(response.body).await.unwrap_or(None);
        Err(Error::from_response(&response.facts, body.as_ref()))
    }

    async fn read(&self, request: HttpRequest<T::Payload>) -> Result<(ResponseFacts, T::Json), Error> {
        let HttpResponse { facts, body } = self.send(request).await?;
        let document = self.read_body(body, &facts).await?;
        Ok((facts, document))
    }

    async fn read_body(&self, body: T::Body, facts: &ResponseFacts) -> Result<T::Json, Error> {
        let document = self.0.read(body).await.and_then(|document| {
            document.ok_or_else(|| Error::new(ErrorKind::MalformedResponse, "the answer is not JSON"))
        });
        document.map_err(|error| error.with_facts(facts))
    }
}

/// `?key=value&…`; lists are joined by commas, as the API takes them.
fn query_string<J: Json>(query: &J) -> Result<String, Error> {
    Schema::ModelsQuery.check(query)?;
    let mut out = String::new();
    for key in query.keys() {
        let Some(value) = query.present(&key) else { continue };
        let text = if value.kind() == Kind::Array {
            value.items().map(|item| plain_text(&*item)).collect::<Vec<_>>().join(",")
        } else {
            plain_text(&*value)
        };
        out.push(if out.is_empty() { '?' } else { '&' });
        out.extend(utf8_percent_encode(&key, QUERY));
        out.push('=');
        out.extend(utf8_percent_encode(&text, QUERY));
    }
    Ok(out)
}

fn plain_text<J: Json>(value: &J) -> String {
    value.text().map_or_else(|| value.to_json(), std::borrow::Cow::into_owned)
}
