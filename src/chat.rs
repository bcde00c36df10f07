//! Chat: the streamed answer, from bytes to chunks, with its three ends.

mod completion;

pub use completion::{Completion, StreamEvent};

use crate::{
    error::{Error, ErrorKind, ResponseFacts},
    json::Json,
    sse::{SseDecoder, SseEvent},
};

/// The most bytes of chunks that are kept unread for the final message before they are accumulated.
const MAX_UNREAD_BYTES: usize = 1024 * 1024;

/// How far a streamed answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// `[DONE]` came, or the body ended after a finish reason.
    Done,
    Failed,
}

/// One streamed answer: bytes in, OpenRouter's own chunks out, and the final message on the side.
///
/// It has three ends. *Done*: `[DONE]`, or the body's end after a finish reason. *Failed*: an error in band or from
/// the network. *Cut*: the body ended early. The last two are errors that keep the text so far.
#[derive(Debug)]
pub struct ChatStream<J> {
    facts: ResponseFacts,
    sse: SseDecoder,
    events: Vec<SseEvent>,
    state: State,
    completion: Completion<J>,
    /// Chunks that the completion has not read yet: most callers never ask for it.
    unread: Vec<String>,
    unread_bytes: usize,
    stream_events: Option<Vec<StreamEvent<J>>>,
}

impl<J: Json> ChatStream<J> {
    /// The answer to a request, from its first byte.
    #[must_use]
    pub fn new(facts: ResponseFacts) -> Self {
        Self {
            facts,
            sse: SseDecoder::new(),
            events: Vec::new(),
            state: State::Open,
            completion: Completion::default(),
            unread: Vec::new(),
            unread_bytes: 0,
            stream_events: None,
        }
    }

    /// From now on [`Self::take_events`] tells what the chunks say.
    pub fn record_events(&mut self) {
        self.completion();
        self.stream_events.get_or_insert_default();
    }

    /// Feeds bytes, cut anywhere, and appends the chunks that they complete to `out`, unchanged.
    ///
    /// # Errors
    /// The upstream's error where a chunk carries one; [`ErrorKind::MalformedResponse`] where an event is not JSON
    /// or has no end. The chunks before it are in `out`, the text so far is in the error.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<J>) -> Result<(), Error> {
        if self.state != State::Open {
            return Ok(());
        }
        let mut events = std::mem::take(&mut self.events);
        let decoded = self.sse.push(bytes, &mut events);
        let mut texts: Vec<String> = events.drain(..).map(|event| event.data).collect();
        self.events = events;
        if let Some(done) = texts.iter().position(|text| text.trim_ascii() == "[DONE]") {
            texts.truncate(done);
            self.state = State::Done;
        }
        texts.retain(|text| !text.trim_ascii().is_empty());
        let chunks = J::parse_each(&texts);
        for (text, chunk) in texts.into_iter().zip(chunks) {
            // By the text: asking each object what it is costs calls into the engine.
            let Some(chunk) = chunk.filter(|_| text.trim_ascii_start().starts_with('{')) else {
                return Err(
                    self.fail(Error::new(ErrorKind::MalformedResponse, "an event of the stream is no JSON object"))
                );
            };
            // Escaped quotes keep the content of an answer from looking like the key.
            let error = if text.contains("\"error\"") { find_error(&chunk) } else { None };
            self.read(text, &chunk);
            if let Some(error) = error {
                let error = Error::in_band(&error, &self.facts);
                return Err(self.fail(error));
            }
            out.push(chunk);
        }
        if decoded.is_err() {
            return Err(
                self.fail(Error::new(ErrorKind::MalformedResponse, "an event of the stream is larger than 16 MiB"))
            );
        }
        if self.state == State::Done { self.end() } else { Ok(()) }
    }

    /// The body has ended.
    ///
    /// # Errors
    /// [`ErrorKind::StreamCut`] if the answer had not: it keeps the text so far.
    pub fn finish(&mut self) -> Result<(), Error> {
        if self.state != State::Open {
            return Ok(());
        }
        if !self.completion().is_finished() {
            return Err(self.fail(Error::new(ErrorKind::StreamCut, "the answer was cut off before its end")));
        }
        self.state = State::Done;
        self.end()
    }

    /// A finish reason of `error` without an error object is still no success.
    fn end(&mut self) -> Result<(), Error> {
        self.sse = SseDecoder::new(); // its buffers may be as large as the largest event
        self.events = Vec::new();
        if self.completion().has_failed() {
            return Err(self.fail(Error::new(ErrorKind::UpstreamError, "the model stopped with an error")));
        }
        if let Some(events) = &mut self.stream_events {
            self.completion.end_events(events);
        }
        Ok(())
    }

    /// Ends the stream by an error, e.g. the network's, and adds what the response's head said and the text so far.
    #[must_use]
    pub fn fail(&mut self, error: Error) -> Error {
        self.state = State::Failed;
        let text = self.completion().text().to_owned();
        error.with_facts(&self.facts).with_partial_text(text)
    }

    /// Whether the answer is complete.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// What the response's head said.
    pub fn facts(&self) -> &ResponseFacts {
        &self.facts
    }

    /// What the chunks so far add up to.
    pub fn completion(&mut self) -> &Completion<J> {
        for text in std::mem::take(&mut self.unread) {
            if let Some(chunk) = J::parse(&text) {
                self.completion.push(&chunk, None);
            }
        }
        self.unread_bytes = 0;
        &self.completion
    }

    /// What the chunks said since the last call, after [`Self::record_events`].
    pub fn take_events(&mut self) -> Vec<StreamEvent<J>> {
        self.stream_events.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn read(&mut self, text: String, chunk: &J) {
        if self.stream_events.is_some() {
            self.completion.push(chunk, self.stream_events.as_mut());
            return;
        }
        self.unread_bytes += text.len();
        self.unread.push(text);
        if self.unread_bytes > MAX_UNREAD_BYTES {
            self.completion();
        }
    }
}

/// The error that an answer with status 200 carries: at its top, or in a choice.
pub(crate) fn find_error<J: Json>(answer: &J) -> Option<J> {
    let in_choice = || answer.get("choices")?.items().find_map(|choice| Some(choice.present("error")?.into_owned()));
    answer.present("error").map(std::borrow::Cow::into_owned).or_else(in_choice)
}
