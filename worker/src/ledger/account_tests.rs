use std::collections::BTreeMap;

use proptest::{collection::vec, option, prelude::*};

use super::{
    super::{
        plan::{Plan, Rate},
        treasury::{Caps, Holding, Treasury},
    },
    *,
};

/// 21 November 2026, noon.
const NOON: u64 = 20_778 * 86_400_000 + 43_200_000;
const HOUR: u64 = 3_600_000;

fn terms() -> Terms {
    Terms { polls_ms: vec![2000, 5000, 15_000], expires_ms: 300_000, is_vanished_charged: true, lease_idle_ms: None }
}

fn capped() -> Terms {
    Terms { lease_idle_ms: Some(60_000), ..terms() }
}

#[expect(clippy::unnecessary_wraps, reason = "as it is settled")]
fn cost(usd: u64, tokens: u64) -> Option<Cost> {
    Some(Cost { usd, prompt: tokens, ..Cost::default() })
}

fn need(usd: u64, tokens: u64) -> Need {
    Need { usd, tokens, is_stream: true }
}

/// What a storage would hold.
#[derive(Default)]
struct Store {
    records: BTreeMap<String, String>,
    owned: Vec<String>,
}

impl Store {
    fn keep(&mut self, account: &mut Account) {
        for change in account.take_changes() {
            match change {
                Change::Put(name, text) => drop(self.records.insert(name, text)),
                Change::Delete(name) => drop(self.records.remove(&name)),
                Change::Owns(generation, _) => self.owned.push(generation),
            }
        }
    }

    fn load(&self) -> Account {
        Account::load(self.records.clone().into_iter()).unwrap()
    }
}

fn fresh() -> Account {
    Account::load(std::iter::empty()).unwrap()
}

fn limit(result: Result<Granted, Denied>) -> Option<Limit> {
    result.err().map(|denied| denied.limit)
}

#[test]
fn a_budget_for_twenty_lets_twenty_through() {
    let plan = Plan { usd_per_day: Some(20), ..Plan::default() };
    let mut account = fresh();
    let results: Vec<_> = (0..200).map(|_| account.reserve(&plan, &terms(), need(1, 1), NOON)).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 20);
    assert!(results[20..].iter().all(|result| limit(*result) == Some(Limit::UsdPerDay)));
}

#[test]
fn each_limit_is_told_by_its_name_with_when_it_ends() {
    let account = |plan: &Plan, requests: &[Need]| {
        let mut account = fresh();
        let mut last = None;
        for request in requests {
            last = account.reserve(plan, &terms(), *request, NOON).err();
        }
        last.unwrap()
    };
    let rate = Rate { requests: 1, window_ms: 60_000 };
    let plan = Plan { requests: Some(rate), ..Plan::default() };
    let denied = account(&plan, &[need(1, 1); 2]);
    assert_eq!((denied.limit, denied.most, denied.used, denied.retry_ms), (Limit::Requests, 1, 1, Some(61_000)));

    let plan = Plan { streams: Some(1), ..Plan::default() };
    let denied = account(&plan, &[need(1, 1); 2]);
    assert_eq!((denied.limit, denied.held, denied.retry_ms), (Limit::Streams, 1, Some(300_000)));

    let plan = Plan { tokens_per_day: Some(10), ..Plan::default() };
    let denied = account(&plan, &[need(1, 6); 2]);
    assert_eq!(
        (denied.limit, denied.held, denied.retry_ms),
        (Limit::TokensPerDay, 6, Some(300_000)),
        "held, not used up"
    );

    let plan = Plan { usd_per_day: Some(10), ..Plan::default() };
    let denied = account(&plan, &[need(11, 1)]);
    assert_eq!((denied.limit, denied.retry_ms), (Limit::UsdPerDay, None), "it never fits");

    let plan = Plan { usd_per_month: Some(10), usd_per_day: Some(100), ..Plan::default() };
    let mut account = fresh();
    let id = account.reserve(&plan, &terms(), need(6, 1), NOON).unwrap().id;
    account.settle(id, cost(6, 1));
    let denied = account.reserve(&plan, &terms(), need(6, 1), NOON).unwrap_err();
    assert_eq!((denied.limit, denied.used, denied.resets_ms), (Limit::UsdPerMonth, 6, start_of(20_788)));
    assert_eq!(denied.retry_ms, Some(start_of(20_788) - NOON));
    assert!(account.reserve(&plan, &terms(), need(6, 1), start_of(20_788)).is_ok(), "another month");
}

#[test]
fn a_refusal_changes_nothing() {
    let plan = Plan { requests: Some(Rate { requests: 9, window_ms: 1000 }), usd_per_day: Some(1), ..Plan::default() };
    let mut account = fresh();
    account.reserve(&plan, &terms(), need(1, 1), NOON).unwrap();
    account.take_changes();
    let before = account.clone();
    account.reserve(&plan, &terms(), need(1, 1), NOON).unwrap_err();
    assert_eq!(account, before);
}

#[test]
fn what_costs_nothing_passes_a_budget_that_is_used_up() {
    let plan = Plan { usd_per_day: Some(1), ..Plan::default() };
    let mut account = fresh();
    account.reserve(&plan, &terms(), need(1, 1), NOON).unwrap();
    assert!(account.reserve(&plan, &terms(), need(0, 1), NOON).is_ok());
}

#[test]
fn the_true_cost_takes_the_place_of_what_was_reserved() {
    let plan = Plan { usd_per_day: Some(10), ..Plan::default() };
    let mut account = fresh();
    let id = account.reserve(&plan, &terms(), need(10, 10), NOON).unwrap().id;
    assert!(account.settle(id, cost(3, 4)));
    assert!(!account.settle(id, cost(3, 4)), "once");
    assert_eq!(account.spent_since(20_778, 20_778), (3, 4));
    let id = account.reserve(&plan, &terms(), need(7, 1), NOON).unwrap().id;
    assert!(account.release(id));
    assert_eq!((account.total_usd, account.held_since(20_778, 20_778)), (3, (0, 0)));
}

#[test]
fn a_cost_counts_on_the_day_of_its_request() {
    let plan = Plan { usd_per_day: Some(10), ..Plan::default() };
    let mut account = fresh();
    let evening = start_of(20_779) - 1;
    let id = account.reserve(&plan, &terms(), need(10, 1), evening).unwrap().id;
    assert!(account.reserve(&plan, &terms(), need(10, 1), start_of(20_779)).is_ok(), "the next day has its own budget");
    account.settle(id, cost(9, 1));
    assert_eq!(account.spent_since(20_778, 20_778).0, 9);
    assert_eq!(account.spent_since(20_779, 20_779).0, 0);
}

#[test]
fn a_record_is_asked_for_again_and_again_and_then_given_up() {
    let mut account = fresh();
    let id = account.reserve(&Plan::default(), &terms(), need(10, 20), NOON).unwrap().id;
    assert_eq!(account.polls(&terms(), NOON + 250_000), [], "nothing is known yet");
    assert!(account.bind(id, "gen-1", 2, NOON));
    assert!(!account.bind(id, "gen-2", 2, NOON), "once");
    for (at, polls) in [(1999, 0), (2000, 1)] {
        assert_eq!(account.polls(&terms(), NOON + at).len(), polls);
    }
    assert_eq!(account.polls(&terms(), NOON + 2000), [Poll { id, generation: "gen-1".to_owned(), key: 2 }]);
    assert_eq!(account.next_ms(&terms(), NOON), Some(NOON + 2000));
    account.missed(&terms(), id);
    assert_eq!(account.next_ms(&terms(), NOON), Some(NOON + 5000));
    account.missed(&terms(), id);
    assert_eq!((account.next_ms(&terms(), NOON), account.total_usd), (Some(NOON + 15_000), 0));
    account.missed(&terms(), id);
    assert_eq!((account.next_ms(&terms(), NOON), account.total_usd), (None, 10), "charged as it was reserved");
    account.missed(&terms(), id);
}

#[test]
fn a_stream_that_ends_frees_its_slot_and_is_asked_for_soon() {
    let plan = Plan { streams: Some(1), ..Plan::default() };
    let mut account = fresh();
    let id = account.reserve(&plan, &terms(), need(1, 1), NOON).unwrap().id;
    account.bind(id, "gen-1", 0, NOON);
    account.missed(&terms(), id);
    account.missed(&terms(), id);
    assert_eq!(limit(account.reserve(&plan, &terms(), need(1, 1), NOON)), Some(Limit::Streams));
    assert!(account.end(id, NOON + 9000));
    assert!(account.reserve(&plan, &terms(), need(1, 1), NOON + 9000).is_ok());
    assert_eq!(account.polls(&terms(), NOON + 11_000).len(), 1);
    assert!(!account.end(id, NOON + 9000), "once");
}

#[test]
fn no_foreign_text_gets_into_the_records() {
    let mut account = fresh();
    let id = account.reserve(&Plan::default(), &terms(), need(1, 1), NOON).unwrap().id;
    for name in ["", "gen 1", "gen\n1", "gené", &"x".repeat(201)] {
        assert!(!account.bind(id, name, 0, NOON), "{name}");
    }
}

#[test]
fn a_request_that_vanished_expires() {
    for (is_vanished_charged, total) in [(true, 10), (false, 0)] {
        let terms = Terms { is_vanished_charged, ..terms() };
        let plan = Plan { streams: Some(1), ..Plan::default() };
        let mut account = fresh();
        account.reserve(&plan, &terms, need(10, 1), NOON).unwrap();
        assert_eq!(account.next_ms(&terms, NOON), Some(NOON + 300_000));
        account.expire(&terms, NOON + 299_999);
        assert_eq!(limit(account.reserve(&plan, &terms, need(10, 1), NOON + 299_999)), Some(Limit::Streams));
        assert!(account.reserve(&plan, &terms, need(10, 1), NOON + 300_000).is_ok(), "nobody has to wait for an alarm");
        assert_eq!(account.total_usd, total);
    }
}

#[test]
fn a_clock_that_was_wrong_for_a_while_forgets_nothing_and_holds_nothing_for_ever() {
    let plan = Plan { usd_per_day: Some(10), ..Plan::default() };
    let mut account = fresh();
    let id = account.reserve(&plan, &terms(), need(10, 1), NOON).unwrap().id;
    account.settle(id, cost(10, 1));
    let year = 365 * 24 * HOUR;
    let (sent, bound) = (
        account.reserve(&plan, &terms(), need(4, 1), NOON + year).unwrap().id,
        account.reserve(&plan, &terms(), need(4, 1), NOON + year).unwrap().id,
    );
    account.bind(bound, "gen-1", 0, NOON + year);
    assert_eq!(
        limit(account.reserve(&plan, &terms(), need(1, 1), NOON)),
        Some(Limit::UsdPerDay),
        "today is still used up"
    );
    assert!(account.open.get(sent).is_none(), "it does not wait a year");
    assert_eq!(account.polls(&terms(), NOON).len(), 1, "and its record is asked for now");
}

#[test]
fn what_is_damaged_is_not_taken_for_an_empty_account() {
    for (name, text) in [
        ("account", ""),
        ("account", "1 2 3"),
        ("account", "1 2 3 4/5 x"),
        ("account", "1 2 3/5"),
        ("day/1", "1"),
        ("day/x", "1 1 1 1 1"),
        ("open/1", "1 1 1 1 1 1/"),
        ("open/1", "1 1 1 1 1 1 9/gen-1"),
        ("open/1", "1 1 1 1 1 1 0 0 9/"),
        ("other", ""),
    ] {
        assert!(Account::load([(name.to_owned(), text.to_owned())].into_iter()).is_none(), "{name} {text}");
    }
}

#[test]
fn the_users_own_numbers_are_told() {
    let plan = Plan {
        requests: Some(Rate { requests: 5, window_ms: 60_000 }),
        streams: Some(2),
        tokens_per_day: Some(1000),
        usd_per_day: Some(50_000_000),
        usd_per_month: Some(60_000_000),
    };
    let mut account = fresh();
    let id = account.reserve(&plan, &terms(), need(20_000_000, 100), NOON - 24 * HOUR).unwrap().id;
    account.settle(id, cost(15_000_000, 70));
    account.reserve(&plan, &terms(), need(30_000_000, 200), NOON).unwrap();
    let usage: serde_json::Value = serde_json::from_str(&account.usage_json(&plan, Some("free"), NOON)).unwrap();
    let expected = serde_json::json!({"data": {
        "plan": "free",
        "requests": {"limit": 5, "remaining": 4, "reset_seconds": 61},
        "streams": {"limit": 2, "open": 1},
        "open_requests": 1,
        "tokens_today": {"limit": 1000, "used": 0, "reserved": 200, "remaining": 800, "resets_at": "2026-11-22T00:00:00Z"},
        "usd_today": {"limit": 0.05, "used": 0, "reserved": 0.03, "remaining": 0.02, "resets_at": "2026-11-22T00:00:00Z"},
        "usd_this_month": {"limit": 0.06, "used": 0.015, "reserved": 0.03, "remaining": 0.015, "resets_at": "2026-12-01T00:00:00Z"},
        "usd_in_all": 0.015,
    }});
    assert_eq!(usage, expected);
    let key: serde_json::Value = serde_json::from_str(&account.key_json(&plan, Some("free"), NOON)).unwrap();
    let key = &key["data"];
    assert_eq!((&key["label"], &key["limit_reset"]), (&"free".into(), &"monthly".into()), "the one that ends first");
    assert_eq!((&key["limit"], &key["limit_remaining"]), (&0.06.into(), &0.015.into()));
    assert_eq!((&key["usage"], &key["usage_daily"], &key["usage_weekly"]), (&0.015.into(), &0.into(), &0.015.into()));
    let unlimited: serde_json::Value = serde_json::from_str(&account.key_json(&Plan::default(), None, NOON)).unwrap();
    assert_eq!((&unlimited["data"]["limit"], &unlimited["data"]["limit_remaining"]), (&().into(), &().into()));
    serde_json::from_str::<serde_json::Value>(&account.usage_json(&Plan::default(), None, NOON)).unwrap();
}

#[test]
fn a_lease_is_asked_for_and_idle_ones_go_back() {
    let terms = capped();
    let (mut account, mut treasury, mut held) = (fresh(), Treasury::default(), Holding::default());
    let caps = Caps { day: Some(100), month: None };
    let id = account.reserve(&Plan::default(), &terms, need(10, 1), NOON).unwrap().id;
    assert!(!account.confirm(&terms, id, NOON));
    let ask = account.ask(20_778, 30);
    assert_eq!((ask.least, ask.most), (10, 30));
    held = treasury.lease(caps, held, &ask);
    account.leased(&ask, held.nano);
    assert!(account.confirm(&terms, id, NOON));
    let second = account.reserve(&Plan::default(), &terms, need(20, 1), NOON).unwrap().id;
    assert!(account.confirm(&terms, second, NOON), "the lease is large enough for two");
    account.settle(id, cost(5, 1));
    assert_eq!(account.give_back(&terms, NOON + HOUR), [], "not while it is held");
    account.settle(second, cost(5, 1));
    assert_eq!(account.give_back(&terms, NOON + 1), [], "not while others may follow");
    assert_eq!(account.next_ms(&terms, NOON), Some(NOON + 60_000));
    let asks = account.give_back(&terms, NOON + 60_000);
    assert_eq!((asks.len(), asks[0].most, asks[0].is_fact), (1, 10, true));
    held = treasury.lease(caps, held, &asks[0]);
    account.leased(&asks[0], held.nano);
    assert_eq!((treasury.on_lease(20_778), account.give_back(&terms, NOON + 60_000)), (10, vec![]));
    assert_eq!(account.next_ms(&terms, NOON), None);
}

#[test]
fn a_lease_ends_with_its_day_and_costs_above_it_are_told() {
    let terms = capped();
    let mut account = fresh();
    let id = account.reserve(&Plan::default(), &terms, need(10, 1), NOON).unwrap().id;
    let ask = account.ask(20_778, 50);
    account.leased(&ask, 50);
    assert!(account.confirm(&terms, id, NOON));
    account.settle(id, cost(60, 1));
    let asks = account.give_back(&terms, NOON);
    assert_eq!((asks[0].most, asks[0].is_fact), (60, true), "more than was reserved: the site must know");
    account.leased(&asks[0], 60);
    let id = account.reserve(&Plan::default(), &terms, need(10, 1), NOON).unwrap().id;
    let ask = account.ask(20_778, 50);
    account.leased(&ask, 110);
    assert!(account.confirm(&terms, id, NOON));
    account.settle(id, cost(0, 1));
    assert_eq!(account.give_back(&terms, start_of(20_779))[0].most, 60, "at once when the day is over");
}

#[test]
fn an_answer_of_the_site_that_was_lost_leaves_nothing_on_lease() {
    let terms = capped();
    let caps = Caps { day: Some(100), month: None };
    let (mut account, mut treasury, mut held) = (fresh(), Treasury::default(), Holding::default());
    for is_lost in [false, true] {
        let id = account.reserve(&Plan::default(), &terms, need(10, 1), NOON).unwrap().id;
        let ask = account.ask(20_778, 0);
        held = treasury.lease(caps, held, &ask);
        if is_lost {
            account.cancel(id, 0, NOON);
        } else {
            account.leased(&ask, held.nano);
            assert!(account.confirm(&terms, id, NOON));
            account.settle(id, cost(10, 1));
        }
    }
    assert_eq!(treasury.on_lease(20_778), 20);
    assert_eq!(account.next_ms(&terms, NOON), Some(NOON + 60_000));
    let asks = account.give_back(&terms, NOON + 60_000);
    treasury.lease(caps, held, &asks[0]);
    assert_eq!(treasury.on_lease(20_778), 10);
}

#[test]
fn a_reservation_that_the_site_has_no_money_for_leaves_no_trace() {
    let terms = capped();
    let plan = Plan { requests: Some(Rate { requests: 1, window_ms: 60_000 }), ..Plan::default() };
    let (mut account, mut store) = (fresh(), Store::default());
    let id = account.reserve(&plan, &terms, need(10, 1), NOON).unwrap().id;
    store.keep(&mut account);
    assert!(store.load().open.len() == 0, "nothing was sent before the site has answered");
    let denied = account.cancel(id, start_of(20_779), NOON);
    assert_eq!((denied.limit, denied.need, denied.retry_ms), (Limit::Site, 10, Some(12 * HOUR)));
    assert!(account.open.len() == 0 && account.reserve(&plan, &terms, need(10, 1), NOON).is_ok());
}

#[test]
fn who_waited_for_the_site_and_is_gone_costs_nothing() {
    let terms = capped();
    let mut account = fresh();
    let id = account.reserve(&Plan::default(), &terms, need(10, 1), NOON).unwrap().id;
    account.expire(&terms, NOON + 300_000);
    assert!(account.open.len() == 0 && account.total_usd == 0 && !account.confirm(&terms, id, NOON));
}

#[derive(Debug, Clone)]
enum Step {
    Reserve { usd: u64, tokens: u64, is_stream: bool },
    Bind(usize),
    Release(usize),
    End(usize),
    Settle(usize, u64),
    Miss(usize),
    Pass(u64),
    Back(u64),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = 0usize..12;
    let step = prop_oneof![
        6 => (0u64..40, 0u64..40, any::<bool>()).prop_map(|(usd, tokens, is_stream)| Step::Reserve { usd, tokens, is_stream }),
        4 => which.clone().prop_map(Step::Bind),
        1 => which.clone().prop_map(Step::Release),
        1 => which.clone().prop_map(Step::End),
        3 => (which.clone(), 0u64..50).prop_map(|(which, usd)| Step::Settle(which, usd)),
        2 => which.prop_map(Step::Miss),
        2 => (0u64..400_000).prop_map(Step::Pass),
        1 => (0u64..90_000_000).prop_map(Step::Pass),
        1 => (0u64..90_000_000).prop_map(Step::Back),
        2 => Just(Step::Restart),
    ];
    vec(step, 1..120)
}

/// What a bookkeeper would write down who sees every step.
#[derive(Default)]
struct Book {
    open: BTreeMap<u64, (u32, Need)>,
    charged: BTreeMap<u32, (u64, u64)>,
}

impl Book {
    fn charge(&mut self, id: u64, cost: Option<(u64, u64)>) {
        if let Some((day, need)) = self.open.remove(&id) {
            let (usd, tokens) = cost.unwrap_or((need.usd, need.tokens));
            let charged = self.charged.entry(day).or_default();
            *charged = (charged.0 + usd, charged.1 + tokens);
        }
    }

    fn used(&self, is_inside: impl Fn(u32) -> bool) -> (u64, u64) {
        let charged = self.charged.iter().filter(|(day, _)| is_inside(**day)).map(|(_, charged)| *charged);
        let open = self.open.values().filter(|(day, _)| is_inside(*day)).map(|(_, need)| (need.usd, need.tokens));
        charged.chain(open).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Over any sequence of what may happen, restarts and wrong clocks included: nothing is granted above a limit, and
    /// nothing is lost or counted twice.
    #[test]
    fn the_account_is_what_a_bookkeeper_would_write_down(
        limits in (option::of(1u64..300), option::of(1u64..900), option::of(1u64..300), option::of(1u64..6)),
        is_vanished_charged in any::<bool>(),
        steps in steps(),
    ) {
        let (usd_per_day, usd_per_month, tokens_per_day, streams) = limits;
        let plan = Plan { requests: None, streams, tokens_per_day, usd_per_day, usd_per_month };
        let terms = Terms { is_vanished_charged, ..terms() };
        let (mut account, mut store, mut book, mut now) = (fresh(), Store::default(), Book::default(), NOON);
        let mut ids = Vec::new();
        for step in steps {
            let pick = |which: usize| ids.len().checked_sub(which + 1).map_or(0, |index| ids[index]);
            match step {
                Step::Reserve { usd, tokens, is_stream } => {
                    account.expire(&terms, now);
                    let gone: Vec<u64> = book.open.keys().filter(|id| account.open.get(**id).is_none()).copied().collect();
                    for id in gone {
                        if is_vanished_charged { book.charge(id, None) } else { book.open.remove(&id); }
                    }
                    let need = Need { usd, tokens, is_stream };
                    let day = day_of(now);
                    if let Ok(Granted { id, .. }) = account.reserve(&plan, &terms, need, now) {
                        prop_assert!(!ids.contains(&id), "a number is given once");
                        ids.push(id);
                        book.open.insert(id, (day, need));
                        let (first, next) = month_of(day);
                        let (today, month) = (book.used(|other| other == day), book.used(|other| (first..next).contains(&other)));
                        prop_assert!(usd == 0 || today.0 <= usd_per_day.unwrap_or(u64::MAX));
                        prop_assert!(usd == 0 || month.0 <= usd_per_month.unwrap_or(u64::MAX));
                        prop_assert!(tokens == 0 || today.1 <= tokens_per_day.unwrap_or(u64::MAX));
                        let open = account.open.values().filter(|open| open.need.is_stream && !open.has_ended).count();
                        prop_assert!(!is_stream || open as u64 <= streams.unwrap_or(u64::MAX));
                    } else {
                        let (first, next) = month_of(day);
                        let (today, month) = (book.used(|other| other == day), book.used(|other| (first..next).contains(&other)));
                        let is_above = usd_per_day.is_some_and(|most| today.0 + usd > most)
                            || usd_per_month.is_some_and(|most| month.0 + usd > most)
                            || tokens_per_day.is_some_and(|most| today.1 + tokens > most);
                        prop_assert!(is_above || is_stream && streams.is_some(), "refused for nothing");
                    }
                }
                Step::Bind(which) => drop(account.bind(pick(which), &format!("gen-{}", pick(which)), 0, now)),
                Step::Release(which) => {
                    prop_assert_eq!(account.release(pick(which)), book.open.remove(&pick(which)).is_some());
                }
                Step::End(which) => drop(account.end(pick(which), now)),
                Step::Settle(which, usd) => {
                    prop_assert_eq!(account.settle(pick(which), cost(usd, 1)), book.open.contains_key(&pick(which)));
                    book.charge(pick(which), Some((usd, 1)));
                }
                Step::Miss(which) => {
                    account.missed(&terms, pick(which));
                    if account.open.get(pick(which)).is_none() { book.charge(pick(which), None) }
                }
                Step::Pass(ms) => now += ms,
                Step::Back(ms) => now -= ms,
                Step::Restart => account = store.load(),
            }
            store.keep(&mut account);
            let open: BTreeMap<_, _> = account.open.iter().map(|(id, open)| (*id, (open.day, open.need))).collect();
            if !matches!(step, Step::Reserve { .. }) {
                prop_assert_eq!(&open, &book.open);
            }
            prop_assert_eq!(account.total_usd, book.charged.values().map(|charged| charged.0).sum::<u64>());
            for (day, charged) in &book.charged {
                prop_assert_eq!(account.spent_since(*day, *day), *charged);
            }
            let loaded = store.load();
            prop_assert_eq!((&loaded.open, &loaded.days, loaded.next_id), (&account.open, &account.days, account.next_id));
        }
    }

    /// Users that come and go, asks that are lost on the way there or back, restarts: what users have spent and reserved
    /// is covered by what the site has noted, and that never passes its cap.
    #[test]
    fn users_together_stay_below_the_cap_of_the_site(
        cap in 50u64..400,
        lease in 0u64..60,
        steps in vec((0usize..4, 0u8..7, 1u64..40, 0u8..4), 1..150),
    ) {
        let terms = capped();
        let caps = Caps { day: Some(cap), month: Some(cap * 2) };
        let mut treasury = Treasury::default();
        let mut users: Vec<_> = (0..4).map(|_| (fresh(), Store::default(), BTreeMap::<u32, Holding>::new())).collect();
        let mut now = NOON;
        for (user, what, usd, fate) in steps {
            let (account, store, held) = &mut users[user];
            // 1: lost on the way there; 2: lost on the way back.
            let mut send = |account: &mut Account, ask: &Ask| {
                if fate == 1 { return }
                let place = held.entry(ask.day).or_default();
                *place = treasury.lease(caps, *place, ask);
                if fate != 2 { account.leased(ask, place.nano) }
            };
            match what {
                0..=2 => {
                    let granted = account.reserve(&Plan::default(), &terms, need(usd, 1), now).unwrap();
                    if !account.confirm(&terms, granted.id, now) {
                        let ask = account.ask(day_of(now), lease);
                        store.keep(account);
                        send(account, &ask);
                        if !account.confirm(&terms, granted.id, now) {
                            account.cancel(granted.id, 0, now);
                        }
                    }
                }
                3 => {
                    let first = account.open.iter().next().map(|(id, _)| *id);
                    if let Some(id) = first {
                        // Never more than was reserved: that is what admission sees to.
                        let most = account.open.get(id).unwrap().need.usd;
                        account.settle(id, cost(usd.min(most), 1));
                    }
                }
                4 => {
                    for ask in account.give_back(&terms, now) {
                        store.keep(account);
                        send(account, &ask);
                    }
                }
                5 => now += usd * 2_000_000,
                _ => *account = store.load(),
            }
            store.keep(account);
            for (account, _, held) in &users {
                for (day, spent) in account.days.iter() {
                    let noted = held.get(day).map_or(0, |held| held.nano);
                    prop_assert!(spent.usd + account.sent_on(*day) <= spent.leased, "covered by the lease");
                    prop_assert!(spent.leased <= noted, "which the site knows of");
                }
            }
            let days: std::collections::BTreeSet<u32> = users.iter().flat_map(|(_, _, held)| held.keys().copied()).collect();
            for day in days {
                let noted: u64 = users.iter().filter_map(|(_, _, held)| held.get(&day)).map(|held| held.nano).sum();
                prop_assert!(noted <= cap && treasury.on_lease(day) == noted);
            }
        }
    }
}
