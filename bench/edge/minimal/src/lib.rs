//! Hands every request on and the answer back, with the key put in: no checks, no limits.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, Request, RequestInit, Response, Url};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(request: &Request) -> js_sys::Promise;
}

#[wasm_bindgen]
pub async fn handle(request: Request, env: JsValue) -> Result<Response, JsValue> {
    let variable = |name: &str| Reflect::get(&env, &name.into()).map(|value| value.as_string().unwrap_or_default());
    let path = Url::new(&request.url())?.pathname();
    let upstream = variable("UPSTREAM")? + path.strip_prefix("/api/v1").unwrap_or(&path);
    let init = RequestInit::new();
    init.set_method(&request.method());
    if let Some(body) = request.body() {
        init.set_body(&body);
    }
    let headers = Headers::new()?;
    headers.set("authorization", &format!("Bearer {}", variable("KEY")?))?;
    headers.set("content-type", "application/json")?;
    init.set_headers(&headers);
    let request = Request::new_with_str_and_init(&upstream, &init)?;
    Ok(JsFuture::from(global_fetch(&request)).await?.unchecked_into())
}
