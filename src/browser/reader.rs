//! The streamed answer as `stream.js` reads it: bytes in, lists of chunks out.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::ReadableStream;

use super::{
    abort::AbortGuard,
    error::{to_error, to_error_with_cause},
    fetch::Exchange,
    value::{JsJson, to_js},
};
use crate::{
    chat::ChatStream,
    error::{Error, ErrorKind},
};

/// One streamed answer and the request that it belongs to. Internal: use the stream that `stream()` returns.
#[wasm_bindgen(skip_typescript)]
#[derive(Debug)]
pub struct ChatReader {
    chat: ChatStream<JsJson>,
    exchange: Exchange,
    /// Dropped as soon as the body is over: the callers' signals must not hold on to it.
    guard: Option<AbortGuard>,
    error: Option<JsValue>,
}

impl ChatReader {
    pub(super) fn new(chat: ChatStream<JsJson>, exchange: Exchange, guard: AbortGuard) -> Self {
        Self { chat, exchange, guard: Some(guard), error: None }
    }

    /// The chunks, and the error kept for `error`: what came before it is to be delivered first.
    fn outcome(&mut self, chunks: Vec<JsJson>, result: Result<(), Error>) -> Array {
        if let Err(error) = result {
            let error = to_error(&error);
            // What was billed until then; a property that cannot be set is only missing.
            if let Some(usage) = self.chat.completion().usage() {
                let _ = js_sys::Reflect::set(&error, &"usage".into(), &usage.0);
            }
            self.error = Some(error);
        }
        chunks.into_iter().map(|chunk| chunk.0).collect()
    }
}

#[wasm_bindgen]
#[allow(clippy::missing_const_for_fn, reason = "exports cannot be const")]
impl ChatReader {
    /// The response's unread body.
    #[wasm_bindgen(getter)]
    pub fn body(&self) -> Option<ReadableStream> {
        self.exchange.response.body()
    }

    /// Feeds bytes of the body; the chunks that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Array {
        let mut chunks = Vec::new();
        let result = self.chat.push(bytes, &mut chunks);
        self.outcome(chunks, result)
    }

    /// The body has ended: done, or cut.
    pub fn finish(&mut self) -> Array {
        let result = self.chat.finish();
        self.outcome(Vec::new(), result)
    }

    /// What a broken body means: the caller's own reason, or a cut answer with the text so far.
    pub fn fail(&mut self, cause: &JsValue) -> JsValue {
        if let Some(reason) = self.guard.as_ref().and_then(AbortGuard::reason) {
            reason
        } else {
            let error = Error::new(ErrorKind::StreamCut, "the connection broke before the answer was complete");
            to_error_with_cause(&self.chat.fail(error), cause)
        }
    }

    /// What ended the stream, if it was an error.
    #[wasm_bindgen(getter)]
    pub fn error(&self) -> Option<JsValue> {
        self.error.clone()
    }

    /// Whether the answer is complete.
    #[wasm_bindgen(getter, js_name = isDone)]
    pub fn is_done(&self) -> bool {
        self.chat.is_done()
    }

    /// Ends the request.
    pub fn close(&mut self) {
        self.guard = None;
    }

    /// From now on `takeEvents` tells what the chunks say.
    #[wasm_bindgen(js_name = recordEvents)]
    pub fn record_events(&mut self) {
        self.chat.record_events();
    }

    /// What the chunks said since the last call.
    #[wasm_bindgen(js_name = takeEvents)]
    pub fn take_events(&mut self) -> JsValue {
        to_js(&self.chat.take_events())
    }

    /// The `chat.completion` that the chunks add up to.
    pub fn completion(&mut self) -> JsValue {
        to_js(self.chat.completion())
    }

    /// The message of the first choice.
    pub fn message(&mut self) -> JsValue {
        self.chat.completion().message().map_or(JsValue::NULL, |message| to_js(&message))
    }

    /// `{status, requestId?, generationId?}`
    pub fn response(&self) -> JsValue {
        to_js(self.chat.facts())
    }
}
