//! The streamed answer as `stream.js` reads it: bytes in, JSON text out, which the engine parses once for each read.

use alloc::string::String;

use wasm_bindgen::prelude::*;

use super::ms;
use crate::{
    call::Decoder,
    chat::{Chunk, Hole},
    error::{Error, ErrorKind},
    json::{concat, decimal, quote, separate},
    retry::Watch,
};

/// What the reads are turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    /// Chunks, see [`Batch`], or an array of another operation's events.
    Chunks,
    /// The text of the first choice: a string. Of another operation: an array of one.
    Text,
    /// What the first choice says: an array of events.
    Events,
}

/// One streamed answer. Internal: use the stream that `stream()` returns.
#[wasm_bindgen(skip_typescript)]
#[derive(Debug)]
pub struct StreamReader {
    decoder: Decoder,
    watch: Watch,
    view: View,
    /// The template of the last chunk that was given out, if it had one.
    run: Option<usize>,
    error: Option<Error>,
}

impl StreamReader {
    pub(super) fn new(decoder: Decoder, watch: Watch) -> Self {
        Self { decoder, watch, view: View::Chunks, run: None, error: None }
    }

    /// An error is kept for `error`: what came before it is to be delivered first.
    fn outcome(&mut self, mut out: String, result: Result<(), Error>) -> String {
        self.error = result.err().or(self.error.take());
        if let (Decoder::Chat(chat), View::Events) = (&mut self.decoder, self.view) {
            out = chat.take_events();
        }
        if self.is_over() {
            out.push(' ');
        }
        out
    }

    /// What bytes, or the end, make of another operation's stream.
    fn push_events(&mut self, bytes: Option<&[u8]>) -> String {
        let Decoder::Events(events) = &mut self.decoder else { return String::new() };
        let (mut out, is_text) = (String::new(), self.view == View::Text);
        let mut take = |event: &str, piece: &str| {
            if is_text {
                out.push_str(piece);
            } else {
                out.push(if out.is_empty() { '[' } else { ',' });
                out.push_str(event);
            }
        };
        let result = match bytes {
            Some(bytes) => events.push(bytes, &mut take),
            None => events.finish(&mut take),
        };
        if !out.is_empty() {
            out = if is_text { concat(&["[\"", &out, "\"]"]) } else { out + "]" };
        }
        self.outcome(out, result)
    }
}

#[wasm_bindgen]
#[allow(clippy::missing_const_for_fn, reason = "exports cannot be const")]
impl StreamReader {
    /// From now on the reads are turned into text.
    #[wasm_bindgen(js_name = viewText)]
    pub fn view_text(&mut self) {
        self.view = View::Text;
    }

    /// From now on the reads are turned into events.
    #[wasm_bindgen(js_name = viewEvents)]
    pub fn view_events(&mut self) {
        self.view = View::Events;
        if let Decoder::Chat(chat) = &mut self.decoder {
            chat.record_events();
        }
    }

    /// Feeds bytes of the body; what they complete, as JSON, or an empty text. A blank at the end says that nothing more
    /// comes.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        let mut batch = Batch::default();
        let view = self.view;
        match &mut self.decoder {
            Decoder::Chat(chat) => {
                let result = chat.push(bytes, &mut |chunk| match view {
                    View::Chunks => batch.add(&chunk),
                    View::Text => batch.add_text(&chunk),
                    View::Events => {}
                });
                let out = batch.end(view, &mut self.run);
                self.outcome(out, result)
            }
            Decoder::Events(_) => self.push_events(Some(bytes)),
        }
    }

    /// The body has ended: done, or cut.
    pub fn finish(&mut self) -> String {
        match &mut self.decoder {
            Decoder::Chat(chat) => {
                let result = chat.finish();
                self.outcome(String::new(), result)
            }
            Decoder::Events(_) => self.push_events(None),
        }
    }

    /// The body broke: a limit was passed, or the answer was cut.
    pub fn fail(&mut self) {
        let error = Error::new(ErrorKind::StreamCut, "the connection broke before the answer was complete");
        self.error = Some(self.decoder.fail(error));
    }

    /// How many ms to wait before asking again whether the answer takes too long; `undefined` if that is not limited,
    /// and once it does: `error` then tells. Silence counts while somebody waits for a read, `since` then.
    pub fn wait(&mut self, since: f64, now: f64) -> Option<u32> {
        self.watch.waits(ms(since));
        match self.watch.check(ms(now)) {
            Ok(wait) => wait.map(|wait| u32::try_from(wait).unwrap_or(u32::MAX)),
            Err(timeout) => {
                self.error = Some(self.decoder.fail(timeout));
                None
            }
        }
    }

    /// What ended the stream, if it was an error, as JSON.
    #[wasm_bindgen(getter)]
    pub fn error(&self) -> Option<String> {
        self.error.as_ref().map(Error::to_json)
    }

    /// Whether nothing more comes: the answer is complete, or has failed.
    #[wasm_bindgen(getter, js_name = isOver)]
    pub fn is_over(&self) -> bool {
        self.decoder.is_done() || self.error.is_some()
    }

    /// The `chat.completion` that the chunks add up to, or the response or message of another operation, as JSON.
    pub fn completion(&self) -> String {
        match &self.decoder {
            Decoder::Chat(chat) => chat.completion().to_json(),
            Decoder::Events(events) => events.result_json(),
        }
    }

    /// `{status, requestId?, generationId?}`, as JSON.
    pub fn response(&self) -> String {
        self.decoder.facts().to_json()
    }
}

/// The chunks of one read, as JSON: an array of chunks, of runs `[template, string, …]` of chunks that are alike, and
/// of lessons `[-1, template, path, …]`, which say that the next chunk teaches a template and where its holes are. Where
/// there is but one chunk, with one hole, and it goes on with the run before: its string alone.
#[derive(Debug, Default)]
struct Batch {
    out: String,
    run: Option<usize>,
    /// How many chunks, and strings in them.
    chunks: usize,
    strings: usize,
}

impl Batch {
    fn add(&mut self, chunk: &Chunk<'_>) {
        if self.out.is_empty() {
            self.out.push('[');
        }
        self.chunks += 1;
        match chunk {
            Chunk::Like { at, strings, .. } => {
                self.strings += strings.len();
                if self.run != Some(*at) {
                    self.end_run();
                    separate(&mut self.out);
                    self.out.push('[');
                    self.out.push_str(&decimal(*at as u64));
                    self.run = Some(*at);
                }
                for raw in *strings {
                    self.out.push(',');
                    quote(&mut self.out, raw);
                }
            }
            Chunk::Whole { text, learned, .. } => {
                self.strings = usize::MAX / 2;
                self.end_run();
                if let Some((at, template)) = learned {
                    separate(&mut self.out);
                    self.out.push_str("[-1,");
                    self.out.push_str(&decimal(*at as u64));
                    for hole in &template.holes {
                        self.out.push(',');
                        self.out.push_str(hole.path());
                    }
                    self.out.push(']');
                }
                separate(&mut self.out);
                self.out.push_str(text);
            }
        }
    }

    /// The text of the first choice, as it is written.
    fn add_text(&mut self, chunk: &Chunk<'_>) {
        match chunk {
            Chunk::Like { template, strings, .. } if template.choice == 0 => {
                for (hole, raw) in template.holes.iter().zip(*strings) {
                    if *hole == Hole::Content {
                        self.out.push_str(raw);
                    }
                }
            }
            Chunk::Like { .. } => {}
            Chunk::Whole { value, .. } => {
                for choice in value.get("choices").map_or(&[][..], |choices| choices.items()) {
                    if choice.index_of("index").unwrap_or(0) == 0 {
                        let content = choice.get("delta").and_then(|delta| delta.raw_of("content"));
                        self.out.push_str(content.unwrap_or_default());
                    }
                }
            }
        }
    }

    fn end_run(&mut self) {
        if self.run.take().is_some() {
            self.out.push(']');
        }
    }

    fn end(mut self, view: View, run: &mut Option<usize>) -> String {
        if self.out.is_empty() {
            return self.out;
        }
        let goes_on = self.run.is_some() && *run == self.run;
        *run = self.run;
        if goes_on && self.chunks == 1 && self.strings == 1 && view == View::Chunks {
            // Behind `[[7,`.
            let from = self.out.find('"').unwrap_or_default();
            return self.out.split_off(from);
        }
        if view == View::Text {
            let mut quoted = String::with_capacity(self.out.len() + 2);
            quote(&mut quoted, &self.out);
            return quoted;
        }
        self.end_run();
        self.out.push(']');
        self.out
    }
}
