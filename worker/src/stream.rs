//! Bodies of answers on their way down, for those who want to know how they end or what is in them.

use std::{borrow::Cow, pin::pin, rc::Rc};

use futures_util::future::{Either, select};
use js_sys::{Reflect, Uint8Array};
use openrouter_wasm::{json::Value, sse::MAX_EVENT_BYTES};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortController, ReadableStream, ReadableStreamDefaultReader, WritableStreamDefaultWriter};

use crate::{
    config::Config,
    http::IdentityTransformStream,
    platform::{Context, Result},
    task::{JsFuture, Task, after_answer},
    upstream::remove_account,
};

/// How an answer ended, and what it said of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// Whether it came to its end; if not, the client went away or the upstream was cut.
    pub is_complete: bool,
    /// What it cost and used, where its chunks were looked at and one of them told.
    pub usage: Option<Used>,
}

/// What an answer says that it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Billionths of a US dollar, rounded up.
    pub usd_nano: Option<u64>,
    /// Of prompt and completion.
    pub tokens: Option<u64>,
    /// Of completion alone.
    pub completion: Option<u64>,
}

/// What to do when an answer has ended: it is carried out before the runtime lets go of the request.
pub(crate) type OnEnd = Box<dyn FnOnce(Ended) -> Task<'static, ()>>;

/// Hands a body on natively, and learns when it ends.
pub(crate) fn watch(context: &Context, body: &ReadableStream, on_end: OnEnd) -> ReadableStream {
    let pipe = IdentityTransformStream::new();
    let piped = body.pipe_to(&pipe.writable());
    let task = async move {
        // The pipe itself ends the upstream where its lower end is gone, as does the client's signal.
        let is_complete = JsFuture::from(piped).await.is_ok();
        on_end(Ended { is_complete, usage: None }).await;
    };
    after_answer(context, Box::pin(task));
    pipe.readable()
}

/// Hands a body on chunk by chunk: what may not pass is removed, and what it cost is learned.
pub(crate) fn inspect(
    context: &Context,
    body: &ReadableStream,
    controller: AbortController,
    mut inspector: Inspector,
    on_end: OnEnd,
) -> Result<ReadableStream> {
    let pipe = IdentityTransformStream::new();
    let writer = pipe.writable().get_writer()?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let task = async move {
        let is_complete = pump(&reader, &writer, &mut inspector).await.is_ok();
        if !is_complete {
            // Nobody reads what is left, be it that the client is gone or that a line has no end.
            controller.abort();
            let _ = writer.abort();
        }
        on_end(Ended { is_complete, usage: inspector.used }).await;
    };
    after_answer(context, Box::pin(task));
    Ok(pipe.readable())
}

/// # Errors
/// Where either end is gone, or the body is not what it says.
async fn pump(
    reader: &ReadableStreamDefaultReader,
    writer: &WritableStreamDefaultWriter,
    inspector: &mut Inspector,
) -> std::result::Result<(), JsValue> {
    let mut closed = pin!(JsFuture::from(writer.closed()));
    loop {
        // While the upstream is silent, only the lower end tells that the client has gone.
        let read = match select(pin!(JsFuture::from(reader.read())), closed.as_mut()).await {
            Either::Left((read, _)) => read?,
            Either::Right((gone, _)) => return gone.and(Err(JsValue::NULL)),
        };
        let is_over = Reflect::get(&read, &"done".into())?.is_truthy();
        let mut out = Vec::new();
        if is_over {
            inspector.finish(&mut out);
        } else {
            let chunk: Uint8Array = Reflect::get(&read, &"value".into())?.unchecked_into();
            inspector.push(&chunk.to_vec(), &mut out).map_err(|TooLarge| JsValue::NULL)?;
        }
        if !out.is_empty() {
            JsFuture::from(writer.write_with_chunk(&Uint8Array::from(&*out))).await?;
        }
        if is_over {
            JsFuture::from(writer.close()).await?;
            return Ok(());
        }
    }
}

/// An event or document passed [`MAX_EVENT_BYTES`].
#[derive(Debug, PartialEq, Eq)]
pub struct TooLarge;

/// Looks at the bytes of an answer, cut anywhere. Lines go on as soon as they are whole; a JSON document goes on at its
/// end, the white space before it, which keeps connections alive, at once.
pub struct Inspector {
    config: Rc<Config>,
    is_event_stream: bool,
    pending: Vec<u8>,
    /// What the answer told last: streams tell it once more at their end.
    pub used: Option<Used>,
}

impl Inspector {
    /// Of an event stream, or else of a JSON document.
    pub fn new(config: Rc<Config>, is_event_stream: bool) -> Self {
        Self { config, is_event_stream, pending: Vec::new(), used: None }
    }

    /// Takes bytes, and appends what may go on.
    ///
    /// # Errors
    /// [`TooLarge`] where a line or document has no end.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> std::result::Result<(), TooLarge> {
        let mut rest = bytes;
        if self.is_event_stream {
            while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                let (line, following) = rest.split_at(end + 1);
                rest = following;
                if self.pending.is_empty() {
                    self.line(line, out);
                } else {
                    let mut whole = std::mem::take(&mut self.pending);
                    whole.extend_from_slice(line);
                    self.line(&whole, out);
                }
            }
        } else if self.pending.is_empty() {
            let padding = rest.len() - rest.trim_ascii_start().len();
            out.extend_from_slice(&rest[..padding]);
            rest = &rest[padding..];
        }
        self.pending.extend_from_slice(rest);
        if self.pending.len() > MAX_EVENT_BYTES { Err(TooLarge) } else { Ok(()) }
    }

    /// The body has ended.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let last = std::mem::take(&mut self.pending);
        if self.is_event_stream {
            self.line(&last, out);
        } else {
            out.extend_from_slice(&self.clean(&last));
        }
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let Some(data) = line.strip_prefix(b"data:") else { return out.extend_from_slice(line) };
        let end = data.trim_ascii_end().len();
        let clean = self.clean(&data[..end]);
        if clean.is_empty() && end > 0 {
            return;
        }
        out.extend_from_slice(b"data:");
        out.extend_from_slice(&clean);
        out.extend_from_slice(&data[end..]);
    }

    /// A document without what may not pass; nothing of one that cannot be read and may hold it.
    fn clean<'a>(&mut self, document: &'a [u8]) -> Cow<'a, [u8]> {
        let has = |name: &[u8]| document.windows(name.len()).any(|window| window == name);
        let (names_account, has_usage, has_error) = (has(b"\"user_id\""), has(b"\"usage\""), has(b"\"error\""));
        if !(names_account || has_usage || has_error) {
            return Cow::Borrowed(document);
        }
        let parsed = std::str::from_utf8(document).ok().and_then(Value::parse);
        let Some(mut value) = parsed else {
            return if names_account { Cow::Borrowed(&[]) } else { Cow::Borrowed(document) };
        };
        if let Some(told) = used(&value) {
            let known = self.used.unwrap_or_default();
            // A stream may tell its parts one by one.
            let usd_nano = told.usd_nano.or(known.usd_nano);
            let (tokens, completion) = (told.tokens.or(known.tokens), told.completion.or(known.completion));
            self.used = Some(Used { usd_nano, tokens, completion });
        }
        if !(names_account || has_error) {
            return Cow::Borrowed(document);
        }
        let before = value.to_json();
        remove_account(&mut value);
        let after = self.config.upstream.redact(value.to_json());
        if before == after {
            return Cow::Borrowed(document);
        }
        let padding = document.len() - document.trim_ascii_start().len();
        Cow::Owned([&document[..padding], after.as_bytes()].concat())
    }
}

/// The usage that a chunk, event or document tells: beside it, in the response that it holds, or in the message.
fn used(value: &Value<'_>) -> Option<Used> {
    let usage = [value.at("usage"), value.at("response").at("usage"), value.at("message").at("usage")]
        .into_iter()
        .find(|usage| usage.is_object())?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "costs are small and not negative")]
    // What is a whole number but for the last places of a float is that number.
    let usd_nano = usage.number_of("cost").filter(|cost| *cost >= 0.0).map(|cost| (cost * 1e9 - 1e-3).ceil() as u64);
    let count = |names: [&str; 2]| names.iter().find_map(|name| usage.index_of(name)).map(u64::from);
    let completion = count(["completion_tokens", "output_tokens"]);
    let parts = || Some(count(["prompt_tokens", "input_tokens"])? + completion?);
    Some(Used { usd_nano, tokens: usage.index_of("total_tokens").map(u64::from).or_else(parts), completion })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::working;

    fn inspector(is_event_stream: bool) -> Inspector {
        Inspector::new(Rc::new(working().unwrap()), is_event_stream)
    }

    fn through(is_event_stream: bool, pieces: &[&[u8]]) -> (String, Option<Used>) {
        let mut inspector = inspector(is_event_stream);
        let mut out = Vec::new();
        for piece in pieces {
            inspector.push(piece, &mut out).unwrap();
        }
        inspector.finish(&mut out);
        (String::from_utf8(out).unwrap(), inspector.used)
    }

    const STREAM: &str = ": OPENROUTER PROCESSING\r\n\r\ndata: {\"a\": \"é \\\"user_id\\\" stays\"}\n\ndata: {\"error\": {\"code\":502, \"message\":\"sk-test\"},\"user_id\":\"user_1\"}\r\n\nevent: x\ndata: {\"usage\": {\"cost\":0.00012,\"total_tokens\":9}}\n\ndata: [DONE]\n\n";
    const CLEAN: &str = ": OPENROUTER PROCESSING\r\n\r\ndata: {\"a\": \"é \\\"user_id\\\" stays\"}\n\ndata: {\"error\":{\"code\":502,\"message\":\"[redacted]\"}}\r\n\nevent: x\ndata: {\"usage\": {\"cost\":0.00012,\"total_tokens\":9}}\n\ndata: [DONE]\n\n";

    #[test]
    fn a_stream_loses_the_account_wherever_it_is_cut_and_nothing_else() {
        let used = Some(Used { usd_nano: Some(120_000), tokens: Some(9), completion: None });
        let bytes = STREAM.as_bytes();
        assert_eq!(through(true, &[bytes]), (CLEAN.to_owned(), used));
        for cut in 0..=bytes.len() {
            assert_eq!(through(true, &[&bytes[..cut], &bytes[cut..]]), (CLEAN.to_owned(), used), "cut at {cut}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(through(true, &single).0, CLEAN);
    }

    #[test]
    fn whole_lines_go_on_at_once() {
        let mut inspector = inspector(true);
        let mut out = Vec::new();
        inspector.push(b"data: {\"a\":1}\n\ndata: {", &mut out).unwrap();
        assert_eq!(out, b"data: {\"a\":1}\n\n");
    }

    #[test]
    fn a_document_keeps_its_padding_and_loses_the_account() {
        let mut inspector = inspector(false);
        let mut out = Vec::new();
        inspector.push(b"\n   \n ", &mut out).unwrap();
        assert_eq!(out, b"\n   \n ", "it keeps the connection alive");
        inspector.push(b" {\"user_id\":\"user_1\",\"error\":", &mut out).unwrap();
        assert_eq!(out, b"\n   \n  ");
        inspector.push(b"{\"code\":1}}", &mut out).unwrap();
        inspector.finish(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "\n   \n  {\"error\":{\"code\":1}}");
    }

    #[test]
    fn what_names_the_account_and_cannot_be_read_does_not_pass() {
        assert_eq!(through(true, &[b"data: {\"user_id\":\"user_1\"\n\ndata: {\"a\"\n\n"]).0, "\ndata: {\"a\"\n\n");
        assert_eq!(through(false, &[b"{\"user_id\":\"user_1\""]).0, "");
    }

    #[test]
    fn usage_is_learned_from_every_kind_of_answer() {
        for (document, usd_nano, tokens, completion) in [
            (r#"{"usage":{"cost":1e-7,"prompt_tokens":1,"completion_tokens":2}}"#, Some(100), Some(3), Some(2)),
            (
                r#"{"type":"response.completed","response":{"usage":{"input_tokens":1,"output_tokens":4,"cost":0.1}}}"#,
                Some(100_000_000),
                Some(5),
                Some(4),
            ),
            (r#"{"message":{"usage":{"input_tokens":1,"output_tokens":1}}}"#, None, Some(2), Some(1)),
            (r#"{"usage":{"cost":0.0000000001}}"#, Some(1), None, None),
        ] {
            assert_eq!(
                through(false, &[document.as_bytes()]).1,
                Some(Used { usd_nano, tokens, completion }),
                "{document}"
            );
        }
        assert_eq!(through(false, &[br#"{"usage":null}"#]).1, None);
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut inspector = inspector(true);
        let mut out = Vec::new();
        let piece = vec![b'x'; MAX_EVENT_BYTES];
        assert_eq!(inspector.push(&piece, &mut out), Ok(()));
        assert_eq!(inspector.push(b"x", &mut out), Err(TooLarge));
        assert!(out.is_empty());
    }
}
