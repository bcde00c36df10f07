//! The small view through which the core reads JSON, so that one logic serves every build.
//!
//! Natively and at the edge [`serde_json::Value`] fills it; in the browser the engine's own objects do
//! (`browser/value.rs`), because a parser and derived types in the wasm would outweigh the rest of the client.
//!
//! What every view agrees on: of duplicate keys the last wins; a lone surrogate becomes U+FFFD in a Rust
//! string; absent (`None`), null ([`Kind::Null`]) and empty are three different things.

use std::borrow::Cow;

use serde::Serialize;

/// The six kinds of JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// Any number.
    Number,
    /// A string.
    String,
    /// A list.
    Array,
    /// An object.
    Object,
}

/// A JSON value that can be looked into, kept (by cloning) and given out again (by serialising).
pub trait Json: Clone + Serialize {
    /// Parses a whole document; `None` if it is not JSON.
    fn parse(text: &str) -> Option<Self>;

    /// Parses several documents; a view whose parser is costly to call parses them in one go.
    fn parse_each(texts: &[String]) -> Vec<Option<Self>> {
        texts.iter().map(|text| Self::parse(text)).collect()
    }

    /// Which of the six kinds this is.
    fn kind(&self) -> Kind;

    /// The value of an own key; `None` if this is no object or has no such key.
    fn get(&self, key: &str) -> Option<Cow<'_, Self>>;

    /// The elements of a list; none if this is no list.
    fn items(&self) -> impl Iterator<Item = Cow<'_, Self>>;

    /// The own keys of an object in their order; none if this is no object.
    fn keys(&self) -> Vec<String>;

    /// The text of a string.
    fn text(&self) -> Option<Cow<'_, str>>;

    /// The value of a number.
    fn number(&self) -> Option<f64>;

    /// Whether this is `true`.
    fn is_true(&self) -> bool;

    /// This value as JSON text.
    fn to_json(&self) -> String;

    /// Whether this is `null`.
    fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// The value of a key, if it is there and not null.
    fn present(&self, key: &str) -> Option<Cow<'_, Self>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// The text of a key, if it is there and a string.
    fn text_of(&self, key: &str) -> Option<String> {
        Some(self.get(key)?.text()?.into_owned())
    }

    /// The number of a key, if it is there and a number.
    fn number_of(&self, key: &str) -> Option<f64> {
        self.get(key)?.number()
    }

    /// The whole number of a key that numbers list elements, if it is there and one.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range, and without a fraction")]
    fn index_of(&self, key: &str) -> Option<u32> {
        let number = self.number_of(key)?;
        (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number)).then_some(number as u32)
    }
}

impl Json for serde_json::Value {
    fn parse(text: &str) -> Option<Self> {
        // serde_json refuses lone surrogates, which engines accept and which a server that cuts its text by
        // UTF-16 units does send. They are rare: repair only what failed.
        serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&replace_lone_surrogates(text)?).ok())
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Number(_) => Kind::Number,
            Self::String(_) => Kind::String,
            Self::Array(_) => Kind::Array,
            Self::Object(_) => Kind::Object,
        }
    }

    fn get(&self, key: &str) -> Option<Cow<'_, Self>> {
        self.as_object()?.get(key).map(Cow::Borrowed)
    }

    fn items(&self) -> impl Iterator<Item = Cow<'_, Self>> {
        self.as_array().into_iter().flatten().map(Cow::Borrowed)
    }

    fn keys(&self) -> Vec<String> {
        self.as_object().map_or_else(Vec::new, |object| object.keys().cloned().collect())
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        self.as_str().map(Cow::Borrowed)
    }

    fn number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }

    fn to_json(&self) -> String {
        self.to_string()
    }
}

/// The text with each escape of a lone surrogate written as U+FFFD; `None` if it holds none.
fn replace_lone_surrogates(text: &str) -> Option<String> {
    let unit_at = |at: usize| -> Option<u16> {
        let hex = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(hex, 16).ok()
    };
    let mut repaired = String::new();
    let (mut kept_to, mut at) = (0, 0);
    while let Some(found) = memchr::memchr(b'\\', text.as_bytes().get(at..)?) {
        let escape = at + found;
        at = escape + 2;
        match unit_at(escape) {
            Some(0xD800..=0xDBFF) if matches!(unit_at(escape + 6), Some(0xDC00..=0xDFFF)) => at = escape + 12,
            Some(0xD800..=0xDFFF) => {
                repaired.push_str(&text[kept_to..escape]);
                repaired.push('\u{FFFD}');
                at = escape + 6;
                kept_to = at;
            }
            _ => {}
        }
    }
    (kept_to > 0).then(|| repaired + &text[kept_to..])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn of_duplicate_keys_the_last_wins() {
        let value = Value::parse(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(value, json!({"a": 3, "b": 2}));
    }

    #[test]
    fn a_lone_surrogate_becomes_the_replacement_character_and_a_pair_stays() {
        let text = |json: &str| Value::parse(json).unwrap().text().unwrap().into_owned();
        assert_eq!(text(r#""a\ud83d""#), "a\u{FFFD}");
        assert_eq!(text(r#""\ude00b""#), "\u{FFFD}b");
        assert_eq!(text(r#""\ud83d\ude00 \ud83dx""#), "😀 \u{FFFD}x");
        assert_eq!(text(r#""\ud83d\ud83d\ude00""#), "\u{FFFD}😀");
        assert_eq!(text(r#""\\ud83d\\""#), "\\ud83d\\", "an escaped backslash starts no escape");
    }

    #[test]
    fn what_is_not_json_is_refused_with_and_without_surrogates() {
        for text in ["", "{", "<html>", r#"{"a":"\ud83d"#, "\\", r#""\ud8"#] {
            assert_eq!(Value::parse(text), None, "{text}");
        }
    }

    #[test]
    fn absent_null_and_empty_are_told_apart() {
        let value = Value::parse(r#"{"null":null,"empty":""}"#).unwrap();
        assert!(Json::get(&value, "absent").is_none());
        assert!(Json::get(&value, "null").unwrap().is_null());
        assert_eq!(value.text_of("empty").as_deref(), Some(""));
        assert!(value.present("null").is_none() && value.present("empty").is_some());
    }
}
