//! The JavaScript surface: convert, call, convert back.

#![allow(
    clippy::missing_errors_doc,
    clippy::doc_markdown,
    clippy::needless_pass_by_value,
    reason = "exports are documented for JavaScript, and take owned values"
)]

mod abort;
mod error;
mod fetch;
mod reader;
mod value;

use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use web_sys::{AbortController, AbortSignal, Headers};

pub use self::reader::ChatReader;
use self::{abort::AbortGuard, error::to_error, fetch::FetchTransport, value::JsJson};
use crate::{
    client::{Client, Settings},
    error::{Error, ErrorKind},
    json::{Json, Kind},
    models::Price,
    transport::HttpRequest,
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

#[wasm_bindgen(module = "/src/browser/stream.js")]
extern "C" {
    #[wasm_bindgen(typescript_type = "ChatCompletionStream")]
    type ChatCompletionStream;

    #[wasm_bindgen(constructor)]
    fn new(opened: &Promise, cancel: &AbortController) -> ChatCompletionStream;
}

// The same class under its own name, as an export of the package.
#[wasm_bindgen(module = "/src/browser/stream.js")]
extern "C" {
    #[wasm_bindgen(js_name = ChatCompletionStream, reexport = "ChatCompletionStream", skip_typescript)]
    fn reexport_stream();
}

#[wasm_bindgen]
extern "C" {
    /// Options of the client, see `types.d.ts`.
    #[wasm_bindgen(typescript_type = "OpenRouterOptions")]
    pub type OpenRouterOptions;

    /// A chat request, see `types.d.ts`.
    #[wasm_bindgen(typescript_type = "ChatRequest")]
    pub type ChatRequest;

    /// A query of the model list, see `types.d.ts`.
    #[wasm_bindgen(typescript_type = "ModelsQuery")]
    pub type ModelsQuery;

    /// Options of one call, see `types.d.ts`.
    #[wasm_bindgen(typescript_type = "CallOptions")]
    pub type CallOptions;
}

/// The OpenRouter API. On a page it talks to the page's own `/api/v1`, where a proxy holds the key.
#[wasm_bindgen]
#[derive(Debug)]
pub struct OpenRouter {
    settings: Settings,
}

#[wasm_bindgen]
impl OpenRouter {
    /// A client; nothing is sent yet.
    ///
    /// Throws {@link OpenRouterError} with code `configuration` and the option that is wrong or missing.
    #[wasm_bindgen(constructor)]
    pub fn new(options: Option<OpenRouterOptions>) -> Result<OpenRouter, JsValue> {
        let options =
            Options::read(options.map(Into::into), &["baseURL", "apiKey", "headers"], ErrorKind::Configuration);
        let settings = options.and_then(|options| {
            let headers = options.headers()?;
            let (base_url, api_key) = (options.string("baseURL")?, options.string("apiKey")?);
            Settings::new(base_url.as_deref(), api_key.as_deref(), headers, page_origin().as_deref())
        });
        Ok(Self { settings: settings.map_err(|error| to_error(&error))? })
    }

    /// Asks for one answer and resolves when it is complete.
    ///
    /// Rejects with {@link OpenRouterError}, or with the signal's reason if it was aborted.
    #[wasm_bindgen(unchecked_return_type = "Promise<ChatCompletion>")]
    pub fn chat(&self, request: ChatRequest, options: Option<CallOptions>) -> Promise {
        let call = PreparedCall::new(options, Vec::new(), |headers| {
            self.settings.chat_request::<FetchTransport>(&JsJson(request.into()), false, headers)
        });
        future_to_promise(async move { call?.run(async |client, request| Ok(client.chat(request).await?.0)).await })
    }

    /// Streams one answer. Cancel the stream, or abort `options.signal`, to end the request.
    ///
    /// Reading rejects with {@link OpenRouterError}, or with the signal's reason if it was aborted.
    #[wasm_bindgen(unchecked_return_type = "ChatCompletionStream")]
    pub fn stream(&self, request: ChatRequest, options: Option<CallOptions>) -> Result<JsValue, JsValue> {
        let cancel = AbortController::new()?;
        let opened = self.open_stream(request, options, cancel.signal());
        Ok(ChatCompletionStream::new(&opened, &cancel).into())
    }

    /// What {@link stream} reads from; aborting `cancel` ends the request.
    #[wasm_bindgen(js_name = openStream, skip_typescript)]
    pub fn open_stream(&self, request: ChatRequest, options: Option<CallOptions>, cancel: AbortSignal) -> Promise {
        let call = PreparedCall::new(options, vec![cancel], |headers| {
            self.settings.chat_request::<FetchTransport>(&JsJson(request.into()), true, headers)
        });
        future_to_promise(async move {
            let PreparedCall { guard, request } = call?;
            let opened = Client(FetchTransport(&guard)).stream(request).await;
            let (chat, exchange) = opened.map_err(|error| failure(&guard, &error))?;
            Ok(ChatReader::new(chat, exchange, guard).into())
        })
    }

    /// The model list, as OpenRouter sends it.
    ///
    /// Rejects with {@link OpenRouterError}, or with the signal's reason if it was aborted.
    #[wasm_bindgen(unchecked_return_type = "Promise<ModelList>")]
    pub fn models(&self, query: Option<ModelsQuery>, options: Option<CallOptions>) -> Promise {
        let query = query.map(|query| JsJson(query.into()));
        let call = PreparedCall::new(options, Vec::new(), |headers| {
            self.settings.models_request::<FetchTransport>(query.as_ref(), headers)
        });
        future_to_promise(async move { call?.run(async |client, request| Ok(client.models(request).await?.0)).await })
    }
}

/// A price per unit (`pricing.prompt`, USD as decimal text) per million units, exactly: `"0.00000015"` is `"0.15"`.
/// `undefined` where there is no fixed price, as on routers.
#[wasm_bindgen(js_name = pricePerMillion)]
#[must_use]
pub fn price_per_million(price: &str) -> Option<String> {
    Some(Price::parse(price)?.per_million()?.to_string())
}

/// A call whose request was read and checked when the caller made it: what the caller's objects become later is no
/// part of it.
struct PreparedCall {
    guard: AbortGuard,
    request: HttpRequest<JsValue>,
}

impl PreparedCall {
    /// Reads `{ signal, headers }` and prepares the request.
    fn new(
        options: Option<CallOptions>,
        mut signals: Vec<AbortSignal>,
        prepare: impl FnOnce(&[(String, String)]) -> Result<HttpRequest<JsValue>, Error>,
    ) -> Result<Self, JsValue> {
        let options = Options::read(options.map(Into::into), &["signal", "headers"], ErrorKind::InvalidRequest);
        let prepared = options.and_then(|options| {
            signals.extend(options.signal()?);
            prepare(&options.headers()?)
        });
        let request = prepared.map_err(|error| to_error(&error))?;
        Ok(Self { guard: AbortGuard::new(signals)?, request })
    }

    async fn run(
        self,
        send: impl AsyncFnOnce(Client<FetchTransport<'_>>, HttpRequest<JsValue>) -> Result<JsValue, Error>,
    ) -> Result<JsValue, JsValue> {
        let answer = send(Client(FetchTransport(&self.guard)), self.request).await;
        answer.map_err(|error| failure(&self.guard, &error))
    }
}

/// An aborted call rejects with the caller's reason, as `fetch` does.
fn failure(guard: &AbortGuard, error: &Error) -> JsValue {
    guard.reason().unwrap_or_else(|| to_error(error))
}

/// An options object whose every name is known: a misspelt option is not silently ignored.
struct Options {
    values: JsJson,
    kind: ErrorKind,
}

impl Options {
    fn read(options: Option<JsValue>, known: &[&str], kind: ErrorKind) -> Result<Self, Error> {
        let values = JsJson(options.unwrap_or_else(|| js_sys::Object::new().into()));
        if values.kind() != Kind::Object {
            return Err(Error::invalid(kind, "options", "expected an object"));
        }
        match values.keys().iter().find(|key| !known.contains(&key.as_str())) {
            Some(unknown) => {
                Err(Error::invalid(kind, unknown, &["unknown option; there are ", &known.join(", ")].concat()))
            }
            None => Ok(Self { values, kind }),
        }
    }

    fn string(&self, name: &str) -> Result<Option<String>, Error> {
        match self.values.present(name) {
            None => Ok(None),
            Some(value) => match value.text() {
                Some(text) => Ok(Some(text.into_owned())),
                None => Err(Error::invalid(self.kind, name, "expected a string")),
            },
        }
    }

    fn signal(&self) -> Result<Option<AbortSignal>, Error> {
        match self.values.present("signal") {
            None => Ok(None),
            Some(value) => match value.0.clone().dyn_into() {
                Ok(signal) => Ok(Some(signal)),
                Err(_) => Err(Error::invalid(self.kind, "signal", "expected an AbortSignal")),
            },
        }
    }

    /// Anything that `new Headers()` takes.
    fn headers(&self) -> Result<Vec<(String, String)>, Error> {
        let Some(given) = self.values.present("headers") else { return Ok(Vec::new()) };
        // The engine's own message would quote the value, which may be a token.
        let invalid = || Error::invalid(self.kind, "headers", "expected names and values that fetch takes as headers");
        let headers = Headers::new_with_str_sequence_sequence(&given.0).map_err(|_| invalid())?;
        let entries = js_sys::try_iter(&headers).ok().flatten().ok_or_else(invalid)?;
        let text = |entry: &Array, at| entry.get(at).as_string().unwrap_or_default();
        Ok(entries.flatten().map(|entry| Array::from(&entry)).map(|entry| (text(&entry, 0), text(&entry, 1))).collect())
    }
}

/// The origin of the page (or worker of a page) that this runs in; `None` on servers and for files.
fn page_origin() -> Option<String> {
    let location = Reflect::get(&js_sys::global(), &"location".into()).ok().filter(JsValue::is_object)?;
    let origin = Reflect::get(&location, &"origin".into()).ok()?.as_string()?;
    origin.starts_with("http").then_some(origin)
}
