//! Chat: the streamed answer, from bytes to chunks, with its three ends.

mod completion;
mod template;

use alloc::string::String;

pub use completion::Completion;
pub(crate) use completion::{Entries, array, keep_last, merge, object, slot};
pub use template::{Hole, Template};

use self::template::{Strings, Templates};
use crate::{
    error::{Error, ErrorKind, ResponseFacts},
    json::Value,
    sse::{Events, SseDecoder},
};

/// How far a streamed answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// `[DONE]` came, or the body ended after a finish reason.
    Done,
    Failed,
}

/// A chunk of a streamed answer, as it is handed out.
#[derive(Debug)]
pub enum Chunk<'a> {
    /// A chunk that was parsed.
    Whole {
        /// As it came.
        text: &'a str,
        /// The same, parsed.
        value: &'a Value<'a>,
        /// Where chunks like it will name it from now on, and what it taught.
        learned: Option<(usize, &'a Template)>,
    },
    /// A chunk that is as the one that taught the template, but for the strings in the holes.
    Like {
        /// Where the template is kept.
        at: usize,
        /// The template.
        template: &'a Template,
        /// As written between the quotes.
        strings: &'a [&'a str],
    },
}

/// One streamed answer: bytes in, OpenRouter's own chunks out, and the final message on the side.
///
/// It has three ends. *Done*: `[DONE]`, or the body's end after a finish reason. *Failed*: an error in band or from
/// the network. *Cut*: the body ended early. The last two are errors that keep the text so far.
#[derive(Debug)]
pub struct ChatStream {
    sse: SseDecoder,
    answer: Answer,
}

/// What has come so far, beside the bytes.
#[derive(Debug)]
struct Answer {
    facts: ResponseFacts,
    state: State,
    completion: Completion,
    templates: Templates,
    /// The template of the chunk before.
    last: Option<usize>,
    events: Option<String>,
    failure: Option<Error>,
    has_begun: bool,
}

impl ChatStream {
    /// The answer to a request, from its first byte.
    #[must_use]
    pub fn new(facts: ResponseFacts) -> Self {
        let answer = Answer {
            facts,
            state: State::Open,
            completion: Completion::default(),
            templates: Templates::default(),
            last: None,
            events: None,
            failure: None,
            has_begun: false,
        };
        Self { sse: SseDecoder::new(), answer }
    }

    /// From now on [`Self::take_events`] tells what the chunks say.
    pub fn record_events(&mut self) {
        self.answer.events.get_or_insert_with(|| String::from("["));
    }

    /// Feeds bytes, cut anywhere, and hands out the chunks that they complete.
    ///
    /// # Errors
    /// The upstream's error where a chunk carries one; [`ErrorKind::MalformedResponse`] where an event is no JSON
    /// object or has no end. The chunks before it are handed out, the text so far is in the error.
    pub fn push(&mut self, bytes: &[u8], take: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Error> {
        let Self { sse, answer } = self;
        if answer.state != State::Open {
            return Ok(());
        }
        let decoded = sse.push(bytes, &mut Reading { answer, take });
        if let Some(error) = answer.failure.take() {
            return Err(error);
        }
        if answer.state == State::Done {
            return self.end();
        }
        decoded.map_err(|_| {
            self.fail(Error::new(ErrorKind::MalformedResponse, "an event of the stream is larger than 16 MiB"))
        })
    }

    /// The body has ended.
    ///
    /// # Errors
    /// [`ErrorKind::StreamCut`] if the answer had not: it keeps the text so far.
    pub fn finish(&mut self) -> Result<(), Error> {
        if self.answer.state != State::Open {
            return Ok(());
        }
        if !self.answer.completion.is_finished() {
            return Err(self.fail(Error::new(ErrorKind::StreamCut, "the answer was cut off before its end")));
        }
        self.answer.state = State::Done;
        self.end()
    }

    /// A finish reason of `error` without an error object is still no success.
    fn end(&mut self) -> Result<(), Error> {
        self.sse = SseDecoder::new(); // its buffers may be as large as the largest event
        if self.answer.completion.has_failed() {
            return Err(self.fail(Error::new(ErrorKind::UpstreamError, "the model stopped with an error")));
        }
        if let Some(events) = &mut self.answer.events {
            self.answer.completion.end_events(events);
        }
        Ok(())
    }

    /// Ends the stream by an error, e.g. the network's, and adds what the response's head said, the text so far and
    /// what it cost.
    #[must_use]
    pub fn fail(&mut self, error: Error) -> Error {
        self.answer.fail(error)
    }

    /// Whether the answer is complete.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.answer.state == State::Done
    }

    /// Whether a chunk has come: from then on another try would not be the same answer.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.answer.has_begun
    }

    /// What the response's head said.
    #[must_use]
    pub fn facts(&self) -> &ResponseFacts {
        &self.answer.facts
    }

    /// What the chunks so far add up to.
    #[must_use]
    pub fn completion(&self) -> &Completion {
        &self.answer.completion
    }

    /// What the chunks said since the last call, after [`Self::record_events`]: a JSON array.
    pub fn take_events(&mut self) -> String {
        let events = self.answer.events.as_mut().map(|events| core::mem::replace(events, String::from("[")));
        events.unwrap_or_else(|| String::from("[")) + "]"
    }
}

/// An answer while bytes are pushed.
struct Reading<'a> {
    answer: &'a mut Answer,
    take: &'a mut dyn FnMut(Chunk<'_>),
}

impl Events for Reading<'_> {
    fn event(&mut self, data: &str) {
        let text = data.trim_ascii();
        if self.answer.state != State::Open || text.is_empty() {
            return;
        }
        if text == "[DONE]" {
            self.answer.state = State::Done;
        } else if self.alike(text.as_bytes(), b"").is_none() {
            self.answer.read(text, self.take);
        }
    }

    fn known(&mut self, bytes: &[u8]) -> usize {
        let rest = bytes.strip_prefix(b"data: ").and_then(|data| self.alike(data, b"\n\n"));
        rest.map_or(0, |rest| bytes.len() - rest.len())
    }
}

impl Reading<'_> {
    /// Takes a chunk that agrees with a template and is followed by `end` (or, if that is empty, by nothing); what
    /// comes after it.
    fn alike<'a>(&mut self, bytes: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
        let answer = &mut *self.answer;
        if answer.events.is_some() || answer.state != State::Open {
            return None;
        }
        let mut strings = Strings::default();
        let (at, rest) = answer.templates.read(bytes, &mut strings)?;
        let after = rest.strip_prefix(end).filter(|after| !end.is_empty() || after.is_empty())?;
        let template = answer.templates.get(at)?;
        let strings = strings.get(..template.holes.len())?;
        if answer.last == Some(at) {
            for (hole, raw) in template.holes.iter().zip(strings) {
                answer.completion.append(template.choice, *hole, raw);
            }
        } else {
            // It says more than its strings where another kind came in between: its constant part may differ.
            let text = str::from_utf8(bytes.get(..bytes.len() - rest.len())?).ok()?;
            answer.completion.push(&Value::parse(text)?, None);
            answer.last = Some(at);
        }
        answer.has_begun = true;
        (self.take)(Chunk::Like { at, template, strings });
        Some(after)
    }
}

impl Answer {
    /// A chunk that agrees with no template.
    fn read(&mut self, text: &str, take: &mut dyn FnMut(Chunk<'_>)) {
        let Some(chunk @ Value::Object(_)) = Value::parse(text) else {
            let error = Error::new(ErrorKind::MalformedResponse, "an event of the stream is no JSON object");
            self.failure = Some(self.fail(error));
            return;
        };
        self.completion.push(&chunk, self.events.as_mut());
        if let Some(error) = find_error(&chunk) {
            let error = Error::in_band(error, &self.facts);
            self.failure = Some(self.fail(error));
            return;
        }
        self.last = if self.events.is_none() { self.templates.learn(text, &chunk) } else { None };
        let learned = self.last.and_then(|at| Some((at, self.templates.get(at)?)));
        self.has_begun = true;
        take(Chunk::Whole { text, value: &chunk, learned });
    }

    fn fail(&mut self, error: Error) -> Error {
        self.state = State::Failed;
        error.with_facts(&self.facts).with_partial_text(self.completion.text()).with_usage(self.completion.usage())
    }
}

/// The error that an answer with status 200 carries: at its top, or in a choice.
pub(crate) fn find_error<'a, 'b>(answer: &'a Value<'b>) -> Option<&'a Value<'b>> {
    let in_choice = || answer.get("choices")?.items().iter().find_map(|choice| choice.present("error"));
    answer.present("error").or_else(in_choice)
}
