//! Who calls: by a token, or by nothing but an address. Settings, tokens and claims are pure and tested natively; what
//! needs the runtime (fetching keys, public-key signatures, Turnstile) is in `edge`.

pub(crate) mod edge;
mod keys;
mod known;
mod session;
mod settings;
mod token;

use std::fmt;

use openrouter_wasm::{
    api::{Call, Endpoint},
    json::{Value, concat, join},
};

pub(crate) use self::token::{ANONYMOUS_PREFIX, Secret};
use self::{
    known::Lifetime,
    settings::{Anonymous, Provider, Sessions, Tokens},
    token::{Algorithm, Expected, Fault, Unverified, object, user_name},
};
pub use self::{
    session::{MAX_SESSION_BYTES, SESSION_PATH},
    settings::{Admin, Authentication},
};
use crate::{
    policy::Refusal,
    text::{fill, whole},
};

/// Who calls, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's name, `ip:…` for one who is known by an address only. What is counted is counted under it.
    pub user: String,
    /// Which limits hold; `None` for those of all.
    pub plan: Option<String>,
    /// What the user may do.
    pub scopes: Scopes,
    /// Whether this is the one user of `AUTH_MODE=local`.
    pub is_local: bool,
}

impl Identity {
    /// The one user of a Worker that only its own machine can reach.
    fn local() -> Self {
        Self { user: "local".to_owned(), plan: None, scopes: Scopes::ALL, is_local: true }
    }

    /// Refuses what is beyond the user's scopes.
    ///
    /// # Errors
    /// A 403 that names the scope.
    pub fn check(&self, scope: Scope) -> Result<(), Refusal> {
        if self.scopes.has(scope) {
            return Ok(());
        }
        let message = fill("The token lacks the scope %.", &[scope.as_str()]);
        Err(Refusal::new(403, "permission_denied", message))
    }
}

/// A kind of calls that a token may be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Text from models: chats, responses, messages, embeddings, rerank.
    Chat,
    /// The catalogue.
    Models,
    /// Images, sound and video.
    Media,
    /// The user's own numbers.
    Usage,
}

impl Scope {
    const EACH: [Self; 4] = [Self::Chat, Self::Models, Self::Media, Self::Usage];

    /// As tokens and settings write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Models => "models",
            Self::Media => "media",
            Self::Usage => "usage",
        }
    }

    /// The scope that a call needs.
    pub const fn of(call: &Call) -> Self {
        match call.endpoint {
            Endpoint::ChatCompletions
            | Endpoint::Completions
            | Endpoint::Responses
            | Endpoint::Messages
            | Endpoint::Embeddings
            | Endpoint::Rerank => Self::Chat,
            Endpoint::Images
            | Endpoint::Speech
            | Endpoint::Transcriptions
            | Endpoint::Videos
            | Endpoint::Video
            | Endpoint::VideoContent => Self::Media,
            Endpoint::Key | Endpoint::Generation => Self::Usage,
            _ => Self::Models,
        }
    }
}

/// Some of the scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// Everything.
    pub const ALL: Self = Self(0b1111);

    /// What users without a name may do, unless a setting says otherwise: everything but media, which is dear.
    pub const ANONYMOUS: Self = Self(0b1011);

    /// Whether this scope is one of them.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }

    fn add(&mut self, name: &str) -> Option<()> {
        let scope = Scope::EACH.into_iter().find(|scope| scope.as_str() == name)?;
        self.0 |= 1 << scope as u8;
        Some(())
    }

    /// Names by spaces; `None` if one of them is no scope.
    fn parse(text: &str) -> Option<Self> {
        let mut scopes = Self::default();
        text.split([' ', ',']).filter(|name| !name.is_empty()).try_for_each(|name| scopes.add(name))?;
        Some(scopes)
    }

    /// An array of names; `None` if it is none, or one of them is no scope.
    fn read(claim: &Value<'_>) -> Option<Self> {
        let mut scopes = Self::default();
        claim.items().iter().try_for_each(|name| scopes.add(&name.text()?))?;
        claim.is_array().then_some(scopes)
    }

    /// Those that a claim names, as an array or by spaces; what else it names is somebody else's.
    fn read_known(claim: &Value<'_>) -> Self {
        let mut scopes = Self::default();
        for item in claim.items().iter().chain([claim]) {
            for name in item.text().unwrap_or_default().split(' ') {
                let _ = scopes.add(name);
            }
        }
        scopes
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Scope::EACH.into_iter().filter(|scope| self.has(*scope)).map(Scope::as_str);
        formatter.write_str(&join(names, " "))
    }
}

/// A name for an address, always the same, from which nobody without the secret gets the address back.
///
/// # Errors
/// A refusal if there is no address: without it all users would be one.
fn anonymous_name(anonymous: &Anonymous, ip: Option<&str>) -> Result<String, Refusal> {
    let unknown = || {
        Refusal::misconfigured(
            "The proxy cannot tell its users apart: requests reach it without an address in CF-Connecting-IP.",
        )
    };
    let network = ip.and_then(network).ok_or_else(unknown)?;
    Ok(concat(&[ANONYMOUS_PREFIX, &anonymous.pseudonym.name(b"address ", &network)]))
}

/// What one subscriber has of an address: the whole of IPv4 (also where it is written as IPv6), the upper half of IPv6,
/// for the lower half is theirs to choose. In one spelling; `None` if this is no address.
fn network(ip: &str) -> Option<String> {
    let is_mapped = ip.get(..7).is_some_and(|prefix| prefix.eq_ignore_ascii_case("::ffff:"));
    if ip.contains('.') {
        let parts = if is_mapped { &ip[7..] } else { ip };
        let is_part = |part: &str| part.len() < 4 && whole::<u8>(part).is_some();
        return (parts.split('.').count() == 4 && parts.split('.').all(is_part)).then(|| parts.to_owned());
    }
    let is_group = |group: &str| (1..=4).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut groups: Vec<&str> = ip.split(':').collect();
    // `::` stands for as many zeros as are missing; at an end it makes two empty groups of the text.
    if groups.first() == Some(&"") {
        groups.remove(0);
    }
    if groups.last() == Some(&"") {
        groups.pop();
    }
    if let Some(at) = groups.iter().position(|group| group.is_empty()) {
        groups[at] = "0";
        while groups.len() < 8 {
            groups.insert(at, "0");
        }
    }
    if groups.len() != 8 || !groups.iter().all(|group| is_group(group)) {
        return None;
    }
    let upper = groups[..4].iter().map(|group| group.trim_start_matches('0').to_ascii_lowercase());
    Some(join(upper, ":"))
}

fn anonymous_identity(anonymous: &Anonymous, ip: Option<&str>) -> Result<Identity, Refusal> {
    let user = anonymous_name(anonymous, ip)?;
    Ok(Identity { user, plan: anonymous.plan.clone(), scopes: anonymous.scopes, is_local: false })
}

/// Whom a token is from, which decides what it is checked with.
#[derive(Debug)]
enum Source<'a> {
    Session(&'a Sessions),
    Provider(&'a Provider),
}

/// What a request presents.
#[derive(Debug, Clone, Copy, Default)]
struct Presented<'a> {
    /// The `Authorization` header.
    authorization: Option<&'a str>,
    /// The `Cf-Access-Jwt-Assertion` header.
    assertion: Option<&'a str>,
    /// The `Cookie` header.
    cookie: Option<&'a str>,
}

impl<'a> Presented<'a> {
    /// The token of an `Authorization: Bearer` header.
    fn bearer(self) -> Option<&'a str> {
        let (scheme, token) = self.authorization?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
    }

    /// The token that counts, taken apart, and whom it says that it is from. A token that is presented and wrong is
    /// refused: no other one is tried.
    fn token<'t>(self, tokens: &'t Tokens) -> Result<(Unverified<'a>, Source<'t>), Fault> {
        let Tokens { sessions, jwt, access } = tokens;
        if let Some(token) = self.bearer().filter(|_| sessions.is_some() || jwt.is_some()) {
            let token = Unverified::parse(token)?;
            let source = match token.algorithm {
                Algorithm::Hs256 => sessions.as_ref().map(Source::Session),
                Algorithm::Rs256 | Algorithm::Es256 => jwt.as_ref().map(Source::Provider),
            };
            return Ok((token, source.ok_or(Fault::Algorithm)?));
        }
        let access = access.as_ref().ok_or(Fault::Missing)?;
        let cookies = self.cookie.unwrap_or_default().split(';');
        let mut cookies = cookies.filter_map(|cookie| cookie.trim().strip_prefix("CF_Authorization="));
        let token = self.assertion.or_else(|| cookies.next()).ok_or(Fault::Missing)?;
        let token = Unverified::parse(token)?;
        if token.algorithm == Algorithm::Hs256 {
            return Err(Fault::Algorithm);
        }
        Ok((token, Source::Provider(access)))
    }
}

impl Sessions {
    /// Who the session is of, and when the token is good.
    fn identify(&self, token: &Unverified<'_>, now_ms: f64) -> Result<(Identity, Lifetime), Fault> {
        token::verify(token, &self.signers)?;
        let claims = object(&token.claims).ok_or(Fault::Malformed)?;
        // Clocks of the edge agree to within seconds.
        let expected = Expected { issuer: None, audiences: &self.audience, leeway: 5 };
        expected.check(&claims, now_ms)?;
        Ok((session::identity(&claims).ok_or(Fault::User)?, expected.lifetime(&claims)))
    }
}

impl Provider {
    /// Whom the token says that it is of, if everything but its signature is right: that is looked at last, for it
    /// may need a fetch.
    fn identify(&self, token: &Unverified<'_>, now_ms: f64) -> Result<Identity, Fault> {
        let claims = object(&token.claims).ok_or(Fault::Malformed)?;
        Expected { issuer: Some(&self.issuer), audiences: &self.audiences, leeway: self.leeway }
            .check(&claims, now_ms)?;
        let service = self.service_claim.and_then(|name| claims.get(name));
        let user = claim(&claims, &self.user_claim).and_then(user_name).or_else(|| service.and_then(user_name));
        let plan = self.plan_claim.as_deref().and_then(|name| claim(&claims, name)).and_then(session::plan_name);
        let scopes = match &self.scope_claim {
            None => Scopes::ALL,
            Some(name) => claim(&claims, name).map(Scopes::read_known).unwrap_or_default(),
        };
        Ok(Identity { user: user.ok_or(Fault::User)?, plan, scopes, is_local: false })
    }
}

/// A claim by its name, or, where the name begins with a slash, by the way to it (`/custom/plan`).
fn claim<'a, 'b>(claims: &'a Value<'b>, name: &str) -> Option<&'a Value<'b>> {
    match name.strip_prefix('/') {
        Some(path) => path.split('/').try_fold(claims, |value, key| value.get(key)),
        None => claims.get(name),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        token::{Secret, Signer, tests::forge},
        *,
    };
    use crate::config::{BOUND, Variables};

    const NOW: f64 = 1_800_000_000_000.0;
    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const SERVICE: &str = "service-0123456789abcdef0123456789abcdef";
    const OLD_SERVICE: &str = "before--0123456789abcdef0123456789abcdef";
    const PSEUDONYM: &str = "pseudonym-0123456789abcdef012345";

    fn read(variables: &[(&str, &str)]) -> Result<Authentication, Vec<String>> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let mut variables = Variables::new(&variable);
        let authentication = Authentication::read(&mut variables);
        variables.end(authentication)
    }

    const SESSION: [(&str, &str); 6] = [
        ("AUTH_MODE", "session"),
        ("SESSION_SECRETS", "november:0123456789abcdef0123456789abcdef october:fedcba9876543210fedcba9876543210"),
        ("SERVICE_SECRET", "service-0123456789abcdef0123456789abcdef before--0123456789abcdef0123456789abcdef"),
        ("TURNSTILE_SECRET", "1x0000000000000000000000000000000AA"),
        ("PSEUDONYM_SECRET", PSEUDONYM),
        ("TURNSTILE_HOSTNAMES", "app.example"),
    ];

    const JWT: [(&str, &str); 6] = [
        ("AUTH_MODE", "jwt"),
        ("JWT_JWKS_URL", "https://issuer.example/keys"),
        ("JWT_ISSUER", "https://issuer.example/"),
        ("JWT_AUDIENCE", "app other"),
        ("JWT_PLAN_CLAIM", "/custom/plan"),
        ("JWT_SCOPE_CLAIM", "scp"),
    ];

    const ACCESS: [(&str, &str); 3] =
        [("AUTH_MODE", "access"), ("ACCESS_TEAM_DOMAIN", "team.cloudflareaccess.com"), ("ACCESS_AUD", "tag")];

    fn tokens(parts: &[&[(&str, &str)]]) -> Tokens {
        let mode: Vec<_> = parts.iter().map(|part| part[0].1).collect();
        let mode = mode.join(" ");
        let variables = [&[("AUTH_MODE", &*mode)], &*parts.concat()].concat();
        match read(&variables).unwrap() {
            Authentication::Tokens(tokens) => *tokens,
            other => panic!("{other:?}"),
        }
    }

    fn sessions() -> Sessions {
        tokens(&[&SESSION]).sessions.unwrap()
    }

    #[test]
    fn without_a_mode_nobody_is_let_in() {
        for (mode, words) in
            [("", "not set"), ("none", "must be"), ("local session", "stand alone"), ("open jwt", "stand alone")]
        {
            let problems = read(&[("AUTH_MODE", mode)]).unwrap_err();
            assert!(problems[0].starts_with("AUTH_MODE") && problems[0].contains(words), "{problems:?}");
        }
    }

    #[test]
    fn an_open_proxy_does_not_start_without_its_limits() {
        let all = [("SITE_USD_PER_DAY", "5"), ("PSEUDONYM_SECRET", PSEUDONYM), ("RATE_LIMITER", BOUND)];
        let named = |variables: &[(&str, &str)]| {
            read(&[&[("AUTH_MODE", "open")], variables].concat()).err().unwrap_or_default().join(" ")
        };
        assert_eq!(named(&all), "");
        assert!(named(&all[..2]).contains("RATE_LIMITER is not set"));
        assert!(named(&all[1..]).contains("SITE_USD_PER_DAY is not set"));
        assert_eq!(named(&[all[1], all[2], ("SITE_USD_PER_MONTH", "5")]), "");
        assert!(named(&[all[0], all[2]]).contains("PSEUDONYM_SECRET is not set"));
        assert!(named(&[all[0], ("PSEUDONYM_SECRET", "short"), all[2]]).contains("32 bytes"));
        assert!(named(&[&all[..], &[("ANONYMOUS_SCOPES", "all")]].concat()).contains("chat models"));
    }

    #[test]
    fn every_mistake_of_a_mode_is_named_and_no_value_shown() {
        for (variables, names) in [
            (&[("AUTH_MODE", "session")][..], &["SESSION_SECRETS", "TURNSTILE_SECRET", "SERVICE_SECRET"][..]),
            (
                &[("AUTH_MODE", "session"), ("SESSION_SECRETS", "hidden"), ("TURNSTILE_SECRET", "hidden")],
                &["SESSION_SECRETS", "PSEUDONYM_SECRET"],
            ),
            (
                &[("AUTH_MODE", "session"), ("SESSION_SECRETS", "a:hidden"), ("SERVICE_SECRET", "hidden")],
                &["SESSION_SECRETS", "SERVICE_SECRET"],
            ),
            (
                &[
                    ("AUTH_MODE", "session"),
                    ("SERVICE_SECRET", SERVICE),
                    ("SESSION_SECRETS", "a:0123456789abcdef0123456789abcdef b:0123456789abcdef0123456789abcdef"),
                ],
                &["SESSION_SECRETS has a name or a secret twice"],
            ),
            (
                &[SESSION[0], SESSION[1], SESSION[2], ("SESSION_SECONDS", "100"), ("SESSION_MAX_SECONDS", "99")],
                &["SESSION_SECONDS"],
            ),
            (&[SESSION[0], SESSION[1], SESSION[2], ("SESSION_MAX_SECONDS", "99999999")], &["SESSION_MAX_SECONDS"]),
            (
                &[SESSION[0], SESSION[1], SESSION[3], SESSION[4], ("TURNSTILE_VERIFY_URL", "http://hidden.example")],
                &["TURNSTILE_VERIFY_URL"],
            ),
            (&[SESSION[0], SESSION[2], ("SESSION_SECRETS", "november:")], &["SESSION_SECRETS must be random"]),
            (&[SESSION[0], SESSION[2], ("SESSION_SECRETS", ":0123456789abcdef0123456789abcdef")], &["SESSION_SECRETS"]),
            (&[("AUTH_MODE", "jwt")], &["JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE"]),
            (
                &[JWT[0], ("JWT_JWKS_URL", "http://hidden.example"), JWT[2], JWT[3], ("JWT_LEEWAY_SECONDS", "301")],
                &["JWT_JWKS_URL", "JWT_LEEWAY_SECONDS"],
            ),
            (&[("AUTH_MODE", "access")], &["ACCESS_TEAM_DOMAIN", "ACCESS_AUD"]),
            (&[ACCESS[0], ACCESS[2], ("ACCESS_TEAM_DOMAIN", "hidden.example/path")], &["ACCESS_TEAM_DOMAIN"]),
        ] {
            let problems = read(variables).unwrap_err();
            for name in names {
                assert!(problems.iter().any(|problem| problem.contains(name)), "{name}: {problems:?}");
            }
            let told = problems.concat();
            assert!(!told.contains("hidden") && !told.contains("0123"), "{told}");
        }
    }

    #[test]
    fn settings_show_no_secret() {
        let shown = format!("{:?}", read(&SESSION).unwrap());
        assert!(shown.contains("november"));
        for secret in [SECRET, "fedcba", "service-", "1x0000", PSEUDONYM] {
            assert!(!shown.contains(secret));
        }
    }

    #[test]
    fn a_local_worker_answers_to_this_machines_names_only() {
        let local = read(&[("AUTH_MODE", "local")]).unwrap();
        for origin in ["http://localhost:8787", "http://127.0.0.1", "http://[::1]:8787", "https://localhost"] {
            assert!(local.answers_at(origin), "{origin}");
        }
        for origin in [
            "http://rebound.example:8787",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://[::2]:8787",
            "http://192.168.0.7:8787",
            "null",
            "",
        ] {
            assert!(!local.answers_at(origin), "{origin}");
        }
        assert!(read(&JWT).unwrap().answers_at("https://proxy.example"));
    }

    #[test]
    fn a_name_of_an_address_is_always_the_same_and_tells_nothing() {
        let Authentication::Open(anonymous) = read(&[
            ("AUTH_MODE", "open"),
            ("SITE_USD_PER_DAY", "5"),
            ("PSEUDONYM_SECRET", PSEUDONYM),
            ("RATE_LIMITER", BOUND),
        ])
        .unwrap() else {
            panic!("not open")
        };
        let name = |ip: &str| anonymous_name(&anonymous, Some(ip)).unwrap();
        assert_eq!(name("192.0.2.1"), name("192.0.2.1"));
        assert_eq!(name("192.0.2.1"), name("::ffff:192.0.2.1"));
        assert_ne!(name("192.0.2.1"), name("192.0.2.2"));
        assert_eq!(name("2001:db8:1:2::1"), name("2001:db8:1:2:ffff::9"), "one subscriber");
        assert_ne!(name("2001:db8:1:2::1"), name("2001:db8:1:3::1"));
        assert!(name("192.0.2.1").starts_with("ip:") && name("192.0.2.1").len() == 25);
        let other = Anonymous { pseudonym: Secret::new(SECRET), ..anonymous.clone() };
        assert_ne!(anonymous_name(&other, Some("192.0.2.1")).unwrap(), name("192.0.2.1"));
        for ip in
            [None, Some(""), Some(":"), Some("unknown"), Some("192.0.2.1, 192.0.2.2"), Some("1.2.3"), Some("1.2.3.256")]
        {
            assert_eq!(anonymous_name(&anonymous, ip).unwrap_err().status, 500);
        }
    }

    #[test]
    fn an_address_has_one_spelling_and_a_subscriber_one_network() {
        for (ip, expected) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("::FFFF:192.0.2.1", Some("192.0.2.1")),
            ("2001:db8:0:2:3:4:5:6", Some("2001:db8::2")),
            ("2001:0DB8::2:3:4:5:6", Some("2001:db8::2")),
            ("2001:db8::", Some("2001:db8::")),
            ("2001:db8::9", Some("2001:db8::")),
            ("::1", Some(":::")),
            ("::", Some(":::")),
            ("1:2:3:4:5:6:7::", Some("1:2:3:4")),
            ("::2:3:4:5:6:7:8", Some(":2:3:4")),
            ("2001:db8", None),
            ("1:2:3:4:5:6:7:8:9", None),
            ("1::2::3", None),
            ("1:::2", None),
            ("12345::", None),
            ("g::", None),
            ("fe80::1%eth0", None),
            ("::ffff:1.2.3.4.5", None),
            ("+1.2.3.4", None),
            ("1..2.3", None),
        ] {
            assert_eq!(network(ip).as_deref(), expected, "{ip}");
        }
    }

    proptest! {
        #[test]
        fn every_spelling_of_an_address_is_the_same_network(address: [u16; 8], zeros in 0..256_u32, lower: u64) {
            let mut segments = address;
            for (at, segment) in segments.iter_mut().enumerate() {
                if zeros & 1 << at != 0 {
                    *segment = 0;
                }
            }
            let address = std::net::Ipv6Addr::from(segments);
            prop_assume!(address.to_ipv4_mapped().is_none());
            let written = segments.map(|segment| format!("{segment:04X}")).join(":");
            let named = network(&address.to_string());
            prop_assert!(named.is_some());
            prop_assert_eq!(&network(&written), &named);
            let neighbour = std::net::Ipv6Addr::from(u128::from(address) >> 64 << 64 | u128::from(lower));
            prop_assume!(neighbour.to_ipv4_mapped().is_none());
            prop_assert_eq!(&network(&neighbour.to_string()), &named);
        }
    }

    fn header(algorithm: &str, kid: &str) -> String {
        format!(r#"{{"alg":"{algorithm}","kid":"{kid}"}}"#)
    }

    fn session(header: &str, claims: &str, secret: &str) -> Result<Identity, Fault> {
        sessions().identify(&Unverified::parse(&forge(header, claims, secret))?, NOW).map(|(identity, _)| identity)
    }

    #[test]
    fn a_session_says_who_what_and_until_when() {
        let header = header("HS256", "november");
        let claims = |more: &str| format!(r#"{{"sub":"u","aud":"openrouter-wasm","exp":1800000100,{more}}}"#);
        let identity = session(&header, &claims(r#""plan":"pro","scope":"chat openid usage""#), SECRET).unwrap();
        assert_eq!((&*identity.user, identity.plan.as_deref()), ("u", Some("pro")));
        assert_eq!(identity.scopes.to_string(), "chat usage");
        let refusal = identity.check(Scope::Media).unwrap_err();
        assert_eq!((refusal.status, refusal.error_type), (403, Some("permission_denied")));
        assert!(refusal.message.contains("media"));
        assert_eq!(identity.check(Scope::Chat), Ok(()));

        let fault = |claims: &str| session(&header, claims, SECRET).unwrap_err();
        assert_eq!(fault(&claims(r#""plan":"pro""#)), Fault::User, "no scope is not every scope");
        assert_eq!(fault(&claims(r#""scope":"chat","nbf":1800000006"#)), Fault::NotYetValid);
        assert_eq!(fault(&claims(r#""scope":"chat","scope":"media""#)), Fault::Malformed);
        assert_eq!(fault(r#"{"sub":"u","aud":"openrouter-wasm","exp":1799999995,"scope":"chat"}"#), Fault::Expired);
        assert_eq!(fault(r#"{"sub":"u","aud":"elsewhere","exp":1800000100,"scope":"chat"}"#), Fault::Audience);
        assert_eq!(fault(r#"{"aud":"openrouter-wasm","exp":1800000100,"scope":"chat"}"#), Fault::User);
        assert_eq!(fault(r#"{"sub":"","aud":"openrouter-wasm","exp":1800000100,"scope":"chat"}"#), Fault::User);
        assert_eq!(session(&header, &claims(r#""scope":"chat""#), "another").unwrap_err(), Fault::Signature);
    }

    fn grant(body: &str) -> Result<session::Asked, Refusal> {
        session::read_request(&sessions(), Some(SERVICE), false, body.as_bytes())
    }

    #[test]
    fn what_a_backend_asks_for_is_what_the_token_says() {
        let body = r#"{"user":"u","plan":"pro","expiresIn":60,"scopes":["media"]}"#;
        let Ok(session::Asked::Granted(asked)) = grant(body) else { panic!("refused") };
        let answer = session::answer(&sessions(), &asked, NOW).unwrap();
        let answer = Value::parse(&answer).unwrap();
        assert_eq!(answer.at("expiresAt").to_json(), "1800000060000");
        let token = answer.text_of("token").unwrap();
        let token = Unverified::parse(&token).unwrap();
        assert_eq!(
            token.claims,
            r#"{"sub":"u","plan":"pro","scope":"media","aud":"openrouter-wasm","iat":1800000000,"nbf":1800000000,"exp":1800000060}"#
        );
        assert_eq!(token.kid, "november", "the first secret signs");
        let (identity, lifetime) = sessions().identify(&token, NOW).unwrap();
        assert_eq!(lifetime, Lifetime { from_ms: NOW - 5000.0, until_ms: NOW + 65_000.0 });
        assert_eq!(
            identity,
            Identity { user: "u".into(), plan: Some("pro".into()), scopes: Scopes(0b100), is_local: false }
        );
        assert_eq!(sessions().identify(&token, NOW + 65_000.0), Err(Fault::Expired));
        assert!(sessions().identify(&token, NOW - 5000.0).is_ok());
        assert_eq!(sessions().identify(&token, NOW - 5001.0), Err(Fault::NotYetValid));
    }

    #[test]
    fn a_backends_request_is_checked_field_by_field() {
        assert!(matches!(
            grant(r#"{"user":"u"}"#),
            Ok(session::Asked::Granted(session::Grant { plan: None, scopes: Scopes::ALL, seconds: 900, .. }))
        ));
        for (body, field) in [
            ("{}", "user:"),
            (r#"{"user":""}"#, "user:"),
            (r#"{"user":"ip:abc"}"#, "user:"),
            (r#"{"user":"u","plan":""}"#, "plan:"),
            (r#"{"user":"u","plan":7}"#, "plan:"),
            (r#"{"user":"u","expiresIn":0}"#, "expiresIn:"),
            (r#"{"user":"u","expiresIn":86401}"#, "expiresIn: expected whole seconds, 1 to 86400"),
            (r#"{"user":"u","expiresIn":"60"}"#, "expiresIn:"),
            (r#"{"user":"u","expiresIn":1.5}"#, "expiresIn:"),
            (r#"{"user":"u","scopes":["admin"]}"#, "scopes:"),
            (r#"{"user":"u","scopes":"chat"}"#, "scopes:"),
            (r#"{"user":"u","expires_in":60}"#, "user, plan, expiresIn, scopes"),
            (r#"{"user":"u","user":"v"}"#, "once"),
            ("[]", "once"),
            ("", "once"),
        ] {
            let refusal = grant(body).unwrap_err();
            assert_eq!(refusal.status, 400, "{body}");
            assert!(refusal.message.contains(field), "{body}: {}", refusal.message);
        }
    }

    #[test]
    fn only_the_service_secret_or_a_page_with_a_challenge_asks_for_sessions() {
        let ask = |sessions: &Sessions, bearer, has_origin, body: &str| {
            session::read_request(sessions, bearer, has_origin, body.as_bytes()).map_err(|refusal| refusal.status)
        };
        let both = sessions();
        for bearer in [SERVICE, OLD_SERVICE] {
            assert!(ask(&both, Some(bearer), false, r#"{"user":"u"}"#).is_ok());
        }
        for bearer in ["", "service-", SECRET, &SERVICE[1..]] {
            assert_eq!(ask(&both, Some(bearer), true, r#"{"turnstileToken":"t"}"#), Err(401));
        }
        let challenge = r#"{"turnstileToken":"t"}"#;
        assert_eq!(ask(&both, None, true, challenge), Ok(session::Asked::Challenged("t".to_owned())));
        assert_eq!(ask(&both, None, false, challenge), Err(403));
        assert_eq!(ask(&both, None, true, r#"{"turnstileToken":"t","user":"u"}"#), Err(400));
        assert_eq!(ask(&both, None, true, r#"{"turnstileToken":""}"#), Err(400));
        let long = format!(r#"{{"turnstileToken":"{}"}}"#, "x".repeat(2049));
        assert_eq!(ask(&both, None, true, &long), Err(400));
        let service = Sessions { turnstile: None, ..both };
        assert_eq!(ask(&service, None, true, challenge), Err(401));
    }

    #[test]
    fn nothing_but_a_clear_yes_of_siteverify_is_one() {
        let turnstile = settings::Turnstile { action: Some("chat".to_owned()), ..sessions().turnstile.unwrap() };
        let status = |answer: &str| session::read_siteverify(&turnstile, answer).map_err(|refusal| refusal.status);
        let yes = r#"{"success":true,"hostname":"app.example","action":"chat","error-codes":[]}"#;
        assert_eq!(status(yes), Ok(()));
        for (answer, expected) in [
            (r#"{"success":false,"error-codes":["timeout-or-duplicate"]}"#, 401),
            (r#"{"success":false,"error-codes":["invalid-input-response"]}"#, 401),
            (r#"{"success":false,"error-codes":[]}"#, 401),
            (r#"{"success":false,"error-codes":["invalid-input-secret"]}"#, 500),
            (r#"{"success":false,"error-codes":["internal-error"]}"#, 503),
            (r#"{"success":"true","hostname":"app.example","action":"chat"}"#, 401),
            (r#"{"success":false,"success":true,"hostname":"app.example","action":"chat"}"#, 503),
            ("{}", 503),
            ("<html>", 503),
            ("", 503),
            (r#"{"success":true,"hostname":"evil.example","action":"chat"}"#, 401),
            (r#"{"success":true,"action":"chat"}"#, 401),
            (r#"{"success":true,"hostname":"app.example","action":"login"}"#, 401),
            (r#"{"success":true,"hostname":"app.example"}"#, 401),
        ] {
            assert_eq!(status(answer), Err(expected), "{answer}");
        }
        let request = session::siteverify_request(&turnstile, "t\"", Some("192.0.2.1"));
        assert_eq!(
            request,
            r#"{"secret":"1x0000000000000000000000000000000AA","response":"t\"","remoteip":"192.0.2.1"}"#
        );
    }

    fn provider_identity(provider: &Provider, claims: &str) -> Result<Identity, Fault> {
        provider.identify(&Unverified::parse(&forge(&header("RS256", "k"), claims, "")).unwrap(), NOW)
    }

    #[test]
    fn a_providers_claims_are_found_where_the_settings_say() {
        let provider = tokens(&[&JWT]).jwt.unwrap();
        let claims =
            |more: &str| format!(r#"{{"iss":"https://issuer.example/","aud":["app"],"exp":1800000001{more}}}"#);
        let more = r#","sub":"auth0|1","custom":{"plan":"pro"},"scp":["openid","chat"]"#;
        let identity = provider_identity(&provider, &claims(more)).unwrap();
        assert_eq!((&*identity.user, identity.plan.as_deref(), identity.scopes), ("auth0|1", Some("pro"), Scopes(1)));
        let identity = provider_identity(&provider, &claims(r#","sub":"a","scp":"chat usage","custom":[]"#)).unwrap();
        assert_eq!((identity.plan, identity.scopes.to_string()), (None, "chat usage".to_owned()));
        let identity = provider_identity(&provider, &claims(r#","sub":"a""#)).unwrap();
        assert_eq!(identity.scopes, Scopes::default(), "without the claim there are none");
        let every =
            Provider { scope_claim: None, user_claim: "https://app.example/user".to_owned(), ..provider.clone() };
        let identity = provider_identity(&every, &claims(r#","https:\/\/app.example\/user":7"#)).unwrap();
        assert_eq!((&*identity.user, identity.scopes), ("7", Scopes::ALL));

        let fault = |claims: &str| provider_identity(&provider, claims).unwrap_err();
        assert_eq!(fault(&claims("")), Fault::User);
        assert_eq!(fault(&claims(r#","sub":"ip:abc""#)), Fault::User);
        assert_eq!(fault(&claims(r#","sub":"a","sub":"b""#)), Fault::Malformed);
        assert_eq!(fault(&claims(r#","sub":"a""#).replace("issuer", "evil")), Fault::Issuer);
        assert_eq!(fault(&claims(r#","sub":"a""#).replace("app", "api")), Fault::Audience);
    }

    #[test]
    fn a_service_of_access_is_known_by_its_common_name() {
        let provider = tokens(&[&ACCESS]).access.unwrap();
        assert_eq!(provider.jwks_url, "https://team.cloudflareaccess.com/cdn-cgi/access/certs");
        let claims = |more: &str| {
            format!(r#"{{"iss":"https://team.cloudflareaccess.com","aud":["tag"],"exp":1800000001,{more}}}"#)
        };
        let user = |more: &str| provider_identity(&provider, &claims(more)).map(|identity| identity.user);
        assert_eq!(user(r#""sub":"7335d417","email":"a@b.example""#).as_deref(), Ok("7335d417"));
        assert_eq!(user(r#""sub":"","common_name":"e367826f.access""#).as_deref(), Ok("e367826f.access"));
        assert_eq!(user(r#""sub":"""#), Err(Fault::User));
    }

    #[test]
    fn the_algorithm_belongs_to_the_key_and_the_place_to_the_mode() {
        let hs = forge(&header("HS256", "november"), "{}", SECRET);
        let rs = forge(&header("RS256", "k"), "{}", SECRET);
        let source = |tokens: &Tokens, presented: Presented<'_>| match presented.token(tokens) {
            Ok((_, Source::Session(_))) => Ok("session".to_owned()),
            Ok((_, Source::Provider(provider))) => Ok(provider.audiences.join(" ")),
            Err(fault) => Err(fault),
        };
        let bearer = |token: &str| format!("bearer  {token}");
        let (hs_bearer, rs_bearer) = (bearer(&hs), bearer(&rs));
        let by = |authorization| Presented { authorization: Some(authorization), ..Presented::default() };
        let (session, jwt, access) = (tokens(&[&SESSION]), tokens(&[&JWT]), tokens(&[&ACCESS]));
        assert_eq!(source(&session, by(&hs_bearer)).as_deref(), Ok("session"));
        assert_eq!(source(&session, by(&rs_bearer)), Err(Fault::Algorithm));
        assert_eq!(source(&jwt, by(&hs_bearer)), Err(Fault::Algorithm), "a public key is no secret");
        assert_eq!(source(&jwt, by(&rs_bearer)).as_deref(), Ok("app other"));
        let both = tokens(&[&SESSION, &JWT]);
        assert_eq!(source(&both, by(&hs_bearer)).as_deref(), Ok("session"));
        assert_eq!(source(&both, by(&rs_bearer)).as_deref(), Ok("app other"));

        let asserted = |token| Presented { assertion: Some(token), ..Presented::default() };
        assert_eq!(source(&access, asserted(&rs)).as_deref(), Ok("tag"));
        assert_eq!(source(&access, asserted(&hs)), Err(Fault::Algorithm));
        let cookie = format!("a=b; CF_Authorization={rs}; CF_Authorization=x");
        let cookie = Presented { cookie: Some(&cookie), ..Presented::default() };
        assert_eq!(source(&access, cookie).as_deref(), Ok("tag"));
        assert_eq!(source(&jwt, cookie), Err(Fault::Missing));
        let client = Presented { authorization: Some("Bearer any-key"), ..cookie };
        assert_eq!(source(&access, client).as_deref(), Ok("tag"), "clients of other makers always send a key");
        assert_eq!(source(&tokens(&[&JWT, &ACCESS]), client), Err(Fault::Malformed), "no other one is tried");

        for presented in [Presented::default(), by("Basic YTpi"), by("Bearer"), by(&rs)] {
            assert_eq!(source(&both, presented), Err(Fault::Missing), "{presented:?}");
        }
    }

    #[test]
    fn a_refusal_says_why_and_nothing_of_the_token() {
        for fault in [
            Fault::Missing,
            Fault::TooLong,
            Fault::Malformed,
            Fault::Algorithm,
            Fault::UnknownKey,
            Fault::Signature,
            Fault::Expired,
            Fault::NotYetValid,
            Fault::Audience,
            Fault::Issuer,
            Fault::User,
        ] {
            let refusal = fault.refusal();
            assert_eq!((refusal.status, refusal.error_type), (401, Some("authentication")));
        }
    }

    #[test]
    fn a_signer_is_found_by_its_name() {
        let signer = Signer { kid: "november".to_owned(), secret: Secret::new(SECRET) };
        let token = signer.sign(r#"{"sub":"u","aud":"openrouter-wasm","exp":1800000100,"scope":"chat"}"#);
        assert_eq!(sessions().identify(&Unverified::parse(&token).unwrap(), NOW).unwrap().0.user, "u");
    }
}
