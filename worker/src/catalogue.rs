//! The catalogue: which models there are, where they run, what they cost. It is the same for everybody, so it is kept:
//! in the Cache API where that works, and in the isolate's memory everywhere. Pure decisions; [`store`] carries them out.

pub mod store;

use openrouter_wasm::{
    api::{Call, Endpoint},
    json::{Value, decimal},
    models::{Freshness, freshness},
    schema,
};

use crate::{
    text::{fill, hexadecimal},
    upstream::hash,
};

/// How many documents an isolate keeps.
const MOST_DOCUMENTS: usize = 64;

/// How many bytes all of them may have: an isolate has 128 MB for everything.
const MOST_BYTES: usize = 12 * 1024 * 1024;

/// A longer query is nobody's question.
const MOST_QUERY: usize = 1024;

/// Whether the answer to this call is the same for everybody, and kept.
pub fn is_kept(endpoint: Endpoint) -> bool {
    match endpoint {
        Endpoint::Models
        | Endpoint::ModelCount
        | Endpoint::UserModels
        | Endpoint::Model
        | Endpoint::ModelEndpoints
        | Endpoint::EmbeddingModels
        | Endpoint::ImageModels
        | Endpoint::ImageModelEndpoints
        | Endpoint::VideoModels
        | Endpoint::ZdrEndpoints
        | Endpoint::Providers => true,
        Endpoint::ChatCompletions
        | Endpoint::Completions
        | Endpoint::Responses
        | Endpoint::Messages
        | Endpoint::Embeddings
        | Endpoint::Rerank
        | Endpoint::Images
        | Endpoint::Speech
        | Endpoint::Transcriptions
        | Endpoint::Videos
        | Endpoint::Video
        | Endpoint::VideoContent
        | Endpoint::Generation
        | Endpoint::Key => false,
    }
}

/// What is kept besides a document's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The `Content-Type` header.
    pub content_type: String,
    /// Of the text that is shown, which is not always the upstream's.
    pub etag: String,
    /// As the upstream said it, in lower case.
    pub cache_control: String,
    /// When it came, in ms since 1970.
    pub kept_at_ms: u64,
}

impl Facts {
    /// What may be done with it now.
    pub fn freshness(&self, now_ms: u64) -> Freshness {
        freshness(&self.cache_control, now_ms.checked_sub(self.kept_at_ms))
    }

    /// How old it is, in whole seconds.
    pub fn age_seconds(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.kept_at_ms) / 1000
    }
}

/// A query as it is asked and kept under: the parameters that the API has, once each, in a fixed order. Others would
/// only make the same list another one.
pub fn normal_query(call: &Call, query: &str, is_filtered: bool) -> String {
    let has = |name: &str| match call.endpoint {
        Endpoint::ModelCount => name == "output_modalities",
        // A feed is no list that could be filtered.
        Endpoint::Models if !is_filtered && ["use_rss", "use_rss_chat_links"].contains(&name) => true,
        _ => call.request() == "ModelsQuery" && schema::fields("ModelsQuery").any(|field| field == name),
    };
    let mut parameters: Vec<(&str, &str)> = Vec::new();
    for parameter in query.trim_start_matches('?').split('&') {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        if !value.is_empty() && has(name) && !parameters.iter().any(|(known, _)| *known == name) {
            let place = parameters.iter().position(|(known, _)| *known > name).unwrap_or(parameters.len());
            parameters.insert(place, (name, value));
        }
    }
    let mut normal = String::new();
    for (name, value) in parameters {
        normal.push(if normal.is_empty() { '?' } else { '&' });
        normal.extend([name, "=", value]);
    }
    normal
}

/// Whether a query is longer than any that makes sense.
pub fn is_too_long(query: &str) -> bool {
    query.len() > MOST_QUERY
}

/// The entity tag of a text.
pub fn etag(text: &str) -> String {
    fill("\"%%\"", &[&hexadecimal(hash(&[text])), &decimal(text.len() as u64)])
}

/// Whether an `If-None-Match` header names this tag (RFC 9110, compared weakly).
pub fn names_etag(if_none_match: &str, etag: &str) -> bool {
    if_none_match.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// A document with the models in it that may be asked; `None` where it is about one that may not, or no such document.
pub fn filtered(endpoint: Endpoint, text: &str, is_allowed: &dyn Fn(&str) -> bool) -> Option<String> {
    let id = |row: &Value<'_>| row.text_of("id").or_else(|| row.text_of("model_id")).is_some_and(|id| is_allowed(&id));
    let mut document = Value::parse(text)?;
    match endpoint {
        Endpoint::Model | Endpoint::ModelEndpoints => {
            return id(document.at("data")).then(|| text.to_owned());
        }
        Endpoint::ImageModelEndpoints => return id(&document).then(|| text.to_owned()),
        Endpoint::Providers => return Some(text.to_owned()),
        _ => {}
    }
    let Value::Object(entries) = &mut document else { return None };
    let mut kept = None;
    for (key, value) in entries.iter_mut() {
        if let ("data", Value::Array(rows)) = (&**key, value) {
            rows.retain(id);
            kept = Some(rows.len());
        }
    }
    let kept = kept?;
    let is_page = |links: &Value<'_>| links.present("next").is_some();
    let has_more = entries.iter().any(|(key, value)| key == "links" && is_page(value));
    // Of a part of the list nobody here knows how many there are in all.
    entries.retain(|(key, _)| key != "total_count" || !has_more);
    for (_, value) in entries.iter_mut().filter(|(key, _)| key == "total_count") {
        *value = Value::integer(kept as u64);
    }
    Some(document.to_json())
}

/// What a document is about, without what stands around it.
pub fn data_of(document: &str) -> Option<String> {
    Value::parse(document)?.present("data").map(Value::to_json)
}

/// The answer of `/models/count` for a list.
pub fn count_of(list: &str) -> Option<String> {
    let list = Value::parse(list)?;
    let count = list.present("data").filter(|data| data.is_array())?.items().len();
    Some(fill("{\"data\":{\"count\":%}}", &[&decimal(count as u64)]))
}

/// Documents by their names, the least recently used dropped first. What has no query is what everybody asks for: made-up
/// queries do not push it out.
pub struct Memory<T> {
    /// The most recently used last.
    documents: Vec<(String, usize, T)>,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self { documents: Vec::new() }
    }
}

impl<T: Clone> Memory<T> {
    /// The document of this name.
    pub fn get(&mut self, name: &str) -> Option<T> {
        let index = self.documents.iter().position(|(known, ..)| known == name)?;
        let found = self.documents.remove(index);
        let document = found.2.clone();
        self.documents.push(found);
        Some(document)
    }

    /// Keeps a document of so many bytes, instead of any before.
    pub fn put(&mut self, name: &str, bytes: usize, document: T) {
        self.documents.retain(|(known, ..)| known != name);
        if bytes > MOST_BYTES / 2 {
            return;
        }
        self.documents.push((name.to_owned(), bytes, document));
        let is_full = |documents: &[(String, usize, T)]| {
            documents.len() > MOST_DOCUMENTS || documents.iter().map(|(_, bytes, _)| bytes).sum::<usize>() > MOST_BYTES
        };
        while is_full(&self.documents) {
            let index = self.documents.iter().position(|(name, ..)| name.contains('?')).unwrap_or(0);
            self.documents.remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn call(path: &str) -> Call {
        Call::find("GET", path).unwrap()
    }

    fn facts(cache_control: &str) -> Facts {
        Facts {
            content_type: String::new(),
            etag: String::new(),
            cache_control: cache_control.to_owned(),
            kept_at_ms: 1000,
        }
    }

    #[test]
    fn one_question_has_one_name() {
        let normal = |path: &str, query: &str| normal_query(&call(path), query, false);
        assert_eq!(normal("/models", "?sort=newest&limit=3&evil=1&limit=4&q=&offset"), "?limit=3&sort=newest");
        assert_eq!(normal("/models", "?limit=3&sort=newest"), "?limit=3&sort=newest");
        assert_eq!(normal("/models", ""), "");
        assert!(is_too_long(&format!("?q={}", "x".repeat(MOST_QUERY))) && !is_too_long("?q=x"));
        assert_eq!(normal("/models/count", "?limit=3&output_modalities=all"), "?output_modalities=all");
        assert_eq!(normal("/providers", "?limit=3"), "");
        assert_eq!(normal("/model/a/b", "?model=c"), "");
        assert_eq!(normal("/models", "?use_rss=true"), "?use_rss=true");
        assert_eq!(normal_query(&call("/models"), "?use_rss=true", true), "", "nobody filters a feed");
    }

    #[test]
    fn a_copy_is_good_as_long_as_the_upstream_says() {
        assert_eq!(facts("max-age=1").freshness(1999), Freshness::Fresh);
        assert_eq!(facts("max-age=1, stale-if-error=1").freshness(2000), Freshness::IfError);
        assert_eq!(facts("max-age=1").freshness(999), Freshness::Expired, "a clock that was set back");
        assert_eq!(facts("max-age=1").age_seconds(2999), 1);
    }

    #[test]
    fn tags_are_compared_weakly_and_tell_texts_apart() {
        let tag = etag("text");
        assert!(names_etag(&format!("\"x\", W/{tag}"), &tag) && names_etag("*", &tag) && names_etag(&tag, &tag));
        assert!(!names_etag("\"x\"", &tag) && !names_etag("", &tag));
        assert_ne!(etag("text"), etag("texu"));
    }

    fn rows(ids: &[&str]) -> Vec<Json> {
        ids.iter().map(|id| json!({"id": id, "name": "n"})).collect()
    }

    #[test]
    fn lists_show_what_may_be_asked() {
        let is_allowed = |model: &str| model == "a/b";
        let filter = |endpoint, document: Json| {
            filtered(endpoint, &document.to_string(), &is_allowed)
                .map(|text| serde_json::from_str::<Json>(&text).unwrap())
        };
        assert_eq!(
            filter(Endpoint::Models, json!({"data": rows(&["a/b", "c/d"]), "total_count": 2, "links": {"next": null}})),
            Some(json!({"data": rows(&["a/b"]), "total_count": 1, "links": {"next": null}}))
        );
        assert_eq!(
            filter(Endpoint::Models, json!({"data": rows(&["a/b"]), "total_count": 9, "links": {"next": "/x"}})),
            Some(json!({"data": rows(&["a/b"]), "links": {"next": "/x"}})),
        );
        assert_eq!(
            filter(
                Endpoint::ZdrEndpoints,
                json!({"data": [{"model_id": "a/b"}, {"model_id": "c/d"}, {"name": "none"}]})
            ),
            Some(json!({"data": [{"model_id": "a/b"}]}))
        );
        for (endpoint, document, is_shown) in [
            (Endpoint::Model, json!({"data": {"id": "a/b"}}), true),
            (Endpoint::Model, json!({"data": {"id": "c/d"}}), false),
            (Endpoint::ModelEndpoints, json!({"data": {"id": "c/d"}}), false),
            (Endpoint::ImageModelEndpoints, json!({"id": "a/b"}), true),
            (Endpoint::ImageModelEndpoints, json!({"id": "c/d"}), false),
            (Endpoint::Providers, json!({"data": []}), true),
            (Endpoint::Models, json!({"error": {}}), false),
            (Endpoint::Models, json!([]), false),
        ] {
            assert_eq!(filter(endpoint, document.clone()).is_some(), is_shown, "{document}");
        }
        assert_eq!(filtered(Endpoint::Models, "<html>", &is_allowed), None);
    }

    #[test]
    fn a_count_is_of_the_list_that_is_shown() {
        assert_eq!(count_of(r#"{"data":[{},{}]}"#).as_deref(), Some(r#"{"data":{"count":2}}"#));
        assert_eq!(count_of(r#"{"data":5}"#), None);
    }

    #[test]
    fn a_model_for_openais_clients_is_its_row_alone() {
        assert_eq!(data_of(r#"{"data":{"id":"a/b"},"x":1}"#).as_deref(), Some(r#"{"id":"a/b"}"#));
        assert_eq!(data_of(r#"{"error":{}}"#), None);
        assert_eq!(data_of(r#"{"data":{"id":"#), None);
    }

    #[test]
    fn made_up_queries_do_not_push_out_the_list() {
        let mut memory = Memory::default();
        memory.put("/models", 500_000, "list");
        for index in 0..1000 {
            memory.put(&format!("/models?q={index}"), 500_000, "page");
        }
        assert_eq!(memory.get("/models"), Some("list"));
        assert!(memory.documents.len() <= MOST_DOCUMENTS);
        assert!(memory.documents.iter().map(|(_, bytes, _)| bytes).sum::<usize>() <= MOST_BYTES);
        assert_eq!(memory.get("/models?q=0"), None);
        assert_eq!(memory.get("/models?q=999"), Some("page"));
        memory.put("/models", MOST_BYTES, "huge");
        assert_eq!(memory.get("/models"), None, "what is too large is not kept");
    }
}
