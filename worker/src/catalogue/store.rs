//! The catalogue's two stores and the way to the upstream: whatever of them fails, the next one answers.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    thread::LocalKey,
};

use js_sys::{Promise, Uint8Array};
use openrouter_wasm::{
    api::{Call, Endpoint},
    json::{concat, decimal},
    models::Freshness,
};
use wasm_bindgen::{JsCast, prelude::wasm_bindgen};
use web_sys::Response;

use crate::{
    catalogue::{Facts, Memory, count_of, data_of, etag, filtered, normal_query},
    config::Config,
    http::{Headers, Outgoing, header, now_ms, respond, whole_body, within},
    platform::{Context, Result, log_error},
    policy::Refusal,
    task::{JsFuture, after_answer},
    text::{hexadecimal, whole},
    upstream::{
        fetch::{Asked, ask},
        hash, is_expected,
    },
};

/// The most bytes that a document of the catalogue may have.
const MOST_DOCUMENT_BYTES: u32 = 16 * 1024 * 1024;

/// How long a document may take after its headers.
const BODY_MS: u64 = 20_000;

/// How long the Cache API may take: it is there to be faster than the upstream.
const CACHE_MS: u64 = 1_000;

/// A refresh that has not come back by then is not under way any more: its request may have ended before it.
const REFRESH_MS: u64 = 30_000;

/// How long the Cache API may keep a document: what it may still be used for is decided when it is read.
const KEPT_FOR: &str = "public, max-age=7200";

/// Nothing that could be asked for on this host.
const CACHE_ORIGIN: &str = "https://catalogue.invalid/";

/// What the Cache API keeps beside a document.
const KEPT_AT: &str = "x-kept-at";
const SAID: &str = "x-said-cache-control";

#[wasm_bindgen(raw_module = "../../worker/src/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = defaultCache)]
    fn default_cache() -> Option<Cache>;
}

#[wasm_bindgen]
extern "C" {
    type Cache;

    #[wasm_bindgen(method, catch, js_name = match)]
    fn find(this: &Cache, url: &str) -> Result<Promise>;

    #[wasm_bindgen(method, catch)]
    fn put(this: &Cache, url: &str, response: &Response) -> Result<Promise>;
}

/// A document that is kept.
pub struct Document {
    /// Its bytes.
    pub body: Uint8Array,
    /// What else is known of it.
    pub facts: Facts,
    refreshed_at_ms: Cell<u64>,
}

thread_local! {
    /// The same for everybody: no user is in it.
    static MEMORY: RefCell<Memory<Rc<Document>>> = RefCell::default();
}

/// What the catalogue is read with.
#[derive(Clone)]
pub struct Catalogue {
    /// Where the upstream is, and which models are allowed.
    pub config: Rc<Config>,
    /// The plan of who asks: which models are shown.
    pub plan: Option<String>,
    /// Keeps a refresh alive when the answer is out.
    pub context: Rc<Context>,
}

/// Why there is no document.
pub enum Missing {
    /// What the proxy says itself.
    Refusal(Refusal),
    /// An error of the upstream's, its body not yet read.
    Upstream(Box<Asked>),
}

impl Missing {
    /// Whether this says nothing of the document itself, so that an older copy is still right.
    fn is_passing(&self) -> bool {
        let status = match self {
            Self::Refusal(refusal) => refusal.status,
            Self::Upstream(asked) => asked.response.status(),
        };
        status == 429 || status >= 500
    }
}

/// A document's name, and how it is asked for.
struct Wanted {
    call: Call,
    query: String,
    /// Which models are left in, by a name; all, without one.
    rule: Option<String>,
    /// Whether it stays in the isolate's memory.
    is_remembered: bool,
    /// Whether somebody waits for it, who is given a stale one at once.
    is_waited_for: bool,
}

impl Wanted {
    /// Apart for each upstream, each rule of what is shown and each shape.
    fn name(&self, base_url: &str) -> String {
        let shape = if self.call.is_bare { "\0bare" } else { "" };
        let shown = hash(&[base_url, "\0", self.rule.as_deref().unwrap_or_default(), shape]);
        concat(&[&*hexadecimal(shown), &self.call.path(), &self.query])
    }
}

impl Catalogue {
    /// The document that a call of the catalogue asks for.
    ///
    /// # Errors
    /// [`Missing`] where there is none; an exception of the runtime's own.
    pub async fn document(&self, call: &Call, query: &str) -> Result<std::result::Result<Rc<Document>, Missing>> {
        let rule = self.config.rules.name_of_models(self.plan.as_deref());
        let query = normal_query(call, query, rule.is_some());
        self.wanted(Wanted { call: call.clone(), query, rule, is_remembered: true, is_waited_for: true }).await
    }

    /// What the prices of all models are read from: kept as what `read` makes of it, and read again when it changes.
    /// `slot` is the caller's own, one for each isolate.
    ///
    /// # Errors
    /// The refusal of a request that cannot be priced: there has never been a list, or it is too old.
    pub async fn prices<T: 'static>(
        &self,
        slot: &'static LocalKey<Slot<T>>,
        read: fn(&str) -> Option<T>,
    ) -> Result<std::result::Result<Rc<T>, Refusal>> {
        let now = now_ms();
        if let Some(fresh) = slot.with(|slot| slot.while_it_is(now, &[Freshness::Fresh])) {
            return Ok(Ok(fresh));
        }
        if let Some(stale) = slot.with(|slot| slot.while_it_is(now, &[Freshness::Stale])) {
            if slot.with(|slot| slot.may_refresh(now)) {
                let catalogue = self.clone();
                let task = async move {
                    let _ = catalogue.read_prices(slot, read, false).await;
                };
                after_answer(&self.context, Box::pin(task));
            }
            return Ok(Ok(stale));
        }
        if let Some(prices) = self.read_prices(slot, read, true).await? {
            return Ok(Ok(prices));
        }
        // What it cost a while ago is a better guess than none, as long as the list says so.
        let usable = slot.with(|slot| slot.while_it_is(now, &[Freshness::IfError]));
        Ok(usable.ok_or_else(|| {
            log_error("the models' prices are not known: the list of models cannot be had, or cannot be read");
            Refusal::new(503, "provider_unavailable", "The models' prices are not known at the moment.")
        }))
    }

    async fn read_prices<T>(
        &self,
        slot: &'static LocalKey<Slot<T>>,
        read: fn(&str) -> Option<T>,
        is_waited_for: bool,
    ) -> Result<Option<Rc<T>>> {
        let Ok(call) = Call::find("GET", "/models") else { return Ok(None) };
        let query = "?output_modalities=all".to_owned();
        // Read once, its text is of no use: it does not stay in memory.
        let wanted = Wanted { call, query, rule: None, is_remembered: false, is_waited_for };
        let Ok(document) = self.wanted(wanted).await? else { return Ok(None) };
        if let Some(same) = slot.with(|slot| slot.renew(&document.facts)) {
            return Ok(Some(same));
        }
        let prices = String::from_utf8(document.body.to_vec()).ok().and_then(|text| read(&text));
        Ok(prices.map(|prices| slot.with(|slot| slot.fill(prices, document.facts.clone()))))
    }

    async fn wanted(&self, wanted: Wanted) -> Result<std::result::Result<Rc<Document>, Missing>> {
        let name = wanted.name(self.config.base_url());
        let mut kept = if wanted.is_remembered { MEMORY.with_borrow_mut(|memory| memory.get(&name)) } else { None };
        let is_good =
            |document: &Rc<Document>| matches!(document.facts.freshness(now_ms()), Freshness::Fresh | Freshness::Stale);
        let is_enough = kept.as_ref().is_some_and(is_good);
        let found = if is_enough { None } else { within(CACHE_MS, Box::pin(self.cached(&name))).await };
        let is_newer = |found: &Document| {
            kept.as_ref().is_none_or(|known: &Rc<Document>| known.facts.kept_at_ms < found.facts.kept_at_ms)
        };
        if let Some(found) = found.filter(|found| is_newer(found)) {
            remember(&wanted, &name, &found);
            kept = Some(found);
        }
        match kept {
            Some(document) => match document.facts.freshness(now_ms()) {
                Freshness::Fresh => Ok(Ok(document)),
                Freshness::Stale if wanted.is_waited_for => {
                    self.refresh(wanted, &document);
                    Ok(Ok(document))
                }
                Freshness::Stale | Freshness::IfError => Ok(match self.asked(&wanted).await? {
                    Err(missing) if missing.is_passing() => Ok(document),
                    answer => answer,
                }),
                Freshness::Expired | Freshness::NoStore => self.asked(&wanted).await,
            },
            None => self.asked(&wanted).await,
        }
    }

    /// Asks for a new one while the old one is given out; one request at a time.
    fn refresh(&self, wanted: Wanted, document: &Document) {
        let now = now_ms();
        if now.saturating_sub(document.refreshed_at_ms.get()) < REFRESH_MS {
            return;
        }
        document.refreshed_at_ms.set(now);
        let catalogue = self.clone();
        let task = async move {
            let _ = catalogue.asked(&wanted).await;
        };
        after_answer(&self.context, Box::pin(task));
    }

    /// Asks the upstream, and keeps what it answers.
    async fn asked(&self, wanted: &Wanted) -> Result<std::result::Result<Rc<Document>, Missing>> {
        let unavailable = || {
            Missing::Refusal(Refusal::new(
                502,
                "provider_unavailable",
                "The upstream's answer is not what the API sends.",
            ))
        };
        // A count of models is made from the models that are shown.
        let is_count = wanted.rule.is_some() && wanted.call.endpoint == Endpoint::ModelCount;
        let list = if is_count { Call::find("GET", "/models").ok() } else { None };
        let call = list.as_ref().unwrap_or(&wanted.call);
        let url = self.config.upstream_url(call, &wanted.query);
        let headers = self.config.upstream_headers(call, &|_| None);
        let outgoing = Outgoing { url: &url, method: "GET", headers: &headers, body: None };
        let asked = match ask(&self.config.upstream, &outgoing, "", None).await? {
            Ok(asked) => asked,
            Err(failure) => return Ok(Err(Missing::Refusal(failure.refusal()))),
        };
        if !asked.response.ok() {
            return Ok(Err(Missing::Upstream(Box::new(asked))));
        }
        let said = &asked.response;
        let content_type = header(said, "content-type").unwrap_or_default();
        if !is_expected(call.answer(), Some(&content_type)) {
            asked.controller.abort();
            return Ok(Err(unavailable()));
        }
        let Some(body) = whole_body(&asked.response, MOST_DOCUMENT_BYTES, BODY_MS).await else {
            asked.controller.abort();
            return Ok(Err(unavailable()));
        };
        let Ok(mut text) = String::from_utf8(body.to_vec()) else { return Ok(Err(unavailable())) };
        let mut shown = body;
        if wanted.rule.is_some() {
            let is_shown = |model: &str| self.config.rules.allows_model(self.plan.as_deref(), model);
            let Some(kept) = filtered(call.endpoint, &text, &is_shown) else {
                return Ok(Err(Missing::Refusal(Refusal::new(404, "not_found", "There is no such model here."))));
            };
            text = if is_count { count_of(&kept).unwrap_or_default() } else { kept };
            shown = Uint8Array::from(text.as_bytes());
        } else if content_type.starts_with("application/json") && !text.trim_ascii_end().ends_with(['}', ']']) {
            // Cut, or no JSON: not to be given to anybody else.
            return Ok(Err(unavailable()));
        }
        if call.is_bare {
            let Some(data) = data_of(&text) else { return Ok(Err(unavailable())) };
            shown = Uint8Array::from(data.as_bytes());
            text = data;
        }
        let facts = Facts {
            content_type,
            etag: etag(&text),
            cache_control: header(said, "cache-control").unwrap_or_default().to_ascii_lowercase(),
            kept_at_ms: now_ms(),
        };
        let document = Rc::new(Document { body: shown, facts, refreshed_at_ms: Cell::new(0) });
        if document.facts.freshness(now_ms()) != Freshness::NoStore {
            let name = wanted.name(self.config.base_url());
            remember(wanted, &name, &document);
            let (catalogue, kept) = (self.clone(), document.clone());
            let task = async move {
                // Where there is no cache, there is none.
                let _ = catalogue.cache(&name, &kept).await;
            };
            after_answer(&self.context, Box::pin(task));
        }
        Ok(Ok(document))
    }

    async fn cached(&self, name: &str) -> Option<Rc<Document>> {
        let found = JsFuture::from(default_cache()?.find(&concat(&[CACHE_ORIGIN, name])).ok()?).await.ok()?;
        let response: Response = found.dyn_into().ok()?;
        let facts = Facts {
            content_type: header(&response, "content-type")?,
            etag: header(&response, "etag")?,
            cache_control: header(&response, SAID)?,
            kept_at_ms: whole(&header(&response, KEPT_AT)?)?,
        };
        let body = whole_body(&response, MOST_DOCUMENT_BYTES, CACHE_MS).await?;
        Some(Rc::new(Document { body, facts, refreshed_at_ms: Cell::new(0) }))
    }

    async fn cache(&self, name: &str, document: &Document) -> Option<()> {
        let Facts { content_type, etag, cache_control, kept_at_ms } = &document.facts;
        let mut headers = Headers::default();
        for (name, value) in [
            ("content-type", content_type.as_str()),
            ("etag", etag),
            ("cache-control", KEPT_FOR),
            (SAID, cache_control),
            (KEPT_AT, &decimal(*kept_at_ms)),
        ] {
            headers.set(name, value);
        }
        let response = respond(200, &headers, Some(&document.body)).ok()?;
        JsFuture::from(default_cache()?.put(&concat(&[CACHE_ORIGIN, name]), &response).ok()?).await.ok()?;
        Some(())
    }
}

fn remember(wanted: &Wanted, name: &str, document: &Rc<Document>) {
    if wanted.is_remembered {
        let bytes = document.body.length() as usize;
        MEMORY.with_borrow_mut(|memory| memory.put(name, bytes, document.clone()));
    }
}

/// What was made of a document, one for each isolate.
pub struct Slot<T> {
    kept: RefCell<Option<(Rc<T>, Facts)>>,
    refreshed_at_ms: Cell<u64>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { kept: RefCell::new(None), refreshed_at_ms: Cell::new(0) }
    }
}

impl<T> Slot<T> {
    fn while_it_is(&self, now_ms: u64, good: &[Freshness]) -> Option<Rc<T>> {
        let kept = self.kept.borrow();
        let (value, facts) = kept.as_ref()?;
        good.contains(&facts.freshness(now_ms)).then(|| value.clone())
    }

    /// Whether no other request is at it.
    fn may_refresh(&self, now_ms: u64) -> bool {
        let is_due = now_ms.saturating_sub(self.refreshed_at_ms.get()) >= REFRESH_MS;
        if is_due {
            self.refreshed_at_ms.set(now_ms);
        }
        is_due
    }

    /// The value, if it was made of the same text: it is as new as that from now on.
    fn renew(&self, facts: &Facts) -> Option<Rc<T>> {
        let mut kept = self.kept.borrow_mut();
        let (value, known) = kept.as_mut().filter(|(_, known)| known.etag == facts.etag)?;
        known.clone_from(facts);
        Some(value.clone())
    }

    fn fill(&self, value: T, facts: Facts) -> Rc<T> {
        let value = Rc::new(value);
        *self.kept.borrow_mut() = Some((value.clone(), facts));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(etag: &str, kept_at_ms: u64) -> Facts {
        let cache_control = "max-age=1, stale-if-error=1".to_owned();
        Facts { content_type: String::new(), etag: etag.to_owned(), cache_control, kept_at_ms }
    }

    #[test]
    fn what_was_made_of_a_document_is_made_again_only_when_it_changes() {
        let slot = Slot::default();
        let fresh = |now| slot.while_it_is(now, &[Freshness::Fresh]);
        assert!(fresh(0).is_none() && slot.renew(&facts("a", 0)).is_none());
        let made = slot.fill("made", facts("a", 0));
        assert!(fresh(999).is_some_and(|kept| Rc::ptr_eq(&kept, &made)));
        assert!(fresh(1000).is_none());
        let in_need = |now| slot.while_it_is(now, &[Freshness::IfError]);
        assert!(in_need(1999).is_some() && in_need(2000).is_none());
        assert!(slot.renew(&facts("b", 2000)).is_none());
        assert!(slot.renew(&facts("a", 2000)).is_some_and(|kept| Rc::ptr_eq(&kept, &made)));
        assert!(fresh(2999).is_some());
    }

    #[test]
    fn one_request_at_a_time_refreshes() {
        let slot = Slot::<()>::default();
        assert!(slot.may_refresh(REFRESH_MS));
        assert!(!slot.may_refresh(2 * REFRESH_MS - 1));
        assert!(slot.may_refresh(2 * REFRESH_MS), "the other one may have ended before it came back");
    }
}
