//! Prices and the model list, for all inputs and as OpenRouter really sends them.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod recorded;

use std::fs;

use openrouter_wasm::{
    json::Value,
    models::{Price, cost, find},
};
use proptest::prelude::*;
use recorded::fixtures;
use serde_json::{Value as Document, json};

const NOON: &str = "2026-08-11T12:00:00.000Z";

/// A decimal as digits, the last one first, after which so many stand behind the point: nothing of it can overflow.
#[derive(Clone, Debug)]
struct Big(Vec<u32>, usize);

impl Big {
    fn parse(text: &str) -> Self {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = [whole, fraction].concat().bytes().rev().map(|digit| u32::from(digit - b'0')).collect();
        Self(digits, fraction.len())
    }

    fn carried(mut self) -> Self {
        let mut at = 0;
        while at < self.0.len() {
            let carry = self.0[at] / 10;
            self.0[at] %= 10;
            if carry > 0 {
                if at + 1 == self.0.len() {
                    self.0.push(0);
                }
                self.0[at + 1] += carry;
            }
            at += 1;
        }
        self
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = vec![0; self.0.len() + other.0.len()];
        for (i, a) in self.0.iter().enumerate() {
            for (j, b) in other.0.iter().enumerate() {
                product[i + j] += a * b;
            }
        }
        Self(product, self.1 + other.1).carried()
    }

    fn plus(&self, other: &Self) -> Self {
        let scale = self.1.max(other.1);
        let digits = |big: &Self| [vec![0; scale - big.1], big.0.clone()].concat();
        let (mut sum, other) = (digits(self), digits(other));
        sum.resize(sum.len().max(other.len()), 0);
        other.iter().enumerate().for_each(|(at, digit)| sum[at] += digit);
        Self(sum, scale).carried()
    }

    fn to_text(&self) -> String {
        let mut digits: String = self.0.iter().rev().map(|digit| char::from_digit(*digit, 10).unwrap()).collect();
        while digits.len() <= self.1 {
            digits.insert(0, '0');
        }
        let (whole, fraction) = digits.split_at(digits.len() - self.1);
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let whole = if whole.is_empty() { "0" } else { whole };
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }
}

/// Prices as they are listed: up to 13 places.
fn price() -> impl Strategy<Value = String> {
    (0_u32..3, 0_u64..10_u64.pow(7), 7_usize..14).prop_map(|(whole, digits, scale)| format!("{whole}.{digits:0scale$}"))
}

fn ask(request: &Document) -> Option<Document> {
    let text = request.to_string();
    let cost = cost(&Value::parse(&text).unwrap(), NOON).unwrap()?;
    Some(serde_json::from_str(&cost).unwrap())
}

proptest! {
    #[test]
    fn sums_and_products_of_prices_are_exact_where_there_is_room(
        a in price(), b in price(), units in 0_u64..10_000_000,
    ) {
        let (x, y) = (Price::parse(&a).unwrap(), Price::parse(&b).unwrap());
        let expected = Big::parse(&a).times(&Big::parse(&units.to_string()));
        let product = x.times(units).unwrap().to_text();
        // Zeros at its end count until it is known.
        if expected.0.iter().rposition(|digit| *digit > 0).is_none_or(|at| at < 19) {
            prop_assert_eq!(product, expected.to_text());
        } else {
            let (ours, exact): (f64, f64) = (product.parse().unwrap(), expected.to_text().parse().unwrap());
            prop_assert!((ours - exact).abs() <= exact * 1e-11);
        }
        prop_assert_eq!(x.plus(y).unwrap().to_text(), Big::parse(&a).plus(&Big::parse(&b)).to_text());
    }

    #[test]
    fn the_cost_of_a_usage_is_exact(
        prices in [price(), price(), price(), price()],
        (cached, rest, completion) in (0_u32..100_000, 0_u32..100_000, 0_u32..100_000),
    ) {
        let [prompt, answer, cache, fee] = &prices;
        let cost = ask(&json!({
            "model": {"pricing": {"prompt": prompt, "completion": answer, "input_cache_read": cache, "request": fee}},
            "usage": {"prompt_tokens": cached + rest, "completion_tokens": completion,
                "prompt_tokens_details": {"cached_tokens": cached}},
        })).unwrap();
        let expected = [(prompt, rest), (answer, completion), (cache, cached), (fee, 1)]
            .map(|(price, units)| Big::parse(price).times(&Big::parse(&units.to_string())))
            .iter()
            .fold(Big::parse("0"), |sum, part| sum.plus(part));
        prop_assert_eq!(cost["usd"].as_str().unwrap(), expected.to_text());
    }
}

#[test]
fn the_recorded_list_is_looked_through() {
    let Some(folder) = fixtures() else { return };
    let text = fs::read_to_string(folder.join("models_list_subset.json")).unwrap();
    let list = Value::parse(&text).unwrap();
    let rows = list.get("data").unwrap().items();
    let ids = |needs: Document, is_cheapest| -> Vec<String> {
        let needs = needs.to_string();
        let positions = find(&list, &Value::parse(&needs).unwrap(), is_cheapest, NOON).unwrap();
        let positions: Vec<usize> = serde_json::from_str(&positions).unwrap();
        positions.into_iter().map(|position| rows[position].text_of("id").unwrap().into_owned()).collect()
    };
    assert_eq!(ids(json!({"includeDeprecated": true}), false).len(), rows.len());
    assert_eq!(ids(json!({"search": "claude sonnet 4"}), false), ["anthropic/claude-sonnet-4"]);
    // The second one speaks of the first in its description.
    assert_eq!(ids(json!({"search": "gpt-4o"}), false), ["openai/gpt-4o", "openai/gpt-4.1-mini"]);
    assert_eq!(
        ids(json!({"maxPromptPrice": 0.4, "inputModalities": ["image"], "authors": ["openai"]}), false),
        ["openai/gpt-5-nano", "openai/gpt-4.1-mini"]
    );
    assert_eq!(ids(json!({"authors": ["openai"], "parameters": ["tools"]}), true), ["openai/gpt-5-nano"]);
}

#[test]
fn the_recorded_prices_of_long_prompts_are_used() {
    let Some(folder) = fixtures() else { return };
    let text = fs::read_to_string(folder.join("models_list_subset.json")).unwrap();
    let list: Document = serde_json::from_str(&text).unwrap();
    let rows = list["data"].as_array().unwrap();
    let sonnet = rows.iter().find(|row| row["id"] == "anthropic/claude-sonnet-4").unwrap();
    for (tokens, usd) in [(200_000, "0.615"), (200_001, "1.222506")] {
        let cost =
            ask(&json!({"model": sonnet, "usage": {"prompt_tokens": tokens, "completion_tokens": 1000}})).unwrap();
        assert_eq!((cost["usd"].as_str().unwrap(), &cost["isEstimate"]), (usd, &json!(false)));
    }
}
