//! JSON as the core reads and writes it: one small representation for every build.
//!
//! A [`Value`] borrows from the text that it was parsed from. Strings and numbers stay as they are written there,
//! escapes and all: fragments of a string are joined without being decoded, a surrogate pair that was cut in two is
//! whole again, `1.0e-7` goes out as it came, and no code that formats or parses floats is linked into the browser's
//! wasm. What a caller wants to look into is decoded on the way.
//!
//! Of duplicate keys the last counts. Absent, null and empty are three different things.

use alloc::{borrow::Cow, string::String, vec::Vec};

/// How deep arrays and objects may be nested: deeper is no JSON to us, for a hostile document must not end the stack.
pub const MAX_DEPTH: u32 = 256;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// As written.
    Number(Cow<'a, str>),
    /// As written between the quotes, escapes and all.
    String(Cow<'a, str>),
    /// `[…]`
    Array(Vec<Value<'a>>),
    /// `{…}`: keys as written, in their order.
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// Parses a whole document; `None` if it is not JSON, or nested deeper than [`MAX_DEPTH`].
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parser = Parser { text, at: 0 };
        let value = parser.value(MAX_DEPTH)?;
        parser.space();
        (parser.at == text.len()).then_some(value)
    }

    /// A string with this content.
    #[must_use]
    pub fn string(content: &str) -> Value<'static> {
        let mut raw = String::new();
        escape(&mut raw, content);
        Value::String(Cow::Owned(raw))
    }

    /// A whole number.
    #[must_use]
    pub fn integer(number: u64) -> Value<'static> {
        Value::Number(Cow::Owned(decimal(number)))
    }

    /// The value of a key; `None` if this is no object or has no such key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        let Value::Object(entries) = self else { return None };
        entries.iter().rev().find(|(known, _)| is_same(known, key)).map(|(_, value)| value)
    }

    /// The value of a key, if it is there and not null.
    #[must_use]
    pub fn present(&self, key: &str) -> Option<&Value<'a>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// The value of a key; null if this is no object or has no such key.
    #[must_use]
    pub fn at(&self, key: &str) -> &Value<'a> {
        self.get(key).unwrap_or(&Value::Null)
    }

    /// The elements of an array; none if this is none.
    #[must_use]
    pub fn items(&self) -> &[Value<'a>] {
        if let Value::Array(items) = self { items } else { &[] }
    }

    /// Keys (with no more escapes than they need) and values of an object as an engine would see them: of duplicate
    /// keys the last.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (Cow<'_, str>, &Value<'a>)> {
        let entries = self.entries();
        entries.iter().enumerate().filter_map(|(at, (key, value))| {
            let name = unescape(key);
            // A hostile object of a million keys must not take an hour: no chunk has a hundred.
            let is_shadowed = entries.len() < 100 && entries[at + 1..].iter().any(|(later, _)| is_same(later, &name));
            if is_shadowed {
                return None;
            }
            let Cow::Owned(name) = name else { return Some((Cow::Borrowed(&**key), value)) };
            let mut plain = String::new();
            escape(&mut plain, &name);
            Some((Cow::Owned(plain), value))
        })
    }

    /// Keys as written, and values, of an object; none if this is none.
    #[must_use]
    pub fn entries(&self) -> &[(Cow<'a, str>, Value<'a>)] {
        if let Value::Object(entries) = self { entries } else { &[] }
    }

    /// A key that an object in here, at any depth, has twice, however it is written.
    ///
    /// Which of the two counts depends on who reads: what one reader has checked may not be what the next one does.
    #[must_use]
    pub fn duplicate_key(&self) -> Option<Cow<'_, str>> {
        if let Value::Array(items) = self {
            return items.iter().find_map(Value::duplicate_key);
        }
        let entries = self.entries();
        if entries.len() > 1 {
            let mut keys: Vec<Cow<'_, str>> = entries.iter().map(|(key, _)| unescape(key)).collect();
            sort(&mut keys);
            if let Some(at) = keys.windows(2).position(|pair| pair[0] == pair[1]) {
                return Some(keys.swap_remove(at));
            }
        }
        entries.iter().find_map(|(_, value)| value.duplicate_key())
    }

    /// The decoded content of a string.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        if let Value::String(raw) = self { Some(unescape(raw)) } else { None }
    }

    /// The decoded content of a key's string.
    #[must_use]
    pub fn text_of(&self, key: &str) -> Option<Cow<'_, str>> {
        self.get(key)?.text()
    }

    /// The content of a key's string as it is written, escapes and all.
    #[must_use]
    pub fn raw_of(&self, key: &str) -> Option<&str> {
        if let Some(Value::String(raw)) = self.get(key) { Some(raw) } else { None }
    }

    /// The value of a number, to within a few units of the last place: to compare with bounds, not to calculate with.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        if let Value::Number(raw) = self { Some(approximate(raw)) } else { None }
    }

    /// The number of a key.
    #[must_use]
    pub fn number_of(&self, key: &str) -> Option<f64> {
        self.get(key)?.number()
    }

    /// The whole number, not negative, of a key.
    #[must_use]
    pub fn index_of(&self, key: &str) -> Option<u32> {
        self.get(key)?.index()
    }

    /// The value of a whole number that is not negative.
    #[must_use]
    pub fn index(&self) -> Option<u32> {
        let Value::Number(raw) = self else { return None };
        digits(raw).or_else(|| whole(approximate(raw)))?.try_into().ok()
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Whether this is `true`.
    #[must_use]
    pub fn is_true(&self) -> bool {
        matches!(self, Value::Bool(true))
    }

    /// Whether this is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self, Value::Object(_))
    }

    /// Whether this is an array.
    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self, Value::Array(_))
    }

    /// The same value, independent of the text.
    #[must_use]
    pub fn detached(&self) -> Value<'static> {
        let owned = |raw: &str| Cow::Owned(String::from(raw));
        match self {
            Value::Null => Value::Null,
            Value::Bool(flag) => Value::Bool(*flag),
            Value::Number(raw) => Value::Number(owned(raw)),
            Value::String(raw) => Value::String(owned(raw)),
            Value::Array(items) => Value::Array(items.iter().map(Value::detached).collect()),
            Value::Object(entries) => {
                Value::Object(entries.iter().map(|(key, value)| (owned(key), value.detached())).collect())
            }
        }
    }

    /// This value as JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Appends this value as JSON text.
    pub fn write(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Value::Number(raw) => out.push_str(raw),
            Value::String(raw) => quote(out, raw),
            Value::Array(items) => {
                out.push('[');
                for item in items {
                    separate(out);
                    item.write(out);
                }
                out.push(']');
            }
            Value::Object(entries) => {
                out.push('{');
                for (key, value) in entries {
                    separate(out);
                    quote(out, key);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// Writes an object key by key.
#[derive(Debug)]
pub struct ObjectWriter<'a>(&'a mut String);

impl<'a> ObjectWriter<'a> {
    /// Begins an object.
    pub fn new(out: &'a mut String) -> Self {
        out.push('{');
        Self(out)
    }

    /// Writes a key (which needs no escapes) and gives the text to append its value to.
    pub fn key(&mut self, key: &str) -> &mut String {
        separate(self.0);
        quote(self.0, key);
        self.0.push(':');
        self.0
    }

    /// A key with a string, if there is one.
    pub fn text(&mut self, key: &str, content: Option<&str>) {
        if let Some(content) = content {
            let out = self.key(key);
            out.push('"');
            escape(out, content);
            out.push('"');
        }
    }

    /// A key with a value.
    pub fn value(&mut self, key: &str, value: &Value<'_>) {
        value.write(self.key(key));
    }

    /// Ends the object.
    pub fn end(self) {
        self.0.push('}');
    }
}

/// The parts one after the other. The library's `concat` and `join` are 1 kB of wasm.
#[must_use]
pub fn concat(parts: &[&str]) -> String {
    let mut out = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        out.push_str(part);
    }
    out
}

/// The parts with something between them.
pub fn join<T: AsRef<str>>(parts: impl Iterator<Item = T>, between: &str) -> String {
    let mut out = String::new();
    for (at, part) in parts.enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        out.push_str(part.as_ref());
    }
    out
}

/// Sorts, in a hostile order as fast as in any. The library's sort is 4 kB of wasm.
fn sort<T: Ord>(items: &mut [T]) {
    let sink = |items: &mut [T], mut at: usize, end: usize| {
        while 2 * at + 1 < end {
            let mut child = 2 * at + 1;
            if child + 1 < end && items[child] < items[child + 1] {
                child += 1;
            }
            if items[at] >= items[child] {
                break;
            }
            items.swap(at, child);
            at = child;
        }
    };
    for at in (0..items.len() / 2).rev() {
        sink(items, at, items.len());
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        sink(items, 0, end);
    }
}

/// A comma, unless this is the first element.
pub(crate) fn separate(out: &mut String) {
    if !out.ends_with(['[', '{']) {
        out.push(',');
    }
}

/// What is written already, between quotes.
pub(crate) fn quote(out: &mut String, raw: &str) {
    out.push('"');
    out.push_str(raw);
    out.push('"');
}

/// Appends content as it is written between the quotes of a string.
pub(crate) fn escape(out: &mut String, content: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for character in content.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '\0'..='\u{1f}' => {
                out.push_str("\\u00");
                out.push(char::from(HEX[character as usize >> 4]));
                out.push(char::from(HEX[character as usize & 15]));
            }
            _ => out.push(character),
        }
    }
}

/// A whole number of up to 19 digits; one function for all widths.
pub(crate) fn digits(text: &str) -> Option<u64> {
    let is_empty = text.is_empty();
    let text = text.trim_start_matches('0');
    if is_empty || text.len() > 19 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.bytes().fold(0, |number, byte| number * 10 + u64::from(byte - b'0')))
}

/// Digits of a number, without the machinery of formatting.
pub fn decimal(mut number: u64) -> String {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        let digit = (number % 10) as u8;
        digits[at] = b'0' + digit;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    digits[at..].iter().copied().map(char::from).collect()
}

/// The content of what is written between quotes. Half of a surrogate pair is U+FFFD.
pub(crate) fn unescape(raw: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw.as_bytes()) else { return Cow::Borrowed(raw) };
    let mut content = String::from(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        let name = escape.as_bytes().first().copied().unwrap_or_default();
        let mut length = 2;
        content.push(match name {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                length = 6;
                let unit = unit(rest).unwrap_or(0xfffd);
                let next = if (0xd800..0xdc00).contains(&unit) { rest.get(6..).and_then(self::unit) } else { None };
                match next {
                    Some(low @ 0xdc00..=0xdfff) => {
                        length = 12;
                        char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
                    }
                    _ => char::from_u32(unit),
                }
                .unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => char::from(other),
        });
        rest = rest.get(length..).unwrap_or_default();
        let plain = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        content.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    Cow::Owned(content)
}

/// The code unit that `\uXXXX` at the start of a text stands for.
fn unit(text: &str) -> Option<u32> {
    let hex = text.strip_prefix("\\u")?.get(..4)?;
    hex.chars().try_fold(0, |unit, digit| Some(unit * 16 + digit.to_digit(16)?))
}

/// Whether a key as written is this name.
pub(crate) fn is_same(raw: &str, name: &str) -> bool {
    // An escape is longer than what it stands for.
    if raw.len() > name.len() { unescape(raw) == name } else { raw == name && !raw.contains('\\') }
}

/// A whole number that is written as no other is, e.g. `5e3`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "that is the question"
)]
fn whole(number: f64) -> Option<u64> {
    let cast = number as u64;
    (cast as f64 == number).then_some(cast)
}

/// Mantissa and power of ten, multiplied as floats.
#[expect(clippy::cast_precision_loss, reason = "an approximation is what is asked for")]
fn approximate(raw: &str) -> f64 {
    let (number, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let is_negative = number.starts_with('-');
    // Far beyond every float, and far from what an i32 holds: the digits of a long number still count.
    let size = digits(exponent.trim_start_matches(['+', '-'])).and_then(|size| i32::try_from(size).ok());
    let size = size.unwrap_or(i32::MAX).min(1 << 30);
    let mut exponent = if exponent.starts_with('-') { -size } else { size };
    let (mut mantissa, mut is_fraction) = (0_u64, false);
    for byte in number.bytes() {
        match byte {
            b'.' => is_fraction = true,
            b'0'..=b'9' if mantissa < u64::MAX / 100 => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                exponent -= i32::from(is_fraction);
            }
            // Digits that have no room any more only count.
            b'0'..=b'9' => exponent += i32::from(!is_fraction),
            _ => {}
        }
    }
    let mut value = mantissa as f64;
    for _ in 0..exponent.unsigned_abs().min(400) {
        value = if exponent < 0 { value / 10.0 } else { value * 10.0 };
    }
    if is_negative { -value } else { value }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == byte;
        self.at += usize::from(is_there);
        is_there
    }

    fn value(&mut self, depth: u32) -> Option<Value<'a>> {
        self.space();
        match self.peek() {
            b'"' => Some(Value::String(Cow::Borrowed(self.string()?))),
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                let rest = &self.text.as_bytes()[self.at..];
                let literals =
                    [(&b"null"[..], Value::Null), (b"true", Value::Bool(true)), (b"false", Value::Bool(false))];
                let (name, value) = literals.into_iter().find(|(name, _)| rest.starts_with(name))?;
                self.at += name.len();
                Some(value)
            }
        }
    }

    fn object(&mut self, depth: u32) -> Option<Value<'a>> {
        let mut entries = Vec::new();
        self.at += 1;
        self.space();
        if self.take(b'}') {
            return Some(Value::Object(entries));
        }
        loop {
            self.space();
            let key = Cow::Borrowed(self.string()?);
            self.space();
            if !self.take(b':') {
                return None;
            }
            entries.push((key, self.value(depth)?));
            self.space();
            if self.take(b'}') {
                return Some(Value::Object(entries));
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn array(&mut self, depth: u32) -> Option<Value<'a>> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.take(b']') {
            return Some(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            if self.take(b']') {
                return Some(Value::Array(items));
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<&'a str> {
        if !self.take(b'"') {
            return None;
        }
        let start = self.at;
        let end = start + string_end(&self.text.as_bytes()[start..])?;
        self.at = end + 1;
        self.text.get(start..end)
    }

    fn number(&mut self) -> Option<Value<'a>> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        Some(Value::Number(Cow::Borrowed(&self.text[start..self.at])))
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

/// Where the string that these bytes begin inside of ends; `None` if it does not, or breaks a rule.
pub(crate) fn string_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match *bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => {
                let length = match *bytes.get(at + 1)? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                    b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
                    _ => return None,
                };
                at += length;
            }
            0..0x20 => return None,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::prelude::rust_2024::*;

    use super::*;

    #[test]
    fn what_is_parsed_is_written_as_it_was() {
        for text in [
            "null",
            "true",
            "false",
            "0",
            "-1.50e-07",
            r#""a\ud83d é \" \u0041""#,
            "[]",
            "{}",
            r#"[1,[2,{"a":[]}],"x"]"#,
            r#"{"b":1,"a":{"\u0061":null}}"#,
        ] {
            assert_eq!(Value::parse(text).unwrap().to_json(), text);
        }
        assert_eq!(Value::parse(" {\n\"a\" :\t[ 1 , 2 ] }\r\n").unwrap().to_json(), r#"{"a":[1,2]}"#);
    }

    #[test]
    fn what_is_not_json_is_refused_as_engines_refuse_it() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[1,]",
            "[,1]",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\"}",
            "{\"a\":}",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "1e+",
            "nul",
            "truex",
            "\"",
            "\"a",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\ud8\"",
            "\"a\nb\"",
            "\"\u{1}\"",
            "1 2",
            "<html>",
            "\\",
            "NaN",
            "'a'",
            "\u{feff}1",
            "[1 2]",
            "{\"a\" 1}",
        ] {
            assert_eq!(Value::parse(text), None, "{text:?}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn nesting_ends_before_the_stack_does() {
        let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert!(Value::parse(&nested(MAX_DEPTH as usize)).is_some());
        assert!(Value::parse(&nested(MAX_DEPTH as usize + 1)).is_none());
        assert!(Value::parse(&"[".repeat(1_000_000)).is_none());
    }

    #[test]
    fn strings_are_decoded_on_the_way_out_only() {
        let text = |json: &str| Value::parse(json).unwrap().text().unwrap().into_owned();
        assert_eq!(text(r#""a\"\\\/\b\f\n\r\té\u00e9""#), "a\"\\/\u{8}\u{c}\n\r\téé");
        assert_eq!(text(r#""\ud83d\ude00 \ud83dx""#), "😀 \u{FFFD}x");
        assert_eq!(text(r#""\ud83d\ud83d\ude00""#), "\u{FFFD}😀");
        assert_eq!(text(r#""\ude00b""#), "\u{FFFD}b");
        assert_eq!(text(r#""\\ud83d\\""#), "\\ud83d\\", "an escaped backslash starts no escape");
        assert_eq!(Value::string("a\"\\\n\u{1}é").text().unwrap(), "a\"\\\n\u{1}é");
    }

    #[test]
    fn of_duplicate_keys_the_last_counts_however_it_is_written() {
        let value = Value::parse(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap();
        assert_eq!(value.index_of("a"), Some(3));
        assert_eq!(Value::parse(r#"{"b\\":1}"#).unwrap().index_of("b\\"), Some(1));
    }

    #[test]
    fn a_key_that_is_there_twice_is_found_at_every_depth() {
        let found = |json: &str| Value::parse(json).unwrap().duplicate_key().map(Cow::into_owned);
        for (json, key) in [
            (r#"{"a":1,"b":2,"a":1}"#, "a"),
            (r#"{"model":1,"\u006dodel":2}"#, "model"),
            (r#"{"x":{"a":null,"b":[],"a":{}}}"#, "a"),
            (r#"[1,[{"z":{}},{"z":[{"k":1,"k":1}]}]]"#, "k"),
            (r#"{"":1,"":2}"#, ""),
        ] {
            assert_eq!(found(json).as_deref(), Some(key), "{json}");
        }
        for json in ["1", "{}", r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#, r#"{"a":"a","A":"a"}"#] {
            assert_eq!(found(json), None, "{json}");
        }
    }

    #[test]
    fn everything_is_sorted() {
        for length in 0..40_u32 {
            let mut items: Vec<u32> = (0..length).map(|at| at * 7919 % 23).collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            sort(&mut items);
            assert_eq!(items, expected);
        }
    }

    #[test]
    fn absent_null_and_empty_are_told_apart() {
        let value = Value::parse(r#"{"null":null,"empty":""}"#).unwrap();
        assert!(value.get("absent").is_none());
        assert!(value.get("null").unwrap().is_null());
        assert_eq!(value.text_of("empty").as_deref(), Some(""));
        assert!(value.present("null").is_none() && value.present("empty").is_some());
    }

    #[test]
    fn numbers_are_near_enough_for_bounds() {
        for text in
            ["0", "-0", "2", "2.000001", "-2.1", "1e3", "1E+3", "3.4e-7", "123456789012345678901234567890", "0.1"]
        {
            let (ours, exact) = (Value::parse(text).unwrap().number().unwrap(), text.parse::<f64>().unwrap());
            assert!((ours - exact).abs() <= exact.abs() * 1e-14, "{text}: {ours}");
        }
        assert_eq!(Value::parse("1.55e-2147483647").unwrap().number(), Some(0.0));
        assert!(Value::parse("1e999999999999").unwrap().number().unwrap().is_infinite());
        assert_eq!(Value::parse("1e-999999999999").unwrap().number(), Some(0.0));
        assert_eq!(Value::parse("[1.5]").unwrap().items()[0].number(), Some(1.5));
        assert_eq!(Value::parse(r#"{"i":-1}"#).unwrap().index_of("i"), None);
        assert_eq!(decimal(0) + &decimal(u64::MAX), "018446744073709551615");
    }

    #[test]
    fn an_object_is_written_key_by_key() {
        let mut out = String::new();
        let mut object = ObjectWriter::new(&mut out);
        object.text("a", Some("x\"y"));
        object.text("none", None);
        object.value("b", &Value::integer(12));
        object.end();
        assert_eq!(out, r#"{"a":"x\"y","b":12}"#);
    }
}
