//! Whether a request may be made, and what it can cost at most: pure decisions over its body.
//!
//! Default deny: models, presets, plugins and tools are named by the operator, fields that nobody here knows do not
//! pass. The body is read once, whatever the order of its keys, and goes up as it came unless something has to change.

mod bound;
mod content;
mod form;
mod inference;
mod models;
mod prices;
mod rules;
mod tools;

use std::borrow::Cow;

use openrouter_wasm::{
    api::Endpoint,
    json::{Value, concat, decimal, join},
    models::Price,
    schema,
};

use self::{inference::Inference, models::Named, rules::MaxPrice, tools::Gate, tools::shown};
pub use self::{prices::Prices, rules::Rules};
use crate::policy::Refusal;

/// What is to be admitted.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What is asked for.
    pub endpoint: Endpoint,
    /// The `Content-Type` header.
    pub content_type: &'a str,
    /// The body, whole.
    pub body: &'a [u8],
}

/// Who asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Who<'a> {
    /// Goes up as `user`, and before `session_id`; nobody's are set without it, as on the operator's own machine.
    pub user: Option<&'a str>,
    /// Chooses among `PLAN_MODELS`.
    pub plan: Option<&'a str>,
    /// The `x-session-id` header: the body's own counts for more.
    pub session: Option<&'a str>,
}

/// The body that goes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The bytes that came.
    Same,
    /// Other bytes.
    Changed(Vec<u8>),
}

/// A request that may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// All models that may answer, as they were asked for.
    pub models: Vec<String>,
    /// The most that it can cost, in nano-USD; 0 with `PRICES` off.
    pub usd_nano: u64,
    /// The most tokens that it can take, of prompts and answers.
    pub tokens: u64,
    /// Whether the answer is a stream of events.
    pub is_stream: bool,
    /// What goes up.
    pub body: Sent,
}

/// What a request asks for, as far as it has to do with its cost.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
struct Asked {
    models: Vec<Named>,
    /// The limit of an answer's tokens; 0 is none.
    output: u64,
    /// Tokens beside those of the answer: of thinking that has a limit of its own, of predictions.
    thinking: u64,
    /// How many answers are written.
    choices: u64,
    /// Pictures that are drawn.
    drawn: u64,
    /// Documents that are ranked, and the bytes of the query.
    documents: u64,
    query: u64,
    /// Pictures, sounds, films and files in the prompt.
    pictures: u64,
    files: u64,
    /// Whether the files have an engine that costs nothing.
    reads_files_free: bool,
    /// Whether the model reads more than the body's bytes.
    is_open: bool,
    /// Whether something of it is to be cached.
    caches: bool,
    /// Whether tools run upstream, step by step.
    loops: bool,
    /// Whether the web is searched, at the upstream's price.
    searches: bool,
    /// Nano-USD of a step, and of the request, for what has such a price.
    step_usd: u64,
    once_usd: u64,
}

impl Asked {
    fn answers(&self) -> u64 {
        self.choices.max(1)
    }
}

/// Admits a request, or tells why not.
///
/// # Errors
/// The refusal that names the field.
pub fn admit(
    rules: &Rules,
    prices: Option<&Prices>,
    request: &Request<'_>,
    who: &Who<'_>,
) -> Result<Admission, Refusal> {
    // Only asked for where costs are bounded.
    let none = Prices::default();
    let prices = match prices {
        Some(prices) => prices,
        None if rules.has_bound() => {
            return Err(Refusal::new(
                503,
                "provider_unavailable",
                "The price list cannot be reached; try again later.",
            ));
        }
        None => &none,
    };
    let gate = Gate { rules, models: rules.models(who.plan) };
    let media_type = request.content_type.split(';').next().unwrap_or_default().trim();
    if request.endpoint == Endpoint::Transcriptions && media_type.eq_ignore_ascii_case("multipart/form-data") {
        return admit_form(gate, prices, request);
    }
    let text = std::str::from_utf8(request.body).map_err(|_| invalid(&["The body is not UTF-8."]))?;
    let body =
        Value::parse(text).ok_or_else(|| invalid(&["The body is not JSON, or nested deeper than 256 levels."]))?;
    if let Some(key) = body.duplicate_key() {
        return Err(invalid(&[&shown(&key), ": there twice, and who reads it decides which one counts"]));
    }
    schema::check_request(&body, request.endpoint.request()).map_err(|error| invalid(&[error.message()]))?;

    let mut asked = Asked::default();
    check_fields(rules, request.endpoint, &body)?;
    read_models(gate, &body, &mut asked)?;
    read_limits(rules, request.endpoint, &body, &mut asked)?;
    gate.plugins(body.at("plugins"), &mut asked)?;
    gate.tools(body.at("tools"), request.endpoint, &mut asked)?;
    gate.tool_choice(body.at("tool_choice"), &mut asked)?;
    if let Some(options) = body.present("web_search_options") {
        gate.server_tool("web_search", options, "web_search_options", &mut asked)?;
    }
    read_content(rules, &body, &mut asked)?;
    gate.files(&mut asked)?;

    let is_stream = body.at("stream").is_true();
    let before = request.body.len() + rules.system_prompt.as_ref().map_or(0, String::len);
    let bound = bound::bound(rules, prices, request.endpoint, &asked, before as u64)?;
    let body = change(rules, request.endpoint, body, &asked, &bound, who)?;
    Ok(admission(&asked, &bound, is_stream, body))
}

fn admission(asked: &Asked, bound: &bound::Bound, is_stream: bool, body: Sent) -> Admission {
    let name = |named: &Named| match &named.preset {
        Some(preset) => concat(&[&*named.slug, "@preset/", preset]),
        None => named.slug.clone(),
    };
    Admission {
        models: asked.models.iter().map(name).collect(),
        usd_nano: bound.usd_nano,
        tokens: bound.tokens,
        is_stream,
        body,
    }
}

/// A form goes up as it came: to write it anew would be to write files anew.
fn admit_form(gate: Gate<'_>, prices: &Prices, request: &Request<'_>) -> Result<Admission, Refusal> {
    const FIELDS: [&str; 6] =
        ["file", "model", "language", "response_format", "temperature", "timestamp_granularities[]"];
    if gate.rules.forced_provider.is_some() {
        return Err(forbidden(&[
            "This proxy holds requests to its own `provider`, which a form cannot say: send JSON.",
        ]));
    }
    let mut asked = Asked::default();
    for (name, content) in form::read(request.content_type, request.body)? {
        if name == "model" {
            let name = std::str::from_utf8(content).map_err(|_| invalid(&["model: not UTF-8"]))?;
            asked.models.push(gate.named(name, "model", &mut Asked::default())?);
        } else if !FIELDS.contains(&name) && !gate.rules.passes(name) {
            return Err(unknown(name));
        }
    }
    if asked.models.is_empty() {
        return Err(no_model());
    }
    let bound = bound::bound(gate.rules, prices, request.endpoint, &asked, request.body.len() as u64)?;
    Ok(admission(&asked, &bound, false, Sent::Same))
}

/// Refuses fields that never pass, and those that nobody here knows.
fn check_fields(rules: &Rules, endpoint: Endpoint, body: &Value<'_>) -> Result<(), Refusal> {
    const NEVER: [(&str, &str); 8] = [
        ("debug", "it echoes the upstream request, which belongs to the account"),
        ("callback_url", "the upstream would call any address"),
        ("previous_response_id", "answers are not kept"),
        ("conversation", "conversations are not kept"),
        ("store", "answers are not kept"),
        ("background", "answers are not kept"),
        ("container", "containers belong to the account"),
        ("mcp_servers", "the upstream would call any address"),
    ];
    let known: Vec<&str> = schema::fields(endpoint.request()).collect();
    for (key, value) in body.entries() {
        let key = plain(key);
        // Of a picture it is what is behind it.
        let never =
            NEVER.iter().find(|(never, _)| *never == key && (*never, endpoint) != ("background", Endpoint::Images));
        // Nothing is asked for by it, nor by one answer.
        if value.is_null()
            || never.is_some() && matches!(value, Value::Bool(false))
            || key == "n" && whole(value) == Some(1)
        {
            continue;
        }
        if let Some((never, why)) = never {
            return Err(invalid(&[never, ": not available through this proxy, leave it out: ", why]));
        }
        if !known.contains(&&*key) && !endpoint.fields().contains(&&*key) && !rules.passes(&key) {
            return Err(unknown(&key));
        }
    }
    for field in ["models", "fallbacks", "plugins", "tools", "provider"] {
        let is_object = field == "provider";
        // What is written otherwise would be read by nobody here.
        if body.present(field).is_some_and(|value| if is_object { !value.is_object() } else { !value.is_array() }) {
            return Err(invalid(&[field, ": expected ", if is_object { "an object" } else { "a list" }]));
        }
    }
    // `prompt` of a response is a template that the account keeps.
    if endpoint == Endpoint::Responses && body.present("prompt").is_some() {
        return Err(invalid(&["prompt: not available through this proxy, leave it out: it belongs to the account"]));
    }
    for (field, cheap) in
        [("service_tier", &["auto", "default", "standard", "standard_only", "flex"][..]), ("speed", &["standard"])]
    {
        let is_cheap = match body.present(field) {
            Some(Value::String(tier)) => cheap.contains(&&**tier),
            // The speed of a voice.
            value => value.is_none_or(|value| value.number().is_some()),
        };
        if !is_cheap {
            return Err(forbidden(&[field, ": only ", &join(cheap.iter(), ", "), " may be asked through this proxy"]));
        }
    }
    Ok(())
}

/// Everything that names a model that may answer.
fn read_models(gate: Gate<'_>, body: &Value<'_>, asked: &mut Asked) -> Result<(), Refusal> {
    if let Some(preset) = body.present("preset") {
        let name = preset.text().ok_or_else(|| invalid(&["preset: expected a string"]))?;
        gate.preset(&name, "preset", asked)?;
    }
    if let Some(model) = body.present("model") {
        let name = model.text().ok_or_else(|| invalid(&["model: expected a string"]))?;
        let named = gate.named(&name, "model", asked)?;
        asked.models.push(named);
    }
    for field in ["models", "fallbacks"] {
        for item in body.at(field).items() {
            // Anthropic's way to write it; what else it may say, nobody here knows.
            let item = match item.entries() {
                [(key, name)] if plain(key) == "model" => name,
                _ => item,
            };
            let name = item.text().ok_or_else(|| invalid(&[field, ": expected the slugs of models"]))?;
            let named = gate.named(&name, field, asked)?;
            asked.models.push(named);
        }
    }
    if asked.models.is_empty() { Err(no_model()) } else { Ok(()) }
}

/// Everything that limits, or multiplies, what is written.
fn read_limits(rules: &Rules, endpoint: Endpoint, body: &Value<'_>, asked: &mut Asked) -> Result<(), Refusal> {
    let most = rules.max_output_tokens;
    let limit = |field: &str, value: &Value<'_>| match whole(value) {
        Some(tokens) if tokens >= 1 && (most == 0 || tokens <= most) => Ok(tokens),
        // Refused, not lowered: an answer that is cut where nobody asked for it looks like a mistake of the model.
        Some(tokens) if tokens >= 1 => Err(invalid(&[field, ": at most ", &decimal(most), " through this proxy"])),
        _ => Err(invalid(&[field, ": expected a whole number, 1 at least"])),
    };
    if endpoint.limit().is_some() {
        for field in ["max_tokens", "max_completion_tokens", "max_output_tokens"] {
            if let Some(value) = body.present(field) {
                asked.output = asked.output.max(limit(field, value)?);
            }
        }
        if endpoint.missing_limit(body).is_some() {
            asked.output = if most == 0 { 0 } else { asked.output.max(most) };
        }
    }
    for (of, field) in [("reasoning", "max_tokens"), ("thinking", "budget_tokens")] {
        if let Some(value) = body.at(of).present(field) {
            asked.thinking = asked.thinking.max(limit(&concat(&[of, ".", field]), value)?);
        }
    }
    // What was predicted wrongly is billed as if it had been written.
    if let Some(prediction) = body.present("prediction") {
        asked.thinking = asked.thinking.saturating_add(prediction.to_json().len() as u64);
    }
    for field in ["n", "best_of"] {
        if let Some(value) = body.present(field) {
            let count = whole(value).ok_or_else(|| invalid(&[field, ": expected a whole number"]))?;
            asked.choices = asked.choices.max(count);
        }
    }
    if endpoint == Endpoint::Images {
        asked.drawn = std::mem::take(&mut asked.choices).max(1);
        // What OpenAI's clients say of it; the API has no such field, and no addresses.
        if body.present("response_format").is_some_and(|format| format.text().as_deref() != Some("b64_json")) {
            return Err(invalid(&["response_format: pictures come as b64_json"]));
        }
    }
    if endpoint == Endpoint::Completions {
        asked.choices = asked.answers().saturating_mul(body.at("prompt").items().len().max(1) as u64);
    }
    let edits = body.at("context_management").at("edits").items();
    if edits.iter().any(|edit| edit.text_of("type").is_none_or(|kind| !kind.starts_with("clear_"))) {
        return Err(forbidden(&["context_management: only clear_… may be asked through this proxy"]));
    }
    Ok(())
}

/// What the model reads.
fn read_content(rules: &Rules, body: &Value<'_>, asked: &mut Asked) -> Result<(), Refusal> {
    for field in ["messages", "input"] {
        let count = body.at(field).items().len() as u64;
        if rules.max_messages > 0 && count > rules.max_messages {
            return Err(invalid(&[field, ": at most ", &decimal(rules.max_messages), " through this proxy"]));
        }
    }
    for field in ["messages", "input", "system", "instructions", "prompt", "documents", "input_audio"] {
        content::look(body.at(field), asked)?;
    }
    for field in ["input_references", "frame_images", "input_audio"] {
        if body.present(field).is_some() {
            asked.pictures = asked.pictures.saturating_add(body.at(field).items().len().max(1) as u64);
            asked.is_open = true;
        }
    }
    asked.caches |= ["cache_control", "prompt_cache_options"].iter().any(|field| body.present(field).is_some());
    asked.documents = body.at("documents").items().len() as u64;
    asked.query = body.raw_of("query").map_or(0, |query| query.len() as u64);
    Ok(())
}

/// The body as it goes up.
fn change(
    rules: &Rules,
    endpoint: Endpoint,
    body: Value<'_>,
    asked: &Asked,
    bound: &bound::Bound,
    who: &Who<'_>,
) -> Result<Sent, Refusal> {
    let provider = provider(rules, endpoint, &body, bound.caps)?;
    let mut changes = Changes { body, is_changed: false };
    if let Some(prompt) = &rules.system_prompt {
        changes.prepend(endpoint, prompt)?;
    }
    if let Some(provider) = provider {
        changes.set("provider", provider);
    }
    if endpoint == Endpoint::Images {
        changes.remove("response_format");
    }
    if let Some(limit) = endpoint.missing_limit(&changes.body).filter(|_| rules.max_output_tokens > 0) {
        changes.set(limit, Value::integer(rules.max_output_tokens));
    }
    if asked.loops {
        changes.limit_steps(rules, bound);
    }
    if let Some(user) = who.user {
        changes.identify(endpoint, user, who.session);
    }
    Ok(if changes.is_changed { Sent::Changed(changes.body.to_json().into_bytes()) } else { Sent::Same })
}

/// `provider` as it has to be, if it has to be other than it is.
fn provider(
    rules: &Rules,
    endpoint: Endpoint,
    body: &Value<'_>,
    caps: Option<MaxPrice>,
) -> Result<Option<Value<'static>>, Refusal> {
    let given = body.present("provider");
    if given.is_some_and(|given| !given.entries().is_empty() && !rules.allow_provider) {
        return Err(forbidden(&["provider: may not be chosen through this proxy"]));
    }
    // Another provider's own settings: its prices are nobody's here.
    if given.is_some_and(|given| given.present("options").is_some()) && !rules.passes("provider.options") {
        return Err(forbidden(&["provider.options: not available through this proxy"]));
    }
    let given = given.map(Value::detached);
    let mut changes = Changes { body: given.unwrap_or(Value::Object(Vec::new())), is_changed: false };
    for (key, value) in rules.forced_provider.iter().flat_map(Value::entries) {
        if endpoint.provider_keys().is_some_and(|known| !known.contains(&&**key)) {
            return Err(forbidden(&["This proxy holds requests to provider.", key, ", which this call cannot say."]));
        }
        changes.set(key, value.clone());
    }
    if let Some(caps) = caps {
        let mut prices = Changes {
            body: changes.body.present("max_price").cloned().unwrap_or(Value::Object(Vec::new())),
            is_changed: false,
        };
        // Prices of tokens are per million.
        let all = [
            ("prompt", Some(caps.prompt), 9),
            ("completion", Some(caps.completion), 9),
            ("request", Some(caps.request), 15),
            ("image", caps.image, 15),
        ];
        for (name, cap, places) in all {
            let Some(cap) = cap else { continue };
            let known = match prices.body.present(name) {
                Some(Value::Number(raw) | Value::String(raw)) => Some(
                    Price::parse(raw).ok_or_else(|| invalid(&["provider.max_price.", name, ": expected a price"]))?,
                ),
                Some(_) => return Err(invalid(&["provider.max_price.", name, ": expected a price"])),
                None => None,
            };
            if known.is_none_or(|known| known > Price::of_places(cap, places)) {
                prices.set(name, Value::Number(Cow::Owned(bound::usd(cap, places))));
            }
        }
        changes.set("max_price", prices.body);
    }
    Ok(changes.is_changed.then_some(changes.body))
}

/// An object on its way up.
struct Changes<'a> {
    body: Value<'a>,
    is_changed: bool,
}

impl<'a> Changes<'a> {
    /// Sets a key, unless it says so already.
    fn set(&mut self, key: &str, value: Value<'a>) {
        if self
            .body
            .get(key)
            .is_some_and(|known| *known == value || known.text().is_some() && known.text() == value.text())
        {
            return;
        }
        self.is_changed = true;
        let Value::Object(entries) = &mut self.body else { return };
        match entries.iter_mut().find(|(known, _)| plain(known) == key) {
            Some((_, known)) => *known = value,
            None => entries.push((Cow::Owned(key.to_owned()), value)),
        }
    }

    fn remove(&mut self, key: &str) {
        let Value::Object(entries) = &mut self.body else { return };
        let before = entries.len();
        entries.retain(|(known, _)| plain(known) != key);
        self.is_changed |= entries.len() < before;
    }

    fn take(&mut self, key: &str) -> Option<Value<'a>> {
        let Value::Object(entries) = &mut self.body else { return None };
        let entry = entries.iter_mut().find(|(known, _)| plain(known) == key)?;
        Some(std::mem::replace(&mut entry.1, Value::Null)).filter(|value| !value.is_null())
    }

    /// Puts the operator's own words before all others.
    fn prepend(&mut self, endpoint: Endpoint, prompt: &str) -> Result<(), Refusal> {
        let text = |content: &str| {
            let entry = |key: &'static str, value| (Cow::Borrowed(key), value);
            Value::Object(vec![entry("type", Value::string("text")), entry("text", Value::string(content))])
        };
        let field = match endpoint {
            Endpoint::ChatCompletions => "messages",
            Endpoint::Responses => "instructions",
            Endpoint::Messages => "system",
            Endpoint::Completions => "",
            _ => return Ok(()),
        };
        let own = match (endpoint, self.take(field)) {
            (Endpoint::ChatCompletions, Some(Value::Array(mut messages))) => {
                let entry = |key: &'static str, value| (Cow::Borrowed(key), value);
                let own = vec![entry("role", Value::string("system")), entry("content", Value::string(prompt))];
                messages.insert(0, Value::Object(own));
                Value::Array(messages)
            }
            (Endpoint::Messages, Some(Value::Array(mut parts))) => {
                parts.insert(0, text(prompt));
                Value::Array(parts)
            }
            (Endpoint::Responses | Endpoint::Messages, Some(given)) => {
                Value::string(&concat(&[prompt, "\n\n", &given.text().unwrap_or_default()]))
            }
            (Endpoint::Responses | Endpoint::Messages, None) => Value::string(prompt),
            _ => {
                return Err(forbidden(&[
                    "prompt: this proxy puts words of its own before all messages: send `messages`",
                ]));
            }
        };
        self.set(field, own);
        Ok(())
    }

    /// Tools that run upstream end after some steps, and near the cost that was reserved: any condition is enough.
    fn limit_steps(&mut self, rules: &Rules, bound: &bound::Bound) {
        let condition = |kind: &str, key: &'static str, value| {
            Value::Object(vec![(Cow::Borrowed("type"), Value::string(kind)), (Cow::Borrowed(key), value)])
        };
        let mut conditions = match self.take("stop_server_tools_when") {
            Some(Value::Array(given)) => given,
            _ => Vec::new(),
        };
        conditions.push(condition("step_count_is", "step_count", Value::integer(rules.max_tool_steps)));
        if bound.usd_nano > 0 {
            let usd = Value::Number(Cow::Owned(bound::usd(bound.usd_nano, 9)));
            conditions.push(condition("max_cost", "max_cost_in_dollars", usd));
        }
        self.set("stop_server_tools_when", Value::Array(conditions));
    }

    /// Says who asks; what the caller says of it does not count.
    fn identify(&mut self, endpoint: Endpoint, user: &str, session: Option<&str>) {
        if endpoint.has_user() {
            self.set("user", Value::string(user));
        }
        if endpoint.has_session() {
            let given = self.body.text_of("session_id").map(Cow::into_owned);
            // One user's session is never another's, and the API takes no more characters.
            let session =
                given.as_deref().or(session).map_or_else(|| user.to_owned(), |session| concat(&[user, "/", session]));
            self.set("session_id", Value::string(&session.chars().take(256).collect::<String>()));
        }
        if self.body.present("safety_identifier").is_some() {
            self.set("safety_identifier", Value::string(user));
        }
        if endpoint == Endpoint::Messages && self.body.present("metadata").is_some() {
            let own = vec![(Cow::Borrowed("user_id"), Value::string(user))];
            self.set("metadata", Value::Object(own));
        }
    }
}

/// A key without its escapes.
fn plain(key: &str) -> Cow<'_, str> {
    if key.contains('\\') {
        Cow::Owned(Value::String(Cow::Borrowed(key)).text().unwrap_or_default().into_owned())
    } else {
        Cow::Borrowed(key)
    }
}

/// A whole number that is not negative.
fn whole(value: &Value<'_>) -> Option<u64> {
    value.index().map(u64::from)
}

/// A refusal of what cannot be right. Formatting would be twice the wasm.
fn invalid(message: &[&str]) -> Refusal {
    Refusal::new(400, "invalid_request", concat(message))
}

/// A refusal of what could be right elsewhere.
fn forbidden(message: &[&str]) -> Refusal {
    Refusal::new(403, "permission_denied", concat(message))
}

fn unknown(field: &str) -> Refusal {
    invalid(&[&shown(field), ": a field that this proxy does not know; its operator can let it pass with EXTRA_FIELDS"])
}

fn no_model() -> Refusal {
    invalid(&["model: required here, for without it the account's own default would answer"])
}

#[cfg(test)]
mod tests;
