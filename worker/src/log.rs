//! One line of JSON for a request, with names as OpenTelemetry has them. Never content, a token or a key; users by a
//! pseudonym, unless a setting says otherwise.

use std::borrow::Cow;

use openrouter_wasm::json::{ObjectWriter, Value};
use wasm_bindgen::prelude::*;

use crate::{
    config::Variables,
    identity::{ANONYMOUS_PREFIX, Secret},
    ledger::money::{nano_usd, usd},
    text::shortened,
    upstream::hash,
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = log)]
    pub(crate) fn print(line: &str);
}

/// The longest path that is logged, in bytes.
const LONGEST_PATH: usize = 200;

/// The longest name of a model that is logged and counted, in bytes.
pub(crate) const LONGEST_MODEL: usize = 120;

/// All of them, as a share.
const ALL: u64 = 1_000_000_000;

/// The settings of this part.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Requests with this status and above are logged.
    least_status: u16,
    /// Billionths of these.
    share: u64,
    shows_users: bool,
    pseudonym: Secret,
}

impl Settings {
    /// Reads every variable by its name.
    pub fn read(variables: &mut Variables<'_>) -> Self {
        let least_status = match variables.text("LOG").as_deref() {
            None | Some("errors") => 400,
            Some("all") => 0,
            Some("off") => u16::MAX,
            Some(_) => {
                variables.problem("LOG must be all, errors or off");
                u16::MAX
            }
        };
        let share = variables.text("LOG_SAMPLE").map_or(Some(ALL), |share| nano_usd(&share));
        if share.is_none_or(|share| share > ALL) {
            variables.problem("LOG_SAMPLE must be a share from 0 to 1, e.g. 0.1");
        }
        // Without a secret of its own a pseudonym changes with the key: never is it made without any.
        let secret = ["PSEUDONYM_SECRET", "OPENROUTER_API_KEY", "OPENROUTER_API_KEYS"];
        let secret = secret.into_iter().find_map(|name| variables.text(name)).unwrap_or_default();
        Self {
            least_status,
            share: share.unwrap_or(0),
            shows_users: variables.flag("LOG_USERS"),
            pseudonym: Secret::new(&secret),
        }
    }

    /// A user as the log names him.
    pub(crate) fn user<'a>(&self, user: &'a str) -> Cow<'a, str> {
        match user.strip_prefix(ANONYMOUS_PREFIX) {
            _ if self.shows_users => user.into(),
            Some(pseudonym) => pseudonym.into(),
            None => self.pseudonym.name(b"log ", user).into(),
        }
    }

    /// Whether a request is logged: always the same for a request, and whatever the share where the proxy failed.
    pub(crate) fn takes(&self, request_id: &str, status: u16) -> bool {
        status >= self.least_status && (status >= 500 || hash(&[request_id]) % ALL < self.share)
    }

    /// The line of a request.
    pub(crate) fn line(&self, outcome: &Outcome<'_>, trail: &Trail) -> String {
        let Outcome { request_id, method, path, status, duration_ms } = *outcome;
        let mut out = String::new();
        let mut line = ObjectWriter::new(&mut out);
        let level = match status {
            500.. => "error",
            400.. => "warn",
            _ => "info",
        };
        line.text("level", Some(level));
        line.text("request_id", Some(request_id));
        line.text("http.request.method", Some(method));
        line.text("url.path", Some(shortened(path, LONGEST_PATH)));
        line.value("http.response.status_code", &Value::integer(status.into()));
        line.value("duration_ms", &Value::integer(duration_ms));
        line.text("error.type", trail.reason);
        let user = trail.user.as_deref().map(|user| self.user(user));
        line.text(if self.shows_users { "user.id" } else { "user.hash" }, user.as_deref());
        if let Some(model) = &trail.model {
            line.text("gen_ai.provider.name", Some("openrouter"));
            line.text("gen_ai.request.model", Some(shortened(model, LONGEST_MODEL)));
            line.key("openrouter.reserved_usd").push_str(&usd(trail.reserved));
        }
        if let Some(key) = trail.key {
            line.value("openrouter.key_index", &Value::integer(key as u64));
        }
        line.end();
        out
    }
}

/// How a request was answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome<'a> {
    /// The name that the answer has, too.
    pub(crate) request_id: &'a str,
    /// As in the request line.
    pub(crate) method: &'a str,
    /// Without the query.
    pub(crate) path: &'a str,
    /// Of the answer.
    pub(crate) status: u16,
    /// Until its headers.
    pub(crate) duration_ms: u64,
}

/// What became known of a request on its way.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// Who made it.
    pub(crate) user: Option<String>,
    /// For which model, as it was admitted.
    pub(crate) model: Option<String>,
    /// What it may cost at most, in nano-USD.
    pub(crate) reserved: u64,
    /// Which of our keys it took.
    pub(crate) key: Option<usize>,
    /// Why it was refused.
    pub(crate) reason: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::tests::with_defaults;

    fn settings(variables: &[(&str, &str)]) -> Settings {
        with_defaults(&[variables, &[("OPENROUTER_API_KEY", "sk-test")]].concat()).unwrap().log
    }

    const OUTCOME: Outcome<'static> =
        Outcome { request_id: "r-1", method: "POST", path: "/api/v1/chat/completions", status: 200, duration_ms: 12 };

    fn is_logged(settings: &Settings, request_id: &str, status: u16) -> bool {
        settings.takes(request_id, status)
    }

    #[test]
    fn errors_are_logged_unless_a_setting_says_otherwise() {
        for (level, logged) in
            [("", [false, true, true]), ("errors", [false, true, true]), ("all", [true; 3]), ("off", [false; 3])]
        {
            let settings = settings(&[("LOG", level)]);
            assert_eq!([200, 404, 500].map(|status| is_logged(&settings, "r", status)), logged, "{level}");
        }
    }

    #[test]
    fn a_share_is_taken_by_the_request_and_what_failed_always() {
        let settings = settings(&[("LOG", "all"), ("LOG_SAMPLE", "0.25")]);
        let ids: Vec<String> = (0..4000).map(|id| format!("request-{id}")).collect();
        let taken = ids.iter().filter(|id| is_logged(&settings, id, 200)).count();
        assert!((900..1100).contains(&taken), "{taken}");
        assert!(ids.iter().all(|id| is_logged(&settings, id, 200) == is_logged(&settings, id, 404)));
        assert!(ids.iter().all(|id| is_logged(&settings, id, 502)));
        let none = self::settings(&[("LOG", "all"), ("LOG_SAMPLE", "0")]);
        assert!(!ids.iter().any(|id| is_logged(&none, id, 200)));
    }

    #[test]
    fn a_line_has_what_is_known_and_users_by_pseudonyms() {
        let settings = settings(&[("LOG", "all")]);
        let trail = Trail {
            user: Some("ann@x.example".to_owned()),
            model: Some("a/\"b\"".to_owned()),
            reserved: 1_500_000,
            key: Some(1),
            reason: Some("user_requests"),
        };
        let outcome = Outcome { status: 429, ..OUTCOME };
        let line: Value = serde_json::from_str(&settings.line(&outcome, &trail)).unwrap();
        let user = settings.user("ann@x.example");
        assert_eq!(
            line,
            json!({
                "level": "warn",
                "request_id": "r-1",
                "http.request.method": "POST",
                "url.path": "/api/v1/chat/completions",
                "http.response.status_code": 429,
                "duration_ms": 12,
                "error.type": "user_requests",
                "user.hash": user,
                "gen_ai.provider.name": "openrouter",
                "gen_ai.request.model": "a/\"b\"",
                "openrouter.reserved_usd": 0.0015,
                "openrouter.key_index": 1,
            })
        );
        assert_eq!(user.len(), 22);
        let path = "/".repeat(9000);
        assert!(settings.line(&Outcome { path: &path, ..OUTCOME }, &Trail::default()).len() < 500);
    }

    #[test]
    fn a_pseudonym_needs_the_secret_and_a_setting_shows_names() {
        let one = settings(&[]);
        let other = settings(&[("PSEUDONYM_SECRET", "0123456789abcdef0123456789abcdef")]);
        assert_eq!(one.user("ann"), one.user("ann"));
        assert_ne!(one.user("ann"), one.user("bob"));
        assert_ne!(one.user("ann"), other.user("ann"));
        assert_eq!(one.user("ip:abc"), "abc", "it is one already");
        let named = settings(&[("LOG_USERS", "true")]);
        assert_eq!(named.user("ann"), "ann");
        let trail = Trail { user: Some("ann".to_owned()), ..Trail::default() };
        assert!(named.line(&OUTCOME, &trail).contains(r#""user.id":"ann""#));
        assert!(!format!("{one:?}").contains("sk-test"));
    }
}
