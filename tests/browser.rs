//! The JavaScript surface in a real browser, by `wasm-pack test --headless --chrome` or `--firefox`.
//!
//! Typed alone it runs what needs no server and says what it leaves out. With the feature `simulator-tests`, and
//! `OPENROUTER_SIMULATOR` set to the simulator's URL when this is compiled (`npm test` does both), all of it runs.

#![cfg(all(target_arch = "wasm32", feature = "browser"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use openrouter_wasm::browser::Core;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(module = "/tests/browser/harness.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn run(name: &str, core: &JsValue, simulator: Option<&str>) -> Result<(), JsValue>;
}

#[wasm_bindgen(module = "/tests/browser/scenarios.js")]
extern "C" {
    #[wasm_bindgen(js_name = scenarioNames)]
    fn scenario_names() -> Vec<String>;
}

/// Names the files that others import, so that they stand beside each other.
macro_rules! bring {
    ($($file:literal $name:ident as $unused:ident),*) => {
        $(
            #[wasm_bindgen(module = $file)]
            extern "C" {
                #[wasm_bindgen(js_name = $name)]
                #[allow(dead_code, reason = "naming it is all")]
                fn $unused();
            }
        )*
    };
}

bring! {
    "/src/browser/conversation.js" conversationClass as conversation,
    "/src/browser/error.js" OpenRouterError as error,
    "/src/browser/events.js" EventStream as events,
    "/src/browser/exchange.js" Exchange as exchange,
    "/src/browser/openrouter.js" openRouterClass as openrouter,
    "/src/browser/stream.js" ChatCompletionStream as stream,
    "/src/browser/structured.js" messageParser as structured,
    "/src/browser/tools.js" tool as tools,
    "/tests/browser/tools.js" alone as tool_scenarios,
    "/tests/browser/endpoints.js" endpoints as endpoints,
    "/src/browser/parts.js" contentPartOver as parts,
    "/tests/browser/conversation.js" conversationAlone as conversation_scenarios
}

/// Where the simulator listens, if this was compiled for it.
const SIMULATOR: Option<&str> = option_env!("OPENROUTER_SIMULATOR");

async fn scenario(name: &str) {
    let core = Core::new(Some("{}".into()), None, "{}");
    if let Err(error) = run(name, &core.into(), SIMULATOR).await {
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
        prices_are_told_per_million,
        an_output_that_is_none_is_refused_before_anything_is_sent,
        wrong_options_of_a_tool_run_are_refused_before_anything_is_sent,
        a_wrong_request_to_an_endpoint_is_refused_before_anything_is_sent,
        a_file_becomes_the_part_that_fits_it,
        a_large_file_is_whole_in_its_part,
        a_file_that_the_api_does_not_take_is_refused,
        what_is_no_conversation_is_refused_with_its_field,
        a_wrong_message_is_refused_and_can_be_taken_back;
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
        every_chunk_is_what_the_engine_makes_of_its_event,
        an_output_is_asked_for_by_its_schema_and_comes_checked,
        an_answer_is_checked_by_the_callers_validator,
        an_answer_that_is_no_output_says_why_and_keeps_the_text,
        a_streamed_message_holds_an_output_too,
        tools_are_run_until_the_model_answers,
        a_run_tells_all_that_happens_to_each_who_asks,
        parallel_calls_run_together_unless_told_otherwise,
        what_goes_wrong_with_a_call_is_told_to_the_model,
        a_result_is_sent_as_text_json_or_parts,
        arguments_come_as_the_validator_gives_them,
        a_run_ends_at_its_last_step_and_can_go_on_from_there,
        a_tool_without_a_handler_is_the_callers_to_answer,
        reasoning_goes_back_as_it_came_and_costs_are_added_exactly,
        a_run_can_be_ended_while_it_asks_and_while_a_tool_runs,
        a_run_that_fails_says_so_and_lets_go_of_the_signal,
        a_run_reads_its_request_when_it_is_made,
        embeddings_reranks_and_images_come_as_sent,
        speech_is_a_response_whose_bytes_can_be_read,
        a_recording_is_transcribed_from_a_blob,
        responses_and_messages_come_whole,
        a_stream_of_responses_gives_its_events_its_text_and_its_response,
        a_stream_of_messages_gives_its_events_and_its_message,
        a_message_with_a_tool_call_has_its_input,
        images_are_streamed_or_come_in_one_document,
        a_stream_of_events_that_fails_says_so_after_its_events,
        leaving_a_stream_of_events_ends_the_request_and_the_upstream_sees_it,
        a_raw_request_goes_to_its_path,
        the_key_tells_about_itself,
        a_generation_is_looked_up_until_it_is_there,
        a_code_is_exchanged_without_a_key,
        a_conversation_sends_its_history,
        a_conversation_can_be_streamed_in_every_view,
        an_answer_that_fails_leaves_the_message_pending,
        an_answer_that_the_caller_leaves_is_not_in_the_history,
        one_answer_at_a_time,
        callers_may_go_on_with_their_list_while_it_is_asked,
        what_does_not_fit_is_left_out_by_whole_turns,
        what_an_answer_says_of_its_prompt_is_what_it_counts,
        the_context_length_can_be_looked_up,
        what_another_author_thought_goes_on_without_what_only_he_can_read,
        usage_is_the_exact_sum,
        a_conversation_is_saved_and_goes_on,
        models_are_compared_side_by_side,
        each_compared_model_has_its_own_stream,
        a_comparison_can_be_cancelled,
}
