//! The JavaScript surface in a real browser, by `wasm-pack test --headless --chrome` or `--firefox`.
//!
//! Typed alone it runs what needs no server and says what it leaves out. With the feature `simulator-tests`, and
//! `OPENROUTER_SIMULATOR` set to the simulator's URL when this is compiled (`npm test` does both), all of it runs.

#![cfg(all(target_arch = "wasm32", feature = "browser"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use openrouter_wasm::{browser::OpenRouter, chat::ChatStream, error::ResponseFacts};
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(module = "/tests/browser/harness.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn run(
        name: &str,
        client: &JsValue,
        price_per_million: &JsValue,
        simulator: Option<&str>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_name = bodyAndCompletion)]
    async fn body_and_completion(client: &JsValue, simulator: &str, model: &str) -> Result<JsValue, JsValue>;
}

// Named here, so that the file stands beside the one that imports it.
#[wasm_bindgen(module = "/tests/browser/scenarios.js")]
extern "C" {
    #[wasm_bindgen(js_name = scenarioNames)]
    fn scenario_names() -> Vec<String>;
}

/// Where the simulator listens, if this was compiled for it.
const SIMULATOR: Option<&str> = option_env!("OPENROUTER_SIMULATOR");

fn client() -> JsValue {
    let options = js_sys::JSON::parse(r#"{"baseURL": "http://127.0.0.1:9/api/v1"}"#).unwrap();
    OpenRouter::new(Some(options.unchecked_into())).unwrap().into()
}

async fn scenario(name: &str) {
    let price_per_million = Closure::<dyn Fn(String) -> Option<String>>::new(|price: String| {
        openrouter_wasm::browser::price_per_million(&price)
    });
    if let Err(error) = run(name, &client(), price_per_million.as_ref(), SIMULATOR).await {
        wasm_bindgen::throw_val(error);
    }
}

macro_rules! scenarios {
    (alone: $($alone:ident),* ; with_simulator: $($with_simulator:ident),* $(,)?) => {
        $(
            #[wasm_bindgen_test]
            async fn $alone() {
                scenario(stringify!($alone)).await;
            }
        )*
        $(
            #[wasm_bindgen_test]
            #[cfg_attr(not(feature = "simulator-tests"), ignore = "it needs the simulator: run `npm test`")]
            async fn $with_simulator() {
                scenario(stringify!($with_simulator)).await;
            }
        )*

        #[wasm_bindgen_test]
        fn every_scenario_is_run() {
            let mut here = vec![$(stringify!($alone),)* $(stringify!($with_simulator),)*];
            let mut there = scenario_names();
            here.sort_unstable();
            there.sort_unstable();
            assert_eq!(here, there);
        }
    };
}

scenarios! {
    alone:
        a_wrong_option_is_named,
        a_wrong_request_is_refused_before_anything_is_sent,
        an_undefined_field_is_an_absent_one,
        a_server_that_is_not_there_is_a_network_error,
        an_aborted_signal_rejects_with_its_reason,
        a_stream_is_there_at_once_and_nobody_has_to_read_it,
        prices_are_told_per_million;
    with_simulator:
        chat_gives_the_answer_as_sent,
        the_request_is_sent_as_given,
        a_call_reads_its_request_when_it_is_made,
        chunks_are_openrouters_own,
        chunks_come_as_they_are_sent,
        the_answer_is_the_same_wherever_it_is_cut,
        a_stream_can_be_read_in_every_way,
        events_tell_one_thing_at_a_time,
        the_final_message_can_be_sent_back,
        a_stream_that_fails_says_so_after_its_chunks,
        errors_have_their_codes,
        aborting_ends_the_request_and_the_upstream_sees_it,
        leaving_a_stream_ends_the_request_and_the_upstream_sees_it,
        a_stream_that_failed_ends_its_request,
        a_failed_stream_tells_all_that_came_before_the_error,
        cancel_ends_a_stream_that_is_being_read,
        a_signal_that_lives_on_is_let_go,
        a_connection_is_left_whole_after_done,
        a_body_that_stays_open_after_done_is_let_go,
        what_the_response_says_is_there,
        the_model_list_comes_as_sent,
}

/// One logic, two JSON views: the engine's objects and `serde_json` must give the same answer to the same bytes.
#[wasm_bindgen_test]
#[cfg_attr(not(feature = "simulator-tests"), ignore = "it needs the simulator: run `npm test`")]
async fn both_views_of_json_agree() {
    let simulator = SIMULATOR.expect("OPENROUTER_SIMULATOR was set when this was compiled");
    for model in [
        "text",
        "images",
        "audio",
        "annotations",
        "refusal",
        "two-choices",
        "lone-surrogate",
        "split-surrogates",
        "tools",
        "tools-single",
        "tools-parallel",
        "tools-duplicate-ids",
        "tools-empty-ids",
        "tools-no-index",
        "tools-trailing-space",
        "tools-finish-stop",
        "tools-missing-arguments",
        "tools-cut-arguments",
        "reasoning",
        "reasoning-late-signature",
        "reasoning-encrypted",
        "reasoning-plain",
        "length",
        "usage-empty-choices",
        "usage-null-finish",
        "usage-twice",
        "no-usage",
        "after-done",
        "finish-no-done",
        "comments",
        "crlf",
        "bom",
        "bad-utf8",
    ] {
        let answer = body_and_completion(&client(), simulator, model)
            .await
            .unwrap_or_else(|error| wasm_bindgen::throw_val(error));
        let part = |name: &str| js_sys::Reflect::get(&answer, &name.into()).unwrap();
        let bytes = js_sys::Uint8Array::new(&part("body")).to_vec();
        let mut stream = ChatStream::<Value>::new(ResponseFacts::default());
        stream.push(&bytes, &mut Vec::new()).unwrap();
        stream.finish().unwrap();
        let by_serde = serde_json::to_value(stream.completion()).unwrap();
        let by_engine: Value = serde_json::from_str(&part("completion").as_string().unwrap()).unwrap();
        assert_eq!(by_engine, by_serde, "{model}");
    }
}
