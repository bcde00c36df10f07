//! Base64 (RFC 4648): for sound in a request, and, by the URL's alphabet, for what signs people in.

use alloc::{string::String, vec::Vec};

/// By the ordinary alphabet, padded.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    encode_by(bytes, *b"+/", true)
}

/// By the alphabet for URLs, without padding.
#[must_use]
pub fn encode_url(bytes: &[u8]) -> String {
    encode_by(bytes, *b"-_", false)
}

fn encode_by(bytes: &[u8], last: [u8; 2], is_padded: bool) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = (bits >> (18 - 6 * at) & 63) as u8;
            match digit {
                _ if at > group.len() => {
                    if is_padded {
                        out.push('=');
                    }
                }
                0..26 => out.push(char::from(b'A' + digit)),
                26..52 => out.push(char::from(b'a' + digit - 26)),
                52..62 => out.push(char::from(b'0' + digit - 52)),
                _ => out.push(char::from(last[usize::from(digit - 62)])),
            }
        }
    }
    out
}

/// What was written by the alphabet for URLs without padding; `None` if it was not, or if it could have been written
/// in another way: a bit that means nothing must not be free to change.
#[must_use]
pub fn decode_url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0;
        for at in 0..4 {
            let digit = match group.get(at) {
                None => 0,
                Some(letter @ b'A'..=b'Z') => letter - b'A',
                Some(letter @ b'a'..=b'z') => letter - b'a' + 26,
                Some(letter @ b'0'..=b'9') => letter - b'0' + 52,
                Some(b'-') => 62,
                Some(b'_') => 63,
                Some(_) => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        let [_, whole @ ..] = bits.to_be_bytes();
        let (taken, rest) = whole.split_at_checked(group.len() - 1)?;
        if group.len() == 1 || rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(taken);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_come_out() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(encode_url(bytes.as_bytes()), text.trim_end_matches('='));
        }
    }

    #[test]
    fn what_was_encoded_is_decoded_and_nothing_else() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..bytes.len() {
            assert_eq!(decode_url(&encode_url(&bytes[length..])).as_deref(), Some(&bytes[length..]));
        }
        // A digit too few, padding, the other alphabet, space, and bits that would be lost.
        for text in ["A", "AAAAA", "Zg==", "+/8", "Zm 9", "Zh", "Zm9", "é"] {
            assert_eq!(decode_url(text), None, "{text}");
        }
    }

    #[test]
    fn every_digit_has_its_character() {
        let all: std::vec::Vec<u8> = (0..64_u32)
            .step_by(4)
            .flat_map(|first| {
                let bits = first << 18 | (first + 1) << 12 | (first + 2) << 6 | (first + 3);
                [bits.to_be_bytes()[1], bits.to_be_bytes()[2], bits.to_be_bytes()[3]]
            })
            .collect();
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        assert_eq!(encode(&all), [alphabet, "+/"].concat());
        assert_eq!(encode_url(&all), [alphabet, "-_"].concat());
    }
}
