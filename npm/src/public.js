// What every entry exports.
export { ChatCompletionStream, OpenRouter, OpenRouterError, init, pricePerMillion } from "./client.js";
