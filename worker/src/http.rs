//! The runtime's requests and responses, on the platform's own types: they cost less than wrapped ones, and a body
//! that is handed on stays the runtime's.

use futures_util::future::{Either, select};
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, ReadableStream, ReadableStreamDefaultReader, Request, Response, WritableStream};

use crate::{
    platform::Result,
    policy::PASSED_DOWN,
    task::{JsFuture, Task, resolvers},
};

#[wasm_bindgen(raw_module = "../../worker/src/js/platform.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = readHead)]
    fn read_head(request: &Request, names: &Array) -> Result<String>;

    #[wasm_bindgen(js_name = headerOf)]
    fn header_of(message: &JsValue, name: &str) -> Option<String>;

    #[wasm_bindgen(catch, js_name = makeResponse)]
    fn make_response(status: u16, lines: &str, body: &JsValue, upstream: &JsValue, names: &Array) -> Result<Response>;

    #[wasm_bindgen]
    fn send(head: &str, body: &JsValue, client: &JsValue, ms: f64) -> Promise;

    #[wasm_bindgen(js_name = sendForText)]
    fn send_for_text(head: &str, body: &JsValue, ms: u32) -> Promise;
}

#[wasm_bindgen]
extern "C" {
    /// What became of a request to the upstream.
    pub(crate) type Sent;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn response(this: &Sent) -> Option<Response>;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn controller(this: &Sent) -> AbortController;

    #[wasm_bindgen(method, getter, js_name = isGone)]
    pub(crate) fn is_gone(this: &Sent) -> bool;

    #[wasm_bindgen(method, getter, js_name = isLate)]
    pub(crate) fn is_late(this: &Sent) -> bool;

    /// The same of a request for a small text.
    type Text;

    #[wasm_bindgen(method, getter)]
    fn response(this: &Text) -> Response;

    #[wasm_bindgen(method, getter)]
    fn text(this: &Text) -> String;

    /// A body that comes whole.
    type Body;

    #[wasm_bindgen(method, catch)]
    fn bytes(this: &Body) -> Result<Promise>;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);

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

thread_local! {
    static NAMES: Array = names(&READ);
    static PASSED: Array = names(&PASSED_DOWN);
}

/// Now, in ms since 1970: the runtime lets time pass between what goes in and out only.
pub(crate) fn now_ms() -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of this age is a whole number")]
    let now = js_sys::Date::now() as u64;
    now
}

#[expect(clippy::cast_precision_loss, reason = "no timeout is that long")]
fn milliseconds(ms: u64) -> f64 {
    ms as f64
}

/// A timer that is taken back when it is dropped.
pub(crate) struct Timer(JsValue);

impl Timer {
    /// Calls a function after so many ms, unless it is dropped before.
    pub(crate) fn start(callback: &Function, ms: u64) -> Self {
        Self(set_timeout(callback, milliseconds(ms)))
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

/// A header by its name.
pub(crate) fn header(message: &JsValue, name: &str) -> Option<String> {
    header_of(message, name)
}

/// Reads a request's body, but no further than the bound; `None` if it goes on.
pub(crate) async fn body_bytes(head: &Head<'_>, most: u64) -> Result<Option<Uint8Array>> {
    // The runtime holds a client to the length that it gave, and the policy has looked at that.
    if head.header("content-length").is_some() {
        let bytes = JsFuture::from(head.request.unchecked_ref::<Body>().bytes()?).await?;
        return Ok(Some(bytes.unchecked_into()));
    }
    let mut bytes = Vec::new();
    let Some(body) = head.request.body() else { return Ok(Some(Uint8Array::new_with_length(0))) };
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

impl Outgoing<'_> {
    fn head(&self, authorization: Option<&str>) -> String {
        let mut head = Headers::default();
        head.set(self.method, self.url);
        if let Some(authorization) = authorization {
            head.set("authorization", authorization);
        }
        for (name, value) in self.headers {
            head.set(name, value);
        }
        head.lines
    }

    fn body(&self) -> JsValue {
        self.body.cloned().unwrap_or_default()
    }
}

/// Asks the upstream, with the time that its headers may take, as long as the client is there.
pub(crate) async fn fetch_upstream(
    outgoing: &Outgoing<'_>,
    authorization: &str,
    client: Option<&Request>,
    ms: u64,
) -> Result<Sent> {
    let client = client.map(JsValue::from).unwrap_or_default();
    let sent = send(&outgoing.head(Some(authorization)), &outgoing.body(), &client, milliseconds(ms));
    Ok(JsFuture::from(sent).await?.unchecked_into())
}

/// Asks for a small text, which has so many ms in all.
pub(crate) fn fetch_text(outgoing: &Outgoing<'_>, authorization: Option<&str>, ms: u32) -> JsFuture {
    send_for_text(&outgoing.head(authorization), &outgoing.body(), ms).into()
}

/// What a [`fetch_text`] gave.
pub(crate) fn text_of(given: Result<JsValue>) -> Option<(Response, String)> {
    let given: Text = given.ok()?.unchecked_into();
    Some((given.response(), given.text()))
}

/// The headers of an answer, each of them once, and of a request.
#[derive(Default)]
pub(crate) struct Headers {
    lines: String,
    /// Whose headers go along, as far as they may pass.
    upstream: JsValue,
}

impl Headers {
    /// With those of the upstream's that may pass; one that is set goes before them.
    pub(crate) fn pass_down(&mut self, upstream: &Response) {
        self.upstream = upstream.into();
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        for text in [name, value] {
            // No header has two lines: what is behind the first would be another one.
            self.lines.push_str(text.split('\n').next().unwrap_or_default());
            self.lines.push('\n');
        }
    }
}

/// A response with a body of any kind that the platform takes.
pub(crate) fn respond(status: u16, headers: &Headers, body: Option<&JsValue>) -> Result<Response> {
    PASSED
        .with(|passed| make_response(status, &headers.lines, body.unwrap_or(&JsValue::NULL), &headers.upstream, passed))
}

/// A response of JSON that is not to be kept.
pub(crate) fn json_response(mut headers: Headers, status: u16, json: &str) -> Result<Response> {
    headers.set("content-type", "application/json");
    headers.set("cache-control", "no-store");
    respond(status, &headers, Some(&json.into()))
}

/// What a request says of itself.
pub(crate) struct Head<'a> {
    pub(crate) request: &'a Request,
    /// The name of the request, and see below.
    lines: String,
}

/// The headers that most requests are asked for; the others are looked up.
const READ: [&str; 7] =
    ["origin", "content-type", "content-length", "authorization", "x-session-id", "accept", "x-anthropic-beta"];

/// What stands before them.
const BEFORE: usize = 5;

impl<'a> Head<'a> {
    pub(crate) fn read(request: &'a Request) -> Result<Self> {
        Ok(Self { request, lines: NAMES.with(|names| read_head(request, names))? })
    }

    fn line(&self, at: usize) -> &str {
        self.lines.split('\n').nth(at).unwrap_or_default()
    }

    /// A name for the request that nobody can guess or give.
    pub(crate) fn request_id(&self) -> &str {
        self.line(0)
    }

    pub(crate) fn method(&self) -> &str {
        self.line(1)
    }

    /// Where the request was sent to.
    pub(crate) fn own_origin(&self) -> &str {
        self.line(2)
    }

    pub(crate) fn path(&self) -> &str {
        self.line(3)
    }

    /// With its `?`, or empty.
    pub(crate) fn query(&self) -> &str {
        self.line(4)
    }

    /// A header by its name.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        match READ.iter().position(|read| *read == name) {
            Some(at) => Some(self.line(BEFORE + at)).filter(|value| *value != "\0").map(str::to_owned),
            None => header(self.request, name),
        }
    }
}

/// Names as JavaScript has them: made once.
fn names(names: &[&str]) -> Array {
    names.iter().map(|name| JsValue::from_str(name)).collect()
}
