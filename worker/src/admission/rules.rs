//! The operator's settings about what may be asked for.

use std::borrow::Cow;

use openrouter_wasm::{
    json::{Value, join},
    models::Price,
};

use super::models::{Patterns, entries};
use crate::{config::Variables, text::fill};

/// Tokens of an answer, unless `MAX_OUTPUT_TOKENS` says otherwise.
const DEFAULT_MAX_OUTPUT_TOKENS: u64 = 4096;
/// Steps of tools that the upstream runs, unless `MAX_TOOL_STEPS` says otherwise; the upstream's own default is 30.
const DEFAULT_MAX_TOOL_STEPS: u64 = 5;
/// Tokens of a picture that is drawn: the largest that is on offer takes half of it.
const DEFAULT_MAX_IMAGE_TOKENS: u64 = 16_384;
/// Twice the listed price: what providers of one model ask is that far apart, and a long prompt may cost double.
const DEFAULT_PRICE_HEADROOM: u64 = 2000;

/// What may be asked for, and how its cost is bounded.
#[derive(Debug, Clone)]
pub struct Rules {
    models: Patterns,
    plans: Vec<(String, Patterns)>,
    pub(super) presets: Listed,
    pub(super) plugins: Listed,
    pub(super) server_tools: Listed,
    /// Fixed prices of calls whose cost no list and no limit tells.
    pub(super) media: Listed,
    /// 0 is no limit but the model's.
    pub(super) max_output_tokens: u64,
    /// 0 is no limit.
    pub(super) max_messages: u64,
    pub(super) max_tool_steps: u64,
    pub(super) max_image_tokens: u64,
    pub(super) allow_provider: bool,
    pub(super) forced_provider: Option<Value<'static>>,
    pub(super) system_prompt: Option<String>,
    extra_fields: Vec<String>,
    has_bound: bool,
    /// Thousandths.
    pub(super) headroom: u64,
    pub(super) max_price: Option<MaxPrice>,
}

/// The most that an endpoint may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MaxPrice {
    /// Femto-USD for a token of the prompt.
    pub(super) prompt: u64,
    /// Femto-USD for a token of the answer.
    pub(super) completion: u64,
    /// Femto-USD for the request itself.
    pub(super) request: u64,
    /// Femto-USD for a picture in the prompt.
    pub(super) image: Option<u64>,
}

impl Rules {
    /// Reads the settings; mistakes are told by their names.
    pub fn read(variables: &mut Variables<'_>) -> Self {
        let plans = read_plans(variables);
        Self {
            models: read_models(variables, plans.is_empty()),
            plans,
            presets: Listed::read(variables, "ALLOWED_PRESETS"),
            plugins: Listed::read(variables, "ALLOWED_PLUGINS"),
            server_tools: Listed::read(variables, "ALLOWED_SERVER_TOOLS"),
            media: read_media(variables),
            max_output_tokens: variables.whole("MAX_OUTPUT_TOKENS", DEFAULT_MAX_OUTPUT_TOKENS, 0),
            max_messages: variables.whole("MAX_MESSAGES", 0, 0),
            max_tool_steps: variables.whole("MAX_TOOL_STEPS", DEFAULT_MAX_TOOL_STEPS, 1),
            max_image_tokens: variables.whole("MAX_IMAGE_TOKENS", DEFAULT_MAX_IMAGE_TOKENS, 1),
            allow_provider: variables.flag("ALLOW_PROVIDER"),
            forced_provider: read_forced_provider(variables),
            system_prompt: variables.text("SYSTEM_PROMPT"),
            extra_fields: read_extra_fields(variables),
            has_bound: read_has_bound(variables),
            headroom: read_headroom(variables),
            max_price: read_max_price(variables),
        }
    }

    /// Whether costs are bounded before a request is sent: with `PRICES` off nothing is looked up, and a budget in
    /// USD can only be settled afterwards.
    pub fn has_bound(&self) -> bool {
        self.has_bound
    }

    /// The models of a plan; of none, or one without models of its own, those of everybody.
    pub(super) fn models(&self, plan: Option<&str>) -> &Patterns {
        let own = plan.and_then(|plan| self.plans.iter().find(|(name, _)| name == plan));
        own.map_or(&self.models, |(_, models)| models)
    }

    /// Whether a model may be asked by somebody of this plan: for the list of models.
    pub fn allows_model(&self, plan: Option<&str>, slug: &str) -> bool {
        self.models(plan).allow(&slug.to_ascii_lowercase())
    }

    /// A name for the models of a plan, so that what was filtered by another is not shown; none where all are allowed.
    pub fn name_of_models(&self, plan: Option<&str>) -> Option<String> {
        self.models(plan).name()
    }

    /// Whether a field that nobody here knows may pass.
    pub(super) fn passes(&self, field: &str) -> bool {
        self.extra_fields.iter().any(|known| known == field)
    }
}

/// What the operator says that something costs, in nano-USD, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fee(pub(super) Option<u64>);

/// Names with what they cost, in nano-USD, if the operator says so. `*` is all others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Listed(Vec<(String, Option<u64>)>);

impl Listed {
    fn read(variables: &mut Variables<'_>, name: &str) -> Self {
        let mut listed = Self::default();
        for entry in entries(&variables.text(name).unwrap_or_default()) {
            let (entry, price) = entry.split_once('=').map_or((entry, None), |(entry, price)| (entry, Some(price)));
            let price = price.map(|price| Price::parse(price).and_then(|price| price.in_places(9)));
            let is_name = entry.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:*".contains(&byte));
            if entry.is_empty() || !is_name || price == Some(None) {
                variables.problem(fill(
                    "% must list names by spaces, a price in USD after `=` where one is needed",
                    &[name],
                ));
            } else {
                listed.0.push((entry.to_ascii_lowercase(), price.flatten()));
            }
        }
        listed
    }

    /// What a name costs, if it is listed.
    pub(super) fn get(&self, name: &str) -> Option<Fee> {
        let find = |name: &str| self.0.iter().find(|(known, _)| known == name).map(|(_, price)| Fee(*price));
        find(name).or_else(|| find("*"))
    }
}

fn read_models(variables: &mut Variables<'_>, is_needed: bool) -> Patterns {
    match variables.text("ALLOWED_MODELS").map(|list| Patterns::read(&list)) {
        Some(Some(patterns)) => return patterns,
        Some(None) => variables.problem(
            "ALLOWED_MODELS must list slugs such as openai/gpt-5-mini, or patterns such as anthropic/* and *:free",
        ),
        None if is_needed => variables.problem(
            "ALLOWED_MODELS is not set, so no model may be asked: list slugs and patterns by spaces, e.g. `openai/gpt-5-mini *:free`, or `*` for all",
        ),
        None => {}
    }
    Patterns::default()
}

fn read_plans(variables: &mut Variables<'_>) -> Vec<(String, Patterns)> {
    let Some(text) = variables.text("PLAN_MODELS") else { return Vec::new() };
    let json = Value::parse(&text).filter(|json| json.is_object() && json.duplicate_key().is_none());
    let read = |(plan, list): &(Cow<'_, str>, Value<'_>)| {
        let items: Vec<String> = match list {
            Value::Array(items) => items.iter().map(|item| Some(item.text()?.into_owned())).collect::<Option<_>>()?,
            list => vec![list.text()?.into_owned()],
        };
        Some((plan.clone().into_owned(), Patterns::read(&join(items.iter(), " "))?))
    };
    let plans: Option<Vec<_>> = json.as_ref().and_then(|json| json.entries().iter().map(read).collect());
    plans.unwrap_or_else(|| {
        variables.problem(r#"PLAN_MODELS must be JSON, models by plan, e.g. {"free": ["*:free"], "pro": ["*"]}"#);
        Vec::new()
    })
}

fn read_media(variables: &mut Variables<'_>) -> Listed {
    const CALLS: [&str; 5] = ["images", "speech", "transcription", "videos", "rerank"];
    let media = Listed::read(variables, "MEDIA_USD");
    if media.0.iter().any(|(name, price)| !CALLS.contains(&&**name) || price.is_none()) {
        variables.problem(fill(
            "MEDIA_USD must be prices in USD of %, e.g. `videos=4 images=0.25`",
            &[&join(CALLS.iter(), ", ")],
        ));
    }
    media
}

fn read_forced_provider(variables: &mut Variables<'_>) -> Option<Value<'static>> {
    let text = variables.text("FORCE_PROVIDER")?;
    let provider = Value::parse(&text).filter(|json| json.is_object() && json.duplicate_key().is_none());
    if provider.is_none() {
        variables.problem(r#"FORCE_PROVIDER must be a JSON object, e.g. {"zdr": true}"#);
    }
    provider.map(|provider| provider.detached()).filter(|provider| !provider.entries().is_empty())
}

fn read_extra_fields(variables: &mut Variables<'_>) -> Vec<String> {
    let fields = variables.text("EXTRA_FIELDS").unwrap_or_default();
    entries(&fields).map(str::to_owned).collect()
}

fn read_has_bound(variables: &mut Variables<'_>) -> bool {
    match variables.text("PRICES").as_deref() {
        None | Some("bound") => true,
        Some("off") => false,
        Some(_) => {
            variables.problem("PRICES must be `bound` (costs are bounded before a request is sent) or `off`");
            true
        }
    }
}

fn read_headroom(variables: &mut Variables<'_>) -> u64 {
    let Some(text) = variables.text("PRICE_HEADROOM") else { return DEFAULT_PRICE_HEADROOM };
    let factor = Price::parse(&text).and_then(|factor| factor.in_places(3));
    factor.filter(|factor| (1000..=100_000).contains(factor)).unwrap_or_else(|| {
        variables.problem("PRICE_HEADROOM must be a factor from 1 to 100, e.g. 1.5");
        DEFAULT_PRICE_HEADROOM
    })
}

fn read_max_price(variables: &mut Variables<'_>) -> Option<MaxPrice> {
    let text = variables.text("MAX_PRICE")?;
    let read = |text: &str| {
        let json = Value::parse(text).filter(|json| json.duplicate_key().is_none())?;
        let price = |name: &str, places| match json.present(name) {
            Some(Value::Number(raw) | Value::String(raw)) => Some(Some(Price::parse(raw)?.in_places(places)?)),
            Some(_) => None,
            None => Some(None),
        };
        let is_known = |name: &str| ["prompt", "completion", "request", "image"].contains(&name);
        json.entries().iter().all(|(name, _)| is_known(name)).then_some(())?;
        Some(MaxPrice {
            // Per million: a millionth of it in femto-USD.
            prompt: price("prompt", 9)??,
            completion: price("completion", 9)??,
            request: price("request", 15)?.unwrap_or(0),
            image: price("image", 15)?,
        })
    };
    let price = read(&text);
    if price.is_none() {
        variables.problem(
            r#"MAX_PRICE must be JSON, USD per million tokens, and per request and image if they may cost something, e.g. {"prompt": 3, "completion": 15}"#,
        );
    }
    price
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Rules, or the mistakes in the settings.
    pub(crate) fn read(settings: &[(&str, &str)]) -> Result<Rules, Vec<String>> {
        let variable =
            |name: &str| settings.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let mut variables = Variables::new(&variable);
        let rules = Rules::read(&mut variables);
        variables.end(rules)
    }

    #[test]
    fn nothing_is_allowed_unless_it_is_named() {
        let problems = read(&[]).unwrap_err();
        assert!(problems.len() == 1 && problems[0].starts_with("ALLOWED_MODELS is not set"));
        let rules = read(&[("ALLOWED_MODELS", "a/b")]).unwrap();
        assert!(rules.has_bound() && !rules.allow_provider && rules.max_price.is_none());
        assert_eq!(
            (rules.presets.get("x"), rules.plugins.get("web"), rules.server_tools.get("web_search")),
            (None, None, None)
        );
        assert!(rules.allows_model(None, "A/B") && !rules.allows_model(Some("free"), "a/c"));
    }

    #[test]
    fn a_plan_has_its_own_models() {
        let rules = read(&[("PLAN_MODELS", r#"{"free": "*:free", "pro": ["a/*", "b/c"]}"#)]).unwrap();
        for (plan, slug, allowed) in [
            (None, "a/b", false),
            (Some("none"), "a/b:free", false),
            (Some("free"), "a/b:free", true),
            (Some("free"), "a/b", false),
            (Some("pro"), "b/c", true),
        ] {
            assert_eq!(rules.allows_model(plan, slug), allowed, "{plan:?} {slug}");
        }
    }

    #[test]
    fn every_mistake_is_named_and_no_value_shown() {
        let settings = [
            ("ALLOWED_MODELS", "secret"),
            ("PLAN_MODELS", "[\"secret\"]"),
            ("ALLOWED_PRESETS", "secret!"),
            ("ALLOWED_PLUGINS", "web=secret"),
            ("ALLOWED_SERVER_TOOLS", "=1"),
            ("MEDIA_USD", "secret=1"),
            ("MAX_OUTPUT_TOKENS", "secret"),
            ("MAX_MESSAGES", "-1"),
            ("MAX_TOOL_STEPS", "0"),
            ("MAX_IMAGE_TOKENS", "0"),
            ("ALLOW_PROVIDER", "secret"),
            ("FORCE_PROVIDER", "{\"zdr\":true,\"zdr\":false}"),
            ("PRICES", "secret"),
            ("PRICE_HEADROOM", "0.5"),
            ("MAX_PRICE", "{\"prompt\":1}"),
        ];
        let problems = read(&settings).unwrap_err();
        for (name, _) in settings {
            assert!(problems.iter().any(|problem| problem.starts_with(name)), "{name} {problems:?}");
        }
        assert!(!problems.concat().contains("secret"), "{problems:?}");
        for price in [
            "1",
            "{}",
            r#"{"prompt":-1,"completion":1}"#,
            r#"{"prompt":1,"completion":1,"promt":1}"#,
            r#"{"prompt":[],"completion":1}"#,
        ] {
            assert!(read(&[("ALLOWED_MODELS", "*"), ("MAX_PRICE", price)]).is_err(), "{price}");
        }
    }

    #[test]
    fn prices_are_read_exactly() {
        let rules = read(&[
            ("ALLOWED_MODELS", "*"),
            ("MAX_PRICE", r#"{"prompt": "2.5", "completion": 10, "image": 0.01}"#),
            ("ALLOWED_SERVER_TOOLS", "openrouter:web_search=0.05, openrouter:datetime"),
            ("PRICE_HEADROOM", "1.25"),
        ])
        .unwrap();
        let price =
            MaxPrice { prompt: 2_500_000_000, completion: 10_000_000_000, request: 0, image: Some(10_000_000_000_000) };
        assert_eq!((rules.max_price, rules.headroom), (Some(price), 1250));
        assert_eq!(rules.server_tools.get("openrouter:web_search"), Some(Fee(Some(50_000_000))));
        assert_eq!(rules.server_tools.get("openrouter:datetime"), Some(Fee(None)));
    }
}
