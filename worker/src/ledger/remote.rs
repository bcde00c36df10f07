//! How a request reaches its user's ledger: one call before it is sent, the others behind its back.

use js_sys::{Object, Promise, Reflect};
use openrouter_wasm::json::{concat, decimal};
use wasm_bindgen::prelude::*;
use web_sys::{RequestInit, Response};

use super::{
    LEDGER, RATE_LIMITER, Settings,
    account::{Cost, Granted, Need},
    parse_reply, refusal, too_often, unavailable,
};
use crate::{
    config::BOUND,
    http::header,
    platform::{Context, Env, log_error},
    policy::Refusal,
    task::JsFuture,
    text::fill,
};

#[wasm_bindgen]
extern "C" {
    /// A namespace of Durable Objects.
    pub(crate) type Namespace;

    #[wasm_bindgen(method, catch, js_name = getByName)]
    pub(crate) fn get_by_name(this: &Namespace, name: &str) -> Result<Stub, JsValue>;

    /// One of its objects.
    pub(crate) type Stub;

    #[wasm_bindgen(method, catch, js_name = fetch)]
    pub(crate) fn fetch(this: &Stub, url: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = fetch)]
    pub(super) fn fetch_with(this: &Stub, url: &str, init: &RequestInit) -> Result<Promise, JsValue>;

    type RateLimiter;

    #[wasm_bindgen(method, catch)]
    fn limit(this: &RateLimiter, options: &Object) -> Result<Promise, JsValue>;
}

/// Where an object's answer stands: a header costs less than a body.
pub(crate) const REPLY: &str = "reply";

/// A binding by its name.
pub(crate) fn binding(env: &Env, name: &str) -> Option<JsValue> {
    Reflect::get(env, &name.into()).ok().filter(JsValue::is_object)
}

/// A variable or secret by its name; of a binding, that it is there.
pub(crate) fn variable(env: &Env, name: &str) -> Option<String> {
    let value = Reflect::get(env, &name.into()).ok()?;
    value.as_string().or_else(|| value.is_object().then(|| BOUND.to_owned()))
}

/// Asks the rate limit of an address, if there is one.
///
/// # Errors
/// 429 where it is passed, 503 where it cannot be asked.
pub(crate) async fn check_address(env: &Env, address: impl FnOnce() -> String) -> Result<(), Refusal> {
    let Some(limiter) = binding(env, RATE_LIMITER) else { return Ok(()) };
    let ask = async {
        let options = Object::new();
        Reflect::set(&options, &"key".into(), &address().into())?;
        let outcome = JsFuture::from(limiter.unchecked_ref::<RateLimiter>().limit(&options)?).await?;
        Reflect::get(&outcome, &"success".into())
    };
    match ask.await {
        Ok(is_allowed) if is_allowed.is_truthy() => Ok(()),
        Ok(_) => Err(too_often()),
        Err(_) => {
            log_error(&concat(&[RATE_LIMITER, " cannot be asked"]));
            Err(unavailable())
        }
    }
}

/// The ledger of one user.
pub(crate) struct RemoteLedger {
    stub: Stub,
    /// As a part of a path.
    user: String,
    /// `~` for none: no plan has this name.
    plan: String,
    is_open_for_free: bool,
}

impl RemoteLedger {
    /// `None` where there is no ledger, because nothing is limited.
    ///
    /// # Errors
    /// 403 where the user's plan is not there, 503 where the object cannot be reached.
    pub(crate) fn open(
        env: &Env,
        settings: &Settings,
        user: &str,
        plan: Option<&str>,
    ) -> Result<Option<Self>, Refusal> {
        let (name, _) = settings.plan(plan)?;
        if !settings.has_ledger {
            return Ok(None);
        }
        let namespace = binding(env, LEDGER).ok_or_else(unavailable)?;
        let stub = namespace.unchecked_ref::<Namespace>().get_by_name(user).map_err(|_| unavailable())?;
        let plan = name.unwrap_or("~").to_owned();
        Ok(Some(Self { stub, user: encoded(user), plan, is_open_for_free: settings.is_open_for_free }))
    }

    /// Sets aside what a request may cost at most; `None` where it passes though the ledger fails.
    ///
    /// # Errors
    /// The limit that it would pass, or 503 where the ledger fails.
    pub(crate) async fn reserve(&self, need: Need, model: &str) -> Result<Option<Granted>, Refusal> {
        let Need { usd, tokens, is_stream } = need;
        let [usd_text, tokens, is_stream] = [usd, tokens, u64::from(is_stream)].map(decimal);
        let path =
            fill("reserve/%/%/%/%/%/%", &[&self.plan, &usd_text, &tokens, &is_stream, &encoded(model), &self.user]);
        let reply = match self.ask(&path).await {
            Ok(response) => header(&response, REPLY).as_deref().and_then(parse_reply),
            Err(()) => None,
        };
        match reply {
            Some(Ok(granted)) => Ok(Some(granted)),
            Some(Err(denied)) => Err(refusal(&denied)),
            None if usd == 0 && self.is_open_for_free => Ok(None),
            None => Err(unavailable()),
        }
    }

    /// Notes the generation that answers a request, and the number of the key that it was made with: its record will
    /// tell what it has cost.
    pub(crate) fn bind(&self, context: &Context, granted: &Granted, generation: &str, key: u32) {
        let (id, key) = (decimal(granted.id), decimal(u64::from(key)));
        self.tell(context, &fill("bind/%/%/%", &[&id, &key, &encoded(generation)]));
    }

    /// Gives back what was set aside: nothing was sent, or the upstream refused before it was billed.
    pub(crate) fn release(&self, context: &Context, granted: &Granted) {
        self.tell(context, &fill("release/%", &[&decimal(granted.id)]));
    }

    /// Charges what was set aside: it was answered, and nothing will tell what it has cost.
    pub(crate) fn charge(&self, context: &Context, granted: &Granted) {
        self.tell(context, &fill("charge/%", &[&decimal(granted.id)]));
    }

    /// Charges a cost that is known already, from the answer's own `usage`.
    pub(crate) fn settle(&self, context: &Context, granted: &Granted, cost: &Cost) {
        let [id, usd, prompt, completion] = [granted.id, cost.usd, cost.prompt, cost.completion].map(decimal);
        self.tell(context, &fill("settle/%/%/%/%", &[&id, &usd, &prompt, &completion]));
    }

    /// A stream has ended: its slot is free, and its record will come soon.
    pub(crate) fn end(&self, context: &Context, granted: &Granted) {
        self.tell(context, &fill("end/%", &[&decimal(granted.id)]));
    }

    /// `GET /usage`, as JSON.
    pub(crate) async fn usage(&self) -> Result<String, Refusal> {
        self.text(&fill("usage/%", &[&self.plan])).await
    }

    /// `GET /key` in OpenRouter's shape, as JSON.
    pub(crate) async fn key(&self) -> Result<String, Refusal> {
        self.text(&fill("key/%", &[&self.plan])).await
    }

    /// Whether this user made a generation.
    pub(crate) async fn owns(&self, generation: &str) -> Result<bool, Refusal> {
        let path = fill("owns/%", &[&encoded(generation)]);
        let response = self.ask(&path).await.map_err(|()| unavailable())?;
        Ok(header(&response, REPLY).as_deref() == Some("true"))
    }

    async fn text(&self, path: &str) -> Result<String, Refusal> {
        let response = self.ask(path).await.map_err(|()| unavailable())?;
        let text = response.text().map_err(|_| unavailable())?;
        JsFuture::from(text).await.ok().and_then(|text| text.as_string()).ok_or_else(unavailable)
    }

    async fn ask(&self, path: &str) -> Result<Response, ()> {
        let response = match self.stub.fetch(&url(path)) {
            Ok(promise) => JsFuture::from(promise).await.map(JsCast::unchecked_into::<Response>),
            Err(error) => Err(error),
        };
        match response {
            Ok(response) if response.ok() => Ok(response),
            _ => {
                log_error("a user's ledger cannot be asked");
                Err(())
            }
        }
    }

    /// Goes on after the answer was handed out.
    fn tell(&self, context: &Context, path: &str) {
        let told = self.stub.fetch(&url(path)).and_then(|promise| context.wait_until(&promise));
        if told.is_err() {
            // It will expire there.
            log_error("a user's ledger cannot be told what became of a request");
        }
    }
}

/// As one part of a path.
fn encoded(text: &str) -> String {
    String::from(js_sys::encode_uri_component(text))
}

/// The host is of no meaning: an object is reached by its stub.
const HOST: &str = "https://ledger";

pub(crate) fn url(path: &str) -> String {
    concat(&[HOST, "/", path])
}

/// The path of such a URL, with its slash.
pub(crate) fn path(url: &str) -> &str {
    url.strip_prefix(HOST).unwrap_or_default()
}
