//! Carries a request to the upstream: with the user's key, within the time for headers, once more where that helps, and
//! no longer than the client is there.

use std::cell::RefCell;

use openrouter_wasm::{error::ResponseFacts, json::decimal};
use wasm_bindgen::JsValue;
use web_sys::{AbortController, Request, Response};

use crate::{
    http::{Outgoing, fetch_upstream, header, now_ms, sleep},
    platform::{Result, log_error},
    policy::Refusal,
    text::fill,
    upstream::{KeyHealth, OwnFault, Upstream},
};

thread_local! {
    /// Of this isolate, and of our keys alone.
    static HEALTH: RefCell<KeyHealth> = RefCell::default();
}

/// An answer of the upstream, its body not yet read.
pub struct Asked {
    /// Its head, and the body.
    pub response: Response,
    /// Which of our keys it took: its account knows the generation.
    pub key: usize,
    /// Ends what is left of it.
    pub controller: AbortController,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Our keys were refused.
    Own(OwnFault),
    /// No connection, or one that ended before headers.
    Unreachable,
    /// No headers in time.
    Timeout,
    /// The client went away: nobody reads what is answered.
    Gone,
}

impl Failure {
    /// What the caller is told, and the log where it is for the owner to mend.
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::Own(fault) => fault.refusal(),
            Self::Unreachable => {
                log_error("the upstream cannot be reached; look at OPENROUTER_BASE_URL");
                Refusal::new(502, "provider_unavailable", "The upstream cannot be reached.")
            }
            Self::Timeout => {
                log_error("the upstream sent no headers in time (HEADER_TIMEOUT_MS)");
                Refusal::new(504, "timeout", "The upstream did not begin to answer in time.")
            }
            Self::Gone => Refusal::new(499, "timeout", "The client closed the request."),
        }
    }
}

/// Asks the upstream, by another key where ours is refused, and once more where it fails for a moment.
pub(crate) async fn ask(
    upstream: &Upstream,
    outgoing: &Outgoing<'_>,
    user: &str,
    client: Option<&Request>,
) -> Result<std::result::Result<Asked, Failure>> {
    let candidates = HEALTH.with_borrow_mut(|health| health.candidates(&upstream.order(user), now_ms()));
    let candidates = match candidates {
        Ok(candidates) => candidates,
        Err(fault) => return Ok(Err(Failure::Own(fault))),
    };
    let mut keys = candidates.into_iter();
    let mut has_waited = false;
    let mut key = keys.next().unwrap_or_default();
    loop {
        let asked = match ask_once(upstream, outgoing, key, client).await? {
            Ok(asked) => asked,
            Err(failure) => return Ok(Err(failure)),
        };
        let status = asked.response.status();
        if let Some(fault) = OwnFault::of_status(status) {
            HEALTH.with_borrow_mut(|health| health.failed(key, fault, now_ms()));
            let numbers = [key as u64 + 1, upstream.keys.len() as u64, u64::from(status)].map(decimal);
            log_error(&fill("key % of % was answered with HTTP %", &numbers.each_ref().map(String::as_str)));
            discard(&asked.response);
            match keys.next() {
                Some(next) => key = next,
                None => return Ok(Err(Failure::Own(fault))),
            }
            continue;
        }
        HEALTH.with_borrow_mut(|health| health.worked(key));
        if asked.response.ok() {
            return Ok(Ok(asked));
        }
        match upstream.retry_after_ms(&facts(&asked.response)) {
            Some(wait_ms) if !has_waited => {
                has_waited = true;
                discard(&asked.response);
                sleep(wait_ms).await;
            }
            _ => return Ok(Ok(asked)),
        }
    }
}

async fn ask_once(
    upstream: &Upstream,
    outgoing: &Outgoing<'_>,
    key: usize,
    client: Option<&Request>,
) -> Result<std::result::Result<Asked, Failure>> {
    let sent = fetch_upstream(outgoing, &upstream.authorization(key), client, upstream.header_timeout_ms).await?;
    Ok(match sent.response() {
        Some(response) => Ok(Asked { response, key, controller: sent.controller() }),
        None if sent.is_gone() => Err(Failure::Gone),
        None if sent.is_late() => Err(Failure::Timeout),
        None => Err(Failure::Unreachable),
    })
}

/// What the head of an answer says.
fn facts(response: &Response) -> ResponseFacts {
    let date_ms = |text: &str| {
        let ms = js_sys::Date::parse(text);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is no time becomes 0")]
        (ms >= 0.0).then_some(ms as u64)
    };
    ResponseFacts::read(response.status(), now_ms(), &|name| header(response, name), &date_ms)
}

/// Ends a body that nobody reads.
pub(crate) fn discard(response: &Response) {
    if let Some(body) = response.body() {
        let _: JsValue = body.cancel().into();
    }
}
