// The other inference endpoints, each as simple as a client of it can bear: embeddings, rerank, responses, messages.
import { DONE, event, tokensIn, words } from "./chat.mjs";
import { json } from "./exchange.mjs";
import { EVENT_STREAM, TEXT } from "./scenario.mjs";

const listed = (value) => (Array.isArray(value) ? value : [value]);

/** The same text always gets the same vector, of length 1. */
function vectorOf(text, dimensions) {
  const raw = Array.from({ length: dimensions }, (_, i) => {
    const hash = [...text].reduce((h, c) => Math.imul(h ^ c.codePointAt(0), 0x01000193), 0x811c9dc5 ^ (i * 0x9e3779b1));
    return Math.sin(hash);
  });
  const length = Math.hypot(...raw);
  return raw.map((x) => x / length);
}

const embeddings = {
  fault: ({ input }) => (input === undefined || input === "" || input?.length === 0 ? "input: Required" : null),
  answer({ body, model }) {
    const texts = typeof body.input?.[0] === "number" ? [body.input] : listed(body.input);
    const data = texts.map((text, index) => {
      const vector = vectorOf(typeof text === "string" ? text : JSON.stringify(text), body.dimensions ?? 16);
      const embedding =
        body.encoding_format === "base64" ? Buffer.from(new Float32Array(vector).buffer).toString("base64") : vector;
      return { object: "embedding", index, embedding };
    });
    const prompt_tokens = tokensIn(texts.join(""));
    const usage = { prompt_tokens, total_tokens: prompt_tokens, cost: prompt_tokens * model.pricing.prompt };
    return json(200, { object: "list", data, model: model.id, usage });
  },
};

const rerank = {
  fault({ query, documents }) {
    if (typeof query !== "string" || query === "") return "query: Required";
    return Array.isArray(documents) && documents.length > 0 ? null : "documents: Required";
  },
  answer({ id, body, model }) {
    const queryWords = new Set(body.query.toLowerCase().split(/\W+/));
    const results = body.documents
      .map((document, index) => {
        const text = typeof document === "string" ? document : (document.text ?? "");
        const documentWords = text.toLowerCase().split(/\W+/);
        const shared = documentWords.filter((word) => queryWords.has(word)).length;
        return { index, relevance_score: shared / documentWords.length, document: { text } };
      })
      .sort((a, b) => b.relevance_score - a.relevance_score)
      .slice(0, body.top_n ?? Infinity);
    const total_tokens = tokensIn(body.query + JSON.stringify(body.documents));
    const usage = { total_tokens, cost: total_tokens * model.pricing.prompt };
    return json(200, {
      id: id.replace("gen-", "gen-rerank-"),
      model: model.id,
      provider: model.provider,
      results,
      usage,
    });
  },
};

/** An SSE answer of these pieces, or the JSON body. */
const streamOrJson = (isStream, pieces, body) =>
  isStream ? { status: 200, headers: EVENT_STREAM, pieces } : json(200, body);

const responses = {
  fault({ input, store, previous_response_id }) {
    if (input === undefined) return "input: Required";
    if (store === true || previous_response_id)
      return "the Responses API is stateless: no store, no previous_response_id";
    return null;
  },
  answer({ id, created, body, model }) {
    const part = { type: "output_text", text: TEXT, annotations: [] };
    const item = { id: `msg_${id}`, type: "message", role: "assistant", status: "completed", content: [part] };
    const output_tokens = words(TEXT).length;
    const input_tokens = tokensIn(JSON.stringify(body.input));
    const usage = {
      input_tokens,
      output_tokens,
      total_tokens: input_tokens + output_tokens,
      cost: 0.0001,
      is_byok: false,
    };
    const response = (more) => ({
      id,
      object: "response",
      created_at: created,
      model: model.id,
      error: null,
      incomplete_details: null,
      ...more,
    });
    const completed = response({ status: "completed", output: [item], usage });
    function* pieces() {
      let sequence_number = 0;
      const typed = (type, fields) => event({ type, ...fields, sequence_number: sequence_number++ });
      const place = { output_index: 0, item_id: item.id, content_index: 0 };
      const begun = response({ status: "in_progress", output: [], usage: null });
      // Here the keep-alive comment was recorded without a text.
      yield ": \n\n";
      yield typed("response.created", { response: begun });
      yield typed("response.in_progress", { response: begun });
      const opened = { ...item, status: "in_progress", content: [] };
      yield typed("response.output_item.added", { output_index: 0, item: opened });
      yield typed("response.content_part.added", { ...place, part: { ...part, text: "" } });
      for (const delta of words(TEXT)) yield typed("response.output_text.delta", { ...place, delta });
      yield typed("response.output_text.done", { ...place, text: TEXT });
      yield typed("response.content_part.done", { ...place, part });
      yield typed("response.output_item.done", { output_index: 0, item });
      yield typed("response.completed", { response: completed });
      yield DONE;
    }
    return streamOrJson(body.stream === true, pieces, completed);
  },
};

const messages = {
  fault({ messages: list, max_tokens }) {
    if (!Array.isArray(list) || list.length === 0) return "messages: Required";
    return Number.isInteger(max_tokens) && max_tokens > 0 ? null : "max_tokens: Required";
  },
  answer({ id, body, model }) {
    const input_tokens = tokensIn(JSON.stringify(body.messages));
    const usage = { input_tokens, output_tokens: words(TEXT).length };
    const message = (more) => ({
      id,
      type: "message",
      role: "assistant",
      model: model.id,
      stop_sequence: null,
      ...more,
    });
    function* pieces() {
      const named = (type, fields) => `event: ${type}\n${event({ type, ...fields })}`;
      const begun = message({ content: [], stop_reason: null, usage: { input_tokens, output_tokens: 0 } });
      yield named("message_start", { message: begun });
      yield named("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
      yield named("ping", {});
      for (const text of words(TEXT)) {
        yield named("content_block_delta", { index: 0, delta: { type: "text_delta", text } });
      }
      yield named("content_block_stop", { index: 0 });
      yield named("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage });
      yield named("message_stop", {});
    }
    const whole = message({ content: [{ type: "text", text: TEXT }], stop_reason: "end_turn", usage });
    return streamOrJson(body.stream === true, pieces, whole);
  },
};

/** By path: `fault(body)` is why the request is refused, or null; `answer({ id, created, body, model })` the answer. */
export const INFERENCE = {
  "/embeddings": embeddings,
  "/rerank": rerank,
  "/responses": responses,
  "/messages": messages,
};
