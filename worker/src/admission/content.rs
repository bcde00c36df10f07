//! What the model reads: how much of it is more than the body's bytes.

use openrouter_wasm::json::Value;

use super::{Asked, forbidden, plain};
use crate::policy::Refusal;

/// Parts whose tokens are bytes of the body. Whatever else there is may be a picture, a sound, or an address of one.
const TEXTS: [&str; 25] = [
    "text",
    "input_text",
    "output_text",
    "summary_text",
    "reasoning_text",
    "refusal",
    "message",
    "content",
    "thinking",
    "redacted_thinking",
    "reasoning",
    "reasoning.text",
    "reasoning.summary",
    "reasoning.encrypted",
    "reasoning.server_tool_call",
    "function",
    "function_call",
    "function_call_output",
    "custom",
    "custom_tool_call",
    "custom_tool_call_output",
    "tool_use",
    "tool_result",
    "url_citation",
    "search_result",
];

/// Looks through messages, inputs and documents, and counts what is no text.
///
/// # Errors
/// What refers to files of the account, which all users of the key share.
pub(super) fn look(content: &Value<'_>, asked: &mut Asked) -> Result<(), Refusal> {
    for item in content.items() {
        look(item, asked)?;
    }
    let kind = content.text_of("type");
    let is_text = kind.as_ref().is_none_or(|kind| TEXTS.contains(&&**kind));
    if let Some(kind) = &kind {
        if ["file", "input_file", "document"].contains(&&**kind) {
            asked.files += 1;
        }
        if !is_text {
            asked.pictures += 1;
            asked.is_open = true;
        }
    }
    for (key, value) in content.entries() {
        if value.is_null() {
            continue;
        }
        match &*plain(key) {
            "file_id" | "container_id" => {
                return Err(forbidden(&["files of the account are not available through this proxy"]));
            }
            "cache_control" | "prompt_cache_breakpoint" => asked.caches = true,
            // The caller's own data, whatever its keys are called.
            "input" | "arguments" if kind.as_deref().is_some_and(|kind| kind != "message") => {}
            // What was parsed before is not parsed again, but it is read again.
            "annotations" => {
                let notes = value.items().iter();
                asked.is_open |= notes.into_iter().any(|note| note.text_of("type").as_deref() != Some("url_citation"));
            }
            // A sound that was sent before, by its id; pictures that are written without a type.
            "audio" | "image" | "image_url" | "images" if is_text => {
                asked.pictures += value.items().len().max(1) as u64;
                asked.is_open = true;
            }
            _ => look(value, asked)?,
        }
    }
    Ok(())
}
