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

/// A call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `POST /chat/completions`
    ChatCompletions,
    /// `GET /models`
    Models,
    /// `GET /models/{author}/{slug}/endpoints`
    ModelEndpoints {
        /// `author/slug`, e.g. `openai/gpt-5.2:free`.
        model: String,
    },
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
    /// Paths are matched whole: `/presets/x/chat/completions` looks like a chat, but overwrites a preset.
    ///
    /// # Errors
    /// [`NoCall`] where the API has no such call, or this project does not offer it.
    pub fn find(method: &str, path: &str) -> Result<Self, NoCall> {
        let call = match path {
            "/chat/completions" => Self::ChatCompletions,
            "/models" => Self::Models,
            _ => path
                .strip_prefix("/models/")
                .and_then(|rest| rest.strip_suffix("/endpoints"))
                .filter(|model| is_model_slug(model))
                .map(|model| Self::ModelEndpoints { model: model.to_owned() })
                .ok_or(NoCall::NotFound)?,
        };
        if call.method().as_str() == method { Ok(call) } else { Err(NoCall::MethodNotAllowed(call.method())) }
    }

    /// The method that it takes.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self {
            Self::ChatCompletions => Method::Post,
            Self::Models | Self::ModelEndpoints { .. } => Method::Get,
        }
    }

    /// Its path below the base URL.
    #[must_use]
    pub fn path(&self) -> Cow<'static, str> {
        match self {
            Self::ChatCompletions => Cow::Borrowed("/chat/completions"),
            Self::Models => Cow::Borrowed("/models"),
            Self::ModelEndpoints { model } => Cow::Owned(concat(&["/models/", model, "/endpoints"])),
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
    /// As the client calls it.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path below the base URL; `{model}` stands for the request's `model`.
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

/// What a client may ask for. Source: OpenRouter's `OpenAPI` document (2026-08), without what manages an account.
pub static OPERATIONS: [Operation; 17] = [
    Operation { answer: Answer::Chat, ..post("chat", "/chat/completions", "ChatRequest") },
    get("models", "/models", "ModelsQuery"),
    get("model", "/model/{model}", "ModelPath"),
    get("endpoints", "/models/{model}/endpoints", "ModelPath"),
    get("countModels", "/models/count", "ModelsQuery"),
    get("userModels", "/models/user", "ModelsQuery"),
    get("providers", "/providers", "Anything"),
    post("embeddings", "/embeddings", "EmbeddingsRequest"),
    post("rerank", "/rerank", "RerankRequest"),
    post("images", "/images", "ImagesRequest"),
    Operation { answer: Answer::Bytes, ..post("speech", "/audio/speech", "SpeechRequest") },
    post("transcription", "/audio/transcriptions", "TranscriptionRequest"),
    post("responses", "/responses", "ResponsesRequest"),
    post("messages", "/messages", "MessagesRequest"),
    get("key", "/key", "Anything"),
    get("generation", "/generation", "GenerationQuery"),
    post("exchangeCode", "/auth/keys", "CodeExchange"),
];

impl Operation {
    /// The operation with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| operation.name == name)
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

    #[test]
    fn every_call_is_found_under_its_own_method_and_path() {
        for call in [Call::ChatCompletions, Call::Models, Call::ModelEndpoints { model: "~openai/gpt-latest".into() }] {
            assert_eq!(Call::find(call.method().as_str(), &call.path()), Ok(call));
        }
    }

    #[test]
    fn another_method_is_told_which_one_it_is() {
        assert_eq!(Call::find("GET", "/chat/completions"), Err(NoCall::MethodNotAllowed(Method::Post)));
        assert_eq!(Call::find("DELETE", "/models"), Err(NoCall::MethodNotAllowed(Method::Get)));
        assert_eq!(Call::find("get", "/models"), Err(NoCall::MethodNotAllowed(Method::Get)));
    }

    #[test]
    fn paths_are_matched_whole() {
        for path in [
            "",
            "/",
            "/chat/completions/",
            "/chat//completions",
            "//chat/completions",
            "/presets/x/chat/completions",
            "/keys",
            "/credits",
            "/generation/content",
            "/auth/keys/code",
            "/models/",
            "/models/user",
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
        ] {
            assert_eq!(Call::find("GET", path), Err(NoCall::NotFound), "{path}");
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
