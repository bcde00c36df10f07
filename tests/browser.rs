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
    "/src/browser/auth.js" authorize as auth,
    "/src/browser/conversation.js" conversationClass as conversation,
    "/src/browser/error.js" OpenRouterError as error,
    "/src/browser/events.js" EventStream as events,
    "/src/browser/exchange.js" Exchange as exchange,
    "/src/browser/models.js" Catalogue as models,
    "/src/browser/openrouter.js" openRouterClass as openrouter,
    "/src/browser/stream.js" ChatCompletionStream as stream,
    "/src/browser/structured.js" messageParser as structured,
    "/src/browser/tools.js" tool as tools,
    "/tests/browser/auth.js" authAlone as auth_scenarios,
    "/tests/browser/tools.js" alone as tool_scenarios,
    "/tests/browser/endpoints.js" endpoints as endpoints,
    "/tests/browser/robustness.js" robustAlone as robustness,
    "/src/browser/parts.js" contentPartOver as parts,
    "/tests/browser/conversation.js" conversationAlone as conversation_scenarios,
    "/tests/browser/models.js" alone as model_scenarios,
    "/tests/browser/support.js" connect as support
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
        a_wrong_message_is_refused_and_can_be_taken_back,
        models_are_found_by_needs,
        a_list_of_other_outputs_or_providers_is_asked_for,
        the_cheapest_model_is_by_the_expected_request,
        needs_that_make_no_sense_are_refused_before_anything_is_sent,
        what_a_usage_costs_is_told_exactly,
        an_answer_is_kept_as_long_as_its_headers_say,
        an_answer_that_has_been_on_its_way_for_long_is_older,
        each_query_and_each_key_has_its_own_answer,
        reload_and_no_store_ask_again,
        what_must_not_be_stored_is_not,
        a_stale_answer_is_asked_for_by_its_tag_and_young_again,
        a_stale_answer_is_given_at_once_while_a_new_one_is_asked_for,
        a_stale_answer_is_better_than_a_passing_failure_but_not_than_a_refusal,
        callers_share_a_request_and_the_last_to_leave_ends_it,
        only_who_asks_for_the_same_in_the_same_way_shares_a_request,
        an_answer_that_is_none_is_said_to_be_malformed,
        an_option_that_is_none_is_named_for_a_call_too,
        spellings_of_older_guides_are_brought_up_to_date_and_told_once,
        what_a_hook_throws_ends_the_call,
        a_body_that_is_deaf_to_its_signal_is_left,
        an_abort_is_told_while_the_module_is_loaded,
        a_file_that_cannot_be_read_is_named,
        text_is_the_text_wherever_the_stream_was_begun,
        a_run_ends_though_its_tool_is_deaf,
        a_run_counts_what_its_failed_step_cost,
        an_answer_without_data_is_malformed,
        an_output_that_is_no_json_is_refused,
        a_conversation_goes_on_after_an_abort_that_nobody_reads,
        an_answer_without_a_choice_is_no_message,
        a_comparison_refuses_what_is_no_signal,
        each_callers_own_fetch_and_hooks_are_his,
        who_leaves_while_the_context_is_looked_up_is_told_at_once,
        a_token_is_asked_for_once_by_all_that_begin_together_and_kept,
        a_token_may_be_a_text_or_given_at_once_and_a_calls_own_goes_first,
        a_refused_token_is_replaced_once_which_is_no_retry,
        a_second_refusal_is_the_error,
        all_that_are_refused_together_ask_for_one_token,
        who_comes_while_a_refused_token_is_replaced_waits_for_the_new_one,
        a_token_that_is_soon_over_is_replaced_before_it_is_sent,
        what_the_function_throws_ends_the_calls_that_wait,
        what_is_no_token_is_named,
        wrong_ways_to_say_who_calls_are_refused_before_anything_is_sent,
        who_leaves_while_a_token_is_asked_for_is_told_at_once,
        a_call_does_not_wait_for_a_token_longer_than_it_may_take,
        each_token_has_its_own_catalogue,
        a_list_for_a_token_that_was_refused_is_not_kept_as_its_own,
        tool_runs_conversations_and_comparisons_use_it_alike;
    with_simulator:
        what_fails_for_a_moment_is_asked_again,
        what_will_not_get_better_is_asked_once,
        the_error_says_how_often_it_was_tried,
        a_stream_is_asked_again_only_before_its_first_chunk,
        another_model_is_asked_when_one_has_failed_for_good,
        each_limit_ends_what_takes_longer,
        who_reads_slowly_is_not_answered_slowly,
        a_pause_ends_when_the_caller_does,
        hooks_and_fetch_see_what_is_sent_and_hooks_no_secret,
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
        the_bytes_of_speech_end_with_the_call,
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
        the_catalogue_is_read_by_name,
        every_parameter_of_the_list_is_sent,
        the_whole_list_is_looked_through_here,
        the_server_is_asked_by_tag_where_it_shows_one,
        a_browser_cache_does_not_answer_for_the_server,
        leaving_a_shared_request_is_seen_upstream,
        a_session_that_was_refused_upstream_is_renewed_for_every_kind_of_call,
        a_stream_that_has_begun_is_not_asked_for_again_with_another_token,
}
