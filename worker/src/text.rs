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

/// Where a sequence begins. The library's search, which no sequence makes slow, is 2 kB of wasm; what is looked for here is
/// short, and not the caller's.
pub(crate) fn find(bytes: &[u8], sequence: &[u8]) -> Option<usize> {
    let Some(first) = sequence.first() else { return Some(0) };
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| byte == first) {
        if bytes[from + at..].starts_with(sequence) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// Whether a text has another one in it.
pub(crate) fn has(text: &str, wanted: &str) -> bool {
    find(text.as_bytes(), wanted.as_bytes()).is_some()
}

/// What is before the first place of a text, and what is behind it.
pub(crate) fn split<'a>(text: &'a str, at: &str) -> Option<(&'a str, &'a str)> {
    let place = find(text.as_bytes(), at.as_bytes())?;
    Some((&text[..place], &text[place + at.len()..]))
}

/// A whole number in digits: one function for all widths.
pub(crate) fn whole<T: TryFrom<u64>>(text: &str) -> Option<T> {
    digits(text)?.try_into().ok()
}

fn digits(text: &str) -> Option<u64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let add = |number: u64, byte| number.checked_mul(10)?.checked_add(digit(byte)?);
    if text.is_empty() { None } else { text.bytes().try_fold(0, add) }
}

/// A number with zeros before it, so that texts are in the order of numbers.
pub(crate) fn padded(number: impl Into<u64>, width: usize) -> String {
    let digits = decimal(number.into());
    let mut text = "0".repeat(width.saturating_sub(digits.len()));
    text.push_str(&digits);
    text
}

/// The beginning of a text: so many bytes at most, and no half of a letter.
pub(crate) fn shortened(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
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
    fn a_text_is_cut_between_letters() {
        for (most, cut) in [(0, ""), (1, "a"), (2, "a"), (3, "aé"), (4, "aéb"), (99, "aéb")] {
            assert_eq!(shortened("aéb", most), cut);
        }
    }

    #[test]
    fn what_is_looked_for_is_found_where_it_begins_first() {
        for (text, wanted) in [
            ("a://b://", "://"),
            ("aab", "ab"),
            ("", "a"),
            ("abc", ""),
            ("", ""),
            ("a", "aa"),
            ("é//", "//"),
            ("ab", "b"),
        ] {
            assert_eq!(find(text.as_bytes(), wanted.as_bytes()), text.find(wanted), "{wanted} in {text}");
            assert_eq!((has(text, wanted), split(text, wanted)), (text.contains(wanted), text.split_once(wanted)));
        }
    }

    #[test]
    fn a_whole_number_has_digits_only_and_its_width() {
        assert_eq!(
            (whole::<u64>("18446744073709551615"), whole::<u64>("18446744073709551616")),
            (Some(u64::MAX), None)
        );
        assert_eq!((whole("007"), whole::<u8>("255"), whole::<u8>("256")), (Some(7_u32), Some(255), None));
        for wrong in ["", "100000000000000000000", "+1", "-1", " 1", "1 ", "1.0", "１"] {
            assert_eq!(whole::<u64>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_have_their_width() {
        assert_eq!((padded(7_u32, 3), padded(1234_u32, 3)), ("007".to_owned(), "1234".to_owned()));
        for number in [0, 1, 0xab, u64::MAX] {
            assert_eq!(hexadecimal(number), format!("{number:016x}"));
        }
    }
}
