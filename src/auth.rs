//! Tokens that the caller gives when asked for one: how long they are good, and why another one is needed.

use alloc::string::String;

use crate::{
    base64::decode_url,
    json::{Value, concat},
};

/// Stands for a token that is to be asked for, in the option `auth` and in the header that it will be in. No header may
/// hold it, so no other value is mistaken for it.
pub const ASKED: &str = "\0";

/// The longest time before its end from which on a token is not sent any more, in ms.
const LONGEST_MARGIN_MS: u64 = 30_000;

/// The value of the `Authorization` header that presents a token.
#[must_use]
pub fn authorization(token: &str) -> String {
    concat(&["Bearer ", token])
}

/// Why a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// There is none yet.
    First,
    /// The one that there is will soon be over, or is.
    Expired,
    /// The server did not accept the one that there is (401).
    Refused,
}

impl Reason {
    /// As the caller's function is told. Part of the public contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Expired => "expired",
            Self::Refused => "refused",
        }
    }
}

/// Until when a token that has just come may be used: a little before the end that it names, if it is a JWT. One that is
/// over already by this clock is good until it is refused, and so is one of any other kind: clocks of users are often wrong.
#[must_use]
pub fn good_until(token: &str, now: u64) -> u64 {
    match expiry(token) {
        Some(end) if end > now => end - ((end - now) / 10).min(LONGEST_MARGIN_MS),
        _ => u64::MAX,
    }
}

/// When a JWT says that it ends, in ms since 1970. Whether that is true is for the server to check.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time since 1970")]
fn expiry(token: &str) -> Option<u64> {
    let claims = decode_url(token.split('.').nth(1)?)?;
    let seconds = Value::parse(core::str::from_utf8(&claims).ok()?)?.get("exp")?.number()?;
    Some((seconds * 1000.0) as u64)
}

/// A token, which no debug output shows.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) String);

impl core::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("[token]")
    }
}

#[cfg(test)]
mod tests {
    use std::{format, prelude::rust_2024::*};

    use super::*;
    use crate::base64::encode_url;

    const NOW: u64 = 1_800_000_000_000;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", encode_url(claims.as_bytes()))
    }

    fn seconds_good(claims: &str) -> Option<u64> {
        Some(good_until(&jwt(claims), NOW)).filter(|until| *until < u64::MAX).map(|until| (until - NOW) / 1000)
    }

    #[test]
    fn a_token_is_good_until_a_little_before_its_end() {
        assert_eq!(seconds_good(r#"{"exp":1800000900}"#), Some(870));
        assert_eq!(seconds_good(r#"{"sub":"u","exp":1800000060,"iat":1800000000}"#), Some(54), "a tenth of a minute");
        assert_eq!(seconds_good(r#"{"exp":1800000010.5}"#), Some(9));
    }

    #[test]
    fn a_token_that_names_no_end_to_come_is_good_until_it_is_refused() {
        for claims in
            [r#"{"exp":1800000000}"#, r#"{"exp":5}"#, r#"{"exp":-1}"#, r#"{"exp":"1800000900"}"#, "{}", "[]", "{"]
        {
            assert_eq!(seconds_good(claims), None, "{claims}");
        }
        assert!(good_until(&jwt(r#"{"exp":1e999}"#), NOW) > u64::MAX / 2);
        for token in ["", ".", "..", "sk-or-v1-key", "a.b.c", "a.\u{e9}.c", "e30.eyJleHAiOjE4MDAwMDA5MDB9=.x"] {
            assert_eq!(good_until(token, NOW), u64::MAX, "{token}");
        }
    }

    #[test]
    fn no_debug_output_shows_a_token() {
        assert_eq!(format!("{:?}", Token("secret".to_owned())), "[token]");
    }
}
