//! Hands every request on and the answer back, with the key put in: no checks, no limits.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::{Context, Env, Result, event};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(request: &web_sys::Request) -> js_sys::Promise;
}

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _context: Context) -> Result<web_sys::Response> {
    let url = web_sys::Url::new(&request.url())?;
    let path = url.pathname();
    let upstream = env.var("UPSTREAM")?.to_string() + path.strip_prefix("/api/v1").unwrap_or(&path);
    let init = web_sys::RequestInit::new();
    init.set_method(&request.method());
    if let Some(body) = request.body() {
        init.set_body(&body);
    }
    let headers = web_sys::Headers::new()?;
    headers.set("authorization", &format!("Bearer {}", env.var("KEY")?.to_string()))?;
    headers.set("content-type", "application/json")?;
    init.set_headers(&headers);
    let request = web_sys::Request::new_with_str_and_init(&upstream, &init)?;
    Ok(JsFuture::from(global_fetch(&request)).await?.unchecked_into())
}
