//! What chunks add up to: the final message, in the shape in which the API gives and takes it.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::json::{Json, Kind};

/// Keys in the order in which they came, each with its last value that says something.
#[derive(Debug, Clone)]
struct Fields<J>(Vec<(String, J)>);

impl<J> Default for Fields<J> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<J: Json> Fields<J> {
    /// A later null does not take back what was said.
    fn set(&mut self, key: &str, value: &J) {
        match self.0.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) if !value.is_null() => *known = value.clone(),
            Some(_) => {}
            None => self.0.push((key.to_owned(), value.clone())),
        }
    }

    fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.0.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))
    }
}

/// A `chat.completion`, accumulated from chunks or read from a whole answer.
///
/// Source: the wire as recorded 2025-11 to 2026-08. Usage: the last one wins. Finish reason: the last that is not
/// null. Fields that we do not name are kept as they came.
#[derive(Debug, Clone)]
pub struct Completion<J> {
    fields: Fields<J>,
    choices: Vec<Choice<J>>,
}

impl<J> Default for Completion<J> {
    fn default() -> Self {
        Self { fields: Fields::default(), choices: Vec::new() }
    }
}

impl<J: Json> Completion<J> {
    /// Reads a whole, not streamed, answer.
    pub fn read(answer: &J) -> Self {
        let mut completion = Self::default();
        completion.push(answer, None);
        completion
    }

    /// Adds a chunk (choices with a `delta`) or a whole answer (choices with a `message`).
    pub(crate) fn push(&mut self, chunk: &J, mut events: Option<&mut Vec<StreamEvent<J>>>) {
        for key in chunk.keys() {
            let Some(value) = chunk.get(&key) else { continue };
            match key.as_str() {
                // The accumulated object is another one; errors end the stream.
                "object" | "error" => {}
                "choices" => {
                    for choice in value.items() {
                        let known = self.choice(&*choice);
                        let events = events.as_deref_mut().filter(|_| known.index == 0);
                        known.push(&*choice, events);
                    }
                }
                _ => {
                    if let (Some(events), "usage", false) = (events.as_deref_mut(), key.as_str(), value.is_null()) {
                        events.push(StreamEvent::Usage(value.clone().into_owned()));
                    }
                    self.fields.set(&key, &*value);
                }
            }
        }
    }

    fn choice(&mut self, choice: &J) -> &mut Choice<J> {
        let index = choice.index_of("index").unwrap_or(0);
        let at = self.choices.iter().position(|known| known.index == index).unwrap_or_else(|| {
            self.choices.push(Choice::new(index));
            self.choices.len() - 1
        });
        &mut self.choices[at]
    }

    /// Whether every choice has its finish reason.
    pub(crate) fn is_finished(&self) -> bool {
        !self.choices.is_empty() && self.choices.iter().all(|choice| choice.finish_reason.is_some())
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.choices.iter().any(|choice| choice.finish_reason.as_deref() == Some("error"))
    }

    /// Tokens and cost, as far as they were told.
    pub fn usage(&self) -> Option<&J> {
        self.fields.0.iter().find(|(key, usage)| key == "usage" && !usage.is_null()).map(|(_, usage)| usage)
    }

    /// The text of the first choice.
    pub fn text(&self) -> &str {
        self.first().and_then(|message| message.content.as_deref()).unwrap_or_default()
    }

    /// The message of the first choice, in the shape in which it can be sent back as the next turn.
    #[must_use]
    pub fn message(&self) -> Option<impl Serialize> {
        self.first()
    }

    fn first(&self) -> Option<&Message<J>> {
        self.choices.iter().min_by_key(|choice| choice.index).map(|choice| &choice.message)
    }

    /// The events that only the end can tell: whole tool calls and the finish reason.
    pub(crate) fn end_events(&self, events: &mut Vec<StreamEvent<J>>) {
        for choice in self.choices.iter().filter(|choice| choice.index == 0) {
            for (call, id) in choice.message.tool_calls.iter().zip(choice.message.unique_ids()) {
                events.push(StreamEvent::ToolCall {
                    id,
                    name: call.name.clone(),
                    arguments: call.arguments().to_owned(),
                    is_complete: choice.is_whole(call),
                });
            }
            events.push(StreamEvent::Finish {
                finish_reason: choice.finish_reason().map(str::to_owned),
                native_finish_reason: choice.native_finish_reason.clone(),
            });
        }
    }
}

impl<J: Json> Serialize for Completion<J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("object", "chat.completion")?;
        self.fields.serialize_into(&mut map)?;
        map.serialize_entry("choices", &self.choices)?;
        map.end()
    }
}

#[derive(Debug, Clone)]
struct Choice<J> {
    index: u32,
    finish_reason: Option<String>,
    native_finish_reason: Option<String>,
    message: Message<J>,
    logprobs: Logprobs<J>,
    other: Fields<J>,
}

impl<J: Json> Choice<J> {
    fn new(index: u32) -> Self {
        Self {
            index,
            finish_reason: None,
            native_finish_reason: None,
            message: Message::default(),
            logprobs: Logprobs::default(),
            other: Fields::default(),
        }
    }

    fn push(&mut self, choice: &J, mut events: Option<&mut Vec<StreamEvent<J>>>) {
        for key in choice.keys() {
            let Some(value) = choice.get(&key) else { continue };
            match key.as_str() {
                "index" => {}
                // The usage chunk repeats the reason, or says null again: neither takes it back.
                "finish_reason" => self.finish_reason = owned(&*value).or(self.finish_reason.take()),
                "native_finish_reason" => {
                    self.native_finish_reason = owned(&*value).or(self.native_finish_reason.take());
                }
                "delta" | "message" => self.message.push(&*value, events.as_deref_mut()),
                "logprobs" if value.kind() == Kind::Object => self.logprobs.push(&*value),
                _ => self.other.set(&key, &*value),
            }
        }
    }

    /// A call that was cut off before its arguments looks like one that has none.
    fn is_whole(&self, call: &ToolCall<J>) -> bool {
        let is_cut = matches!(self.finish_reason.as_deref(), Some("length" | "content_filter"));
        (!is_cut || call.has_arguments()) && J::parse(call.arguments()).is_some()
    }

    /// Some models call tools and say `stop`, or nothing: what they did counts.
    fn finish_reason(&self) -> Option<&str> {
        match self.finish_reason.as_deref() {
            None | Some("stop") if !self.message.tool_calls.is_empty() => Some("tool_calls"),
            said => said,
        }
    }
}

impl<J: Json> Serialize for Choice<J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("index", &self.index)?;
        map.serialize_entry("finish_reason", &self.finish_reason())?;
        map.serialize_entry("native_finish_reason", &self.native_finish_reason)?;
        map.serialize_entry("message", &self.message)?;
        self.other.serialize_into(&mut map)?;
        if !self.logprobs.0.is_empty() {
            map.serialize_entry("logprobs", &self.logprobs)?;
        }
        map.end()
    }
}

/// `logprobs` comes as lists per chunk (`content`, `refusal`), which are joined.
#[derive(Debug, Clone)]
struct Logprobs<J>(Vec<(String, Option<Vec<J>>)>);

impl<J> Default for Logprobs<J> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<J: Json> Logprobs<J> {
    fn push(&mut self, logprobs: &J) {
        for key in logprobs.keys() {
            let Some(value) = logprobs.get(&key) else { continue };
            let at = self.0.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
                self.0.push((key, None));
                self.0.len() - 1
            });
            if value.kind() == Kind::Array {
                self.0[at].1.get_or_insert_default().extend(value.items().map(std::borrow::Cow::into_owned));
            }
        }
    }
}

impl<J: Json> Serialize for Logprobs<J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, list)| (key, list)))
    }
}

/// An assistant message. `None` is absent or null, `Some("")` is empty.
#[derive(Debug, Clone)]
struct Message<J> {
    content: Option<String>,
    /// Elements of a `content` that is a list.
    parts: Vec<J>,
    reasoning: Option<String>,
    refusal: Option<String>,
    reasoning_details: Option<Vec<ReasoningDetail<J>>>,
    tool_calls: Vec<ToolCall<J>>,
    images: Vec<J>,
    annotations: Vec<J>,
    audio: Option<Merged<J>>,
    other: Fields<J>,
}

impl<J> Default for Message<J> {
    fn default() -> Self {
        Self {
            content: None,
            parts: Vec::new(),
            reasoning: None,
            refusal: None,
            reasoning_details: None,
            tool_calls: Vec::new(),
            images: Vec::new(),
            annotations: Vec::new(),
            audio: None,
            other: Fields::default(),
        }
    }
}

impl<J: Json> Message<J> {
    fn push(&mut self, delta: &J, events: Option<&mut Vec<StreamEvent<J>>>) {
        for key in delta.keys() {
            let Some(value) = delta.get(&key) else { continue };
            match key.as_str() {
                "role" => {}
                "content" if value.kind() == Kind::Array => self.parts.extend(owned_items(&*value)),
                "content" => append(&mut self.content, &*value),
                "reasoning" => append(&mut self.reasoning, &*value),
                "refusal" => append(&mut self.refusal, &*value),
                "reasoning_details" if value.kind() == Kind::Array => {
                    // An empty list is kept: some providers want it back.
                    let details = self.reasoning_details.get_or_insert_default();
                    value.items().for_each(|detail| ReasoningDetail::push(details, &*detail));
                }
                "tool_calls" => value.items().for_each(|call| self.push_tool_call(&*call)),
                "images" => self.images.extend(owned_items(&*value)),
                "annotations" => self.annotations.extend(owned_items(&*value)),
                "audio" if value.kind() == Kind::Object => {
                    self.audio.get_or_insert_default().merge(&*value, &["data", "transcript"]);
                }
                _ => self.other.set(&key, &*value),
            }
        }
        if let Some(events) = events {
            delta_events(delta, events);
        }
    }

    /// Fragments belong to the call with their `index`; without one, to the last call, unless they begin another.
    fn push_tool_call(&mut self, fragment: &J) {
        let index = fragment.index_of("index");
        let id = fragment.text_of("id").filter(|id| !id.is_empty());
        let known = match index {
            Some(index) => self.tool_calls.iter().position(|call| call.index == index),
            None => self.tool_calls.len().checked_sub(1).filter(|&last| id.is_none() || self.tool_calls[last].id == id),
        };
        let at = known.unwrap_or_else(|| {
            let next = self.tool_calls.last().map_or(0, |last| last.index + 1);
            self.tool_calls.push(ToolCall::new(index.unwrap_or(next)));
            self.tool_calls.len() - 1
        });
        self.tool_calls[at].push(fragment);
    }

    /// The calls' ids, with those that are missing or double made unique, for each result must find its call.
    fn unique_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::with_capacity(self.tool_calls.len());
        for (position, call) in self.tool_calls.iter().enumerate() {
            let base = call.id.as_deref().unwrap_or("call");
            let mut id = call.id.clone().unwrap_or_else(|| numbered(base, position));
            let mut number = position;
            while ids.contains(&id) {
                id = numbered(base, number);
                number += 1;
            }
            ids.push(id);
        }
        ids
    }
}

fn numbered(base: &str, number: usize) -> String {
    [base, "_", &number.to_string()].concat()
}

impl<J: Json> Serialize for Message<J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("role", "assistant")?;
        if self.parts.is_empty() {
            map.serialize_entry("content", &self.content)?;
        } else {
            map.serialize_entry(
                "content",
                &Parts { text: self.content.as_deref().unwrap_or_default(), parts: &self.parts },
            )?;
        }
        for (key, text) in [("reasoning", &self.reasoning), ("refusal", &self.refusal)] {
            if text.is_some() {
                map.serialize_entry(key, text)?;
            }
        }
        if let Some(details) = &self.reasoning_details {
            map.serialize_entry("reasoning_details", details)?;
        }
        if !self.tool_calls.is_empty() {
            let ids = self.unique_ids();
            let calls: Vec<_> = self.tool_calls.iter().zip(&ids).map(|(call, id)| WithId { call, id }).collect();
            map.serialize_entry("tool_calls", &calls)?;
        }
        for (key, list) in [("images", &self.images), ("annotations", &self.annotations)] {
            if !list.is_empty() {
                map.serialize_entry(key, list)?;
            }
        }
        if let Some(audio) = &self.audio {
            map.serialize_entry("audio", audio)?;
        }
        self.other.serialize_into(&mut map)?;
        map.end()
    }
}

/// A `content` list that text deltas came before.
struct Parts<'a, J> {
    text: &'a str,
    parts: &'a [J],
}

impl<J: Json> Serialize for Parts<'_, J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        if !self.text.is_empty() {
            list.serialize_element(&TextPart(self.text))?;
        }
        self.parts.iter().try_for_each(|part| list.serialize_element(part))?;
        list.end()
    }
}

struct TextPart<'a>(&'a str);

impl Serialize for TextPart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "text")?;
        map.serialize_entry("text", self.0)?;
        map.end()
    }
}

/// An object put together from fragments: the texts of some keys are joined, of the others the last value counts.
#[derive(Debug, Clone)]
struct Merged<J>(Vec<(String, Value<J>)>);

#[derive(Debug, Clone)]
enum Value<J> {
    Joined(String),
    Kept(J),
}

impl<J> Default for Merged<J> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<J: Json> Merged<J> {
    fn merge(&mut self, fragment: &J, joined: &[&str]) {
        for key in fragment.keys() {
            let Some(value) = fragment.get(&key) else { continue };
            let text = value.text();
            let at = self.0.iter().position(|(known, _)| *known == key);
            match (at.map(|at| &mut self.0[at].1), text) {
                (Some(Value::Joined(known)), Some(text)) => known.push_str(&text),
                // A null, or an empty signature, takes nothing back.
                (Some(Value::Joined(_)), None) => {}
                (Some(Value::Kept(_)), Some(text)) if text.is_empty() => {}
                (Some(known @ Value::Kept(_)), Some(text)) if joined.contains(&key.as_str()) => {
                    *known = Value::Joined(text.into_owned());
                }
                (Some(Value::Kept(known)), _) => {
                    if !value.is_null() {
                        *known = value.into_owned();
                    }
                }
                (None, Some(text)) if joined.contains(&key.as_str()) => {
                    self.0.push((key, Value::Joined(text.into_owned())));
                }
                (None, _) => {
                    let value = value.into_owned();
                    self.0.push((key, Value::Kept(value)));
                }
            }
        }
    }
}

impl<J: Json> Serialize for Merged<J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.0 {
            match value {
                Value::Joined(text) => map.serialize_entry(key, text)?,
                Value::Kept(value) => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}

/// One entry of `reasoning_details`, which must go back whole: a signature over half a text is refused.
#[derive(Debug, Clone)]
struct ReasoningDetail<J> {
    kind: Option<String>,
    index: Option<u32>,
    id: Option<String>,
    fields: Merged<J>,
}

impl<J: Json> ReasoningDetail<J> {
    fn push(details: &mut Vec<Self>, fragment: &J) {
        let kind = fragment.text_of("type");
        let index = fragment.index_of("index");
        let id = fragment.text_of("id").filter(|id| !id.is_empty());
        let joined: &[&str] = match kind.as_deref() {
            Some("reasoning.text") => &["text"],
            Some("reasoning.summary") => &["summary"],
            Some("reasoning.encrypted") => &["data"],
            // A type that we do not know, or a record of a server tool: each is whole.
            _ => &[],
        };
        // By type and index: summary 0 and encrypted 0 come in one turn. Texts are also joined without an index.
        let continues = |last: &&mut Self| {
            last.kind == kind
                && last.index == index
                && (index.is_some() || joined == ["text"])
                && !joined.is_empty()
                && (id.is_none() || last.id.is_none() || last.id == id)
        };
        if let Some(last) = details.last_mut().filter(continues) {
            last.id = id.or(last.id.take());
            last.fields.merge(fragment, joined);
        } else {
            let mut fields = Merged::default();
            fields.merge(fragment, joined);
            details.push(Self { kind, index, id, fields });
        }
    }
}

impl<J: Json> Serialize for ReasoningDetail<J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

#[derive(Debug, Clone)]
struct ToolCall<J> {
    index: u32,
    id: Option<String>,
    kind: Option<String>,
    name: String,
    arguments: Option<String>,
    other: Fields<J>,
    other_of_function: Fields<J>,
}

impl<J: Json> ToolCall<J> {
    fn new(index: u32) -> Self {
        Self {
            index,
            id: None,
            kind: None,
            name: String::new(),
            arguments: None,
            other: Fields::default(),
            other_of_function: Fields::default(),
        }
    }

    fn push(&mut self, fragment: &J) {
        for key in fragment.keys() {
            let Some(value) = fragment.get(&key) else { continue };
            match key.as_str() {
                "index" => {}
                "id" => self.id = self.id.take().or(owned(&*value).filter(|id| !id.is_empty())),
                "type" => self.kind = self.kind.take().or(owned(&*value)),
                "function" => self.push_function(&*value),
                _ => self.other.set(&key, &*value),
            }
        }
    }

    fn push_function(&mut self, function: &J) {
        for key in function.keys() {
            let Some(value) = function.get(&key) else { continue };
            match (key.as_str(), value.text()) {
                // The name comes whole, and some providers repeat it with every fragment.
                ("name", Some(name)) => {
                    if self.name.is_empty() {
                        self.name = name.into_owned();
                    }
                }
                ("name", None) => {}
                ("arguments", _) => append(&mut self.arguments, &*value),
                _ => self.other_of_function.set(&key, &*value),
            }
        }
    }

    /// A call without arguments says nothing or an empty text: both mean none.
    fn arguments(&self) -> &str {
        if self.has_arguments() { self.arguments.as_deref().unwrap_or_default() } else { "{}" }
    }

    fn has_arguments(&self) -> bool {
        self.arguments.as_deref().is_some_and(|arguments| !arguments.trim_ascii().is_empty())
    }
}

struct WithId<'a, J> {
    call: &'a ToolCall<J>,
    id: &'a str,
}

impl<J: Json> Serialize for WithId<'_, J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", self.id)?;
        map.serialize_entry("type", self.call.kind.as_deref().unwrap_or("function"))?;
        map.serialize_entry("function", &FunctionOf(self.call))?;
        self.call.other.serialize_into(&mut map)?;
        map.end()
    }
}

struct FunctionOf<'a, J>(&'a ToolCall<J>);

impl<J: Json> Serialize for FunctionOf<'_, J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.0.name)?;
        map.serialize_entry("arguments", self.0.arguments())?;
        self.0.other_of_function.serialize_into(&mut map)?;
        map.end()
    }
}

/// What the first choice of a stream says, one thing at a time, for those who do not want to read chunks.
#[derive(Debug, Clone)]
pub enum StreamEvent<J> {
    /// Text to append to the answer.
    Text(String),
    /// Text to append to the reasoning.
    Reasoning(String),
    /// Text to append to the refusal.
    Refusal(String),
    /// A piece of a tool call, as sent.
    ToolCallDelta(J),
    /// A generated image, as sent.
    Image(J),
    /// A citation or file annotation, as sent.
    Annotation(J),
    /// A piece of audio, as sent.
    Audio(J),
    /// Tokens and cost; the last one counts.
    Usage(J),
    /// A whole tool call, told at the end.
    ToolCall {
        /// Unique within the answer.
        id: String,
        /// Name of the function.
        name: String,
        /// Arguments as JSON text.
        arguments: String,
        /// Whether the arguments are JSON; do not run a call that was cut off.
        is_complete: bool,
    },
    /// The answer is complete; told once.
    Finish {
        /// `stop`, `length`, `tool_calls`, `content_filter` or what comes after these.
        finish_reason: Option<String>,
        /// The provider's own word for it.
        native_finish_reason: Option<String>,
    },
}

/// Appends what a delta says.
fn delta_events<J: Json>(delta: &J, events: &mut Vec<StreamEvent<J>>) {
    let mut reasoning = String::new();
    for detail in delta.get("reasoning_details").iter().flat_map(|details| details.items()) {
        for key in ["text", "summary"] {
            reasoning.push_str(&detail.text_of(key).unwrap_or_default());
        }
    }
    // The `reasoning` string repeats what the details say; some streams send only the one or the other.
    if reasoning.is_empty() {
        reasoning = delta.text_of("reasoning").unwrap_or_default();
    }
    let texts = [
        (reasoning, StreamEvent::Reasoning as fn(String) -> StreamEvent<J>),
        (delta.text_of("content").unwrap_or_default(), StreamEvent::Text),
        (delta.text_of("refusal").unwrap_or_default(), StreamEvent::Refusal),
    ];
    events.extend(texts.into_iter().filter(|(text, _)| !text.is_empty()).map(|(text, event)| event(text)));
    let lists = [
        ("tool_calls", StreamEvent::ToolCallDelta as fn(J) -> StreamEvent<J>),
        ("images", StreamEvent::Image),
        ("annotations", StreamEvent::Annotation),
    ];
    for (key, event) in lists {
        let list = delta.get(key);
        events.extend(list.iter().flat_map(|list| list.items()).map(|item| event(item.into_owned())));
    }
    if let Some(audio) = delta.present("audio") {
        events.push(StreamEvent::Audio(audio.into_owned()));
    }
}

impl<J: Json> Serialize for StreamEvent<J> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let (name, key, text, value) = match self {
            Self::Text(text) => ("text", "text", Some(text), None),
            Self::Reasoning(text) => ("reasoning", "text", Some(text), None),
            Self::Refusal(text) => ("refusal", "text", Some(text), None),
            Self::ToolCallDelta(delta) => ("tool_call_delta", "delta", None, Some(delta)),
            Self::Image(image) => ("image", "image", None, Some(image)),
            Self::Annotation(annotation) => ("annotation", "annotation", None, Some(annotation)),
            Self::Audio(audio) => ("audio", "audio", None, Some(audio)),
            Self::Usage(usage) => ("usage", "usage", None, Some(usage)),
            Self::ToolCall { id, name, arguments, is_complete } => {
                map.serialize_entry("id", id)?;
                map.serialize_entry("name", name)?;
                map.serialize_entry("arguments", arguments)?;
                map.serialize_entry("isComplete", is_complete)?;
                ("tool_call", "", None, None)
            }
            Self::Finish { finish_reason, native_finish_reason } => {
                map.serialize_entry("finishReason", finish_reason)?;
                map.serialize_entry("nativeFinishReason", native_finish_reason)?;
                ("finish", "", None, None)
            }
        };
        map.serialize_entry("type", name)?;
        if let Some(text) = text {
            map.serialize_entry(key, text)?;
        }
        if let Some(value) = value {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

fn owned<J: Json>(value: &J) -> Option<String> {
    value.text().map(std::borrow::Cow::into_owned)
}

fn owned_items<J: Json>(list: &J) -> impl Iterator<Item = J> {
    list.items().map(std::borrow::Cow::into_owned)
}

fn append<J: Json>(text: &mut Option<String>, value: &J) {
    if let Some(more) = value.text() {
        text.get_or_insert_default().push_str(&more);
    }
}
