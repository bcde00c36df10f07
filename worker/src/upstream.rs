//! How the upstream is asked: with which of our keys, for how long, and what happens when it refuses or fails. Pure
//! decisions; [`fetch`] carries them out.

pub mod fetch;

use openrouter_wasm::{
    api::{Answer, Call, Endpoint},
    error::ResponseFacts,
    json::{Value, concat, decimal},
};

use crate::{
    config::{Variables, is_header_value},
    policy::Refusal,
    text::{fill, split},
};

/// How long headers may take unless `HEADER_TIMEOUT_MS` says otherwise: as long as Cloudflare gives an origin before it
/// answers 524.
const DEFAULT_HEADER_TIMEOUT_MS: u64 = 100_000;

/// How long a try may be waited for unless `RETRY_WAIT_MS` says otherwise.
const DEFAULT_RETRY_WAIT_MS: u64 = 2_000;

/// The pause before another try where the upstream names none.
const RETRY_PAUSE_MS: u64 = 250;

/// More keys than that are a mistake in how the list is written.
const MOST_KEYS: usize = 32;

/// How long a key that was refused is left alone.
const REST_MS: u64 = 60_000;

/// How often a refused key is tried all the same where there is no other.
const PROBE_MS: u64 = 5_000;

/// How many refusals in a row make sure that it is the key: one 402 may come from a request that asks for more than there
/// is, and one 401 from the upstream's own trouble.
const SURE_IN_A_ROW: u8 = 3;

/// What is done with the body of an answer on its way down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamMode {
    /// It is handed on outside of JavaScript; nobody learns when it ends.
    Untouched,
    /// It is handed on natively, and its end is learned.
    Watch,
    /// Its chunks are looked at: what may not pass is removed, and what it cost is learned.
    Inspect,
}

/// The settings of this part.
#[derive(Clone)]
pub struct Upstream {
    keys: Vec<String>,
    /// How long headers may take.
    pub header_timeout_ms: u64,
    /// How long another try may be waited for; 0 for no other try.
    pub retry_wait_ms: u64,
    /// What is done with the bodies of answers.
    pub stream_mode: StreamMode,
}

impl Upstream {
    /// Reads this part's variables and secrets.
    pub fn read(variables: &mut Variables<'_>) -> Self {
        Self {
            keys: read_keys(variables),
            header_timeout_ms: variables.whole("HEADER_TIMEOUT_MS", DEFAULT_HEADER_TIMEOUT_MS, 1),
            retry_wait_ms: variables.whole("RETRY_WAIT_MS", DEFAULT_RETRY_WAIT_MS, 0),
            stream_mode: match variables.text("STREAM_MODE").as_deref() {
                None | Some("untouched") => StreamMode::Untouched,
                Some("watch") => StreamMode::Watch,
                Some("inspect") => StreamMode::Inspect,
                Some(_) => {
                    variables.problem("STREAM_MODE must be untouched, watch or inspect");
                    StreamMode::Untouched
                }
            },
        }
    }

    /// The `Authorization` header of a key.
    pub(crate) fn authorization(&self, key: usize) -> String {
        concat(&["Bearer ", self.keys.get(key).map_or("", String::as_str)])
    }

    /// Which keys a user's requests try, best first: always the same for a user, and few users change when a key is
    /// added or removed.
    pub fn order(&self, user: &str) -> Vec<usize> {
        let mut order: Vec<(u64, usize)> = Vec::new();
        for (index, key) in self.keys.iter().enumerate() {
            let weight = hash(&[user, "\0", key]);
            // Put where it belongs: the library's sorting is 5 kB of wasm.
            let place = order.iter().position(|(known, _)| *known < weight).unwrap_or(order.len());
            order.insert(place, (weight, index));
        }
        order.into_iter().map(|(_, index)| index).collect()
    }

    /// A text without our keys, should an upstream ever quote one.
    pub fn redact(&self, mut text: String) -> String {
        for key in &self.keys {
            let mut shown = String::new();
            let mut rest = &*text;
            while let Some((before, after)) = split(rest, key) {
                shown.push_str(before);
                shown.push_str("[redacted]");
                rest = after;
            }
            shown.push_str(rest);
            text = shown;
        }
        text
    }

    /// How long to wait before the one other try; `None` where it is not for us to try again.
    pub fn retry_after_ms(&self, facts: &ResponseFacts) -> Option<u64> {
        let wait = match (facts.status, facts.retry_after_ms) {
            (429 | 502 | 503, Some(ms)) => ms,
            (502 | 503, None) => RETRY_PAUSE_MS,
            // A limit that does not say when it ends is not over at once.
            _ => return None,
        };
        (self.retry_wait_ms > 0 && wait <= self.retry_wait_ms).then_some(wait)
    }
}

fn read_keys(variables: &mut Variables<'_>) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let mut is_given = false;
    for name in ["OPENROUTER_API_KEY", "OPENROUTER_API_KEYS"] {
        for key in variables.text(name).unwrap_or_default().split([' ', ',', '\n', '\r', '\t']) {
            is_given |= !key.is_empty();
            if !is_header_value(key) {
                variables.problem(fill("% has characters that no header may carry: set it again", &[name]));
            } else if !key.is_empty() && !keys.iter().any(|known| known == key) {
                keys.push(key.to_owned());
            }
        }
    }
    if !is_given {
        variables.problem(
            "OPENROUTER_API_KEY is not set: run `wrangler secret put OPENROUTER_API_KEY`, or put it in .dev.vars",
        );
    }
    if keys.len() > MOST_KEYS {
        variables.problem(fill(
            "OPENROUTER_API_KEYS must list % keys at most, by spaces or commas",
            &[&decimal(MOST_KEYS as u64)],
        ));
    }
    keys
}

/// FNV-1a, with the bits mixed at the end (as `SplitMix64` does), so that texts that differ little are far apart.
pub(crate) fn hash(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().flat_map(|part| part.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// How the upstream refuses a key of ours: nothing that the caller did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnFault {
    /// 401: it does not know the key.
    Refused,
    /// 402: the account or the key has nothing left to pay with.
    Unpaid,
}

impl OwnFault {
    /// By the status of an answer.
    pub fn of_status(status: u16) -> Option<Self> {
        match status {
            401 => Some(Self::Refused),
            402 => Some(Self::Unpaid),
            _ => None,
        }
    }

    /// What the caller is told. Neither 401 nor 402, which would be about the caller's own token and budget; not the
    /// 500 of a Worker that is not set up either, for here it is the upstream that gave the answer.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Refused => Refusal::new(
                502,
                "proxy_configuration",
                "The proxy's own key was refused by the upstream: its owner has to set OPENROUTER_API_KEY again.",
            ),
            Self::Unpaid => Refusal::new(
                503,
                "proxy_configuration",
                "The proxy's account has nothing left to pay for this: its owner has to add credits or raise the key's limit.",
            ),
        }
    }
}

/// What became of each key in this isolate. It tells nothing of any user.
#[derive(Debug, Default)]
pub struct KeyHealth(Vec<State>);

#[derive(Debug, Clone, Copy, Default)]
struct State {
    fault: Option<OwnFault>,
    in_a_row: u8,
    rests_until_ms: u64,
    next_probe_ms: u64,
}

impl State {
    fn rests(self, now_ms: u64) -> bool {
        now_ms < self.rests_until_ms
    }

    /// Whether asking once more would only tell the same.
    fn is_hopeless(self, now_ms: u64) -> bool {
        self.fault == Some(OwnFault::Refused) && self.in_a_row >= SURE_IN_A_ROW && now_ms < self.next_probe_ms
    }
}

impl KeyHealth {
    fn state(&mut self, key: usize) -> &mut State {
        if self.0.len() <= key {
            self.0.resize(key + 1, State::default());
        }
        &mut self.0[key]
    }

    /// Which keys to try, of those in this order.
    ///
    /// # Errors
    /// The fault of all of them, where another request would learn nothing. A key that could not pay is tried all the
    /// same: what it refused may have been one dear request, and nobody may shut the others out by such.
    pub fn candidates(&mut self, order: &[usize], now_ms: u64) -> Result<Vec<usize>, OwnFault> {
        let awake: Vec<usize> = order.iter().copied().filter(|key| !self.state(*key).rests(now_ms)).collect();
        if !awake.is_empty() {
            return Ok(awake);
        }
        let Some(key) = order.iter().copied().find(|key| !self.state(*key).is_hopeless(now_ms)) else {
            return Err(OwnFault::Refused);
        };
        self.state(key).next_probe_ms = now_ms.saturating_add(PROBE_MS);
        Ok(vec![key])
    }

    /// The upstream refused this key.
    pub fn failed(&mut self, key: usize, fault: OwnFault, now_ms: u64) {
        let state = self.state(key);
        if state.fault != Some(fault) {
            *state = State::default();
        }
        state.fault = Some(fault);
        state.in_a_row = state.in_a_row.saturating_add(1);
        if fault == OwnFault::Refused || state.in_a_row >= SURE_IN_A_ROW {
            state.rests_until_ms = now_ms.saturating_add(REST_MS);
            state.next_probe_ms = now_ms.saturating_add(PROBE_MS);
        }
    }

    /// The upstream took this key.
    pub fn worked(&mut self, key: usize) {
        *self.state(key) = State::default();
    }
}

/// Whether a successful answer may have this content type; a page of HTML is no answer to anything.
pub fn is_expected(answer: Answer, content_type: Option<&str>) -> bool {
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match essence {
        "application/json" | "text/event-stream" => true,
        "application/octet-stream" => answer == Answer::Bytes,
        "application/rss+xml" => answer == Answer::Json,
        _ => answer == Answer::Bytes && (essence.starts_with("audio/") || essence.starts_with("video/")),
    }
}

/// The body of an error that the upstream sent, as it may be shown: without the account that it names.
///
/// # Errors
/// The refusal to send in its place, where this is no JSON object.
pub fn clean_error(upstream: &Upstream, status: u16, body: &str) -> Result<String, Refusal> {
    match Value::parse(body) {
        Some(mut error) if error.is_object() => {
            remove_account(&mut error);
            Ok(upstream.redact(error.to_json()))
        }
        // The status says all that is known.
        _ if (400..600).contains(&status) => {
            let message = fill("The upstream answered with HTTP % and no JSON.", &[&decimal(u64::from(status))]);
            let mut refusal = Refusal::new(status, "", message);
            refusal.error_type = None;
            Err(refusal)
        }
        _ => Err(Refusal::new(
            502,
            "provider_unavailable",
            fill("The upstream answered with HTTP %.", &[&decimal(u64::from(status))]),
        )),
    }
}

/// Takes out who owns the key: `user_id` beside an error, in it, and in the response that holds it.
pub(crate) fn remove_account(value: &mut Value<'_>) {
    let Value::Object(entries) = value else { return };
    entries.retain(|(key, _)| key != "user_id");
    for (key, value) in entries {
        if ["error", "metadata", "response"].contains(&&**key) {
            remove_account(value);
        }
    }
}

/// A video job with links to this proxy in place of those that need the key; `None` if this is no such job.
pub fn rewrite_video(proxy_base_url: &str, body: &str) -> Option<String> {
    let mut job = Value::parse(body)?;
    let id = job.text_of("id")?.into_owned();
    let is_safe = Call::find("GET", &concat(&["/videos/", &id])).is_ok_and(|call| call.endpoint == Endpoint::Video);
    let Value::Object(entries) = &mut job else { return None };
    let url = concat(&[proxy_base_url, "/videos/", &id]);
    for (key, value) in entries.iter_mut() {
        if key == "polling_url" && is_safe {
            *value = Value::string(&url);
        } else if key == "unsigned_urls" {
            let Value::Array(links) = value else { continue };
            for (index, link) in links.iter_mut().enumerate() {
                *link = Value::string(&fill("%/content?index=%", &[&url, &decimal(index as u64)]));
            }
        }
    }
    if !is_safe {
        // Nothing that the proxy could be asked for: no link is better than one with a place for the key.
        entries.retain(|(key, _)| key != "polling_url" && key != "unsigned_urls");
    }
    remove_account(&mut job);
    Some(job.to_json())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::tests::{config, with_defaults, working};

    fn upstream(variables: &[(&str, &str)]) -> Upstream {
        with_defaults(variables).unwrap().upstream
    }

    fn keys(count: usize) -> Upstream {
        let list: Vec<String> = (0..count).map(|index| format!("sk-{index}")).collect();
        upstream(&[("OPENROUTER_API_KEYS", &list.join(" "))])
    }

    fn facts(status: u16, retry_after: Option<&str>) -> ResponseFacts {
        let header = |name: &str| retry_after.filter(|_| name == "retry-after").map(str::to_owned);
        ResponseFacts::read(status, 1_000, &header, &|_| None)
    }

    #[test]
    fn keys_are_read_from_both_secrets_once_each() {
        let all = upstream(&[("OPENROUTER_API_KEY", "sk-1"), ("OPENROUTER_API_KEYS", "sk-2,sk-1\nsk-3 ")]);
        assert_eq!(all.keys, ["sk-1", "sk-2", "sk-3"]);
        assert_eq!(upstream(&[("OPENROUTER_API_KEYS", "sk-2")]).keys, ["sk-2"], "the list alone will do");
    }

    #[test]
    fn every_mistake_is_named_and_no_value_shown() {
        let problems = config(&[
            ("OPENROUTER_API_KEYS", "sk-secr\u{e9}t sk-1"),
            ("HEADER_TIMEOUT_MS", "0"),
            ("RETRY_WAIT_MS", "secret"),
            ("STREAM_MODE", "secret"),
        ])
        .unwrap_err();
        for name in ["OPENROUTER_API_KEYS", "HEADER_TIMEOUT_MS", "RETRY_WAIT_MS", "STREAM_MODE"] {
            assert!(problems.iter().any(|problem| problem.starts_with(name)), "{name}: {problems:?}");
        }
        assert!(!problems.concat().contains("secr"), "{problems:?}");
        let many: Vec<String> = (0..33).map(|index| format!("k{index}")).collect();
        assert!(config(&[("OPENROUTER_API_KEYS", &many.join(" "))]).unwrap_err()[0].contains("32 keys"));
    }

    #[test]
    fn a_user_keeps_a_key_and_users_are_spread() {
        let four = keys(4);
        let five = keys(5);
        let mut firsts = [0; 4];
        let mut moved = 0;
        for user in (0..1000).map(|user| format!("user-{user}")) {
            let order = four.order(&user);
            assert_eq!(order, four.order(&user));
            firsts[order[0]] += 1;
            moved += usize::from(five.order(&user)[0] != order[0]);
        }
        assert!(firsts.iter().all(|count| (180..320).contains(count)), "{firsts:?}");
        assert!((120..280).contains(&moved), "a fifth of the users moves to the new key: {moved}");
    }

    #[test]
    fn a_refused_key_rests_and_is_tried_again() {
        let mut health = KeyHealth::default();
        health.failed(0, OwnFault::Refused, 0);
        assert_eq!(health.candidates(&[0, 1], 1), Ok(vec![1]));
        assert_eq!(health.candidates(&[0, 1], REST_MS), Ok(vec![0, 1]));
        health.worked(0);
        assert_eq!(health.candidates(&[0, 1], 1), Ok(vec![0, 1]));
    }

    #[test]
    fn where_every_key_is_refused_for_sure_one_request_in_five_seconds_finds_out() {
        let mut health = KeyHealth::default();
        for _ in 0..2 {
            health.failed(0, OwnFault::Refused, 0);
            assert_eq!(health.candidates(&[0], 0), Ok(vec![0]), "it may be the upstream's own trouble");
        }
        health.failed(0, OwnFault::Refused, 0);
        assert_eq!(health.candidates(&[0], PROBE_MS - 1), Err(OwnFault::Refused));
        assert_eq!(health.candidates(&[0], PROBE_MS), Ok(vec![0]));
        assert_eq!(health.candidates(&[0], PROBE_MS), Err(OwnFault::Refused));
        assert_eq!(health.candidates(&[0], 2 * PROBE_MS), Ok(vec![0]));
        health.worked(0);
        assert_eq!(health.candidates(&[0], 0), Ok(vec![0]));
    }

    #[test]
    fn one_dear_request_shuts_nobody_out() {
        let mut health = KeyHealth::default();
        health.failed(0, OwnFault::Unpaid, 0);
        health.failed(0, OwnFault::Unpaid, 0);
        assert_eq!(health.candidates(&[0, 1], 0), Ok(vec![0, 1]));
        health.worked(0);
        health.failed(0, OwnFault::Unpaid, 0);
        assert_eq!(health.candidates(&[0, 1], 0), Ok(vec![0, 1]), "they are counted in a row");
        health.failed(0, OwnFault::Unpaid, 0);
        health.failed(0, OwnFault::Unpaid, 0);
        assert_eq!(health.candidates(&[0, 1], 0), Ok(vec![1]));
        assert_eq!(health.candidates(&[0], 0), Ok(vec![0]), "where there is no other it is asked all the same");
        for _ in 0..SURE_IN_A_ROW {
            health.failed(1, OwnFault::Refused, 0);
        }
        assert_eq!(health.candidates(&[1, 0], 0), Ok(vec![0]), "rather than one that is refused for sure");
    }

    #[test]
    fn another_try_is_made_where_the_upstream_says_when_or_is_down_for_a_moment() {
        let own = upstream(&[("OPENROUTER_API_KEY", "sk-test"), ("RETRY_WAIT_MS", "1500")]);
        for (status, after, wait) in [
            (429, Some("1"), Some(1000)),
            (503, Some("1"), Some(1000)),
            (503, Some("2"), None),
            (502, None, Some(RETRY_PAUSE_MS)),
            (429, None, None),
            (500, None, None),
            (504, Some("1"), None),
            (401, Some("1"), None),
            (200, Some("1"), None),
        ] {
            assert_eq!(own.retry_after_ms(&facts(status, after)), wait, "{status} {after:?}");
        }
        let never = upstream(&[("OPENROUTER_API_KEY", "sk-test"), ("RETRY_WAIT_MS", "0")]);
        assert_eq!(never.retry_after_ms(&facts(503, Some("0"))), None);
    }

    #[test]
    fn our_keys_failures_are_not_the_callers() {
        for (status, told) in [(401, Some(502)), (402, Some(503)), (403, None), (429, None), (200, None)] {
            let refusal = OwnFault::of_status(status).map(OwnFault::refusal);
            assert_eq!(refusal.as_ref().map(|refusal| refusal.status), told, "{status}");
            assert!(refusal.is_none_or(|refusal| refusal.error_type == Some("proxy_configuration")));
        }
    }

    #[test]
    fn an_answer_is_of_its_kind() {
        for (answer, content_type, expected) in [
            (Answer::Chat, "application/json; charset=utf-8", true),
            (Answer::Chat, "Text/Event-Stream", true),
            (Answer::Json, "text/html", false),
            (Answer::Json, "audio/mpeg", false),
            (Answer::Json, "application/rss+xml", true),
            (Answer::Bytes, "audio/mpeg", true),
            (Answer::Bytes, "video/mp4", true),
            (Answer::Bytes, "application/octet-stream", true),
            (Answer::Bytes, "text/html", false),
            (Answer::Bytes, "image/svg+xml", false),
            (Answer::Bytes, "", false),
        ] {
            assert_eq!(is_expected(answer, Some(content_type)), expected, "{answer:?} {content_type}");
        }
        assert!(!is_expected(Answer::Json, None));
    }

    #[test]
    fn an_upstream_error_loses_the_account_and_keeps_the_rest() {
        let own = working().unwrap().upstream;
        let body = json!({"error": {"code": 429, "message": "key sk-test is slow", "metadata": {"user_id": "user_1", "raw": "x"}}, "user_id": "user_1"});
        assert_eq!(
            clean_error(&own, 429, &body.to_string()).unwrap(),
            json!({"error": {"code": 429, "message": "key [redacted] is slow", "metadata": {"raw": "x"}}}).to_string()
        );
        let anthropic =
            json!({"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}, "request_id": "r"})
                .to_string();
        assert_eq!(clean_error(&own, 429, &anthropic).unwrap(), anthropic, "its own envelope");
        let refusal = clean_error(&own, 502, "<html>").unwrap_err();
        assert_eq!((refusal.status, refusal.error_type), (502, None));
        assert_eq!(clean_error(&own, 302, "").unwrap_err().status, 502);
    }

    #[test]
    fn a_videos_links_lead_to_the_proxy() {
        let job = |id: &str| {
            json!({"id": id, "polling_url": "https://openrouter.ai/api/v1/videos/j", "status": "completed", "user_id": "user_1",
                "unsigned_urls": ["https://openrouter.ai/api/v1/videos/j/content?index=0", "https://storage.example/1.mp4"]})
            .to_string()
        };
        let links =
            "\"https://p/api/v1/videos/job-1/content?index=0\",\"https://p/api/v1/videos/job-1/content?index=1\"";
        assert_eq!(
            rewrite_video("https://p/api/v1", &job("job-1")).unwrap(),
            format!(
                "{{\"id\":\"job-1\",\"polling_url\":\"https://p/api/v1/videos/job-1\",\"status\":\"completed\",\"unsigned_urls\":[{links}]}}"
            )
        );
        assert_eq!(
            rewrite_video("https://p", &job("../keys")).unwrap(),
            "{\"id\":\"../keys\",\"status\":\"completed\"}"
        );
        assert_eq!(rewrite_video("https://p", "[]"), None);
        assert_eq!(rewrite_video("https://p", "<html>"), None);
    }
}
