//! The streams of `/responses`, `/messages` and `/images`: from bytes to the wire's own events, with the same three
//! ends as a chat's.
//!
//! Source: OpenRouter's specification (2026-08) and recorded traffic. `/responses` names an event by its `type`
//! alone, `/messages` by `event:` too; all are JSON.

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::{
    chat::{Entries, array, keep_last, merge, object, slot},
    error::{Error, ErrorKind, ResponseFacts},
    json::{ObjectWriter, Value},
    sse::SseDecoder,
};

/// Takes an event, as JSON, and the text that it adds to the answer, as written between quotes.
pub type Take<'a> = dyn FnMut(&str, &str) + 'a;

/// How far a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The body may end.
    Finished,
    Done,
    Failed,
}

/// One streamed answer: bytes in, the wire's events out, and what they add up to on the side.
///
/// *Done*: `[DONE]`, `response.completed` or `response.incomplete`, `message_stop`, or the body's end after
/// `image_generation.completed`. *Failed*: `response.failed`, an event of `type` `error`, or one that has an `error`.
/// *Cut*: the body ended before. The last two are errors that keep the text so far.
///
/// A provider that does not stream images answers in one document (documented): its images come as events too.
#[derive(Debug)]
pub struct EventStream {
    sse: SseDecoder,
    /// The body so far, where it is no event stream.
    document: Vec<u8>,
    answer: Answer,
}

#[derive(Debug)]
struct Answer {
    facts: ResponseFacts,
    state: State,
    /// As written.
    text: String,
    /// The response or message; null until there is one.
    result: Value<'static>,
    failure: Option<Error>,
    has_begun: bool,
}

impl EventStream {
    /// The answer to a request, from its first byte.
    #[must_use]
    pub fn new(facts: ResponseFacts) -> Self {
        let answer = Answer {
            facts,
            state: State::Open,
            text: String::new(),
            result: Value::Null,
            failure: None,
            has_begun: false,
        };
        Self { sse: SseDecoder::new(), document: Vec::new(), answer }
    }

    /// Feeds bytes, cut anywhere, and hands out the events that they complete.
    ///
    /// # Errors
    /// The upstream's error where an event is one; [`ErrorKind::MalformedResponse`] where an event is no JSON object
    /// or has no end. The events before it are handed out, the text so far is in the error.
    pub fn push(&mut self, bytes: &[u8], take: &mut Take<'_>) -> Result<(), Error> {
        let Self { sse, document, answer } = self;
        if answer.is_over() {
            return Ok(());
        }
        if !answer.facts.is_event_stream {
            document.extend_from_slice(bytes);
            return Ok(());
        }
        let decoded = sse.push(bytes, &mut |data: &str| answer.read(data, take));
        if let Some(error) = answer.failure.take() {
            return Err(error);
        }
        if answer.is_over() {
            return Ok(());
        }
        decoded.map_err(|_| answer.malformed("an event of the stream is larger than 16 MiB"))
    }

    /// The body has ended.
    ///
    /// # Errors
    /// [`ErrorKind::StreamCut`] if the answer had not: it keeps the text so far.
    pub fn finish(&mut self, take: &mut Take<'_>) -> Result<(), Error> {
        let answer = &mut self.answer;
        if !answer.facts.is_event_stream && !answer.is_over() {
            answer.read_document(&self.document, take)?;
        }
        if answer.state == State::Open {
            return Err(self.fail(Error::new(ErrorKind::StreamCut, "the answer was cut off before its end")));
        }
        if answer.state == State::Finished {
            answer.state = State::Done;
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

    /// Whether an event has come that is no keep-alive: from then on another try would not be the same answer.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.answer.has_begun
    }

    /// What the response's head said.
    #[must_use]
    pub fn facts(&self) -> &ResponseFacts {
        &self.answer.facts
    }

    /// What the events add up to, as JSON: the `response` of the last event of `/responses`, the message of
    /// `/messages`; `null` as long as there is none.
    ///
    /// Of a message, `input` is put together from `input_json_delta`; one that was cut off and is no JSON stays as the
    /// text `partial_json`, for it must not be run.
    #[must_use]
    pub fn result_json(&self) -> String {
        self.answer.result.to_json()
    }
}

impl Answer {
    fn is_over(&self) -> bool {
        matches!(self.state, State::Done | State::Failed)
    }

    fn read(&mut self, data: &str, take: &mut Take<'_>) {
        let text = data.trim_ascii();
        if self.is_over() || text.is_empty() {
            return;
        }
        if text == "[DONE]" {
            self.state = State::Done;
            return;
        }
        let Some(value @ Value::Object(_)) = Value::parse(text) else {
            self.failure = Some(self.malformed("an event of the stream is no JSON object"));
            return;
        };
        let piece = piece_of(&value);
        match self.add(&value, piece) {
            Some(error) => self.failure = Some(error),
            None => take(text, piece),
        }
    }

    /// Adds an event, and the text that it adds; the error that it is, if it is one.
    fn add(&mut self, event: &Value<'_>, piece: &str) -> Option<Error> {
        let kind = event.raw_of("type").unwrap_or_default();
        match kind {
            "message_start" => self.keep(event.get("message")),
            // Of one that failed, usage is kept.
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.keep(event.get("response"));
                self.state = State::Done;
            }
            "image_generation.completed" => self.state = State::Finished,
            "message_delta" => self.add_to_message(event),
            "message_stop" => {
                self.add_to_message(event);
                self.state = State::Done;
            }
            "content_block_start" | "content_block_delta" | "content_block_stop" => self.add_to_block(event),
            _ => {}
        }
        if let Some(error) = find_error(event) {
            let error = Error::in_band(&error, &self.facts);
            return Some(self.fail(error));
        }
        self.text.push_str(piece);
        self.has_begun |= kind != "ping";
        None
    }

    fn keep(&mut self, result: Option<&Value<'_>>) {
        self.result = result.unwrap_or(&Value::Null).detached();
    }

    fn add_to_block(&mut self, event: &Value<'_>) {
        let blocks = array(slot(object(&mut self.result), "content"));
        if let Some(block) = event.get("content_block") {
            return blocks.push(block.detached());
        }
        let at = event.index_of("index").unwrap_or(0) as usize;
        let Some(Value::Object(block)) = blocks.get_mut(at) else { return };
        if let Some(delta) = event.get("delta") {
            merge(block, delta, &["text", "thinking", "partial_json"]);
        }
        if let Some(citation) = take(block, "citation") {
            array(slot(block, "citations")).push(citation);
        }
        if event.get("delta").is_none()
            && let Some(raw) = take(block, "partial_json")
        {
            let text = raw.text().unwrap_or_default();
            match Value::parse(&text) {
                Some(input) => *slot(block, "input") = input.detached(),
                // An empty text is how a call without arguments begins.
                None if text.is_empty() => {}
                None => keep_last(block, "partial_json", &raw),
            }
        }
    }

    fn add_to_message(&mut self, event: &Value<'_>) {
        let message = object(&mut self.result);
        for (key, value) in event.entries() {
            match &**key {
                "type" => {}
                "delta" => merge(message, value, &[]),
                // Its numbers are totals, and it may leave out what `message_start` said.
                "usage" => merge(object(slot(message, "usage")), value, &[]),
                _ => keep_last(message, key, value),
            }
        }
    }

    fn read_document(&mut self, bytes: &[u8], take: &mut Take<'_>) -> Result<(), Error> {
        let document = str::from_utf8(bytes).ok().and_then(Value::parse).unwrap_or(Value::Null);
        if let Some(error) = find_error(&document) {
            let error = Error::in_band(&error, &self.facts);
            return Err(self.fail(error));
        }
        if !document.at("data").is_array() {
            return Err(self.malformed("the answer is not an event stream"));
        }
        let images = document.at("data").items();
        for (index, image) in images.iter().enumerate() {
            let mut event = String::new();
            let mut fields = ObjectWriter::new(&mut event);
            fields.text("type", Some("image_generation.completed"));
            for (key, value) in image.entries() {
                fields.value(key, value);
            }
            // What all of them cost is told once, so that it can be added up.
            for key in ["created", "usage"] {
                if let (Some(value), true) = (document.get(key), key == "created" || index + 1 == images.len()) {
                    fields.value(key, value);
                }
            }
            fields.end();
            self.has_begun = true;
            take(&event, "");
        }
        self.state = State::Done;
        Ok(())
    }

    fn malformed(&mut self, problem: &str) -> Error {
        self.fail(Error::new(ErrorKind::MalformedResponse, problem))
    }

    fn fail(&mut self, error: Error) -> Error {
        self.state = State::Failed;
        let text = Value::String(Cow::Borrowed(&self.text)).text().unwrap_or_default().into_owned();
        error
            .with_facts(&self.facts)
            .with_partial_text(text)
            .with_usage(self.result.present("usage").map(Value::to_json))
    }
}

/// Takes a key out of an object.
fn take(entries: &mut Entries, key: &str) -> Option<Value<'static>> {
    let at = entries.iter().position(|(known, _)| known == key)?;
    Some(entries.remove(at).1)
}

/// The text that an event adds to the answer, as written.
fn piece_of<'a>(event: &'a Value<'_>) -> &'a str {
    let piece = match event.raw_of("type") {
        Some("response.output_text.delta") => event.raw_of("delta"),
        Some("content_block_delta") => event
            .get("delta")
            .filter(|delta| delta.raw_of("type") == Some("text_delta"))
            .and_then(|delta| delta.raw_of("text")),
        _ => None,
    };
    piece.unwrap_or_default()
}

/// The error that an event or a whole answer is: an `error` object, which `response.failed` has in its response, or
/// the event itself. `/responses` says what kind it is beside it.
pub(crate) fn find_error<'a>(event: &Value<'a>) -> Option<Value<'a>> {
    let kind = event.raw_of("type");
    let holder = event.get("response").filter(|_| kind == Some("response.failed")).unwrap_or(event);
    let is_error = matches!(kind, Some("error" | "response.failed"));
    let mut error = holder.present("error").or_else(|| is_error.then_some(holder))?.clone();
    if let (Value::Object(entries), Some(name)) = (&mut error, holder.get("error_type")) {
        entries.push((Cow::Borrowed("error_type"), name.clone()));
    }
    Some(error)
}
