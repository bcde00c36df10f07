//! Which models meet given needs, in which order.

use alloc::{string::String, vec::Vec};

use super::{Price, Prices, is_free, list, raw, whole};
use crate::{
    error::{Error, ErrorKind},
    json::{Value, decimal, separate},
    schema,
};

/// Three tokens read for one written, unless the caller says otherwise.
const WORKLOAD: (u64, u64) = (3000, 1000);

/// What has no price comes last.
const UNKNOWN: f64 = f64::INFINITY;

/// Refuses needs that make no sense: unknown names too, for a need that is misspelt would be met by every model.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with the field that is wrong.
pub fn check_needs(needs: &Value<'_>) -> Result<(), Error> {
    schema::check_request(needs, "ModelNeeds")?;
    schema::check_names(needs, "ModelNeeds", ErrorKind::InvalidRequest)?;
    for field in ["maxPromptPrice", "maxCompletionPrice"] {
        if needs.present(field).is_some() && amount(needs, field).is_none() {
            return Err(Error::invalid(ErrorKind::InvalidRequest, field, "expected USD per million tokens, e.g. 0.5"));
        }
    }
    Ok(())
}

/// A price of a request: a decimal text, or a number as JSON writes it.
fn amount(needs: &Value<'_>, field: &str) -> Option<Price> {
    Price::parse(raw(needs.present(field)?))
}

/// The positions, as a JSON array, of the rows of a list (the answer to `GET /models`) that meet needs which are right;
/// `now` is ISO 8601 in UTC. With `is_cheapest` only of the one that does the stated work for least; of none if no
/// model can whose price is known.
///
/// # Errors
/// [`ErrorKind::MalformedResponse`] if it holds no list of models.
pub fn find(list: &Value<'_>, needs: &Value<'_>, is_cheapest: bool, now: &str) -> Result<String, Error> {
    let Some(Value::Array(rows)) = list.get("data") else {
        return Err(Error::new(ErrorKind::MalformedResponse, "the answer holds no list of models"));
    };
    let sort = if is_cheapest { "price-low-to-high" } else { needs.raw_of("sort").unwrap_or_default() };
    let limit = match whole(needs, "limit") {
        _ if is_cheapest => 1,
        0 => u64::MAX,
        limit => limit,
    };
    // What they are sorted by, and positions.
    let mut found: Vec<(f64, usize)> = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let Some(key) = meet(needs, row, sort, now).filter(|key| *key < UNKNOWN || !is_cheapest) else { continue };
        // Into its place, behind its equals. The standard library's sorting would be 2 kB for some hundred rows.
        let at = found.iter().rposition(|(before, _)| *before <= key).map_or(0, |at| at + 1);
        found.insert(at, (key, position));
    }
    let mut out = String::from("[");
    for (_, (_, position)) in (0..limit).zip(&found) {
        separate(&mut out);
        out.push_str(&decimal(*position as u64));
    }
    out.push(']');
    Ok(out)
}

/// Whether a text is among those of a list.
fn holds(list: &[Value<'_>], text: &str) -> bool {
    list.iter().any(|item| raw(item) == text)
}

/// What a row that meets the needs is sorted by, the smallest first; `None` if it does not.
#[expect(clippy::cast_precision_loss, reason = "tokens, seconds and scores are small")]
fn meet(needs: &Value<'_>, row: &Value<'_>, sort: &str, now: &str) -> Option<f64> {
    // Whether a need, if it is stated, is met.
    let is = |field: &str, fact: bool| needs.present(field).is_none_or(|need| need.is_true() == fact);
    let id = row.raw_of("id")?;
    let pricing = row.present("pricing")?;
    let is_free = is_free(pricing);
    let parameters = list(row, "supported_parameters");
    let architecture = row.at("architecture");
    for (need, has) in [
        ("inputModalities", list(architecture, "input_modalities")),
        ("outputModalities", list(architecture, "output_modalities")),
        ("parameters", parameters),
    ] {
        if list(needs, need).iter().any(|name| !holds(has, raw(name))) {
            return None;
        }
    }
    let author = id.strip_prefix('~').unwrap_or(id).split('/').next().unwrap_or_default();
    let reasoning = row.present("reasoning");
    let can_reason = reasoning.is_some() || holds(parameters, "reasoning");
    let must_reason = reasoning.is_some_and(|reasoning| reasoning.at("mandatory").is_true());
    let is_meant = (needs.present("authors").is_none() || holds(list(needs, "authors"), author))
        && is("free", is_free)
        && needs.present("reasoning").is_none_or(|need| if need.is_true() { can_reason } else { !must_reason })
        // Text that sorts as the time does.
        && (needs.at("includeDeprecated").is_true() || row.raw_of("expiration_date").is_none_or(|end| end > now));
    if !is_meant {
        return None;
    }

    let (mut prompt, mut completion) = (whole(needs, "promptTokens"), whole(needs, "completionTokens"));
    // A stated workload has to fit; an unknown context is not enough for anything.
    let context = whole(row, "context_length");
    if context < prompt.saturating_add(completion).max(whole(needs, "minContext")) {
        return None;
    }
    if (prompt, completion) == (0, 0) {
        (prompt, completion) = WORKLOAD;
    }
    let prices = Prices::new(pricing, prompt, now);
    for (field, unit) in [("maxPromptPrice", "prompt"), ("maxCompletionPrice", "completion")] {
        if let Some(most) = amount(needs, field) {
            prices.price(unit)?.per_million().filter(|price| price.approximate() <= most.approximate())?;
        }
    }
    let score = score(needs.raw_of("search").unwrap_or_default(), id, row)?;
    Some(match sort {
        "" => -(score as f64),
        "context-high-to-low" => -(context as f64),
        "newest" => -(whole(row, "created") as f64),
        _ => match prices.of_tokens(completion) {
            // It costs something that nobody can tell, e.g. by the image.
            0.0 if !is_free => UNKNOWN,
            // No cost times no tokens.
            cost if cost.is_nan() => UNKNOWN,
            cost if cost < UNKNOWN && sort == "price-high-to-low" => -cost,
            cost => cost,
        },
    })
}

/// How well a row matches a search; `None` if one of the words is nowhere in it.
fn score(search: &str, id: &str, row: &Value<'_>) -> Option<u64> {
    let text = |key| row.raw_of(key).unwrap_or_default();
    let mut score = 0;
    for word in search.split(' ').filter(|word| !word.is_empty()) {
        score += match best(id, word).max(best(text("name"), word)) {
            0 if best(text("description"), word) > 0 => 1,
            0 => return None,
            here => here + 1,
        };
    }
    // Of equals the shorter: more of it was asked for. Without a word there is nothing to go by.
    Some(if score > 0 { score * 1000 + 999_u64.saturating_sub(id.len() as u64) } else { 0 })
}

/// How well a text matches a word, the letters a to z large or small: 3 it is the word, 2 the word is in it whole, 1 it
/// is in it, 0 it is not.
fn best(text: &str, word: &str) -> u64 {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let is_letter = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let mut best = 0;
    for (at, part) in text.windows(word.len()).enumerate() {
        if part.eq_ignore_ascii_case(word) {
            let is_whole = !is_letter(at.checked_sub(1)) && !is_letter(Some(at + word.len()));
            best = best.max(if part.len() == text.len() { 3 } else { 1 + u64::from(is_whole) });
        }
    }
    best
}

#[cfg(test)]
#[allow(clippy::needless_pass_by_value, reason = "tests are easier to read so")]
mod tests {
    use std::prelude::rust_2024::*;

    use serde_json::{Value as Document, json};

    use super::*;

    const NOW: &str = "2026-08-11T12:00:00.000Z";

    fn list() -> Value<'static> {
        let row = |id: &str, name: &str, context: Document, prompt: &str, completion: &str, more: Document| {
            let mut row = json!({"id": id, "name": name, "context_length": context, "created": id.len(),
                "description": "A model.", "pricing": {"prompt": prompt, "completion": completion},
                "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
                "supported_parameters": ["max_tokens"]});
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            row
        };
        let list = json!({"data": [
            row("openrouter/auto", "Auto", json!(2_000_000), "-1", "-1", json!({})),
            row("~a/mini-latest", "A: Mini", json!(8000), "0.000001", "0.000002", json!({"expiration_date": null})),
            row("a/mini-pro", "A: Mini Pro", json!(128_000), "0.000002", "0.000008",
                json!({"supported_parameters": ["reasoning", "tools"], "reasoning": {"mandatory": true}})),
            row("a/mini", "A: Mini", json!(128_000), "0.000001", "0.000004",
                json!({"supported_parameters": ["tools"], "expiration_date": "2026-08-12"})),
            row("b/see", "b: See", Document::Null, "0.0000005", "0.000001",
                json!({"architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
                    "reasoning": {"mandatory": false},
                    "description": "Looks at things, at least \u{e9}l\u{e9}gant mini ones."})),
            row("b/old", "B: Old", json!(4000), "0.0000001", "0.0000001", json!({"expiration_date": "2026-08-11"})),
            row("b/gift:free", "B: Gift", json!(4000), "0", "0", json!({})),
            row("b/draw", "B: Draw", json!(4000), "0", "0",
                json!({"pricing": {"prompt": "0", "completion": "0", "image_output": "0.00003"},
                    "architecture": {"input_modalities": ["text"], "output_modalities": ["image"]}})),
        ]});
        parse(&list)
    }

    fn parse(needs: &Document) -> Value<'static> {
        Value::parse(&needs.to_string()).unwrap().detached()
    }

    fn ask(needs: &Document, is_cheapest: bool) -> Vec<String> {
        let list = list();
        check_needs(&parse(needs)).unwrap();
        let positions = super::find(&list, &parse(needs), is_cheapest, NOW).unwrap();
        let positions: Vec<usize> = serde_json::from_str(&positions).unwrap();
        let rows = list.get("data").unwrap().items();
        positions.into_iter().map(|position| rows[position].text_of("id").unwrap().into_owned()).collect()
    }

    fn find(needs: Document) -> Vec<String> {
        ask(&needs, false)
    }

    fn cheapest(needs: Document) -> Option<String> {
        let mut found = ask(&needs, true);
        assert!(found.len() < 2);
        found.pop()
    }

    const ALL: [&str; 7] =
        ["openrouter/auto", "~a/mini-latest", "a/mini-pro", "a/mini", "b/see", "b/gift:free", "b/draw"];

    #[test]
    fn without_needs_the_list_keeps_its_order_but_for_what_is_gone() {
        assert_eq!(find(json!({})), ALL);
        assert_eq!(find(json!({"search": "  "})), ALL);
        assert_eq!(find(json!({"includeDeprecated": true})).len(), 8);
        assert_eq!(find(json!({"limit": 2})), ALL[..2]);
    }

    #[test]
    fn what_is_no_model_is_passed_over_and_keeps_its_place() {
        let list = Value::parse(r#"{"data":[5,{"id":"a/b"},{"pricing":{}},{"id":"c/d","pricing":{}}]}"#).unwrap();
        assert_eq!(super::find(&list, &parse(&json!({})), false, NOW).unwrap(), "[3]");
    }

    #[test]
    fn a_search_gives_the_best_match_first_and_wants_every_word() {
        assert_eq!(find(json!({"search": "MINI"})), ["a/mini", "a/mini-pro", "~a/mini-latest", "b/see"]);
        assert_eq!(find(json!({"search": "pro mini"})), ["a/mini-pro"]);
        assert_eq!(find(json!({"search": "a/mini"})), ["a/mini", "a/mini-pro", "~a/mini-latest"]);
        assert_eq!(find(json!({"search": "\u{e9}l\u{e9}gant"})), ["b/see"]);
        assert_eq!(find(json!({"search": "mini nothing"})), [""; 0]);
    }

    #[test]
    fn every_need_has_to_be_met() {
        for (needs, expected) in [
            (json!({"inputModalities": ["image", "text"]}), &["b/see"][..]),
            (json!({"outputModalities": ["image"]}), &["b/draw"]),
            (json!({"parameters": ["tools"]}), &["a/mini-pro", "a/mini"]),
            (json!({"parameters": ["tools", "reasoning"]}), &["a/mini-pro"]),
            (json!({"authors": ["a"], "parameters": []}), &["~a/mini-latest", "a/mini-pro", "a/mini"]),
            (json!({"authors": []}), &[]),
            (json!({"reasoning": true}), &["a/mini-pro", "b/see"]),
            (json!({"reasoning": false, "inputModalities": ["image"]}), &["b/see"]),
            (json!({"reasoning": false, "authors": ["a"]}), &["~a/mini-latest", "a/mini"]),
            (json!({"free": true}), &["b/gift:free"]),
            (json!({"free": false, "authors": ["b"]}), &["b/see", "b/draw"]),
        ] {
            assert_eq!(find(needs.clone()), expected, "{needs}");
        }
    }

    #[test]
    fn an_unknown_context_is_not_enough() {
        assert_eq!(find(json!({"minContext": 8000})), ALL[..4]);
        assert_eq!(find(json!({"minContext": 8001})), ["openrouter/auto", "a/mini-pro", "a/mini"]);
        assert_eq!(find(json!({"promptTokens": 7000, "completionTokens": 1000, "authors": ["a", "b"]})), ALL[1..4]);
        assert!(find(json!({"minContext": 0})).contains(&"b/see".to_owned()));
    }

    #[test]
    fn prices_are_per_million_exact_and_known() {
        for most in [json!(1), json!("1"), json!("1.0"), json!(1.0)] {
            let needs = json!({"maxPromptPrice": most, "authors": ["a", "openrouter"]});
            assert_eq!(find(needs), ["~a/mini-latest", "a/mini"]);
        }
        assert_eq!(find(json!({"maxPromptPrice": 0.999_999, "authors": ["a"]})), [""; 0]);
        assert_eq!(
            find(json!({"maxPromptPrice": 1, "maxCompletionPrice": "2"})),
            ["~a/mini-latest", "b/see", "b/gift:free", "b/draw"]
        );
    }

    #[test]
    fn what_has_no_known_price_or_context_comes_last() {
        let low = ["b/gift:free", "b/see", "~a/mini-latest", "a/mini", "a/mini-pro", "openrouter/auto", "b/draw"];
        assert_eq!(find(json!({"sort": "price-low-to-high"})), low);
        let high = ["a/mini-pro", "a/mini", "~a/mini-latest", "b/see", "b/gift:free", "openrouter/auto", "b/draw"];
        assert_eq!(find(json!({"sort": "price-high-to-low"})), high);
        assert_eq!(find(json!({"sort": "context-high-to-low"})).last().unwrap(), "b/see");
        assert_eq!(find(json!({"sort": "newest", "limit": 1})), ["openrouter/auto"]);
    }

    #[test]
    fn the_cheapest_is_by_the_stated_work_and_has_a_price() {
        assert_eq!(cheapest(json!({})).unwrap(), "b/gift:free");
        assert_eq!(cheapest(json!({"free": false})).unwrap(), "b/see");
        assert_eq!(cheapest(json!({"promptTokens": 100_000, "completionTokens": 1})).unwrap(), "a/mini");
        assert_eq!(cheapest(json!({"authors": ["openrouter"]})), None);
        assert_eq!(cheapest(json!({"outputModalities": ["image"]})), None);
        assert_eq!(cheapest(json!({"search": "nothing"})), None);
    }

    #[test]
    fn a_need_that_makes_no_sense_is_named() {
        for (needs, field) in [
            (json!({"maxPromtPrice": 1}), "maxPromtPrice"),
            (json!({"maxPromptPrice": "cheap"}), "maxPromptPrice"),
            (json!({"maxCompletionPrice": -1}), "maxCompletionPrice"),
            (json!({"sort": "price"}), "sort"),
            (json!({"limit": 0}), "limit"),
            (json!({"inputModalities": "image"}), "inputModalities"),
            (json!({"minContext": 1.5}), "minContext"),
        ] {
            let error = check_needs(&parse(&needs)).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(field)));
        }
        assert_eq!(check_needs(&Value::Null).unwrap_err().kind(), ErrorKind::InvalidRequest);
        let error = super::find(&parse(&json!({})), &parse(&json!({})), false, NOW).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MalformedResponse);
    }
}
