//! Names of models: what a request may write, and which patterns let it pass.

use openrouter_wasm::json::join;

use super::{forbidden, invalid};
use crate::{
    policy::Refusal,
    text::{has, split},
};

/// More than any slug has.
const LONGEST: usize = 256;

/// Variants that are ways to route to the same model. `:free`, `:extended` and such have prices of their own.
const ROUTING: [&str; 4] = [":nitro", ":floor", ":exacto", ":online"];

/// A slug without the variants that are ways to route.
pub(super) fn without_routing(mut slug: &str) -> &str {
    while let Some(rest) = ROUTING.iter().find_map(|variant| slug.strip_suffix(variant)) {
        slug = rest;
    }
    slug
}

/// A model as a request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// In small letters, without preset; empty where only a preset is named.
    pub(super) slug: String,
    /// `y` of `x@preset/y`.
    pub(super) preset: Option<String>,
    /// Whether it asks for a search of the web.
    pub(super) is_online: bool,
}

impl Named {
    /// Takes a name apart.
    ///
    /// # Errors
    /// What is no name, by its field.
    pub(super) fn read(text: &str, field: &str) -> Result<Self, Refusal> {
        let text = text.to_ascii_lowercase();
        let (slug, preset) = match split(&text, "@preset/") {
            Some((slug, preset)) => (slug, Some(preset)),
            None => (&*text, None),
        };
        // What the API would read otherwise than this does is not handed on.
        let is_name = |name: &str| {
            name.bytes().all(|byte| byte.is_ascii_graphic() && !b"@*\\?#%\"".contains(&byte))
                && !has(name, "..")
                && !has(name, "//")
        };
        if text.is_empty()
            || text.len() > LONGEST
            || !is_name(slug)
            || preset.is_some_and(|name| name.is_empty() || !is_name(name))
        {
            return Err(invalid(&[field, ": expected the slug of a model, such as openai/gpt-5-mini"]));
        }
        let variants = slug.split(':').skip(1);
        if variants.clone().any(|variant| variant == "batch") {
            return Err(forbidden(&[field, ": :batch is not available through this proxy"]));
        }
        let is_online = variants.into_iter().any(|variant| variant == "online");
        Ok(Self { slug: slug.to_owned(), preset: preset.map(str::to_owned), is_online })
    }
}

/// Which models may be asked: slugs, with `*` for any characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Patterns(Vec<String>);

impl Patterns {
    /// Reads a list; `None` if an entry is no pattern.
    pub(super) fn read(list: &str) -> Option<Self> {
        let patterns: Vec<String> = entries(list).map(str::to_ascii_lowercase).collect();
        let is_pattern = |pattern: &String| {
            (pattern == "*" || pattern.contains('/') || pattern.starts_with("*:"))
                && pattern.bytes().all(|byte| byte.is_ascii_graphic() && !b"@\\?#%\"".contains(&byte))
        };
        patterns.iter().all(is_pattern).then_some(Self(patterns))
    }

    /// Whether a slug may be asked, however it is routed.
    pub(super) fn allow(&self, slug: &str) -> bool {
        self.0.iter().any(|pattern| matches(pattern, without_routing(slug)))
    }

    /// All patterns; none where everything is allowed.
    pub(super) fn name(&self) -> Option<String> {
        (!self.0.iter().any(|pattern| pattern == "*")).then(|| join(self.0.iter(), " "))
    }

    /// Whether nothing that a caller's own pattern lets pass is outside of these.
    pub(super) fn allow_pattern(&self, pattern: &str) -> bool {
        let pattern = pattern.to_ascii_lowercase();
        if pattern.contains('*') {
            self.0.iter().any(|own| own == "*" || *own == pattern)
        } else {
            self.allow(&pattern)
        }
    }
}

/// The entries of a list in a setting.
pub(super) fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([' ', ',', '\n', '\t', '\r']).filter(|entry| !entry.is_empty())
}

/// Whether a text fits a pattern where `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, rest)) = split(text, part) else { return false };
        text = rest;
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_slugs() {
        for (pattern, slug, fits) in [
            ("*", "~a/b:free", true),
            ("openai/*", "openai/gpt-5", true),
            ("openai/*", "openai/", true),
            ("openai/*", "openai", false),
            ("openai/*", "~openai/gpt-latest", false),
            ("~openai/*", "~openai/gpt-latest", true),
            ("*:free", "a/b:free", true),
            ("*:free", "a/b:free:extended", false),
            ("*:free", "a/b", false),
            ("a/*-mini*", "a/x-mini-y", true),
            ("a/*-mini*", "a/x-maxi-y", false),
            ("a/b*b", "a/b", false),
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
        ] {
            assert_eq!(matches(pattern, slug), fits, "{pattern} {slug}");
        }
    }

    #[test]
    fn how_a_model_is_routed_does_not_change_which_one_it_is() {
        let patterns = Patterns::read("a/b, *:free").unwrap();
        for slug in ["a/b", "a/b:nitro", "a/b:floor:online", "x/y:free", "x/y:free:nitro"] {
            assert!(patterns.allow(slug), "{slug}");
        }
        for slug in ["a/b:thinking", "a/b:extended", "x/y", "x/y:freed", "x/y:online"] {
            assert!(!patterns.allow(slug), "{slug}");
        }
    }

    #[test]
    fn a_callers_pattern_is_inside_of_ours_or_refused() {
        let patterns = Patterns::read("a/* b/c").unwrap();
        for (pattern, allowed) in
            [("a/*", true), ("A/x", true), ("b/c", true), ("b/*", false), ("*", false), ("a/*-mini", false)]
        {
            assert_eq!(patterns.allow_pattern(pattern), allowed, "{pattern}");
        }
        assert!(Patterns::read("*").unwrap().allow_pattern("b/*"));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for list in ["gpt-4o", "a/b@preset/x", "a/b a b", "a/é"] {
            assert_eq!(Patterns::read(list), None, "{list}");
        }
    }

    #[test]
    fn a_name_is_taken_apart() {
        let read = |text| Named::read(text, "model");
        let named = read("A/B:Online@preset/My-Preset").unwrap();
        assert_eq!(named, Named { slug: "a/b:online".into(), preset: Some("my-preset".into()), is_online: true });
        assert_eq!(
            read("@preset/x").unwrap(),
            Named { slug: String::new(), preset: Some("x".into()), is_online: false }
        );
        for text in [
            "",
            "a b",
            "a/b@preset/",
            "a/b@preset/x@preset/y",
            "a/b@x",
            "a/*",
            "é/b",
            "a/b\n",
            "a/b:batch",
            "a/../b",
            "a//b",
            "a/b%2f",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&"a/".repeat(200)).is_err());
    }
}
