//! What a plan allows, and how `PLANS` says it.

use openrouter_wasm::json::decimal;

use super::money::nano_usd;
use crate::text::{self, fill};

/// How `PLANS` is written, for whoever got it wrong.
const FORM: &str =
    "write e.g. `free: 20 requests/minute, 2 streams, 100000 tokens/day, 0.05 USD/day, 1 USD/month; pro: unlimited`";

/// So many requests in any time of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At least one.
    pub requests: u64,
    /// In milliseconds.
    pub window_ms: u64,
}

/// The limits of one user; what is `None` is not limited. Money is in nano-USD.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Requests in a time that slides.
    pub requests: Option<Rate>,
    /// Streams at once.
    pub streams: Option<u64>,
    /// Tokens on a day (UTC), of prompts and answers.
    pub tokens_per_day: Option<u64>,
    /// Money on a day (UTC).
    pub usd_per_day: Option<u64>,
    /// Money in a month (UTC).
    pub usd_per_month: Option<u64>,
}

impl Plan {
    /// Reads `20 requests/minute, 2 streams, …`, or `unlimited`; else the number of the limit that is wrong.
    fn read(text: &str) -> Result<Self, usize> {
        let mut plan = Self::default();
        if text.trim() == "unlimited" {
            return Ok(plan);
        }
        for (index, limit) in text.split(',').enumerate() {
            plan.set(limit.trim()).ok_or(index + 1)?;
        }
        Ok(plan)
    }

    /// Takes one limit; `None` if it is none, or there already.
    fn set(&mut self, limit: &str) -> Option<()> {
        let (number, what) = limit.split_once(' ')?;
        let what = what.trim();
        if let Some(window) = what.strip_prefix("requests/").or_else(|| what.strip_prefix("request/")) {
            return put(&mut self.requests, Rate { requests: whole(number)?, window_ms: window_ms(window)? });
        }
        match what {
            "streams" | "stream" => put(&mut self.streams, whole(number)?),
            "tokens/day" => put(&mut self.tokens_per_day, whole(number)?),
            "USD/day" => put(&mut self.usd_per_day, nano_usd(number)?),
            "USD/month" => put(&mut self.usd_per_month, nano_usd(number)?),
            _ => None,
        }
    }
}

fn put<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.is_none().then(|| *place = Some(value))
}

/// A limit of none is a plan that nobody can use: certainly a mistake.
fn whole(number: &str) -> Option<u64> {
    text::whole(number).filter(|number| (1..=1 << 53).contains(number))
}

/// `minute`, or `30 seconds`.
fn window_ms(text: &str) -> Option<u64> {
    let (count, unit) = match text.trim().split_once(' ') {
        Some((count, unit)) => (whole(count)?, unit.trim()),
        None => (1, text.trim()),
    };
    let unit_ms = match unit.strip_suffix('s').unwrap_or(unit) {
        "second" => 1000,
        "minute" => 60_000,
        "hour" => 3_600_000,
        "day" => 86_400_000,
        _ => return None,
    };
    count.checked_mul(unit_ms).filter(|window| *window <= 31 * 86_400_000)
}

/// Reads `PLANS`: plans by lines or semicolons, each `name: limits`.
///
/// # Errors
/// A sentence for each mistake, which tells by its place what is wrong: a value is not shown.
pub fn read_plans(text: &str) -> Result<Vec<(String, Plan)>, Vec<String>> {
    let (mut plans, mut problems) = (Vec::<(String, Plan)>::new(), Vec::new());
    let entries = text.split([';', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
    for (index, entry) in entries.enumerate() {
        let number = index + 1;
        let (name, limits) = entry.split_once(':').unwrap_or(("", entry));
        let name = name.trim();
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_name {
            problems.push(fill(
                "PLANS: plan % has no name of letters, digits, - and _ before a colon: %",
                &[&decimal(number as u64), FORM],
            ));
        } else if plans.iter().any(|(known, _)| known == name) {
            problems.push(fill("PLANS: plan % has the name of another one", &[&decimal(number as u64)]));
        } else {
            match Plan::read(limits) {
                Ok(plan) => plans.push((name.to_owned(), plan)),
                Err(limit) => {
                    problems.push(fill(
                        "PLANS: limit % of plan % is none, or is there twice: %",
                        &[&decimal(limit as u64), &decimal(number as u64), FORM],
                    ));
                }
            }
        }
    }
    if plans.is_empty() && problems.is_empty() {
        problems.push(fill("PLANS has no plan: %", &[FORM]));
    }
    if problems.is_empty() { Ok(plans) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read_by_lines_or_semicolons() {
        let text = "
            free: 20 requests/minute, 2 streams, 100000 tokens/day, 0.05 USD/day, 1 USD/month
            slow: 1 request/30 seconds; pro: unlimited;";
        let free = Plan {
            requests: Some(Rate { requests: 20, window_ms: 60_000 }),
            streams: Some(2),
            tokens_per_day: Some(100_000),
            usd_per_day: Some(50_000_000),
            usd_per_month: Some(1_000_000_000),
        };
        let slow = Plan { requests: Some(Rate { requests: 1, window_ms: 30_000 }), ..Plan::default() };
        let plans = [("free".to_owned(), free), ("slow".to_owned(), slow), ("pro".to_owned(), Plan::default())];
        assert_eq!(read_plans(text), Ok(plans.into()));
    }

    #[test]
    fn every_mistake_is_named_by_its_place_without_its_value() {
        for (text, place) in [
            ("", "no plan"),
            ("secret", "plan 1 has no name"),
            ("a: unlimited; secret name: unlimited", "plan 2 has no name"),
            ("a: unlimited; a: 1 stream", "plan 2 has the name of another one"),
            ("a: 2 streams, 3 secrets", "limit 2 of plan 1"),
            ("a: 2 streams, 3 streams", "limit 2 of plan 1"),
            ("a:", "limit 1 of plan 1"),
            ("a: 0 streams", "limit 1 of plan 1"),
            ("a: 5 requests", "limit 1 of plan 1"),
            ("a: 5 requests/secret", "limit 1 of plan 1"),
            ("a: 5 requests/32 days", "limit 1 of plan 1"),
            ("a: 5 USD", "limit 1 of plan 1"),
            ("a: -5 USD/day", "limit 1 of plan 1"),
            ("a: 5 EUR/day", "limit 1 of plan 1"),
            ("a: unlimited, 2 streams", "limit 1 of plan 1"),
        ] {
            let problems = read_plans(text).unwrap_err();
            assert!(problems.len() == 1 && problems[0].starts_with("PLANS"), "{text}: {problems:?}");
            assert!(problems[0].contains(place), "{text}: {problems:?}");
            assert!(!problems[0].contains("secret"), "{problems:?}");
        }
        assert_eq!(read_plans("x; a: 3 x; a: unlimited; a: unlimited").unwrap_err().len(), 3, "all at once");
    }
}
