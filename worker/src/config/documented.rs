//! What `wrangler.toml` and `.dev.vars.example` say, against what is read.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::*;

const SETTINGS: &str = include_str!("../../wrangler.toml");
const SECRETS: &str = include_str!("../../.dev.vars.example");

/// The lines of a table: `name = "value"`. Ours have no other strings.
fn table(header: &str) -> BTreeMap<&'static str, &'static str> {
    let lines = SETTINGS.lines().skip_while(|line| *line != header).skip(1).take_while(|line| !line.starts_with('['));
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect()
}

/// The bindings of an environment, by the word that names them.
fn bindings(environment: &str) -> BTreeSet<&'static str> {
    let prefix = format!("[[env.{environment}.");
    let mut is_inside = false;
    let mut names = BTreeSet::new();
    for line in SETTINGS.lines() {
        if line.starts_with('[') {
            is_inside = line.starts_with(&prefix);
        }
        if let Some(("name" | "binding", value)) = line.split_once(" = ").filter(|_| is_inside) {
            names.insert(value.trim_matches('"'));
        }
    }
    names
}

/// Also those that stand there as an example.
fn secrets() -> BTreeSet<&'static str> {
    let names = SECRETS.lines().filter_map(|line| line.trim_start_matches("# ").split_once("=\""));
    names.map(|(name, _)| name).collect()
}

/// Every name that is asked for, whatever the mode.
fn read_names() -> BTreeSet<String> {
    let names = RefCell::new(BTreeSet::new());
    for mode in ["local", "open", "session jwt access"] {
        let variable = |name: &str| {
            names.borrow_mut().insert(name.to_owned());
            match name {
                "AUTH_MODE" => Some(mode.to_owned()),
                // What is read only where these are set.
                "TURNSTILE_SECRET" | "SITE_USD_PER_DAY" | "ADMIN_EMAILS" => Some("1".to_owned()),
                _ => None,
            }
        };
        let _problems = Config::read(&variable);
    }
    names.into_inner()
}

#[test]
fn what_is_read_is_documented_and_what_is_documented_is_read() {
    let mut documented: BTreeSet<&str> = table("[env.production.vars]").into_keys().collect();
    documented.extend(bindings("production"));
    documented.extend(secrets());
    let read = read_names();
    let read: BTreeSet<&str> = read.iter().map(String::as_str).collect();
    assert_eq!(read.difference(&documented).collect::<Vec<_>>(), Vec::<&&str>::new(), "read and not documented");
    assert_eq!(documented.difference(&read).collect::<Vec<_>>(), Vec::<&&str>::new(), "documented and not read");
}

#[test]
fn no_secret_is_a_variable() {
    for environment in ["local", "staging", "production"] {
        for name in table(&format!("[env.{environment}.vars]")).into_keys() {
            assert!(!secrets().contains(name), "{environment}: {name}");
        }
    }
}

#[test]
fn every_environment_has_the_bindings_and_only_settings_that_there_are() {
    let known = table("[env.production.vars]");
    assert!(known.len() > 50, "the table was read");
    for environment in ["local", "staging"] {
        assert_eq!(bindings(environment), bindings("production"), "{environment}");
        let own = table(&format!("[env.{environment}.vars]"));
        assert!(!own.is_empty(), "{environment}");
        for name in own.into_keys() {
            assert!(known.contains_key(name), "{environment}: {name}");
        }
    }
}

#[test]
fn what_production_says_is_the_default() {
    let secrets = [
        ("OPENROUTER_API_KEY", "sk-test"),
        ("SESSION_SECRETS", "november:0123456789abcdef0123456789abcdef"),
        ("TURNSTILE_SECRET", "turnstile"),
        ("PSEUDONYM_SECRET", "0123456789abcdef0123456789abcdef"),
        ("ALLOWED_MODELS", "*"),
        ("AUTH_MODE", "session"),
        ("LEDGER", BOUND),
        ("SITE", BOUND),
        ("STATS", BOUND),
    ];
    let said = table("[env.production.vars]");
    let shown = |is_said: bool| {
        let variable = |name: &str| {
            let secret = secrets.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            secret.or_else(|| said.get(name).copied().filter(|_| is_said)).map(ToOwned::to_owned)
        };
        let Config {
            upstream,
            base_url,
            origins,
            max_body_bytes,
            attribution,
            is_demo,
            authentication,
            rules,
            ledger,
            stats,
            log,
        } = Config::read(&variable).unwrap();
        format!(
            "{:?}",
            (
                (upstream.header_timeout_ms, upstream.retry_wait_ms, upstream.stream_mode, base_url, origins),
                (max_body_bytes, attribution, is_demo, authentication, rules, ledger, stats, log)
            )
        )
    };
    assert_eq!(shown(true), shown(false));
    // Of modes that production does not have.
    for (name, value) in [
        ("JWT_LEEWAY_SECONDS", "60"),
        ("JWT_USER_CLAIM", "sub"),
        ("ACCESS_LEEWAY_SECONDS", "60"),
        ("ACCESS_USER_CLAIM", "sub"),
    ] {
        assert_eq!(said.get(name), Some(&value), "{name}");
    }
}

#[test]
fn production_is_closed_until_it_is_set_up() {
    let said = table("[env.production.vars]");
    let problems = Config::read(&|name| said.get(name).map(|value| (*value).to_owned())).unwrap_err();
    for name in ["OPENROUTER_API_KEY", "SESSION_SECRETS", "ALLOWED_MODELS"] {
        assert!(problems.iter().any(|problem| problem.starts_with(name)), "{name}: {problems:?}");
    }
}
