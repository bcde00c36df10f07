//! What chunks add up to: the final message, in the shape in which the API gives and takes it.

use alloc::{
    borrow::{Cow, ToOwned},
    string::String,
    vec,
    vec::Vec,
};
use core::mem;

use super::template::Hole;
use crate::json::{ObjectWriter, Value, concat, decimal, quote, separate, unescape};

/// Keys as written, in the order in which they came.
pub(crate) type Entries = Vec<(Cow<'static, str>, Value<'static>)>;

/// How many keys, choices or calls are told apart: the others count as the last one. An answer that is meant has a few;
/// each is looked for among those before it, and a hostile million must not take an hour.
const MOST: usize = 500;

/// A string that has so many bytes is not grown any more, but goes on in another piece: whenever one moves, the place
/// that it had stays behind, and wasm gives no memory back.
const PIECE: usize = 65_536;

/// A `chat.completion`, accumulated from chunks or read from a whole answer.
///
/// Source: the wire as recorded 2025-11 to 2026-08. Usage: the last one wins. Finish reason: the last that is not
/// null. Fields that we do not name are kept as they came. Strings are joined as they are written, so that a surrogate
/// pair that was split over two chunks is whole again.
#[derive(Debug, Clone, Default)]
pub struct Completion {
    fields: Entries,
    choices: Vec<Choice>,
}

#[derive(Debug, Clone, Default)]
struct Choice {
    index: u32,
    /// As written.
    finish_reason: Option<String>,
    native_finish_reason: Option<String>,
    /// A string that has become long is here in pieces, by its key, and its end in the message.
    pieces: Entries,
    message: Entries,
    tool_calls: Vec<ToolCall>,
    other: Entries,
}

#[derive(Debug, Clone, Default)]
struct ToolCall {
    index: u32,
    /// As written; empty as long as none came.
    id: String,
    name: String,
    arguments: String,
    other: Entries,
    other_of_function: Entries,
}

impl Completion {
    /// Reads a whole, not streamed, answer.
    #[must_use]
    pub fn read(answer: &Value<'_>) -> Self {
        let mut completion = Self::default();
        completion.push(answer, None);
        completion
    }

    /// Adds a chunk (choices with a `delta`) or a whole answer (choices with a `message`). `events`, if given, is a
    /// JSON array without its end, to which is added what the chunk says.
    pub(super) fn push(&mut self, chunk: &Value<'_>, mut events: Option<&mut String>) {
        for (key, value) in chunk.fields() {
            match &*key {
                // The accumulated object is another one; errors end the stream.
                "object" | "error" => {}
                "choices" => {
                    for choice in value.items() {
                        let known = self.choice(choice.index_of("index").unwrap_or(0));
                        let events = events.as_deref_mut().filter(|_| known.index == 0);
                        known.push(choice, events);
                    }
                }
                _ => {
                    if let (Some(events), "usage", false) = (events.as_deref_mut(), &*key, value.is_null()) {
                        event(events, "usage", "usage", value);
                    }
                    keep_last(&mut self.fields, &key, value);
                }
            }
        }
    }

    /// Adds a string of a chunk that is otherwise like the one before.
    pub(super) fn append(&mut self, choice: u32, hole: Hole, raw: &str) {
        let choice = self.choice(choice);
        match hole {
            Hole::Content => choice.push_text(raw),
            Hole::Reasoning => choice.append("reasoning", raw),
            Hole::DetailText | Hole::DetailSummary => {
                if let Value::Array(details) = slot(&mut choice.message, "reasoning_details")
                    && let Some(Value::Object(last)) = details.last_mut()
                {
                    join(slot(last, if hole == Hole::DetailText { "text" } else { "summary" }), raw);
                }
            }
            Hole::Arguments(index) => choice.call(Some(index), "").arguments.push_str(raw),
        }
    }

    fn choice(&mut self, index: u32) -> &mut Choice {
        let at = self.choices.iter().position(|known| known.index == index).unwrap_or_else(|| {
            if self.choices.len() < MOST {
                self.choices.push(Choice { index, ..Choice::default() });
            }
            self.choices.len() - 1
        });
        &mut self.choices[at]
    }

    fn first(&self) -> Option<&Choice> {
        self.choices.iter().min_by_key(|choice| choice.index)
    }

    /// Whether every choice has its finish reason.
    pub(super) fn is_finished(&self) -> bool {
        !self.choices.is_empty() && self.choices.iter().all(|choice| choice.finish_reason.is_some())
    }

    pub(super) fn has_failed(&self) -> bool {
        self.choices.iter().any(|choice| choice.finish_reason.as_deref() == Some("error"))
    }

    /// Tokens and cost, as far as they were told, as JSON.
    #[must_use]
    pub fn usage(&self) -> Option<String> {
        let (_, usage) = self.fields.iter().find(|(key, usage)| key == "usage" && !usage.is_null())?;
        Some(usage.to_json())
    }

    /// The text of the first choice.
    #[must_use]
    pub fn text(&self) -> String {
        let Some((choice, (_, content))) =
            self.first().and_then(|choice| Some((choice, choice.message.iter().find(|(key, _)| key == "content")?)))
        else {
            return String::new();
        };
        match content {
            Value::Array(parts) => parts.iter().filter_map(|part| part.text_of("text")).collect(),
            // As a whole: half of a surrogate pair may be in another piece.
            Value::String(end) => unescape(&whole(&choice.pieces, "content", end)).into_owned(),
            _ => String::new(),
        }
    }

    /// The whole answer as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        let mut object = ObjectWriter::new(&mut out);
        object.text("object", Some("chat.completion"));
        for (key, value) in &self.fields {
            object.value(key, value);
        }
        let choices = object.key("choices");
        choices.push('[');
        // Few, and nearly always in order.
        let mut in_order: Vec<&Choice> = self.choices.iter().collect();
        while let Some(at) = (0..in_order.len()).min_by_key(|at| in_order[*at].index) {
            separate(choices);
            in_order.remove(at).write(choices);
        }
        choices.push(']');
        object.end();
        out
    }

    /// The events that only the end can tell: whole tool calls and the finish reason.
    pub(super) fn end_events(&self, events: &mut String) {
        for choice in self.choices.iter().filter(|choice| choice.index == 0) {
            for (call, id) in choice.tool_calls.iter().zip(choice.unique_ids()) {
                separate(events);
                let mut object = ObjectWriter::new(events);
                object.text("type", Some("tool_call"));
                for (key, raw) in [("id", &*id), ("name", &call.name), ("arguments", call.arguments())] {
                    quote(object.key(key), raw);
                }
                object.value("isComplete", &Value::Bool(choice.is_whole(call)));
                object.end();
            }
            separate(events);
            let mut object = ObjectWriter::new(events);
            object.text("type", Some("finish"));
            write_or_null(object.key("finishReason"), choice.finish_reason());
            write_or_null(object.key("nativeFinishReason"), choice.native_finish_reason.as_deref());
            object.end();
        }
    }
}

impl Choice {
    fn push(&mut self, choice: &Value<'_>, mut events: Option<&mut String>) {
        for (key, value) in choice.fields() {
            match (&*key, value) {
                // The usage chunk repeats the reason, or says null again: neither takes it back.
                ("finish_reason", Value::String(raw)) => self.finish_reason = Some((**raw).to_owned()),
                ("native_finish_reason", Value::String(raw)) => self.native_finish_reason = Some((**raw).to_owned()),
                ("index" | "finish_reason" | "native_finish_reason", _) => {}
                ("delta" | "message", _) => {
                    self.push_message(value);
                    if let Some(events) = events.as_deref_mut() {
                        delta_events(value, events);
                    }
                }
                // Lists per chunk (`content`, `refusal`), which are joined.
                ("logprobs", Value::Object(_)) => {
                    let known = object(slot(&mut self.other, "logprobs"));
                    for (key, list) in value.fields() {
                        extend(slot(known, &key), list);
                    }
                }
                _ => keep_last(&mut self.other, &key, value),
            }
        }
    }

    fn push_message(&mut self, delta: &Value<'_>) {
        for (key, value) in delta.fields() {
            match (&*key, value) {
                ("content", Value::String(raw)) => self.push_text(raw),
                ("content", Value::Array(_)) => {
                    let content = slot(&mut self.message, "content");
                    if let Value::String(end) = content {
                        let before = whole(&self.pieces, "content", end);
                        self.pieces.retain(|(key, _)| key != "content");
                        *content = Value::Array(if before.is_empty() { Vec::new() } else { vec![text_part(before)] });
                    }
                    extend(content, value);
                }
                ("content", _) => {
                    slot(&mut self.message, "content");
                }
                ("reasoning", Value::String(raw)) => self.append("reasoning", raw),
                ("refusal", Value::String(raw)) => join(slot(&mut self.message, &key), raw),
                ("role" | "reasoning" | "refusal", _) => {}
                ("reasoning_details", Value::Array(details)) => {
                    // An empty list is kept: some providers want it back.
                    let known = array(slot(&mut self.message, "reasoning_details"));
                    for detail in details {
                        push_detail(known, detail);
                    }
                }
                ("tool_calls", _) => value.items().iter().for_each(|call| self.push_tool_call(call)),
                ("images" | "annotations", Value::Array(_)) => {
                    if !value.items().is_empty() {
                        extend(slot(&mut self.message, &key), value);
                    }
                }
                ("audio", Value::Object(_)) => {
                    merge(object(slot(&mut self.message, "audio")), value, &["data", "transcript"]);
                }
                _ => keep_last(&mut self.message, &key, value),
            }
        }
    }

    fn push_text(&mut self, raw: &str) {
        match slot(&mut self.message, "content") {
            Value::Array(_) if raw.is_empty() => {}
            Value::Array(parts) => match parts.last_mut() {
                Some(Value::Object(part)) if part.iter().any(|(key, _)| key == "text") => join(slot(part, "text"), raw),
                _ => parts.push(text_part(raw.to_owned())),
            },
            _ => self.append("content", raw),
        }
    }

    /// Adds to a string of the message.
    fn append(&mut self, key: &'static str, raw: &str) {
        let value = slot(&mut self.message, key);
        if let Value::String(end) = value
            && end.len() + raw.len() > PIECE
        {
            let full = mem::replace(value, Value::String(Cow::Owned(String::with_capacity(PIECE))));
            self.pieces.push((Cow::Borrowed(key), full));
        }
        join(value, raw);
    }

    /// The call with this index; without one, the last call, unless the id begins another.
    fn call(&mut self, index: Option<u32>, id: &str) -> &mut ToolCall {
        let calls = &mut self.tool_calls;
        let known = match index {
            Some(index) => calls.iter().position(|call| call.index == index),
            None => calls.len().checked_sub(1).filter(|&last| id.is_empty() || calls[last].id == id),
        };
        let at = known.unwrap_or_else(|| {
            let next = calls.last().map_or(0, |last| last.index.saturating_add(1));
            if calls.len() < MOST {
                calls.push(ToolCall { index: index.unwrap_or(next), ..ToolCall::default() });
            }
            calls.len() - 1
        });
        &mut calls[at]
    }

    fn push_tool_call(&mut self, fragment: &Value<'_>) {
        let call = self.call(fragment.index_of("index"), fragment.raw_of("id").unwrap_or_default());
        for (key, value) in fragment.fields() {
            match (&*key, value) {
                ("index", _) => {}
                ("id", _) => once(&mut call.id, value),
                ("function", _) => {
                    for (key, value) in value.fields() {
                        match (&*key, value) {
                            // The name comes whole, and some providers repeat it with every fragment.
                            ("name", _) => once(&mut call.name, value),
                            ("arguments", Value::String(raw)) => call.arguments.push_str(raw),
                            ("arguments", _) => {}
                            _ => keep_last(&mut call.other_of_function, &key, value),
                        }
                    }
                }
                _ => keep_last(&mut call.other, &key, value),
            }
        }
    }

    /// The calls' ids, with those that are missing or double made unique, for each result must find its call.
    fn unique_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::with_capacity(self.tool_calls.len());
        for (position, call) in self.tool_calls.iter().enumerate() {
            let (base, mut id) =
                if call.id.is_empty() { ("call", String::new()) } else { (&*call.id, call.id.clone()) };
            let mut number = position;
            while id.is_empty() || ids.contains(&id) {
                id = concat(&[base, "_", &decimal(number as u64)]);
                number += 1;
            }
            ids.push(id);
        }
        ids
    }

    /// A call that was cut off before its arguments looks like one that has none.
    fn is_whole(&self, call: &ToolCall) -> bool {
        let is_cut = matches!(self.finish_reason.as_deref(), Some("length" | "content_filter"));
        let arguments = Value::String(Cow::Borrowed(call.arguments()));
        (!is_cut || call.has_arguments()) && arguments.text().is_some_and(|text| Value::parse(&text).is_some())
    }

    /// Some models call tools and say `stop`, or nothing: what they did counts.
    fn finish_reason(&self) -> Option<&str> {
        match self.finish_reason.as_deref() {
            None | Some("stop") if !self.tool_calls.is_empty() => Some("tool_calls"),
            said => said,
        }
    }

    fn write(&self, out: &mut String) {
        let mut object = ObjectWriter::new(out);
        object.value("index", &Value::integer(u64::from(self.index)));
        write_or_null(object.key("finish_reason"), self.finish_reason());
        write_or_null(object.key("native_finish_reason"), self.native_finish_reason.as_deref());
        self.write_message(object.key("message"));
        for (key, value) in &self.other {
            object.value(key, value);
        }
        object.end();
    }

    fn write_message(&self, out: &mut String) {
        let mut object = ObjectWriter::new(out);
        object.text("role", Some("assistant"));
        if !self.message.iter().any(|(key, _)| key == "content") {
            object.value("content", &Value::Null);
        }
        for (key, value) in &self.message {
            match value {
                Value::String(end) => quote(object.key(key), &whole(&self.pieces, key, end)),
                _ => object.value(key, value),
            }
        }
        if !self.tool_calls.is_empty() {
            let calls = object.key("tool_calls");
            calls.push('[');
            for (call, id) in self.tool_calls.iter().zip(self.unique_ids()) {
                separate(calls);
                call.write(calls, &id);
            }
            calls.push(']');
        }
        object.end();
    }
}

impl ToolCall {
    /// A call without arguments says nothing or an empty text: both mean none.
    fn arguments(&self) -> &str {
        if self.has_arguments() { &self.arguments } else { "{}" }
    }

    fn has_arguments(&self) -> bool {
        !self.arguments.trim_ascii().is_empty()
    }

    fn write(&self, out: &mut String, id: &str) {
        let mut object = ObjectWriter::new(out);
        quote(object.key("id"), id);
        if !self.other.iter().any(|(key, value)| key == "type" && !value.is_null()) {
            object.text("type", Some("function"));
        }
        let mut function = ObjectWriter::new(object.key("function"));
        quote(function.key("name"), &self.name);
        quote(function.key("arguments"), self.arguments());
        for (key, value) in &self.other_of_function {
            function.value(key, value);
        }
        function.end();
        for (key, value) in &self.other {
            object.value(key, value);
        }
        object.end();
    }
}

/// The value of a key, which is begun as null.
pub(crate) fn slot<'a, 'b>(entries: &'a mut Vec<(Cow<'b, str>, Value<'b>)>, key: &str) -> &'a mut Value<'b> {
    let at = entries.iter().take(MOST).position(|(known, _)| known == key).unwrap_or_else(|| {
        if entries.len() < MOST {
            entries.push((Cow::Owned(key.to_owned()), Value::Null));
        }
        entries.len() - 1
    });
    &mut entries[at].1
}

/// A later null does not take back what was said.
pub(crate) fn keep_last(entries: &mut Entries, key: &str, value: &Value<'_>) {
    let known = slot(entries, key);
    if !value.is_null() {
        *known = value.detached();
    }
}

fn once(text: &mut String, value: &Value<'_>) {
    if let (true, Value::String(raw)) = (text.is_empty(), value) {
        text.push_str(raw);
    }
}

/// Appends to a string, or begins it.
/// A string of a message, as written.
fn whole(pieces: &Entries, key: &str, end: &str) -> String {
    let mut whole = String::new();
    for (of, piece) in pieces {
        if let Value::String(piece) = piece
            && of == key
        {
            whole.push_str(piece);
        }
    }
    whole.push_str(end);
    whole
}

fn join(value: &mut Value<'static>, raw: &str) {
    match value {
        Value::String(text) => text.to_mut().push_str(raw),
        _ => *value = Value::String(Cow::Owned(raw.to_owned())),
    }
}

/// Appends the elements of a list, or begins one; a null begins nothing and takes nothing back.
fn extend(value: &mut Value<'static>, more: &Value<'_>) {
    if let Value::Array(more) = more {
        array(value).extend(more.iter().map(Value::detached));
    }
}

pub(crate) fn array<'a>(value: &'a mut Value<'static>) -> &'a mut Vec<Value<'static>> {
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    match value {
        Value::Array(items) => items,
        _ => unreachable!("it was made one"),
    }
}

pub(crate) fn object<'a>(value: &'a mut Value<'static>) -> &'a mut Entries {
    if !value.is_object() {
        *value = Value::Object(Vec::new());
    }
    match value {
        Value::Object(entries) => entries,
        _ => unreachable!("it was made one"),
    }
}

fn text_part(raw: String) -> Value<'static> {
    Value::Object(vec![
        (Cow::Borrowed("type"), Value::String(Cow::Borrowed("text"))),
        (Cow::Borrowed("text"), Value::String(Cow::Owned(raw))),
    ])
}

/// Puts an object together from fragments: the texts of some keys are joined, of the others the last value counts.
/// A null, or an empty signature, takes nothing back, and the type of a fragment is not that of the whole.
pub(crate) fn merge(entries: &mut Entries, fragment: &Value<'_>, joined: &[&str]) {
    for (key, value) in fragment.fields() {
        let known = slot(entries, &key);
        match value {
            Value::Null => {}
            _ if key == "type" && !known.is_null() => {}
            Value::String(raw) if !known.is_null() && (raw.is_empty() || joined.contains(&&*key)) => join(known, raw),
            _ => *known = value.detached(),
        }
    }
}

/// What of a reasoning detail is joined; nothing of a type that we do not know, or of a record of a server tool.
fn joined_of(detail: &Value<'_>) -> &'static [&'static str] {
    match detail.raw_of("type") {
        Some("reasoning.text") => &["text"],
        Some("reasoning.summary") => &["summary"],
        Some("reasoning.encrypted") => &["data"],
        _ => &[],
    }
}

/// One entry of `reasoning_details`, which must go back whole: a signature over half a text is refused.
fn push_detail(details: &mut Vec<Value<'static>>, fragment: &Value<'_>) {
    let joined = joined_of(fragment);
    let id = |detail: &Value<'_>| detail.raw_of("id").filter(|id| !id.is_empty()).map(ToOwned::to_owned);
    let (index, new_id) = (fragment.index_of("index"), id(fragment));
    // By type and index: summary 0 and encrypted 0 come in one turn. Texts are also joined without an index.
    let continues = |last: &&mut Value<'static>| {
        last.raw_of("type") == fragment.raw_of("type")
            && last.index_of("index") == index
            && (index.is_some() || joined == ["text"])
            && !joined.is_empty()
            && (new_id.is_none() || id(last).is_none_or(|known| Some(known) == new_id))
    };
    match details.last_mut().filter(continues) {
        Some(last) => merge(object(last), fragment, joined),
        None => details.push(fragment.detached()),
    }
}

fn write_or_null(out: &mut String, raw: Option<&str>) {
    match raw {
        Some(raw) => quote(out, raw),
        None => out.push_str("null"),
    }
}

fn event(events: &mut String, kind: &str, key: &str, value: &Value<'_>) {
    separate(events);
    let mut object = ObjectWriter::new(events);
    object.text("type", Some(kind));
    object.value(key, value);
    object.end();
}

/// Appends what a delta says.
fn delta_events(delta: &Value<'_>, events: &mut String) {
    let mut text_event = |kind: &str, raw: &str| {
        if !raw.is_empty() {
            event(events, kind, "text", &Value::String(Cow::Borrowed(raw)));
        }
    };
    let mut reasoning = String::new();
    for detail in delta.at("reasoning_details").items() {
        for key in ["text", "summary"] {
            reasoning.push_str(detail.raw_of(key).unwrap_or_default());
        }
    }
    // The `reasoning` string repeats what the details say; some streams send only the one or the other.
    if reasoning.is_empty() {
        reasoning.push_str(delta.raw_of("reasoning").unwrap_or_default());
    }
    text_event("reasoning", &reasoning);
    text_event("text", delta.raw_of("content").unwrap_or_default());
    text_event("refusal", delta.raw_of("refusal").unwrap_or_default());
    for (key, kind, name) in [
        ("tool_calls", "tool_call_delta", "delta"),
        ("images", "image", "image"),
        ("annotations", "annotation", "annotation"),
    ] {
        for item in delta.at(key).items() {
            event(events, kind, name, item);
        }
    }
    if let Some(audio) = delta.present("audio") {
        event(events, "audio", "audio", audio);
    }
}
