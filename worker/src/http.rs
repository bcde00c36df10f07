//! The runtime's requests and responses, on the platform's own types: they cost less than wrapped ones, and a body
//! that is handed on stays the runtime's.

use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, ReadableStreamDefaultReader, Request, RequestInit, RequestRedirect, Response, ResponseInit};
use worker::Result;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(request: &Request) -> Promise;
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

/// Asks the upstream. Redirects are not followed: the key goes to one host.
pub(crate) async fn fetch_upstream(
    url: &str,
    method: &str,
    headers: &[(String, String)],
    body: Option<&JsValue>,
) -> Result<Response> {
    let init = RequestInit::new();
    init.set_method(method);
    init.set_redirect(RequestRedirect::Manual);
    if let Some(body) = body {
        init.set_body(body);
    }
    let upstream_headers = Headers::new()?;
    for (name, value) in headers {
        upstream_headers.set(name, value)?;
    }
    init.set_headers(&upstream_headers);
    let request = Request::new_with_str_and_init(url, &init)?;
    Ok(JsFuture::from(global_fetch(&request)).await?.unchecked_into())
}

/// A response with a body of any kind that the platform takes.
pub(crate) fn respond(status: u16, headers: &Headers, body: Option<&JsValue>) -> Result<Response> {
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(headers);
    let body = body.cloned().unwrap_or(JsValue::NULL);
    Ok(Response::new_with_opt_readable_stream_and_init(Some(body.unchecked_ref()), &init)?)
}

/// A response of JSON that is not to be kept.
pub(crate) fn json_response(headers: &Headers, status: u16, json: &str) -> Result<Response> {
    headers.set("content-type", "application/json")?;
    headers.set("cache-control", "no-store")?;
    respond(status, headers, Some(&json.into()))
}
