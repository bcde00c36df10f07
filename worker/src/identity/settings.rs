//! Who may call, as the deployment's variables and secrets say it.

use openrouter_wasm::{base64::decode_url, json::concat};

use super::{
    Scopes,
    token::{Secret, Signer},
};
use crate::{
    config::{Variables, is_safe_url},
    text::{has, split},
};

/// The binding that counts the requests of each address.
const RATE_LIMITER: &str = "RATE_LIMITER";

/// A secret that signs or hashes has this many bytes at least: as many as the hash.
const LEAST_SECRET_BYTES: usize = 32;

/// How long a session is, in seconds, unless `SESSION_SECONDS` says otherwise, and at most, unless `SESSION_MAX_SECONDS`
/// does.
const DEFAULT_SESSION_SECONDS: u64 = 900;
const DEFAULT_SESSION_MAX_SECONDS: u64 = 86_400;

/// How far clocks may be apart at most, in seconds.
const MOST_LEEWAY_SECONDS: u64 = 300;

/// The most that any setting may ask for: thirty days. A token cannot be taken back.
const MOST_SESSION_SECONDS: u64 = 30 * 86_400;

const TURNSTILE_VERIFY_URL: &str = "https://challenges.cloudflare.com/turnstile/v0/siteverify";

/// How the Worker knows who calls (`AUTH_MODE`).
#[derive(Debug, Clone)]
pub enum Authentication {
    /// Nobody but this machine can reach it: no token.
    Local,
    /// Everyone whose page is allowed; users are told apart by their address.
    Open(Anonymous),
    /// Who has a token of one of these kinds.
    Tokens(Box<Tokens>),
}

/// What users have who did not say who they are.
#[derive(Debug, Clone)]
pub struct Anonymous {
    /// With which their address becomes a name.
    pub(crate) pseudonym: Secret,
    pub(crate) plan: Option<String>,
    pub(crate) scopes: Scopes,
}

/// The kinds of tokens that are taken.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    pub(crate) sessions: Option<Sessions>,
    pub(crate) jwt: Option<Provider>,
    pub(crate) access: Option<Provider>,
}

/// Session tokens, which this Worker signs.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    /// Valid ones; the first signs.
    pub(crate) signers: Vec<Signer>,
    pub(crate) audience: Vec<String>,
    pub(crate) seconds: u64,
    pub(crate) max_seconds: u64,
    pub(crate) turnstile: Option<Turnstile>,
    /// With any of which a backend asks for sessions of its users.
    pub(crate) service: Vec<Secret>,
}

/// The check that a browser is a person's.
#[derive(Debug, Clone)]
pub(crate) struct Turnstile {
    pub(crate) secret: Secret,
    /// What the page needs to show the check; not secret.
    pub(crate) site_key: Option<String>,
    pub(crate) url: String,
    pub(crate) hostnames: Vec<String>,
    pub(crate) action: Option<String>,
    pub(crate) anonymous: Anonymous,
}

/// An identity provider, whose tokens are signed with keys of a public list.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    pub(crate) jwks_url: String,
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    /// Seconds.
    pub(crate) leeway: u64,
    pub(crate) user_claim: String,
    pub(crate) plan_claim: Option<String>,
    pub(crate) scope_claim: Option<String>,
    /// The claim that names a service, which is no user.
    pub(crate) service_claim: Option<&'static str>,
}

impl Authentication {
    pub(crate) fn read(variables: &mut Variables<'_>) -> Self {
        let modes = need_words(variables, "AUTH_MODE", "say who may call by local, open, session, jwt or access");
        let has = |mode: &str| modes.iter().any(|given| given == mode);
        if modes.iter().any(|mode| !["local", "open", "session", "jwt", "access"].contains(&&**mode)) {
            variables.problem("AUTH_MODE must be local, open, session, jwt or access");
        }
        if modes.len() > 1 && (has("local") || has("open")) {
            variables.problem("AUTH_MODE: local and open stand alone, only session, jwt and access go together");
        }
        if has("local") {
            return Self::Local;
        }
        if has("open") {
            need(
                variables,
                RATE_LIMITER,
                "AUTH_MODE=open needs a rate limit by address, see [[ratelimits]] in wrangler.toml",
            );
            if variables.text("SITE_USD_PER_MONTH").is_none() {
                need(variables, "SITE_USD_PER_DAY", "AUTH_MODE=open needs a cap on what all users spend together");
            }
            return Self::Open(Anonymous::read(variables));
        }
        Self::Tokens(Box::new(Tokens {
            sessions: has("session").then(|| Sessions::read(variables)),
            jwt: has("jwt").then(|| Provider::read_jwt(variables)),
            access: has("access").then(|| Provider::read_access(variables, "ACCESS_AUD")),
        }))
    }

    /// Whether only a page can call: who has no token has to name an origin.
    pub fn needs_origin(&self) -> bool {
        !matches!(self, Self::Tokens(_))
    }

    /// Whether the Worker answers at this address (`https://proxy.example`). In `local` mode no other name than this
    /// machine's will do: a name that a page made point here would make that page this machine's own.
    pub fn answers_at(&self, origin: &str) -> bool {
        let host = split(origin, "://").map_or("", |(_, host)| host);
        let name = match host.split_once(']') {
            Some((address, _)) => address.strip_prefix('[').unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        !matches!(self, Self::Local) || ["localhost", "127.0.0.1", "::1"].contains(&name)
    }

    /// Site key and action of the check by which pages get sessions, if there is one.
    pub fn turnstile_widget(&self) -> Option<(&str, Option<&str>)> {
        let Self::Tokens(tokens) = self else { return None };
        let turnstile = tokens.sessions.as_ref()?.turnstile.as_ref()?;
        Some((turnstile.site_key.as_deref()?, turnstile.action.as_deref()))
    }

    /// Whether there is a `POST /session`.
    pub fn has_sessions(&self) -> bool {
        matches!(self, Self::Tokens(tokens) if tokens.sessions.is_some())
    }
}

/// Who may see the figures of all users.
#[derive(Debug, Clone)]
pub struct Admin {
    secrets: Vec<Secret>,
    /// Cloudflare Access, with addresses for names.
    pub(crate) access: Option<Authentication>,
    emails: Vec<String>,
}

impl Admin {
    /// `None` where nobody may.
    pub(crate) fn read(variables: &mut Variables<'_>) -> Option<Self> {
        let (secrets, emails) = (secrets(variables, "ADMIN_SECRET"), words(variables, "ADMIN_EMAILS"));
        let of_admin = variables.text("ADMIN_ACCESS_AUD");
        let access = (!emails.is_empty()).then(|| {
            let audience = if of_admin.is_some() { "ADMIN_ACCESS_AUD" } else { "ACCESS_AUD" };
            let mut access = Provider::read_access(variables, audience);
            // A service has no address.
            (access.user_claim, access.service_claim) = ("email".to_owned(), None);
            (access.plan_claim, access.scope_claim) = (None, None);
            Authentication::Tokens(Box::new(Tokens { access: Some(access), ..Tokens::default() }))
        });
        (access.is_some() || !secrets.is_empty()).then_some(Self { secrets, access, emails })
    }

    /// Whether an `Authorization: Basic` header has the secret as its password, whatever its user's name.
    pub(crate) fn knows(&self, authorization: &str) -> bool {
        let (scheme, credentials) = authorization.split_once(' ').unwrap_or_default();
        let credentials = credentials.trim().trim_end_matches('=').replace('+', "-").replace('/', "_");
        let credentials = decode_url(&credentials).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let (_, password) = credentials.split_once(':').unwrap_or_default();
        scheme.eq_ignore_ascii_case("basic") && self.secrets.iter().any(|secret| secret.is(password))
    }

    pub(crate) fn has_secret(&self) -> bool {
        !self.secrets.is_empty()
    }

    pub(crate) fn has_email(&self, email: &str) -> bool {
        self.emails.iter().any(|known| known.eq_ignore_ascii_case(email))
    }
}

impl Anonymous {
    fn read(variables: &mut Variables<'_>) -> Self {
        let scopes = variables.text("ANONYMOUS_SCOPES");
        let scopes = scopes.as_deref().map_or(Some(Scopes::ANONYMOUS), Scopes::parse).unwrap_or_else(|| {
            variables.problem("ANONYMOUS_SCOPES must list some of chat models media usage");
            Scopes::default()
        });
        Self {
            pseudonym: Secret::new(&long_enough(variables, "PSEUDONYM_SECRET", "it makes names of addresses")),
            plan: variables.text("ANONYMOUS_PLAN"),
            scopes,
        }
    }
}

impl Sessions {
    fn read(variables: &mut Variables<'_>) -> Self {
        let has_turnstile = variables.text("TURNSTILE_SECRET").is_some();
        let service = secrets(variables, "SERVICE_SECRET");
        if !has_turnstile && service.is_empty() {
            variables.problem(
                "TURNSTILE_SECRET and SERVICE_SECRET are not set: one of them has to be, or nobody begins a session",
            );
        }
        let seconds = variables.whole("SESSION_SECONDS", DEFAULT_SESSION_SECONDS, 1);
        let max_seconds = variables.whole("SESSION_MAX_SECONDS", DEFAULT_SESSION_MAX_SECONDS.max(seconds), 1);
        if seconds > max_seconds {
            variables.problem("SESSION_SECONDS must not be more than SESSION_MAX_SECONDS");
        }
        if max_seconds > MOST_SESSION_SECONDS {
            variables.problem("SESSION_MAX_SECONDS must not be more than 2592000, thirty days");
        }
        Self {
            signers: signers(variables),
            audience: vec![text_or(variables, "SESSION_AUDIENCE", "openrouter-wasm")],
            seconds,
            max_seconds,
            turnstile: has_turnstile.then(|| Turnstile::read(variables)),
            service,
        }
    }
}

/// Secrets without names, any of which is valid.
fn secrets(variables: &mut Variables<'_>, name: &str) -> Vec<Secret> {
    let secrets = words(variables, name);
    for secret in &secrets {
        check_length(variables, name, secret);
    }
    secrets.iter().map(|secret| Secret::new(secret)).collect()
}

/// `SESSION_SECRETS`: `november:… october:…`.
fn signers(variables: &mut Variables<'_>) -> Vec<Signer> {
    let mut signers: Vec<Signer> = Vec::new();
    for entry in need_words(variables, "SESSION_SECRETS", "secrets with their names, by spaces: november:… october:…")
    {
        let (kid, secret) = entry.split_once(':').unwrap_or_default();
        let is_name = (1..=32).contains(&kid.len())
            && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_name {
            variables.problem("SESSION_SECRETS must list secrets with their names, by spaces: november:… october:…");
        } else if signers.iter().any(|signer| signer.kid == kid || signer.secret.is(secret)) {
            variables.problem("SESSION_SECRETS has a name or a secret twice");
        } else {
            check_length(variables, "SESSION_SECRETS", secret);
            signers.push(Signer { kid: kid.to_owned(), secret: Secret::new(secret) });
        }
    }
    signers
}

impl Turnstile {
    fn read(variables: &mut Variables<'_>) -> Self {
        Self {
            secret: Secret::new(&variables.text("TURNSTILE_SECRET").unwrap_or_default()),
            site_key: variables.text("TURNSTILE_SITE_KEY"),
            url: {
                let url = text_or(variables, "TURNSTILE_VERIFY_URL", TURNSTILE_VERIFY_URL);
                check_url(variables, "TURNSTILE_VERIFY_URL", &url);
                url
            },
            hostnames: words(variables, "TURNSTILE_HOSTNAMES"),
            action: variables.text("TURNSTILE_ACTION"),
            anonymous: Anonymous::read(variables),
        }
    }
}

impl Provider {
    fn read_jwt(variables: &mut Variables<'_>) -> Self {
        let jwks_url = need(variables, "JWT_JWKS_URL", "where the identity provider lists its keys");
        if !jwks_url.is_empty() {
            check_url(variables, "JWT_JWKS_URL", &jwks_url);
        }
        Self {
            issuer: need(variables, "JWT_ISSUER", "the `iss` of the identity provider's tokens"),
            audiences: need_words(variables, "JWT_AUDIENCE", "the `aud` of tokens for this application"),
            ..Self::read(variables, "JWT", jwks_url)
        }
    }

    fn read_access(variables: &mut Variables<'_>, audience: &str) -> Self {
        let domain = need(variables, "ACCESS_TEAM_DOMAIN", "such as example.cloudflareaccess.com");
        let issuer = if has(&domain, "://") { domain } else { concat(&["https://", &domain]) };
        let issuer = issuer.trim_end_matches('/').to_owned();
        if !is_safe_url(&issuer) || issuer.matches('/').count() > 2 {
            variables.problem("ACCESS_TEAM_DOMAIN must be a domain, such as example.cloudflareaccess.com");
        }
        let jwks_url = concat(&[&issuer, "/cdn-cgi/access/certs"]);
        Self {
            issuer,
            audiences: need_words(variables, audience, "the Application Audience (AUD) Tag"),
            service_claim: Some("common_name"),
            ..Self::read(variables, "ACCESS", jwks_url)
        }
    }

    /// What both kinds have.
    fn read(variables: &mut Variables<'_>, prefix: &str, jwks_url: String) -> Self {
        let name = |rest: &str| concat(&[prefix, rest]);
        let leeway = variables.whole(&name("_LEEWAY_SECONDS"), 60, 0);
        if leeway > MOST_LEEWAY_SECONDS {
            variables.problem(concat(&[&name("_LEEWAY_SECONDS"), " must be 300 at most"]));
        }
        Self {
            jwks_url,
            issuer: String::new(),
            audiences: Vec::new(),
            leeway,
            user_claim: text_or(variables, &name("_USER_CLAIM"), "sub"),
            plan_claim: variables.text(&name("_PLAN_CLAIM")),
            scope_claim: variables.text(&name("_SCOPE_CLAIM")),
            service_claim: None,
        }
    }
}

/// What has to be set; without it this is empty, and a mistake.
fn need(variables: &mut Variables<'_>, name: &str, what: &str) -> String {
    variables.text(name).unwrap_or_else(|| {
        variables.problem(concat(&[name, " is not set: ", what]));
        String::new()
    })
}

fn long_enough(variables: &mut Variables<'_>, name: &str, what: &str) -> String {
    let secret = need(variables, name, what);
    if !secret.is_empty() {
        check_length(variables, name, &secret);
    }
    secret
}

/// As `openssl rand -base64 32` makes them.
fn check_length(variables: &mut Variables<'_>, name: &str, secret: &str) {
    if secret.len() < LEAST_SECRET_BYTES {
        variables.problem(concat(&[name, " must be random, and 32 bytes long at least: openssl rand -base64 32"]));
    }
}

fn check_url(variables: &mut Variables<'_>, name: &str, url: &str) {
    if !is_safe_url(url) {
        variables.problem(concat(&[name, " must be an https: URL without query (http: for this machine only)"]));
    }
}

fn text_or(variables: &Variables<'_>, name: &str, default: &str) -> String {
    variables.text(name).unwrap_or_else(|| default.to_owned())
}

fn words(variables: &Variables<'_>, name: &str) -> Vec<String> {
    let text = variables.text(name).unwrap_or_default();
    text.split([' ', ',', '\n', '\t']).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
}

fn need_words(variables: &mut Variables<'_>, name: &str, what: &str) -> Vec<String> {
    let words = words(variables, name);
    if words.is_empty() {
        variables.problem(concat(&[name, " is not set: ", what]));
    }
    words
}
