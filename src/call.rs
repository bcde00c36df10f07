//! One call under way: what to send, what to make of what comes back, and when to send again.
//!
//! It neither waits nor sends: whoever has a network tells it what happened and asks what to do. So retries, limits and
//! fallbacks are one logic for every build, and tests need neither clock nor network.

use alloc::string::String;

use crate::{
    api::{Answer, check_header},
    auth::{ASKED, Reason, Token, authorization, good_until},
    chat::ChatStream,
    client::{HttpRequest, Prepared, check_answer, error_of, is_success},
    error::{Error, ErrorKind, ResponseFacts},
    events::EventStream,
    json::join,
    retry::{Next, Watch},
};

/// What is to be done with the body of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Read it whole and tell [`Call::refused`]: it is an error.
    Refused,
    /// Read it whole and tell [`Call::answered`].
    Whole,
    /// The same, but if `"error"` is nowhere in it and it is JSON, it is right: the engine can see that faster.
    Trusted,
    /// Hand it out as it is.
    Bytes,
    /// Read it up to the first chunk, see [`Call::read`], and decode it by [`Call::stream`].
    Stream,
}

/// What decodes a streamed body: a chat's chunks, or the events of another operation.
#[derive(Debug)]
pub enum Decoder {
    /// Of `/chat/completions`.
    Chat(ChatStream),
    /// Of every other operation.
    Events(EventStream),
}

impl Decoder {
    /// From the first byte of the body.
    #[must_use]
    pub fn new(answer: Answer, facts: ResponseFacts) -> Self {
        match answer {
            Answer::Chat => Self::Chat(ChatStream::new(facts)),
            _ => Self::Events(EventStream::new(facts)),
        }
    }

    /// Bytes, or the end of the body; what they complete is dropped.
    fn read(&mut self, bytes: Option<&[u8]>) -> Result<(), Error> {
        match (self, bytes) {
            (Self::Chat(chat), Some(bytes)) => chat.push(bytes, &mut |_| ()),
            (Self::Chat(chat), None) => chat.finish(),
            (Self::Events(events), Some(bytes)) => events.push(bytes, &mut |_, _| ()),
            (Self::Events(events), None) => events.finish(&mut |_, _| ()),
        }
    }

    /// Ends the stream by an error, and adds what came before it.
    #[must_use]
    pub fn fail(&mut self, error: Error) -> Error {
        match self {
            Self::Chat(chat) => chat.fail(error),
            Self::Events(events) => events.fail(error),
        }
    }

    /// Whether the answer is complete.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match self {
            Self::Chat(chat) => chat.is_done(),
            Self::Events(events) => events.is_done(),
        }
    }

    /// Whether another try would not be the same answer.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        match self {
            Self::Chat(chat) => chat.has_begun(),
            Self::Events(events) => events.has_begun(),
        }
    }

    /// What the response's head said.
    #[must_use]
    pub fn facts(&self) -> &ResponseFacts {
        match self {
            Self::Chat(chat) => chat.facts(),
            Self::Events(events) => events.facts(),
        }
    }
}

/// One call, from its first request to the answer or the error.
#[derive(Debug)]
pub struct Call {
    prepared: Prepared,
    answer: Answer,
    is_stream: bool,
    watch: Watch,
    facts: ResponseFacts,
    probe: Option<Decoder>,
    error: Option<Error>,
    /// Whether the caller gives tokens when asked.
    has_tokens: bool,
    /// Whether there is none to send.
    lacks_token: bool,
    /// The header that was refused, after which another token is asked for once.
    refused: Option<Token>,
}

impl Call {
    /// A call that is ready to be sent; `now` is in ms since 1970, here as everywhere.
    #[must_use]
    pub fn new(prepared: Prepared, answer: Answer, is_stream: bool, now: u64) -> Self {
        let watch = Watch::new(prepared.limits, now);
        let has_tokens = prepared.request.headers.iter().any(|(_, value)| value == ASKED);
        Self {
            prepared,
            answer,
            is_stream,
            watch,
            facts: ResponseFacts::default(),
            probe: None,
            error: None,
            has_tokens,
            lacks_token: has_tokens,
            refused: None,
        }
    }

    /// Whether a token is needed, see [`Self::offer`], before the request can be sent.
    #[must_use]
    pub const fn lacks_token(&self) -> bool {
        self.lacks_token
    }

    /// Offers a token: one that was kept, with the time when the caller gave it, or, without a time, his answer. What was
    /// kept is taken if it will do; if not, why another one is to be asked for. An answer is taken as it is; if it is none
    /// (an empty text stands for that), the call has an error and nothing to send.
    pub fn offer(&mut self, token: &str, since: Option<u64>, now: u64) -> Option<Reason> {
        if !self.lacks_token {
            return None;
        }
        let kind = ErrorKind::Authentication;
        let problem = "the function gave no token: expected a string that is not empty";
        let checked = match token {
            "" => Err(Error::invalid(kind, "auth", problem)),
            _ => check_header(kind, "auth", "Authorization", token),
        };
        let value = authorization(token);
        match (checked, since) {
            (Err(error), None) => {
                self.error = Some(error);
                return None;
            }
            (Err(_), Some(_)) if self.refused.is_none() => return Some(Reason::First),
            (Err(_), Some(_)) => return Some(Reason::Refused),
            (Ok(()), None) => {}
            (Ok(()), Some(since)) => {
                if self.refused.as_ref().is_some_and(|Token(refused)| *refused == value) {
                    return Some(Reason::Refused);
                }
                if good_until(token, since) <= now {
                    return Some(Reason::Expired);
                }
            }
        }
        self.lacks_token = false;
        self.replace_token(value);
        None
    }

    /// What the header held before.
    fn replace_token(&mut self, value: String) -> Option<String> {
        let mut headers = self.prepared.request.headers.iter_mut();
        let (_, old) = headers.find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
        Some(core::mem::replace(old, value))
    }

    /// What is to be sent, now or again.
    #[must_use]
    pub fn request(&self) -> &HttpRequest {
        &self.prepared.request
    }

    /// How often it was sent, this time included.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.prepared.retry.attempts()
    }

    /// The request goes out.
    pub fn sent(&mut self, now: u64) {
        (self.error, self.probe, self.facts) = (None, None, ResponseFacts::default());
        self.watch.sent(now);
    }

    /// The head of the response is here.
    pub fn received(&mut self, facts: ResponseFacts) -> Body {
        self.watch.received(facts.received_at_ms);
        self.facts = facts;
        match self.answer {
            _ if !is_success(&self.facts) => Body::Refused,
            Answer::Bytes => {
                // Who reads them is not watched.
                self.watch = self.watch.of_whole_call();
                Body::Bytes
            }
            // Images also come in a document where a stream was asked for, see `events`.
            answer if self.is_stream && (self.facts.is_event_stream || answer == Answer::Json) => {
                self.probe = Some(Decoder::new(answer, self.facts.clone()));
                Body::Stream
            }
            Answer::Json => Body::Trusted,
            Answer::Chat => Body::Whole,
        }
    }

    /// The response is an error, with this body, if that came through.
    pub fn refused(&mut self, body: Option<&str>) {
        self.error = Some(error_of(&self.facts, body));
    }

    /// The whole body of a success; whether it is one.
    pub fn answered(&mut self, body: &str) -> bool {
        self.error = match check_answer(self.answer, &self.facts, body) {
            Err(error) => Some(error),
            Ok(()) if self.is_stream => {
                let problem = "the answer is not an event stream";
                Some(Error::new(ErrorKind::MalformedResponse, problem).with_facts(&self.facts))
            }
            Ok(()) => None,
        };
        self.error.is_none()
    }

    /// A read of a streamed body, `None` at its end; whether the answer has begun. Until then, the request can be sent
    /// again. What is read here is to be given to the stream too: only then is it known what for.
    pub fn read(&mut self, bytes: Option<&[u8]>, now: u64) -> bool {
        self.watch.received(now);
        let Some(probe) = &mut self.probe else { return false };
        let result = probe.read(bytes);
        let has_begun = probe.has_begun();
        if let (Err(error), false) = (result, has_begun) {
            self.error = Some(error);
        }
        has_begun || probe.is_done()
    }

    /// The connection failed, or was given up because it took too long.
    pub fn broke(&mut self, now: u64) {
        self.error = Some(match self.clocks().check(now) {
            Err(timeout) => timeout.with_facts_if_any(&self.facts),
            Ok(_) if self.probe.is_some() => {
                Error::new(ErrorKind::StreamCut, "the connection broke before the answer began").with_facts(&self.facts)
            }
            Ok(_) => Error::new(
                ErrorKind::Network,
                "the connection failed: the server is not reachable, or CORS or the page's Content-Security-Policy \
                 forbids it",
            )
            .with_facts_if_any(&self.facts),
        });
    }

    /// How many ms may pass until [`Self::broke`] is to be told; `None` for ever.
    #[must_use]
    pub fn wait(&self, now: u64) -> Option<u64> {
        self.clocks().check(now).unwrap_or(Some(0))
    }

    /// Who waits for a token has no answer to wait for.
    #[inline(never)]
    fn clocks(&self) -> Watch {
        if self.lacks_token { self.watch.of_whole_call() } else { self.watch }
    }

    /// After a failure: how many ms to wait before the next try; `None` if there is none. `random` is in 0..1.
    ///
    /// A token that the server refused is replaced once, if the caller gives tokens: then [`Self::lacks_token`] holds
    /// again. That is no retry.
    pub fn again(&mut self, random: f64, now: u64) -> Option<u64> {
        let (error, time_left) = (self.error.as_ref()?, self.watch.time_left(now));
        let is_refused = self.facts.status == 401 && error.kind() == ErrorKind::Authentication;
        if is_refused && self.has_tokens && self.refused.is_none() && time_left != Some(0) {
            self.refused = self.replace_token(String::new()).map(Token);
            self.lacks_token = true;
            self.facts = ResponseFacts::default();
            self.prepared.retry.resend();
            return Some(0);
        }
        match self.prepared.retry.after(error, random, time_left) {
            Next::Again(pause) => Some(pause),
            Next::Model(model) => {
                self.prepared.request.set_model(&model);
                Some(0)
            }
            Next::Fail => None,
        }
    }

    /// What has failed, if this try has, with the number of tries so far.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        Some(self.error.clone()?.with_attempts(self.attempt()))
    }

    /// The stream that has begun, and its clocks.
    #[must_use]
    pub fn stream(&self) -> (Decoder, Watch) {
        let mut watch = self.watch;
        watch.begun();
        (Decoder::new(self.answer, self.facts.clone()), watch)
    }

    /// The settings' sentences for the developer's console.
    pub fn warnings(&self) -> String {
        join(self.prepared.warnings.iter(), "\n")
    }
}
