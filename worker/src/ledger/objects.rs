//! The Durable Objects: one `Ledger` for each user, one `Site` for all. They answer from memory, and write before they
//! answer. All that is decided is decided before anything is awaited, so that requests at once are one after the other.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{Error, Promise, Reflect};
use openrouter_wasm::json::{concat, decimal};
use wasm_bindgen::prelude::*;
use web_sys::{Request, RequestInit, Response};

use super::{
    SITE,
    account::{Account, Change, Cost, Denied, Need, Poll, Terms},
    money::day_of,
    numbers,
    outbox::Message,
    plan::Plan,
    remote::{Namespace, REPLY, Stub, binding, path, url, variable},
    reply_text,
    treasury::{Ask, Holding, Treasury},
};
use crate::{
    config::Config,
    http::{Headers, Outgoing, fetch_text, header, now_ms, respond, text_of},
    platform::{Env, Result, Rows, Sql, State, log_error},
    stats::{self, ANALYTICS, STATS},
    task::{JsFuture, Resolvers, promise, resolvers},
    text::{fill, padded, whole},
};

/// How long a record or a lease may take to come.
const PATIENCE_MS: u32 = 10_000;

/// How long generations are known to be a user's own.
const KEPT_MS: u64 = 30 * super::money::DAY_MS;

/// How many records are asked for at once: what the platform connects at once.
const POLLS_AT_ONCE: usize = 6;

/// What went wrong in an object. Its words stay in the log.
pub(crate) fn failure(what: &str) -> JsValue {
    Error::new(what).into()
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970")]
fn number(ms: u64) -> JsValue {
    JsValue::from_f64(ms as f64)
}

/// Records by name.
struct Records {
    sql: Sql,
}

impl Records {
    fn open(state: &State) -> Result<Self> {
        let records = Self { sql: state.storage().sql() };
        for table in [
            "CREATE TABLE IF NOT EXISTS record (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS generation (id TEXT PRIMARY KEY, seen_ms INTEGER NOT NULL) WITHOUT ROWID",
        ] {
            records.exec(table, &[])?;
        }
        Ok(records)
    }

    fn exec(&self, query: &str, values: &[JsValue]) -> Result<Rows> {
        self.sql.exec(query, &values.iter().collect())
    }

    /// All whose names begin so.
    fn read(&self, from: &str, below: &str) -> Result<Vec<(String, String)>> {
        let query = "SELECT name, value FROM record WHERE name >= ? AND name < ?";
        let rows = self.exec(query, &[from.into(), below.into()])?;
        let mut records = Vec::new();
        for row in rows.to_array()?.iter() {
            let column = |name: &str| Reflect::get(&row, &name.into()).ok()?.as_string();
            let record = column("name").zip(column("value"));
            records.push(record.ok_or_else(|| failure("a record is no text"))?);
        }
        Ok(records)
    }

    fn put(&self, name: &str, value: &str) -> Result<()> {
        let query = "INSERT INTO record VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.exec(query, &[name.into(), value.into()]).map(drop)
    }

    fn keep(&self, change: &Change) -> Result<()> {
        match change {
            Change::Put(name, value) => self.put(name, value),
            Change::Delete(name) => self.exec("DELETE FROM record WHERE name = ?", &[name.into()]).map(drop),
            Change::Owns(id, seen_ms) => {
                let query = "INSERT OR REPLACE INTO generation VALUES (?, ?)";
                self.exec(query, &[id.into(), number(*seen_ms)]).map(drop)
            }
        }
    }

    fn owns(&self, generation: &str) -> Result<bool> {
        let rows = self.exec("SELECT 1 FROM generation WHERE id = ?", &[generation.into()])?;
        Ok(rows.to_array()?.length() > 0)
    }

    fn forget_generations(&self, before_ms: u64) -> Result<()> {
        self.exec("DELETE FROM generation WHERE seen_ms < ?", &[number(before_ms)]).map(drop)
    }
}

/// An answer that is one line.
pub(crate) fn reply(line: &str) -> Result<Response> {
    let mut headers = Headers::default();
    headers.set(REPLY, line);
    respond(200, &headers, None)
}

pub(crate) fn decoded(word: &str) -> Result<String> {
    Ok(String::from(js_sys::decode_uri_component(word)?))
}

/// An ask of the site that is on its way.
#[derive(Clone)]
struct Round {
    number: u64,
    began_ms: u64,
    ended: Resolvers,
}

/// One user's ledger, as JavaScript has it.
#[wasm_bindgen(js_name = Ledger)]
pub struct LedgerObject(Rc<Ledger>);

#[wasm_bindgen(js_class = Ledger)]
impl LedgerObject {
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: Env) -> Self {
        Self(Rc::new(Ledger::new(state, env)))
    }

    pub fn fetch(&self, request: Request) -> Promise {
        let ledger = Rc::clone(&self.0);
        promise(Box::pin(async move { Ok(ledger.fetch(&request).await?.into()) }))
    }

    pub fn alarm(&self) -> Promise {
        let ledger = Rc::clone(&self.0);
        promise(Box::pin(async move {
            ledger.alarm().await;
            Ok(JsValue::UNDEFINED)
        }))
    }
}

struct Ledger {
    state: State,
    env: Env,
    config: std::result::Result<Config, Vec<String>>,
    records: RefCell<Option<Rc<Records>>>,
    account: RefCell<Option<Account>>,
    /// When the alarm is set to, as far as this instance knows.
    alarm_ms: Cell<Option<u64>>,
    /// The alarm is set at its end: one that is set for the same time meanwhile would end with it.
    is_in_alarm: Cell<bool>,
    round: RefCell<Option<Round>>,
    /// How many asks there were.
    rounds: Cell<u64>,
    /// The last ask that ended, and when the site's cap begins anew; `None` if it could not be asked.
    outcome: Cell<(u64, Option<u64>)>,
}

impl Ledger {
    fn new(state: State, env: Env) -> Self {
        let config = Config::read(&|name| variable(&env, name));
        Self {
            state,
            env,
            config,
            records: RefCell::default(),
            account: RefCell::default(),
            alarm_ms: Cell::default(),
            is_in_alarm: Cell::default(),
            round: RefCell::default(),
            rounds: Cell::default(),
            outcome: Cell::default(),
        }
    }

    async fn fetch(&self, request: &Request) -> Result<Response> {
        let url = request.url();
        let words: Vec<&str> = path(&url).split('/').collect();
        let word = |index: usize| words.get(index).copied().unwrap_or_default();
        // What is no number is too large for every limit, and no reservation's.
        let number = |index: usize| whole(word(index)).unwrap_or(u64::MAX);
        match word(1) {
            "reserve" => {
                let need = Need { usd: number(3), tokens: number(4), is_stream: number(5) == 1 };
                self.reserve(&self.plan(word(2))?.1, need, &decoded(word(6))?, word(7)).await
            }
            what @ ("usage" | "key") => {
                let (name, plan) = self.plan(word(2))?;
                let name = name.as_deref();
                let json = self.with(|account, _, now| {
                    if what == "key" {
                        account.key_json(&plan, name, now)
                    } else {
                        account.usage_json(&plan, name, now)
                    }
                })?;
                respond(200, &Headers::default(), Some(&json.into()))
            }
            "owns" => reply(&self.records()?.owns(&decoded(word(2))?)?.to_string()),
            what => {
                let (id, second) = (number(2), number(3));
                let generation = if what == "bind" { decoded(word(4))? } else { String::new() };
                let is_done = self.with(|account, _, now| match what {
                    "bind" => account.bind(id, &generation, u32::try_from(second).unwrap_or_default(), now),
                    "release" => account.release(id),
                    "charge" => account.settle(id, None),
                    "settle" => {
                        let cost = Cost { usd: second, prompt: number(4), completion: number(5), model: None };
                        account.settle(id, Some(cost))
                    }
                    "end" => account.end(id, now),
                    _ => false,
                })?;
                reply(&is_done.to_string())
            }
        }
    }

    /// Never fails: an alarm that fails too often is not called any more.
    async fn alarm(&self) {
        self.is_in_alarm.set(true);
        let settled = self.settle_what_is_due().await;
        self.is_in_alarm.set(false);
        self.alarm_ms.set(None);
        if settled.and_then(|()| self.with(|_, _, _| ())).is_err() {
            log_error("a ledger could not be settled; it is tried again");
            self.set_alarm(now_ms() + u64::from(PATIENCE_MS));
        }
    }

    fn config(&self) -> Result<&Config> {
        self.config.as_ref().map_err(|_| failure("the proxy is not set up"))
    }

    /// A plan by the name that the Worker gives.
    fn plan(&self, name: &str) -> Result<(Option<String>, Plan)> {
        let settings = &self.config()?.ledger;
        let name = Some(name).filter(|name| *name != "~");
        let (name, plan) = settings.plan(name).map_err(|_| failure("there is no such plan"))?;
        Ok((name.map(str::to_owned), plan))
    }

    fn records(&self) -> Result<Rc<Records>> {
        if let Some(records) = &*self.records.borrow() {
            return Ok(Rc::clone(records));
        }
        let records = Rc::new(Records::open(&self.state)?);
        *self.records.borrow_mut() = Some(Rc::clone(&records));
        Ok(records)
    }

    /// Does something with the account, and keeps what has changed before anybody hears of it.
    fn with<T>(&self, action: impl FnOnce(&mut Account, &Terms, u64) -> T) -> Result<T> {
        let (mut action, mut result) = (Some(action), None);
        self.with_account(&mut |account, terms, now| {
            result = action.take().map(|action| action(account, terms, now));
        })?;
        result.ok_or_else(|| failure("nothing was done"))
    }

    /// The same without a type: it is in the upload once.
    fn with_account(&self, action: &mut dyn FnMut(&mut Account, &Terms, u64)) -> Result<()> {
        let config = self.config()?;
        let terms = &config.ledger.terms;
        let records = self.records()?;
        let mut place = self.account.borrow_mut();
        let account = match &mut *place {
            Some(account) => account,
            place => {
                let kept = records.read("", "\u{10ffff}")?;
                let account = Account::load(kept.into_iter()).ok_or_else(|| failure("a record is damaged"))?;
                let account = place.insert(account);
                account.outbox.interval_ms = config.stats.interval_ms;
                account.outbox.has_points = binding(&self.env, ANALYTICS).is_some();
                account
            }
        };
        let now = now_ms();
        action(account, terms, now);
        let kept = account.take_changes().iter().try_for_each(|change| records.keep(change));
        if let Err(error) = kept {
            // Memory says what storage does not: it is read again.
            *place = None;
            return Err(error);
        }
        for point in account.outbox.take_points() {
            let user = decoded(account.outbox.user()).unwrap_or_default();
            if stats::write_point(&self.env, &config.log.user(&user), &point).is_err() {
                log_error("the Analytics Engine takes no data point");
            }
        }
        let next = if self.is_in_alarm.get() { None } else { account.next_ms(terms, now) };
        if let Some(next) = next.filter(|next| self.alarm_ms.get().is_none_or(|set| *next < set)) {
            self.set_alarm(next.max(now + 1));
        }
        Ok(())
    }

    fn set_alarm(&self, at_ms: u64) {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970")]
        if self.state.storage().set_alarm(at_ms as f64).is_ok() {
            self.alarm_ms.set(Some(at_ms));
        } else {
            log_error("a ledger's alarm cannot be set");
        }
    }

    async fn reserve(&self, plan: &Plan, need: Need, model: &str, user: &str) -> Result<Response> {
        let begun = self.rounds.get();
        let result = self.with(|account, terms, now| {
            account.outbox.name(user);
            let result = account.reserve(plan, terms, need, now);
            if let Ok(granted) = &result {
                account.label(granted.id, model);
            }
            result
        })?;
        let result = match result {
            Ok(granted) => self.cover(granted.id, begun).await?.map_or(Ok(granted), Err),
            denied => denied,
        };
        if let Err(denied) = &result {
            self.with(|account, _, now| account.outbox.refused(day_of(now), denied.limit.name()))?;
        }
        reply(&reply_text(&result))
    }

    /// Waits until a reservation has the site's part of its money, or the site has none.
    async fn cover(&self, id: u64, begun: u64) -> Result<Option<Denied>> {
        loop {
            if self.with(|account, terms, now| account.confirm(terms, id, now))? {
                return Ok(None);
            }
            let day = self.with(|account, _, _| account.waits_on(id))?;
            // An ask that began after this reservation was made has asked for it too.
            let (round, resets_ms) = self.outcome.get();
            if day.is_none() || round > begun {
                let denied = self.with(|account, _, now| account.cancel(id, resets_ms.unwrap_or(0), now))?;
                return if day.is_none() || resets_ms.is_none() {
                    Err(failure("the site cannot be asked"))
                } else {
                    Ok(Some(denied))
                };
            }
            let running = self.round.borrow().clone();
            if let Some(round) = running.filter(|round| now_ms() < round.began_ms + 2 * u64::from(PATIENCE_MS)) {
                drop(JsFuture::from(round.ended.promise()).await);
            } else {
                let lease = self.config()?.ledger.lease;
                let ask = self.with(|account, _, _| day.map(|day| account.ask(day, lease)))?;
                self.ask_site(ask.into_iter().collect()).await;
            }
        }
    }

    /// Asks the site, one after the other; others wait for the end. Only an ask for more has an outcome for them.
    async fn ask_site(&self, asks: Vec<Ask>) {
        let number = self.rounds.get() + 1;
        self.rounds.set(number);
        *self.round.borrow_mut() = Some(Round { number, began_ms: now_ms(), ended: resolvers() });
        let is_for_more = asks.iter().any(|ask| !ask.is_fact);
        let mut resets_ms = None;
        for ask in asks {
            let answer = self.ask_site_once(&ask).await;
            if self.round.borrow().as_ref().is_none_or(|round| round.number != number) {
                // It took so long that another one was begun.
                return;
            }
            let told = answer.and_then(|(nano, resets)| {
                resets_ms = Some(resets);
                self.with(|account, _, _| account.leased(&ask, nano))
            });
            if told.is_err() {
                log_error("the site's ledger cannot be asked");
            }
        }
        if is_for_more {
            self.outcome.set((number, resets_ms));
        }
        if let Some(round) = self.round.take() {
            round.ended.resolve(&JsValue::UNDEFINED);
        }
    }

    /// The lease, and when the site's cap begins anew.
    async fn ask_site_once(&self, ask: &Ask) -> Result<(u64, u64)> {
        let stub = object(&self.env, SITE, "site")?;
        let path = concat(&["lease/", &self.state.id().text(), "/", &ask.to_text().replace(' ', "/")]);
        let response: Response = JsFuture::from(stub.fetch(&url(&path))?).await?.unchecked_into();
        let line = header(&response, REPLY).unwrap_or_default();
        match numbers(&line).as_deref() {
            Some([nano, resets_ms]) => Ok((*nano, *resets_ms)),
            _ => Err(failure("the site said nothing")),
        }
    }

    async fn settle_what_is_due(&self) -> Result<()> {
        let polls = self.with(|account, terms, now| {
            account.expire(terms, now);
            account.polls(terms, now)
        })?;
        for some in polls.chunks(POLLS_AT_ONCE) {
            let asked: Vec<_> = some.iter().map(|poll| (poll.id, self.ask_record(poll))).collect();
            for (id, record) in asked {
                let cost = match record {
                    Ok(record) => cost_in(record.await),
                    Err(_) => None,
                };
                self.with(|account, terms, _| match cost {
                    Some(cost) => drop(account.settle(id, Some(cost))),
                    None => account.missed(terms, id),
                })?;
            }
        }
        // Whoever asks at the moment asks for more, not for less.
        if self.round.borrow().is_none() {
            let asks = self.with(Account::give_back)?;
            if !asks.is_empty() {
                self.ask_site(asks).await;
            }
        }
        self.tell_figures().await?;
        self.records()?.forget_generations(now_ms().saturating_sub(KEPT_MS))
    }

    /// Tells the site's figures what is new. What could not be told is told later.
    async fn tell_figures(&self) -> Result<()> {
        let mut message = None;
        self.with_account(&mut |account, _, now| message = account.outbox.message(now))?;
        let Some(Message { path, rows }) = message else { return Ok(()) };
        let begin = || {
            let stub = object(&self.env, STATS, STATS)?;
            let init = RequestInit::new();
            init.set_method("POST");
            init.set_body(&rows.into());
            stub.fetch_with(&url(&fill("count/%/%", &[&self.state.id().text(), &path])), &init)
        };
        let is_taken = match begin() {
            Ok(told) => JsFuture::from(told).await.is_ok_and(|response| response.unchecked_into::<Response>().ok()),
            Err(_) => false,
        };
        if !is_taken {
            log_error("the figures cannot be told; it is tried again");
        }
        self.with(|account, _, _| account.outbox.told(is_taken))
    }

    fn ask_record(&self, poll: &Poll) -> Result<JsFuture> {
        let config = self.config()?;
        let authorization = config.upstream.authorization(poll.key as usize);
        let outgoing =
            Outgoing { url: &config.generation_url(&poll.generation), method: "GET", headers: &[], body: None };
        Ok(fetch_text(&outgoing, Some(&authorization), PATIENCE_MS))
    }
}

/// An object of a class.
pub(crate) fn object(env: &Env, class: &str, name: &str) -> Result<Stub> {
    let namespace = binding(env, class).ok_or_else(|| failure("a class is not bound"))?;
    namespace.unchecked_ref::<Namespace>().get_by_name(name)
}

/// What a generation's record says; `None` while it is not there.
fn cost_in(record: Result<JsValue>) -> Option<Cost> {
    let (response, body) = text_of(record)?;
    if response.ok() { super::cost_in(&body) } else { None }
}

/// The ledger of the whole site, as JavaScript has it.
#[wasm_bindgen(js_name = Site)]
pub struct SiteObject(Rc<Site>);

#[wasm_bindgen(js_class = Site)]
impl SiteObject {
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: &Env) -> Self {
        Self(Rc::new(Site::new(state, env)))
    }

    pub fn fetch(&self, request: Request) -> Promise {
        let site = Rc::clone(&self.0);
        promise(Box::pin(async move { Ok(site.fetch(&request)?.into()) }))
    }
}

struct Site {
    state: State,
    config: std::result::Result<Config, Vec<String>>,
    treasury: RefCell<Option<(Records, Treasury)>>,
}

impl Site {
    fn new(state: State, env: &Env) -> Self {
        let config = Config::read(&|name| variable(env, name));
        Self { state, config, treasury: RefCell::default() }
    }

    fn fetch(&self, request: &Request) -> Result<Response> {
        let url = request.url();
        let words: Vec<&str> = path(&url).trim_start_matches('/').splitn(3, '/').collect();
        let ["lease", user, ask] = words[..] else { return Err(failure("there is no such call")) };
        let ask = Ask::parse(&ask.replace('/', " ")).ok_or_else(|| failure("a call is malformed"))?;
        let (holding, resets_ms) = self.lease(user, &ask)?;
        reply(&fill("% %", &[&decimal(holding.nano), &decimal(resets_ms)]))
    }

    fn lease(&self, user: &str, ask: &Ask) -> Result<(Holding, u64)> {
        let caps = self.config.as_ref().map_err(|_| failure("the proxy is not set up"))?.ledger.caps;
        let mut place = self.treasury.borrow_mut();
        let (records, treasury) = match &mut *place {
            Some(loaded) => loaded,
            place => {
                let records = Records::open(&self.state)?;
                let days = records.read("day/", "day0")?;
                let treasury = Treasury::load(&days).ok_or_else(|| failure("a record is damaged"))?;
                place.insert((records, treasury))
            }
        };
        let name = fill("held/%/%", &[&padded(ask.day, 10), user]);
        let held = records.read(&name, &concat(&[&*name, "!"]))?;
        let held = held.first().map_or(Some(Holding::default()), |(_, text)| Holding::parse(text));
        let held = held.ok_or_else(|| failure("a record is damaged"))?;
        let is_new_day = treasury.on_lease(ask.day) == 0;
        let holding = treasury.lease(caps, held, ask);
        let keep = || {
            records.put(&name, &holding.to_text())?;
            records.put(&fill("day/%", &[&decimal(u64::from(ask.day))]), &decimal(treasury.on_lease(ask.day)))?;
            if is_new_day {
                // Users tell what they have spent when a day is over, not much later.
                let old = fill("held/%", &[&padded(ask.day.saturating_sub(7), 10)]);
                records.exec("DELETE FROM record WHERE name >= 'held/' AND name < ?", &[old.into()])?;
            }
            Ok(())
        };
        match keep() {
            Ok(()) => Ok((holding, treasury.resets_ms(caps, ask.day))),
            Err(error) => {
                *place = None;
                Err(error)
            }
        }
    }
}
