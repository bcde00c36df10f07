use super::*;

fn settings(variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let known = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let mut variables = Variables::new(&known);
    let settings = Settings::read(&mut variables);
    variables.end(settings)
}

const BOUND: [(&str, &str); 2] = [("LEDGER", "bound"), ("SITE", "bound")];

#[test]
fn without_settings_nothing_is_limited_and_nothing_needed() {
    let settings = settings(&[]).unwrap();
    assert!(!settings.has_ledger && !settings.caps.is_set());
    assert_eq!(settings.plan(None), Ok((None, Plan::default())));
    assert_eq!(settings.plan(Some("pro")), Ok((None, Plan::default())));
    assert_eq!(settings.terms.polls_ms, [2000, 5000, 15_000, 45_000, 120_000, 300_000, 900_000, 3_600_000]);
    assert_eq!((settings.terms.expires_ms, settings.terms.lease_idle_ms), (300_000, None));
    assert!(settings.terms.is_vanished_charged && !settings.is_open_for_free, "closed");
}

#[test]
fn a_user_has_the_plan_of_the_token_or_the_default_one_and_no_other() {
    let plans = [("PLANS", "free: 1 stream; pro: 9 streams"), ("DEFAULT_PLAN", "free"), BOUND[0]];
    let settings = settings(&plans).unwrap();
    let streams = |name| settings.plan(name).map(|(name, plan)| (name.unwrap().to_owned(), plan.streams.unwrap()));
    assert_eq!(streams(None), Ok(("free".to_owned(), 1)));
    assert_eq!(streams(Some("pro")), Ok(("pro".to_owned(), 9)));
    assert_eq!(streams(Some("Pro")).unwrap_err().status, 403);
}

#[test]
fn the_only_plan_is_the_default_one() {
    let settings = settings(&[("PLANS", "free: 1 stream"), BOUND[0]]).unwrap();
    assert_eq!(settings.plan(None).unwrap().0, Some("free"));
}

#[test]
fn times_and_leases_are_settings() {
    let settings = settings(&[
        ("SITE_USD_PER_DAY", "10"),
        ("SITE_USD_PER_MONTH", "200"),
        ("SETTLE_SECONDS", "0.05, 0.1 2"),
        ("RESERVATION_SECONDS", "0.2"),
        ("SITE_LEASE_SECONDS", "9"),
        ("VANISHED_IS_FREE", "true"),
        ("FREE_WITHOUT_LEDGER", "true"),
        BOUND[0],
        BOUND[1],
    ])
    .unwrap();
    assert_eq!(settings.caps, Caps { day: Some(10_000_000_000), month: Some(200_000_000_000) });
    assert_eq!(settings.lease, 100_000_000, "a hundredth of the smaller cap");
    assert_eq!((settings.terms.polls_ms, settings.terms.expires_ms), (vec![50, 100, 2000], 200));
    assert_eq!(settings.terms.lease_idle_ms, Some(9000));
    assert!(!settings.terms.is_vanished_charged && settings.is_open_for_free);
}

#[test]
fn every_mistake_is_named_and_no_value_shown() {
    let problems = settings(&[
        ("PLANS", "free: secret"),
        ("SITE_USD_PER_DAY", "secret"),
        ("SITE_USD_PER_MONTH", "-1"),
        ("SITE_LEASE_USD", "secret"),
        ("SITE_LEASE_SECONDS", "1 2"),
        ("SETTLE_SECONDS", "5 secret"),
        ("RESERVATION_SECONDS", ""),
        ("VANISHED_IS_FREE", "secret"),
        ("FREE_WITHOUT_LEDGER", "secret"),
    ])
    .unwrap_err();
    for name in [
        "PLANS",
        "SITE_USD_PER_DAY",
        "SITE_USD_PER_MONTH",
        "SITE_LEASE_USD",
        "SITE_LEASE_SECONDS",
        "SETTLE_SECONDS",
        "VANISHED_IS_FREE",
        "FREE_WITHOUT_LEDGER",
        "LEDGER",
        "SITE",
    ] {
        assert!(
            problems.iter().any(|problem| problem.split(' ').next().unwrap().trim_end_matches(':') == name),
            "{name}"
        );
    }
    assert!(!problems.concat().contains("secret"));
    for (variables, name) in [
        (vec![("PLANS", "a: unlimited; b: unlimited"), BOUND[0]], "DEFAULT_PLAN"),
        (vec![("PLANS", "a: unlimited"), ("DEFAULT_PLAN", "b"), BOUND[0]], "DEFAULT_PLAN"),
        (vec![("DEFAULT_PLAN", "a")], "DEFAULT_PLAN"),
        (vec![("PLANS", "a: unlimited")], "LEDGER"),
        (vec![("SITE_USD_PER_DAY", "1"), BOUND[1]], "LEDGER"),
        (vec![("SITE_USD_PER_DAY", "1"), BOUND[0]], "SITE"),
        (vec![("SETTLE_SECONDS", "5 2")], "SETTLE_SECONDS"),
        (vec![("RESERVATION_SECONDS", "1 2")], "RESERVATION_SECONDS"),
    ] {
        let problems = settings(&variables).unwrap_err();
        assert!(problems.len() == 1 && problems[0].starts_with(name), "{problems:?}");
    }
}

#[test]
fn an_answer_of_an_object_is_read_as_it_was_written() {
    let left = Left { most: 9, left: 8, resets_ms: 7 };
    let granted = [Granted { id: 1, requests: None }, Granted { id: 2, requests: Some(left) }];
    let denied = Limit::ALL.into_iter().flat_map(|limit| {
        let denied = Denied { limit, most: 1, used: 2, held: 3, need: 4, retry_ms: None, resets_ms: 6 };
        [denied, Denied { retry_ms: Some(5), ..denied }]
    });
    for reply in granted.into_iter().map(Ok).chain(denied.map(Err)) {
        assert_eq!(parse_reply(&reply_text(&reply)), Some(reply));
    }
    for text in ["", "granted", "granted x", "granted 1 2", "other 1 2 3 4 5 6", "site_usd 1", "site_usd 1 2 3 4 5 x"] {
        assert_eq!(parse_reply(text), None, "{text}");
    }
}

/// 22 November 2026.
const TOMORROW: u64 = 20_779 * 86_400_000;

#[test]
fn a_refusal_says_which_limit_it_was_and_when_it_ends() {
    let usd = |limit, used, held, need, retry_ms| Denied {
        limit,
        most: 50_000_000,
        used,
        held,
        need,
        retry_ms,
        resets_ms: TOMORROW,
    };
    let told = |denied: Denied| {
        let refusal = refusal(&denied);
        let header =
            |name: &str| refusal.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let words = [header("RateLimit-Limit"), header("RateLimit-Remaining"), header("Retry-After")];
        (refusal.status, refusal.limit_source.unwrap(), words.map(Option::unwrap_or_default), refusal.message.clone())
    };
    let (status, source, headers, message) = told(usd(Limit::UsdPerDay, 45_000_000, 0, 10_000_000, Some(3_600_000)));
    assert_eq!((status, source, headers), (402, "user_usd_daily", [String::new(), String::new(), "3600".to_owned()]));
    assert_eq!(
        message,
        "The budget for today does not allow this request: it may take 0.01 USD, and 0.045 USD of 0.05 USD are used. \
         It begins anew on 2026-11-22 at 00:00 UTC."
    );
    let (status, source, _, message) = told(usd(Limit::UsdPerMonth, 45_000_000, 0, 10_000_000, Some(1)));
    assert_eq!((status, source), (402, "user_usd_monthly"));
    assert!(message.contains("this month"));
    let (status, source, headers, message) = told(usd(Limit::UsdPerDay, 5_000_000, 40_000_000, 10_000_000, Some(1500)));
    assert_eq!((status, source, &*headers[2]), (429, "user_reservations", "2"));
    assert!(message.contains("reserved"), "{message}");
    let (status, _, headers, message) = told(usd(Limit::UsdPerDay, 0, 0, 60_000_000, None));
    assert_eq!((status, &*headers[2]), (402, ""), "waiting does not help");
    assert!(message.contains("all that is allowed today is 0.05 USD"), "{message}");
    let (status, source, headers, _) = told(usd(Limit::Site, 0, 0, 1, Some(60_000)));
    assert_eq!((status, source, &*headers[2]), (402, "site_usd", "60"));

    let denied =
        Denied { limit: Limit::Requests, most: 20, used: 20, held: 0, need: 1, retry_ms: Some(1), resets_ms: 9 };
    assert_eq!(told(denied).2, ["20", "0", "1"].map(str::to_owned));
    let denied = Denied { limit: Limit::Streams, most: 2, used: 0, held: 2, ..denied };
    assert_eq!((told(denied).0, told(denied).1), (429, "user_streams"));
    let denied = Denied { limit: Limit::TokensPerDay, most: 100, used: 95, held: 0, need: 6, ..denied };
    assert_eq!(
        (told(denied).0, told(denied).1, told(denied).2),
        (429, "user_tokens_daily", ["100", "5", "1"].map(str::to_owned))
    );
}

/// What our own client makes of each refusal: what helps in a moment is tried again, what does not is not.
#[test]
fn our_client_tries_again_where_waiting_helps() {
    use openrouter_wasm::error::{Error, ErrorKind, ResponseFacts};

    for (limit, held, retry_ms, kind, is_retried) in [
        (Limit::Requests, 0, Some(5000), ErrorKind::RateLimited, true),
        (Limit::Streams, 1, Some(5000), ErrorKind::RateLimited, true),
        (Limit::TokensPerDay, 0, Some(9_000_000), ErrorKind::RateLimited, false),
        (Limit::TokensPerDay, 1, Some(5000), ErrorKind::RateLimited, true),
        (Limit::UsdPerDay, 0, Some(9_000_000), ErrorKind::PaymentRequired, false),
        (Limit::UsdPerDay, 1, Some(5000), ErrorKind::RateLimited, true),
        (Limit::UsdPerMonth, 0, Some(9_000_000), ErrorKind::PaymentRequired, false),
        (Limit::Site, 0, Some(9_000_000), ErrorKind::PaymentRequired, false),
    ] {
        // What is held would come back; what is used up would not.
        let (most, used) = if held > 0 { (2, 0) } else { (2, 2) };
        let refusal = refusal(&Denied { limit, most, used, held: 2 * held, need: 1, retry_ms, resets_ms: TOMORROW });
        let metadata = serde_json::json!({"error_type": refusal.error_type, "limit_source": refusal.limit_source});
        let body =
            serde_json::json!({"error": {"code": refusal.status, "message": refusal.message, "metadata": metadata}});
        let header = |name: &str| {
            refusal.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
        };
        let facts = ResponseFacts::read(refusal.status, 0, &header, &|_| None);
        let text = body.to_string();
        let error = Error::from_response(&facts, Value::parse(&text).as_ref());
        assert_eq!((error.kind(), error.is_retryable()), (kind, is_retried), "{limit:?}");
        assert_eq!(error.retry_after_ms(), retry_ms, "{limit:?}: it is told when to come back");
    }
}

#[test]
fn a_record_tells_cost_and_tokens() {
    let record = |data: &str| cost_in(&format!(r#"{{"data":{data}}}"#));
    assert_eq!(
        record(r#"{"total_cost":1.5e-05,"native_tokens_prompt":10,"native_tokens_completion":5,"tokens_prompt":1}"#),
        Some(Cost { usd: 15_000, prompt: 10, completion: 5, model: None })
    );
    assert_eq!(
        record(r#"{"total_cost":0,"native_tokens_prompt":null,"tokens_prompt":7,"tokens_completion":null}"#),
        Some(Cost { prompt: 7, ..Cost::default() })
    );
    let named = |model: &str| Some(Cost { usd: 100_000_000, model: Some(model.to_owned()), ..Cost::default() });
    assert_eq!(record(r#"{"total_cost":0.1,"model":"a/b"}"#), named("a/b"));
    assert_eq!(record(r#"{"total_cost":0.1,"model":""}"#), Some(Cost { usd: 100_000_000, ..Cost::default() }));
    let long = format!(r#"{{"total_cost":0.1,"model":"{}"}}"#, "é".repeat(100));
    assert_eq!(record(&long), named(&"é".repeat(60)));
    for data in [r#"{"total_cost":null}"#, "{}", r#"{"total_cost":"1"}"#, r#"{"total_cost":-1}"#, "null"] {
        assert_eq!(record(data), None, "{data}");
    }
    assert_eq!(cost_in("<html>"), None);
}
