//! Limits and budgets: what a user may still do, and what it has cost.
//!
//! [`account`] keeps one user's numbers and [`treasury`] the site's, as pure state machines; `objects` are the Durable
//! Objects that hold them, `remote` is how a request reaches them.

pub mod account;
pub mod money;
pub(crate) mod objects;
pub mod outbox;
pub mod plan;
pub(crate) mod remote;
mod sorted;
pub mod treasury;
mod window;

use openrouter_wasm::json::{Value, concat, decimal, join};

use crate::{
    config::Variables,
    log::LONGEST_MODEL,
    policy::Refusal,
    text::{fill, shortened, whole},
};

use self::{
    account::{Cost, Denied, Granted, Left, Limit, Terms},
    money::{MOST, date, day_of, nano_usd, usd},
    plan::{Plan, read_plans},
    treasury::Caps,
};

/// The Durable Object of each user.
pub const LEDGER: &str = "LEDGER";
/// The Durable Object of the whole site.
pub const SITE: &str = "SITE";
/// The rate limit for each address.
pub const RATE_LIMITER: &str = "RATE_LIMITER";

/// After how many seconds a generation's record is asked for. The last one is for streams that take an hour.
const DEFAULT_POLLS: &str = "2 5 15 45 120 300 900 3600";
/// How many seconds a request may go without an answer.
const DEFAULT_EXPIRY: &str = "300";
/// How many seconds a lease may lie idle.
const DEFAULT_LEASE_IDLE: &str = "60";

/// The settings of limits and budgets.
#[derive(Debug, Clone)]
pub struct Settings {
    plans: Vec<(String, Plan)>,
    default_plan: Option<String>,
    /// Of the whole site.
    pub caps: Caps,
    /// How much a user's object takes at once from the site's money, in nano-USD.
    pub lease: u64,
    /// How reservations end.
    pub terms: Terms,
    /// Whether a request that costs nothing passes when the ledger fails.
    pub is_open_for_free: bool,
    /// Whether there is a ledger at all.
    pub has_ledger: bool,
    /// Whether there is a rate limit for each address.
    pub has_rate_limiter: bool,
}

impl Settings {
    /// Reads every variable by its name.
    pub fn read(variables: &mut Variables<'_>) -> Self {
        let (plans, default_plan) = read_default(variables);
        let caps = Caps { day: amount(variables, "SITE_USD_PER_DAY"), month: amount(variables, "SITE_USD_PER_MONTH") };
        let smallest = caps.day.into_iter().chain(caps.month).min();
        let has_ledger = variables.text(LEDGER).is_some();
        if !has_ledger && (!plans.is_empty() || caps.is_set()) {
            variables.problem(fill("% is not bound, and PLANS and SITE_USD_… need it: see wrangler.toml", &[LEDGER]));
        }
        if caps.is_set() && variables.text(SITE).is_none() {
            variables.problem(fill("% is not bound, and SITE_USD_… need it: see wrangler.toml", &[SITE]));
        }
        let polls_ms = seconds(variables, "SETTLE_SECONDS", DEFAULT_POLLS);
        if !polls_ms.is_sorted() {
            variables.problem("SETTLE_SECONDS must rise");
        }
        let lease_idle_ms = single(variables, "SITE_LEASE_SECONDS", DEFAULT_LEASE_IDLE);
        Self {
            plans,
            default_plan,
            caps,
            // A hundred users may be active at once before a lease that lies idle keeps another one waiting.
            lease: amount(variables, "SITE_LEASE_USD").unwrap_or(smallest.map_or(0, |cap| cap / 100)),
            terms: Terms {
                polls_ms,
                expires_ms: single(variables, "RESERVATION_SECONDS", DEFAULT_EXPIRY),
                is_vanished_charged: !variables.flag("VANISHED_IS_FREE"),
                lease_idle_ms: caps.is_set().then_some(lease_idle_ms),
            },
            is_open_for_free: variables.flag("FREE_WITHOUT_LEDGER"),
            has_ledger,
            has_rate_limiter: variables.text(RATE_LIMITER).is_some(),
        }
    }

    /// Whether something is limited in USD.
    pub fn has_budget(&self) -> bool {
        let is_limited = |plan: &Plan| plan.usd_per_day.or(plan.usd_per_month).is_some();
        self.caps.is_set() || self.plans.iter().any(|(_, plan)| is_limited(plan))
    }

    /// The plan of a user, with its name: the token's, or the default one.
    ///
    /// # Errors
    /// 403 where the token names a plan that is not there: it must not be taken for a better one.
    pub fn plan(&self, name: Option<&str>) -> Result<(Option<&str>, Plan), Refusal> {
        if self.plans.is_empty() {
            return Ok((None, Plan::default()));
        }
        let wanted = name.or(self.default_plan.as_deref());
        let found = self.plans.iter().find(|(known, _)| Some(known.as_str()) == wanted);
        found
            .map(|(name, plan)| (Some(name.as_str()), plan.clone()))
            .ok_or_else(|| Refusal::new(403, "permission_denied", "The token's plan is none of this proxy's plans."))
    }
}

fn read_default(variables: &mut Variables<'_>) -> (Vec<(String, Plan)>, Option<String>) {
    let wanted = variables.text("DEFAULT_PLAN");
    let plans = match variables.text("PLANS").map(|text| read_plans(&text)) {
        None => Vec::new(),
        Some(Ok(plans)) => plans,
        Some(Err(problems)) => {
            for problem in problems {
                variables.problem(problem);
            }
            return (Vec::new(), None);
        }
    };
    let only = if let [(name, _)] = &plans[..] { Some(name.clone()) } else { None };
    let default = wanted.clone().or(only);
    let is_there = plans.iter().any(|(name, _)| Some(name) == default.as_ref());
    if !is_there && (!plans.is_empty() || wanted.is_some()) {
        variables.problem("DEFAULT_PLAN must be the name of one of the PLANS");
    }
    (plans, default)
}

fn amount(variables: &mut Variables<'_>, name: &str) -> Option<u64> {
    let amount = nano_usd(&variables.text(name)?);
    if amount.is_none() {
        variables.problem(fill("% must be an amount of USD, e.g. 0.5", &[name]));
    }
    // What is wrong is closed, not open.
    Some(amount.unwrap_or(0))
}

/// Seconds, by spaces or commas, in milliseconds.
fn seconds(variables: &mut Variables<'_>, name: &str, default: &str) -> Vec<u64> {
    let text = variables.text(name).unwrap_or_else(|| default.to_owned());
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let read: Option<Vec<u64>> = words.map(|word| Some(nano_usd(word)?.div_ceil(1_000_000).max(1))).collect();
    read.filter(|times| !times.is_empty()).unwrap_or_else(|| {
        variables.problem(fill("% must be seconds, e.g. %", &[name, default]));
        vec![MOST]
    })
}

pub(crate) fn single(variables: &mut Variables<'_>, name: &str, default: &str) -> u64 {
    let times = seconds(variables, name, default);
    if times.len() > 1 {
        variables.problem(fill("% must be one number of seconds, e.g. %", &[name, default]));
    }
    times.first().copied().unwrap_or(MOST)
}

/// What a user's object answers to a reservation.
pub type Reply = Result<Granted, Denied>;

/// Numbers as they are sent and kept.
fn line(numbers: &[u64]) -> String {
    join(numbers.iter().map(|number| decimal(*number)), " ")
}

/// Numbers as they were sent and kept.
fn numbers(line: &str) -> Option<Vec<u64>> {
    line.split(' ').map(whole).collect()
}

/// As it is sent from object to Worker.
fn reply_text(reply: &Reply) -> String {
    let (what, numbers) = match reply {
        Ok(Granted { id, requests: None }) => ("granted", line(&[*id])),
        Ok(Granted { id, requests: Some(left) }) => ("granted", line(&[*id, left.most, left.left, left.resets_ms])),
        Err(Denied { limit, most, used, held, need, retry_ms, resets_ms }) => {
            let retry_ms = retry_ms.unwrap_or(u64::MAX);
            (limit.name(), line(&[*most, *used, *held, *need, *resets_ms, retry_ms]))
        }
    };
    concat(&[what, " ", &numbers])
}

/// As it was sent.
fn parse_reply(text: &str) -> Option<Reply> {
    let (what, rest) = text.split_once(' ')?;
    Some(match (what, numbers(rest)?[..].as_ref()) {
        ("granted", [id]) => Ok(Granted { id: *id, requests: None }),
        ("granted", [id, most, left, resets_ms]) => {
            Ok(Granted { id: *id, requests: Some(Left { most: *most, left: *left, resets_ms: *resets_ms }) })
        }
        (name, [most, used, held, need, resets_ms, retry_ms]) => Err(Denied {
            limit: Limit::named(name)?,
            most: *most,
            used: *used,
            held: *held,
            need: *need,
            resets_ms: *resets_ms,
            retry_ms: Some(*retry_ms).filter(|ms| *ms < u64::MAX),
        }),
        _ => return None,
    })
}

impl Limit {
    const ALL: [Self; 6] =
        [Self::Requests, Self::Streams, Self::TokensPerDay, Self::UsdPerDay, Self::UsdPerMonth, Self::Site];

    /// As `error.metadata.limit_source` tells it. A name with `daily` in it tells our client not to try again soon.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Requests => "user_requests",
            Self::Streams => "user_streams",
            Self::TokensPerDay => "user_tokens_daily",
            Self::UsdPerDay => "user_usd_daily",
            Self::UsdPerMonth => "user_usd_monthly",
            Self::Site => "site_usd",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.name() == name)
    }
}

/// Whole seconds that are over when the time is.
fn whole_seconds(ms: u64) -> String {
    decimal(ms.div_ceil(1000).max(1))
}

/// The headers that tell a limited user what is left.
#[must_use]
pub fn headers(left: Left) -> Vec<(&'static str, String)> {
    vec![
        ("RateLimit-Limit", decimal(left.most)),
        ("RateLimit-Remaining", decimal(left.left)),
        ("RateLimit-Reset", decimal(left.resets_ms.div_ceil(1000))),
    ]
}

/// A limit as it is told: which one, what is left of it, when it may be tried again.
///
/// 429 where waiting a moment helps; 402 where money is used up, so that no client tries again at once.
#[must_use]
pub fn refusal(denied: &Denied) -> Refusal {
    let Denied { limit, most, used, held, need, retry_ms, resets_ms } = *denied;
    let is_money = matches!(limit, Limit::UsdPerDay | Limit::UsdPerMonth | Limit::Site);
    let is_held = held > 0 && used.saturating_add(need) <= most;
    let write =
        |amount: u64| if is_money { fill("% USD", &[&usd(amount)]) } else { fill("% tokens", &[&decimal(amount)]) };
    let time = if limit == Limit::UsdPerMonth { "this month" } else { "today" };
    let resets = fill("% at 00:00 UTC", &[&date(day_of(resets_ms))]);
    let message = match limit {
        Limit::Requests => {
            let wait = whole_seconds(retry_ms.unwrap_or(0));
            fill("Too many requests: % at a time are allowed, the next one in % s.", &[&decimal(most), &wait])
        }
        Limit::Streams => {
            fill("Too many answers at once: % are allowed, and % are not over yet.", &[&decimal(most), &decimal(held)])
        }
        Limit::Site => fill("The budget of this site is used up; it begins anew on %.", &[&resets]),
        _ if need > most => {
            fill("This request may take %, and all that is allowed % is %.", &[&write(need), time, &write(most)])
        }
        _ if is_held => fill(
            "This request may take %, and of % for %, % are used and % are reserved for requests that are not settled yet.",
            &[&write(need), &write(most), time, &write(used), &write(held)],
        ),
        _ => fill(
            "The budget for % does not allow this request: it may take %, and % of % are used. It begins anew on %.",
            &[time, &write(need), &write(used), &write(most), &resets],
        ),
    };
    let (status, error_type, source) = match limit {
        Limit::Requests | Limit::Streams => (429, "rate_limit_exceeded", limit.name()),
        _ if is_held => (429, "rate_limit_exceeded", "user_reservations"),
        Limit::TokensPerDay => (429, "rate_limit_exceeded", limit.name()),
        _ => (402, "payment_required", limit.name()),
    };
    let mut refusal = Refusal::new(status, error_type, message);
    refusal.limit_source = Some(source);
    if !is_money {
        let left = if is_held { most - used - held.min(most - used) } else { most.saturating_sub(used) };
        let left = if matches!(limit, Limit::Requests | Limit::Streams) { 0 } else { left };
        let wait_ms = retry_ms.unwrap_or(0);
        refusal.headers = headers(Left { most, left, resets_ms: wait_ms });
    }
    if let Some(ms) = retry_ms {
        refusal.headers.push(("Retry-After", whole_seconds(ms)));
    }
    refusal
}

/// What a generation's record (`GET /generation`) says; `None` while the cost is not in it.
fn cost_in(record: &str) -> Option<Cost> {
    let record = Value::parse(record)?;
    let record = record.at("data");
    let tokens = |name: &str| match record.at(name) {
        Value::Number(tokens) => whole(tokens).unwrap_or(0),
        _ => 0u64,
    };
    // What the model has counted; what is billed by.
    let (mut prompt, mut completion) = (tokens("native_tokens_prompt"), tokens("native_tokens_completion"));
    if prompt == 0 && completion == 0 {
        (prompt, completion) = (tokens("tokens_prompt"), tokens("tokens_completion"));
    }
    let Value::Number(cost) = record.at("total_cost") else { return None };
    let model = record.text_of("model").map(|model| shortened(&model, LONGEST_MODEL).to_owned());
    Some(Cost { usd: nano_usd(cost)?, prompt, completion, model: model.filter(|model| !model.is_empty()) })
}

/// The ledger cannot be asked.
fn unavailable() -> Refusal {
    Refusal::new(503, "temporarily_unavailable", "The budget cannot be checked at the moment: nothing was sent.")
}

/// An address asks too often.
fn too_often() -> Refusal {
    let mut refusal =
        Refusal::new(429, "rate_limit_exceeded", "Too many requests from this address. Try again in a minute.");
    refusal.limit_source = Some("address_requests");
    // The binding does not tell; its longest period is a minute.
    refusal.headers.push(("Retry-After", "60".to_owned()));
    refusal
}

#[cfg(test)]
#[path = "ledger/tests.rs"]
mod tests;
