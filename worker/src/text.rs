//! Sentences with something in them. The library's formatting is larger, and a panic's text is all that would need it.

use openrouter_wasm::json::decimal;

/// A text with the values in the places of its `%`, one after the other.
pub(crate) fn fill(template: &str, values: &[&str]) -> String {
    let mut text = String::new();
    let mut values = values.iter();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        text.push_str(values.next().unwrap_or(&""));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// A number with zeros before it, so that texts are in the order of numbers.
pub(crate) fn padded(number: impl Into<u64>, width: usize) -> String {
    let digits = decimal(number.into());
    let mut text = "0".repeat(width.saturating_sub(digits.len()));
    text.push_str(&digits);
    text
}

/// A number of 64 bits in 16 hexadecimal digits.
pub(crate) fn hexadecimal(number: u64) -> String {
    (0..16).rev().filter_map(|at| char::from_digit(u32::try_from(number >> (4 * at) & 15).ok()?, 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_they_are_named() {
        assert_eq!(fill("% of %.", &["a%b", "é"]), "a%b of é.");
        assert_eq!(fill("none", &[]), "none");
    }

    #[test]
    fn numbers_have_their_width() {
        assert_eq!((padded(7_u32, 3), padded(1234_u32, 3)), ("007".to_owned(), "1234".to_owned()));
        for number in [0, 1, 0xab, u64::MAX] {
            assert_eq!(hexadecimal(number), format!("{number:016x}"));
        }
    }
}
