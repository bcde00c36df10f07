// POST /responses: OpenAI's shape. What is answered is the chat scenario's whole message.
import { DONE, areObjects, event, jsonSchemaOf, words } from "./chat.mjs";
import { streamOrJson, written } from "./turn.mjs";

/** The items of a request as chat messages. */
function messagesOf({ instructions, input }) {
  const messages = instructions ? [{ role: "system", content: instructions }] : [];
  for (const item of typeof input === "string" ? [{ role: "user", content: input }] : input) {
    const { type, role, call_id, output, content } = item;
    if (type === "function_call") {
      const calls = messages.at(-1)?.tool_calls ?? [];
      if (calls.length === 0) messages.push({ role: "assistant", content: null, tool_calls: calls });
      calls.push({ id: call_id, type: "function", function: { name: item.name, arguments: item.arguments } });
    } else if (type === "function_call_output") messages.push({ role: "tool", tool_call_id: call_id, content: output });
    else if (role) messages.push({ role, content });
  }
  return messages;
}

const reasoningItem = (id, text) => {
  const part = { type: "summary_text", text };
  const place = { summary_index: 0 };
  return {
    item: { id: `rs_${id}`, type: "reasoning", summary: [part] },
    opened: { summary: [] },
    events: [
      ["response.reasoning_summary_part.added", { ...place, part: { ...part, text: "" } }],
      ...words(text).map((delta) => ["response.reasoning_summary_text.delta", { ...place, delta }]),
      ["response.reasoning_summary_text.done", { ...place, text }],
      ["response.reasoning_summary_part.done", { ...place, part }],
    ],
  };
};

const textItem = (id, text) => {
  const part = { type: "output_text", text, annotations: [] };
  const place = { content_index: 0 };
  return {
    item: { id: `msg_${id}`, type: "message", role: "assistant", status: "completed", content: [part] },
    opened: { status: "in_progress", content: [] },
    events: [
      ["response.content_part.added", { ...place, part: { ...part, text: "" } }],
      ...words(text).map((delta) => ["response.output_text.delta", { ...place, delta, logprobs: [] }]),
      ["response.output_text.done", { ...place, text, logprobs: [] }],
      ["response.content_part.done", { ...place, part }],
    ],
  };
};

const callItem = (id, call, n) => {
  const { name, arguments: text = "" } = call.function;
  const about = { id: `fc_${id}_${n}`, type: "function_call", call_id: call.id, name };
  return {
    item: { ...about, status: "completed", arguments: text },
    opened: { status: "in_progress", arguments: "" },
    events: [
      ...words(text).map((delta) => ["response.function_call_arguments.delta", { delta }]),
      ["response.function_call_arguments.done", { name, arguments: text }],
    ],
  };
};

const outputOf = (id, { reasoning, content, tool_calls = [] }) => [
  ...(reasoning ? [reasoningItem(id, reasoning)] : []),
  ...(content ? [textItem(id, content)] : []),
  ...tool_calls.map((call, n) => callItem(id, call, n)),
];

function usageOf(chat) {
  const { prompt_tokens, completion_tokens, total_tokens, cost, is_byok, cost_details } = chat.usage();
  return {
    input_tokens: prompt_tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: completion_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens,
    cost,
    is_byok,
    cost_details: {
      upstream_inference_cost: cost_details.upstream_inference_cost,
      upstream_inference_input_cost: cost_details.upstream_inference_prompt_cost,
      upstream_inference_output_cost: cost_details.upstream_inference_completions_cost,
    },
  };
}

/** A response object: what the request set, as it came, and how far the answer is. */
const responseOf = (chat, more) => ({
  id: chat.id,
  object: "response",
  created_at: chat.created,
  model: chat.model.id,
  completed_at: null,
  output: [],
  error: null,
  incomplete_details: null,
  tools: chat.body.tools ?? [],
  tool_choice: chat.body.tool_choice ?? "auto",
  parallel_tool_calls: chat.body.parallel_tool_calls ?? true,
  max_output_tokens: chat.body.max_output_tokens ?? null,
  temperature: chat.body.temperature ?? 1,
  top_p: chat.body.top_p ?? 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  metadata: chat.body.metadata ?? {},
  previous_response_id: null,
  store: false,
  instructions: chat.body.instructions ?? null,
  text: chat.body.text ?? { format: { type: "text" } },
  usage: null,
  ...more,
});

const REASONS = { length: "max_output_tokens", content_filter: "content_filter" };

/** The last event's name and response: the whole answer, or what became of it. */
function ending(chat, items, { error }) {
  if (error) {
    const about = { error: { code: "server_error", message: error.message }, error_type: error.metadata.error_type };
    return ["response.failed", responseOf(chat, { status: "failed", ...about })];
  }
  const reason = REASONS[chat.finishReason];
  const status = reason ? "incomplete" : "completed";
  const more = {
    status,
    completed_at: chat.created,
    output: items.map(({ item }) => item),
    usage: usageOf(chat),
    ...chat.routing,
  };
  return [`response.${status}`, responseOf(chat, reason ? { ...more, incomplete_details: { reason } } : more)];
}

export const responses = {
  fault({ input, store, previous_response_id, tools = [] }) {
    const isList = areObjects(input) && input.length > 0;
    if (!isList && (typeof input !== "string" || input === "")) return "input: expected text or items";
    if (!areObjects(tools)) return "tools: expected array of tools";
    if (store === true || previous_response_id)
      return "the Responses API is stateless: no store, no previous_response_id";
    return null;
  },
  conversation: (body) => ({
    messages: messagesOf(body),
    toolNames: (body.tools ?? []).flatMap((tool) => (tool.type === "function" ? (tool.name ?? []) : [])),
    toolChoice: body.tool_choice,
    maxTokens: body.max_output_tokens ?? Infinity,
    jsonSchema: jsonSchemaOf(body.text?.format),
  }),
  answer({ chat, scenario }) {
    const items = outputOf(chat.id, chat.answered(scenario));
    const [last, response] = ending(chat, items, scenario.interruption ?? {});
    function* events() {
      const begun = responseOf(chat, { status: "in_progress" });
      yield ["response.created", { response: begun }];
      yield ["response.in_progress", { response: begun }];
      for (const [output_index, { item, opened, events }] of items.entries()) {
        yield ["response.output_item.added", { output_index, item: { ...item, ...opened } }];
        for (const [type, fields] of events) yield [type, { output_index, item_id: item.id, ...fields }];
        yield ["response.output_item.done", { output_index, item }];
      }
    }
    function* pieces() {
      // Here the keep-alive comment was recorded without a text.
      yield ": \n\n";
      let sequence_number = 0;
      const typed = ([type, fields]) => event({ type, ...fields, sequence_number: sequence_number++ });
      const isDelta = ([type]) => type.endsWith(".delta");
      const end = yield* written(events(), { isDelta, write: typed, scenario, chat });
      if (end) return end;
      yield typed([last, { response }]);
      yield DONE;
    }
    return streamOrJson(chat, { scenario, pieces, whole: response });
  },
};
