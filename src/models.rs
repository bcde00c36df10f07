//! The model list: rows as sent, prices as exact decimals.
//!
//! Source: OpenRouter `OpenAPI` `Model`, `PublicPricing` (2026-08). Prices are decimal strings in USD per single unit
//! (token, image, request …); the wire also has the undocumented `"-1"` on router rows, which means “it depends”.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;

use crate::{
    error::{Error, ErrorKind},
    json::{Value, concat, decimal, digits},
};

/// An amount of USD, exact: `mantissa / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    mantissa: u64,
    scale: u32,
}

impl Price {
    /// Reads a price as OpenRouter writes it, e.g. `0.00000015`, `0`, `8.1e-05`.
    ///
    /// `None` for the sentinel `-1` and every other negative, which mean that there is no fixed price, and for what
    /// is no decimal of at most 19 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (decimal, exponent) = match text.split_once(['e', 'E']) {
            Some((decimal, exponent)) => {
                let size = i32::try_from(digits(exponent.trim_start_matches(['+', '-']))?).ok()?;
                (decimal, if exponent.starts_with('-') { -size } else { size })
            }
            None => (text, 0),
        };
        let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
        let mut mantissa = digits(&concat(&[whole, fraction]))?;
        let mut scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        while scale < 0 {
            mantissa = mantissa.checked_mul(10)?;
            scale += 1;
        }
        let scale = u32::try_from(scale).ok().filter(|scale| *scale <= 1000)?;
        Some(Self { mantissa, scale }.normal())
    }

    /// Whether this costs nothing.
    #[must_use]
    pub fn is_free(self) -> bool {
        self.mantissa == 0
    }

    /// The price of a million units, as price lists give it; `None` if that is beyond 19 digits.
    #[must_use]
    pub fn per_million(self) -> Option<Self> {
        self.moved(6)
    }

    /// A thousand times as much; `None` if that is beyond 19 digits.
    #[must_use]
    pub fn times_1000(self) -> Option<Self> {
        self.moved(3)
    }

    /// The sum; `None` if it is beyond 19 digits. Where the smaller amount has more places than that leaves room for, it
    /// is rounded.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let (mut fine, coarse) = if self.scale > other.scale { (self, other) } else { (other, self) };
        loop {
            let places = fine.scale - coarse.scale;
            let aligned = 10_u64.checked_pow(places).and_then(|factor| coarse.mantissa.checked_mul(factor));
            if let Some(mantissa) = aligned.and_then(|aligned| aligned.checked_add(fine.mantissa)) {
                return Some(Self { mantissa, ..fine }.normal());
            }
            fine.scale = fine.scale.checked_sub(1).filter(|_| places > 0)?;
            fine.mantissa = fine.mantissa.div_ceil(10) - u64::from((1..5).contains(&(fine.mantissa % 10)));
        }
    }

    /// Without zeros at its end.
    fn normal(mut self) -> Self {
        while self.scale > 0 && self.mantissa.is_multiple_of(10) {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
    }

    /// The point moved to the right.
    fn moved(self, places: u32) -> Option<Self> {
        let missing = places.saturating_sub(self.scale);
        let mantissa = self.mantissa.checked_mul(10_u64.pow(missing))?;
        Some(Self { mantissa, scale: self.scale.saturating_sub(places) })
    }

    /// Without exponent and without trailing zeros: `0.15`, `3`, `0.0000004`.
    #[must_use]
    pub fn to_text(self) -> String {
        let digits = decimal(self.mantissa);
        let scale = self.scale as usize;
        if scale == 0 {
            return digits;
        }
        let padding = "0".repeat((scale + 1).saturating_sub(digits.len()));
        let padded = padding + &digits;
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        concat(&[whole, ".", fraction])
    }
}

impl fmt::Display for Price {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_text())
    }
}

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
        let sum = |a: &str, b: &str| Some(Price::parse(a)?.plus(Price::parse(b)?)?.to_string());
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
