//! Signed tokens in the compact form (RFC 7515, RFC 7519): taken apart, signed and checked by a shared secret, and what
//! their claims must say. Nothing of a token is believed before its signature is checked, and its own header never
//! chooses what it is checked with: an algorithm belongs to a kind of key.

use std::borrow::Cow;

use hmac::{Hmac, Mac};
use openrouter_wasm::{
    base64::{decode_url, encode_url},
    json::{ObjectWriter, Value, concat},
};
use sha2::{Digest, Sha256};

use super::known::Lifetime;
use crate::policy::Refusal;

/// The longest token that is looked at. Those of identity providers that list a user's groups come to 4 kB.
pub(crate) const MAX_TOKEN_BYTES: usize = 8192;

/// Names of users who did not say who they are begin so; no token may name one.
pub(crate) const ANONYMOUS_PREFIX: &str = "ip:";

/// The longest name of a user, in bytes.
const MAX_USER_BYTES: usize = 200;

/// The most fields that an object of a token may have.
const MAX_FIELDS: usize = 128;

/// The block of SHA-256.
const BLOCK_BYTES: usize = 64;

/// How far from 1970 a time may be, in seconds: what is further is no time but a trick.
const MAX_TIME: f64 = 1e11;

/// How a token is signed. There is no `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// HMAC with SHA-256: our own session tokens.
    Hs256,
    /// RSA with SHA-256: an identity provider's.
    Rs256,
    /// ECDSA on P-256 with SHA-256: an identity provider's.
    Es256,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Missing,
    TooLong,
    Malformed,
    Algorithm,
    UnknownKey,
    Signature,
    Expired,
    NotYetValid,
    Audience,
    Issuer,
    User,
}

impl Fault {
    /// What the caller is told: never a part of the token.
    pub(crate) fn refusal(self) -> Refusal {
        let message = match self {
            Self::Missing => "This proxy asks for a token: send Authorization: Bearer with it.",
            Self::TooLong => "The token is too long.",
            Self::Malformed => "The token is not well formed.",
            Self::Algorithm => "The token is signed in a way that is not accepted here.",
            Self::UnknownKey => "The token is signed with a key that is not known here.",
            Self::Signature => "The token's signature is wrong.",
            Self::Expired => "The token has expired.",
            Self::NotYetValid => "The token is not valid yet.",
            Self::Audience => "The token is for another audience.",
            Self::Issuer => "The token is from another issuer.",
            Self::User => "The token names no user.",
        };
        Refusal::new(401, "authentication", message)
    }
}

/// A token taken apart. Its claims are words until the signature is checked.
#[derive(Debug)]
pub(crate) struct Unverified<'a> {
    pub(crate) algorithm: Algorithm,
    /// The name of the key that it says it is signed with.
    pub(crate) kid: String,
    /// What the signature is over.
    pub(crate) signed: &'a str,
    pub(crate) signature: Vec<u8>,
    /// JSON.
    pub(crate) claims: String,
}

impl<'a> Unverified<'a> {
    pub(crate) fn parse(token: &'a str) -> Result<Self, Fault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Fault::TooLong);
        }
        let last = token.bytes().rposition(|byte| byte == b'.').ok_or(Fault::Malformed)?;
        let (signed, signature) = (&token[..last], &token[last + 1..]);
        let (header, claims) = signed.split_once('.').ok_or(Fault::Malformed)?;
        let decode = |part: &str| decode_url(part).and_then(|bytes| String::from_utf8(bytes).ok());
        let header = decode(header).ok_or(Fault::Malformed)?;
        let header = object(&header).ok_or(Fault::Malformed)?;
        let algorithm = match header.text_of("alg").as_deref() {
            Some("HS256") => Algorithm::Hs256,
            Some("RS256") => Algorithm::Rs256,
            Some("ES256") => Algorithm::Es256,
            _ => return Err(Fault::Algorithm),
        };
        // What is critical is not understood here, so that the token may mean something else.
        if header.get("crit").is_some() {
            return Err(Fault::Malformed);
        }
        let kid = header.text_of("kid").ok_or(Fault::UnknownKey)?.into_owned();
        let signature = decode_url(signature).ok_or(Fault::Malformed)?;
        Ok(Self { algorithm, kid, signed, signature, claims: decode(claims).ok_or(Fault::Malformed)? })
    }
}

/// An object that says nothing twice, at any depth: readers differ in which of two values counts.
pub(crate) fn object(text: &str) -> Option<Value<'_>> {
    Value::parse(text).filter(|value| value.is_object() && !has_duplicates(value))
}

fn has_duplicates(value: &Value<'_>) -> bool {
    let entries = value.entries();
    let content = |raw: &str| Value::String(Cow::Borrowed(raw)).text().map(Cow::into_owned);
    let is_same = |one: &str, other: &str| {
        one == other || ((one.contains('\\') || other.contains('\\')) && content(one) == content(other))
    };
    // So many names are no claims, and comparing them all would take long.
    entries.len() > MAX_FIELDS
        || entries.iter().enumerate().any(|(at, (key, inner))| {
            has_duplicates(inner) || entries[..at].iter().any(|(earlier, _)| is_same(earlier, key))
        })
        || value.items().iter().any(has_duplicates)
}

/// What the claims of a token must say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// `iss`; one's own tokens name none.
    pub(crate) issuer: Option<&'a str>,
    /// `aud` must name one of them.
    pub(crate) audiences: &'a [String],
    /// How far clocks may be apart, in seconds.
    pub(crate) leeway: u64,
}

impl Expected<'_> {
    /// Checks times, audience and issuer. `now_ms` is Unix time.
    pub(crate) fn check(&self, claims: &Value<'_>, now_ms: f64) -> Result<(), Fault> {
        let now = now_ms / 1000.0;
        #[expect(clippy::cast_precision_loss, reason = "some seconds")]
        let leeway = self.leeway as f64;
        let time = |name| match claims.get(name) {
            None => Ok(None),
            Some(value) => {
                value.number().filter(|time| (0.0..MAX_TIME).contains(time)).map(Some).ok_or(Fault::Malformed)
            }
        };
        if time("exp")?.ok_or(Fault::Malformed)? + leeway <= now {
            return Err(Fault::Expired);
        }
        for name in ["nbf", "iat"] {
            if time(name)?.is_some_and(|time| time - leeway > now) {
                return Err(Fault::NotYetValid);
            }
        }
        let is_meant =
            |audience: &Value<'_>| audience.text().is_some_and(|name| self.audiences.iter().any(|own| *own == name));
        let audience = claims.at("aud");
        if !is_meant(audience) && !audience.items().iter().any(is_meant) {
            return Err(Fault::Audience);
        }
        if self.issuer.is_some() && claims.text_of("iss").as_deref() != self.issuer {
            return Err(Fault::Issuer);
        }
        Ok(())
    }

    /// When claims that were checked once pass again.
    pub(crate) fn lifetime(&self, claims: &Value<'_>) -> Lifetime {
        let time_ms = |name| claims.get(name).and_then(Value::number).unwrap_or_default() * 1000.0;
        #[expect(clippy::cast_precision_loss, reason = "some seconds")]
        let leeway_ms = self.leeway as f64 * 1000.0;
        Lifetime { from_ms: time_ms("nbf").max(time_ms("iat")) - leeway_ms, until_ms: time_ms("exp") + leeway_ms }
    }
}

/// A user's name out of a claim: a text, or a number as some providers count their users. What cannot be a name in a
/// table or a header is none.
pub(crate) fn user_name(claim: &Value<'_>) -> Option<String> {
    let name = match claim {
        Value::Number(raw) if raw.bytes().all(|byte| byte.is_ascii_digit()) => raw.to_string(),
        _ => claim.text()?.into_owned(),
    };
    let is_name = (1..=MAX_USER_BYTES).contains(&name.len())
        && !name.chars().any(char::is_control)
        && name.trim() == name
        && !name.starts_with(ANONYMOUS_PREFIX);
    is_name.then_some(name)
}

/// A secret with its name, which tokens carry as `kid`.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    pub(crate) kid: String,
    pub(crate) secret: Secret,
}

impl Signer {
    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &str) -> String {
        let mut header = String::new();
        let mut writer = ObjectWriter::new(&mut header);
        writer.text("alg", Some("HS256"));
        writer.text("typ", Some("JWT"));
        writer.text("kid", Some(&self.kid));
        writer.end();
        let mut token = concat(&[&encode_url(header.as_bytes()), ".", &encode_url(claims.as_bytes())]);
        let signature = self.secret.mac(&[token.as_bytes()]).finalize().into_bytes();
        token.push('.');
        token.push_str(&encode_url(&signature));
        token
    }
}

/// Checks the signature of one's own token. Only [`Algorithm::Hs256`] is one: a provider's public key, which everybody
/// knows, is never taken for a secret, nor a secret for a public key.
pub(crate) fn verify(token: &Unverified<'_>, signers: &[Signer]) -> Result<(), Fault> {
    if token.algorithm != Algorithm::Hs256 {
        return Err(Fault::Algorithm);
    }
    let signer = signers.iter().find(|signer| signer.kid == token.kid).ok_or(Fault::UnknownKey)?;
    signer.secret.mac(&[token.signed.as_bytes()]).verify_slice(&token.signature).map_err(|_| Fault::Signature)
}

/// A secret that no debug output shows.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(secret: &str) -> Self {
        Self(secret.to_owned())
    }

    /// For the one that it is sent to.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// A hash of these parts that nobody makes without the secret.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let digest;
        let key = if self.0.len() > BLOCK_BYTES {
            digest = Sha256::digest(&self.0);
            &digest[..]
        } else {
            self.0.as_bytes()
        };
        let mut block = [0; BLOCK_BYTES];
        for (byte, of_key) in block.iter_mut().zip(key) {
            *byte = *of_key;
        }
        // By the block, for this way to make it knows no error.
        let mut mac = Hmac::<Sha256>::new(&block.into());
        for part in parts {
            mac.update(part);
        }
        mac
    }

    /// A name for a text, always the same, from which nobody without the secret gets the text back.
    pub(crate) fn name(&self, kind: &[u8], text: &str) -> String {
        encode_url(&self.mac(&[kind, text.as_bytes()]).finalize().into_bytes()[..16])
    }

    /// Compares in a time that does not tell how much of it is right, nor how long it is: by hashes.
    pub(crate) fn is(&self, presented: &str) -> bool {
        let label: &[&[u8]] = &[b"is it the same"];
        self.mac(label).verify(&Self::new(presented).mac(label).finalize().into_bytes()).is_ok()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[secret]")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: f64 = 1_800_000_000_000.0;
    const NEW: &str = "november-0123456789abcdef0123456789abcdef";
    const OLD: &str = "october-0123456789abcdef0123456789abcdef!";

    fn signers() -> Vec<Signer> {
        [("november", NEW), ("october", OLD)]
            .map(|(kid, secret)| Signer { kid: kid.to_owned(), secret: Secret::new(secret) })
            .into()
    }

    /// A token with any header, signed with any secret.
    pub(crate) fn forge(header: &str, claims: &str, secret: &str) -> String {
        let signed = [encode_url(header.as_bytes()), encode_url(claims.as_bytes())].join(".");
        let signature = Secret::new(secret).mac(&[signed.as_bytes()]).finalize().into_bytes();
        [signed, encode_url(&signature)].join(".")
    }

    fn verified(token: &str) -> Result<String, Fault> {
        let token = Unverified::parse(token)?;
        verify(&token, &signers())?;
        Ok(token.claims)
    }

    const HEADER: &str = r#"{"alg":"HS256","typ":"JWT","kid":"november"}"#;

    #[test]
    fn a_token_of_every_valid_secret_is_taken() {
        for signer in signers() {
            assert_eq!(verified(&signer.sign(r#"{"sub":"é"}"#)).as_deref(), Ok(r#"{"sub":"é"}"#));
        }
        assert_eq!(forge(HEADER, "{}", NEW), signers()[0].sign("{}"));
    }

    #[test]
    fn a_hash_is_what_rfc_4231_says() {
        let mac = Secret::new("Jefe").mac(&[b"what do ya want ", b"for nothing?"]).finalize().into_bytes();
        assert_eq!(encode_url(&mac), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
        // A key that is longer than a block.
        let key = "k".repeat(131);
        let reference = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(b"data").finalize();
        assert_eq!(Secret::new(&key).mac(&[b"data"]).finalize().into_bytes(), reference.into_bytes());
    }

    #[test]
    fn no_header_talks_us_into_another_way_of_checking() {
        let fault = |header: &str, secret: &str| verified(&forge(header, "{}", secret)).unwrap_err();
        for none in ["none", "None", "NONE", "nOnE", "HS384", "HS512", "hs256", ""] {
            let header = format!(r#"{{"alg":"{none}","kid":"november"}}"#);
            assert_eq!(fault(&header, NEW), Fault::Algorithm, "{none}");
        }
        assert_eq!(fault(r#"{"kid":"november"}"#, NEW), Fault::Algorithm);
        assert_eq!(fault(r#"{"alg":"RS256","kid":"november"}"#, NEW), Fault::Algorithm, "by a session's secret");
        assert_eq!(fault(r#"{"alg":"ES256","kid":"november"}"#, NEW), Fault::Algorithm);
        assert_eq!(fault(HEADER, "another secret of a good length, 32 bytes"), Fault::Signature);
        assert_eq!(fault(HEADER, OLD), Fault::Signature, "the secret of another name");
        assert_eq!(fault(HEADER, ""), Fault::Signature);
        assert_eq!(fault(r#"{"alg":"HS256","kid":"December"}"#, NEW), Fault::UnknownKey);
        assert_eq!(fault(r#"{"alg":"HS256"}"#, NEW), Fault::UnknownKey);
        assert_eq!(fault(r#"{"alg":"HS256","kid":7}"#, NEW), Fault::UnknownKey);
        let own = r#"{"alg":"HS256","kid":"x","jwk":{"kty":"oct","k":"AAAA"}}"#;
        assert_eq!(fault(own, "\0\0\0"), Fault::UnknownKey, "a key that came along");
        assert_eq!(fault(r#"{"alg":"HS256","kid":"november","crit":["b64"],"b64":false}"#, NEW), Fault::Malformed);
    }

    #[test]
    fn what_is_not_whole_is_malformed() {
        let good = signers()[0].sign("{}");
        let (signed, signature) = good.rsplit_once('.').unwrap();
        for token in [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            "a.b".to_owned(),
            "a.b.c".to_owned(),
            signed.to_owned(),
            format!("{signed}.{signature}="),
            format!("{signed}.{signature}.x"),
            format!(" {good}"),
            format!("{good}, {good}"),
            forge("[]", "{}", NEW),
            forge("{", "{}", NEW),
            forge("{}x", "{}", NEW),
            forge(r#"{"alg":"HS256","alg":"HS256","kid":"november"}"#, "{}", NEW),
        ] {
            assert_eq!(verified(&token).unwrap_err(), Fault::Malformed, "{token}");
        }
        assert!(matches!(verified(&format!("{signed}.")), Err(Fault::Signature)), "no signature at all");
        assert!(matches!(
            verified(&format!("{signed}.{}", &signature[..42])),
            Err(Fault::Malformed | Fault::Signature)
        ));
        let long = signers()[0].sign(&format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_TOKEN_BYTES)));
        assert_eq!(verified(&long).unwrap_err(), Fault::TooLong);
        assert_eq!(verified(&"a".repeat(MAX_TOKEN_BYTES + 1)).unwrap_err(), Fault::TooLong);
    }

    #[test]
    fn a_claim_that_is_made_twice_is_no_claim() {
        assert!(object(r#"{"sub":"a","aud":"b","x":[{"sub":1},{"sub":2}]}"#).is_some());
        for text in [
            r#"{"sub":"a","sub":"b"}"#,
            r#"{"sub":"a","s\u0075b":"b"}"#,
            r#"{"x":{"sub":1,"sub":1}}"#,
            r#"{"x":[{"sub":1,"sub":1}]}"#,
            &format!("{{{}}}", (0..=MAX_FIELDS).map(|at| format!("\"{at}\":0")).collect::<Vec<_>>().join(",")),
            "[]",
            "\"sub\"",
            "{",
        ] {
            assert!(object(text).is_none(), "{text}");
        }
    }

    fn check(claims: &str) -> Result<(), Fault> {
        let audiences = ["here".to_owned(), "there".to_owned()];
        let expected = Expected { issuer: Some("https://issuer.example"), audiences: &audiences, leeway: 60 };
        expected.check(&Value::parse(claims).unwrap(), NOW)
    }

    #[test]
    fn times_are_checked_with_their_leeway() {
        let checked = |times: &str| check(&format!(r#"{{"iss":"https://issuer.example","aud":"here",{times}}}"#)).err();
        assert_eq!(checked(r#""exp":1800000001,"nbf":1800000000,"iat":1800000000"#), None);
        assert_eq!(checked(r#""exp":1799999941"#), None, "within the leeway");
        assert_eq!(checked(r#""exp":1799999940"#), Some(Fault::Expired));
        assert_eq!(checked(r#""exp":1799999940.5"#), None, "times may have fractions");
        assert_eq!(checked(r#""exp":1800000100,"nbf":1800000060"#), None);
        assert_eq!(checked(r#""exp":1800000100,"nbf":1800000061"#), Some(Fault::NotYetValid));
        assert_eq!(checked(r#""exp":1800000100,"iat":1800000061"#), Some(Fault::NotYetValid));
        for wrong in [
            r#""nbf":1"#,
            r#""exp":null"#,
            r#""exp":"1800000100""#,
            r#""exp":[1800000100]"#,
            r#""exp":-1"#,
            r#""exp":1e999"#,
            r#""exp":1e300"#,
            r#""exp":1800000100,"nbf":"0""#,
            r#""exp":1800000100,"iat":true"#,
        ] {
            assert_eq!(checked(wrong), Some(Fault::Malformed), "{wrong}");
        }
    }

    #[test]
    fn audience_and_issuer_are_compared_whole() {
        let checked = |rest: &str| check(&format!(r#"{{"exp":1800000100,{rest}}}"#)).err();
        for aud in [r#""here""#, r#""there""#, r#"["elsewhere","there"]"#] {
            assert_eq!(checked(&format!(r#""iss":"https://issuer.example","aud":{aud}"#)), None, "{aud}");
        }
        for aud in [r#""""#, r#""her""#, r#""here ""#, r#""HERE""#, "[]", "null", r#"{"here":true}"#, r#"[["here"]]"#] {
            assert_eq!(
                checked(&format!(r#""iss":"https://issuer.example","aud":{aud}"#)),
                Some(Fault::Audience),
                "{aud}"
            );
        }
        assert_eq!(checked(r#""iss":"https://issuer.example""#), Some(Fault::Audience));
        for iss in [
            r#""https://issuer.example/""#,
            r#""https://issuer.example.evil""#,
            "null",
            r#"["https://issuer.example"]"#,
        ] {
            assert_eq!(checked(&format!(r#""iss":{iss},"aud":"here""#)), Some(Fault::Issuer), "{iss}");
        }
        assert_eq!(checked(r#""aud":"here""#), Some(Fault::Issuer));
    }

    #[test]
    fn a_user_has_a_name_that_fits_everywhere() {
        let name = |json: &str| user_name(&Value::parse(json).unwrap());
        assert_eq!(name(r#""auth0|5f7c""#).as_deref(), Some("auth0|5f7c"));
        assert_eq!(name("583231").as_deref(), Some("583231"));
        let long = format!("\"{}\"", "x".repeat(MAX_USER_BYTES + 1));
        for json in ["null", "\"\"", "true", "[\"a\"]", "1.5", "-1", r#""a\nb""#, r#"" a""#, r#""ip:1234""#, &long] {
            assert_eq!(name(json), None, "{json}");
        }
    }

    #[test]
    fn secrets_are_compared_whole_and_shown_nowhere() {
        let secret = Secret::new(NEW);
        assert!(secret.is(NEW));
        for other in ["", &NEW[1..], &NEW[..NEW.len() - 1], &format!("{NEW}x"), &NEW.to_uppercase()] {
            assert!(!secret.is(other));
        }
        assert_eq!(format!("{secret:?}"), "[secret]");
    }

    proptest! {
        #[test]
        fn a_token_with_any_other_character_anywhere_is_refused(
            at in any::<prop::sample::Index>(),
            other in "[A-Za-z0-9_.=+/ \u{e9}-]",
            sub in "[a-z]{1,12}",
        ) {
            let good = signers()[0].sign(&format!(r#"{{"sub":"{sub}"}}"#));
            let at = at.index(good.len());
            prop_assume!(good[at..=at] != other);
            let tampered = [&good[..at], &other, &good[at + 1..]].concat();
            prop_assert!(verified(&tampered).is_err(), "{tampered}");
        }

        #[test]
        fn a_token_that_is_cut_or_longer_is_refused(length in any::<prop::sample::Index>(), more in "[A-Za-z0-9_.-]{1,9}") {
            let good = signers()[1].sign(r#"{"sub":"user"}"#);
            prop_assert!(verified(&good[..length.index(good.len())]).is_err());
            let longer = [&*good, &more].concat();
            prop_assert!(verified(&longer).is_err());
        }

        #[test]
        fn no_text_ends_the_parser(text in ".{0,200}") {
            let _ = verified(&text);
            let _ = verified(&forge(&text, &text, NEW));
            let _ = object(&text);
        }
    }
}
