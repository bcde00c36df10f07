// The inference endpoints: chat, and those that are as simple as a client of them can bear.
import { speech, transcriptions } from "./audio.mjs";
import { conversationOf, faultOfChat, tokensIn } from "./chat.mjs";
import { completions } from "./completions.mjs";
import { json } from "./exchange.mjs";
import { images } from "./images.mjs";
import { messages } from "./messages.mjs";
import { responses } from "./responses.mjs";

const chatCompletions = {
  fault: faultOfChat,
  conversation: conversationOf,
  answer: ({ chat, scenario, number }) => ({
    status: 200,
    headers: chat.isStream ? scenario.streamHeaders : scenario.completeHeaders,
    pieces: () => (chat.isStream ? scenario.stream(chat, number) : scenario.complete(chat, number)),
  }),
};

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
  answer({ body, model, isCached }) {
    const texts = typeof body.input?.[0] === "number" ? [body.input] : listed(body.input);
    const data = texts.map((text, index) => {
      const vector = vectorOf(typeof text === "string" ? text : JSON.stringify(text), body.dimensions ?? 16);
      const embedding =
        body.encoding_format === "base64" ? Buffer.from(new Float32Array(vector).buffer).toString("base64") : vector;
      return { object: "embedding", index, embedding };
    });
    const prompt_tokens = isCached ? 0 : tokensIn(texts.join(""));
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

/**
 * By path:
 * - `fault(body)` is why the request is refused, or null.
 * - `takesForms` is whether the body can be a form.
 * - `conversation(body)` tells the request in the words of `conversationOf`, if a chat scenario is to answer it.
 * - `answer({ id, created, body, chat, scenario, number, model, isCached })` is the answer.
 */
export const INFERENCE = {
  "/chat/completions": chatCompletions,
  "/completions": completions,
  "/responses": responses,
  "/messages": messages,
  "/embeddings": embeddings,
  "/rerank": rerank,
  "/images": images,
  "/audio/speech": speech,
  "/audio/transcriptions": transcriptions,
};
