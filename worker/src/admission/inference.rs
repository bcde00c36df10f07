//! What is asked of a model, by endpoint: which fields there are, what limits an answer, how it is billed.

use openrouter_wasm::{api::Endpoint, json::Value};

/// What a call says of the model that it asks.
pub(super) trait Inference: Sized {
    /// Fields that pass, besides those of the table.
    fn fields(self) -> &'static [&'static str];

    /// The field that limits the tokens of an answer, where there is one.
    fn limit(self) -> Option<&'static str>;

    /// The field that has to be set, unless the request limits itself.
    fn missing_limit(self, body: &Value<'_>) -> Option<&'static str>;

    /// The keys that `provider` may have; `None` if all that chat has.
    fn provider_keys(self) -> Option<&'static [&'static str]>;

    /// Whether endpoints that cost more than `provider.max_price` are left out.
    fn has_max_price(self) -> bool;

    /// Whether tokens of text are all that is billed.
    fn bills_text(self) -> bool;

    /// Its name in `MEDIA_USD`.
    fn media(self) -> &'static str;

    /// Whether it says who asks.
    fn has_user(self) -> bool;

    /// Whether it says in which session.
    fn has_session(self) -> bool;
}

impl Inference for Endpoint {
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::ChatCompletions => &["max_tool_calls", "safety_identifier", "structured_outputs"],
            Self::Images => &["response_format"],
            Self::Responses => &["prompt_cache_options", "safety_identifier"],
            Self::Completions => &[
                "model",
                "models",
                "prompt",
                "max_tokens",
                "max_completion_tokens",
                "temperature",
                "top_p",
                "top_k",
                "min_p",
                "top_a",
                "frequency_penalty",
                "presence_penalty",
                "repetition_penalty",
                "seed",
                "stop",
                "stream",
                "stream_options",
                "logit_bias",
                "logprobs",
                "provider",
                "plugins",
                "preset",
                "reasoning",
                "user",
                "service_tier",
            ],
            Self::Videos => &[
                "model",
                "prompt",
                "duration",
                "resolution",
                "aspect_ratio",
                "size",
                "frame_images",
                "input_references",
                "generate_audio",
                "seed",
                "provider",
                "upscale_factor",
                "creativity",
            ],
            _ => &[],
        }
    }

    fn limit(self) -> Option<&'static str> {
        match self {
            // `max_completion_tokens` is the newer name, and the one that fewer providers know.
            Self::ChatCompletions | Self::Completions | Self::Messages => Some("max_tokens"),
            Self::Responses => Some("max_output_tokens"),
            _ => None,
        }
    }

    fn missing_limit(self, body: &Value<'_>) -> Option<&'static str> {
        let is_there = |field: &str| body.present(field).is_some();
        let has_newer = matches!(self, Self::ChatCompletions | Self::Completions) && is_there("max_completion_tokens");
        self.limit().filter(|own| !is_there(own) && !has_newer)
    }

    fn provider_keys(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Images => Some(&["allow_fallbacks", "ignore", "only", "order", "sort"]),
            Self::Speech | Self::Transcriptions | Self::Videos => Some(&[]),
            _ => None,
        }
    }

    fn has_max_price(self) -> bool {
        self.provider_keys().is_none()
    }

    fn bills_text(self) -> bool {
        matches!(self, Self::ChatCompletions | Self::Completions | Self::Responses | Self::Messages | Self::Embeddings)
    }

    fn media(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Speech => "speech",
            Self::Transcriptions => "transcription",
            Self::Videos => "videos",
            Self::Rerank => "rerank",
            _ => "",
        }
    }

    /// Whether it says who asks.
    fn has_user(self) -> bool {
        self.bills_text()
    }

    fn has_session(self) -> bool {
        matches!(self, Self::ChatCompletions | Self::Responses | Self::Messages)
    }
}
