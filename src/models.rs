//! The model list: rows as sent, prices as exact decimals.
//!
//! Source: OpenRouter `OpenAPI` `Model`, `PublicPricing` (2026-08). Prices are decimal strings in USD per single unit
//! (token, image, request …); the wire also has the undocumented `"-1"` on router rows, which means “it depends”.

mod cost;
mod freshness;
mod price;
mod search;

pub use self::{
    cost::cost,
    freshness::{Freshness, freshness},
    price::Price,
    search::{check_needs, find},
};
use crate::json::{Value, digits};

/// Whether nothing of a `pricing` object costs anything, but for web searches, which nobody has to make.
fn is_free(pricing: &Value<'_>) -> bool {
    pricing.entries().iter().all(|(unit, price)| match price {
        Value::String(price) if unit != "web_search" => Price::parse(price).is_some_and(Price::is_free),
        _ => true,
    })
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
    object.at(key).items()
}

/// The whole number of a key, 0 if there is none.
fn whole(object: &Value<'_>, key: &str) -> u64 {
    object.get(key).and_then(|number| digits(raw(number))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_costs_nothing_but_for_searches() {
        let free = |pricing: &str| is_free(&Value::parse(pricing).unwrap());
        assert!(free(r#"{"prompt": "0", "completion": "0.0", "web_search": "0.01", "discount": 0}"#));
        assert!(!free(r#"{"prompt": "0", "completion": "0", "image_output": "0.00003"}"#));
        assert!(!free(r#"{"prompt": "-1", "completion": "-1"}"#));
    }
}
