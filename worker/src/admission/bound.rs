//! The most that a request can cost.
//!
//! A listed price is not the price of every endpoint. So the request goes up with `provider.max_price`, the listed price
//! times `PRICE_HEADROOM`, and is reserved at that: no endpoint that may answer is dearer. A token of text is at least
//! one byte of the body; what is no text is bounded by the model's context.

use openrouter_wasm::models::Price;

use super::{
    Asked, Endpoint, forbidden,
    inference::Inference,
    models::Named,
    prices::{FEMTO, Prices, Rates, Row},
    rules::{MaxPrice, Rules},
};
use crate::{policy::Refusal, text::has};

/// Tokens that a provider puts around the messages: roles, how to call functions, the date.
const WRAPPING: u64 = 1000;

/// Nano-USD of a search by the dearest engine with the most results, where the model's own does not cost more.
const SEARCH_USD: u64 = 30_000_000;

/// Calls that a model makes at once: those of the last step are still made when the steps have run out.
const CALLS_AT_ONCE: u64 = 8;

/// Models that search by themselves, and how often in one answer.
const SEARCHERS: [(&str, u64); 3] = [("deep-research", 100), ("sonar", 10), ("-search", 10)];

/// Documents of one unit of reranking, and the tokens above which a document counts as several.
const UNIT_DOCUMENTS: u64 = 100;
const DOCUMENT_TOKENS: u64 = 500;

/// What a request can cost at most, and the prices that the upstream is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bound {
    pub(super) usd_nano: u64,
    pub(super) tokens: u64,
    pub(super) caps: Option<MaxPrice>,
}

/// Prices and context that no model of a request exceeds.
#[derive(Debug, Clone, Copy)]
struct Dearest {
    rates: Rates,
    caps: MaxPrice,
    /// 0 if one is not known.
    context: u64,
}

/// Bounds a request whose body has so many bytes.
///
/// # Errors
/// What has no price or no bound, and what cannot be counted.
pub(super) fn bound(
    rules: &Rules,
    prices: &Prices,
    endpoint: Endpoint,
    asked: &Asked,
    bytes: u64,
) -> Result<Bound, Refusal> {
    let text = bytes.saturating_add(WRAPPING);
    if !rules.has_bound() {
        return Ok(Bound {
            tokens: text.saturating_add(asked.output.saturating_mul(asked.answers())),
            ..Bound::default()
        });
    }
    let flat = rules.media.get(endpoint.media()).and_then(|fee| fee.0);
    if let Some(usd) = flat {
        let usd_nano = usd.checked_mul(asked.drawn.max(1)).and_then(|usd| usd.checked_add(asked.once_usd));
        return Ok(Bound { usd_nano: usd_nano.ok_or_else(uncountable)?, tokens: bytes, caps: None });
    }
    let reach = if asked.is_open { u64::MAX } else { text };
    let mut dearest: Option<Dearest> = None;
    for named in &asked.models {
        let one = price_of(rules, prices, endpoint, named, reach)?;
        dearest = Some(dearest.map_or(one, |known| known.or_dearer(one)));
    }
    let dearest = dearest.ok_or_else(uncountable)?;
    let searches = asked.models.iter().filter_map(|named| SEARCHERS.iter().find(|(part, _)| has(&named.slug, part)));
    let searches = searches.map(|(_, often)| *often).max().unwrap_or(0);
    count(rules, endpoint, asked, dearest, bytes, searches).map(|bound| Bound {
        caps: endpoint
            .has_max_price()
            .then_some(dearest.caps)
            .map(|caps| MaxPrice { image: caps.image.filter(|_| asked.pictures > 0), ..caps }),
        ..bound
    })
}

impl Dearest {
    fn or_dearer(self, other: Self) -> Self {
        let (a, b) = (self.caps, other.caps);
        Self {
            rates: self.rates.or_dearer(other.rates),
            caps: MaxPrice {
                prompt: a.prompt.max(b.prompt),
                completion: a.completion.max(b.completion),
                request: a.request.max(b.request),
                image: a.image.max(b.image),
            },
            context: if self.context == 0 || other.context == 0 { 0 } else { self.context.max(other.context) },
        }
    }
}

/// What a model costs at most for prompts of up to so many tokens.
fn price_of(rules: &Rules, prices: &Prices, endpoint: Endpoint, named: &Named, reach: u64) -> Result<Dearest, Refusal> {
    // Where nothing is listed for pictures, sounds and ranks, they have a price that the list does not tell.
    let is_priced = |row: &&Row| endpoint.bills_text() || !row.is_free() || named.slug.ends_with(":free");
    let Some(row) = prices.get(&named.slug).filter(is_priced) else {
        return unlisted(rules, endpoint, named);
    };
    if let Some(most) = rules.max_price {
        let dear = [
            (row.listed.prompt, most.prompt),
            (row.listed.completion, most.completion),
            (row.listed.request, most.request),
        ];
        if dear.iter().any(|(listed, most)| listed > most) {
            return Err(forbidden(&["model: ", &named.slug, " costs more than MAX_PRICE"]));
        }
    }
    let times = |price: u64| times(price, rules.headroom).ok_or_else(uncountable);
    let listed = row.listed;
    let dear = row.dearest(reach);
    let most = rules.max_price.map_or((u64::MAX, u64::MAX), |most| (most.prompt, most.completion));
    Ok(Dearest {
        rates: Rates {
            prompt: times(dear.prompt)?,
            cached: times(dear.cached)?,
            kept: times(dear.kept)?,
            heard: times(dear.heard)?,
            completion: times(dear.completion)?,
            special: times(dear.special)?,
            request: times(dear.request)?,
            image: times(dear.image)?,
            search: times(dear.search)?,
        },
        caps: MaxPrice {
            prompt: times(listed.prompt)?.min(most.0),
            completion: times(listed.completion)?.min(most.1),
            request: times(listed.request)?.min(rules.max_price.map_or(u64::MAX, |most| most.request)),
            image: Some(times(listed.image)?),
        },
        context: row.context,
    })
}

/// A model without a listed price, as a router: at the highest price that may be asked.
fn unlisted(rules: &Rules, endpoint: Endpoint, named: &Named) -> Result<Dearest, Refusal> {
    let name = if named.slug.is_empty() { "a preset's own" } else { &*named.slug };
    if !endpoint.bills_text() && !endpoint.media().is_empty() {
        return Err(forbidden(&[
            "model: ",
            name,
            " has no listed price: MEDIA_USD has to say it, as `",
            endpoint.media(),
            "=0.50`",
        ]));
    }
    let Some(most) = rules.max_price.filter(|_| endpoint.has_max_price()) else {
        return Err(forbidden(&[
            "model: ",
            name,
            " has no listed price, and this proxy has no MAX_PRICE to hold it to",
        ]));
    };
    let rates = Rates {
        prompt: most.prompt,
        completion: most.completion,
        request: most.request,
        image: most.image.unwrap_or(0),
        ..Rates::default()
    };
    Ok(Dearest { rates, caps: most, context: 0 })
}

/// How many of so much each there are, rounded up; `each` has 32 bits. Division of any two numbers of this width is 1 kB
/// of wasm.
fn parts(of: u128, each: u64) -> u128 {
    let (mut parts, mut rest) = (0, 0_u64);
    for shift in [96, 64, 32, 0] {
        #[expect(clippy::cast_possible_truncation, reason = "the next 32 bits")]
        let next = rest << 32 | u64::from((of >> shift) as u32);
        parts = parts << 32 | u128::from(next / each);
        rest = next % each;
    }
    parts + u128::from(rest > 0)
}

/// Thousandths of a price, rounded up.
fn times(price: u64, thousandths: u64) -> Option<u64> {
    u64::try_from(parts(u128::from(price) * u128::from(thousandths), 1000)).ok()
}

/// Counts everything at the dearest prices.
fn count(
    rules: &Rules,
    endpoint: Endpoint,
    asked: &Asked,
    dearest: Dearest,
    bytes: u64,
    searches: u64,
) -> Result<Bound, Refusal> {
    let Dearest { rates, context, .. } = dearest;
    let mut prompt_price = rates.prompt.max(rates.cached);
    if asked.caches {
        // What is kept for an hour costs twice the prompt where the list does not say.
        prompt_price = prompt_price.max(rates.kept).max(rates.prompt.checked_mul(2).ok_or_else(uncountable)?);
    }
    if asked.is_open {
        prompt_price = prompt_price.max(rates.heard);
    }
    let answer_price = rates.completion.max(rates.special);

    let is_open = asked.is_open || searches > 0;
    let steps = if asked.loops { rules.max_tool_steps } else { 0 };
    let calls = if asked.loops { steps.saturating_add(2) } else { 1 };
    let text = bytes.saturating_add(WRAPPING);
    let in_context = || if context > 0 { Ok(context) } else { Err(unbounded(asked)) };
    let (prompt, answer) = match endpoint {
        // Each input has a context of its own.
        Endpoint::Embeddings => {
            let heard = if is_open { asked.pictures.checked_mul(in_context()?) } else { Some(0) };
            (heard.and_then(|heard| heard.checked_add(text)).ok_or_else(uncountable)?, 0)
        }
        // The query is read with each document.
        Endpoint::Rerank => {
            let heard = if is_open { asked.pictures.checked_mul(in_context()?) } else { Some(0) };
            let queries = asked.documents.checked_mul(asked.query);
            (
                heard
                    .zip(queries)
                    .and_then(|(heard, queries)| heard.checked_add(queries)?.checked_add(text))
                    .ok_or_else(uncountable)?,
                0,
            )
        }
        Endpoint::Images => {
            let prompt = if is_open { in_context()? } else { text };
            (prompt, asked.drawn.checked_mul(rules.max_image_tokens).ok_or_else(uncountable)?)
        }
        Endpoint::Speech => (text, in_context()?),
        Endpoint::ChatCompletions | Endpoint::Completions | Endpoint::Responses | Endpoint::Messages => {
            let answer = if asked.output > 0 { asked.output.saturating_add(asked.thinking) } else { in_context()? };
            // What is written in one step is read in the next.
            let prompt = if is_open { in_context()? } else { text.saturating_add(answer.saturating_mul(calls - 1)) };
            if context > 0 {
                share(prompt, answer, context, prompt_price <= answer_price.saturating_mul(asked.answers()))
            } else {
                (prompt, answer)
            }
        }
        // By the second, or by who knows what.
        _ => return Err(unbounded(asked)),
    };
    let units = asked.documents.saturating_add(bytes / DOCUMENT_TOKENS).div_ceil(UNIT_DOCUMENTS).max(1);
    let answers = asked.answers();
    let femto = |count: u64, price: u64| u128::from(count).checked_mul(price.into());
    let once = [
        femto(prompt, prompt_price),
        femto(answer, answer_price).and_then(|usd| usd.checked_mul(answers.into())),
        femto(units, rates.request),
        femto(asked.pictures, rates.image),
    ];
    let once = once.into_iter().try_fold(0_u128, |sum, usd| sum.checked_add(usd?));
    let runs = if asked.loops { steps.saturating_add(CALLS_AT_ONCE) } else { 1 };
    let runs_searches = if asked.searches { runs } else { 0 };
    let search = SEARCH_USD.max(rates.search.div_ceil(NANO));
    let searching = [
        (runs_searches, search),
        (searches, rates.search.div_ceil(NANO)),
        (if asked.loops { runs } else { 0 }, asked.step_usd),
        (1, asked.once_usd),
    ];
    let fees = searching.into_iter().try_fold(0_u64, |sum, (count, usd)| sum.checked_add(count.checked_mul(usd)?));
    let tokens = once.and_then(|once| once.checked_mul(calls.into())).map(|femto| parts(femto, NANO));
    let usd_nano =
        tokens.and_then(|usd| u64::try_from(usd).ok()).zip(fees).and_then(|(usd, fees)| usd.checked_add(fees));
    Ok(Bound {
        usd_nano: usd_nano.ok_or_else(uncountable)?,
        tokens: answer.saturating_mul(answers).saturating_add(prompt).saturating_mul(calls),
        caps: None,
    })
}

/// Femto-USD in a nano-USD.
const NANO: u64 = 10_u64.pow(FEMTO - 9);

/// Prompt and answer have one context together: the dearer takes its most, the other what is left.
fn share(prompt: u64, answer: u64, context: u64, answer_is_dearer: bool) -> (u64, u64) {
    if answer_is_dearer {
        let answer = answer.min(context);
        (prompt.min(context - answer), answer)
    } else {
        let prompt = prompt.min(context);
        (prompt, answer.min(context - prompt))
    }
}

/// An amount as JSON writes it.
pub(super) fn usd(count: u64, places: u32) -> String {
    Price::of_places(count, places).to_text()
}

fn unbounded(asked: &Asked) -> Refusal {
    let name = asked.models.first().map_or("", |named| &named.slug);
    forbidden(&[
        "model: nothing bounds what ",
        name,
        " costs here: a model without a listed context takes text and a limit of tokens only, sounds and films need MEDIA_USD",
    ])
}

fn uncountable() -> Refusal {
    forbidden(&["This request costs more than can be counted."])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn parts_are_what_division_says(of: u128, each in 1..=u64::from(u32::MAX)) {
            prop_assert_eq!(parts(of, each), of.div_ceil(each.into()));
        }
    }
}
