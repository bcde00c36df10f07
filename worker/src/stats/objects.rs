//! The Durable Object of the figures. It adds up what the users' ledgers tell, and shows it.

use std::{cell::Cell, rc::Rc};

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};

use crate::{
    config::Config,
    http::{Headers, now_ms, respond},
    ledger::{money::day_of, objects::decoded, remote::variable},
    platform::{Env, Result, State},
    task::{JsFuture, promise},
};

/// How many rows one export has at most, with its first line.
const MOST_ROWS: u32 = 50_001;

const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS figure (day INTEGER, user TEXT, model TEXT, reason TEXT, requests INTEGER, \
     prompt_tokens INTEGER, completion_tokens INTEGER, usd INTEGER, estimated_requests INTEGER, \
     estimated_tokens INTEGER, estimated_usd INTEGER, refused INTEGER, PRIMARY KEY (day, user, model, reason)) \
     WITHOUT ROWID",
    // Up to which number the messages of a ledger were counted.
    "CREATE TABLE IF NOT EXISTS source (id TEXT PRIMARY KEY, last INTEGER, day INTEGER) WITHOUT ROWID",
];

/// The rows of a message (`ledger::outbox`) that was not counted yet.
const ADD: &str = "INSERT INTO figure SELECT value->>0, ?4, value->>1, value->>2, value->>3, value->>4, value->>5, \
     value->>6, value->>7, value->>8, value->>9, value->>10 FROM json_each(?3) \
     WHERE NOT EXISTS (SELECT 1 FROM source WHERE id = ?1 AND last >= CAST(?2 AS INTEGER)) \
     ON CONFLICT (day, user, model, reason) DO UPDATE SET requests = requests + excluded.requests, \
     prompt_tokens = prompt_tokens + excluded.prompt_tokens, \
     completion_tokens = completion_tokens + excluded.completion_tokens, usd = usd + excluded.usd, \
     estimated_requests = estimated_requests + excluded.estimated_requests, \
     estimated_tokens = estimated_tokens + excluded.estimated_tokens, \
     estimated_usd = estimated_usd + excluded.estimated_usd, refused = refused + excluded.refused";

const ADDED: &str = "INSERT INTO source VALUES (?, CAST(? AS INTEGER), unixepoch() / 86400) ON CONFLICT (id) DO UPDATE SET \
     last = max(last, excluded.last), day = excluded.day";

/// What the rows of some days add up to, by day, model, user and reason; the dearest first.
macro_rules! rows {
    ($name:literal, $by:literal, $rest:literal) => {
        concat!(
            "(SELECT json_group_array(json(row)) FROM (SELECT json_object(",
            $name,
            "'requests', ifnull(SUM(requests), 0), 'prompt_tokens', ifnull(SUM(prompt_tokens), 0), \
             'completion_tokens', ifnull(SUM(completion_tokens), 0), 'usd', json(printf('%d.%09d', SUM(usd) / 1000000000, SUM(usd) % 1000000000)), \
             'estimated_requests', ifnull(SUM(estimated_requests), 0), \
             'estimated_tokens', ifnull(SUM(estimated_tokens), 0), \
             'estimated_usd', json(printf('%d.%09d', SUM(estimated_usd) / 1000000000, \
             SUM(estimated_usd) % 1000000000)), 'refused', ifnull(SUM(refused), 0)) row FROM f ",
            $by,
            $rest,
            "))"
        )
    };
}

const FIGURES: &str = concat!(
    "WITH f AS (SELECT * FROM figure WHERE day BETWEEN unixepoch(?) / 86400 AND unixepoch(?) / 86400) \
     SELECT json_object('total', ",
    rows!("", "", ""),
    " -> 0",
    ", 'days', ",
    rows!("'day', date(day * 86400, 'unixepoch'), ", "GROUP BY day ", "ORDER BY day"),
    ", 'models', ",
    rows!(
        "'model', model, ",
        "WHERE reason = '' GROUP BY model ",
        "ORDER BY SUM(usd) DESC, SUM(requests) DESC, model LIMIT 1000"
    ),
    ", 'users', ",
    rows!("'user', user, ", "GROUP BY user ", "ORDER BY SUM(usd) DESC, SUM(requests) DESC, user LIMIT 1000"),
    ", 'refusals', ",
    rows!("'reason', reason, ", "WHERE reason > '' GROUP BY reason ", "ORDER BY SUM(refused) DESC, reason"),
    ") text"
);

/// A text as a cell of CSV, between quotes. What begins with neither letter nor digit might be a formula to a spreadsheet: it
/// gets an apostrophe in front, which makes it text.
macro_rules! cell {
    ($name:literal) => {
        concat!("'\"' || iif(", $name, " GLOB '[^0-9A-Za-z]*', '''', '') || replace(", $name, ", '\"', '\"\"') || '\"'")
    };
}

const EXPORT: &str = concat!(
    "SELECT 'day,user,model,requests,prompt_tokens,completion_tokens,usd,estimated_requests,estimated_tokens,\
     estimated_usd,refused,reason' || char(13, 10) UNION ALL SELECT * FROM (SELECT \
     concat_ws(',', date(day * 86400, 'unixepoch'), ",
    cell!("user"),
    ", ",
    cell!("model"),
    ", requests, prompt_tokens, completion_tokens, printf('%d.%09d', usd / 1000000000, usd % 1000000000), \
     estimated_requests, estimated_tokens, printf('%d.%09d', estimated_usd / 1000000000, \
     estimated_usd % 1000000000), refused, reason) || char(13, 10) FROM figure \
     WHERE day BETWEEN unixepoch(?) / 86400 AND unixepoch(?) / 86400 ORDER BY day, user, model, reason LIMIT 50001)"
);

/// The figures of the site, as JavaScript has them.
#[wasm_bindgen(js_name = Stats)]
pub struct StatsObject(Rc<Stats>);

#[wasm_bindgen(js_class = Stats)]
impl StatsObject {
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: &Env) -> Self {
        let config = Config::read(&|name| variable(env, name));
        let kept_days = config.ok().map(|config| config.stats.kept_days);
        Self(Rc::new(Stats { state, kept_days, cleaned: Cell::default() }))
    }

    pub fn fetch(&self, request: Request) -> Promise {
        let stats = Rc::clone(&self.0);
        promise(Box::pin(async move { Ok(stats.fetch(&request).await?.into()) }))
    }
}

struct Stats {
    state: State,
    kept_days: Option<u64>,
    /// The day on which old figures were forgotten last.
    cleaned: Cell<u32>,
}

impl Stats {
    async fn fetch(&self, request: &Request) -> Result<Response> {
        self.open()?;
        let url = request.url();
        // After the scheme and the host.
        let mut words = url.split('/').skip(3);
        let mut word = || words.next().unwrap_or_default();
        let (what, first, second) = (word(), JsValue::from(word()), JsValue::from(word()));
        let rows = if what == "count" {
            let user = JsValue::from(decoded(word())?);
            let message = JsFuture::from(request.text()?).await?;
            self.count(&[first, second, message, user])?;
            Array::new()
        } else {
            self.exec(if what == "figures" { FIGURES } else { EXPORT }, &[first, second])?
        };
        // Part of them would pass for all.
        let status = if rows.length() > MOST_ROWS { 413 } else { 200 };
        respond(status, &Headers::default(), Some(&rows.join("").into()))
    }

    /// Rows are arrays.
    fn exec(&self, query: &str, values: &[JsValue]) -> Result<Array> {
        Ok(Array::from(&self.state.storage().sql().exec(query, &values.iter().collect())?.raw()?))
    }

    /// Makes the tables, and forgets what is too old; once a day.
    fn open(&self) -> Result<()> {
        let today = day_of(now_ms());
        if self.cleaned.get() == today {
            return Ok(());
        }
        for table in TABLES {
            self.exec(table, &[])?;
        }
        if let Some(kept) = self.kept_days {
            let oldest = today.saturating_sub(u32::try_from(kept).unwrap_or(u32::MAX));
            for query in ["DELETE FROM figure WHERE day < ?", "DELETE FROM source WHERE day < ?"] {
                self.exec(query, &[oldest.into()])?;
            }
        }
        self.cleaned.set(today);
        Ok(())
    }

    /// Adds a message up (source, number, rows, user), unless it was already: all of it, or nothing where that fails.
    fn count(&self, message: &[JsValue; 4]) -> Result<()> {
        self.state.storage().transaction_sync(&mut || {
            self.exec(ADD, message)?;
            self.exec(ADDED, &message[..2]).map(drop)
        })
    }
}
