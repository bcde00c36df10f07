//! Whether and when a request is sent again, and how long an answer may take.

use alloc::{string::String, vec::Vec};

use crate::error::{Error, ErrorKind};

/// How often a request is sent again unless the caller says otherwise.
pub const DEFAULT_RETRIES: u32 = 2;

/// How long the pause may be before the first retry; it doubles with each.
const FIRST_PAUSE_MS: u64 = 500;

/// How long a pause may be that the upstream did not ask for.
const LONGEST_PAUSE_MS: u64 = 8_000;

/// How long the pause is before a record that is not there yet is asked for again; it doubles with each.
const FIRST_RECORD_PAUSE_MS: u64 = 320;

/// How often it is asked for again: some 10 s in all.
const RECORD_RETRIES: u32 = 5;

/// A longer `Retry-After` is for the caller to decide on.
const LONGEST_RETRY_AFTER_MS: u64 = 60_000;

/// What is to be done after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Send the same request again after so many milliseconds.
    Again(u64),
    /// Ask another model, at once.
    Model(String),
    /// Tell the caller.
    Fail,
}

/// The tries of one call.
#[derive(Debug, Clone, Default)]
pub struct Retry {
    most: u32,
    /// Models that the caller wants asked in turn if the one before fails, the next one last.
    fallbacks: Vec<String>,
    /// With the model that is being asked.
    failures: u32,
    /// In all.
    attempts: u32,
    /// How often a record that is not there yet is asked for again.
    record_retries: u32,
}

impl Retry {
    /// Up to `most` retries with each model.
    #[must_use]
    pub fn new(most: u32, mut fallbacks: Vec<String>) -> Self {
        fallbacks.reverse();
        Self { most, fallbacks, failures: 0, attempts: 1, record_retries: 0 }
    }

    /// What is asked for is a record that comes late: at first, 404 means not yet. Not where nothing is to be retried.
    pub fn await_record(&mut self) {
        self.record_retries = if self.most == 0 { 0 } else { RECORD_RETRIES };
    }

    /// How often the request was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The request is sent again for a reason of its own, which is no retry.
    pub fn resend(&mut self) {
        self.attempts += 1;
    }

    /// Decides after a failure before which nothing of an answer was received: a request that was answered in part
    /// is billed, and its second answer would be another one. `random` is in 0..1.
    ///
    /// Pauses grow exponentially with full jitter, so that those who failed together do not come back together; what
    /// the upstream asks for goes first. OpenRouter's own failure (500) is worth one retry.
    ///
    /// `time_left` is what the whole call may take yet, in ms: no try begins after that.
    pub fn after(&mut self, error: &Error, random: f64, time_left: Option<u64>) -> Next {
        let has_time = |pause: u64| time_left.is_none_or(|left| pause < left);
        if self.record_retries > 0 && error.kind() == ErrorKind::NotFound && error.status() == Some(404) {
            let pause = FIRST_RECORD_PAUSE_MS << (RECORD_RETRIES - self.record_retries);
            if !has_time(pause) {
                return Next::Fail;
            }
            self.record_retries -= 1;
            self.attempts += 1;
            return Next::Again(pause);
        }
        let most = if error.kind() == ErrorKind::ServerError { self.most.min(1) } else { self.most };
        if error.is_retryable() && self.failures < most {
            let pause = match error.retry_after_ms() {
                Some(asked) if asked > LONGEST_RETRY_AFTER_MS => None,
                Some(asked) => Some(asked),
                None => Some(jitter(FIRST_PAUSE_MS << self.failures.min(10), random)),
            };
            if let Some(pause) = pause.filter(|pause| has_time(*pause)) {
                self.failures += 1;
                self.attempts += 1;
                return Next::Again(pause);
            }
        }
        let next = if may_differ_elsewhere(error) && has_time(0) { self.fallbacks.pop() } else { None };
        match next {
            Some(model) => {
                self.failures = 0;
                self.attempts += 1;
                Next::Model(model)
            }
            None => Next::Fail,
        }
    }
}

/// Whether another model may do what this one could not: not where the request, the key or the account is at fault.
fn may_differ_elsewhere(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ContextLengthExceeded
            | ErrorKind::ModelNotFound
            | ErrorKind::ModelUnavailable
            | ErrorKind::ContentRefused
            | ErrorKind::RateLimited
            | ErrorKind::Timeout
            | ErrorKind::ServerError
            | ErrorKind::ProviderUnavailable
            | ErrorKind::Overloaded
            | ErrorKind::UpstreamError
            | ErrorKind::StreamCut
            | ErrorKind::MalformedResponse
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "small and positive"
)]
fn jitter(most: u64, random: f64) -> u64 {
    (most.min(LONGEST_PAUSE_MS) as f64 * random) as u64
}

/// How long an answer may take, in ms; `None` is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// From the call to the end of the answer, retries and pauses included.
    pub total_ms: Option<u64>,
    /// From a request to the first chunk of its answer, or to the end of one that is not streamed. Keep-alives do not
    /// count.
    pub first_token_ms: Option<u64>,
    /// Between two bytes of whatever kind.
    pub idle_ms: Option<u64>,
}

/// The clocks of one call; the times are in ms of any steady clock.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    limits: Limits,
    began: u64,
    sent: u64,
    last_byte: u64,
    has_token: bool,
}

impl Watch {
    /// Begins with the call.
    #[must_use]
    pub fn new(limits: Limits, now: u64) -> Self {
        Self { limits, began: now, sent: now, last_byte: now, has_token: false }
    }

    /// The request is sent, for the first time or again.
    pub fn sent(&mut self, now: u64) {
        (self.sent, self.last_byte) = (now, now);
    }

    /// Something came, be it a keep-alive.
    pub fn received(&mut self, now: u64) {
        self.last_byte = now;
    }

    /// A chunk of the answer has come.
    pub fn begun(&mut self) {
        self.has_token = true;
    }

    /// Somebody waits for bytes since then: who reads slowly is not answered slowly.
    pub fn waits(&mut self, since: u64) {
        self.last_byte = self.last_byte.max(since);
    }

    /// How long to wait before asking again; `None` if nothing is limited.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] once a limit is passed, with the option that set it as its `error_type`.
    pub fn check(&self, now: u64) -> Result<Option<u64>, Error> {
        let first_token = self.limits.first_token_ms.filter(|_| !self.has_token);
        let mut wait: Option<u64> = None;
        for (limit, since, option, message) in [
            (self.limits.total_ms, self.began, "timeout", "the answer was not complete in the allowed time"),
            (first_token, self.sent, "firstTokenTimeout", "the answer did not begin in the allowed time"),
            (self.limits.idle_ms, self.last_byte, "idleTimeout", "the connection was silent for longer than allowed"),
        ] {
            let Some(limit) = limit else { continue };
            let left = (since + limit).saturating_sub(now);
            if left == 0 {
                return Err(Error::new(ErrorKind::Timeout, message).with_error_type(option));
            }
            wait = Some(wait.map_or(left, |wait| wait.min(left)));
        }
        Ok(wait)
    }

    /// With the limit of the whole call alone: while nothing is sent, no answer is late.
    #[must_use]
    pub fn of_whole_call(mut self) -> Self {
        self.limits = Limits { total_ms: self.limits.total_ms, ..Limits::default() };
        self
    }

    /// How many ms the whole call has left; `None` if that is not limited.
    #[must_use]
    pub fn time_left(&self, now: u64) -> Option<u64> {
        Some((self.began + self.limits.total_ms?).saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::ToOwned, prelude::rust_2024::*, vec};

    use super::*;

    const ALMOST_ONE: f64 = 1.0 - f64::EPSILON;

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "x")
    }

    fn watch(limits: Limits) -> Watch {
        Watch::new(limits, 1000)
    }

    /// The option whose limit is passed.
    fn passed(watch: &Watch, now: u64) -> Option<String> {
        watch.check(now).err().map(|error| error.error_type().unwrap().to_owned())
    }

    #[test]
    fn a_hundred_pauses_grow_no_longer_than_the_longest() {
        let mut retry = Retry::new(100, Vec::new());
        let pauses: Vec<_> = (0..100)
            .map(|_| match retry.after(&error(ErrorKind::Overloaded), ALMOST_ONE, None) {
                Next::Again(pause) => pause,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(
            (pauses[0], pauses[4], pauses[99]),
            (FIRST_PAUSE_MS - 1, LONGEST_PAUSE_MS - 1, LONGEST_PAUSE_MS - 1)
        );
        assert_eq!((retry.after(&error(ErrorKind::Overloaded), 0.0, None), retry.attempts()), (Next::Fail, 101));
    }

    #[test]
    fn every_kind_is_tried_again_or_not_by_what_its_error_says() {
        for kind in ErrorKind::ALL {
            let error = error(kind);
            let next = Retry::new(1, Vec::new()).after(&error, 0.0, None);
            assert_eq!(next, if error.is_retryable() { Next::Again(0) } else { Next::Fail }, "{kind:?}");
        }
    }

    #[test]
    fn another_model_has_its_own_tries_and_the_first_pause_again() {
        let mut retry = Retry::new(1, vec!["a/b".to_owned(), "c/d".to_owned()]);
        let all: Vec<_> = (0..6).map(|_| retry.after(&error(ErrorKind::Overloaded), 0.5, None)).collect();
        let (again, model) = (Next::Again(FIRST_PAUSE_MS / 2), |name: &str| Next::Model(name.to_owned()));
        assert_eq!(all, [again.clone(), model("a/b"), again.clone(), model("c/d"), again, Next::Fail]);
        assert_eq!(retry.attempts(), 6);
    }

    #[test]
    fn a_failure_of_openrouter_after_another_failure_is_not_tried_again() {
        let mut retry = Retry::new(5, Vec::new());
        assert_eq!(retry.after(&error(ErrorKind::Overloaded), 0.0, None), Next::Again(0));
        assert_eq!(retry.after(&error(ErrorKind::ServerError), 0.0, None), Next::Fail);
    }

    #[test]
    fn without_limits_nothing_is_too_late() {
        let watch = watch(Limits::default());
        assert_eq!(watch.check(u64::MAX), Ok(None));
        assert_eq!(watch.time_left(u64::MAX), None);
    }

    #[test]
    fn a_limit_is_passed_at_its_last_millisecond_and_not_before() {
        for (limits, option) in [
            (Limits { total_ms: Some(500), ..Limits::default() }, "timeout"),
            (Limits { first_token_ms: Some(500), ..Limits::default() }, "firstTokenTimeout"),
            (Limits { idle_ms: Some(500), ..Limits::default() }, "idleTimeout"),
        ] {
            let watch = watch(limits);
            assert_eq!(watch.check(1499), Ok(Some(1)));
            for now in [1500, 1501, 99_999] {
                assert_eq!(passed(&watch, now).as_deref(), Some(option));
            }
            assert_eq!(watch.check(0), Ok(Some(1500)), "a clock that was set back takes nothing away");
        }
    }

    #[test]
    fn each_clock_begins_anew_with_what_it_measures() {
        let mut watch = watch(Limits { total_ms: Some(900), first_token_ms: Some(500), idle_ms: Some(300) });
        watch.sent(1200);
        assert_eq!(watch.check(1450), Ok(Some(50)), "silence is measured from the request on");
        watch.received(1450);
        assert_eq!(passed(&watch, 1700).as_deref(), Some("firstTokenTimeout"), "and so is the first token");
        watch.received(1600);
        watch.begun();
        assert_eq!(watch.check(1700), Ok(Some(200)), "which has come");
        watch.received(1700);
        assert_eq!(watch.check(1750), Ok(Some(150)), "and stays");
        assert_eq!(passed(&watch, 1900).as_deref(), Some("timeout"), "all is measured from the call on");
    }

    #[test]
    fn who_reads_slowly_is_not_answered_slowly() {
        let mut watch = watch(Limits { idle_ms: Some(300), ..Limits::default() });
        watch.waits(5000);
        assert_eq!(watch.check(5100), Ok(Some(200)));
        watch.waits(4000);
        assert_eq!(watch.check(5100), Ok(Some(200)), "an earlier wait is over");
        watch.received(5200);
        watch.begun();
        watch.waits(5000);
        assert_eq!(watch.check(5200), Ok(Some(300)), "bytes that came since count");
    }

    #[test]
    fn a_try_begins_only_while_there_is_time() {
        let watch = watch(Limits { total_ms: Some(500), ..Limits::default() });
        assert_eq!((watch.time_left(1000), watch.time_left(1499)), (Some(500), Some(1)));
        assert_eq!(watch.time_left(1500), Some(0));
    }
}
