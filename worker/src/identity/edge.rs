//! What of identity needs the runtime: keys of identity providers, signatures by public keys, and Turnstile. Signatures
//! are `WebCrypto`'s: RSA in wasm would be larger than all of the rest.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, JSON, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use super::{
    Authentication, Identity, Presented, Source, anonymous_identity,
    keys::{FETCH_TIMEOUT_MS, KeySet, Step, read_list},
    known::Known,
    session,
    settings::{Provider, Turnstile},
    token::{Algorithm, Fault, Unverified},
};
use crate::{
    http::{Head, Outgoing, fetch_text, header, text_of},
    platform::log_error,
    policy::{self, Refusal},
    task::JsFuture,
};

#[wasm_bindgen]
extern "C" {
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
    /// What is found again is what the same token said: nothing of it is another user's.
    static KNOWN: RefCell<Known> = RefCell::default();

    /// Keys of identity providers by the URLs of their lists: public, and the same for all users.
    static KEY_SETS: RefCell<Vec<(String, Keys)>> = const { RefCell::new(Vec::new()) };
}

/// Who makes a request.
///
/// # Errors
/// A 401 if nobody says so or it is not true; 503 if it cannot be found out at the moment.
pub(crate) async fn identify(authentication: &Authentication, head: &Head<'_>) -> Result<Identity, Refusal> {
    let tokens = match authentication {
        Authentication::Local => return Ok(Identity::local()),
        Authentication::Open(anonymous) => {
            return anonymous_identity(anonymous, head.header("cf-connecting-ip").as_deref());
        }
        Authentication::Tokens(tokens) => tokens,
    };
    let authorization = head.header("authorization");
    let (assertion, cookie) = match tokens.access {
        Some(_) => (head.header("cf-access-jwt-assertion"), head.header("cookie")),
        None => (None, None),
    };
    let presented = Presented {
        authorization: authorization.as_deref(),
        assertion: assertion.as_deref(),
        cookie: cookie.as_deref(),
    };
    let now_ms = js_sys::Date::now();
    let bearer = presented.bearer().filter(|_| tokens.sessions.is_some()).unwrap_or_default();
    if let Some(identity) = KNOWN.with_borrow(|known| known.find(bearer, now_ms)) {
        return Ok(identity);
    }
    let (token, source) = presented.token(tokens).map_err(Fault::refusal)?;
    match source {
        Source::Session(sessions) => {
            let (identity, lifetime) = sessions.identify(&token, now_ms).map_err(Fault::refusal)?;
            KNOWN.with_borrow_mut(|known| known.keep(bearer, &identity, lifetime));
            Ok(identity)
        }
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
    head: &Head<'_>,
    body: &[u8],
) -> Result<String, Refusal> {
    let sessions = match authentication {
        Authentication::Tokens(tokens) => tokens.sessions.as_ref(),
        _ => None,
    }
    .ok_or_else(policy::not_found)?;
    let authorization = head.header("authorization");
    let presented = Presented { authorization: authorization.as_deref(), ..Presented::default() };
    let has_origin = head.header("origin").is_some();
    let grant = match (session::read_request(sessions, presented.bearer(), has_origin, body)?, &sessions.turnstile) {
        (session::Asked::Granted(grant), _) => grant,
        (session::Asked::Challenged(token), Some(turnstile)) => {
            let ip = head.header("cf-connecting-ip");
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
    let headers = [("content-type".to_owned(), "application/json".to_owned())];
    let outgoing =
        Outgoing { url: &turnstile.url, method: "POST", headers: &headers, body: Some(&JsValue::from_str(&body)) };
    let Some((_, answer)) = text_of(fetch_text(&outgoing, None, FETCH_TIMEOUT_MS).await) else {
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
    let outgoing = Outgoing { url, method: "GET", headers: &[], body: None };
    let list = match text_of(fetch_text(&outgoing, None, FETCH_TIMEOUT_MS).await) {
        Some((response, text)) if response.ok() => read_list(&text).map(|list| (response, list)),
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
    let cache_control = header(&response, "cache-control").unwrap_or_default();
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
