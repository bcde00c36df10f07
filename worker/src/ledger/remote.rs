//! How a request reaches its user's ledger: one call before it is sent, the others behind its back.

use js_sys::{Object, Promise, Reflect};
use openrouter_wasm::json::{concat, decimal};
use wasm_bindgen::prelude::*;
use web_sys::Response;

use super::{
    LEDGER, RATE_LIMITER, Settings,
    account::{Granted, Need},
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
    pub(super) type Namespace;

    #[wasm_bindgen(method, catch, js_name = getByName)]
    pub(super) fn get_by_name(this: &Namespace, name: &str) -> Result<Stub, JsValue>;

    /// One of its objects.
    pub(super) type Stub;

    #[wasm_bindgen(method, catch, js_name = fetch)]
    pub(super) fn fetch(this: &Stub, url: &str) -> Result<Promise, JsValue>;

    type RateLimiter;

    #[wasm_bindgen(method, catch)]
    fn limit(this: &RateLimiter, options: &Object) -> Result<Promise, JsValue>;
}

/// Where an object's answer stands: a header costs less than a body.
pub(super) const REPLY: &str = "reply";

/// A binding by its name.
pub(super) fn binding(env: &Env, name: &str) -> Option<JsValue> {
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
        Ok(Some(Self { stub, plan, is_open_for_free: settings.is_open_for_free }))
    }

    /// Sets aside what a request may cost at most; `None` where it passes though the ledger fails.
    ///
    /// # Errors
    /// The limit that it would pass, or 503 where the ledger fails.
    pub(crate) async fn reserve(&self, need: Need) -> Result<Option<Granted>, Refusal> {
        let Need { usd, tokens, is_stream } = need;
        let path =
            fill("reserve/%/%/%/%", &[&self.plan, &decimal(usd), &decimal(tokens), &decimal(u64::from(is_stream))]);
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
        let generation = String::from(js_sys::encode_uri_component(generation));
        self.tell(context, &fill("bind/%/%/%", &[&decimal(granted.id), &decimal(u64::from(key)), &generation]));
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
    pub(crate) fn settle(&self, context: &Context, granted: &Granted, usd: u64, tokens: u64) {
        self.tell(context, &fill("settle/%/%/%", &[&decimal(granted.id), &decimal(usd), &decimal(tokens)]));
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
        let path = fill("owns/%", &[&String::from(js_sys::encode_uri_component(generation))]);
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

/// The host is of no meaning: an object is reached by its stub.
const HOST: &str = "https://ledger";

pub(super) fn url(path: &str) -> String {
    concat(&[HOST, "/", path])
}

/// The path of such a URL, with its slash.
pub(super) fn path(url: &str) -> &str {
    url.strip_prefix(HOST).unwrap_or_default()
}
