//! What a usage costs by a model's prices.
//!
//! `usage.cost` is what was billed; this is for usages without it, for other models, and for what has not been sent
//! yet. The arithmetic is exact to 19 digits; what the list does not say makes an estimate of it.

use alloc::string::String;

use super::{Price, Prices, raw, whole};
use crate::{
    error::Error,
    json::{ObjectWriter, Value, quote, separate},
    schema::check_request,
};

/// What may have a price of its own: where it is counted, as what, and the price. The first six are tokens of the
/// prompt and of the answer, three each.
const UNITS: [(&str, &str, &str); 8] = [
    ("prompt_tokens_details", "cached_tokens", "input_cache_read"),
    ("prompt_tokens_details", "cache_write_tokens", "input_cache_write"),
    ("prompt_tokens_details", "audio_tokens", "audio"),
    ("completion_tokens_details", "reasoning_tokens", "internal_reasoning"),
    ("completion_tokens_details", "image_tokens", "image_output"),
    ("completion_tokens_details", "audio_tokens", "audio_output"),
    ("server_tool_use_details", "web_search_requests", "web_search"),
    ("server_tool_use", "web_search_requests", "web_search"),
];

/// Answers `{model, usage, images}` (a row with `pricing`, a `usage` of an answer, images sent) with
/// `{usd, parts, isEstimate}` as JSON; `now` is ISO 8601 in UTC.
///
/// It is an estimate where the list leaves open which price holds: prices by the time of the day, discounts, cached
/// audio, cache writes that have a price for an hour too, a key of one's own, web searches without a price. `None` where
/// a price that is needed is not listed, or depends on what a router chooses.
///
/// # Errors
/// [`crate::error::ErrorKind::InvalidRequest`] with the field that is wrong.
pub fn cost(request: &Value<'_>, now: &str) -> Result<Option<String>, Error> {
    check_request(request, "CostQuestion")?;
    Ok(sum(request, now))
}

fn sum(request: &Value<'_>, now: &str) -> Option<String> {
    let pricing = request.get("model")?.get("pricing")?;
    let usage = request.get("usage")?;
    let mut rest = [whole(usage, "prompt_tokens"), whole(usage, "completion_tokens")];
    let mut bill =
        Bill { prices: Prices::new(pricing, rest[0], now), parts: String::from("{"), total: Price::whole(0) };
    let mut is_estimate = bill.prices.is_by_time()
        || usage.at("is_byok").is_true()
        || pricing.present("discount").is_some_and(|discount| raw(discount) != "0");
    let mut kinds = 0;
    for (index, (of, kind, unit)) in UNITS.into_iter().enumerate() {
        let count = usage.get(of).map_or(0, |details| whole(details, kind));
        // Searches have two names: whoever tells both means the same ones.
        if count == 0 || kinds >> 6 > 0 {
            continue;
        }
        kinds |= 1 << index;
        let is_listed = bill.add_listed(unit, count)?;
        match rest.get_mut(index / 3) {
            Some(rest) if is_listed => {
                // More than there are in all: they overlap.
                is_estimate |= count > *rest;
                *rest = rest.saturating_sub(count);
            }
            Some(_) => {}
            None => is_estimate |= !is_listed,
        }
    }
    // What is cached and what is heard may be the same tokens; what is kept is kept for five minutes or for an hour.
    is_estimate |= kinds & 0b101 == 0b101 || kinds & 0b10 > 0 && bill.prices.listed("input_cache_write_1h").is_some();
    bill.add("prompt", rest[0])?;
    bill.add("completion", rest[1])?;
    bill.add_listed("request", 1)?;
    bill.add_listed("image", whole(request, "images"))?;

    bill.parts.push('}');
    let mut out = String::new();
    let mut object = ObjectWriter::new(&mut out);
    object.text("usd", Some(&bill.total.to_text()));
    object.value("isEstimate", &Value::Bool(is_estimate));
    object.key("parts").push_str(&bill.parts);
    object.end();
    Some(out)
}

struct Bill<'a> {
    prices: Prices<'a>,
    /// As JSON.
    parts: String,
    total: Price,
}

impl Bill<'_> {
    /// So many units at their price, if anything is listed for them, which is what it says.
    fn add_listed(&mut self, unit: &str, count: u64) -> Option<bool> {
        let is_listed = self.prices.listed(unit).is_some();
        self.add(unit, if is_listed { count } else { 0 }).map(|()| is_listed)
    }

    /// So many units at their price; `None` if they have none.
    fn add(&mut self, unit: &str, count: u64) -> Option<()> {
        if count > 0 {
            let price = self.prices.price(unit)?.times(count)?;
            self.total = self.total.plus(price)?;
            separate(&mut self.parts);
            quote(&mut self.parts, unit);
            self.parts.push(':');
            quote(&mut self.parts, &price.to_text());
        }
        Some(())
    }
}

#[cfg(test)]
#[allow(clippy::needless_pass_by_value, reason = "tests are easier to read so")]
mod tests {
    use std::prelude::rust_2024::*;

    use serde_json::{Value as Document, json};

    use super::*;

    const NOON: &str = "2026-08-11T12:00:00.000Z";

    fn question(pricing: Document, usage: Document) -> Document {
        json!({"model": {"pricing": pricing}, "usage": usage})
    }

    fn ask_at(question: &Document, now: &str) -> Result<Option<Document>, Error> {
        let text = question.to_string();
        Ok(cost(&Value::parse(&text).unwrap(), now)?.map(|cost| serde_json::from_str(&cost).unwrap()))
    }

    fn ask(pricing: Document, usage: Document) -> Option<Document> {
        ask_at(&question(pricing, usage), NOON).unwrap()
    }

    #[test]
    fn tokens_have_their_prices_and_a_request_its_fee() {
        let pricing = json!({"prompt": "0.00000015", "completion": "0.0000006", "request": "0.005", "image": "0.01"});
        let usage = json!({"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500, "cost": 7});
        assert_eq!(
            ask(pricing, usage).unwrap(),
            json!({"usd": "0.00545", "isEstimate": false,
                "parts": {"prompt": "0.00015", "completion": "0.0003", "request": "0.005"}})
        );
    }

    #[test]
    fn what_has_a_price_of_its_own_is_taken_from_the_rest() {
        let usage = json!({"prompt_tokens": 100, "completion_tokens": 50,
            "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30, "audio_tokens": null},
            "completion_tokens_details": {"reasoning_tokens": 20, "image_tokens": 10, "audio_tokens": 5},
            "server_tool_use_details": {"web_search_requests": 2}});
        let mut usage = usage;
        usage["server_tool_use"] = usage["server_tool_use_details"].clone();
        let general = json!({"prompt": "1", "completion": "2", "request": "0"});
        assert_eq!(ask(general, usage.clone()).unwrap()["usd"], "200");
        let own = json!({"prompt": "1", "completion": "2", "input_cache_read": "0.1", "input_cache_write": "1.25",
            "internal_reasoning": "3", "image_output": "4", "audio_output": "5", "web_search": "0.01"});
        assert_eq!(
            ask(own, usage).unwrap(),
            json!({"usd": "208.52", "isEstimate": false, "parts": {
                "input_cache_read": "6", "input_cache_write": "37.5", "prompt": "10",
                "internal_reasoning": "60", "image_output": "40", "audio_output": "25", "completion": "30",
                "web_search": "0.02"}})
        );
    }

    #[test]
    fn images_are_counted_where_they_are_priced() {
        let mut question =
            question(json!({"prompt": "0", "completion": "0", "image": "0.25"}), json!({"prompt_tokens": 1}));
        question["images"] = json!(3);
        assert_eq!(ask_at(&question, NOON).unwrap().unwrap()["usd"], "0.75");
    }

    #[test]
    fn what_the_list_leaves_open_is_an_estimate() {
        let prices = |more: Document| {
            let mut prices = json!({"prompt": "1", "completion": "1", "input_cache_read": "0.5", "audio": "2"});
            prices.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            prices
        };
        let plain = json!({"prompt_tokens": 10, "completion_tokens": 1});
        let with = |more: Document| {
            let mut usage = plain.clone();
            usage.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            usage
        };
        for (is_estimate, pricing, usage) in [
            (false, prices(json!({"discount": 0})), plain.clone()),
            (true, prices(json!({"discount": 0.5})), plain.clone()),
            (true, prices(json!({"overrides": [{"utc_start": 1, "prompt": "9"}]})), plain.clone()),
            (true, prices(json!({})), with(json!({"is_byok": true}))),
            (true, prices(json!({})), with(json!({"server_tool_use": {"web_search_requests": 1}}))),
            (true, prices(json!({})), with(json!({"prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 1}}))),
            (true, prices(json!({})), with(json!({"prompt_tokens_details": {"cached_tokens": 11}}))),
            (
                true,
                prices(json!({"input_cache_write_1h": "2"})),
                with(json!({"prompt_tokens_details": {"cache_write_tokens": 1}})),
            ),
        ] {
            assert_eq!(ask(pricing.clone(), usage.clone()).unwrap()["isEstimate"], is_estimate, "{pricing} {usage}");
        }
    }

    #[test]
    fn where_a_price_is_missing_or_depends_there_is_no_cost() {
        let usage = json!({"prompt_tokens": 1, "completion_tokens": 1});
        assert_eq!(ask(json!({"prompt": "-1", "completion": "-1"}), usage.clone()), None);
        assert_eq!(ask(json!({"prompt": "1"}), usage.clone()), None);
        assert_eq!(ask(json!({"prompt": "1", "completion": "1", "request": "-1"}), usage), None);
        assert_eq!(ask(json!({"prompt": "1"}), json!({"prompt_tokens": 2})).unwrap()["usd"], "2");
    }

    #[test]
    fn a_price_that_was_made_of_floats_still_makes_a_cost() {
        let pricing =
            json!({"prompt": "0.00010350000000000001", "completion": "0.00014500000000000003", "request": "0.5"});
        let usage = json!({"prompt_tokens": 100_000, "completion_tokens": 3});
        assert_eq!(ask(pricing, usage).unwrap()["usd"], "10.850435");
    }

    #[test]
    fn long_prompts_have_their_prices() {
        let pricing = json!({"prompt": "1", "completion": "2", "overrides": [
            {"min_prompt_tokens": 100, "prompt": "10"}, {"min_prompt_tokens": 200, "prompt": "100"}]});
        for (tokens, usd) in [(100, "102"), (101, "1012"), (200, "2002"), (201, "20102")] {
            let usage = json!({"prompt_tokens": tokens, "completion_tokens": 1});
            assert_eq!(ask(pricing.clone(), usage).unwrap()["usd"], usd, "{tokens}");
        }
    }

    #[test]
    fn windows_of_the_day_may_cross_midnight_and_later_entries_win() {
        let usage = json!({"prompt_tokens": 1});
        let night = question(
            json!({"prompt": "1", "overrides": [{"utc_start": 1630, "utc_end": 30, "prompt": "2"}]}),
            usage.clone(),
        );
        let day = question(
            json!({"prompt": "1", "overrides": [{"utc_start": "0900", "utc_end": "1700", "prompt": "3"},
            {"utc_start": 1630, "prompt": null}]}),
            usage.clone(),
        );
        let both = question(
            json!({"prompt": "1", "overrides": [{"utc_start": 0, "utc_end": 2400, "prompt": "4"},
            {"utc_end": 100, "prompt": "5"}, {"utc_start": "noon", "prompt": "6"}, {"min_prompt_tokens": {}, "prompt": "7"}]}),
            usage,
        );
        for (question, time, usd) in [
            (&night, "16:29", "1"),
            (&night, "16:30", "2"),
            (&night, "23:59", "2"),
            (&night, "00:29", "2"),
            (&night, "00:30", "1"),
            (&day, "08:59", "1"),
            (&day, "09:00", "3"),
            (&day, "16:59", "3"),
            (&day, "17:00", "1"),
            (&both, "00:59", "5"),
            (&both, "01:00", "4"),
        ] {
            let now = ["2026-08-11T", time, ":00.000Z"].concat();
            assert_eq!(ask_at(question, &now).unwrap().unwrap()["usd"], usd, "{question} {time}");
        }
    }

    #[test]
    fn a_usage_that_makes_no_sense_is_named() {
        for (usage, field) in [
            (json!({}), "usage.prompt_tokens"),
            (json!({"prompt_tokens": -1}), "usage.prompt_tokens"),
            (json!({"prompt_tokens": 1, "completion_tokens": 1.5}), "usage.completion_tokens"),
            (json!(5), "usage"),
            (Document::Null, "usage"),
        ] {
            assert_eq!(ask_at(&question(json!({}), usage), NOON).unwrap_err().field(), Some(field));
        }
        let no_pricing = json!({"model": {}, "usage": {"prompt_tokens": 1}});
        assert_eq!(ask_at(&no_pricing, NOON).unwrap_err().field(), Some("model.pricing"));
    }
}
