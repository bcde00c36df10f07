//! Spellings of older guides, brought up to date.
//!
//! People copy them to this day. What has one meaning now is translated, with a warning that names the new spelling;
//! what has two is refused with both. Source: OpenRouter's documentation of 2024 to 2026-08.

use alloc::{borrow::Cow, string::String, vec, vec::Vec};

use crate::{
    chat::slot,
    error::{Error, ErrorKind},
    json::{Value, concat},
    models::Price,
};

type Entries<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// Rewrites a chat request; true if anything changed. The warnings are for the console, each once.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for a `max_price` at the top, which meant another unit there, and for a transform
/// that there never was.
pub fn modernise(request: &mut Value<'_>, warnings: &mut Vec<&'static str>) -> Result<bool, Error> {
    let Value::Object(entries) = request else { return Ok(false) };
    let before = warnings.len();
    if let Some(max_price) = entries.iter().find(|(key, value)| key == "max_price" && !value.is_null()) {
        return Err(ambiguous_price(&max_price.1));
    }
    modernise_route(entries, warnings);
    modernise_transforms(entries, warnings)?;
    Ok(warnings.len() > before)
}

fn modernise_route(entries: &mut Entries<'_>, warnings: &mut Vec<&'static str>) {
    let Some(at) = entries.iter().position(|(key, _)| key == "route") else { return };
    let has_models = entries.iter().any(|(key, models)| key == "models" && !models.items().is_empty());
    let (sort, warning) = match entries[at].1.text().as_deref() {
        Some("fallback") if has_models => (None, "route: \"fallback\" is the default: leave it out, `models` says it"),
        Some("cheapest" | "lowest-cost") => {
            (Some("price"), "route: \"cheapest\" and \"lowest-cost\" are now provider: { sort: \"price\" }")
        }
        Some("fastest") => (Some("throughput"), "route: \"fastest\" is now provider: { sort: \"throughput\" }"),
        Some("balanced") => (None, "route: \"balanced\" is the default: leave it out"),
        _ => return,
    };
    entries.remove(at);
    warnings.push(warning);
    if let Some(sort) = sort {
        let provider = slot(entries, "provider");
        if provider.is_null() {
            *provider = Value::Object(Vec::new());
        }
        if let Value::Object(preferences) = provider {
            // Who sorts by hand already keeps that.
            let known = slot(preferences, "sort");
            if known.is_null() {
                *known = Value::string(sort);
            }
        }
    }
}

fn modernise_transforms(entries: &mut Entries<'_>, warnings: &mut Vec<&'static str>) -> Result<(), Error> {
    let Some(at) = entries.iter().position(|(key, value)| key == "transforms" && value.is_array()) else {
        return Ok(());
    };
    let (_, transforms) = entries.remove(at);
    if transforms.items().iter().any(|name| name.text().as_deref() != Some("middle-out")) {
        let problem = "there was only \"middle-out\", which is now plugins: [{ id: \"context-compression\" }]";
        return Err(Error::invalid(ErrorKind::InvalidRequest, "transforms", problem));
    }
    let is_on = !transforms.items().is_empty();
    warnings.push(if is_on {
        "transforms: [\"middle-out\"] is now plugins: [{ id: \"context-compression\", engine: \"middle-out\" }]"
    } else {
        "transforms: [] is now plugins: [{ id: \"context-compression\", enabled: false }]"
    });
    let plugins = slot(entries, "plugins");
    if plugins.is_null() {
        *plugins = Value::Array(Vec::new());
    }
    if let Value::Array(plugins) = plugins
        && plugins.iter().all(|plugin| plugin.text_of("id").as_deref() != Some("context-compression"))
    {
        let mut plugin = vec![(Cow::Borrowed("id"), Value::string("context-compression"))];
        plugin.push(if is_on {
            (Cow::Borrowed("engine"), Value::string("middle-out"))
        } else {
            (Cow::Borrowed("enabled"), Value::Bool(false))
        });
        plugins.push(Value::Object(plugin));
    }
    Ok(())
}

/// Guessing wrong would be a factor of 1000.
fn ambiguous_price(max_price: &Value<'_>) -> Error {
    let reading = |is_per_thousand: bool| {
        let mut out = String::from("{ ");
        for (key, price) in max_price.entries() {
            let text = match price {
                Value::Number(raw) => (**raw).into(),
                _ => price.text().unwrap_or_default().into_owned(),
            };
            let is_by_token = matches!(&**key, "prompt" | "completion");
            let price = Price::parse(&text)
                .and_then(|price| if is_per_thousand && is_by_token { price.times_1000() } else { Some(price) });
            let shown = price.map_or_else(|| String::from("…"), Price::to_text);
            if out.len() > 2 {
                out.push_str(", ");
            }
            out.push_str(&concat(&[&**key, ": ", &shown]));
        }
        if out.len() == 2 {
            out.push('…');
        }
        out + " }"
    };
    let problem = [
        "belongs into `provider` and is in USD per million tokens now. If it was meant per 1K tokens, as older guides \
         have it: provider: { max_price: ",
        &reading(true),
        " }; if per million: provider: { max_price: ",
        &reading(false),
        " }",
    ];
    Error::invalid(ErrorKind::InvalidRequest, "max_price", &concat(&problem))
}

#[cfg(test)]
mod tests {
    use std::{prelude::rust_2024::*, string::ToString};

    use super::*;

    /// The request as it is sent, and the warnings.
    fn modern(request: &str) -> Result<(String, Vec<&'static str>), Error> {
        let (mut request, mut warnings) = (Value::parse(request).unwrap(), Vec::new());
        let is_changed = modernise(&mut request, &mut warnings)?;
        assert_eq!(is_changed, !warnings.is_empty());
        Ok((request.to_json(), warnings))
    }

    fn problem(request: &str) -> String {
        modern(request).unwrap_err().to_string()
    }

    #[test]
    fn what_is_up_to_date_stays_as_it_is() {
        for request in [
            r#"{"model":"a/b","max_tokens":5,"route":null}"#,
            r#"{"route":"sort"}"#,
            r#"{"route":"fallback"}"#,
            r#"{"transforms":null,"max_price":null}"#,
        ] {
            assert_eq!(modern(request).unwrap(), (request.into(), Vec::new()));
        }
    }

    #[test]
    fn routes_become_a_sort_or_nothing() {
        let cases = [
            (r#"{"models":["a/b"],"route":"fallback"}"#, r#"{"models":["a/b"]}"#),
            (r#"{"route":"cheapest"}"#, r#"{"provider":{"sort":"price"}}"#),
            (r#"{"route":"lowest-cost","provider":{"zdr":true}}"#, r#"{"provider":{"zdr":true,"sort":"price"}}"#),
            (r#"{"route":"fastest","provider":null}"#, r#"{"provider":{"sort":"throughput"}}"#),
            (r#"{"route":"fastest","provider":{"sort":"latency"}}"#, r#"{"provider":{"sort":"latency"}}"#),
            (r#"{"route":"balanced"}"#, "{}"),
        ];
        for (given, expected) in cases {
            let (sent, warnings) = modern(given).unwrap();
            assert_eq!((sent.as_str(), warnings.len()), (expected, 1), "{given}");
        }
    }

    #[test]
    fn transforms_become_a_plugin() {
        let cases = [
            (r#"{"transforms":["middle-out"]}"#, r#"{"plugins":[{"id":"context-compression","engine":"middle-out"}]}"#),
            (r#"{"transforms":[]}"#, r#"{"plugins":[{"id":"context-compression","enabled":false}]}"#),
            (
                r#"{"transforms":["middle-out"],"plugins":[{"id":"context-compression","enabled":false}]}"#,
                r#"{"plugins":[{"id":"context-compression","enabled":false}]}"#,
            ),
            (
                r#"{"plugins":[{"id":"web"}],"transforms":["middle-out"]}"#,
                r#"{"plugins":[{"id":"web"},{"id":"context-compression","engine":"middle-out"}]}"#,
            ),
        ];
        for (given, expected) in cases {
            assert_eq!(modern(given).unwrap().0, expected, "{given}");
        }
        assert!(problem(r#"{"transforms":["inside-out"]}"#).starts_with("transforms: "));
    }

    #[test]
    fn a_price_limit_at_the_top_is_refused_with_both_readings() {
        let text = problem(r#"{"max_price":{"prompt":0.01,"completion":"0.02","request":1}}"#);
        assert!(text.contains("max_price: { prompt: 10, completion: 20, request: 1 }"), "{text}");
        assert!(text.contains("max_price: { prompt: 0.01, completion: 0.02, request: 1 }"), "{text}");
        assert!(problem(r#"{"max_price":5}"#).contains("{ … }"));
    }
}
