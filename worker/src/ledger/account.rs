//! One user's account: what was spent, what is reserved, what is left. It has no clock and no storage: the time is a
//! parameter, and what has changed is handed out as records to keep.
//!
//! A request reserves the most that it may cost before it is sent. Reservations become spending when the true cost is
//! known, or, where it never becomes known, as they are: what might have been billed is not given back.

use openrouter_wasm::json::{concat, decimal};

use super::{
    line,
    money::{MOST, date, day_of, month_of, start_of, usd, week_of},
    numbers,
    outbox::{self, Outbox},
    plan::Plan,
    sorted::Sorted,
    treasury::Ask,
    window::Window,
};
use crate::text::{fill, whole};

/// How many days are kept: the current month and week, and what a clock that was wrong may have begun.
const KEPT_DAYS: usize = 64;

/// The longest name of a generation that is kept.
const LONGEST_GENERATION: usize = 200;

/// How reservations end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// How long after its request was sent, or its stream has ended, a record is asked for: in milliseconds, rising.
    pub polls_ms: Vec<u64>,
    /// How long a request may go without an answer until it has vanished, in milliseconds.
    pub expires_ms: u64,
    /// Whether a request that vanished is charged with what it reserved.
    pub is_vanished_charged: bool,
    /// How long a lease may lie idle, in milliseconds; `None` where the site has no cap.
    pub lease_idle_ms: Option<u64>,
}

/// What a request may cost at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// In nano-USD.
    pub usd: u64,
    /// Of prompt and answer.
    pub tokens: u64,
    /// Whether it holds one of the streams at once.
    pub is_stream: bool,
}

/// What a request has cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cost {
    /// In nano-USD.
    pub usd: u64,
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Tokens of the answer.
    pub completion: u64,
    /// Which model has answered, where that became known; else it is the one that was asked for.
    pub model: Option<String>,
}

/// Which limit it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Requests in a window.
    Requests,
    /// Streams at once.
    Streams,
    /// Tokens on a day.
    TokensPerDay,
    /// Money on a day.
    UsdPerDay,
    /// Money in a month.
    UsdPerMonth,
    /// Money of the whole site.
    Site,
}

/// A request that may not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied {
    /// The limit that it would pass.
    pub limit: Limit,
    /// The plan's number.
    pub most: u64,
    /// What is used up of it.
    pub used: u64,
    /// What open requests hold of it besides.
    pub held: u64,
    /// What this one needs.
    pub need: u64,
    /// Until it may be tried again; `None` where that would not help.
    pub retry_ms: Option<u64>,
    /// When the limit begins anew, in milliseconds since 1970; 0 where it does not.
    pub resets_ms: u64,
}

/// The state of the request window, for the headers that tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Requests in the window.
    pub most: u64,
    /// How many may follow.
    pub left: u64,
    /// Until all may, in milliseconds.
    pub resets_ms: u64,
}

/// A request that may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// The reservation's number.
    pub id: u64,
    /// `None` if requests are not limited.
    pub requests: Option<Left>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// Waits for the site's part of its money; not kept, for nothing is sent before that has come.
    Waiting,
    /// Sent, no answer yet.
    Sent { expires_ms: u64 },
    /// Answered: its record will tell the cost.
    Bound { generation: String, key: u32, polls: u32, since_ms: u64 },
}

/// Money and tokens that are set aside for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reservation {
    need: Need,
    /// The day that is charged, whenever the cost becomes known.
    day: u32,
    at_ms: u64,
    has_ended: bool,
    /// Which model was asked for.
    model: String,
    stage: Stage,
}

/// A day's spending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Spent {
    usd: u64,
    tokens: u64,
    requests: u64,
    /// What the site has given for this day.
    leased: u64,
    /// Whether the site knows about `leased`, and about spending above it.
    is_told: bool,
}

/// A record to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// The reservation's number.
    pub id: u64,
    /// As the upstream named it.
    pub generation: String,
    /// The number of the key that it was made with.
    pub key: u32,
}

/// What is to be kept, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Under this name.
    Put(String, String),
    /// No longer.
    Delete(String),
    /// This generation is this user's own, seen at a time in milliseconds since 1970.
    Owns(String, u64),
}

/// A user's account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    next_id: u64,
    /// Since the beginning, in nano-USD.
    total_usd: u64,
    /// Of the last ask for a lease.
    sequence: u64,
    last_request_ms: u64,
    window: Window,
    days: Sorted<u32, Spent>,
    open: Sorted<u64, Reservation>,
    /// What the site's figures are to be told.
    pub outbox: Outbox,
    changes: Vec<Change>,
}

const ACCOUNT: &str = "account";

impl Account {
    /// From what was kept; `None` if that is damaged.
    pub fn load(records: impl Iterator<Item = (String, String)>) -> Option<Self> {
        let mut account = Self { next_id: 1, ..Self::default() };
        for (name, text) in records {
            match name.split_once('/') {
                None if name == ACCOUNT => account.read(&text)?,
                None if name == outbox::NAME => account.outbox.read(&text)?,
                Some(("day", day)) => {
                    account.days.put(whole(day)?, Spent::parse(&text)?);
                }
                Some(("open", id)) => {
                    account.open.put(whole(id)?, Reservation::parse(&text)?);
                }
                _ => return None,
            }
        }
        Some(account)
    }

    /// What has changed since the last time.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let mut changes = std::mem::take(&mut self.changes);
        changes.extend(self.outbox.change.take());
        changes
    }

    /// Sets aside what a request may cost at most. With a site's cap, [`Account::confirm`] has to follow.
    ///
    /// # Errors
    /// [`Denied`] by the first limit that it would pass; nothing has changed then.
    pub fn reserve(&mut self, plan: &Plan, terms: &Terms, need: Need, now_ms: u64) -> Result<Granted, Denied> {
        self.expire(terms, now_ms);
        let need = Need { usd: need.usd.min(MOST), tokens: need.tokens.min(MOST), ..need };
        let day = day_of(now_ms);
        let mut denied = None;
        // In the order of what costs the caller least to wait for.
        if let Some(rate) = plan.requests {
            let held = self.window.held(rate.window_ms, now_ms);
            if held.requests >= rate.requests {
                denied = Some(Denied {
                    limit: Limit::Requests,
                    most: rate.requests,
                    used: held.requests,
                    held: 0,
                    need: 1,
                    retry_ms: Some(held.next_ms),
                    resets_ms: now_ms + held.all_ms,
                });
            }
        }
        let tomorrow = start_of(day + 1);
        let next_month = month_of(day).1;
        let streams = self.open.values().filter(|open| open.need.is_stream && !open.has_ended).count() as u64;
        let (used, held) = (self.spent_since(day, day), self.held_since(day, day));
        let (used_month, held_month) = (self.spent_in_month(day), self.held_in_month(day));
        let check = |limit, most: Option<u64>, used, held, need, resets_ms| {
            self.check(terms, Denied { limit, most: most?, used, held, need, retry_ms: None, resets_ms }, now_ms)
        };
        let stream = u64::from(need.is_stream);
        let denied = denied
            .or_else(|| check(Limit::Streams, plan.streams, 0, streams, stream, 0))
            .or_else(|| check(Limit::TokensPerDay, plan.tokens_per_day, used.1, held.1, need.tokens, tomorrow))
            .or_else(|| check(Limit::UsdPerDay, plan.usd_per_day, used.0, held.0, need.usd, tomorrow))
            .or_else(|| {
                check(
                    Limit::UsdPerMonth,
                    plan.usd_per_month,
                    used_month.0,
                    held_month.0,
                    need.usd,
                    start_of(next_month),
                )
            });
        if let Some(denied) = denied {
            return Err(denied);
        }
        let id = self.next_id;
        self.next_id += 1;
        self.window.add(now_ms);
        self.last_request_ms = now_ms;
        let stage = match terms.lease_idle_ms {
            Some(_) if need.usd > 0 => Stage::Waiting,
            _ => Stage::Sent { expires_ms: now_ms + terms.expires_ms },
        };
        self.open.put(id, Reservation { need, day, at_ms: now_ms, has_ended: false, model: String::new(), stage });
        self.keep_account();
        self.keep_open(id);
        Ok(Granted { id, requests: self.left(plan, now_ms) })
    }

    /// Notes which model a reservation is for.
    pub fn label(&mut self, id: u64, model: &str) {
        if let Some(open) = self.open.get_mut(id) {
            model.clone_into(&mut open.model);
            self.keep_open(id);
        }
    }

    /// Whether so much more passes a limit, and whether waiting helps.
    fn check(&self, terms: &Terms, ask: Denied, now_ms: u64) -> Option<Denied> {
        if ask.need == 0 || ask.used.saturating_add(ask.held).saturating_add(ask.need) <= ask.most {
            return None;
        }
        let retry_ms = if ask.need > ask.most {
            None
        } else if ask.used.saturating_add(ask.need) <= ask.most {
            // Open requests hold it: most of it comes back as soon as one of them is settled.
            let next = self.open.values().map(|open| open.due_ms(terms)).min();
            Some(next.unwrap_or(now_ms).saturating_sub(now_ms).max(1000))
        } else {
            Some(ask.resets_ms.saturating_sub(now_ms))
        };
        Some(Denied { retry_ms, ..ask })
    }

    /// How many requests are left in the window.
    pub fn left(&mut self, plan: &Plan, now_ms: u64) -> Option<Left> {
        let rate = plan.requests?;
        let held = self.window.held(rate.window_ms, now_ms);
        Some(Left { most: rate.requests, left: rate.requests.saturating_sub(held.requests), resets_ms: held.all_ms })
    }

    /// Notes the generation that answers a request; `false` if there is no such reservation any more, or this is no
    /// name of a generation.
    pub fn bind(&mut self, id: u64, generation: &str, key: u32, now_ms: u64) -> bool {
        let is_name = !generation.is_empty()
            && generation.len() <= LONGEST_GENERATION
            && generation.bytes().all(|byte| byte.is_ascii_graphic());
        let Some(open) = self.open.get_mut(id).filter(|open| is_name && matches!(open.stage, Stage::Sent { .. }))
        else {
            return false;
        };
        open.stage = Stage::Bound { generation: generation.to_owned(), key, polls: 0, since_ms: now_ms };
        self.keep_open(id);
        self.changes.push(Change::Owns(generation.to_owned(), now_ms));
        true
    }

    /// Gives a reservation back whose request was not sent, or was refused before it was billed.
    pub fn release(&mut self, id: u64) -> bool {
        let is_open = self.open.remove(id).is_some();
        if is_open {
            self.changes.push(Change::Delete(Self::open_name(id)));
        }
        is_open
    }

    /// Frees the slot of a stream that has ended; its record will come soon.
    pub fn end(&mut self, id: u64, now_ms: u64) -> bool {
        let Some(open) = self.open.get_mut(id).filter(|open| !open.has_ended) else { return false };
        open.has_ended = true;
        if let Stage::Bound { polls, since_ms, .. } = &mut open.stage {
            (*polls, *since_ms) = (0, now_ms);
        }
        self.keep_open(id);
        true
    }

    /// Charges what a request has really cost; without a cost, for it will not become known, what it reserved.
    pub fn settle(&mut self, id: u64, cost: Option<Cost>) -> bool {
        let Some(Reservation { need, day, model, .. }) = self.open.remove(id) else { return false };
        self.changes.push(Change::Delete(Self::open_name(id)));
        let is_estimated = cost.is_none();
        let cost = cost.unwrap_or(Cost { usd: need.usd, prompt: need.tokens, completion: 0, model: None });
        let (usd, prompt, completion) = (cost.usd.min(MOST), cost.prompt.min(MOST), cost.completion.min(MOST));
        self.charge(day, usd, (prompt + completion).min(MOST));
        let counts =
            if is_estimated { [1, 0, 0, usd, 1, prompt, usd, 0] } else { [1, prompt, completion, usd, 0, 0, 0, 0] };
        self.outbox.settled(day, cost.model.as_ref().unwrap_or(&model), counts);
        true
    }

    fn charge(&mut self, day: u32, usd: u64, tokens: u64) {
        self.total_usd = (self.total_usd + usd).min(MOST);
        let spent = self.days.place(day);
        spent.usd = (spent.usd + usd).min(MOST);
        spent.tokens = (spent.tokens + tokens).min(MOST);
        spent.requests += 1;
        spent.is_told &= spent.usd <= spent.leased;
        self.keep_day(day);
        self.keep_account();
        // Never the day that is being written: a clock that was set back must find what it had counted.
        while self.days.len() > KEPT_DAYS {
            let Some(oldest) = self.days.remove_first() else { break };
            self.changes.push(Change::Delete(Self::day_name(oldest)));
        }
    }

    /// Ends the reservations of requests that have vanished.
    pub fn expire(&mut self, terms: &Terms, now_ms: u64) {
        let is_over = |open: &Reservation| {
            let is_bound = matches!(open.stage, Stage::Bound { .. });
            !is_bound && is_due(open.due_ms(terms), terms.expires_ms, now_ms)
        };
        let over = self.open.iter().filter(|(_, open)| is_over(open));
        let over: Vec<_> = over.map(|(id, open)| (*id, open.stage == Stage::Waiting)).collect();
        for (id, is_waiting) in over {
            if terms.is_vanished_charged && !is_waiting {
                self.settle(id, None);
            } else {
                self.release(id);
            }
        }
    }

    /// The records that are to be asked for now.
    #[must_use]
    pub fn polls(&self, terms: &Terms, now_ms: u64) -> Vec<Poll> {
        let longest = terms.polls_ms.last().copied().unwrap_or(0);
        let polls = self.open.iter().filter_map(|(id, open)| match &open.stage {
            Stage::Bound { generation, key, .. } if is_due(open.due_ms(terms), longest, now_ms) => {
                Some(Poll { id: *id, generation: generation.clone(), key: *key })
            }
            _ => None,
        });
        polls.collect()
    }

    /// A record was not there yet. After the last time that it was asked for, the reservation is charged as it is.
    pub fn missed(&mut self, terms: &Terms, id: u64) {
        let Some(Reservation { stage: Stage::Bound { polls, .. }, .. }) = self.open.get_mut(id) else { return };
        *polls += 1;
        if *polls as usize >= terms.polls_ms.len() {
            self.settle(id, None);
        } else {
            self.keep_open(id);
        }
    }

    /// When something is to be done next, in milliseconds since 1970.
    #[must_use]
    pub fn next_ms(&self, terms: &Terms, now_ms: u64) -> Option<u64> {
        let due = self.open.values().map(|open| open.due_ms(terms)).min();
        let lease = self.days.iter().filter_map(|(day, spent)| {
            let idle_ms = terms.lease_idle_ms?;
            if !spent.is_told && spent.leased + spent.usd > 0 {
                // The site could not be told: not at once again.
                Some(now_ms + idle_ms)
            } else if self.held_since(*day, *day).0 > 0 || spent.leased <= spent.usd {
                None
            } else if *day == day_of(now_ms) {
                Some(self.last_request_ms + idle_ms)
            } else {
                Some(now_ms)
            }
        });
        due.into_iter().chain(lease).chain(self.outbox.next_ms(now_ms)).min()
    }

    // ---- the site's part

    /// The day that a reservation is charged to, while it waits for the site.
    #[must_use]
    pub fn waits_on(&self, id: u64) -> Option<u32> {
        self.open.get(id).filter(|open| open.stage == Stage::Waiting).map(|open| open.day)
    }

    /// Whether a reservation has the site's part of its money; from then on it counts as sent.
    pub fn confirm(&mut self, terms: &Terms, id: u64, now_ms: u64) -> bool {
        let Some(open) = self.open.get(id) else { return false };
        if open.stage != Stage::Waiting {
            return true;
        }
        let (day, need) = (open.day, open.need.usd);
        let spent = self.days.get(day).cloned().unwrap_or_default();
        if spent.usd.saturating_add(self.sent_on(day)).saturating_add(need) > spent.leased {
            return false;
        }
        if let Some(open) = self.open.get_mut(id) {
            open.stage = Stage::Sent { expires_ms: now_ms + terms.expires_ms };
        }
        self.keep_open(id);
        true
    }

    /// Takes a reservation back that the site has no money for, as if it had never been made. `resets_ms` is when the
    /// site's cap begins anew.
    pub fn cancel(&mut self, id: u64, resets_ms: u64, now_ms: u64) -> Denied {
        let mut need = 0;
        if let Some(open) = self.open.remove(id) {
            need = open.need.usd;
            self.window.remove(open.at_ms);
            self.keep_account();
        }
        let retry_ms = Some(resets_ms.saturating_sub(now_ms));
        Denied { limit: Limit::Site, most: 0, used: 0, held: 0, need, retry_ms, resets_ms }
    }

    /// What to ask the site for, so that the reservations that wait on a day can be confirmed, and `more` besides.
    pub fn ask(&mut self, day: u32, more: u64) -> Ask {
        let waiting = self.open.values().filter(|open| open.day == day && open.stage == Stage::Waiting);
        let (mut least, mut sum) = (u64::MAX, 0u64);
        for open in waiting {
            least = least.min(open.need.usd);
            sum = sum.saturating_add(open.need.usd);
        }
        let base = self.spent_since(day, day).0 + self.sent_on(day);
        // What is wanted beyond the requests at hand is not wanted on top of a lease that is larger already.
        let most = base.saturating_add(sum.max(more)).min(MOST);
        self.asked(day, if sum == 0 { base } else { base.saturating_add(least) }, most, false)
    }

    /// Lowers leases that lie idle, and tells what the site does not know yet: what the site is to be told.
    pub fn give_back(&mut self, terms: &Terms, now_ms: u64) -> Vec<Ask> {
        let Some(idle_ms) = terms.lease_idle_ms else { return Vec::new() };
        let is_idle = is_due(self.last_request_ms + idle_ms, idle_ms, now_ms);
        let mut asks = Vec::new();
        for day in self.days.iter().map(|(day, _)| *day).collect::<Vec<_>>() {
            let held = self.held_since(day, day).0;
            let Some(spent) = self.days.get_mut(day) else { continue };
            let is_spare = held == 0 && spent.leased > spent.usd && (is_idle || day != day_of(now_ms));
            if is_spare {
                spent.leased = spent.usd;
                spent.is_told = false;
            }
            if !spent.is_told && spent.leased + spent.usd > 0 {
                let fact = spent.leased.max(spent.usd.saturating_add(held));
                asks.push(self.asked(day, fact, fact, true));
            }
        }
        asks
    }

    /// The site's answer to an ask. Asks are made one after the other; without an answer, the next one heals what the
    /// site may have noted.
    pub fn leased(&mut self, ask: &Ask, nano: u64) {
        let spent = self.days.place(ask.day);
        spent.leased = nano;
        spent.is_told = spent.usd <= nano;
        self.keep_day(ask.day);
    }

    fn asked(&mut self, day: u32, least: u64, most: u64, is_fact: bool) -> Ask {
        self.sequence += 1;
        self.days.place(day).is_told = false;
        self.keep_account();
        self.keep_day(day);
        Ask { day, least, most, sequence: self.sequence, is_fact }
    }

    // ---- sums

    fn spent_since(&self, first: u32, last: u32) -> (u64, u64) {
        let spent = self.days.iter().filter(|(day, _)| (first..=last).contains(day));
        spent.fold((0, 0), |(usd, tokens), (_, spent)| (usd + spent.usd, tokens + spent.tokens))
    }

    fn held_since(&self, first: u32, last: u32) -> (u64, u64) {
        let held = self.open.values().filter(|open| (first..=last).contains(&open.day));
        held.fold((0, 0), |(usd, tokens), open| (usd + open.need.usd, tokens + open.need.tokens))
    }

    /// What requests hold that were let through.
    fn sent_on(&self, day: u32) -> u64 {
        self.open
            .values()
            .filter(|open| open.day == day && open.stage != Stage::Waiting)
            .map(|open| open.need.usd)
            .sum()
    }

    fn spent_in_month(&self, day: u32) -> (u64, u64) {
        let (first, next) = month_of(day);
        self.spent_since(first, next - 1)
    }

    fn held_in_month(&self, day: u32) -> (u64, u64) {
        let (first, next) = month_of(day);
        self.held_since(first, next - 1)
    }

    // ---- what the user is told

    /// `GET /usage`: the user's own numbers.
    #[must_use]
    pub fn usage_json(&mut self, plan: &Plan, plan_name: Option<&str>, now_ms: u64) -> String {
        let day = day_of(now_ms);
        let (day_spent, day_held) = (self.spent_since(day, day), self.held_since(day, day));
        let (month_spent, month_held) = (self.spent_in_month(day), self.held_in_month(day));
        let streams = self.open.values().filter(|open| open.need.is_stream && !open.has_ended).count();
        let requests = self.left(plan, now_ms);
        let amount = |limit: Option<u64>, (used, reserved): (u64, u64), resets: u32, write: &dyn Fn(u64) -> String| {
            let left = limit.map(|limit| write(limit.saturating_sub(used).saturating_sub(reserved)));
            fill(
                r#"{"limit":%,"used":%,"reserved":%,"remaining":%,"resets_at":"%T00:00:00Z"}"#,
                &[
                    &limit.map_or_else(null, write),
                    &write(used),
                    &write(reserved),
                    &left.unwrap_or_else(null),
                    &date(resets),
                ],
            )
        };
        fill(
            r#"{"data":{"plan":%,"requests":%,"streams":{"limit":%,"open":%},"open_requests":%,"tokens_today":%,"usd_today":%,"usd_this_month":%,"usd_in_all":%}}"#,
            &[
                &plan_name.map_or_else(null, |name| fill("\"%\"", &[name])),
                &requests.map_or_else(null, |left| {
                    let [limit, remaining, reset] = [left.most, left.left, left.resets_ms.div_ceil(1000)].map(decimal);
                    fill(r#"{"limit":%,"remaining":%,"reset_seconds":%}"#, &[&limit, &remaining, &reset])
                }),
                &plan.streams.map_or_else(null, decimal),
                &decimal(streams as u64),
                &decimal(self.open.len() as u64),
                &amount(plan.tokens_per_day, (day_spent.1, day_held.1), day + 1, &decimal),
                &amount(plan.usd_per_day, (day_spent.0, day_held.0), day + 1, &usd),
                &amount(plan.usd_per_month, (month_spent.0, month_held.0), month_of(day).1, &usd),
                &usd(self.total_usd),
            ],
        )
    }

    /// `GET /key` in OpenRouter's shape, with the user's own budget for the key's: nothing of the account that pays.
    #[must_use]
    pub fn key_json(&self, plan: &Plan, plan_name: Option<&str>, now_ms: u64) -> String {
        let day = day_of(now_ms);
        let (today, month) = (self.spent_since(day, day).0, self.spent_in_month(day).0);
        let left = |limit: Option<u64>, used: u64, held: u64| {
            limit.map(|limit| (limit.saturating_sub(used).saturating_sub(held), limit))
        };
        let by_day = left(plan.usd_per_day, today, self.held_since(day, day).0).map(|left| (left, "\"daily\""));
        let by_month = left(plan.usd_per_month, month, self.held_in_month(day).0).map(|left| (left, "\"monthly\""));
        // The one that ends first.
        let nearest = by_day.into_iter().chain(by_month).min();
        let (remaining, limit, reset) = nearest.map_or_else(
            || (null(), null(), "null"),
            |((remaining, limit), reset)| (usd(remaining), usd(limit), reset),
        );
        fill(
            r#"{"data":{"label":"%","limit":%,"limit_remaining":%,"limit_reset":%,"include_byok_in_limit":false,"usage":%,"usage_daily":%,"usage_weekly":%,"usage_monthly":%,"byok_usage":0,"byok_usage_daily":0,"byok_usage_weekly":0,"byok_usage_monthly":0,"is_free_tier":false,"is_management_key":false,"is_provisioning_key":false,"creator_user_id":null,"expires_at":null,"rate_limit":{"requests":%,"interval":"%s","note":"deprecated"}}}"#,
            &[
                plan_name.unwrap_or("proxy"),
                &limit,
                &remaining,
                reset,
                &usd(self.total_usd),
                &usd(today),
                &usd(self.spent_since(week_of(day), day).0),
                &usd(month),
                &plan.requests.map_or_else(|| "-1".to_owned(), |rate| decimal(rate.requests)),
                &decimal(plan.requests.map_or(10, |rate| rate.window_ms / 1000)),
            ],
        )
    }

    // ---- as it is kept

    fn open_name(id: u64) -> String {
        fill("open/%", &[&decimal(id)])
    }

    fn day_name(day: u32) -> String {
        fill("day/%", &[&decimal(u64::from(day))])
    }

    fn keep_account(&mut self) {
        let numbers = line(&[self.next_id, self.total_usd, self.sequence, self.last_request_ms]);
        let text = concat(&[&numbers, "/", &self.window.to_text()]);
        self.changes.push(Change::Put(ACCOUNT.to_owned(), text));
    }

    fn read(&mut self, text: &str) -> Option<()> {
        let (numbers_text, window) = text.split_once('/')?;
        let [next_id, total_usd, sequence, last_request_ms] = numbers(numbers_text)?[..] else { return None };
        let window = Window::parse(window)?;
        *self = Self { next_id, total_usd, sequence, last_request_ms, window, ..std::mem::take(self) };
        Some(())
    }

    fn keep_day(&mut self, day: u32) {
        let text = self.days.place(day).to_text();
        self.changes.push(Change::Put(Self::day_name(day), text));
    }

    fn keep_open(&mut self, id: u64) {
        if let Some(open) = self.open.get(id).filter(|open| open.stage != Stage::Waiting) {
            let (name, text) = (Self::open_name(id), open.to_text());
            match self.changes.last_mut() {
                Some(Change::Put(last, kept)) if *last == name => *kept = text,
                _ => self.changes.push(Change::Put(name, text)),
            }
        }
    }
}

fn null() -> String {
    "null".to_owned()
}

/// Whether a time has come, that was set to be `within_ms` away at most: one that is further away was set by a clock
/// that was wrong.
fn is_due(due_ms: u64, within_ms: u64, now_ms: u64) -> bool {
    due_ms <= now_ms || due_ms > now_ms + within_ms
}

impl Reservation {
    /// When it expires, or its record is to be asked for.
    fn due_ms(&self, terms: &Terms) -> u64 {
        match &self.stage {
            // Who waited for the site is gone.
            Stage::Waiting => self.at_ms + terms.expires_ms,
            Stage::Sent { expires_ms } => *expires_ms,
            Stage::Bound { polls, since_ms, .. } => {
                since_ms + terms.polls_ms.get(*polls as usize).or(terms.polls_ms.last()).copied().unwrap_or(0)
            }
        }
    }

    /// Numbers; the generation's name stands after them, and the model's after that.
    fn to_text(&self) -> String {
        let Need { usd, tokens, is_stream } = self.need;
        let common = [usd, tokens, u64::from(is_stream), u64::from(self.day), self.at_ms, u64::from(self.has_ended)];
        let (numbers, generation) = match &self.stage {
            Stage::Waiting => (vec![], ""),
            Stage::Sent { expires_ms } => (vec![*expires_ms], ""),
            Stage::Bound { generation, key, polls, since_ms } => {
                (vec![u64::from(*key), u64::from(*polls), *since_ms], generation.as_str())
            }
        };
        [&line(&[&common[..], &numbers].concat()), "/", generation, " ", &self.model].concat()
    }

    fn parse(text: &str) -> Option<Self> {
        let (numbers_text, names) = text.split_once('/')?;
        let (generation, model) = names.split_once(' ').unwrap_or((names, ""));
        let numbers = numbers(numbers_text)?;
        let [usd, tokens, is_stream, day, at_ms, has_ended, ref stage @ ..] = numbers[..] else { return None };
        let stage = match *stage {
            [expires_ms] if generation.is_empty() => Stage::Sent { expires_ms },
            [key, polls, since_ms] if !generation.is_empty() => Stage::Bound {
                generation: generation.to_owned(),
                key: u32::try_from(key).ok()?,
                polls: u32::try_from(polls).ok()?,
                since_ms,
            },
            _ => return None,
        };
        let need = Need { usd, tokens, is_stream: is_stream == 1 };
        let (day, model) = (u32::try_from(day).ok()?, model.to_owned());
        Some(Self { need, day, at_ms, has_ended: has_ended == 1, model, stage })
    }
}

impl Spent {
    fn to_text(&self) -> String {
        line(&[self.usd, self.tokens, self.requests, self.leased, u64::from(self.is_told)])
    }

    fn parse(text: &str) -> Option<Self> {
        let [usd, tokens, requests, leased, is_told] = numbers(text)?[..] else { return None };
        Some(Self { usd, tokens, requests, leased, is_told: is_told == 1 })
    }
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
