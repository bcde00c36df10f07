//! Who may see the figures, and how they are answered: read only, for no other site's page, and kept by nobody.

use js_sys::Promise;
use openrouter_wasm::json::concat;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Response;

use super::{ASSETS, STATS, View, days};
use crate::{
    config::Config,
    http::{Head, Headers, respond},
    identity::{Admin, edge},
    ledger::{
        objects::{failure, object},
        remote::{Stub, binding, url},
    },
    platform::{Env, Result},
    policy::{self, Refusal},
    task::JsFuture,
    text::fill,
};

/// What every answer has, and nothing that lets another origin read it. Of the page's own files alone anything is loaded.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
];

pub(crate) fn headers(head: &Head<'_>) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in HEADERS {
        headers.set(name, value);
    }
    headers.set("x-request-id", head.request_id());
    headers
}

/// What is asked for.
///
/// # Errors
/// 401 and 403 for others, 400 and 413 for the days, 503 where the object fails.
pub(crate) async fn show(
    head: &Head<'_>,
    config: &Config,
    env: &Env,
    view: View,
) -> std::result::Result<Response, Refusal> {
    let Some(admin) = &config.stats.admin else { return Err(policy::not_found()) };
    check(head, admin).await?;
    let asked = ask(env, view, head.own_origin(), days(head.query())?);
    let unavailable = |_| Refusal::new(503, "temporarily_unavailable", "The figures cannot be asked at the moment.");
    let response: Response = JsFuture::from(asked.map_err(unavailable)?).await.map_err(unavailable)?.unchecked_into();
    match response.status() {
        200 => {
            let mut headers = headers(head);
            headers.set("content-type", view.content_type());
            respond(200, &headers, response.body().map(JsValue::from).as_ref()).map_err(unavailable)
        }
        413 => Err(Refusal::new(413, "payload_too_large", "These are too many rows: ask for fewer days.")),
        _ => Err(unavailable(JsValue::NULL)),
    }
}

/// By the secret, as the password of HTTP Basic, or by Cloudflare Access and a listed address.
async fn check(head: &Head<'_>, admin: &Admin) -> std::result::Result<(), Refusal> {
    if admin.knows(&head.header("authorization").unwrap_or_default()) {
        return Ok(());
    }
    let identity = match &admin.access {
        // The one machine that finds out who somebody is.
        Some(access) => edge::identify(access, head).await,
        None => Err(Refusal::new(401, "authentication", "This is for the admin.")),
    };
    match identity {
        Ok(identity) if admin.has_email(&identity.user) => Ok(()),
        Ok(_) => Err(Refusal::new(403, "permission_denied", "This is for the addresses in ADMIN_EMAILS.")),
        Err(mut refusal) => {
            if admin.has_secret() {
                refusal.headers.push(("www-authenticate", r#"Basic realm="admin", charset="UTF-8""#.to_owned()));
            }
            Err(refusal)
        }
    }
}

fn ask(env: &Env, view: View, origin: &str, [from, to]: [&str; 2]) -> Result<Promise> {
    let call = match view {
        View::Page => {
            let files = binding(env, ASSETS).ok_or_else(|| failure("ASSETS is not bound"))?;
            return files.unchecked_ref::<Stub>().fetch(&concat(&[origin, "/admin"]));
        }
        View::Figures => "figures",
        View::Export => "export",
    };
    object(env, STATS, STATS)?.fetch(&url(&fill("%/%/%", &[call, from, to])))
}
