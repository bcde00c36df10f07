//! What models that answer the same request are compared by.

/// Tokens per second: those of the answer (reasoning included) over the time from its first token to its end, in ms on
/// one clock. `None` where no tokens were told or there is no time between the two: the answer came in one piece.
#[must_use]
pub fn tokens_per_second(completion_tokens: f64, first_token_ms: f64, end_ms: f64) -> Option<f64> {
    let seconds = (end_ms - first_token_ms) / 1000.0;
    (completion_tokens > 0.0 && seconds > 0.0).then(|| completion_tokens / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_for_the_first_token_does_not_count() {
        assert_eq!(tokens_per_second(100.0, 5000.0, 7000.0), Some(50.0));
        assert_eq!(tokens_per_second(1.0, 0.5, 1000.5), Some(1.0));
    }

    #[test]
    fn without_tokens_or_time_there_is_no_rate() {
        assert_eq!(tokens_per_second(0.0, 0.0, 1000.0), None);
        assert_eq!(tokens_per_second(f64::NAN, 0.0, 1000.0), None);
        assert_eq!(tokens_per_second(5.0, 1000.0, 1000.0), None);
        assert_eq!(tokens_per_second(5.0, f64::NAN, 1000.0), None);
    }
}
