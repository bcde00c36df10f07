//! The proxy that holds the key: reads a request's head, asks [`policy`], forwards, and hands the upstream's own body
//! back. Unless a deployment asks for it, no byte of an answer crosses into wasm: looking at the chunks of a stream
//! costs ten times their transport.

pub mod admission;
pub mod catalogue;
pub mod config;
mod http;
pub mod identity;
pub mod ledger;
pub mod log;
mod platform;
pub mod policy;
pub mod stats;
pub mod stream;
pub mod task;
mod text;
pub mod upstream;

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

use js_sys::{Promise, Uint8Array};
use openrouter_wasm::{
    api::{Call, Endpoint, Method, PROXY_BASE_PATH},
    json::{concat, decimal},
};
use wasm_bindgen::prelude::*;

use crate::{
    admission::{Admission, Prices, Sent, Who, admit},
    catalogue::store::{Catalogue, Document, Missing, Slot},
    config::Config,
    http::{Head, Headers, Outgoing, body_bytes, header, json_response, now_ms, whole_body},
    identity::{Identity, MAX_SESSION_BYTES, Scope, edge},
    ledger::{
        account::{Cost, Granted, Need},
        remote::{self, RemoteLedger},
    },
    log::{LONGEST_MODEL, Outcome, Trail},
    platform::{Context, Env, Result, log_error, log_thrown},
    policy::{Decision, EXPOSED_HEADERS, Incoming, Refusal},
    stats::admin,
    stream::{Ended, Inspector, OnEnd, Used},
    task::promise,
    text::{shortened, whole},
    upstream::{
        StreamMode, clean_error,
        fetch::{Asked, Failure, ask},
        is_expected, rewrite_video,
    },
};

/// The most bytes of an upstream's error that are read, and how long that may take.
const MOST_ERROR_BYTES: u32 = 256 * 1024;
const ERROR_MS: u64 = 2_000;

/// The same of a video job.
const MOST_JOB_BYTES: u32 = 1024 * 1024;
const JOB_MS: u64 = 20_000;

/// Half of what the library's is.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

type Settings = std::result::Result<Rc<Config>, Vec<String>>;

thread_local! {
    /// The same for everybody.
    static PRICES: Slot<Prices> = Slot::default();

    /// It follows from the environment alone, which an isolate has one of.
    static SETTINGS: OnceCell<Settings> = const { OnceCell::new() };
}

/// Answers a request.
#[wasm_bindgen]
pub fn fetch(request: web_sys::Request, env: Env, context: Context) -> Promise {
    promise(Box::pin(async move {
        let read = || Config::read(&|name| remote::variable(&env, name)).map(Rc::new);
        let settings = SETTINGS.with(|settings| settings.get_or_init(read).clone());
        let head = Head::read(&request)?;
        let trail = RefCell::default();
        let began_ms = now_ms();
        let response = match answer(&head, &settings, &env, &Rc::new(context), &trail).await {
            Ok(response) => response,
            Err(thrown) => {
                log_thrown(&thrown);
                http::respond(500, &Headers::default(), Some(&"INTERNAL SERVER ERROR".into()))?
            }
        };
        if let Ok(config) = settings {
            let (trail, status) = (trail.borrow(), response.status());
            if config.log.takes(head.request_id(), status) {
                let duration_ms = now_ms().saturating_sub(began_ms);
                let (request_id, method, path) = (head.request_id(), head.method(), head.path());
                log::print(&config.log.line(&Outcome { request_id, method, path, status, duration_ms }, &trail));
            }
        }
        Ok(response.into())
    }))
}

async fn answer(
    head: &Head<'_>,
    settings: &Settings,
    env: &Env,
    context: &Rc<Context>,
    trail: &RefCell<Trail>,
) -> Result<web_sys::Response> {
    let (path, own_origin) = (head.path(), head.own_origin());
    let (origin, content_type) = (head.header("origin"), head.header("content-type"));
    let incoming = Incoming {
        method: head.method(),
        path,
        origin: origin.as_deref(),
        own_origin,
        content_type: content_type.as_deref(),
        content_length: head.header("content-length").and_then(|length| whole(&length)),
    };
    let allowed_origin = origin
        .as_deref()
        .filter(|origin| settings.as_ref().is_ok_and(|config| config.allows_origin(origin, own_origin)));
    let is_messages = path.strip_prefix(PROXY_BASE_PATH) == Some("/messages");
    let reply = Reply { allowed_origin, request_id: head.request_id(), is_messages, limits: RefCell::default(), trail };

    let decision = policy::decide(settings.as_deref(), &incoming);
    if let Decision::OpenSession | Decision::Usage | Decision::Admin(_) | Decision::Forward(_) = decision
        && let Err(refusal) = remote::check_address(env, || address(head)).await
    {
        return reply.refuse(&refusal);
    }
    match (decision, settings) {
        (Decision::Health, settings) => {
            let status = if settings.is_ok() { 200 } else { 500 };
            json_response(reply.headers(), status, &policy::health_body(settings.as_deref()))
        }
        (Decision::Preflight(allowed_method), _) => {
            let requested = head.header("access-control-request-headers").unwrap_or_default();
            preflight(&reply, allowed_method, &requested)
        }
        (Decision::OpenSession, Ok(config)) => open_session(head, config, &reply).await,
        (Decision::Usage, Ok(config)) => match usage(head, config, env).await {
            Ok(numbers) => json_response(reply.headers(), 200, &numbers),
            Err(refusal) => reply.refuse(&refusal),
        },
        (Decision::Forward(call), Ok(config)) => {
            let exchange = Exchange { head, config, env, context, call: &call, reply: &reply };
            exchange.forward(head.query()).await
        }
        (Decision::Admin(view), Ok(config)) => match admin::show(head, config, env, view).await {
            Ok(shown) => Ok(shown),
            Err(refusal) => reply.refuse_with(admin::headers(head), &refusal),
        },
        (Decision::Refuse(refusal), _) => reply.refuse(&refusal),
        (Decision::Forward(_) | Decision::OpenSession | Decision::Usage | Decision::Admin(_), Err(_)) => {
            reply.refuse(&Refusal::misconfigured("The proxy is not set up."))
        }
    }
}

/// Cloudflare's front line says where a request comes from; whatever the client says there is overwritten.
fn address(head: &Head<'_>) -> String {
    head.header("cf-connecting-ip").unwrap_or_else(|| "local".to_owned())
}

/// A user's own numbers.
async fn usage(head: &Head<'_>, config: &Config, env: &Env) -> std::result::Result<String, Refusal> {
    let identity = edge::identify(&config.authentication, head).await?;
    identity.check(Scope::Usage)?;
    let ledger = RemoteLedger::open(env, &config.ledger, &identity.user, identity.plan.as_deref())?;
    ledger.ok_or_else(policy::not_found)?.usage().await
}

async fn open_session(head: &Head<'_>, config: &Config, reply: &Reply<'_>) -> Result<web_sys::Response> {
    let Some(body) = body_bytes(head, MAX_SESSION_BYTES).await? else {
        return reply.refuse(&policy::too_large(MAX_SESSION_BYTES));
    };
    match edge::open_session(&config.authentication, head, &body.to_vec()).await {
        Ok(session) => json_response(reply.headers(), 200, &session),
        Err(refusal) => reply.refuse(&refusal),
    }
}

fn preflight(reply: &Reply<'_>, method: &str, requested: &str) -> Result<web_sys::Response> {
    let mut headers = reply.headers();
    headers.set("access-control-allow-methods", method);
    headers.set("access-control-allow-headers", &policy::allowed_headers(requested));
    headers.set("access-control-max-age", "86400");
    http::respond(204, &headers, None)
}

/// A call on its way.
struct Exchange<'a> {
    head: &'a Head<'a>,
    config: &'a Rc<Config>,
    env: &'a Env,
    context: &'a Rc<Context>,
    call: &'a Call,
    reply: &'a Reply<'a>,
}

impl Exchange<'_> {
    async fn forward(&self, query: &str) -> Result<web_sys::Response> {
        let Self { config, context, call, reply, .. } = self;
        if catalogue::is_too_long(query) {
            return reply.refuse(&Refusal::new(400, "invalid_request", "The query is too long."));
        }
        let identity = match edge::identify(&config.authentication, self.head).await {
            Ok(identity) => identity,
            Err(refusal) => return reply.refuse(&refusal),
        };
        reply.trail.borrow_mut().user = Some(identity.user.clone());
        if let Err(refusal) = identity.check(Scope::of(call)) {
            return reply.refuse(&refusal);
        }
        let ledger = match RemoteLedger::open(self.env, &config.ledger, &identity.user, identity.plan.as_deref()) {
            Ok(ledger) => ledger,
            Err(refusal) => return reply.refuse(&refusal),
        };
        if !identity.is_local
            && let Some(own) = self.of_the_account(ledger.as_ref(), query).await
        {
            return match own {
                Ok(json) => json_response(reply.headers(), 200, &json),
                Err(refusal) => reply.refuse(&refusal),
            };
        }
        if catalogue::is_kept(call.endpoint) {
            return match self.catalogue(identity.plan).document(call, query).await? {
                Ok(document) => self.show(&document),
                Err(Missing::Refusal(refusal)) => reply.refuse(&refusal),
                Err(Missing::Upstream(asked)) => self.show_error(&asked).await,
            };
        }
        let admission = match self.admit(&identity).await? {
            Ok(admission) => admission,
            Err(refusal) => return reply.refuse(&refusal),
        };
        if let Some((admission, _)) = &admission {
            let mut trail = reply.trail.borrow_mut();
            trail.model = admission.models.first().cloned();
            trail.reserved = admission.usd_nano;
        }
        let mut bill = None;
        if let (Some((admission, _)), Some(ledger)) = (&admission, ledger) {
            match Bill::open(ledger, context, admission).await {
                Ok(opened) => bill = opened,
                Err(refusal) => return reply.refuse(&refusal),
            }
        }
        if let Some(bill) = &bill {
            reply.limits.replace(bill.granted.requests.map(ledger::headers).unwrap_or_default());
        }
        let outgoing = Outgoing {
            url: &config.upstream_url(call, &policy::passed_query(call, query)),
            method: call.method().as_str(),
            headers: &config.upstream_headers(call, &|name| self.head.header(name)),
            body: admission.as_ref().map(|(_, body)| body.as_ref()),
        };
        match ask(&config.upstream, &outgoing, &identity.user, Some(self.head.request)).await? {
            Ok(asked) if asked.response.ok() => {
                reply.trail.borrow_mut().key = Some(asked.key);
                if let Some(bill) = &bill {
                    bill.follow(&asked);
                }
                self.hand_on(asked, bill).await
            }
            Ok(asked) => {
                reply.trail.borrow_mut().key = Some(asked.key);
                // OpenRouter bills what it has answered.
                if let Some(bill) = &bill {
                    bill.ledger.release(context, &bill.granted);
                }
                self.show_error(&asked).await
            }
            Err(failure) => {
                // What was sent and not answered may have been billed: that is the ledger's to say when it has waited. A
                // connection that is lost does not tell whether it was there at all.
                if let (Failure::Own(_), Some(bill)) = (failure, &bill) {
                    bill.ledger.release(context, &bill.granted);
                }
                reply.refuse(&failure.refusal())
            }
        }
    }

    /// What a user is told in place of what the upstream would say of the account, if the call asks for such.
    async fn of_the_account(
        &self,
        ledger: Option<&RemoteLedger>,
        query: &str,
    ) -> Option<std::result::Result<String, Refusal>> {
        match (self.call.endpoint, ledger) {
            (Endpoint::Key, Some(ledger)) => Some(ledger.key().await),
            (Endpoint::Generation, Some(ledger)) => {
                let query = policy::passed_query(self.call, query);
                match ledger.owns(query.strip_prefix("?id=").unwrap_or_default()).await {
                    Ok(true) => None,
                    Ok(false) => Some(Err(Refusal::new(404, "not_found", "No generation of yours has this id."))),
                    Err(refusal) => Some(Err(refusal)),
                }
            }
            (Endpoint::Key | Endpoint::Generation, None) => Some(Err(policy::not_yours())),
            _ => None,
        }
    }

    fn catalogue(&self, plan: Option<String>) -> Catalogue {
        Catalogue { config: Rc::clone(self.config), plan, context: Rc::clone(self.context) }
    }

    /// What the policy says of the request's body, and the body that goes up; nothing for what has none.
    async fn admit(
        &self,
        identity: &Identity,
    ) -> Result<std::result::Result<Option<(Admission, Uint8Array)>, Refusal>> {
        let Self { config, call, head, .. } = self;
        if call.method() != Method::Post {
            return Ok(Ok(None));
        }
        let Some(bytes) = body_bytes(head, config.max_body_bytes).await? else {
            return Ok(Err(policy::too_large(config.max_body_bytes)));
        };
        let prices = if config.rules.has_bound() {
            match self.catalogue(None).prices(&PRICES, Prices::read).await? {
                Ok(prices) => Some(prices),
                Err(refusal) => return Ok(Err(refusal)),
            }
        } else {
            None
        };
        let (content_type, session) = (head.header("content-type"), head.header("x-session-id"));
        let content_type = content_type.unwrap_or_default();
        let asked = admission::Request { endpoint: call.endpoint, content_type: &content_type, body: &bytes.to_vec() };
        let who = Who {
            user: Some(&*identity.user).filter(|_| !identity.is_local),
            plan: identity.plan.as_deref(),
            session: session.as_deref(),
        };
        Ok(admit(&config.rules, prices.as_deref(), &asked, &who).map(|admission| {
            let body = match &admission.body {
                Sent::Same => bytes,
                Sent::Changed(changed) => Uint8Array::from(changed.as_slice()),
            };
            Some((admission, body))
        }))
    }

    /// A successful answer of the upstream's.
    async fn hand_on(&self, asked: Asked, bill: Option<Bill>) -> Result<web_sys::Response> {
        let Self { config, context, call, reply, .. } = self;
        let Asked { response, controller, .. } = asked;
        let content_type = header(&response, "content-type");
        if !is_expected(call.answer(), content_type.as_deref()) {
            controller.abort();
            return self.refuse_with_head(&response, &not_of_the_api());
        }
        if matches!(call.endpoint, Endpoint::Videos | Endpoint::Video) {
            let job = whole_body(&response, MOST_JOB_BYTES, JOB_MS).await.unwrap_or_default();
            let base_url = concat(&[self.head.own_origin(), PROXY_BASE_PATH]);
            let job = String::from_utf8(job.to_vec()).ok().and_then(|job| rewrite_video(&base_url, &job));
            let Some(job) = job else { return self.refuse_with_head(&response, &not_of_the_api()) };
            return json_response(reply.headers_of(&response), response.status(), &job);
        }
        let Some(body) = response.body() else {
            return http::respond(response.status(), &reply.headers_of(&response), None);
        };
        let is_event_stream = policy::is_media_type(content_type.as_deref(), "text/event-stream");
        let is_text = is_event_stream || !is_bytes(content_type.as_deref());
        let on_end: OnEnd = Box::new(|ended| {
            if let Some(bill) = bill {
                bill.end(ended);
            }
            Box::pin(async {})
        });
        let body = match config.upstream.stream_mode {
            // The body stays the upstream's own: it is pumped outside of JavaScript, and ends with the client.
            StreamMode::Untouched => body,
            StreamMode::Inspect if is_text => {
                let inspector = Inspector::new(Rc::clone(config), is_event_stream);
                stream::inspect(context, &body, controller, inspector, on_end)?
            }
            // Sound and video name nobody.
            StreamMode::Watch | StreamMode::Inspect => stream::watch(context, &body, on_end),
        };
        http::respond(response.status(), &reply.headers_of(&response), Some(&body.into()))
    }

    /// An error of the upstream's.
    async fn show_error(&self, asked: &Asked) -> Result<web_sys::Response> {
        let response = &asked.response;
        let body = whole_body(response, MOST_ERROR_BYTES, ERROR_MS).await.unwrap_or_default();
        match clean_error(
            &self.config.upstream,
            response.status(),
            &String::from_utf8(body.to_vec()).unwrap_or_default(),
        ) {
            Ok(error) => json_response(self.reply.headers_of(response), response.status(), &error),
            Err(refusal) => self.refuse_with_head(response, &refusal),
        }
    }

    /// With what the upstream's head said: how long to wait is told, whatever the body was.
    fn refuse_with_head(&self, response: &web_sys::Response, refusal: &Refusal) -> Result<web_sys::Response> {
        self.reply.refuse_with(self.reply.headers_of(response), refusal)
    }

    /// A document of the catalogue.
    fn show(&self, document: &Document) -> Result<web_sys::Response> {
        let Document { body, facts, .. } = document;
        let mut headers = self.reply.headers();
        headers.set("etag", &facts.etag);
        if !facts.cache_control.is_empty() {
            headers.set("cache-control", &facts.cache_control);
            headers.set("age", &decimal(facts.age_seconds(now_ms())));
        }
        let known = self.head.header("if-none-match");
        if known.is_some_and(|known| catalogue::names_etag(&known, &facts.etag)) {
            return http::respond(304, &headers, None);
        }
        headers.set("content-type", &facts.content_type);
        http::respond(200, &headers, Some(body))
    }
}

fn not_of_the_api() -> Refusal {
    Refusal::new(502, "provider_unavailable", "The upstream's answer is not what the API sends.")
}

/// Whether this is sound, video or what else is no text.
fn is_bytes(content_type: Option<&str>) -> bool {
    let content_type = content_type.unwrap_or_default();
    ["audio/", "video/", "application/octet-stream"].iter().any(|kind| content_type.starts_with(kind))
}

/// What a request has set aside in its user's ledger, and what becomes of it.
struct Bill {
    ledger: RemoteLedger,
    granted: Granted,
    context: Rc<Context>,
}

impl Bill {
    /// `None` where the ledger fails, and the request costs nothing.
    async fn open(
        ledger: RemoteLedger,
        context: &Rc<Context>,
        admission: &Admission,
    ) -> std::result::Result<Option<Self>, Refusal> {
        let Admission { usd_nano, tokens, is_stream, .. } = *admission;
        let need = Need { usd: usd_nano, tokens, is_stream };
        // The one it is counted under until its record says which one has answered.
        let model = admission.models.first().map_or("", |model| shortened(model, LONGEST_MODEL));
        let granted = ledger.reserve(need, model).await?;
        Ok(granted.map(|granted| Self { ledger, granted, context: Rc::clone(context) }))
    }

    /// By the head of a success.
    fn follow(&self, asked: &Asked) {
        let key = u32::try_from(asked.key).unwrap_or_default();
        match header(&asked.response, "x-generation-id") {
            Some(generation) => self.ledger.bind(&self.context, &self.granted, &generation, key),
            None => self.ledger.charge(&self.context, &self.granted),
        }
    }

    /// An answer whose end was seen.
    fn end(&self, ended: Ended) {
        match ended.usage {
            Some(Used { usd_nano: Some(usd), tokens, completion }) => {
                let completion = completion.unwrap_or_default();
                let prompt = tokens.unwrap_or_default().saturating_sub(completion);
                self.ledger.settle(&self.context, &self.granted, &Cost { usd, prompt, completion, model: None });
            }
            _ => self.ledger.end(&self.context, &self.granted),
        }
    }
}

/// What all answers to one request have in common.
struct Reply<'a> {
    allowed_origin: Option<&'a str>,
    request_id: &'a str,
    is_messages: bool,
    /// What is left of the user's limits.
    limits: RefCell<Vec<(&'static str, String)>>,
    /// For the log.
    trail: &'a RefCell<Trail>,
}

impl Reply<'_> {
    /// The headers that every answer has.
    fn headers(&self) -> Headers {
        let mut headers = Headers::default();
        headers.set("vary", "Origin");
        headers.set("x-content-type-options", "nosniff");
        headers.set("x-request-id", self.request_id);
        for (name, value) in self.limits.borrow().iter() {
            headers.set(name, value);
        }
        if let Some(origin) = self.allowed_origin {
            headers.set("access-control-allow-origin", origin);
            headers.set("access-control-expose-headers", EXPOSED_HEADERS);
        }
        headers
    }

    /// These, and what may pass of the upstream's.
    fn headers_of(&self, upstream: &web_sys::Response) -> Headers {
        let mut headers = self.headers();
        headers.pass_down(upstream);
        headers
    }

    fn refuse(&self, refusal: &Refusal) -> Result<web_sys::Response> {
        self.refuse_with(self.headers(), refusal)
    }

    /// With headers that are there already.
    fn refuse_with(&self, mut headers: Headers, refusal: &Refusal) -> Result<web_sys::Response> {
        if refusal.error_type == Some("proxy_configuration") {
            log_error(&concat(&[self.request_id, " ", &*refusal.message]));
        }
        self.trail.borrow_mut().reason = refusal.limit_source.or(refusal.error_type);
        if refusal.status == 401 {
            headers.set("www-authenticate", r#"Bearer error="invalid_token""#);
        }
        for (name, value) in &refusal.headers {
            headers.set(name, value);
        }
        if let Some(allow) = refusal.allow {
            headers.set("allow", allow);
        }
        json_response(headers, refusal.status, &policy::refusal_body(refusal, self.is_messages, self.request_id))
    }
}
