// Fields that OpenAI's clients, and what is built on them, have words for: those that pass as they are, and those that
// would cost more than anybody sees, or be kept in the account.
const messages = [{ role: "user", content: "hi" }];

export const PASSED = {
  "/chat/completions": {
    base: { model: "sim/text", messages },
    fields: {
      frequency_penalty: 0,
      logit_bias: { 1: 1 },
      logprobs: true,
      max_completion_tokens: 16,
      max_tokens: 16,
      metadata: { a: "b" },
      modalities: ["text"],
      n: 1,
      parallel_tool_calls: true,
      prediction: { type: "content", content: "x" },
      presence_penalty: 0,
      prompt_cache_key: "x",
      reasoning_effort: "low",
      response_format: { type: "text" },
      safety_identifier: "x",
      seed: 1,
      service_tier: "auto",
      stop: ["a"],
      store: false,
      stream_options: { include_usage: true, include_obfuscation: false },
      temperature: 1,
      tool_choice: "auto",
      top_p: 1,
      user: "x",
      verbosity: "low",
      // An answer that is sent back as it came.
      messages: [
        ...messages,
        { role: "assistant", content: "", refusal: null, annotations: [], audio: null, function_call: null, tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "x", arguments: "{}" } }] },
        { role: "tool", tool_call_id: "a", content: "x" },
      ],
    },
  },
  "/responses": {
    base: { model: "sim/text", input: "hi" },
    fields: {
      background: false,
      include: ["reasoning.encrypted_content"],
      instructions: "x",
      max_output_tokens: 16,
      max_tool_calls: 1,
      metadata: { a: "b" },
      parallel_tool_calls: true,
      previous_response_id: null,
      prompt_cache_key: "x",
      reasoning: { effort: "low", summary: "auto" },
      safety_identifier: "x",
      service_tier: "auto",
      store: false,
      temperature: 1,
      text: { verbosity: "low" },
      tool_choice: "auto",
      top_logprobs: 1,
      top_p: 1,
      truncation: "auto",
      user: "x",
    },
  },
  "/embeddings": {
    base: { model: "openai/text-embedding-3-small", input: "hi" },
    fields: { dimensions: 8, encoding_format: "base64", user: "x" },
  },
  "/audio/speech": {
    base: { model: "openai/gpt-4o-mini-tts", input: "hi", voice: "alloy" },
    fields: { response_format: "mp3", speed: 1 },
  },
  "/images/generations": {
    base: { model: "openai/gpt-image-1", prompt: "hi" },
    fields: { background: "auto", n: 1, output_compression: 90, output_format: "png", quality: "auto", response_format: "b64_json", size: "auto", stream: false },
  },
};

export const REFUSED = {
  "/chat/completions": { n: 2, store: true, service_tier: "priority", web_search_options: {}, functions: [], prompt_cache_retention: "24h" },
  "/responses": { background: true, conversation: "x", previous_response_id: "x", store: true, prompt: { id: "x" }, stream_options: {} },
  "/images/generations": { response_format: "url", style: "vivid", background: true },
};
