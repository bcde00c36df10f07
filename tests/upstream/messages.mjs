// POST /messages: Anthropic's shape. What is answered is the chat scenario's whole message.
import { areObjects, event, jsonSchemaOf, nativeFinish, words } from "./chat.mjs";
import { messagesError } from "./errors.mjs";
import { streamOrJson, written } from "./turn.mjs";

/** One message's blocks as chat messages: results are messages of their own there, calls are beside the content. */
function chatMessages({ role, content }) {
  if (typeof content === "string") return [{ role, content }];
  const of = (type) => content.filter((block) => block.type === type);
  const results = of("tool_result").map((block) => ({
    role: "tool",
    tool_call_id: block.tool_use_id,
    content: block.content ?? "",
  }));
  const calls = of("tool_use").map(({ id, name, input }) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(input) },
  }));
  const rest = content.filter((block) => !["tool_result", "tool_use"].includes(block.type));
  const isRest = calls.length > 0 || rest.length > 0;
  return [...results, ...(isRest ? [{ role, content: rest, ...(calls.length > 0 && { tool_calls: calls }) }] : [])];
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** The content blocks of an answer, how each is opened, and the deltas that fill it. */
function blocksOf({ reasoning, reasoning_details, content, tool_calls = [] }) {
  const signature = reasoning_details?.find((detail) => detail.signature)?.signature ?? "";
  const thinking = reasoning && {
    block: { type: "thinking", thinking: reasoning, signature },
    opened: { thinking: "", signature: "" },
    deltas: [
      ...words(reasoning).map((text) => ({ type: "thinking_delta", thinking: text })),
      ...(signature ? [{ type: "signature_delta", signature }] : []),
    ],
  };
  const text = content && {
    block: { type: "text", text: content, citations: [] },
    opened: { text: "" },
    deltas: words(content).map((word) => ({ type: "text_delta", text: word })),
  };
  const calls = tool_calls.map(({ id, function: { name, arguments: input = "" } }) => ({
    block: { type: "tool_use", id, name, input: parsed(input), caller: { type: "direct" } },
    opened: { input: {} },
    deltas: words(input).map((partial_json) => ({ type: "input_json_delta", partial_json })),
  }));
  return [thinking, text, ...calls].filter(Boolean);
}

function usageOf(chat) {
  const { prompt_tokens, completion_tokens, cost, is_byok, cost_details } = chat.usage();
  return {
    input_tokens: prompt_tokens,
    output_tokens: completion_tokens,
    output_tokens_details: null,
    cache_creation_input_tokens: null,
    cache_read_input_tokens: null,
    cache_creation: null,
    inference_geo: null,
    server_tool_use: null,
    service_tier: "standard",
    cost,
    is_byok,
    cost_details,
  };
}

export const messages = {
  fault({ messages: list, max_tokens, tools = [] }) {
    if (!areObjects(list) || list.length === 0) return "messages: expected array of messages";
    const bad = list.findIndex(({ content }) => typeof content !== "string" && !areObjects(content));
    if (bad >= 0) return `messages.${bad}.content: expected text or blocks`;
    if (!areObjects(tools)) return "tools: expected array of tools";
    return Number.isInteger(max_tokens) && max_tokens > 0 ? null : "max_tokens: Required";
  },
  conversation: (body) => ({
    messages: body.messages.flatMap(chatMessages),
    toolNames: (body.tools ?? []).flatMap(({ name }) => name ?? []),
    toolChoice: body.tool_choice?.type,
    maxTokens: body.max_tokens,
    jsonSchema: jsonSchemaOf(body.output_config?.format),
  }),
  answer({ chat, scenario }) {
    const blocks = blocksOf(chat.answered(scenario));
    const usage = usageOf(chat);
    const about = { container: null, stop_details: null, stop_sequence: null };
    const message = (more) => ({
      id: chat.id,
      type: "message",
      role: "assistant",
      model: chat.model.id,
      provider: chat.model.provider,
      ...about,
      ...more,
    });
    const failure = scenario.interruption?.error;
    const stop_reason = nativeFinish(chat.finishReason);
    function* events() {
      const begun = { content: [], stop_reason: null, usage: { ...usage, output_tokens: 0 } };
      yield ["message_start", { message: message(begun) }];
      for (const [index, { block, opened, deltas }] of blocks.entries()) {
        yield ["content_block_start", { index, content_block: { ...block, ...opened } }];
        if (index === 0) yield ["ping", {}];
        for (const delta of deltas) yield ["content_block_delta", { index, delta }];
        yield ["content_block_stop", { index }];
      }
    }
    function* pieces() {
      const named = ([type, fields]) => `event: ${type}\n${event({ type, ...fields })}`;
      const isDelta = ([type]) => type === "content_block_delta";
      const end = yield* written(events(), { isDelta, write: named, scenario, chat });
      if (end) return end;
      if (failure) {
        yield named(["error", { error: messagesError({ status: failure.code, error: failure }) }]);
        return undefined;
      }
      yield named(["message_delta", { delta: { ...about, stop_reason }, usage }]);
      yield named(["message_stop", { ...chat.routing }]);
    }
    const whole = failure
      ? { type: "error", error: messagesError({ status: failure.code, error: failure }), request_id: chat.id }
      : message({ content: blocks.map(({ block }) => block), stop_reason, usage, ...chat.routing });
    return streamOrJson(chat, { scenario, pieces, whole });
  },
};
