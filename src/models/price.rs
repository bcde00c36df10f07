//! Exact decimals: an amount of USD, as OpenRouter writes it, and the sums that are made of it.
//!
//! No float: `0.1 + 0.2` is a bill that somebody compares with another one. What has no room in 19 digits is `None`,
//! never rounded: a cost to the 15th place has room up to 18,000 USD.

use alloc::string::String;
use core::fmt;

use crate::json::{concat, decimal, digits};

/// An amount of USD, exact: `mantissa / 10^scale`, without zeros at its end, so that equal amounts are equal values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    mantissa: u64,
    scale: u32,
}

impl Price {
    /// So many USD.
    #[must_use]
    pub const fn whole(usd: u64) -> Self {
        Self { mantissa: usd, scale: 0 }
    }

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
        Some(Self { mantissa, scale: u32::try_from(scale).ok().filter(|scale| *scale <= 1000)? }.shortened())
    }

    /// Without zeros at the end of its fraction.
    fn shortened(mut self) -> Self {
        while self.scale > 0 && self.mantissa.is_multiple_of(10) {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
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

    /// The point moved to the right.
    fn moved(self, places: u32) -> Option<Self> {
        let scale = self.scale.max(places);
        Some(Self { mantissa: self.at(scale)?, scale: scale - places })
    }

    /// The price of so many units; `None` if that is beyond 19 digits, zeros at its end included.
    #[must_use]
    pub fn times(self, units: u64) -> Option<Self> {
        Some(Self { mantissa: self.mantissa.checked_mul(units)?, scale: self.scale }.shortened())
    }

    /// Both together; `None` if that is beyond 19 digits.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        Some(Self { mantissa: self.at(scale)?.checked_add(other.at(scale)?)?, scale }.shortened())
    }

    /// Both together; where the smaller amount has more places than there is room for, it is rounded. `None` if even that
    /// is beyond 19 digits.
    #[must_use]
    pub fn plus_rounded(self, other: Self) -> Option<Self> {
        let (mut fine, coarse) = if self.scale > other.scale { (self, other) } else { (other, self) };
        loop {
            let aligned = coarse.at(fine.scale).and_then(|aligned| aligned.checked_add(fine.mantissa));
            if let Some(mantissa) = aligned {
                return Some(Self { mantissa, ..fine }.shortened());
            }
            fine.scale = fine.scale.checked_sub(1).filter(|scale| *scale >= coarse.scale)?;
            fine.mantissa = fine.mantissa.div_ceil(10) - u64::from((1..5).contains(&(fine.mantissa % 10)));
        }
    }

    /// The mantissa with so many digits after the point, not fewer than it has.
    fn at(self, scale: u32) -> Option<u64> {
        (self.scale..scale).try_fold(self.mantissa, |mantissa, _| mantissa.checked_mul(10))
    }

    /// To compare with others: in their order, if they have no more than 15 digits that count.
    #[expect(clippy::cast_precision_loss, reason = "one division of what is exact up to there")]
    pub(super) fn approximate(self) -> f64 {
        self.mantissa as f64 / (0..self.scale).fold(1.0, |power, _| power * 10.0)
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
    fn sums_and_products_are_exact_or_none() {
        let price = |text| Price::parse(text).unwrap();
        assert_eq!(price("0.1").plus(price("0.2")).unwrap().to_text(), "0.3");
        assert_eq!(price("0.000000000034375").times(1_234_567).unwrap().to_text(), "0.000042438240625");
        assert_eq!(price("0.5").times(2), Some(Price::whole(1)));
        let large = price("9999999999999999999");
        assert_eq!((large.times(10), large.plus(large), large.per_million()), (None, None, None));
        assert_eq!(price("0").plus(price("1e-900")), Some(price("1e-900")));
        assert_eq!(price("1").plus(price("1e-900")), None);
    }

    #[test]
    fn prices_are_compared_by_what_they_are_worth() {
        let ascending =
            ["0", "1e-300", "0.00000015", "0.0000002", "0.1", "0.100000000000001", "0.15", "1", "10.05", "99", "1e18"];
        for (index, low) in ascending.iter().enumerate() {
            for high in &ascending[index + 1..] {
                let [low, high] = [low, high].map(|text| Price::parse(text).unwrap().approximate());
                assert!(low < high, "{low} {high}");
            }
        }
    }
}
