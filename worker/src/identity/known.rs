//! Session tokens that were found good. A page sends the same one with each of its requests, and to check it anew is a
//! tenth of what a request costs. What is kept of a token is what it says, for as long as it says so; who may check it
//! otherwise, because a secret was taken away, is another deployment with a memory of its own.

use super::Identity;
use crate::upstream::hash;

/// How many are known at once: where there is no room, one takes the place of another.
const PLACES: u64 = 256;

/// When a token is good, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lifetime {
    pub(super) from_ms: f64,
    /// Not then any more.
    pub(super) until_ms: f64,
}

struct Checked {
    /// Compared before the token, so that the time which that takes tells nobody how it goes on.
    hash: u64,
    token: String,
    identity: Identity,
    lifetime: Lifetime,
}

/// Those of an isolate.
#[derive(Default)]
pub(super) struct Known(Vec<Option<Checked>>);

/// A token's hash, and its place.
fn place(token: &str) -> (u64, usize) {
    let hash = hash(&[token]);
    (hash, usize::try_from(hash % PLACES).unwrap_or_default())
}

impl Known {
    /// Who sends this token, if it was found good and still is.
    pub(super) fn find(&self, token: &str, now_ms: f64) -> Option<Identity> {
        let (hash, place) = place(token);
        let known = self.0.get(place)?.as_ref()?;
        let Lifetime { from_ms, until_ms } = known.lifetime;
        let is_it = known.hash == hash && known.token == token;
        (is_it && (from_ms..until_ms).contains(&now_ms)).then(|| known.identity.clone())
    }

    /// This token was found good.
    pub(super) fn keep(&mut self, token: &str, identity: &Identity, lifetime: Lifetime) {
        let (hash, place) = place(token);
        while self.0.len() <= place {
            self.0.push(None);
        }
        self.0[place] = Some(Checked { hash, token: token.to_owned(), identity: identity.clone(), lifetime });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Scopes;

    fn named(user: &str) -> Identity {
        Identity { user: user.to_owned(), plan: None, scopes: Scopes::ALL, is_local: false }
    }

    #[test]
    fn a_token_is_known_as_long_as_it_is_good() {
        let mut known = Known::default();
        let lifetime = Lifetime { from_ms: 10.0, until_ms: 20.0 };
        known.keep("a.b.c", &named("u"), lifetime);
        for (now, is_good) in [(9.0, false), (10.0, true), (19.0, true), (20.0, false), (f64::NAN, false)] {
            assert_eq!(known.find("a.b.c", now).is_some(), is_good, "at {now}");
        }
        for other in ["", "a.b", "a.b.d", "a.b.c ", "A.b.c", "a.b.cc"] {
            assert_eq!(known.find(other, 15.0), None, "{other}");
        }
    }

    #[test]
    fn they_are_bounded_and_never_another_users() {
        let mut known = Known::default();
        let lifetime = Lifetime { from_ms: 0.0, until_ms: 1.0 };
        let tokens: Vec<String> = (0..10 * PLACES).map(|number| format!("token-{number}")).collect();
        for token in &tokens {
            known.keep(token, &named(token), lifetime);
            assert_eq!(known.find(token, 0.5), Some(named(token)));
        }
        let left: Vec<_> = tokens.iter().filter(|token| known.find(token, 0.5) == Some(named(token))).collect();
        assert!(left.len() <= 256 && known.0.len() <= 256, "{}", left.len());
        assert!(tokens.iter().all(|token| known.find(token, 0.5).is_none_or(|identity| identity.user == *token)));
    }
}
