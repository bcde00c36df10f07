//! `POST /session`: a token for a short time, for a browser that passed Turnstile or for a backend that knows the service
//! secret. What is asked of others, and what they answer, is only read and written here.

use openrouter_wasm::json::{ObjectWriter, Value, decimal, join};

use super::{
    Identity, Scopes, anonymous_name,
    settings::{Sessions, Turnstile},
    token::{object, user_name},
};
use crate::{policy::Refusal, text::fill};

/// Where sessions begin.
pub const SESSION_PATH: &str = "/session";

/// The most bytes that the body of a `POST /session` may have: Turnstile's tokens have 2,048 characters.
pub const MAX_SESSION_BYTES: u64 = 8192;

/// The longest token of Turnstile, as Cloudflare says.
const MAX_TURNSTILE_BYTES: usize = 2048;

/// A session that may be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) user: String,
    pub(crate) plan: Option<String>,
    pub(crate) scopes: Scopes,
    pub(crate) seconds: u64,
}

/// A request for a session.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// By a backend, which answers for its user.
    Granted(Grant),
    /// By a browser, with a token that Turnstile has to be asked about.
    Challenged(String),
}

/// Reads who asks for what. `bearer` is what the `Authorization` header presents.
pub(crate) fn read_request(
    sessions: &Sessions,
    bearer: Option<&str>,
    has_origin: bool,
    body: &[u8],
) -> Result<Asked, Refusal> {
    if let Some(presented) = bearer {
        // All are compared, so that the time does not tell which one it was.
        if !sessions.service.iter().fold(false, |is_known, secret| secret.is(presented) | is_known) {
            return Err(Refusal::new(401, "authentication", "This is not the service secret."));
        }
    } else if sessions.turnstile.is_none() {
        return Err(Refusal::new(401, "authentication", "Sessions are for backends that present the service secret."));
    } else if !has_origin {
        return Err(Refusal::new(
            403,
            "permission_denied",
            "A POST needs an Origin header that is in ALLOWED_ORIGINS, or the service secret.",
        ));
    }
    let invalid = |message: String| Refusal::new(400, "invalid_request", message);
    let body = std::str::from_utf8(body)
        .ok()
        .and_then(object)
        .ok_or_else(|| invalid("The body is not a JSON object that names each field once.".to_owned()))?;
    let fields = if bearer.is_some() { &["user", "plan", "expiresIn", "scopes"][..] } else { &["turnstileToken"] };
    let foreign = body.entries().iter().find(|(key, _)| !fields.contains(&&**key));
    if foreign.is_some() {
        // A misspelt field must not be one that is left out.
        return Err(invalid(fill("The body may have these fields only: %.", &[&join(fields.iter(), ", ")])));
    }
    if bearer.is_none() {
        let token = body.text_of("turnstileToken").unwrap_or_default();
        if token.is_empty() || token.len() > MAX_TURNSTILE_BYTES {
            return Err(invalid("turnstileToken: expected the token that Turnstile gave to the page".to_owned()));
        }
        return Ok(Asked::Challenged(token.into_owned()));
    }
    read_grant(sessions, &body).map(Asked::Granted).map_err(invalid)
}

fn read_grant(sessions: &Sessions, body: &Value<'_>) -> Result<Grant, String> {
    let user = user_name(body.at("user")).ok_or("user: expected the name of a user, 1 to 200 bytes long")?;
    let plan = match body.present("plan") {
        None => None,
        Some(plan) => Some(plan_name(plan).ok_or("plan: expected the name of a plan")?),
    };
    let seconds = match body.present("expiresIn") {
        None => sessions.seconds,
        Some(_) => body
            .index_of("expiresIn")
            .map(u64::from)
            .filter(|seconds| (1..=sessions.max_seconds).contains(seconds))
            .ok_or_else(|| fill("expiresIn: expected whole seconds, 1 to %", &[&decimal(sessions.max_seconds)]))?,
    };
    let scopes = match body.present("scopes") {
        None => Scopes::ALL,
        Some(scopes) => {
            Scopes::read(scopes).ok_or("scopes: expected an array of some of chat, models, media, usage")?
        }
    };
    Ok(Grant { user, plan, scopes, seconds })
}

/// A plan's name: it goes into headers and tables as a user's does.
pub(crate) fn plan_name(claim: &Value<'_>) -> Option<String> {
    claim.text()?;
    user_name(claim)
}

/// The body that asks Cloudflare whether a token is good.
pub(crate) fn siteverify_request(turnstile: &Turnstile, token: &str, ip: Option<&str>) -> String {
    let mut body = String::new();
    let mut writer = ObjectWriter::new(&mut body);
    writer.text("secret", Some(turnstile.secret.reveal()));
    writer.text("response", Some(token));
    writer.text("remoteip", ip);
    writer.end();
    body
}

/// Reads what siteverify said; what it says that cannot be understood is no yes.
pub(crate) fn read_siteverify(turnstile: &Turnstile, answer: &str) -> Result<(), Refusal> {
    let refused = |message: &str| Refusal::new(401, "authentication", message);
    let answer = object(answer).ok_or_else(turnstile_unavailable)?;
    let has_code =
        |code: &str| answer.at("error-codes").items().iter().any(|given| given.text().as_deref() == Some(code));
    if !answer.at("success").is_true() {
        return Err(match () {
            () if has_code("invalid-input-secret") || has_code("missing-input-secret") => Refusal::misconfigured(
                "Turnstile refused the proxy's secret: its owner has to set TURNSTILE_SECRET again.",
            ),
            () if has_code("internal-error") => turnstile_unavailable(),
            () if has_code("timeout-or-duplicate") => {
                refused("The Turnstile token was used before, or is too old: get a new one.")
            }
            () if answer.get("success").is_none() => turnstile_unavailable(),
            () => refused("Turnstile did not accept the token: get a new one."),
        });
    }
    let is_hostname = |hostname: &str| turnstile.hostnames.iter().any(|known| known.eq_ignore_ascii_case(hostname));
    if !turnstile.hostnames.is_empty() && !answer.text_of("hostname").is_some_and(|hostname| is_hostname(&hostname)) {
        return Err(refused("The Turnstile token is of another site."));
    }
    if turnstile.action.is_some() && answer.text_of("action").as_deref() != turnstile.action.as_deref() {
        return Err(refused("The Turnstile token is for another action."));
    }
    Ok(())
}

pub(crate) fn turnstile_unavailable() -> Refusal {
    Refusal::new(503, "temporarily_unavailable", "Turnstile cannot be asked at the moment. Try again.")
}

/// What is granted to a browser that passed.
pub(crate) fn anonymous_grant(sessions: &Sessions, turnstile: &Turnstile, ip: Option<&str>) -> Result<Grant, Refusal> {
    let anonymous = &turnstile.anonymous;
    Ok(Grant {
        user: anonymous_name(anonymous, ip)?,
        plan: anonymous.plan.clone(),
        scopes: anonymous.scopes,
        seconds: sessions.seconds,
    })
}

/// The answer: `{token, expiresAt}`, where `expiresAt` is Unix time in milliseconds, as JavaScript counts.
pub(crate) fn answer(sessions: &Sessions, grant: &Grant, now_ms: f64) -> Result<String, Refusal> {
    let signer = sessions.signers.first().ok_or_else(|| Refusal::misconfigured("SESSION_SECRETS is not set."))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole seconds of today")]
    let now = (now_ms / 1000.0) as u64;
    let expires = now + grant.seconds;

    let mut claims = String::new();
    let mut writer = ObjectWriter::new(&mut claims);
    writer.text("sub", Some(&grant.user));
    writer.text("plan", grant.plan.as_deref());
    writer.text("scope", Some(&grant.scopes.to_string()));
    writer.text("aud", sessions.audience.first().map(String::as_str));
    for (name, time) in [("iat", now), ("nbf", now), ("exp", expires)] {
        writer.value(name, &Value::integer(time));
    }
    writer.end();

    let mut answer = String::new();
    let mut writer = ObjectWriter::new(&mut answer);
    writer.text("token", Some(&signer.sign(&claims)));
    writer.value("expiresAt", &Value::integer(expires * 1000));
    writer.end();
    Ok(answer)
}

/// Who the claims of a session token speak of.
pub(crate) fn identity(claims: &Value<'_>) -> Option<Identity> {
    let user = claims.text_of("sub").filter(|user| !user.is_empty())?.into_owned();
    Some(Identity {
        user,
        plan: claims.text_of("plan").map(Into::into),
        scopes: Scopes::read_known(claims.present("scope")?),
        is_local: false,
    })
}
