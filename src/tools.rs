//! The tool loop: which of the model's calls may run, what the steps cost, and when the loop ends.

use alloc::string::String;

use crate::{
    conversation::add,
    error::{Error, ErrorKind},
    json::{Value, concat, separate},
    json_schema::misfit,
};

/// What becomes of one step, as JSON: `{problems, usage?, error?}`.
///
/// `turn` is `{calls, tools, usages, isLast}`: the calls as the stream's events tell them (`name`, `arguments` as text,
/// `isComplete`), the functions that the request lists (`name`, and the JSON Schema of those that have no validator),
/// the usage of each step so far, and whether there may be no further step.
///
/// `problems` has an element for each call: null where it may run, else a sentence for the model. `usage` is the sum,
/// with exact amounts. `error` is there if the model called tools in the last step that it had.
#[must_use]
pub fn turn(turn: &Value<'_>) -> String {
    let calls = turn.at("calls").items();
    let mut out = String::from("{\"problems\":[");
    for call in calls {
        separate(&mut out);
        problem(call, turn.at("tools").items()).map_or(Value::Null, |problem| Value::string(&problem)).write(&mut out);
    }
    out.push(']');
    let mut usage = Value::Null;
    for more in turn.at("usages").items() {
        add(&mut usage, more);
    }
    if usage.is_object() {
        out.push_str(",\"usage\":");
        usage.write(&mut out);
    }
    if turn.at("isLast").is_true() && !calls.is_empty() {
        out.push_str(",\"error\":");
        out.push_str(&Error::of(ErrorKind::StepLimit).to_json());
    }
    out + "}"
}

/// Why a call must not run, told to the model, whose own arguments they are.
fn problem(call: &Value<'_>, tools: &[Value<'_>]) -> Option<String> {
    let name = call.raw_of("name");
    let Some(tool) = tools.iter().find(|tool| name.is_some() && tool.raw_of("name") == name) else {
        return Some("there is no tool of this name".into());
    };
    let text = call.text_of("arguments").unwrap_or_default();
    let Some(arguments) = Value::parse(&text).filter(|_| call.at("isComplete").is_true()) else {
        return Some("the arguments are not JSON, or were cut off".into());
    };
    Some(concat(&["the arguments do not fit their schema: ", &*misfit(&arguments, tool.present("schema")?)?]))
}

#[cfg(test)]
mod tests {
    use std::prelude::rust_2024::*;

    use serde_json::{Value as Document, json};

    use super::*;

    fn decided(turn: &Document) -> Document {
        serde_json::from_str(&super::turn(&Value::parse(&turn.to_string()).unwrap())).unwrap()
    }

    fn problem(arguments: &str, is_complete: bool) -> Document {
        let tools = json!([{"name": "other"}, {"name": "f", "schema": {"type": "object", "required": ["city"]}}]);
        let calls = json!([{"name": "f", "arguments": arguments, "isComplete": is_complete}]);
        decided(&json!({"calls": calls, "tools": tools, "usages": [], "isLast": false}))["problems"][0].clone()
    }

    #[test]
    fn a_call_runs_if_its_tool_is_known_and_its_arguments_fit() {
        assert_eq!(problem(r#"{"city":"Berlin"}"#, true), Document::Null);
        assert_eq!(problem("{}", true), "the arguments do not fit their schema: required at city");
        assert_eq!(problem("[]", true), "the arguments do not fit their schema: type at the top");
        assert_eq!(problem("{\"city\":", true), "the arguments are not JSON, or were cut off");
        assert_eq!(problem("{\"city\":1}", false), "the arguments are not JSON, or were cut off");
    }

    #[test]
    fn each_call_has_its_own_verdict() {
        let calls = json!([{"name": "g", "arguments": "{}", "isComplete": true}, {"name": "f", "arguments": "5", "isComplete": true}, {}]);
        let turn = decided(&json!({"calls": calls, "tools": [{"name": "f", "schema": null}], "isLast": false}));
        assert_eq!(turn["problems"], json!(["there is no tool of this name", null, "there is no tool of this name"]));
    }

    #[test]
    fn only_calls_in_the_last_step_pass_the_limit() {
        let step = |is_last: bool, calls: Document| decided(&json!({"calls": calls, "isLast": is_last}));
        let calls = json!([{"name": "f", "arguments": "{}"}]);
        assert_eq!(step(false, calls.clone()).get("error"), None);
        assert_eq!(step(true, json!([])), json!({"problems": []}));
        let error = &step(true, calls)["error"];
        assert_eq!(error["code"], "step_limit");
    }

    #[test]
    fn what_the_steps_cost_is_added_exactly() {
        let usages = json!([
            {"total_tokens": 3, "cost": 0.1, "is_byok": true, "details": {"cached_tokens": 1}, "other": null},
            {"total_tokens": 4, "cost": 0.2, "is_byok": false, "details": null, "other": 5},
            {"total_tokens": 5, "cost": 8.1e-5, "details": {"cached_tokens": 2, "new": 1}, "server": {"n": 1}},
        ]);
        let turn = super::turn(&Value::parse(&json!({"usages": usages}).to_string()).unwrap());
        assert_eq!(
            turn,
            r#"{"problems":[],"usage":{"total_tokens":12,"cost":0.300081,"is_byok":false,"details":{"cached_tokens":3,"new":1},"other":5,"server":{"n":1}}}"#
        );
        assert_eq!(decided(&json!({"usages": []})), json!({"problems": []}));
    }

    #[test]
    fn a_number_that_is_no_amount_replaces_the_one_before() {
        assert_eq!(decided(&json!({"usages": [{"cost": 1}, {"cost": -1}]}))["usage"], json!({"cost": -1}));
    }
}
