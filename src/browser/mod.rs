//! The JavaScript surface: text in, text out, and nothing that waits.
//!
//! What crosses is text, numbers and bytes only. The engine writes and reads JSON faster than calls into it could build
//! objects, and a module that calls nothing back needs hardly any glue: with futures, `fetch` and objects in Rust the
//! package was 12 kB larger with gzip. The classes that people use, and the loop that waits for the network, are in
//! `openrouter.js`, `exchange.js` and `stream.js`; they decide nothing.

#![allow(
    clippy::missing_errors_doc,
    clippy::doc_markdown,
    clippy::needless_pass_by_value,
    reason = "exports are documented for JavaScript, and take owned values"
)]

mod conversation;
mod events;
#[cfg(all(feature = "freestanding", target_arch = "wasm32"))]
mod freestanding;
mod models;
mod oauth;
mod reader;
mod structured;

use alloc::{borrow::Cow, boxed::Box, string::String};

use wasm_bindgen::prelude::*;

pub use self::{
    oauth::{oauth_begin, oauth_complete},
    reader::StreamReader,
};
use crate::{
    api::{Answer, Operation},
    call::{Body, Call},
    client::Settings,
    error::{Error, ErrorKind, ResponseFacts},
    json::{ObjectWriter, Value, concat},
    models::Price,
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

// Never called: naming a file brings it along, and `reexport` makes its class an export of the package.
#[wasm_bindgen(module = "/src/browser/openrouter.js")]
extern "C" {
    #[wasm_bindgen(js_name = openRouterClass, reexport = "openRouterClass", skip_typescript)]
    fn bring_openrouter();
}
#[wasm_bindgen(module = "/src/browser/error.js")]
extern "C" {
    #[wasm_bindgen(js_name = OpenRouterError, reexport = "OpenRouterError", skip_typescript)]
    fn bring_error();
}
#[wasm_bindgen(module = "/src/browser/auth.js")]
extern "C" {
    #[wasm_bindgen(js_name = authorize, reexport = "authorize", skip_typescript)]
    fn bring_auth();
}
#[wasm_bindgen(module = "/src/browser/exchange.js")]
extern "C" {
    #[wasm_bindgen(js_name = Exchange, reexport = "Exchange", skip_typescript)]
    fn bring_exchange();
}
#[wasm_bindgen(module = "/src/browser/stream.js")]
extern "C" {
    #[wasm_bindgen(js_name = ChatCompletionStream, reexport = "ChatCompletionStream", skip_typescript)]
    fn bring_stream();
}

#[wasm_bindgen(module = "/src/browser/structured.js")]
extern "C" {
    #[wasm_bindgen(js_name = messageParser, reexport = "messageParser", skip_typescript)]
    fn bring_structured();
}
#[wasm_bindgen(module = "/src/browser/tools.js")]
extern "C" {
    #[wasm_bindgen(js_name = tool, reexport = "tool", skip_typescript)]
    fn bring_tools();
}
#[wasm_bindgen(module = "/src/browser/models.js")]
extern "C" {
    #[wasm_bindgen(js_name = Catalogue, reexport = "Catalogue", skip_typescript)]
    fn bring_models();
}

/// A time as the engine gives it, in ms.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time since 1970")]
fn ms(time: f64) -> u64 {
    time as u64
}

#[expect(clippy::cast_precision_loss, reason = "a few minutes")]
fn float(ms: u64) -> f64 {
    ms as f64
}

/// What the classes of the package stand on. Internal: use `OpenRouter`.
#[wasm_bindgen(skip_typescript)]
#[derive(Debug)]
pub struct Core {
    settings: Result<Settings, Error>,
}

#[wasm_bindgen]
impl Core {
    /// Reads options (JSON). `origin` is the page's, if there is one; `environment` the variables that matter.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(options: Option<String>, origin: Option<String>, environment: &str) -> Self {
        let environment = Value::parse(environment).unwrap_or(Value::Null);
        let variable = |name: &str| environment.text_of(name).map(Cow::into_owned);
        let options = options.ok_or_else(|| not_json(ErrorKind::Configuration, "options"));
        Self { settings: options.and_then(|options| Settings::new(&options, origin.as_deref(), &variable)) }
    }

    /// A call of an operation; what is wrong with it is its `error`.
    #[must_use]
    pub fn call(
        &self,
        operation: &str,
        request: Option<String>,
        options: Option<String>,
        stream: bool,
        now: f64,
    ) -> ClientCall {
        let prepared = self.settings.clone().and_then(|settings| {
            let operation = Operation::named(operation)
                .ok_or_else(|| Error::new(ErrorKind::InvalidRequest, "there is no such operation"))?;
            let request = request.ok_or_else(|| not_json(ErrorKind::InvalidRequest, "request"))?;
            let options = options.ok_or_else(|| not_json(ErrorKind::InvalidRequest, "options"))?;
            let prepared = settings.prepare(operation, &request, stream, &options)?;
            Ok(Call::new(prepared, operation.answer, stream, ms(now)))
        });
        ClientCall(prepared)
    }

    /// A call of any path below the base URL; an empty body is one that the engine could not write.
    #[must_use]
    pub fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
        options: Option<String>,
        now: f64,
    ) -> ClientCall {
        let prepared = self.settings.clone().and_then(|settings| {
            let options = options.ok_or_else(|| not_json(ErrorKind::InvalidRequest, "options"))?;
            if body.as_deref() == Some("") {
                return Err(not_json(ErrorKind::InvalidRequest, "body"));
            }
            Ok(Call::new(settings.prepare_raw(method, path, body, &options)?, Answer::Json, false, ms(now)))
        });
        ClientCall(prepared)
    }

    /// A price per unit per million units, exactly.
    #[wasm_bindgen(js_name = pricePerMillion)]
    #[must_use]
    pub fn price_per_million(price: &str) -> Option<String> {
        Some(Price::parse(price)?.per_million()?.to_text())
    }
}

/// One call under way, see `exchange.js`.
#[wasm_bindgen(skip_typescript)]
#[derive(Debug)]
pub struct ClientCall(Result<Call, Error>);

#[wasm_bindgen]
impl ClientCall {
    /// Takes a token that was kept since then, or that is new; says why another one is needed. See `auth.js`.
    pub fn offer(&mut self, token: &str, since: Option<f64>, now: f64) -> Option<String> {
        Some(self.0.as_mut().ok()?.offer(token, since.map(ms), ms(now))?.as_str().into())
    }

    /// `{url, method, headers, attempt}` as JSON: the request goes out. Empty if there is none, for want of a token too.
    pub fn send(&mut self, now: f64) -> String {
        let mut out = String::new();
        let Ok(call) = &mut self.0 else { return out };
        if call.lacks_token() {
            // Who says that there is a function, but has none, gives no token either.
            if call.error().is_none() {
                call.offer("", None, 0);
            }
            return out;
        }
        call.sent(ms(now));
        let request = call.request();
        let mut object = ObjectWriter::new(&mut out);
        object.text("url", Some(&request.url));
        object.text("method", Some(request.method.as_str()));
        let mut headers = ObjectWriter::new(object.key("headers"));
        for (name, value) in &request.headers {
            headers.text(name, Some(value));
        }
        headers.end();
        object.value("attempt", &Value::integer(u64::from(call.attempt())));
        object.end();
        out
    }

    /// The request's body.
    #[must_use]
    pub fn body(&self) -> Option<String> {
        self.0.as_ref().ok()?.request().body.clone()
    }

    /// Sentences for the console, one a line.
    #[must_use]
    pub fn warnings(&self) -> String {
        self.0.as_ref().map(Call::warnings).unwrap_or_default()
    }

    /// The head of the response is here; `headers` is JSON. What to do with the body: see `exchange.js`.
    pub fn received(&mut self, status: u16, headers: &str, now: f64) -> u8 {
        let Ok(call) = &mut self.0 else { return 0 };
        let headers = Value::parse(headers).unwrap_or(Value::Null);
        let date_ms = |_: &str| headers.get("retryAfterMs").and_then(Value::number).map(ms);
        let facts = ResponseFacts::read(status, ms(now), &|name| Some(headers.text_of(name)?.into_owned()), &date_ms);
        match call.received(facts) {
            Body::Refused => 0,
            Body::Whole => 1,
            Body::Trusted => 2,
            Body::Bytes => 3,
            Body::Stream => 4,
        }
    }

    /// The response is an error with this body.
    pub fn refused(&mut self, body: Option<String>) {
        if let Ok(call) = &mut self.0 {
            call.refused(body.as_deref());
        }
    }

    /// The whole body of a success.
    pub fn answered(&mut self, body: &str) {
        if let Ok(call) = &mut self.0 {
            call.answered(body);
        }
    }

    /// A read of a streamed body, or its end; whether the answer has begun.
    pub fn read(&mut self, bytes: Option<Box<[u8]>>, now: f64) -> bool {
        self.0.as_mut().is_ok_and(|call| call.read(bytes.as_deref(), ms(now)))
    }

    /// The connection failed, or was given up because it took too long.
    pub fn broke(&mut self, now: f64) {
        if let Ok(call) = &mut self.0 {
            call.broke(ms(now));
        }
    }

    /// How many ms this may take yet; `undefined` for ever.
    #[must_use]
    pub fn wait(&self, now: f64) -> Option<f64> {
        self.0.as_ref().ok()?.wait(ms(now)).map(float)
    }

    /// How many ms to wait before the next try; `undefined` if there is none, -1 if a token is to be asked for first.
    pub fn again(&mut self, random: f64, now: f64) -> Option<f64> {
        let call = self.0.as_mut().ok()?;
        let pause = call.again(random, ms(now))?;
        Some(if call.lacks_token() { -1.0 } else { float(pause) })
    }

    /// What has failed, as JSON.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn error(&self) -> Option<String> {
        match &self.0 {
            Ok(call) => Some(call.error()?.to_json()),
            Err(error) => Some(error.to_json()),
        }
    }

    /// The stream that has begun.
    #[must_use]
    pub fn stream(&self) -> Option<StreamReader> {
        let (decoder, watch) = self.0.as_ref().ok()?.stream();
        Some(StreamReader::new(decoder, watch))
    }
}

/// What the engine could not write.
fn not_json(kind: ErrorKind, what: &str) -> Error {
    Error::new(kind, concat(&["the ", what, " cannot be written as JSON (a cycle, or a BigInt)"]))
}
