//! The runtime's requests and responses, on the platform's own types: they cost less than wrapped ones, and a body
//! that is handed on stays the runtime's.

use futures_util::future::{Either, select};
use js_sys::{Function, JSON, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{
    AbortController, AbortSignal, Headers, ReadableStream, ReadableStreamDefaultReader, Request, RequestInit,
    RequestRedirect, Response, ResponseInit, WritableStream,
};

use crate::{
    platform::Result,
    task::{JsFuture, Task, resolvers},
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(request: &Request) -> Promise;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);

    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    fn random_uuid() -> String;

    /// The platform's own pipe: bytes go through it outside of JavaScript.
    pub(crate) type IdentityTransformStream;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> IdentityTransformStream;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn readable(this: &IdentityTransformStream) -> ReadableStream;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn writable(this: &IdentityTransformStream) -> WritableStream;

    /// The platform's reader that waits until a buffer of our size is full, or the body over.
    type WholeReader;

    #[wasm_bindgen(method, catch, js_name = readAtLeast)]
    fn read_at_least(this: &WholeReader, least: u32, buffer: &Uint8Array) -> Result<Promise>;

    #[wasm_bindgen(method)]
    fn cancel(this: &WholeReader) -> Promise;
}

/// A name for a request that nobody can guess or give.
pub(crate) fn request_id() -> String {
    random_uuid()
}

/// Now, in ms since 1970: the runtime lets time pass between what goes in and out only.
pub(crate) fn now_ms() -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of this age is a whole number")]
    let now = js_sys::Date::now() as u64;
    now
}

/// A timer that is taken back when it is dropped.
pub(crate) struct Timer(JsValue);

impl Timer {
    /// Calls a function after so many ms, unless it is dropped before.
    pub(crate) fn start(callback: &Function, ms: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "no timeout is that long")]
        Self(set_timeout(callback, ms as f64))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}

/// A promise that a timer keeps.
fn after(ms: u64) -> (JsFuture, Timer) {
    let over = resolvers();
    (JsFuture::from(over.promise()), Timer::start(&over.resolve_function(), ms))
}

/// Waits.
pub(crate) async fn sleep(ms: u64) {
    let (over, _timer) = after(ms);
    let _ = over.await;
}

/// What a task gives, if it does so in time.
pub(crate) async fn within<T>(ms: u64, task: Task<'_, Option<T>>) -> Option<T> {
    let (over, _timer) = after(ms);
    match select(task, over).await {
        Either::Left((value, _)) => value,
        Either::Right(_) => None,
    }
}

/// A function that aborts: given to timers and listeners as it is, so that nothing of ours has to live for it.
pub(crate) fn abort_function(controller: &AbortController) -> Result<Function> {
    let abort: Function = Reflect::get(controller, &"abort".into())?.unchecked_into();
    Ok(abort.bind0(controller))
}

/// The signal of a client that goes away; `None` where the runtime gives none.
pub(crate) fn client_signal(request: &Request) -> Option<AbortSignal> {
    Reflect::get(request, &"signal".into()).ok()?.dyn_into().ok()
}

/// Reads a body whole, but no further than the bound and not for longer than so many ms; `None` if it goes on, or is
/// cut.
pub(crate) async fn whole_body(response: &Response, most: u32, ms: u64) -> Option<Uint8Array> {
    const STEP: u32 = 1024 * 1024;

    let Some(body) = response.body() else { return Some(Uint8Array::new_with_length(0)) };
    let options = js_sys::Object::new();
    Reflect::set(&options, &"mode".into(), &"byob".into()).ok()?;
    let reader: WholeReader = body.get_reader_with_options(options.unchecked_ref()).unchecked_into();
    let read = async {
        let mut pieces: Vec<Uint8Array> = Vec::new();
        let mut length = 0;
        loop {
            let promise = reader.read_at_least(STEP, &Uint8Array::new_with_length(STEP)).ok()?;
            let result = JsFuture::from(promise).await.ok()?;
            let piece = Reflect::get(&result, &"value".into()).ok()?.dyn_into::<Uint8Array>().ok();
            if let Some(piece) = piece.filter(|piece| piece.length() > 0) {
                length += piece.length();
                pieces.push(piece);
            }
            if length > most {
                return None;
            }
            if Reflect::get(&result, &"done".into()).ok()?.is_truthy() {
                break;
            }
        }
        if let [only] = &*pieces {
            return Some(only.slice(0, length));
        }
        let whole = Uint8Array::new_with_length(length);
        let mut at = 0;
        for piece in pieces {
            whole.set(&piece, at);
            at += piece.length();
        }
        Some(whole)
    };
    let whole = within(ms, Box::pin(read)).await;
    if whole.is_none() {
        // What is left is not taken any more.
        let _ = reader.cancel();
    }
    whole
}

/// All headers by their names, as JSON: one way into JavaScript and back instead of one for each name.
pub(crate) fn headers_json(headers: &Headers) -> Result<String> {
    Ok(JSON::stringify(&Object::from_entries(headers)?.into())?.into())
}

/// A header by its name.
pub(crate) fn header(headers: &Headers, name: &str) -> Option<String> {
    headers.get(name).ok().flatten()
}

/// Reads a request's body, but no further than the bound; `None` if it goes on.
pub(crate) async fn body_bytes(request: &Request, most: u64) -> Result<Option<Uint8Array>> {
    // The runtime holds a client to the length that it gave, and the policy has looked at that.
    if header(&request.headers(), "content-length").is_some() {
        let buffer = JsFuture::from(request.array_buffer()?).await?;
        return Ok(Some(Uint8Array::new(&buffer)));
    }
    let mut bytes = Vec::new();
    let Some(body) = request.body() else { return Ok(Some(Uint8Array::new_with_length(0))) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let read = JsFuture::from(reader.read()).await?;
        if Reflect::get(&read, &"done".into())?.is_truthy() {
            return Ok(Some(Uint8Array::from(bytes.as_slice())));
        }
        bytes.extend(Uint8Array::new(&Reflect::get(&read, &"value".into())?).to_vec());
        if bytes.len() as u64 > most {
            // Told before the rest has come; the runtime drops it.
            let _ = reader.cancel();
            return Ok(None);
        }
    }
}

/// What is sent to the upstream.
pub(crate) struct Outgoing<'a> {
    pub(crate) url: &'a str,
    pub(crate) method: &'a str,
    /// All but the key.
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: Option<&'a JsValue>,
}

/// Asks the upstream. Redirects are not followed: the key goes to one host.
pub(crate) async fn fetch_upstream(
    outgoing: &Outgoing<'_>,
    authorization: &str,
    signal: &AbortSignal,
) -> Result<Response> {
    Ok(JsFuture::from(begin_fetch(outgoing, authorization, signal)?).await?.unchecked_into())
}

/// The same, for whoever asks several at once.
pub(crate) fn begin_fetch(outgoing: &Outgoing<'_>, authorization: &str, signal: &AbortSignal) -> Result<Promise> {
    let init = RequestInit::new();
    init.set_method(outgoing.method);
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(signal));
    if let Some(body) = outgoing.body {
        init.set_body(body);
    }
    let headers = Headers::new()?;
    headers.set("authorization", authorization)?;
    for (name, value) in outgoing.headers {
        headers.set(name, value)?;
    }
    init.set_headers(&headers);
    let request = Request::new_with_str_and_init(outgoing.url, &init)?;
    Ok(global_fetch(&request))
}

/// A response with a body of any kind that the platform takes.
pub(crate) fn respond(status: u16, headers: &Headers, body: Option<&JsValue>) -> Result<Response> {
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(headers);
    let body = body.cloned().unwrap_or(JsValue::NULL);
    Response::new_with_opt_readable_stream_and_init(Some(body.unchecked_ref()), &init)
}

/// A response of JSON that is not to be kept.
pub(crate) fn json_response(headers: &Headers, status: u16, json: &str) -> Result<Response> {
    headers.set("content-type", "application/json")?;
    headers.set("cache-control", "no-store")?;
    respond(status, headers, Some(&json.into()))
}
