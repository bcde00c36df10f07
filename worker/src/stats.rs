//! Figures for the admin: what was spent, by day, user and model, and what was refused.
//!
//! The users' ledgers tell `objects::Stats` what they have settled, each message once; SQL adds it up, and makes JSON of
//! it. `admin` is who may see it. The page that shows it is a file: www/admin.html.

pub(crate) mod admin;
mod analytics;
pub(crate) mod objects;

pub(crate) use self::analytics::write_point;
use crate::{
    config::Variables,
    identity::Admin,
    ledger::{LEDGER, single},
    policy::Refusal,
};

/// The Durable Object of the figures.
pub const STATS: &str = "STATS";
/// The Analytics Engine data set.
pub const ANALYTICS: &str = "ANALYTICS";
/// The files of the page.
const ASSETS: &str = "ASSETS";

/// How many seconds one message of a user's ledger is after another.
const DEFAULT_INTERVAL: &str = "5";
/// How many days figures are kept.
const DEFAULT_DAYS: u64 = 400;

/// The settings of this part.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long one message of a user's ledger is after another, in milliseconds; `None` where nothing is counted.
    pub interval_ms: Option<u64>,
    /// How many days figures are kept.
    pub kept_days: u64,
    /// Who may see the figures; `None` if nobody may.
    pub admin: Option<Admin>,
}

impl Settings {
    /// Reads every variable by its name.
    pub fn read(variables: &mut Variables<'_>) -> Self {
        let admin = Admin::read(variables);
        let interval_ms = single(variables, "STATS_SECONDS", DEFAULT_INTERVAL);
        let is_bound = variables.text(STATS).is_some() && variables.text(LEDGER).is_some();
        if admin.is_some() && !is_bound {
            variables.problem("STATS and LEDGER must be bound for the admin's page: see wrangler.toml");
        }
        Self {
            interval_ms: is_bound.then_some(interval_ms),
            kept_days: variables.whole("STATS_DAYS", DEFAULT_DAYS, 1),
            admin,
        }
    }
}

/// What an admin asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The page.
    Page,
    /// What it shows, as JSON.
    Figures,
    /// All rows as CSV.
    Export,
}

impl View {
    /// What is at a path.
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "/admin" => Some(Self::Page),
            "/admin/figures" => Some(Self::Figures),
            "/admin/export.csv" => Some(Self::Export),
            _ => None,
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Page => "text/html; charset=utf-8",
            Self::Figures => "application/json",
            Self::Export => "text/csv; charset=utf-8",
        }
    }
}

/// First and last day of a query such as `?from=2026-11-01&to=2026-11-21`; without them, of all that is kept.
///
/// # Errors
/// 400 where one is no date.
pub fn days(query: &str) -> Result<[&str; 2], Refusal> {
    let mut days = ["1970-01-01", "9999-12-31"];
    for pair in query.trim_start_matches('?').split('&') {
        let (name, value) = pair.split_once('=').unwrap_or_default();
        let place = match name {
            "from" => &mut days[0],
            "to" => &mut days[1],
            _ => continue,
        };
        if !is_date(value) {
            return Err(Refusal::new(400, "invalid_request", "from and to are dates, such as 2026-11-21."));
        }
        *place = value;
    }
    Ok(days)
}

fn is_date(text: &str) -> bool {
    let is_right = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(is_right)
}

#[cfg(test)]
#[path = "stats/tests.rs"]
mod tests;
