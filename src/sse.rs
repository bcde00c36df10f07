//! Server-sent events: bytes in, events out.
//!
//! Source: WHATWG HTML § 9.2.6 “Interpreting an event stream”. An event is its data: what `event` names on some of the
//! API's streams, the data says too, and `id` and `retry` serve reconnection, which the answer to a POST does not have.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::mem;

/// The most bytes that one unfinished event may hold: 16 MiB, several times the largest generated image.
pub const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// Takes what a stream holds.
pub trait Events {
    /// An event: its `data` lines joined by LF. Bytes that are not UTF-8 are U+FFFD.
    fn event(&mut self, data: &str);

    /// Bytes at the start of an event: how many of them make one that is known already and was taken; 0 if it is to be
    /// decoded as any other. Most events of an answer are alike, and looking at each byte once is enough for them.
    fn known(&mut self, bytes: &[u8]) -> usize {
        let _ = bytes;
        0
    }
}

impl<F: FnMut(&str)> Events for F {
    fn event(&mut self, data: &str) {
        self(data);
    }
}

/// An unfinished event passed [`MAX_EVENT_BYTES`]. The decoder drops it and everything that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTooLarge;

/// Decodes an event stream from bytes that are cut anywhere.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact about the bytes so far")]
pub struct SseDecoder {
    /// The begun line, where the line end has not come yet.
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    is_past_first_line: bool,
    after_cr: bool,
    is_overflowed: bool,
}

impl SseDecoder {
    /// A decoder at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes, cut anywhere (even inside a UTF-8 character), and gives out the events that they complete.
    ///
    /// What is unfinished when the stream ends was never an event: there is nothing to flush.
    ///
    /// # Errors
    /// [`EventTooLarge`] once the unfinished event passes [`MAX_EVENT_BYTES`], and at every later call.
    pub fn push(&mut self, mut bytes: &[u8], take: &mut impl Events) -> Result<(), EventTooLarge> {
        if self.is_overflowed {
            return Err(EventTooLarge);
        }
        // The only data line so far of an event, as long as it is whole in these bytes: it needs no copy.
        let mut single: Option<&[u8]> = None;
        while let Some(&first) = bytes.first() {
            if first == b'd' && single.is_none() && self.is_between_events() {
                let taken = take.known(bytes);
                if taken > 0 {
                    bytes = bytes.get(taken..).unwrap_or_default();
                    continue;
                }
            }
            // A CR ends its line at once; the LF of a CRLF pair may only come with the next bytes.
            if mem::take(&mut self.after_cr) && first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) else {
                self.line.extend_from_slice(bytes);
                break;
            };
            self.after_cr = bytes[end] == b'\r';
            let mut line = &bytes[..end];
            bytes = &bytes[end + 1..];
            if !self.line.is_empty() {
                let mut whole = mem::take(&mut self.line);
                whole.extend_from_slice(line);
                self.keep(single.take());
                self.field(&whole);
                whole.clear();
                self.line = whole; // keeps its capacity for the next line that is cut
                self.bound()?;
                continue;
            }
            if !mem::replace(&mut self.is_past_first_line, true) {
                line = line.strip_prefix(BOM).unwrap_or(line);
            }
            if line.is_empty() {
                self.dispatch(single.take(), take);
            } else if single.is_none() && !self.has_data && line.starts_with(b"data:") {
                single = Some(value_of(&line[5..]));
            } else {
                self.keep(single.take());
                self.field(line);
                self.bound()?;
            }
        }
        self.keep(single);
        self.bound()
    }

    fn is_between_events(&self) -> bool {
        self.is_past_first_line && !self.after_cr && !self.has_data && self.line.is_empty()
    }

    fn bound(&mut self) -> Result<(), EventTooLarge> {
        if self.line.len() + self.data.len() <= MAX_EVENT_BYTES {
            return Ok(());
        }
        *self = Self { is_overflowed: true, ..Self::default() };
        Err(EventTooLarge)
    }

    /// Copies a data line.
    fn keep(&mut self, line: Option<&[u8]>) {
        let Some(line) = line else { return };
        if mem::replace(&mut self.has_data, true) {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(line);
    }

    /// Reads a line that is not blank.
    fn field(&mut self, mut line: &[u8]) {
        if !mem::replace(&mut self.is_past_first_line, true) {
            line = line.strip_prefix(BOM).unwrap_or(line);
        }
        let (name, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        // A comment has an empty name; other fields are ignored.
        if name == b"data" {
            self.keep(Some(value_of(value)));
        }
    }

    /// A blank line ends the event; one without data is no event.
    fn dispatch(&mut self, single: Option<&[u8]>, take: &mut impl Events) {
        if let Some(data) = single.or(mem::take(&mut self.has_data).then_some(&*self.data)) {
            take.event(&decode(data));
        }
        self.data.clear();
    }
}

const BOM: &[u8] = "\u{feff}".as_bytes();

/// As UTF-8; each sequence that is none is U+FFFD, as the WHATWG decoder has it.
fn decode(mut bytes: &[u8]) -> Cow<'_, str> {
    let mut text = String::new();
    loop {
        match str::from_utf8(bytes) {
            Ok(rest) if text.is_empty() => return Cow::Borrowed(rest),
            Ok(rest) => return Cow::Owned(text + rest),
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                text.push_str(str::from_utf8(valid).unwrap_or_default());
                text.push(char::REPLACEMENT_CHARACTER);
                bytes = error.error_len().and_then(|length| rest.get(length..)).unwrap_or_default();
            }
        }
    }
}

/// One space after the colon is no part of the value.
fn value_of(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b" ").unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use std::{prelude::rust_2024::*, string::ToString, vec};

    use super::*;

    fn push(decoder: &mut SseDecoder, bytes: &[u8], out: &mut Vec<String>) -> Result<(), EventTooLarge> {
        decoder.push(bytes, &mut |data: &str| out.push(data.to_string()))
    }

    fn decode_pieces(pieces: &[&[u8]]) -> Vec<String> {
        let (mut decoder, mut out) = (SseDecoder::new(), Vec::new());
        for piece in pieces {
            push(&mut decoder, piece, &mut out).unwrap();
        }
        out
    }

    fn data_of(stream: &str) -> Vec<String> {
        decode_pieces(&[stream.as_bytes()])
    }

    #[test]
    fn a_stream_decodes_the_same_wherever_it_is_cut() {
        let bytes =
            "\u{feff}: OPENROUTER PROCESSING\r\n\r\ndata: é✔\rdata:\n\nevent: x\r\ndata: 2\r\n\r\ndata".as_bytes();
        let whole = decode_pieces(&[bytes]);
        assert_eq!(whole, ["é✔\n", "2"]);
        for i in 0..=bytes.len() {
            for j in i..=bytes.len() {
                assert_eq!(decode_pieces(&[&bytes[..i], &bytes[i..j], &bytes[j..]]), whole, "cut at {i}, {j}");
            }
        }
    }

    #[test]
    fn every_line_end_ends_a_line() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = ["data: a", "data: b", "", "data: c", "", ""].join(end);
            assert_eq!(data_of(&stream), ["a\nb", "c"], "{end:?}");
        }
    }

    #[test]
    fn comments_and_blank_lines_are_no_events() {
        assert_eq!(data_of(": OPENROUTER PROCESSING\n\n: \n\n:\n\n\n\ndata: 1\n\n: x\n\n"), ["1"]);
    }

    #[test]
    fn only_one_space_after_the_colon_is_dropped() {
        assert_eq!(data_of("data:a\n\ndata: b\n\ndata:  c\n\ndata\n\n"), ["a", "b", " c", ""]);
    }

    #[test]
    fn an_unterminated_last_event_is_not_dispatched() {
        assert_eq!(data_of("data: 1\n\ndata: 2\n"), ["1"]);
        assert_eq!(data_of("data: 1\n\ndata: 2"), ["1"]);
    }

    #[test]
    fn a_bom_is_dropped_at_the_start_only() {
        assert_eq!(data_of("\u{feff}data: 1\n\n\u{feff}data: 2\n\ndata: \u{feff}3\n\n"), ["1", "\u{feff}3"]);
    }

    #[test]
    fn an_event_that_has_but_a_name_is_none() {
        assert_eq!(data_of("event: ping\n\ndata: 1\n\nevent: a\nevent: b\ndata: 2\nevent: c\n\n"), ["1", "2"]);
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_replaced_and_end_nothing() {
        let events = decode_pieces(&[b"data: a\xff\xe2\x82b\n\ndata: ok\n\n"]);
        assert_eq!(events[0], "a\u{FFFD}\u{FFFD}b");
        assert_eq!(events[1], "ok");
    }

    #[test]
    fn an_event_that_never_ends_is_refused_at_the_bound() {
        let chunk = vec![b'x'; 1024 * 1024];
        for prefix in ["data: ", ": ", ""] {
            let (mut decoder, mut out) = (SseDecoder::new(), Vec::new());
            push(&mut decoder, prefix.as_bytes(), &mut out).unwrap();
            let refused = (0..20).find(|_| push(&mut decoder, &chunk, &mut out).is_err());
            assert!(refused.is_some_and(|mebibyte| mebibyte <= 16), "{prefix:?}: {refused:?}");
            assert_eq!(push(&mut decoder, b"\n\ndata: 1\n\n", &mut out), Err(EventTooLarge), "it stays refused");
            assert!(out.is_empty());
        }
    }

    #[test]
    fn many_short_data_lines_are_bounded_too() {
        let line = [b"data: ".as_slice(), &vec![b'x'; 64 * 1024], b"\n"].concat();
        let (mut decoder, mut out) = (SseDecoder::new(), Vec::new());
        assert!((0..300).any(|_| push(&mut decoder, &line, &mut out).is_err()));
    }
}
