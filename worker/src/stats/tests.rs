use proptest::prelude::*;

use super::*;
use crate::config::{
    BOUND,
    tests::{config, with_defaults},
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const KEY: (&str, &str) = ("OPENROUTER_API_KEY", "sk-test");
const OBJECTS: [(&str, &str); 2] = [(STATS, BOUND), (LEDGER, BOUND)];

#[test]
fn without_settings_nobody_sees_anything() {
    let settings = with_defaults(&[KEY, OBJECTS[0], OBJECTS[1]]).unwrap().stats;
    assert!(settings.admin.is_none());
    assert_eq!((settings.interval_ms, settings.kept_days), (Some(5000), 400));
    assert_eq!(with_defaults(&[KEY, OBJECTS[0]]).unwrap().stats.interval_ms, None, "nobody would tell");
    assert_eq!(with_defaults(&[KEY, OBJECTS[1]]).unwrap().stats.interval_ms, None);
}

#[test]
fn every_mistake_is_named_and_no_value_shown() {
    let access = [
        ("ADMIN_EMAILS", "a@hidden.example"),
        ("ACCESS_TEAM_DOMAIN", "team.cloudflareaccess.com"),
        ("ACCESS_AUD", "tag"),
    ];
    for (variables, name) in [
        (vec![("ADMIN_SECRET", SECRET)], "STATS and LEDGER"),
        (vec![("ADMIN_SECRET", "hidden"), OBJECTS[0], OBJECTS[1]], "ADMIN_SECRET"),
        (vec![("ADMIN_SECRET", "hidden-0123456789abcdef0123456789abc hidden"), OBJECTS[0], OBJECTS[1]], "ADMIN_SECRET"),
        (vec![access[0], access[2], OBJECTS[0], OBJECTS[1]], "ACCESS_TEAM_DOMAIN"),
        (vec![access[0], access[1], OBJECTS[0], OBJECTS[1]], "ACCESS_AUD"),
        (vec![("STATS_SECONDS", "hidden")], "STATS_SECONDS"),
        (vec![("STATS_DAYS", "hidden")], "STATS_DAYS"),
        (vec![("LOG", "hidden")], "LOG"),
        (vec![("LOG_SAMPLE", "hidden")], "LOG_SAMPLE"),
        (vec![("LOG_SAMPLE", "1.1")], "LOG_SAMPLE"),
        (vec![("LOG_USERS", "hidden")], "LOG_USERS"),
    ] {
        let problems = with_defaults(&[&variables[..], &[KEY]].concat()).unwrap_err();
        assert!(
            problems.iter().all(|problem| problem.starts_with(name)) && !problems.concat().contains("hidden"),
            "{name}: {problems:?}"
        );
    }
    let all = [&access[..], &[OBJECTS[0], OBJECTS[1], KEY]].concat();
    assert!(with_defaults(&all).unwrap().stats.admin.is_some());
    assert!(!config(&[]).unwrap_err().is_empty());
}

#[test]
fn the_password_is_the_secret_whatever_the_name() {
    let other = "another-one-0123456789abcdef01234567";
    let secrets = [SECRET, other].join(" ");
    let config = with_defaults(&[KEY, OBJECTS[0], OBJECTS[1], ("ADMIN_SECRET", &*secrets)]).unwrap();
    let admin = config.stats.admin.unwrap();
    let basic = |credentials: &str| ["Basic ", &openrouter_wasm::base64::encode(credentials.as_bytes())].concat();
    for credentials in [&["admin:", SECRET].concat(), &[":", SECRET].concat(), &["ü?>:", other].concat()] {
        assert!(admin.knows(&basic(credentials)), "{credentials}");
        assert!(admin.knows(&basic(credentials).replace("Basic", "bAsIc")));
    }
    for wrong in [
        String::new(),
        "Basic".to_owned(),
        "Basic !".to_owned(),
        basic(SECRET),
        basic(":"),
        basic("admin:"),
        basic(&["admin:", SECRET, "x"].concat()),
        basic(&["admin:", &secrets].concat()),
        basic(&[SECRET, ":x"].concat()),
        ["Bearer ", SECRET].concat(),
        basic(&["admin:", SECRET].concat()).replace("Basic", "Bearer"),
    ] {
        assert!(!admin.knows(&wrong), "{wrong}");
    }
}

#[test]
fn addresses_are_compared_whole_and_in_any_case() {
    let variables = [
        ("ACCESS_TEAM_DOMAIN", "team.cloudflareaccess.com"),
        ("ADMIN_ACCESS_AUD", "tag"),
        ("ADMIN_EMAILS", "Ann@x.example, bob@x.example"),
        KEY,
        OBJECTS[0],
        OBJECTS[1],
    ];
    let admin = with_defaults(&variables).unwrap().stats.admin.unwrap();
    assert!(admin.has_email("ann@X.example") && admin.has_email("bob@x.example"));
    for email in ["", "x.example", "nn@x.example", "ann@x.example.evil", "ann@x.example,"] {
        assert!(!admin.has_email(email), "{email}");
    }
    assert!(!admin.has_secret() && !admin.knows("Basic Og=="));
}

#[test]
fn days_are_asked_for_by_dates() {
    assert_eq!(days(""), Ok(["1970-01-01", "9999-12-31"]));
    assert_eq!(days("?x&to=2026-11-21"), Ok(["1970-01-01", "2026-11-21"]));
    assert_eq!(days("?from=2026-11-20&to=2026-11-21"), Ok(["2026-11-20", "2026-11-21"]));
    for query in [
        "?from=",
        "?from=x",
        "?to=2026-1-1",
        "?from=-1-01-01",
        "?to=99999-01-01",
        "?to=2026-11-01-01",
        "?from=2026-11-2%2F",
    ] {
        assert_eq!(days(query).unwrap_err().status, 400, "{query}");
    }
}

proptest! {
    #[test]
    fn what_is_no_date_reaches_no_object(query in ".{0,60}", from in "[0-9/-]{0,12}") {
        let _ = days(&query);
        if let Ok([from, to]) = days(&["?from=", &from].concat()) {
            prop_assert!(from.len() == 10 && to.len() == 10 && !from.contains('/'));
        }
    }
}
