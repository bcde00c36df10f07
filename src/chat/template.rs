//! Chunks that are alike but for a string or two, told apart from the rest without parsing them.
//!
//! The chunks of one answer repeat some 300 bytes around a few characters of text. What is constant is learned from a
//! chunk that was parsed; a chunk that agrees with it byte by byte is known but for the strings in its holes. What
//! agrees with no template takes the long way, and comes to the same.

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::json::{Value, string_end};

/// The strings in the holes of a chunk: as many as its template has holes.
pub(super) type Strings<'a> = [&'a str; 4];

/// How many templates are kept; the oldest gives way.
const MOST: usize = 8;

/// A string that differs from chunk to chunk. Its path is in the first choice of the chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hole {
    /// `delta.content`
    Content,
    /// `delta.reasoning`
    Reasoning,
    /// `delta.reasoning_details[0].text`
    DetailText,
    /// `delta.reasoning_details[0].summary`
    DetailSummary,
    /// `delta.tool_calls[0].function.arguments` of the call with this index.
    Arguments(u32),
}

impl Hole {
    /// Where the string is in its chunk, as a JSON array of keys and positions.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Content => r#"["choices",0,"delta","content"]"#,
            Self::Reasoning => r#"["choices",0,"delta","reasoning"]"#,
            Self::DetailText => r#"["choices",0,"delta","reasoning_details",0,"text"]"#,
            Self::DetailSummary => r#"["choices",0,"delta","reasoning_details",0,"summary"]"#,
            Self::Arguments(_) => r#"["choices",0,"delta","tool_calls",0,"function","arguments"]"#,
        }
    }
}

/// What chunks of one sort have in common.
#[derive(Debug)]
pub struct Template {
    /// `index` of the choice.
    pub choice: u32,
    /// In the order in which they come in the text.
    pub holes: Vec<Hole>,
    /// The text before, between and after the holes.
    constant: Vec<String>,
}

impl Template {
    /// Learns from a chunk; `None` if another chunk like it could add more to the message than the strings in its
    /// holes do.
    fn learn(text: &str, chunk: &Value<'_>) -> Option<Self> {
        // Lines that were joined are not what the next such chunk would look like.
        if memchr::memchr(b'\n', text.as_bytes()).is_some() {
            return None;
        }
        let [choice] = fields(chunk)?.get("choices")?.items() else { return None };
        let fields_of_choice = fields(choice)?;
        let delta = fields(fields_of_choice.get("delta")?)?;
        let says_nothing = |value: &Value<'_>, key: &str| value.present(key).is_none();
        let is_plain = says_nothing(chunk, "error")
            && says_nothing(chunk, "usage")
            && ["error", "logprobs", "finish_reason"].iter().all(|key| says_nothing(choice, key))
            && ["refusal", "images", "annotations", "audio"].iter().all(|key| says_nothing(delta, key));
        if !is_plain {
            return None;
        }
        let mut found = Vec::new();
        let mut hole = |value: Option<&Value<'_>>, hole: Hole| {
            if let Some(Value::String(Cow::Borrowed(raw))) = value {
                found.push((raw.as_ptr() as usize - text.as_ptr() as usize, raw.len(), hole));
            }
        };
        match delta.get("content") {
            Some(Value::Array(_)) => return None,
            content => hole(content, Hole::Content),
        }
        hole(delta.get("reasoning"), Hole::Reasoning);
        match delta.at("reasoning_details").items() {
            [] => {}
            [detail] => {
                let (has_index, has_signature) = (detail.index_of("index").is_some(), detail.raw_of("signature"));
                match fields(detail)?.raw_of("type")? {
                    "reasoning.text" if has_signature.unwrap_or_default().is_empty() => {
                        hole(detail.get("text"), Hole::DetailText);
                    }
                    "reasoning.summary" if has_index => hole(detail.get("summary"), Hole::DetailSummary),
                    _ => return None,
                }
            }
            _ => return None,
        }
        match delta.at("tool_calls").items() {
            [] => {}
            [call] => {
                hole(
                    fields(fields(call)?.get("function")?)?.get("arguments"),
                    Hole::Arguments(call.index_of("index")?),
                );
            }
            _ => return None,
        }
        // A handful at most: the library's sort would be 3 kB of wasm.
        for last in 1..found.len() {
            for at in (1..=last).rev() {
                if found[at].0 < found[at - 1].0 {
                    found.swap(at, at - 1);
                }
            }
        }
        let (mut constant, mut holes, mut from) = (Vec::new(), Vec::new(), 0);
        for (start, length, hole) in found {
            constant.push(text.get(from..start)?.into());
            holes.push(hole);
            from = start + length;
        }
        constant.push(text.get(from..)?.into());
        (!holes.is_empty() && holes.len() <= Strings::default().len()).then_some(Self {
            choice: choice.index_of("index").unwrap_or(0),
            holes,
            constant,
        })
    }

    /// The strings in the holes of a chunk, as written, and what comes after it; `None` if it is not of this sort.
    fn read<'a>(&self, bytes: &'a [u8], strings: &mut Strings<'a>) -> Option<&'a [u8]> {
        let mut rest = bytes;
        for (at, constant) in self.constant.iter().enumerate() {
            if at > 0 {
                let (raw, after) = rest.split_at_checked(string_end(rest)?)?;
                *strings.get_mut(at - 1)? = str::from_utf8(raw).ok()?;
                rest = after;
            }
            rest = without_prefix(rest, constant.as_bytes())?;
        }
        Some(rest)
    }
}

/// What is after a prefix; eight bytes at a time, where the library's comparison goes byte by byte in wasm.
fn without_prefix<'a>(bytes: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (begin, rest) = bytes.split_at_checked(prefix.len())?;
    let ((blocks, end), (known_blocks, known_end)) = (begin.as_chunks::<8>(), prefix.as_chunks::<8>());
    let is_same = blocks.iter().zip(known_blocks).all(|(a, b)| u64::from_ne_bytes(*a) == u64::from_ne_bytes(*b));
    (is_same && end == known_end).then_some(rest)
}

/// The object itself, if no key is in it twice or written in an unusual way. One of hundreds of keys is nothing to learn
/// from, and long to look through.
fn fields<'a, 'b>(object: &'a Value<'b>) -> Option<&'a Value<'b>> {
    let entries = object.entries();
    let is_clear = entries.len() < 100
        && entries
            .iter()
            .enumerate()
            .all(|(at, (key, _))| !key.contains('\\') && !entries[..at].iter().any(|(before, _)| before == key));
    (is_clear && object.is_object()).then_some(object)
}

/// The templates of one answer.
#[derive(Debug, Default)]
pub(super) struct Templates {
    known: Vec<Template>,
    next: usize,
    last: usize,
}

impl Templates {
    /// The template that bytes begin with a chunk of, the strings in its holes, and what comes after it.
    pub(super) fn read<'a>(&mut self, bytes: &'a [u8], strings: &mut Strings<'a>) -> Option<(usize, &'a [u8])> {
        let order = core::iter::once(self.last).chain((0..self.known.len()).filter(|at| *at != self.last));
        let (found, rest) = order.into_iter().find_map(|at| Some((at, self.known.get(at)?.read(bytes, strings)?)))?;
        self.last = found;
        Some((found, rest))
    }

    pub(super) fn get(&self, at: usize) -> Option<&Template> {
        self.known.get(at)
    }

    /// Learns from a chunk that agreed with none; the place of its template.
    pub(super) fn learn(&mut self, text: &str, chunk: &Value<'_>) -> Option<usize> {
        let template = Template::learn(text, chunk)?;
        let at = self.next;
        self.next = (at + 1) % MOST;
        self.last = at;
        if at < self.known.len() {
            self.known[at] = template;
        } else {
            self.known.push(template);
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::ToOwned, format, prelude::rust_2024::*, vec};

    use super::*;

    fn learn(text: &str) -> Option<Template> {
        Template::learn(text, &Value::parse(text).unwrap())
    }

    /// The strings of a chunk that is like the one that taught this template.
    fn read(template: &Template, text: &str) -> Option<Vec<String>> {
        let mut strings = Strings::default();
        let rest = template.read(text.as_bytes(), &mut strings)?;
        let strings = &strings[..template.holes.len()];
        rest.is_empty().then(|| strings.iter().map(|raw| (*raw).to_owned()).collect())
    }

    /// A chunk with this delta.
    fn chunk(delta: &str) -> String {
        format!(r#"{{"choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#)
    }

    fn holes(delta: &str) -> Option<Vec<Hole>> {
        learn(&chunk(delta)).map(|template| template.holes)
    }

    #[test]
    fn the_strings_that_are_joined_are_holes_in_the_order_of_the_text() {
        for (delta, expected) in [
            (r#"{"content":""}"#, vec![Hole::Content]),
            (r#"{"reasoning":"a","content":"b","role":"assistant"}"#, vec![Hole::Reasoning, Hole::Content]),
            (
                r#"{"reasoning_details":[{"type":"reasoning.text","text":"a"}],"content":"","reasoning":"a"}"#,
                vec![Hole::DetailText, Hole::Content, Hole::Reasoning],
            ),
            (
                r#"{"content":null,"reasoning_details":[{"summary":"a","index":0,"type":"reasoning.summary"}]}"#,
                vec![Hole::DetailSummary],
            ),
            (
                r#"{"tool_calls":[{"index":7,"id":"x","function":{"name":"f","arguments":"{"}}],"content":""}"#,
                vec![Hole::Arguments(7), Hole::Content],
            ),
            (
                r#"{"tool_calls":[{"index":0,"function":{"arguments":""}}],"reasoning":"","reasoning_details":[{"text":"","type":"reasoning.text","signature":""}],"content":""}"#,
                vec![Hole::Arguments(0), Hole::Reasoning, Hole::DetailText, Hole::Content],
            ),
        ] {
            assert_eq!(holes(delta), Some(expected), "{delta}");
        }
    }

    #[test]
    fn every_hole_is_where_its_path_says() {
        let text = chunk(
            r#"{"content":"a","reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"c"}],"tool_calls":[{"index":0,"function":{"arguments":"d"}}]}"#,
        );
        let value = Value::parse(&text).unwrap();
        let template = learn(&text).unwrap();
        for (hole, raw) in template.holes.iter().zip(read(&template, &text).unwrap()) {
            let path = Value::parse(hole.path()).unwrap();
            let found = path.items().iter().fold(&value, |value, step| match step.text() {
                Some(key) => value.get(&key).unwrap(),
                None => &value.items()[0],
            });
            assert_eq!(found, &Value::string(&raw), "{hole:?}");
        }
    }

    #[test]
    fn a_chunk_that_may_say_more_than_its_strings_teaches_nothing() {
        for delta in [
            "{}",
            r#"{"content":null}"#,
            r#"{"content":5}"#,
            r#"{"content":[{"type":"text","text":"a"}]}"#,
            r#"{"content":"a","refusal":""}"#,
            r#"{"content":"a","images":[]}"#,
            r#"{"content":"a","annotations":[]}"#,
            r#"{"content":"a","audio":{}}"#,
            r#"{"content":"a","content":"b"}"#,
            r#"{"content":"a","\u0063ontent":"b"}"#,
            r#"{"c\u006fntent":"a"}"#,
            r#"{"content":"a","reasoning_details":[{"type":"reasoning.encrypted","data":"x","index":0}]}"#,
            r#"{"content":"a","reasoning_details":[{"type":"reasoning.text","text":"x","signature":"S"}]}"#,
            r#"{"content":"a","reasoning_details":[{"type":"reasoning.summary","summary":"x"}]}"#,
            r#"{"content":"a","reasoning_details":[{"text":"x"}]}"#,
            r#"{"content":"a","reasoning_details":[{"type":"reasoning.text","text":"x","text":"y"}]}"#,
            r#"{"content":"a","reasoning_details":[{"type":"reasoning.text"},{"type":"reasoning.text"}]}"#,
            r#"{"tool_calls":[{"function":{"arguments":"a"}}]}"#,
            r#"{"tool_calls":[{"index":0}],"content":"a"}"#,
            r#"{"tool_calls":[{"index":0,"function":{"arguments":"a","\u0061rguments":"b"}}]}"#,
            r#"{"tool_calls":[{"index":0,"function":{"arguments":"a"}},{"index":1,"function":{"arguments":"b"}}]}"#,
        ] {
            assert_eq!(holes(delta), None, "{delta}");
        }
        let many: Vec<_> = (0..100).map(|at| format!("\"k{at}\":0,")).collect();
        for text in [
            &*chunk(&format!(r#"{{{}"content":"a"}}"#, many.concat())),
            "{}",
            r#"{"choices":[]}"#,
            r#"{"choices":[{"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}]}"#,
            r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"delta":{"content":"a"},"logprobs":{}}]}"#,
            r#"{"choices":[{"delta":{"content":"a"},"error":{}}]}"#,
            r#"{"choices":[{"delta":{"content":"a"},"delta":{}}]}"#,
            r#"{"choices":[{"delta":"a","message":{"content":"a"}}]}"#,
            r#"{"choices":[{"delta":{"content":"a"}}],"usage":{}}"#,
            r#"{"choices":[{"delta":{"content":"a"}}],"error":{}}"#,
            r#"{"choices":[{"delta":{"content":"a"}}],"\u0063hoices":[]}"#,
        ] {
            assert!(learn(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_chunk_is_like_another_only_to_the_byte() {
        let template = learn(&chunk(r#"{"role":"assistant","content":"a"}"#)).unwrap();
        let like = chunk(r#"{"role":"assistant","content":"RAW"}"#);
        for raw in ["", "x", r"\n\u00e9\ud83d", "é😀", r#"\"},\"finish_reason\":null}]}"#] {
            assert_eq!(read(&template, &like.replace("RAW", raw)), Some(vec![raw.to_owned()]));
        }
        for raw in ["\n", r"\x", r"\u12g4", r"\", "\"", "\u{1}"] {
            assert_eq!(read(&template, &like.replace("RAW", raw)), None, "{raw:?}");
        }
        for at in 0..like.len() {
            let shorter = [&like[..at], &like[at + 1..]].concat();
            let other = [&like[..at], "~", &like[at + 1..]].concat();
            let is_in_hole = like.find("RAW").is_some_and(|hole| (hole..hole + 3).contains(&at));
            assert_eq!(read(&template, &shorter).is_some(), is_in_hole, "{shorter}");
            assert_eq!(read(&template, &other).is_some(), is_in_hole, "{other}");
            assert_eq!(read(&template, &like[..at]), None);
        }
    }

    #[test]
    fn what_comes_after_a_chunk_is_given_back() {
        let text = chunk(r#"{"content":"a"}"#);
        let template = learn(&text).unwrap();
        let mut strings = Strings::default();
        let followed = [text.as_bytes(), b"\n\n\xff"].concat();
        assert_eq!(template.read(&followed, &mut strings), Some(&b"\n\n\xff"[..]));
        let broken = text.as_bytes().iter().map(|byte| if *byte == b'a' { 0xff } else { *byte });
        assert_eq!(template.read(&broken.collect::<Vec<_>>(), &mut strings), None, "a string is UTF-8");
    }

    #[test]
    fn prefixes_of_every_length_are_compared_whole() {
        let bytes: Vec<u8> = (0..40).collect();
        for length in 0..=bytes.len() {
            assert_eq!(without_prefix(&bytes, &bytes[..length]), Some(&bytes[length..]));
            assert_eq!(without_prefix(&bytes[..length], &bytes).is_some(), length == bytes.len());
            for wrong in 0..length {
                let mut prefix = bytes[..length].to_vec();
                prefix[wrong] ^= 0x80;
                assert_eq!(without_prefix(&bytes, &prefix), None, "{wrong} of {length}");
            }
        }
    }

    #[test]
    fn the_oldest_template_gives_way() {
        let mut templates = Templates::default();
        let text = |kind: usize| format!(r#"{{"id":"{kind}","choices":[{{"delta":{{"content":"a"}}}}]}}"#);
        for kind in 0..=MOST {
            let text = text(kind);
            assert_eq!(templates.learn(&text, &Value::parse(&text).unwrap()), Some(kind % MOST));
        }
        let mut at = |kind| Some(templates.read(text(kind).as_bytes(), &mut Strings::default())?.0);
        assert_eq!(at(0), None, "it was the first");
        for kind in (1..=MOST).rev() {
            assert_eq!(at(kind), Some(kind % MOST));
        }
        assert!(templates.get(MOST).is_none());
    }
}
