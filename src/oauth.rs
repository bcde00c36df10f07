//! Signing in with OpenRouter (OAuth with PKCE, S256): people bring their own account, and the page gets a key of it.
//!
//! Nothing here hashes, stores or sends: random bytes and the digest come in, addresses and texts go out. Source:
//! OpenRouter's guide “OAuth PKCE” (2026-08) and RFC 7636. OpenRouter has no `state` of its own: ours is put into the
//! callback's query, where it comes back beside `code`.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use crate::{
    base64,
    client::percent_encoded,
    error::{Error, ErrorKind},
    json::{ObjectWriter, Value},
    schema,
};

/// Where people are asked whether they agree.
pub const DEFAULT_AUTH_URL: &str = "https://openrouter.ai/auth";

/// How many random bytes [`begin`] takes: 32 for the verifier, 16 for the state.
pub const RANDOM_BYTES: usize = 48;

const VERIFIER_BYTES: usize = 32;

/// A code is good for ten minutes; so is what was kept to exchange it.
const LIFETIME_SECONDS: u64 = 600;

/// Begins to sign in: `{url, pending: {verifier, …}}` as JSON. The challenge in `url` is made of `digest`, the SHA-256
/// of the verifier, which only the platform can make of what this returned before, for the same random bytes.
/// `pending` is to be kept until the callback; `now` is in ms since 1970.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with the option that is wrong.
pub fn begin(options: &str, random: &[u8], digest: &[u8], now: u64) -> Result<String, Error> {
    let invalid = |field: &str, problem: &str| Error::invalid(ErrorKind::InvalidRequest, field, problem);
    let options = Value::parse(options).unwrap_or(Value::Null);
    schema::check_request(&options, "SignIn")?;
    schema::check_names(&options, "SignIn", ErrorKind::InvalidRequest)?;
    let address = |name: &str| options.text_of(name).unwrap_or_default();
    let (callback, auth_url) = (address("callbackURL"), address("authURL"));
    let auth_url = if auth_url.is_empty() { DEFAULT_AUTH_URL } else { &*auth_url };
    for (name, url) in [("callbackURL", &*callback), ("authURL", auth_url)] {
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(invalid(name, "expected an http(s) URL"));
        }
    }
    let (for_verifier, for_state) = random.split_at(random.len().min(VERIFIER_BYTES));
    let (verifier, state) = (base64::encode_url(for_verifier), base64::encode_url(for_state));

    let mut callback = without_answer(&callback, &mut |_, _| ());
    callback.truncate(callback.bytes().position(|byte| byte == b'#').unwrap_or(callback.len()));
    add(&mut callback, "state", &state);
    let mut url = auth_url.to_owned();
    add(&mut url, "callback_url", &callback);
    add(&mut url, "code_challenge", &base64::encode_url(digest));
    add(&mut url, "code_challenge_method", "S256");
    if let Some(label) = options.text_of("keyLabel") {
        add(&mut url, "key_label", &label);
    }
    if let Some(limit) = options.present("limit") {
        add(&mut url, "limit", &limit.to_json());
    }

    let mut out = String::new();
    let mut begun = ObjectWriter::new(&mut out);
    begun.text("url", Some(&url));
    let mut pending = ObjectWriter::new(begun.key("pending"));
    pending.text("verifier", Some(&verifier));
    pending.text("state", Some(&state));
    pending.value("begun", &Value::integer(now / 1000));
    pending.end();
    begun.end();
    Ok(out)
}

/// What the callback says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The address without `code` and `state`.
    pub clean_url: String,
    /// The request of the operation `exchangeCode`, as JSON.
    pub request: Result<String, Error>,
}

/// Reads the address to which people came back, and what [`begin`] had kept.
///
/// The request is an error of [`ErrorKind::Authentication`] where that is not the answer to the sign-in that was begun.
#[must_use]
pub fn complete(url: &str, pending: Option<&str>, now: u64) -> Callback {
    let (mut code, mut state, mut is_repeated) = (None, None, false);
    let clean_url = without_answer(url, &mut |name, value| {
        let known = if name == "code" { &mut code } else { &mut state };
        is_repeated |= known.is_some();
        *known = decode(value).filter(|text| !text.is_empty());
    });
    let request = match pending.and_then(Value::parse) {
        Some(pending) => request(&pending, code, state.filter(|_| !is_repeated).as_deref(), now),
        None => Err("no sign-in is under way here: begin one, and finish it once, in the tab in which it was begun"),
    };
    Callback { clean_url, request: request.map_err(|problem| Error::new(ErrorKind::Authentication, problem)) }
}

fn request(pending: &Value<'_>, code: Option<String>, state: Option<&str>, now: u64) -> Result<String, &'static str> {
    let begun = u64::from(pending.index_of("begun").unwrap_or(0));
    if state.is_none() || state != pending.text_of("state").as_deref() {
        return Err(
            "the address is not the answer to the sign-in that was begun here (its state differs): begin again",
        );
    }
    let code = code.ok_or("the address has no code, the sign-in was not granted: begin again")?;
    if (now / 1000).saturating_sub(begun) >= LIFETIME_SECONDS {
        return Err("the sign-in took longer than 10 minutes: begin again");
    }
    let mut out = String::new();
    let mut request = ObjectWriter::new(&mut out);
    request.text("code", Some(&code));
    request.text("code_verifier", pending.text_of("verifier").as_deref());
    request.text("code_challenge_method", Some("S256"));
    request.end();
    Ok(out)
}

/// Adds a field to the query of an address that has no fragment.
fn add(url: &mut String, name: &str, value: &str) {
    url.push(if url.bytes().any(|byte| byte == b'?') { '&' } else { '?' });
    url.push_str(name);
    url.push('=');
    url.push_str(&percent_encoded(value));
}

/// What is percent-encoded; `None` if that is no text.
fn decode(value: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digit = |at: usize| char::from(*after.get(at).filter(|_| byte == b'%')?).to_digit(16);
        let escaped = digit(0).zip(digit(1)).and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8(bytes).ok()
}

/// The address with `code` and `state` taken out of its query, and the rest as it is written.
fn without_answer(url: &str, found: &mut dyn FnMut(&str, &str)) -> String {
    let (before, fragment) = url.split_at(url.bytes().position(|byte| byte == b'#').unwrap_or(url.len()));
    let (path, query) = before.split_once('?').unwrap_or((before, ""));
    let mut out = path.to_owned();
    let mut separator = '?';
    for field in query.split('&').filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        if matches!(name, "code" | "state") {
            found(name, value);
        } else {
            out.push(separator);
            out.push_str(field);
            separator = '&';
        }
    }
    out + fragment
}

#[cfg(test)]
mod tests {
    use std::prelude::rust_2024::*;

    use serde_json::{Value as Document, json};

    use super::*;

    /// RFC 7636, appendix B.
    const RANDOM: [u8; 32] = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
        240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];
    const DIGEST: [u8; 32] = [
        19, 211, 30, 150, 26, 26, 216, 236, 47, 22, 177, 12, 76, 152, 46, 8, 118, 168, 120, 173, 109, 241, 68, 86, 110,
        225, 137, 74, 203, 112, 249, 195,
    ];
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const STATE: &str = "AAECAwQFBgcICQoLDA0ODw";
    const NOW: u64 = 1_786_406_400_000;

    fn random() -> Vec<u8> {
        RANDOM.into_iter().chain(0..16).collect()
    }

    fn begin_with(options: &Document) -> Result<Document, Error> {
        begin(&options.to_string(), &random(), &DIGEST, NOW).map(|json| serde_json::from_str(&json).unwrap())
    }

    fn begun() -> Document {
        begin_with(&json!({"callbackURL": "https://app.example/back"})).unwrap()
    }

    fn url_of(options: &Document) -> String {
        begin_with(options).unwrap()["url"].as_str().unwrap().to_owned()
    }

    fn completed(url: &str, now: u64) -> Result<Document, Error> {
        let begun = begun();
        complete(url, Some(&begun["pending"].to_string()), now).request.map(|json| serde_json::from_str(&json).unwrap())
    }

    #[test]
    fn the_vectors_of_rfc_7636_come_out() {
        assert_eq!(RANDOM.len() + 16, RANDOM_BYTES);
        let begun = begun();
        assert_eq!(begun["pending"]["verifier"], VERIFIER);
        assert!(
            begun["url"]
                .as_str()
                .unwrap()
                .contains(&["&code_challenge=", CHALLENGE, "&code_challenge_method=S256"].concat())
        );
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn the_digest_is_that_of_the_verifier() {
        use sha2::{Digest, Sha256};
        let digest: [u8; 32] = Sha256::digest(VERIFIER).into();
        assert_eq!(digest, DIGEST);
    }

    #[test]
    fn consent_is_asked_for_at_openrouter_with_a_state_in_the_callback() {
        assert_eq!(
            url_of(
                &json!({"callbackURL": "https://app.example/back", "keyLabel": "A & Ü", "limit": 1.50, "authURL": null})
            ),
            [
                "https://openrouter.ai/auth?callback_url=https%3A%2F%2Fapp.example%2Fback%3Fstate%3D",
                STATE,
                "&code_challenge=",
                CHALLENGE,
                "&code_challenge_method=S256&key_label=A%20%26%20%C3%9C&limit=1.5"
            ]
            .concat()
        );
    }

    #[test]
    fn the_callbacks_own_query_is_kept_and_an_older_answer_is_not() {
        let url = url_of(
            &json!({"callbackURL": "http://localhost:5173/?a=1&code=old&b=%20&state=old#top", "authURL": "http://x.example/auth?y=1"}),
        );
        let callback =
            ["http%3A%2F%2Flocalhost%3A5173%2F%3Fa%3D1%26b%3D%2520%26state%3D", STATE, "&code_challenge="].concat();
        assert!(url.starts_with(&["http://x.example/auth?y=1&callback_url=", &callback].concat()), "{url}");
    }

    #[test]
    fn a_wrong_option_is_named() {
        for (options, field) in [
            (json!({}), "callbackURL"),
            (json!({"callbackURL": ""}), "callbackURL"),
            (json!({"callbackURL": "/back"}), "callbackURL"),
            (json!({"callbackURL": "javascript:alert(1)"}), "callbackURL"),
            (json!({"callbackURL": "https://a.example", "authURL": "openrouter.ai"}), "authURL"),
            (json!({"callbackURL": "https://a.example", "limit": -1}), "limit"),
            (json!({"callbackURL": "https://a.example", "limit": "5"}), "limit"),
            (json!({"callbackURL": "https://a.example", "keyLabel": 5}), "keyLabel"),
            (json!({"callbackURL": "https://a.example", "callbackUrl": "x"}), "callbackUrl"),
        ] {
            let error = begin_with(&options).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(field)), "{options}");
        }
    }

    #[test]
    fn the_answer_becomes_the_exchange() {
        let request =
            completed(&["https://app.example/back?state=", STATE, "&code=a%2bb_%C3%A9%4"].concat(), NOW + 599_000)
                .unwrap();
        assert_eq!(request, json!({"code": "a+b_é%4", "code_verifier": VERIFIER, "code_challenge_method": "S256"}));
    }

    #[test]
    fn what_is_not_the_answer_is_refused() {
        let url = |query: &str| ["https://app.example/back?", query].concat();
        let state = ["state=", STATE].concat();
        for (query, now, word) in [
            ("code=c", NOW, "state"),
            ("code=c&state=", NOW, "state"),
            ("code=c&state=AAECAwQFBgcICQoLDA0ODx", NOW, "state"),
            (&[&*state, "&code=c&", &*state].concat(), NOW, "state"),
            (&[&*state, "&code=c&code=d"].concat(), NOW, "state"),
            (&state, NOW, "no code"),
            (&[&*state, "&code="].concat(), NOW, "no code"),
            (&[&*state, "&code=%ff"].concat(), NOW, "no code"),
            (&[&*state, "&xcode=c"].concat(), NOW, "no code"),
            (&[&*state, "&code=c"].concat(), NOW + 600_000, "10 minutes"),
        ] {
            let error = completed(&url(query), now).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication, "{query}");
            assert!(error.message().contains(word), "{query}: {}", error.message());
            assert!(!error.message().contains("code=c"));
        }
    }

    #[test]
    fn without_a_sign_in_that_was_begun_there_is_nothing_to_complete() {
        let url = ["https://app.example/back?code=c&state=", STATE].concat();
        for pending in [None, Some(""), Some("{"), Some("{}"), Some("null"), Some(r#"{"state":null}"#)] {
            let error = complete(&url, pending, NOW).request.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication, "{pending:?}");
        }
        let stateless = r#"{"verifier":"v","begun":1786406400}"#;
        assert!(
            complete("https://app.example/back?code=c", Some(stateless), NOW).request.is_err(),
            "none is not the same"
        );
    }

    #[test]
    fn the_clean_address_is_the_one_before() {
        for (url, clean) in [
            ("https://a.example/b?code=1&state=2", "https://a.example/b"),
            ("https://a.example/b?x=%20&code=1&y&state=2&z=3#f?code=4", "https://a.example/b?x=%20&y&z=3#f?code=4"),
            ("https://a.example/b#code=1", "https://a.example/b#code=1"),
            ("", ""),
        ] {
            assert_eq!(complete(url, None, NOW).clean_url, clean);
        }
    }
}
