//! Exact decimals: an amount of USD, as OpenRouter writes it, and the sums that are made of it.
//!
//! No float: `0.1 + 0.2` is a bill that somebody compares with another one. What has no room in 19 digits is rounded
//! behind the point, and `None` before it: a cost to the 15th place has room up to 18,000 USD. Prices that somebody
//! made of floats (`0.00010350000000000001`) need that.

use alloc::string::String;
use core::cmp::Ordering;

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

    /// So many units of 10^-`places` USD.
    #[must_use]
    pub fn of_places(count: u64, places: u32) -> Self {
        Self { mantissa: count, scale: places }.shortened()
    }

    /// How many units of 10^-`places` USD this is, rounded up: 9 gives nano-USD. `None` beyond 64 bits.
    #[must_use]
    pub fn in_places(self, places: u32) -> Option<u64> {
        let ten = 10_u64;
        if let Some(zeros) = places.checked_sub(self.scale) {
            return self.mantissa.checked_mul(ten.checked_pow(zeros)?);
        }
        // Of 20 digits that go, none of a mantissa is left but that it was not zero.
        let divisor = ten.checked_pow(self.scale - places);
        Some(divisor.map_or(u64::from(self.mantissa > 0), |divisor| self.mantissa.div_ceil(divisor)))
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
        if mantissa == 0 {
            // However far its point is moved.
            return Some(Self::whole(0));
        }
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

    /// The price of so many units; where that has more places than there is room for, the price is rounded. `None` if even
    /// that is beyond 19 digits.
    #[must_use]
    pub fn times(mut self, units: u64) -> Option<Self> {
        loop {
            if let Some(mantissa) = self.mantissa.checked_mul(units) {
                return Some(Self { mantissa, ..self }.shortened());
            }
            self = self.rounded()?;
        }
    }

    /// Both together; where they have more places than there is room for, they are rounded. `None` if even that is
    /// beyond 19 digits.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let (mut fine, mut coarse) = if self.scale > other.scale { (self, other) } else { (other, self) };
        loop {
            let aligned = coarse.at(fine.scale).and_then(|aligned| aligned.checked_add(fine.mantissa));
            if let Some(mantissa) = aligned {
                return Some(Self { mantissa, ..fine }.shortened());
            }
            if coarse.scale == fine.scale {
                coarse = coarse.rounded()?;
            }
            fine = fine.rounded()?;
        }
    }

    /// With one place less; `None` if there is none.
    fn rounded(self) -> Option<Self> {
        let Self { mantissa, scale } = self;
        Some(Self { mantissa: mantissa / 10 + u64::from(mantissa % 10 > 4), scale: scale.checked_sub(1)? })
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

/// By what they are worth, exactly.
impl Ord for Price {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale > other.scale {
            return other.cmp(self).reverse();
        }
        let aligned =
            10_u128.checked_pow(other.scale - self.scale).and_then(|power| power.checked_mul(self.mantissa.into()));
        match aligned {
            Some(aligned) => aligned.cmp(&other.mantissa.into()),
            // Beyond all that a mantissa can be.
            None if self.mantissa > 0 => Ordering::Greater,
            None => 0.cmp(&other.mantissa),
        }
    }
}

impl PartialOrd for Price {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use std::prelude::rust_2024::*;

    use super::*;

    fn per_million(text: &str) -> String {
        Price::parse(text).unwrap().per_million().unwrap().to_text()
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
            ("0e2147483647", "0"),
            ("0e-2147483647", "0"),
        ] {
            assert_eq!(per_million(text), expected, "{text}");
        }
        assert_eq!(Price::parse("0.10").unwrap().to_text(), "0.1");
        assert_eq!(Price::parse("1e3").unwrap().to_text(), "1000");
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
    fn sums_are_exact_as_far_as_there_is_room() {
        for (one, other, sum) in [
            ("0.1", "0.2", Some("0.3")),
            ("3.4e-7", "8.1e-05", Some("0.00008134")),
            ("5", "0", Some("5")),
            ("12.5", "0.00010350000000000001", Some("12.5001035")),
            ("0.00000000000000000016", "12.5", Some("12.5")),
            ("12.5", "1e-900", Some("12.5")),
            ("0", "1e-300", Some(&*["0.", &"0".repeat(299), "1"].concat())),
            ("5000000000000000000", "0.6", Some("5000000000000000001")),
            ("9.999999999999999996", "9.999999999999999995", Some("20")),
            ("9999999999999999999", "9999999999999999999", None),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                let total = Price::parse(one).unwrap().plus(Price::parse(other).unwrap());
                assert_eq!(total.map(Price::to_text).as_deref(), sum, "{one} {other}");
            }
        }
    }

    #[test]
    fn products_are_exact_as_far_as_there_is_room() {
        for (price, units, product) in [
            ("0.000000000034375", 1_234_567, Some("0.000042438240625")),
            ("0.5", 2, Some("1")),
            ("0.00010350000000000001", 100_000, Some("10.35")),
            ("0.00014500000000000003", 3, Some("0.00043500000000000009")),
            ("9999999999999999999", 10, None),
            ("9999999999999999999", 0, Some("0")),
        ] {
            let total = Price::parse(price).unwrap().times(units);
            assert_eq!(total.map(Price::to_text).as_deref(), product, "{price} {units}");
        }
        assert_eq!(Price::parse("9999999999999999999").unwrap().per_million(), None);
    }

    #[test]
    fn prices_are_compared_by_what_they_are_worth() {
        let ascending =
            ["0", "1e-300", "0.00000015", "0.0000002", "0.1", "0.100000000000001", "0.15", "1", "10.05", "99", "1e18"];
        for (index, low) in ascending.iter().enumerate() {
            for high in &ascending[index + 1..] {
                let [low, high] = [low, high].map(|text| Price::parse(text).unwrap());
                assert_eq!((low.cmp(&high), high.cmp(&low)), (Ordering::Less, Ordering::Greater), "{low:?} {high:?}");
                assert!(low.approximate() < high.approximate(), "{low:?} {high:?}");
            }
        }
        assert_eq!(Price::parse("0.10").cmp(&Price::parse("1e-1")), Ordering::Equal);
    }

    #[test]
    fn small_units_are_counted_up() {
        for (text, places, count) in [
            ("1", 9, Some(1_000_000_000)),
            ("0.0000000011", 9, Some(2)),
            ("0.000000000034375", 15, Some(34375)),
            ("0.00010350000000000001", 15, Some(103_500_000_001)),
            ("1e-900", 9, Some(1)),
            ("0", 9, Some(0)),
            ("99999999999", 9, None),
        ] {
            assert_eq!(Price::parse(text).unwrap().in_places(places), count, "{text}");
        }
        assert_eq!(Price::of_places(2_500_000_000, 9).to_text(), "2.5");
    }
}
