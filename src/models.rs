//! The model list: rows as sent, prices as exact decimals.
//!
//! Source: OpenRouter `OpenAPI` `Model`, `PublicPricing` (2026-08). Prices are decimal strings in USD per single unit
//! (token, image, request …); the wire also has the undocumented `"-1"` on router rows, which means “it depends”.

use std::fmt;

use crate::{
    error::{Error, ErrorKind},
    json::{Json, Kind},
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
            Some((decimal, exponent)) => (decimal, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut mantissa: u64 = digits.parse().ok()?;
        let mut scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        while scale < 0 {
            mantissa = mantissa.checked_mul(10)?;
            scale += 1;
        }
        let mut scale = u32::try_from(scale).ok().filter(|scale| *scale <= 1000)?;
        while scale > 0 && mantissa.is_multiple_of(10) {
            mantissa /= 10;
            scale -= 1;
        }
        Some(Self { mantissa, scale })
    }

    /// Whether this costs nothing.
    #[must_use]
    pub fn is_free(self) -> bool {
        self.mantissa == 0
    }

    /// The price of a million units, as price lists give it; `None` if that is beyond 19 digits.
    #[must_use]
    pub fn per_million(self) -> Option<Self> {
        let missing = 6_u32.saturating_sub(self.scale);
        let mantissa = self.mantissa.checked_mul(10_u64.pow(missing))?;
        Some(Self { mantissa, scale: self.scale.saturating_sub(6) })
    }
}

/// Without exponent and without trailing zeros: `0.15`, `3`, `0.0000004`.
impl fmt::Display for Price {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.mantissa.to_string();
        let scale = self.scale as usize;
        if scale == 0 {
            return formatter.write_str(&digits);
        }
        let padding = "0".repeat((scale + 1).saturating_sub(digits.len()));
        let padded = padding + &digits;
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        formatter.write_str(whole)?;
        formatter.write_str(".")?;
        formatter.write_str(fraction)
    }
}

/// The `pricing` object of a model or endpoint.
#[derive(Debug, Clone)]
pub struct Pricing<J>(J);

impl<J: Json> Pricing<J> {
    /// Reads a `pricing` object.
    pub fn read(pricing: &J) -> Self {
        Self(pricing.clone())
    }

    /// The base price of one unit, e.g. of `prompt`, `completion`, `request`; `None` where it is not listed or depends.
    #[must_use]
    pub fn price(&self, unit: &str) -> Option<Price> {
        Price::parse(&self.0.get(unit)?.text()?)
    }

    /// Whether the price depends on the model that a router chooses.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        ["prompt", "completion"].iter().any(|unit| self.0.text_of(unit).is_some_and(|price| price.starts_with('-')))
    }
}

/// A row of the model list.
#[derive(Debug, Clone)]
pub struct Model<J> {
    /// Slug, e.g. `openai/gpt-5.2` or `~anthropic/claude-sonnet-latest`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Tokens that prompt and answer may have together; `None` where the row does not say.
    pub context_length: Option<f64>,
    /// Prices per unit.
    pub pricing: Pricing<J>,
    /// The row as sent.
    pub row: J,
}

impl<J: Json> Model<J> {
    /// Reads a row; `None` if it has no `id` or no `pricing`.
    pub fn read(row: &J) -> Option<Self> {
        let id = row.text_of("id")?;
        Some(Self {
            name: row.text_of("name").unwrap_or_else(|| id.clone()),
            context_length: row.number_of("context_length"),
            pricing: Pricing::read(&*row.present("pricing")?),
            row: row.clone(),
            id,
        })
    }

    /// Reads the answer to `GET /models`.
    ///
    /// # Errors
    /// [`ErrorKind::MalformedResponse`] if it holds no list of models. Rows that are no models are passed over.
    pub fn read_list(answer: &J) -> Result<Vec<Self>, Error> {
        check_list(answer)?;
        Ok(answer.get("data").iter().flat_map(|data| data.items()).filter_map(|row| Self::read(&*row)).collect())
    }
}

/// Refuses what is no list at all.
pub(crate) fn check_list<J: Json>(answer: &J) -> Result<(), Error> {
    match answer.get("data") {
        Some(data) if data.kind() == Kind::Array => Ok(()),
        _ => Err(Error::new(ErrorKind::MalformedResponse, "the answer holds no list of models")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
        ] {
            assert_eq!(per_million(text), expected, "{text}");
        }
        assert_eq!(Price::parse("0.10").unwrap().to_string(), "0.1");
        assert_eq!(Price::parse("1e3").unwrap().to_string(), "1000");
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
        let pricing = Pricing::read(&json!({"prompt": "-1", "completion": "-1"}));
        assert!(pricing.is_dynamic() && pricing.price("prompt").is_none());
        let pricing = Pricing::read(&json!({"prompt": "0", "completion": "0"}));
        assert!(!pricing.is_dynamic() && pricing.price("prompt").is_some_and(Price::is_free));
        assert_eq!(pricing.price("web_search"), None);
    }

    #[test]
    fn a_list_passes_over_rows_that_are_no_models() {
        let rows = json!({"data": [
            {"id": "a/b", "name": "B", "context_length": null, "pricing": {"prompt": "0", "completion": "0"}, "new": 1},
            {"id": "c/d"}, 5, null]});
        let models = Model::<Value>::read_list(&rows).unwrap();
        assert_eq!(models.len(), 1);
        assert_eq!((models[0].id.as_str(), models[0].context_length, &models[0].row["new"]), ("a/b", None, &json!(1)));
        assert_eq!(Model::<Value>::read_list(&json!({})).unwrap_err().kind(), ErrorKind::MalformedResponse);
    }
}
