//! What of identity needs the runtime: keys of identity providers, signatures by public keys, and Turnstile. Signatures
//! are `WebCrypto`'s: RSA in wasm would be larger than all of the rest.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, JSON, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Request, RequestInit, RequestRedirect, Response};

use super::{
    Authentication, Identity, Presented, Source, anonymous_identity,
    keys::{FETCH_TIMEOUT_MS, KeySet, Step, read_list},
    session,
    settings::{Provider, Turnstile},
    token::{Algorithm, Fault, Unverified},
};
use crate::{
    http::header,
    platform::log_error,
    policy::{self, Refusal},
    task::JsFuture,
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn global_fetch(request: &Request) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = importKey)]
    fn import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        is_extractable: bool,
        uses: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = verify)]
    fn verify_signature(
        algorithm: &JsValue,
        key: &JsValue,
        signature: &Uint8Array,
        data: &Uint8Array,
    ) -> Result<Promise, JsValue>;
}

/// Borrowed for no longer than a statement: other requests have them too.
type Keys = Rc<RefCell<KeySet<JsValue>>>;

thread_local! {
    /// Keys of identity providers by the URLs of their lists: public, and the same for all users.
    static KEY_SETS: RefCell<Vec<(String, Keys)>> = const { RefCell::new(Vec::new()) };
}

/// Who makes a request.
///
/// # Errors
/// A 401 if nobody says so or it is not true; 503 if it cannot be found out at the moment.
pub(crate) async fn identify(authentication: &Authentication, request: &Request) -> Result<Identity, Refusal> {
    let headers = request.headers();
    let tokens = match authentication {
        Authentication::Local => return Ok(Identity::local()),
        Authentication::Open(anonymous) => {
            return anonymous_identity(anonymous, header(&headers, "cf-connecting-ip").as_deref());
        }
        Authentication::Tokens(tokens) => tokens,
    };
    let authorization = header(&headers, "authorization");
    let (assertion, cookie) = match tokens.access {
        Some(_) => (header(&headers, "cf-access-jwt-assertion"), header(&headers, "cookie")),
        None => (None, None),
    };
    let presented = Presented {
        authorization: authorization.as_deref(),
        assertion: assertion.as_deref(),
        cookie: cookie.as_deref(),
    };
    let (token, source) = presented.token(tokens).map_err(Fault::refusal)?;
    let now_ms = js_sys::Date::now();
    match source {
        Source::Session(sessions) => sessions.identify(&token, now_ms).map_err(Fault::refusal),
        Source::Provider(provider) => {
            let identity = provider.identify(&token, now_ms).map_err(Fault::refusal)?;
            check_signature(provider, &token).await?;
            Ok(identity)
        }
    }
}

/// Answers a `POST /session` with this body: the JSON of `{token, expiresAt}`.
///
/// # Errors
/// 400 names the field; 401 for a wrong secret or challenge; 503 if Turnstile cannot be asked.
pub(crate) async fn open_session(
    authentication: &Authentication,
    request: &Request,
    body: &[u8],
) -> Result<String, Refusal> {
    let sessions = match authentication {
        Authentication::Tokens(tokens) => tokens.sessions.as_ref(),
        _ => None,
    }
    .ok_or_else(policy::not_found)?;
    let headers = request.headers();
    let authorization = header(&headers, "authorization");
    let presented = Presented { authorization: authorization.as_deref(), ..Presented::default() };
    let has_origin = header(&headers, "origin").is_some();
    let grant = match (session::read_request(sessions, presented.bearer(), has_origin, body)?, &sessions.turnstile) {
        (session::Asked::Granted(grant), _) => grant,
        (session::Asked::Challenged(token), Some(turnstile)) => {
            let ip = header(&headers, "cf-connecting-ip");
            let grant = session::anonymous_grant(sessions, turnstile, ip.as_deref())?;
            ask_turnstile(turnstile, &token, ip.as_deref()).await?;
            grant
        }
        (session::Asked::Challenged(_), None) => return Err(Fault::Missing.refusal()),
    };
    session::answer(sessions, &grant, js_sys::Date::now())
}

async fn ask_turnstile(turnstile: &Turnstile, token: &str, ip: Option<&str>) -> Result<(), Refusal> {
    let body = session::siteverify_request(turnstile, token, ip);
    let Ok((_, answer)) = fetch_text(&turnstile.url, Some(&body)).await else {
        log_error("Turnstile's siteverify cannot be reached");
        return Err(session::turnstile_unavailable());
    };
    session::read_siteverify(turnstile, &answer)
}

/// Checks a token's signature by the provider's keys, and fetches them where that may help.
async fn check_signature(provider: &Provider, token: &Unverified<'_>) -> Result<(), Refusal> {
    let keys = keys_at(&provider.jwks_url);
    let look_up = || keys.borrow_mut().look_up(&token.kid, token.algorithm, js_sys::Date::now());
    let mut step = look_up();
    if matches!(step, Step::Fetch) {
        fetch_keys(&provider.jwks_url, &keys).await;
        step = look_up();
    }
    match step {
        Step::Use(key) => {
            if is_signed(token, &key).await {
                Ok(())
            } else {
                Err(Fault::Signature.refusal())
            }
        }
        Step::Unknown => Err(Fault::UnknownKey.refusal()),
        Step::Fetch | Step::Unavailable => {
            let message = "The token cannot be checked at the moment: the identity provider's keys are not there.";
            Err(Refusal::new(503, "temporarily_unavailable", message))
        }
    }
}

fn keys_at(url: &str) -> Keys {
    KEY_SETS.with_borrow_mut(|sets| {
        if let Some((_, keys)) = sets.iter().find(|(known, _)| known == url) {
            return keys.clone();
        }
        let keys = Keys::default();
        sets.push((url.to_owned(), keys.clone()));
        keys
    })
}

async fn fetch_keys(url: &str, keys: &Keys) {
    let list = match fetch_text(url, None).await {
        Ok((response, text)) if response.ok() => read_list(&text).map(|list| (response, list)),
        _ => None,
    };
    let Some((response, list)) = list else {
        log_error("the identity provider's keys cannot be fetched");
        keys.borrow_mut().fail(js_sys::Date::now());
        return;
    };
    let mut imported = Vec::with_capacity(list.len());
    for key in list {
        if let Ok(crypto_key) = import(key.algorithm, &key.jwk).await {
            imported.push((key.kid, key.algorithm, crypto_key));
        }
    }
    let cache_control = header(&response.headers(), "cache-control").unwrap_or_default();
    keys.borrow_mut().succeed(imported, &cache_control, js_sys::Date::now());
}

/// What `WebCrypto` calls it, for importing and for checking.
fn crypto_name(algorithm: Algorithm) -> Result<JsValue, JsValue> {
    match algorithm {
        Algorithm::Rs256 => JSON::parse(r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#),
        Algorithm::Es256 => JSON::parse(r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#),
        // No public key is for it.
        Algorithm::Hs256 => Err(JsValue::NULL),
    }
}

async fn import(algorithm: Algorithm, jwk: &str) -> Result<JsValue, JsValue> {
    let uses = Array::of1(&"verify".into());
    JsFuture::from(import_key("jwk", &JSON::parse(jwk)?, &crypto_name(algorithm)?, false, &uses)?).await
}

async fn is_signed(token: &Unverified<'_>, key: &JsValue) -> bool {
    let (signature, data) = (Uint8Array::from(&*token.signature), Uint8Array::from(token.signed.as_bytes()));
    let promise = crypto_name(token.algorithm).and_then(|name| verify_signature(&name, key, &signature, &data));
    match promise {
        // Only `true` is yes.
        Ok(promise) => JsFuture::from(promise).await.is_ok_and(|answer| answer == JsValue::TRUE),
        Err(_) => false,
    }
}

/// Fetches a small text, with a limit of time. With a body it is a `POST` of JSON.
async fn fetch_text(url: &str, body: Option<&str>) -> Result<(Response, String), JsValue> {
    let init = RequestInit::new();
    // Who answers is who the settings name, and nobody that they point to.
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(FETCH_TIMEOUT_MS)));
    if let Some(body) = body {
        init.set_method("POST");
        init.set_body(&body.into());
    }
    let request = Request::new_with_str_and_init(url, &init)?;
    if body.is_some() {
        request.headers().set("content-type", "application/json")?;
    }
    let response: Response = JsFuture::from(global_fetch(&request)?).await?.unchecked_into();
    let text = JsFuture::from(response.text()?).await?;
    Ok((response, text.as_string().unwrap_or_default()))
}
