//! An identity provider's public keys (RFC 7517): which of them are of use, and when they are fetched again. Time is a
//! parameter; fetching is not done here.

use openrouter_wasm::{
    base64::decode_url,
    json::{ObjectWriter, Value},
};

use super::token::Algorithm;
use crate::text::whole;

/// The longest list that is read, in bytes. Large ones have certificates in them and come to 20 kB.
const MAX_LIST_BYTES: usize = 256 * 1024;

/// How long a list is good for, if its answer does not say, and the bounds of what it may say.
const DEFAULT_MAX_AGE_MS: f64 = 3_600_000.0;
const LEAST_MAX_AGE_MS: f64 = 60_000.0;
const MOST_MAX_AGE_MS: f64 = 86_400_000.0;

/// Where keys are kept, they are fetched again at most this often: a token may name any key that it likes.
const REFETCH_PAUSE_MS: f64 = 60_000.0;

/// Where none are kept, a failure is believed for this long.
const FAILURE_PAUSE_MS: f64 = 5_000.0;

/// How long a fetch may take.
pub(crate) const FETCH_TIMEOUT_MS: u32 = 5_000;

/// A public key as a list has it, with what we need of it and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicKey {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    /// A JSON Web Key with the numbers of the key alone, for `WebCrypto`.
    pub(crate) jwk: String,
}

/// The keys of a list that can check signatures; `None` if this is no list of keys.
pub(crate) fn read_list(text: &str) -> Option<Vec<PublicKey>> {
    if text.len() > MAX_LIST_BYTES {
        return None;
    }
    let list = Value::parse(text)?;
    let keys = list.get("keys").filter(|keys| keys.is_array())?;
    Some(keys.items().iter().filter_map(read_key).collect())
}

/// Symmetric keys, curves and sizes that are not asked for, and keys for encryption are passed over.
fn read_key(key: &Value<'_>) -> Option<PublicKey> {
    let (algorithm, name, numbers) = match key.text_of("kty").as_deref() {
        Some("RSA") => (Algorithm::Rs256, "RS256", &["n", "e"][..]),
        Some("EC") if key.text_of("crv").as_deref() == Some("P-256") => (Algorithm::Es256, "ES256", &["x", "y"][..]),
        _ => return None,
    };
    let is_for = |member: &str, value: &str| key.text_of(member).is_none_or(|given| given == value);
    if !is_for("alg", name) || !is_for("use", "sig") {
        return None;
    }
    let mut jwk = String::new();
    let mut writer = ObjectWriter::new(&mut jwk);
    writer.text("kty", key.text_of("kty").as_deref());
    if algorithm == Algorithm::Es256 {
        writer.text("crv", Some("P-256"));
    }
    for number in numbers {
        let text = key.text_of(number)?;
        let bytes = decode_url(&text)?.len();
        // RSA below 2048 bits is broken; above 8192 it is work for us that somebody else chose.
        if *number == "n" && !(256..=1024).contains(&bytes) {
            return None;
        }
        writer.text(number, Some(&text));
    }
    writer.end();
    Some(PublicKey { kid: key.text_of("kid")?.into_owned(), algorithm, jwk })
}

/// How long an answer with this `Cache-Control` is good for.
fn max_age_ms(cache_control: &str) -> f64 {
    let seconds = cache_control.split(',').find_map(|directive| match directive.trim().split_once('=') {
        Some((name, seconds)) if name.eq_ignore_ascii_case("max-age") => whole::<u32>(seconds.trim().trim_matches('"')),
        _ => None,
    });
    seconds.map_or(DEFAULT_MAX_AGE_MS, |seconds| f64::from(seconds) * 1000.0).clamp(LEAST_MAX_AGE_MS, MOST_MAX_AGE_MS)
}

/// What to do for a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<K> {
    /// Check with this key.
    Use(K),
    /// Fetch the list, then ask again.
    Fetch,
    /// There is no such key.
    Unknown,
    /// Nobody can tell at the moment.
    Unavailable,
}

/// How the last fetch went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fetched {
    Begun,
    Well,
    Badly,
}

/// The keys of one list, imported, as long as an isolate keeps them.
#[derive(Debug)]
pub(crate) struct KeySet<K> {
    keys: Vec<(String, Algorithm, K)>,
    /// When `keys` came and for how long they are good; `None` if they never came.
    good: Option<(f64, f64)>,
    /// When the last fetch began, and what became of it.
    last: Option<(f64, Fetched)>,
}

impl<K> Default for KeySet<K> {
    fn default() -> Self {
        Self { keys: Vec::new(), good: None, last: None }
    }
}

impl<K: Clone> KeySet<K> {
    /// What to do for a token that names this key. Who is told to fetch has begun to.
    pub(crate) fn look_up(&mut self, kid: &str, algorithm: Algorithm, now_ms: f64) -> Step<K> {
        let step = self.step(kid, algorithm, now_ms);
        if matches!(step, Step::Fetch) {
            self.last = Some((now_ms, Fetched::Begun));
        }
        step
    }

    fn step(&self, kid: &str, algorithm: Algorithm, now_ms: f64) -> Step<K> {
        let found = self.keys.iter().find(|(name, kind, _)| name == kid && *kind == algorithm).map(|(.., key)| key);
        // A clock that was set back is no reason to wait.
        let is_within = |since: f64, length: f64| (0.0..length).contains(&(now_ms - since));
        let Some((came, age)) = self.good else {
            return match self.last {
                Some((at, Fetched::Badly)) if is_within(at, FAILURE_PAUSE_MS) => Step::Unavailable,
                // Requests do not wait for each other's fetches: the runtime ends those with their request.
                _ => Step::Fetch,
            };
        };
        let is_pausing = self.last.is_some_and(|(at, _)| is_within(at, REFETCH_PAUSE_MS));
        match found {
            Some(key) if is_pausing || is_within(came, age) => Step::Use(key.clone()),
            _ if !is_pausing => Step::Fetch,
            _ if self.last.is_some_and(|(_, fetched)| fetched == Fetched::Well) => Step::Unknown,
            _ => Step::Unavailable,
        }
    }

    /// What is kept stays, however old it is: a provider that is down shuts nobody out.
    pub(crate) fn fail(&mut self, now_ms: f64) {
        self.last = Some((now_ms, Fetched::Badly));
    }

    pub(crate) fn succeed(&mut self, keys: Vec<(String, Algorithm, K)>, cache_control: &str, now_ms: f64) {
        self.keys = keys;
        self.good = Some((now_ms, max_age_ms(cache_control)));
        self.last = Some((now_ms, Fetched::Well));
    }
}

#[cfg(test)]
mod tests {
    use openrouter_wasm::base64::encode_url;

    use super::*;

    fn rsa(bytes: usize, more: &str) -> String {
        format!(r#"{{"kty":"RSA","kid":"r","n":"{}","e":"AQAB"{more}}}"#, encode_url(&vec![0xff; bytes]))
    }

    fn kids(keys: &[String]) -> Vec<(String, Algorithm)> {
        let list = read_list(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap();
        list.into_iter().map(|key| (key.kid, key.algorithm)).collect()
    }

    #[test]
    fn keys_that_check_signatures_are_taken() {
        let curve = r#"{"kty":"EC","crv":"P-256","kid":"e","x":"AAAA","y":"BBBB","use":"sig","d":"hidden"}"#;
        let keys = [rsa(256, ""), rsa(512, r#","alg":"RS256","use":"sig","x5c":["…"]"#), curve.to_owned()];
        let names = [("r", Algorithm::Rs256), ("r", Algorithm::Rs256), ("e", Algorithm::Es256)];
        assert_eq!(kids(&keys), names.map(|(kid, algorithm)| (kid.to_owned(), algorithm)));
        let list = read_list(&format!(r#"{{"keys":[{curve}]}}"#)).unwrap();
        assert_eq!(list[0].jwk, r#"{"kty":"EC","crv":"P-256","x":"AAAA","y":"BBBB"}"#);
    }

    #[test]
    fn keys_of_other_kinds_are_passed_over() {
        let keys = [
            r#"{"kty":"oct","kid":"r","k":"c2VjcmV0","alg":"HS256"}"#.to_owned(),
            rsa(128, ""),
            rsa(2048, ""),
            rsa(256, r#","alg":"HS256""#),
            rsa(256, r#","alg":"PS256""#),
            rsa(256, r#","use":"enc""#),
            r#"{"kty":"RSA","kid":"r","e":"AQAB"}"#.to_owned(),
            r#"{"kty":"RSA","kid":"r","n":"+/","e":"AQAB"}"#.to_owned(),
            rsa(256, "").replace(r#""kid":"r","#, ""),
            r#"{"kty":"EC","crv":"P-384","kid":"e","x":"AAAA","y":"BBBB"}"#.to_owned(),
            r#"{"kty":"EC","kid":"e","x":"AAAA","y":"BBBB"}"#.to_owned(),
            "null".to_owned(),
        ];
        assert_eq!(kids(&keys), []);
        for text in
            ["", "{}", "[]", r#"{"keys":{}}"#, "<html>", &format!("{}{{\"keys\":[]}}", " ".repeat(MAX_LIST_BYTES))]
        {
            assert_eq!(read_list(text), None);
        }
    }

    #[test]
    fn how_long_a_list_is_good_for_has_bounds() {
        for (header, seconds) in [
            ("", 3600.0),
            ("no-store", 3600.0),
            ("public, max-age=600, must-revalidate", 600.0),
            ("Max-Age=\"600\"", 600.0),
            ("max-age=0", 60.0),
            ("max-age=4000000000", 86400.0),
            ("max-age=x", 3600.0),
            ("s-maxage=5", 3600.0),
        ] {
            assert!((max_age_ms(header) - seconds * 1000.0).abs() < 1.0, "{header}");
        }
    }

    const NOW: f64 = 1_800_000_000_000.0;

    fn look(set: &mut KeySet<u8>, kid: &str, seconds: f64) -> Step<u8> {
        set.look_up(kid, Algorithm::Rs256, NOW + seconds * 1000.0)
    }

    fn kept() -> KeySet<u8> {
        let mut set = KeySet::default();
        assert_eq!(look(&mut set, "a", 0.0), Step::Fetch);
        set.succeed(vec![("a".to_owned(), Algorithm::Rs256, 1)], "max-age=600", NOW);
        set
    }

    #[test]
    fn keys_are_used_while_they_are_good_and_fetched_again_then() {
        let mut set = kept();
        assert_eq!(look(&mut set, "a", 0.0), Step::Use(1));
        assert_eq!(look(&mut set, "a", 599.0), Step::Use(1));
        assert_eq!(look(&mut set, "a", 600.0), Step::Fetch);
        set.succeed(Vec::new(), "", NOW + 600_000.0);
        assert_eq!(look(&mut set, "a", 601.0), Step::Unknown, "withdrawn");
    }

    #[test]
    fn a_key_is_used_with_its_own_algorithm_only() {
        assert_eq!(kept().look_up("a", Algorithm::Es256, NOW), Step::Unknown);
        assert_eq!(kept().look_up("a", Algorithm::Hs256, NOW), Step::Unknown);
    }

    #[test]
    fn an_unknown_key_has_the_list_fetched_once_a_minute() {
        let mut set = kept();
        assert_eq!(look(&mut set, "b", 59.0), Step::Unknown);
        assert_eq!(look(&mut set, "b", 60.0), Step::Fetch);
        assert_eq!(look(&mut set, "b", 60.1), Step::Unavailable, "another request is about to know");
        assert_eq!(look(&mut set, "a", 60.1), Step::Use(1));
        set.succeed(vec![("b".to_owned(), Algorithm::Rs256, 2)], "", NOW + 60_200.0);
        assert_eq!(look(&mut set, "b", 60.3), Step::Use(2));
        assert_eq!(look(&mut set, "c", 100.0), Step::Unknown);
    }

    #[test]
    fn what_is_kept_stays_while_the_provider_is_down() {
        let mut set = kept();
        assert_eq!(look(&mut set, "a", 700.0), Step::Fetch);
        set.fail(NOW + 705_000.0);
        assert_eq!(look(&mut set, "a", 705.1), Step::Use(1));
        assert_eq!(look(&mut set, "b", 705.1), Step::Unavailable, "it may be a new one");
        assert_eq!(look(&mut set, "a", 766.0), Step::Fetch);
    }

    #[test]
    fn without_any_keys_a_failure_is_believed_for_some_seconds() {
        let mut set = KeySet::<u8>::default();
        assert_eq!(look(&mut set, "a", 0.0), Step::Fetch);
        assert_eq!(look(&mut set, "a", 0.1), Step::Fetch, "requests do not wait for each other");
        set.fail(NOW + 1000.0);
        assert_eq!(look(&mut set, "a", 1.1), Step::Unavailable);
        assert_eq!(look(&mut set, "a", 6.1), Step::Fetch);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let mut set = kept();
        assert_eq!(look(&mut set, "b", -3600.0), Step::Fetch);
        assert_eq!(look(&mut set, "a", -3600.0), Step::Use(1));
    }
}
