//! What the models cost: the list's rows, compact, by every name that a request may use.
//!
//! Prices are whole femto-USD (1e-15 USD) for one unit, rounded up: the list's cheapest token is thousands of them.

use openrouter_wasm::{json::Value, models::Price};

/// Places of a femto-USD.
pub(super) const FEMTO: u32 = 15;

/// What one unit costs, in femto-USD: of several kinds that may be counted, the dearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rates {
    /// A token of the prompt, as listed.
    pub(super) prompt: u64,
    /// A token that went into or came out of a cache.
    pub(super) cached: u64,
    /// A token that was put into a cache for an hour.
    pub(super) kept: u64,
    /// A token of a sound or a picture in the prompt, or of what has no name here.
    pub(super) heard: u64,
    /// A token of the answer, as listed.
    pub(super) completion: u64,
    /// A token of the answer of another kind: of thinking, of a picture, of a sound.
    pub(super) special: u64,
    /// The request itself.
    pub(super) request: u64,
    /// A picture in the prompt.
    pub(super) image: u64,
    /// A search of the web.
    pub(super) search: u64,
}

impl Rates {
    /// Reads what an object names; `None` where something is listed that is no price.
    fn read(pricing: &Value<'_>) -> Option<Self> {
        let mut rates = Self::default();
        for (unit, listed) in pricing.entries() {
            let (Value::String(raw) | Value::Number(raw)) = listed else { continue };
            if ["discount", "min_prompt_tokens", "utc_start", "utc_end"].contains(&&**unit) {
                continue;
            }
            let price = Price::parse(raw)?.in_places(FEMTO)?;
            match &**unit {
                "prompt" => rates.prompt = price,
                "completion" => rates.completion = price,
                "request" => rates.request = price,
                "image" => rates.image = price,
                "web_search" => rates.search = price,
                "input_cache_read" | "input_cache_write" => rates.cached = rates.cached.max(price),
                "input_cache_write_1h" => rates.kept = price,
                "audio" | "image_token" | "input_audio_cache" => rates.heard = rates.heard.max(price),
                "internal_reasoning" | "image_output" | "audio_output" => rates.special = rates.special.max(price),
                // A kind that came after this was written: wherever it is counted, it is counted.
                _ => {
                    rates.heard = rates.heard.max(price);
                    rates.special = rates.special.max(price);
                }
            }
        }
        Some(rates)
    }

    /// Of each kind the dearer.
    pub(super) fn or_dearer(self, other: Self) -> Self {
        Self {
            prompt: self.prompt.max(other.prompt),
            cached: self.cached.max(other.cached),
            kept: self.kept.max(other.kept),
            heard: self.heard.max(other.heard),
            completion: self.completion.max(other.completion),
            special: self.special.max(other.special),
            request: self.request.max(other.request),
            image: self.image.max(other.image),
            search: self.search.max(other.search),
        }
    }
}

/// A model's prices and bounds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Row {
    /// Tokens that prompt and answer may have together; 0 where the list does not say.
    pub(super) context: u64,
    /// As listed, without conditions.
    pub(super) listed: Rates,
    /// Prices that hold for prompts of more tokens than this, at some time of the day. What they do not name is 0.
    tiers: Vec<(u64, Rates)>,
}

impl Row {
    fn read(model: &Value<'_>) -> Option<Self> {
        let top = model.at("top_provider").index_of("context_length").unwrap_or(0);
        let pricing = model.at("pricing");
        // Without these two there is nothing to go by.
        Price::parse(&pricing.text_of("prompt")?)?;
        Price::parse(&pricing.text_of("completion")?)?;
        let tier = |entry| Some((floor_of(entry), Rates::read(entry)?));
        Some(Self {
            context: u64::from(model.index_of("context_length").unwrap_or(0).max(top)),
            listed: Rates::read(pricing)?,
            tiers: pricing.at("overrides").items().iter().map(tier).collect::<Option<_>>()?,
        })
    }

    /// The dearest that may hold for prompts of up to so many tokens, whatever the time of the day.
    pub(super) fn dearest(&self, prompt_tokens: u64) -> Rates {
        let reached = self.tiers.iter().filter(|(floor, _)| prompt_tokens > *floor);
        reached.fold(self.listed, |rates, (_, tier)| rates.or_dearer(*tier))
    }

    /// Whether nothing is listed that costs something.
    pub(super) fn is_free(&self) -> bool {
        self.dearest(u64::MAX) == Rates::default()
    }

    fn or_dearer(mut self, other: Self) -> Self {
        self.context = self.context.max(other.context);
        self.listed = self.listed.or_dearer(other.listed);
        self.tiers.extend(other.tiers);
        self
    }
}

/// The tokens above which a conditional price holds; what cannot be read holds always.
fn floor_of(entry: &Value<'_>) -> u64 {
    entry.index_of("min_prompt_tokens").map_or(0, u64::from)
}

/// The price list, small enough to be kept in every isolate. A name without a price, as of a router, is not in it.
#[derive(Debug, Default)]
pub struct Prices {
    /// In the order of their names.
    rows: Vec<(Box<str>, Row)>,
}

impl Prices {
    /// Reads the answer to `GET /models?output_modalities=all`; `None` if that is no list of models.
    pub fn read(text: &str) -> Option<Self> {
        let answer = Value::parse(text)?;
        let Some(Value::Array(models)) = answer.get("data") else { return None };
        let mut ids = Self::default();
        for model in models {
            if let (Some(id), Some(row)) = (model.text_of("id"), Row::read(model)) {
                ids.add(&id, row);
            }
        }
        // Several rows may be one model, as `:free` and an alias are: the name that they share may mean the dearest.
        let mut canonical = Self::default();
        for model in models {
            if let (Some(id), Some(slug)) = (model.text_of("id"), model.text_of("canonical_slug"))
                && ids.find(&slug.to_ascii_lowercase()).is_err()
                && let Some(row) = ids.get(&id.to_ascii_lowercase())
            {
                canonical.add(&slug, row.clone());
            }
        }
        for (name, row) in canonical.rows {
            ids.add(&name, row);
        }
        Some(ids)
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.rows.binary_search_by(|(known, _)| (**known).cmp(name))
    }

    /// Of rows with one name the dearest counts.
    fn add(&mut self, name: &str, row: Row) {
        let name = name.to_ascii_lowercase();
        match self.find(&name) {
            Ok(at) => self.rows[at].1 = std::mem::take(&mut self.rows[at].1).or_dearer(row),
            Err(at) => self.rows.insert(at, (name.into_boxed_str(), row)),
        }
    }

    /// How many names have a price.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no name has one.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row of a name in small letters, without preset: an id, an alias, a canonical name, or one of these with
    /// variants that are ways to route to the same model.
    pub(super) fn get(&self, slug: &str) -> Option<&Row> {
        let at = self.find(slug).or_else(|_| self.find(super::models::without_routing(slug))).ok()?;
        Some(&self.rows[at].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"data": [
        {"id": "a/plain", "canonical_slug": "a/plain-2026", "context_length": 1000, "top_provider": {"context_length": 2000},
         "pricing": {"prompt": "0.000001", "completion": "0.000002", "input_cache_write": "0.00000125",
           "input_cache_write_1h": "0.000002", "discount": 0, "overrides": [
             {"min_prompt_tokens": 100, "prompt": "0.000003"}, {"utc_start": 1630, "utc_end": 30, "completion": "0.000005"}]}},
        {"id": "a/plain:free", "canonical_slug": "a/plain-2026", "context_length": 500, "pricing": {"prompt": "0", "completion": "0"}},
        {"id": "~a/latest", "canonical_slug": "~a/latest", "context_length": null, "pricing": {"prompt": "0.0000000000000001", "completion": "0"}},
        {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "a/odd", "pricing": {"prompt": "1", "completion": "1", "request": "-1"}},
        {"id": "a/half", "pricing": {"prompt": "1"}},
        {"id": "a/new", "pricing": {"prompt": "0", "completion": "0", "smell": "0.5"}}
    ]}"#;

    #[test]
    fn a_name_resolves_as_the_api_resolves_it() {
        let prices = Prices::read(LIST).unwrap();
        let context = |slug| prices.get(slug).map(|row| row.context);
        for slug in
            ["a/plain", "a/plain:nitro", "a/plain:floor", "a/plain:online", "a/plain-2026", "a/plain-2026:exacto"]
        {
            assert_eq!(context(slug), Some(2000), "{slug}");
        }
        assert_eq!(context("a/plain:free"), Some(500));
        assert_eq!(context("a/plain:free:online"), Some(500));
        assert_eq!(context("~a/latest"), Some(0));
        for slug in ["openrouter/auto", "a/odd", "a/half", "a/none", "a/plain:thinking", "a/plain:free-ish", ""] {
            assert_eq!(context(slug), None, "{slug}");
        }
    }

    #[test]
    fn the_dearest_of_what_a_prompt_can_reach_is_taken() {
        let prices = Prices::read(LIST).unwrap();
        let row = prices.get("a/plain").unwrap();
        assert_eq!(row.listed.prompt, 1_000_000_000);
        let short = row.dearest(100);
        assert_eq!(
            (short.prompt, short.completion, short.cached, short.kept),
            (1_000_000_000, 5_000_000_000, 1_250_000_000, 2_000_000_000)
        );
        assert_eq!(row.dearest(101).prompt, 3_000_000_000);
        assert_eq!(prices.get("~a/latest").unwrap().listed.prompt, 1, "rounded up");
    }

    #[test]
    fn a_kind_that_nobody_knows_is_counted() {
        let prices = Prices::read(LIST).unwrap();
        let row = prices.get("a/new").unwrap();
        assert_eq!(
            (row.listed.heard, row.listed.special, row.is_free()),
            (500_000_000_000_000, 500_000_000_000_000, false)
        );
        assert!(prices.get("a/plain:free").unwrap().is_free());
    }

    #[test]
    fn what_is_no_list_gives_no_prices() {
        assert!(Prices::read("{}").is_none() && Prices::read("<html>").is_none());
        assert!(Prices::read(r#"{"data":[]}"#).unwrap().is_empty());
    }
}
