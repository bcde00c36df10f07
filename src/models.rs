//! The model list: rows as sent, prices as exact decimals.
//!
//! Source: OpenRouter `OpenAPI` `Model`, `PublicPricing` (2026-08). Prices are decimal strings in USD per single unit
//! (token, image, request …); the wire also has the undocumented `"-1"` on router rows, which means “it depends”.

mod cost;
mod freshness;
mod price;
mod search;

use alloc::{borrow::ToOwned, string::String, vec::Vec};

pub use self::{
    cost::cost,
    freshness::{Freshness, freshness},
    price::Price,
    search::{check_needs, find},
};
use crate::{
    error::{Error, ErrorKind},
    json::{Value, digits},
};

/// The `pricing` object of a model or endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Pricing<'a>(&'a Value<'a>);

impl<'a> Pricing<'a> {
    /// Reads a `pricing` object.
    #[must_use]
    pub fn read(pricing: &'a Value<'a>) -> Self {
        Self(pricing)
    }

    /// The base price of one unit, e.g. of `prompt`, `completion`, `request`; `None` where it is not listed or depends.
    #[must_use]
    pub fn price(&self, unit: &str) -> Option<Price> {
        Price::parse(&self.0.text_of(unit)?)
    }

    /// Whether the price depends on the model that a router chooses.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        ["prompt", "completion"].iter().any(|unit| self.0.text_of(unit).is_some_and(|price| price.starts_with('-')))
    }

    /// Whether nothing of it costs anything, but for web searches, which nobody has to make.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.0.entries().iter().all(|(unit, price)| match price {
            Value::String(price) if unit != "web_search" => Price::parse(price).is_some_and(Price::is_free),
            _ => true,
        })
    }
}

/// The prices of a model for a prompt of so many tokens at a time of the day.
///
/// `overrides` of the wire: an entry holds for prompts of *more* than `min_prompt_tokens` tokens, from `utc_start` until
/// before `utc_end` (HHMM, perhaps past midnight); later entries win, and units that they do not name inherit.
#[derive(Debug, Clone, Copy)]
pub struct Prices<'a> {
    pricing: &'a Value<'a>,
    prompt_tokens: u64,
    /// HHMM; `None` is at no time.
    now: Option<u64>,
}

impl<'a> Prices<'a> {
    /// The prices in a `pricing` object; `now` is ISO 8601 in UTC, e.g. `2026-08-11T16:30:00Z`.
    #[must_use]
    pub fn new(pricing: &'a Value<'a>, prompt_tokens: u64, now: &str) -> Self {
        let part = |from: usize| digits(now.get(from..from + 2)?);
        Self { pricing, prompt_tokens, now: part(11).zip(part(14)).map(|(hour, minute)| hour * 100 + minute) }
    }

    fn holds(&self, entry: &Value<'_>) -> bool {
        let bound = |name, default| entry.present(name).map_or(Some(default), |bound| digits(raw(bound)));
        let (Some(start), Some(end), Some(now)) = (bound("utc_start", 0), bound("utc_end", 2400), self.now) else {
            return false;
        };
        let is_time = if start < end { start <= now && now < end } else { start <= now || now < end };
        let is_long = match entry.present("min_prompt_tokens") {
            Some(least) => digits(raw(least)).is_some_and(|least| self.prompt_tokens > least),
            None => true,
        };
        is_time && is_long
    }

    /// What is listed for a unit, even if it is no price.
    fn listed(&self, unit: &str) -> Option<&'a Value<'a>> {
        let mut listed = self.pricing.present(unit);
        for entry in list(self.pricing, "overrides") {
            if self.holds(entry) {
                listed = entry.present(unit).or(listed);
            }
        }
        listed
    }

    /// The price of one unit; `None` where it is not listed or depends.
    #[must_use]
    pub fn price(&self, unit: &str) -> Option<Price> {
        Price::parse(raw(self.listed(unit)?))
    }

    /// What a request costs by the tokens of prompt and answer, and by itself, to compare with others; infinity where it
    /// depends or is not listed.
    #[expect(clippy::cast_precision_loss, reason = "tokens are few")]
    pub(crate) fn of_tokens(&self, completion_tokens: u64) -> f64 {
        let price = |unit| self.price(unit).map_or(f64::INFINITY, Price::approximate);
        let fee = if self.listed("request").is_some() { price("request") } else { 0.0 };
        fee + price("prompt") * self.prompt_tokens as f64 + price("completion") * completion_tokens as f64
    }

    /// Whether prices change with the time of the day.
    fn is_by_time(&self) -> bool {
        list(self.pricing, "overrides")
            .iter()
            .any(|entry| entry.present("utc_start").or(entry.present("utc_end")).is_some())
    }
}

/// A number or a text as written; empty if it is neither. What is looked for here (slugs, prices, counts) has no escapes.
fn raw<'a>(value: &'a Value<'_>) -> &'a str {
    if let Value::Number(raw) | Value::String(raw) = value { raw } else { "" }
}

/// The elements of a key's list.
fn list<'a, 'b>(object: &'a Value<'b>, key: &str) -> &'a [Value<'b>] {
    object.get(key).map_or(&[], Value::items)
}

/// The whole number of a key, 0 if there is none.
fn whole(object: &Value<'_>, key: &str) -> u64 {
    object.get(key).and_then(|number| digits(raw(number))).unwrap_or(0)
}

/// A row of the model list.
#[derive(Debug, Clone)]
pub struct Model<'a> {
    /// Slug, e.g. `openai/gpt-5.2` or `~anthropic/claude-sonnet-latest`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Tokens that prompt and answer may have together; `None` where the row does not say.
    pub context_length: Option<u32>,
    /// Prices per unit.
    pub pricing: Pricing<'a>,
    /// The row as sent.
    pub row: &'a Value<'a>,
}

impl<'a> Model<'a> {
    /// Reads a row; `None` if it has no `id` or no `pricing`.
    #[must_use]
    pub fn read(row: &'a Value<'a>) -> Option<Self> {
        let id = row.text_of("id")?.into_owned();
        Some(Self {
            name: row.text_of("name").map_or_else(|| id.clone(), |name| (*name).to_owned()),
            context_length: row.index_of("context_length"),
            pricing: Pricing::read(row.present("pricing")?),
            row,
            id,
        })
    }

    /// Reads the answer to `GET /models`.
    ///
    /// # Errors
    /// [`ErrorKind::MalformedResponse`] if it holds no list of models. Rows that are no models are passed over.
    pub fn read_list(answer: &'a Value<'a>) -> Result<Vec<Self>, Error> {
        match answer.get("data") {
            Some(Value::Array(rows)) => Ok(rows.iter().filter_map(Self::read).collect()),
            _ => Err(Error::new(ErrorKind::MalformedResponse, "the answer holds no list of models")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::prelude::rust_2024::*;

    use super::*;

    fn per_million(text: &str) -> String {
        Price::parse(text).unwrap().per_million().unwrap().to_string()
    }

    #[test]
    fn prices_are_exact() {
        for (text, expected) in [
            ("0.00000015", "0.15"),
            ("0.0000006", "0.6"),
            ("0.000003", "3"),
            ("0.00001250", "12.5"),
            ("0.000000000034375", "0.000034375"),
            ("0", "0"),
            ("0.0", "0"),
            ("1", "1000000"),
            ("8.1e-05", "81"),
            ("3.4E-7", "0.34"),
            (".5", "500000"),
            ("0.00010350000000000001", "103.50000000000001"),
            ("0.00014500000000000003", "145.00000000000003"),
            ("0.0000000000000000000", "0"),
        ] {
            assert_eq!(per_million(text), expected, "{text}");
        }
        assert_eq!(Price::parse("0.10").unwrap().to_string(), "0.1");
        assert_eq!(Price::parse("1e3").unwrap().to_string(), "1000");
    }

    #[test]
    fn sums_are_exact_as_far_as_there_is_room() {
        let sum = |a: &str, b: &str| Some(Price::parse(a)?.plus_rounded(Price::parse(b)?)?.to_string());
        assert_eq!(sum("0.1", "0.2").as_deref(), Some("0.3"));
        assert_eq!(sum("3.4e-7", "8.1e-05").as_deref(), Some("0.00008134"));
        assert_eq!(sum("5", "0").as_deref(), Some("5"));
        assert_eq!(sum("12.5", "0.00010350000000000001").as_deref(), Some("12.5001035"));
        assert_eq!(sum("0.00000000000000000016", "12.5").as_deref(), Some("12.5"));
        assert_eq!(sum("5000000000000000000", "0.6").as_deref(), Some("5000000000000000001"));
        assert_eq!(sum("9999999999999999999", "9999999999999999999"), None);
    }

    #[test]
    fn what_is_no_price_is_none_and_never_zero() {
        for text in [
            "-1",
            "-0.5",
            "",
            ".",
            "free",
            "1.2.3",
            "0x1",
            "1e",
            "1e999",
            "1e-99999",
            "NaN",
            "+1",
            "99999999999999999999",
        ] {
            assert_eq!(Price::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_router_has_no_price() {
        let dynamic = Value::parse(r#"{"prompt": "-1", "completion": "-1"}"#).unwrap();
        let pricing = Pricing::read(&dynamic);
        assert!(pricing.is_dynamic() && pricing.price("prompt").is_none());
        let free = Value::parse(r#"{"prompt": "0", "completion": "0"}"#).unwrap();
        let pricing = Pricing::read(&free);
        assert!(!pricing.is_dynamic() && pricing.price("prompt").is_some_and(Price::is_free));
        assert_eq!(pricing.price("web_search"), None);
        let free = |pricing: &str| Pricing::read(&Value::parse(pricing).unwrap()).is_free();
        assert!(free(r#"{"prompt": "0", "completion": "0.0", "web_search": "0.01", "discount": 0}"#));
        assert!(!free(r#"{"prompt": "0", "completion": "0", "image_output": "0.00003"}"#));
        assert!(!free(r#"{"prompt": "-1", "completion": "-1"}"#));
    }

    #[test]
    fn a_list_passes_over_rows_that_are_no_models() {
        let rows = Value::parse(
            r#"{"data": [
            {"id": "a/b", "name": "B", "context_length": null, "pricing": {"prompt": "0", "completion": "0"}, "new": 1},
            {"id": "c/d"}, 5, null]}"#,
        )
        .unwrap();
        let models = Model::read_list(&rows).unwrap();
        assert_eq!(models.len(), 1);
        assert_eq!(
            (models[0].id.as_str(), models[0].context_length, models[0].row.index_of("new")),
            ("a/b", None, Some(1))
        );
        assert_eq!(Model::read_list(&Value::Object(Vec::new())).unwrap_err().kind(), ErrorKind::MalformedResponse);
    }
}
