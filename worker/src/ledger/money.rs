//! Money and dates, without floats: whole nano-USD (1e-9 USD) and days since 1970 (UTC).

use openrouter_wasm::json::decimal;

use crate::text::{fill, padded};

/// A day, in milliseconds.
pub const DAY_MS: u64 = 86_400_000;

/// The most that is counted: what JavaScript's numbers hold exactly, some nine million USD.
pub const MOST: u64 = (1 << 53) - 1;

const DIGITS: i32 = 9;

/// Reads an amount such as `0.05`, `20` or `1.2e-05`, rounded up; `None` if it is no amount, or more than [`MOST`].
#[must_use]
pub fn nano_usd(text: &str) -> Option<u64> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok().filter(|exponent| exponent.abs() < 1000)?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // How many digits stand before the point once the number is told in nano-USD.
    let kept = i32::try_from(whole.len()).ok()?.checked_add(exponent + DIGITS)?;
    let mut nano = 0u64;
    let mut place = 0;
    let mut rest = false;
    for digit in whole.bytes().chain(fraction.bytes()).map(|byte| u64::from(byte - b'0')) {
        if place < kept {
            nano = nano.checked_mul(10)?.checked_add(digit)?;
        } else {
            rest |= digit > 0;
        }
        place += 1;
    }
    while nano > 0 && place < kept {
        nano = nano.checked_mul(10)?;
        place += 1;
    }
    nano.checked_add(u64::from(rest)).filter(|nano| *nano <= MOST)
}

/// An amount as people write it: `0.05`.
#[must_use]
pub fn usd(nano: u64) -> String {
    let text = fill("%.%", &[&decimal(nano / 1_000_000_000), &padded(nano % 1_000_000_000, 9)]);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The day of a time in milliseconds since 1970.
#[must_use]
pub fn day_of(now_ms: u64) -> u32 {
    u32::try_from(now_ms / DAY_MS).unwrap_or(u32::MAX)
}

/// When a day begins, in milliseconds since 1970.
#[must_use]
pub fn start_of(day: u32) -> u64 {
    u64::from(day) * DAY_MS
}

/// Year, month and day of the month. Source: Howard Hinnant, “chrono-Compatible Low-Level Date Algorithms”.
#[must_use]
pub fn date_of(day: u32) -> (u64, u64, u64) {
    let day = u64::from(day) + 719_468;
    let (era, day_of_era) = (day / 146_097, day % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day_of_month)
}

/// The days of a day's month: the first one, and the first one of the next month.
#[must_use]
pub fn month_of(day: u32) -> (u32, u32) {
    let (year, month, day_of_month) = date_of(day);
    let first = day.saturating_sub(u32::try_from(day_of_month - 1).unwrap_or(0));
    let days = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (first, first.saturating_add(days))
}

/// The Monday of a day's week.
#[must_use]
pub fn week_of(day: u32) -> u32 {
    // 1 January 1970 was a Thursday.
    day.saturating_sub((day + 3) % 7)
}

/// `2026-11-22`
#[must_use]
pub fn date(day: u32) -> String {
    let (year, month, day) = date_of(day);
    fill("%-%-%", &[&padded(year, 4), &padded(month, 2), &padded(day, 2)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_without_floats_and_rounded_up() {
        for (text, nano) in [
            ("0", 0),
            ("0.05", 50_000_000),
            ("20", 20_000_000_000),
            ("1.2e-05", 12_000),
            ("1E2", 100_000_000_000),
            ("0.0000000001", 1),
            ("0.0000000010", 1),
            ("1e-30", 1),
            ("0e-30", 0),
            ("0e30", 0),
            ("9007199.254740991", MOST),
            ("000.5", 500_000_000),
        ] {
            assert_eq!(nano_usd(text), Some(nano), "{text}");
        }
        for text in ["", ".", ".5", "-1", "+1", "1,5", "1 ", "e5", "1e", "1e99999", "9007199.254740992", "1e30", "NaN"]
        {
            assert_eq!(nano_usd(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (day, text) in [(0, "1970-01-01"), (789, "1972-02-29"), (11_016, "2000-02-29"), (20_778, "2026-11-21")] {
            assert_eq!(date(day), text);
        }
        assert_eq!(month_of(20_778), (20_758, 20_788));
        assert_eq!(date(week_of(20_778)), "2026-11-16");
    }

    proptest! {
        #[test]
        fn an_amount_is_read_back_as_it_was_written(nano in 0..=MOST) {
            prop_assert_eq!(nano_usd(&usd(nano)), Some(nano));
        }

        #[test]
        fn every_day_is_in_its_month_and_week(day in 0u32..100_000) {
            let (first, next) = month_of(day);
            prop_assert!(first <= day && day < next);
            prop_assert!(date(first).ends_with("-01") && date(next).ends_with("-01"));
            prop_assert_eq!(&date(first)[..7], &date(day)[..7]);
            prop_assert!(week_of(day) <= day && day < week_of(day) + 7);
        }
    }
}
