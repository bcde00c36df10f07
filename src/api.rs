//! Which call is which method, path and headers: the table of what the client offers by name, and the few of them that
//! the Worker lets pass.

use alloc::{
    borrow::{Cow, ToOwned},
    string::String,
};

use crate::{
    error::{Error, ErrorKind},
    json::concat,
};

/// Where OpenRouter itself answers.
pub const DEFAULT_BASE_URL: &str = "https://openrouter.ai/api/v1";

/// Where a proxy answers below its origin, so that a page needs no setting.
pub const PROXY_BASE_PATH: &str = "/api/v1";

/// HTTP method of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

impl Method {
    /// As it stands in a request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// What an operation answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A `chat.completion`, or a stream of its chunks.
    Chat,
    /// JSON, or a stream of events where the request asks for one.
    Json,
    /// Bytes of some media type.
    Bytes,
}

/// An operation that the client offers by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// As the client calls it; empty where it has no name there.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path below the base URL; `{model}` stands for the request's `model`, `{id}` for a job's.
    pub path: &'static str,
    /// The request's type in `request.schema`.
    pub request: &'static str,
    /// What comes back.
    pub answer: Answer,
}

const fn get(name: &'static str, path: &'static str, request: &'static str) -> Operation {
    Operation { name, method: Method::Get, path, request, answer: Answer::Json }
}

const fn post(name: &'static str, path: &'static str, request: &'static str) -> Operation {
    Operation { name, method: Method::Post, path, request, answer: Answer::Json }
}

const CHAT: Operation = Operation { answer: Answer::Chat, ..post("chat", "/chat/completions", "ChatRequest") };
const MODELS: Operation = get("models", "/models", "ModelsQuery");
const MODEL: Operation = get("model", "/model/{model}", "ModelPath");
const ENDPOINTS: Operation = get("endpoints", "/models/{model}/endpoints", "ModelPath");
const COUNT_MODELS: Operation = get("countModels", "/models/count", "ModelsQuery");
const USER_MODELS: Operation = get("userModels", "/models/user", "ModelsQuery");
const PROVIDERS: Operation = get("providers", "/providers", "Anything");
const EMBEDDINGS: Operation = post("embeddings", "/embeddings", "EmbeddingsRequest");
const RERANK: Operation = post("rerank", "/rerank", "RerankRequest");
const IMAGES: Operation = post("images", "/images", "ImagesRequest");
const SPEECH: Operation = Operation { answer: Answer::Bytes, ..post("speech", "/audio/speech", "SpeechRequest") };
const TRANSCRIPTION: Operation = post("transcription", "/audio/transcriptions", "TranscriptionRequest");
const RESPONSES: Operation = post("responses", "/responses", "ResponsesRequest");
const MESSAGES: Operation = post("messages", "/messages", "MessagesRequest");
const KEY: Operation = get("key", "/key", "Anything");
const GENERATION: Operation = get("generation", "/generation", "GenerationQuery");

/// What a client may ask for. Source: OpenRouter's `OpenAPI` document (2026-08), without what manages an account.
pub static OPERATIONS: [Operation; 17] = [
    CHAT,
    MODELS,
    MODEL,
    ENDPOINTS,
    COUNT_MODELS,
    USER_MODELS,
    PROVIDERS,
    EMBEDDINGS,
    RERANK,
    IMAGES,
    SPEECH,
    TRANSCRIPTION,
    RESPONSES,
    MESSAGES,
    KEY,
    GENERATION,
    post("exchangeCode", "/auth/keys", "CodeExchange"),
];

/// A call that a proxy may let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `POST /chat/completions`
    ChatCompletions,
    /// `POST /completions`
    Completions,
    /// `POST /responses`
    Responses,
    /// `POST /messages`
    Messages,
    /// `POST /embeddings`
    Embeddings,
    /// `POST /rerank`
    Rerank,
    /// `POST /images`
    Images,
    /// `POST /audio/speech`
    Speech,
    /// `POST /audio/transcriptions`
    Transcriptions,
    /// `POST /videos`
    Videos,
    /// `GET /videos/{id}`
    Video,
    /// `GET /videos/{id}/content`
    VideoContent,
    /// `GET /models`
    Models,
    /// `GET /models/count`
    ModelCount,
    /// `GET /models/user`
    UserModels,
    /// `GET /model/{author}/{slug}`
    Model,
    /// `GET /models/{author}/{slug}/endpoints`
    ModelEndpoints,
    /// `GET /embeddings/models`
    EmbeddingModels,
    /// `GET /images/models`
    ImageModels,
    /// `GET /images/models/{author}/{slug}/endpoints`
    ImageModelEndpoints,
    /// `GET /videos/models`
    VideoModels,
    /// `GET /endpoints/zdr`
    ZdrEndpoints,
    /// `GET /providers`
    Providers,
    /// `GET /generation`
    Generation,
    /// `GET /key`
    Key,
}

/// What a proxy may let pass: the client's operations but for `exchangeCode`, which no proxy's key belongs to, and
/// those that its `request()` reaches. A table of its own, so that a browser has no more than it calls by name. Paths
/// without a parameter stand before those with one that would take them too.
pub static PASSED: [(Endpoint, Operation); 25] = [
    (Endpoint::ChatCompletions, CHAT),
    (Endpoint::Completions, post("", "/completions", "Anything")),
    (Endpoint::Responses, RESPONSES),
    (Endpoint::Messages, MESSAGES),
    (Endpoint::Embeddings, EMBEDDINGS),
    (Endpoint::Rerank, RERANK),
    (Endpoint::Images, IMAGES),
    (Endpoint::Speech, SPEECH),
    (Endpoint::Transcriptions, TRANSCRIPTION),
    (Endpoint::Models, MODELS),
    (Endpoint::ModelCount, COUNT_MODELS),
    (Endpoint::UserModels, USER_MODELS),
    (Endpoint::Model, MODEL),
    (Endpoint::ModelEndpoints, ENDPOINTS),
    (Endpoint::EmbeddingModels, get("", "/embeddings/models", "ModelsQuery")),
    (Endpoint::ImageModels, get("", "/images/models", "Anything")),
    (Endpoint::ImageModelEndpoints, get("", "/images/models/{model}/endpoints", "ModelPath")),
    (Endpoint::VideoModels, get("", "/videos/models", "Anything")),
    (Endpoint::ZdrEndpoints, get("", "/endpoints/zdr", "Anything")),
    (Endpoint::Providers, PROVIDERS),
    (Endpoint::Videos, post("", "/videos", "Anything")),
    (Endpoint::Video, get("", "/videos/{id}", "Anything")),
    (Endpoint::VideoContent, Operation { answer: Answer::Bytes, ..get("", "/videos/{id}/content", "Anything") }),
    (Endpoint::Generation, GENERATION),
    (Endpoint::Key, KEY),
];

impl Endpoint {
    /// The request's type in `request.schema`.
    #[must_use]
    pub fn request(self) -> &'static str {
        PASSED.iter().find(|(endpoint, _)| *endpoint == self).map_or("Anything", |(_, operation)| operation.request)
    }
}

/// A call that a proxy may let pass, with what its path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Which it is.
    pub endpoint: Endpoint,
    /// The model (`author/slug`) or the job that the path names; empty where it names none.
    pub subject: String,
    /// Whether the answer is the document's `data` alone: for clients that ask for a model by `/models/author%2Fslug`.
    pub is_bare: bool,
    operation: &'static Operation,
}

/// Why a method and path are no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCall {
    /// Nothing that we know is there.
    NotFound,
    /// The path takes this method only.
    MethodNotAllowed(Method),
}

impl Call {
    /// The call that a request line makes, its path taken below the base URL.
    ///
    /// Paths are matched whole: `/presets/x/chat/completions` looks like a chat, but overwrites a preset. What clients made
    /// for another API call otherwise, and cannot be told to call as here, is found too: `/images/generations`, and
    /// `/models/author%2Fslug` for a model.
    ///
    /// # Errors
    /// [`NoCall`] where the API has no such call, or this project does not offer it.
    pub fn find(method: &str, path: &str) -> Result<Self, NoCall> {
        let slug = path.strip_prefix("/models/").and_then(|slug| slug.split_once('%'));
        let bare = slug.and_then(|(author, rest)| Some(concat(&["/model/", author, "/", rest.strip_prefix("2F")?])));
        let path = match path {
            "/auth/key" => KEY.path,
            "/images/generations" => IMAGES.path,
            _ => bare.as_deref().unwrap_or(path),
        };
        let (endpoint, subject, operation) = PASSED
            .iter()
            .find_map(|(endpoint, operation)| Some((*endpoint, operation.subject_in(path)?, operation)))
            .ok_or(NoCall::NotFound)?;
        if operation.method.as_str() != method {
            return Err(NoCall::MethodNotAllowed(operation.method));
        }
        Ok(Self { endpoint, subject: subject.to_owned(), is_bare: bare.is_some(), operation })
    }

    /// The method that it takes.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.operation.method
    }

    /// The request's type in `request.schema`.
    #[must_use]
    pub const fn request(&self) -> &'static str {
        self.operation.request
    }

    /// What it answers with.
    #[must_use]
    pub const fn answer(&self) -> Answer {
        self.operation.answer
    }

    /// Its path below the base URL.
    #[must_use]
    pub fn path(&self) -> Cow<'static, str> {
        match self.operation.split_path() {
            Some((before, _, after)) => Cow::Owned(concat(&[before, &self.subject, after])),
            None => Cow::Borrowed(self.operation.path),
        }
    }
}

impl Operation {
    /// The operation with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| operation.name == name)
    }

    /// The path before its parameter, the parameter's name, and the path after it.
    fn split_path(&self) -> Option<(&'static str, &'static str, &'static str)> {
        let (before, rest) = self.path.split_once('{')?;
        let (name, after) = rest.split_once('}')?;
        Some((before, name, after))
    }

    /// What a path gives as this one's parameter, empty if it has none; `None` if this is another path.
    fn subject_in<'a>(&self, path: &'a str) -> Option<&'a str> {
        let Some((before, name, after)) = self.split_path() else { return (path == self.path).then_some("") };
        let subject = path.strip_prefix(before)?.strip_suffix(after)?;
        (if name == "model" { is_model_slug(subject) } else { is_job_id(subject) }).then_some(subject)
    }
}

/// The path that a raw request goes to: names of older guides are brought up to date.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] where this is no path below the base URL.
pub fn raw_path(path: &str) -> Result<&str, Error> {
    let is_safe = path.starts_with('/')
        && !path.starts_with("//")
        && !path.split(['/', '?']).any(|step| step == "..")
        // `fetch` takes an escaped dot for a dot.
        && !path.as_bytes().windows(3).any(|escape| escape.eq_ignore_ascii_case(b"%2e"))
        && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#".contains(&byte));
    match path {
        "/auth/key" => Ok("/key"),
        _ if is_safe => Ok(path),
        _ => Err(Error::invalid(
            ErrorKind::InvalidRequest,
            "path",
            "expected a path below the base URL, such as /models",
        )),
    }
}

/// What the API calls the format of a sound that is named so by its media type (`audio/mpeg`) or by its file's name.
#[must_use]
pub fn audio_format(name: &str) -> &str {
    match name {
        "mpeg" | "mpga" => "mp3",
        "wave" | "vnd.wave" => "wav",
        "mp4" => "m4a",
        "oga" | "opus" => "ogg",
        name => name,
    }
}

/// Whether this is `author/slug` as OpenRouter writes it (`~author/family-latest`, `author/slug:variant`), and safe in a path.
#[must_use]
pub fn is_model_slug(slug: &str) -> bool {
    let is_name = |name: &str, extra: &[u8]| {
        !name.is_empty()
            && !name.starts_with('.')
            && !name.as_bytes().windows(2).any(|pair| pair == b"..")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) || extra.contains(&byte))
    };
    slug.split_once('/')
        .is_some_and(|(author, name)| is_name(author.strip_prefix('~').unwrap_or(author), b"") && is_name(name, b":"))
}

/// Whether this may be the id of a job, and is safe in a path.
fn is_job_id(id: &str) -> bool {
    (1..=200).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Refuses a header that `fetch` would refuse, before its text can get into somebody else's error message.
///
/// # Errors
/// `kind` with `field` where the name is no token, or the value has characters other than visible ASCII, space and tab.
pub fn check_header(kind: ErrorKind, field: &str, name: &str, value: &str) -> Result<(), Error> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(Error::invalid(kind, field, "this is not the name of a header"));
    }
    if !value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) {
        return Err(Error::invalid(
            kind,
            field,
            "a header value may hold visible ASCII only (percent-encode the rest)",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::prelude::rust_2024::*;

    use super::*;

    fn find(method: &str, path: &str) -> Result<(Endpoint, String), NoCall> {
        Call::find(method, path).map(|call| (call.endpoint, call.subject))
    }

    #[test]
    fn every_call_is_found_under_its_own_method_and_path() {
        for (endpoint, operation) in &PASSED {
            let path = operation.path.replace("{model}", "~openai/gpt-latest:free").replace("{id}", "job-1_a");
            let call = Call::find(operation.method.as_str(), &path).unwrap();
            assert_eq!((call.endpoint, &*call.path(), call.method()), (*endpoint, &*path, operation.method));
            assert_eq!((call.request(), call.answer()), (operation.request, operation.answer));
            assert_eq!(call.subject.is_empty(), !operation.path.contains('{'), "{path}");
        }
        assert_eq!(find("GET", "/auth/key"), Ok((Endpoint::Key, String::new())), "as older guides call it");
        assert_eq!(find("GET", "/models/user/endpoints"), Err(NoCall::NotFound));
        assert_eq!(find("GET", "/videos/models"), Ok((Endpoint::VideoModels, String::new())));
    }

    #[test]
    fn what_openais_clients_call_otherwise_is_found() {
        let images = Call::find("POST", "/images/generations").unwrap();
        assert_eq!((images.endpoint, &*images.path()), (Endpoint::Images, "/images"));
        assert_eq!(find("GET", "/images/generations"), Err(NoCall::MethodNotAllowed(Method::Post)));
        let model = Call::find("GET", "/models/openai%2Fgpt-5.2:free").unwrap();
        assert_eq!(
            (model.endpoint, &*model.path(), model.is_bare),
            (Endpoint::Model, "/model/openai/gpt-5.2:free", true)
        );
        assert!(!Call::find("GET", "/model/openai/gpt-5.2").unwrap().is_bare);
        assert_eq!(find("POST", "/models/a%2Fb"), Err(NoCall::MethodNotAllowed(Method::Get)));
        for path in [
            "/models/a%2fb",
            "/models/a%2F",
            "/models/%2Fb",
            "/models/a%2Fb/",
            "/models/a%2Fb%2Fc",
            "/models/a/b%2Fc",
            "/models/a%2Fb/c",
            "/models/a%2Fb/endpoints",
            "/models/..%2Fkeys",
            "/models/a%2F..",
            "/models/a%2F..%2F..%2Fkeys",
            "/models/a%252Fb",
            "/model/a%2Fb",
            "/models/models/a%2Fb",
            "/images/generations/",
            "/images/edits",
        ] {
            assert_eq!(find("GET", path), Err(NoCall::NotFound), "{path}");
        }
    }

    #[test]
    fn what_the_client_calls_passes_but_for_signing_in() {
        for operation in &OPERATIONS {
            let is_passed = PASSED.iter().any(|(_, passed)| passed == operation);
            assert_eq!(is_passed, operation.name != "exchangeCode", "{}", operation.name);
        }
        let schema = include_str!("request.schema");
        for (_, operation) in &PASSED {
            assert!(
                schema.lines().any(|line| line.split(' ').next() == Some(operation.request)),
                "{}",
                operation.request
            );
        }
    }

    #[test]
    fn another_method_is_told_which_one_it_is() {
        assert_eq!(find("GET", "/chat/completions"), Err(NoCall::MethodNotAllowed(Method::Post)));
        assert_eq!(find("DELETE", "/models"), Err(NoCall::MethodNotAllowed(Method::Get)));
        assert_eq!(find("get", "/models"), Err(NoCall::MethodNotAllowed(Method::Get)));
        assert_eq!(find("POST", "/videos/job-1"), Err(NoCall::MethodNotAllowed(Method::Get)));
    }

    #[test]
    fn paths_are_matched_whole() {
        for path in [
            "",
            "/",
            "/models/",
            "/models/a/b",
            "/models/a/endpoints",
            "/models/a/b/c/endpoints",
            "/models/../keys/endpoints",
            "/models/a/..%2fkeys/endpoints",
            "/models/a/%2e%2e/endpoints",
            "/models/a//endpoints",
            "/models/.a/b/endpoints",
            "/models/a/b?x/endpoints",
            "/models/a/b\\c/endpoints",
            "/model/../keys",
            "/model/a/..",
            "/videos/",
            "/videos/..",
            "/videos/a/b",
            "/videos/a.b",
            "/videos/a/content/",
            "/videos//content",
            "/videos/a%2fb/content",
            "/models{model}",
        ] {
            assert_eq!(find("GET", path), Err(NoCall::NotFound), "{path}");
        }
        assert_eq!(find("GET", &format!("/videos/{}", "a".repeat(201))), Err(NoCall::NotFound));
    }

    /// Ways to write a path that some server or router takes for the same.
    fn spellings(path: &str) -> Vec<String> {
        let (first, rest) = path[1..].split_at(1);
        let escaped = |text: &str| text.bytes().fold(String::new(), |out, byte| out + &format!("%{byte:02x}"));
        vec![
            path.to_owned(),
            format!("{path}/"),
            format!("/{path}"),
            format!("{path}//"),
            format!("{path}/."),
            format!("/.{path}"),
            format!("/models/..{path}"),
            format!("/models/a/..{path}"),
            format!("/models%2f..{path}"),
            format!("/chat/completions/..{path}"),
            format!("/%2e%2e{path}"),
            format!("/x/%2E%2E{path}"),
            format!("{path}%00"),
            format!("{path}%20"),
            format!("{path};x"),
            format!("{path}.json"),
            format!("{path}?x"),
            format!("{path}#x"),
            format!("{path}\\"),
            path.replace('/', "\\"),
            path.replace('/', "//"),
            path.replace('/', "%2f"),
            path.replace('/', "%252F"),
            path.to_ascii_uppercase(),
            format!("/{}{rest}", first.to_ascii_uppercase()),
            format!("/{}{rest}", escaped(first)),
            format!("/%25{}{rest}", &escaped(first)[1..]),
            format!("/{}", escaped(&path[1..])),
        ]
    }

    #[test]
    fn of_all_that_the_api_has_only_what_is_listed_passes_however_it_is_spelt() {
        // Every method and path of OpenRouter's `OpenAPI` document (2026-08) that manages an account, reaches into its
        // workspace or shows what others sent.
        const CLOSED: &str = include_str!("../tests/support/closed-paths.txt");
        let mut count = 0;
        for path in CLOSED.lines().filter(|line| !line.starts_with('#')) {
            // Values that could make a closed path look like an open one.
            for value in ["a", "models", "a/b", "~a/b", "user", "endpoints", "completions", "job-1"] {
                let mut filled = String::new();
                for (index, part) in path.split(['{', '}']).enumerate() {
                    filled.push_str(if index % 2 == 0 { part } else { value });
                }
                for spelling in spellings(&filled) {
                    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] {
                        assert_eq!(find(method, &spelling), Err(NoCall::NotFound), "{method} {spelling}");
                        count += 1;
                    }
                }
            }
        }
        assert!(count > 50_000, "{count}");
    }

    #[test]
    fn what_passes_passes_in_its_own_spelling_only() {
        for (endpoint, operation) in &PASSED {
            let path = operation.path.replace("{model}", "a/b").replace("{id}", "a");
            let subject = operation.subject_in(&path).unwrap();
            for spelling in spellings(&path) {
                // Another model's path, such as `b.json`, is another call.
                let is_found = find(operation.method.as_str(), &spelling) == Ok((*endpoint, subject.to_owned()));
                assert_eq!(is_found, spelling == path, "{spelling}");
            }
        }
    }

    #[test]
    fn slugs_have_variants_aliases_and_versions() {
        for slug in ["openai/gpt-5.2", "meta-llama/llama-3.1-8b:free", "~anthropic/claude-sonnet-latest", "a/b_c"] {
            assert!(is_model_slug(slug), "{slug}");
        }
        for slug in ["gpt-4", "a/", "/b", "~/b", "a/b/c", "a:b/c", "a/b c", "a/é", "a/..", "../a"] {
            assert!(!is_model_slug(slug), "{slug}");
        }
    }

    #[test]
    fn a_format_of_sound_has_one_name_here() {
        for (name, format) in
            [("mpeg", "mp3"), ("mp4", "m4a"), ("vnd.wave", "wav"), ("opus", "ogg"), ("webm", "webm"), ("", "")]
        {
            assert_eq!(audio_format(name), format);
        }
    }

    #[test]
    fn a_header_that_fetch_would_refuse_is_refused_without_its_value() {
        let check = |name, value| check_header(ErrorKind::Configuration, "apiKey", name, value);
        assert!(check("Authorization", "Bearer sk-or-v1-1234 ~").is_ok());
        for (name, value) in [
            ("Authorization", "Bearer secret\n"),
            ("Authorization", "sécret"),
            ("a b", "secret"),
            ("", "secret"),
            ("a", "secret\0"),
        ] {
            let error = check(name, value).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("apiKey")));
            assert!(!error.to_string().contains("cret"));
        }
    }
}
