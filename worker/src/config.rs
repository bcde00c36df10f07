//! The deployment's settings, read once and checked: every mistake is told by its name, and no value is shown.

use openrouter_wasm::{
    api::{Call, DEFAULT_BASE_URL, Endpoint, Method, check_header},
    error::ErrorKind,
    json::{concat, decimal},
};

use crate::{
    admission::Rules,
    identity::Authentication,
    ledger, log, stats,
    text::{fill, whole},
    upstream::Upstream,
};

/// The most bytes that a request's body may have, unless `MAX_BODY_BYTES` says otherwise: 10 MiB, a few photographs.
const DEFAULT_MAX_BODY_BYTES: u64 = 10 * 1024 * 1024;

/// What is read where a name is bound to something that is no text: no key, no secret and no number.
pub const BOUND: &str = "\u{1}";

/// Which origins may call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Origins {
    /// The origin that this Worker itself is reached at.
    own: bool,
    listed: Vec<String>,
}

impl Origins {
    fn read(variables: &mut Variables<'_>) -> Self {
        let mut origins = Self::default();
        let list = variables.text("ALLOWED_ORIGINS").unwrap_or_else(|| "self".to_owned());
        for entry in list.split([' ', ',', '\n', '\t']).filter(|entry| !entry.is_empty()) {
            let host = entry.strip_prefix("https://").or_else(|| entry.strip_prefix("http://"));
            match host {
                _ if entry == "self" => origins.own = true,
                Some(host) if !host.is_empty() && !host.contains(['/', '*', '?', '#', '@']) => {
                    origins.listed.push(entry.to_ascii_lowercase());
                }
                _ => variables.problem(
                    "ALLOWED_ORIGINS must list `self` or origins such as https://example.com, without path and without wildcard",
                ),
            }
        }
        origins
    }
}

/// The variables and secrets of a deployment, and what is wrong with them: a part of the settings reads its own.
pub struct Variables<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl<'a> Variables<'a> {
    /// Looks variables and secrets up by their names; other bindings are [`BOUND`].
    pub fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable, problems: Vec::new() }
    }

    /// Without white space around it; `None` where it is not set, or blank.
    pub fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// A whole number that is at least `least`.
    pub fn whole(&mut self, name: &str, default: u64, least: u64) -> u64 {
        match self.text(name).map(|value| whole(&value)) {
            None => default,
            Some(Some(value)) if value >= least => value,
            Some(_) => {
                self.problem(fill("% must be a whole number, % at least", &[name, &decimal(least)]));
                default
            }
        }
    }

    /// `true`, or `false`, which it is where it is not set.
    pub fn flag(&mut self, name: &str) -> bool {
        match self.text(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.problem(fill("% must be true or false", &[name]));
                false
            }
        }
    }

    /// A mistake: the variable, what is wrong, what to do. Never a value.
    pub fn problem(&mut self, problem: impl Into<String>) {
        let problem = problem.into();
        // Two parts may need the same variable.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// What was read, unless there were mistakes.
    pub(crate) fn end<T>(self, read: T) -> Result<T, Vec<String>> {
        if self.problems.is_empty() { Ok(read) } else { Err(self.problems) }
    }
}

/// The deployment's settings, checked.
#[derive(Clone)]
pub struct Config {
    /// Our keys, and how the upstream is asked.
    pub upstream: Upstream,
    base_url: String,
    origins: Origins,
    /// Bytes.
    pub max_body_bytes: u64,
    attribution: Vec<(&'static str, String)>,
    /// Whether the upstream is a simulator, so that the page says so.
    pub is_demo: bool,
    /// Who may call.
    pub authentication: Authentication,
    /// What may be asked for.
    pub rules: Rules,
    /// Limits and budgets.
    pub ledger: ledger::Settings,
    /// Figures for the admin.
    pub stats: stats::Settings,
    /// What is logged.
    pub log: log::Settings,
}

impl Config {
    /// Reads every variable and secret by its name.
    ///
    /// # Errors
    /// One sentence for each mistake: the variable, what is wrong, what to do. Never a value.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let mut variables = Variables::new(variable);

        let base_url = variables
            .text("OPENROUTER_BASE_URL")
            .map_or_else(|| DEFAULT_BASE_URL.to_owned(), |url| url.trim_end_matches('/').to_owned());
        if !is_safe_url(&base_url) {
            variables.problem(
                "OPENROUTER_BASE_URL must be an https: URL without query (http: for this machine only), e.g. https://openrouter.ai/api/v1",
            );
        }

        let config = Self {
            upstream: Upstream::read(&mut variables),
            base_url,
            origins: Origins::read(&mut variables),
            max_body_bytes: variables.whole("MAX_BODY_BYTES", DEFAULT_MAX_BODY_BYTES, 1),
            attribution: read_attribution(&mut variables),
            is_demo: variables.flag("DEMO"),
            authentication: Authentication::read(&mut variables),
            rules: Rules::read(&mut variables),
            ledger: ledger::Settings::read(&mut variables),
            stats: stats::Settings::read(&mut variables),
            log: log::Settings::read(&mut variables),
        };
        if config.ledger.has_budget() && !config.rules.has_bound() {
            variables
                .problem("PRICES is off, and a budget in USD (PLANS, SITE_USD_…) holds only where costs are bounded");
        }
        variables.end(config)
    }

    /// Whether a page of this origin may call, when the Worker itself is reached at `own`.
    pub fn allows_origin(&self, origin: &str, own: &str) -> bool {
        (self.origins.own && origin == own) || self.origins.listed.iter().any(|listed| listed == origin)
    }

    /// Where the upstream answers.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The upstream's URL of a call; the query begins with `?`, or is empty.
    pub fn upstream_url(&self, call: &Call, query: &str) -> String {
        concat(&[&self.base_url, &*call.path(), query])
    }

    /// The headers of the upstream request but for the key, made from nothing but this: what the client sent is looked
    /// up, not copied.
    pub fn upstream_headers(&self, call: &Call, client: &dyn Fn(&str) -> Option<String>) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        if call.method() == Method::Post {
            // A form's boundary is in there: only the body's own length and origin decide what it is.
            let form = client("content-type").filter(|_| call.endpoint == Endpoint::Transcriptions);
            headers.push(("Content-Type".to_owned(), form.unwrap_or_else(|| "application/json".to_owned())));
        }
        headers.extend(self.attribution.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let passed = PASSED_UP.iter().chain(if call.endpoint == Endpoint::VideoContent { &RANGES[..] } else { &[] });
        headers.extend(passed.filter_map(|name| Some(((*name).to_owned(), client(name)?))));
        headers
    }

    /// Where a generation's record is asked for.
    pub fn generation_url(&self, generation: &str) -> String {
        let mut url = concat(&[&self.base_url, "/generation?id="]);
        for byte in generation.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                url.push(char::from(byte));
            } else {
                let digit = |four: u8| char::from_digit(u32::from(four), 16).unwrap_or('0');
                url.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
        url
    }
}

/// Without the key.
impl std::fmt::Debug for Config {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Config").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// Request headers that mean something to OpenRouter and nothing to the account.
const PASSED_UP: [&str; 3] = ["accept", "x-anthropic-beta", "x-session-id"];

/// How a player seeks in a video.
const RANGES: [&str; 2] = ["range", "if-range"];

fn read_attribution(variables: &mut Variables<'_>) -> Vec<(&'static str, String)> {
    let mut attribution = Vec::new();
    for (name, header) in [
        ("APP_URL", "HTTP-Referer"),
        ("APP_TITLE", "X-OpenRouter-Title"),
        ("APP_CATEGORIES", "X-OpenRouter-Categories"),
    ] {
        match variables.text(name) {
            Some(value) if is_header_value(&value) => attribution.push((header, value)),
            Some(_) => variables.problem(fill("% may hold visible ASCII only: percent-encode the rest", &[name])),
            None => {}
        }
    }
    attribution
}

/// Whether secrets may go there, and answers from there be believed: in the open only on this machine.
pub(crate) fn is_safe_url(url: &str) -> bool {
    if url.contains(['?', '#', '@', ' ', '\\']) {
        return false;
    }
    if let Some(rest) = url.strip_prefix("https://") {
        return !rest.is_empty() && !rest.starts_with('/');
    }
    url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).is_some_and(is_this_machine)
}

/// Whether a host, with a port or without, is a name of this machine.
fn is_this_machine(host: &str) -> bool {
    let name = if host.starts_with('[') { host.split_inclusive(']').next() } else { host.split(':').next() };
    matches!(name, Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// Whether `fetch` takes this as a header's value.
pub(crate) fn is_header_value(value: &str) -> bool {
    check_header(ErrorKind::Configuration, "", "Authorization", value).is_ok()
}

#[cfg(test)]
mod documented;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Tokens that a backend asks for.
    pub(crate) const AUTHENTICATION: [(&str, &str); 3] = [
        ("AUTH_MODE", "session"),
        ("SESSION_SECRETS", "november:0123456789abcdef0123456789abcdef"),
        ("SERVICE_SECRET", "fedcba9876543210fedcba9876543210"),
    ];

    pub(crate) fn config(variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Config::read(&variable)
    }

    /// What else has to be set, unless it is given.
    pub(crate) fn with_defaults(variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let defaults = [("AUTH_MODE", "local"), ("ALLOWED_MODELS", "*")];
        config(&[variables, &defaults].concat())
    }

    pub(crate) fn working() -> Result<Config, Vec<String>> {
        config(&[
            ("OPENROUTER_API_KEY", "sk-test"),
            ("ALLOWED_MODELS", "*"),
            ("ALLOWED_ORIGINS", "self https://app.example"),
            ("MAX_BODY_BYTES", "100"),
            AUTHENTICATION[0],
            AUTHENTICATION[1],
            AUTHENTICATION[2],
        ])
    }

    #[test]
    fn the_defaults_are_closed() {
        let config = with_defaults(&[("OPENROUTER_API_KEY", "sk-test")]).unwrap();
        assert!(config.allows_origin("https://own.example", "https://own.example"));
        assert!(!config.allows_origin("https://other.example", "https://own.example"));
        assert_eq!(
            config.upstream_url(&Call::find("GET", "/models").unwrap(), "?q=x"),
            "https://openrouter.ai/api/v1/models?q=x"
        );
        assert!(!config.is_demo);
    }

    #[test]
    fn every_mistake_is_named_and_no_value_shown() {
        let problems = config(&[
            ("OPENROUTER_API_KEY", "sk-secret\u{e9}"),
            ("OPENROUTER_BASE_URL", "http://secret.example/api"),
            ("ALLOWED_ORIGINS", "* secret.example https://secret.example/path"),
            ("MAX_BODY_BYTES", "secret"),
            ("APP_TITLE", "secrét"),
            ("DEMO", "secret"),
            ("AUTH_MODE", "secret"),
            ("ALLOWED_MODELS", "secret"),
        ])
        .unwrap_err();
        for name in [
            "OPENROUTER_API_KEY",
            "OPENROUTER_BASE_URL",
            "ALLOWED_ORIGINS",
            "MAX_BODY_BYTES",
            "APP_TITLE",
            "DEMO",
            "AUTH_MODE",
            "ALLOWED_MODELS",
        ] {
            assert!(problems.iter().any(|problem| problem.starts_with(name)), "{name}");
        }
        assert!(!problems.concat().contains("sec"), "{problems:?}");
        assert!(config(&[]).unwrap_err()[0].contains("wrangler secret put"));
    }

    #[test]
    fn a_budget_needs_costs_that_are_bounded() {
        let key = ("OPENROUTER_API_KEY", "sk-test");
        let off = |plans| with_defaults(&[key, ("PRICES", "off"), ("LEDGER", BOUND), ("PLANS", plans)]);
        assert!(off("free: 1 USD/day").unwrap_err()[0].starts_with("PRICES"));
        assert!(off("free: 1 stream").is_ok());
        assert!(with_defaults(&[key, ("LEDGER", BOUND), ("PLANS", "free: 1 USD/day")]).is_ok());
    }

    #[test]
    fn the_key_goes_in_the_open_to_this_machine_only() {
        for url in [
            "https://openrouter.ai/api/v1",
            "https://eu.openrouter.ai/api/v1",
            "http://127.0.0.1:9/api/v1",
            "http://localhost/x",
            "http://[::1]:8/x",
        ] {
            assert!(is_safe_url(url), "{url}");
        }
        for url in [
            "http://openrouter.ai",
            "http://127.0.0.1.evil.example",
            "http://localhost@evil.example",
            "https://",
            "https:///x",
            "ftp://x",
            "https://x?y",
            "//x",
        ] {
            assert!(!is_safe_url(url), "{url}");
        }
    }

    #[test]
    fn no_debug_output_shows_the_key() {
        assert!(!format!("{:?}", working()).contains("sk-test"));
    }

    #[test]
    fn origins_are_compared_whole() {
        let config = working().unwrap();
        for origin in [
            "https://app.example.evil",
            "http://app.example",
            "https://app.example:444",
            "null",
            "",
            "https://APP.example ",
        ] {
            assert!(!config.allows_origin(origin, "https://proxy.example"), "{origin}");
        }
    }

    #[test]
    fn the_upstream_gets_our_headers_and_no_others() {
        let config = config(&[
            ("OPENROUTER_API_KEY", "sk-test"),
            ("AUTH_MODE", "local"),
            ("ALLOWED_MODELS", "*"),
            ("APP_URL", "https://app.example"),
            ("APP_TITLE", "App"),
        ])
        .unwrap();
        let client = |name: &str| Some(format!("client's {name}"));
        let headers = config.upstream_headers(&Call::find("POST", "/chat/completions").unwrap(), &client);
        let value = |name: &str| {
            headers
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
                .collect::<Vec<_>>()
        };
        assert!(value("authorization").is_empty(), "the key is chosen when it is sent");
        assert_eq!(value("content-type"), ["application/json"]);
        assert_eq!(value("http-referer"), ["https://app.example"]);
        assert_eq!(value("x-openrouter-title"), ["App"]);
        assert_eq!(value("x-session-id"), ["client's x-session-id"]);
        for name in
            ["cookie", "x-forwarded-for", "cf-connecting-ip", "x-title", "x-openrouter-cache", "origin", "range"]
        {
            assert!(value(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn a_form_keeps_its_boundary_and_a_video_its_range() {
        let config = working().unwrap();
        let sent = |method: &str, path: &str, name: &str| {
            let call = Call::find(method, path).unwrap();
            let headers = config.upstream_headers(&call, &|name| Some(format!("client's {name}")));
            headers.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let form = sent("POST", "/audio/transcriptions", "content-type");
        assert_eq!(form.as_deref(), Some("client's content-type"));
        assert_eq!(sent("POST", "/images", "content-type").as_deref(), Some("application/json"));
        assert_eq!(sent("GET", "/videos/a/content", "range").as_deref(), Some("client's range"));
        assert_eq!(sent("GET", "/videos/a", "range"), None);
        assert_eq!(sent("GET", "/models", "content-type"), None);
    }
}
