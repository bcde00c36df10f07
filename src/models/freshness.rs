//! How long an answer may be given again, by its `Cache-Control` (RFC 9111, RFC 5861).

use crate::json::digits;

/// Where the answer does not say: OpenRouter's own lists say so too.
const DEFAULT_SECONDS: u64 = 300;

/// Prices change: nothing is fresh for longer.
const LONGEST_SECONDS: u64 = 3600;

/// What may be done with an answer that was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Freshness {
    /// Give it.
    Fresh,
    /// Give it, and ask for a new one (`stale-while-revalidate`).
    Stale,
    /// Ask for a new one, and give it if that fails (`stale-if-error`).
    IfError,
    /// Ask for a new one.
    Expired,
    /// It must not be kept at all (`no-store`).
    NoStore,
}

/// By the header's text in lower case, and how old the answer is in ms; no age, as of a clock that was set back, is any.
#[must_use]
pub fn freshness(cache_control: &str, age_ms: Option<u64>) -> Freshness {
    let directive =
        |name: &str| cache_control.split(',').find_map(|directive| directive.trim_ascii().strip_prefix(name));
    // What cannot be read is over at once.
    let ms =
        |name, default: u64| directive(name).map_or(default, |value| digits(value).unwrap_or(0)).saturating_mul(1000);
    if directive("no-store").is_some() {
        return Freshness::NoStore;
    }
    let age = age_ms.unwrap_or(u64::MAX);
    let lifetime = ms("max-age=", DEFAULT_SECONDS).min(LONGEST_SECONDS * 1000);
    let is_within = |stale: u64| age < lifetime.saturating_add(stale);
    if directive("no-cache").is_some() {
        Freshness::Expired
    } else if is_within(0) {
        Freshness::Fresh
    } else if directive("must-revalidate").is_some() {
        Freshness::Expired
    } else if is_within(ms("stale-while-revalidate=", 0)) {
        Freshness::Stale
    } else if is_within(ms("stale-if-error=", 0)) {
        Freshness::IfError
    } else {
        Freshness::Expired
    }
}

#[cfg(test)]
mod tests {
    use super::{Freshness::*, *};

    const RECORDED: &str = "public, max-age=300, stale-while-revalidate=3600, stale-if-error=7200";

    fn after(header: &str, ms: u64) -> Freshness {
        freshness(header, Some(ms))
    }

    #[test]
    fn the_recorded_header_is_fresh_then_stale_then_for_errors_only() {
        for (ms, expected) in [
            (0, Fresh),
            (299_999, Fresh),
            (300_000, Stale),
            (3_899_999, Stale),
            (3_900_000, IfError),
            (7_499_999, IfError),
            (7_500_000, Expired),
        ] {
            assert_eq!(after(RECORDED, ms), expected, "{ms}");
        }
    }

    #[test]
    fn without_a_word_it_is_five_minutes_and_never_more_than_an_hour() {
        for header in ["", "public", "private, s-maxage=9"] {
            assert_eq!((after(header, 299_999), after(header, 300_000)), (Fresh, Expired), "{header}");
        }
        assert_eq!(after("max-age=86400", 3_599_999), Fresh);
        assert_eq!(after("max-age=86400", 3_600_000), Expired);
        assert_eq!(after("max-age=9999999999999999999", 3_600_000), Expired);
    }

    #[test]
    fn what_must_not_be_kept_or_must_be_asked_for_is() {
        assert_eq!(after("private,no-store, max-age=300", 0), NoStore);
        assert_eq!(after("no-cache, max-age=300, stale-while-revalidate=60", 0), Expired);
        assert_eq!(after("max-age=0", 0), Expired);
        assert_eq!(after("max-age=-1", 0), Expired);
        assert_eq!(after("max-age=1, must-revalidate, stale-if-error=60", 2000), Expired);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nothing_fresh() {
        assert_eq!(freshness(RECORDED, None), Expired);
    }
}
