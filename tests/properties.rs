//! What holds for all inputs.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use openrouter_wasm::{
    models::Price,
    sse::{SseDecoder, SseEvent},
};
use proptest::prelude::*;

fn decode(pieces: &[&[u8]]) -> Vec<SseEvent> {
    let (mut decoder, mut out) = (SseDecoder::new(), Vec::new());
    for piece in pieces {
        decoder.push(piece, &mut out).unwrap();
    }
    out
}

fn cut<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    /// Lines of every sort, with every line end, cut at random: the same events as in one piece.
    #[test]
    fn cuts_never_change_the_events(
        lines in prop::collection::vec(("(data|event|id|:|da|)", "(: ?|)", "[ -~é✔😀]{0,12}", "(\n|\r|\r\n)"), 0..40),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let stream: String = lines.into_iter().map(|(name, colon, value, end)| name + &colon + &value + &end).collect();
        prop_assert_eq!(decode(&cut(stream.as_bytes(), &cuts)), decode(&[stream.as_bytes()]));
    }

    /// Any bytes at all: no panic, and the same however they are cut.
    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        prop_assert_eq!(decode(&cut(&bytes, &cuts)), decode(&[&bytes]));
    }

    /// What is encoded comes out again.
    #[test]
    fn data_survives_encoding(texts in prop::collection::vec("[^\r\n]{0,20}(\n[^\r\n]{0,20}){0,3}", 0..10)) {
        let line = |line: &str| format!("data: {line}\n");
        let stream: String = texts.iter().map(|text| text.split('\n').map(line).collect::<String>() + "\n").collect();
        let data: Vec<String> = decode(&[stream.as_bytes()]).into_iter().map(|event| event.data).collect();
        prop_assert_eq!(data, texts);
    }

    /// A price is the same after it was written, and a million of it is its digits moved by six places.
    #[test]
    fn prices_are_exact(mantissa in 0..10_u64.pow(12), scale in 0_u32..30) {
        let price = Price::parse(&format!("{mantissa}e-{scale}")).unwrap();
        prop_assert_eq!(Price::parse(&price.to_string()), Some(price));
        prop_assert_eq!(price.per_million(), Price::parse(&format!("{mantissa}e{}", 6 - i64::from(scale))));
    }
}
