//! The core's transport over the browser's `fetch`.

use gloo_net::http::{Method as FetchMethod, Request as FetchRequest, RequestBuilder};
use js_sys::{Date, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Request, Response};

use super::{abort::AbortGuard, error::network, value::JsJson};
use crate::{
    api::Method,
    error::{Error, ErrorKind, ResponseFacts},
    transport::{HttpRequest, HttpResponse, Transport},
};

/// An answer, its body unread. It keeps its request: WebKit forgets a request's signal once the request is collected,
/// and aborting it would then do nothing.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) response: Response,
    _request: Request,
}

/// Sends under the guard's signal.
#[derive(Debug)]
pub(super) struct FetchTransport<'a>(pub(super) &'a AbortGuard);

impl Transport for FetchTransport<'_> {
    type Json = JsJson;
    type Payload = JsValue;
    type Body = Exchange;

    fn payload(request: &JsJson, stream: bool) -> Result<JsValue, Error> {
        let not_json =
            |_| Error::new(ErrorKind::InvalidRequest, "the request cannot be written as JSON (a cycle, or a BigInt)");
        let request = if stream {
            let copy = Object::assign(&Object::new(), request.0.unchecked_ref());
            Reflect::set(&copy, &"stream".into(), &JsValue::TRUE).map_err(not_json)?;
            copy.into()
        } else {
            request.0.clone()
        };
        JSON::stringify(&request).map(JsValue::from).map_err(not_json)
    }

    async fn send(&self, request: HttpRequest<JsValue>) -> Result<HttpResponse<Exchange>, Error> {
        let method = match request.method {
            Method::Get => FetchMethod::GET,
            Method::Post => FetchMethod::POST,
        };
        let mut builder = RequestBuilder::new(&request.url).method(method).abort_signal(Some(&self.0.signal()));
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let request = match request.body {
            Some(body) => builder.body(body),
            None => builder.build(),
        };
        let invalid = |_| Error::invalid(ErrorKind::Configuration, "baseURL", "fetch takes no request to this URL");
        let request = Request::from(request.map_err(invalid)?);
        let response = FetchRequest::from(Clone::clone(&request)).send().await.map_err(|_| network())?;
        let headers = response.headers();
        let facts = ResponseFacts::read(
            response.status(),
            Date::now(),
            |name| headers.get(name),
            |date| Some(Date::parse(date)).filter(|ms| ms.is_finite()),
        );
        Ok(HttpResponse { facts, body: Exchange { response: response.into(), _request: request } })
    }

    async fn read(&self, body: Exchange) -> Result<Option<JsJson>, Error> {
        let document = body.response.json().map_err(|_| network())?;
        match JsFuture::from(document).await {
            Ok(document) => Ok(Some(JsJson(document))),
            // By its name: WebKit's is a DOMException.
            Err(error) if Reflect::get(&error, &"name".into()).is_ok_and(|name| name == "SyntaxError") => Ok(None),
            Err(_) => Err(network()),
        }
    }
}
