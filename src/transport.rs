//! The hole that each build fills with its own network: `fetch` in the browser and at the edge, a script in tests.

use crate::{
    api::Method,
    error::{Error, ResponseFacts},
    json::Json,
};

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest<P> {
    /// HTTP method.
    pub method: Method,
    /// Whole URL.
    pub url: String,
    /// Names and values, checked.
    pub headers: Vec<(String, String)>,
    /// Body, for `POST`.
    pub body: Option<P>,
}

/// What came back, its body not read yet.
#[derive(Debug)]
pub struct HttpResponse<B> {
    /// Status and headers, as far as the core needs them.
    pub facts: ResponseFacts,
    /// The unread body.
    pub body: B,
}

/// Sends requests. Dropping the transport's future or an unread body ends the request.
#[allow(async_fn_in_trait, reason = "nothing here crosses threads: neither the browser nor the edge has them")]
pub trait Transport {
    /// How this build looks into JSON.
    type Json: Json;
    /// A request's body.
    type Payload;
    /// A response's unread body.
    type Body;

    /// The request as it is sent: the caller's own object with `stream` set and nothing else changed.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::InvalidRequest`] if it cannot be written as JSON.
    fn payload(request: &Self::Json, stream: bool) -> Result<Self::Payload, Error>;

    /// Sends a request and waits for the head of the response, whatever its status.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Network`] if no response came.
    async fn send(&self, request: HttpRequest<Self::Payload>) -> Result<HttpResponse<Self::Body>, Error>;

    /// Reads a body whole; `None` if it is not JSON.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Network`] if it breaks off.
    async fn read(&self, body: Self::Body) -> Result<Option<Self::Json>, Error>;
}
