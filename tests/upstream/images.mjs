// POST /images: pictures from a prompt, in one document, or in a stream where the provider knows how.
import { DONE, event, tokensIn } from "./chat.mjs";
import { RED_PIXEL } from "./contents.mjs";
import { json } from "./exchange.mjs";
import { EVENT_STREAM } from "./scenario.mjs";

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>';
const TOKENS_PER_IMAGE = 272;
const COST_PER_IMAGE = 0.011;

/** Other providers ignore `stream`, and answer in one document. */
export const STREAMING_PROVIDERS = ["OpenAI", "Simulator"];

const isIntegerIn = (value, low, high) => Number.isInteger(value) && value >= low && value <= high;

export const images = {
  fault({ prompt, n = 1, output_format = "png", input_references = [] }) {
    if (typeof prompt !== "string" || prompt === "") return "prompt: Required";
    if (!isIntegerIn(n, 1, 10)) return "n: expected 1 to 10";
    if (!["png", "jpeg", "webp", "svg"].includes(output_format)) return "output_format: expected png, jpeg, webp, svg";
    const isList = Array.isArray(input_references) && input_references.length <= 16;
    return isList ? null : "input_references: expected at most 16";
  },
  answer({ created, body, model, scenario }) {
    const { n = 1, output_format } = body;
    const isVector = output_format === "svg";
    // Nothing here can compress: whatever else was asked for, it is a PNG, and says so.
    const image = isVector
      ? { b64_json: Buffer.from(SVG).toString("base64"), media_type: "image/svg+xml" }
      : { b64_json: RED_PIXEL, media_type: "image/png" };
    const prompt_tokens = tokensIn(body.prompt);
    const usageOf = (count) => ({
      prompt_tokens,
      completion_tokens: count * TOKENS_PER_IMAGE,
      total_tokens: prompt_tokens + count * TOKENS_PER_IMAGE,
      cost: count * COST_PER_IMAGE,
    });
    const { error, end } = scenario.interruption ?? {};

    function* pieces() {
      const typed = (type, fields) => event({ type: `image_generation.${type}`, ...fields });
      if (isVector) yield typed("text_chunk", { phase: "content", text: SVG.slice(0, SVG.length / 2) });
      for (const partial_image_index of isVector ? [] : [0, 1]) {
        yield typed("partial_image", { partial_image_index, b64_json: RED_PIXEL });
      }
      if (end) return end;
      if (error) {
        const told = { message: error.message, code: "server_error", type: "provider_error", param: null };
        yield event({ type: "error", error: told });
      } else {
        if (isVector) yield typed("text_chunk", { phase: "content", text: SVG.slice(SVG.length / 2) });
        for (let i = 0; i < n; i += 1) yield typed("completed", { ...image, created, usage: usageOf(1) });
      }
      yield DONE;
    }

    const isStream = body.stream === true && STREAMING_PROVIDERS.includes(model.provider);
    if (isStream) return { status: 200, headers: EVENT_STREAM, pieces };
    return json(200, { created, data: Array(n).fill(image), usage: usageOf(n) });
  },
};
