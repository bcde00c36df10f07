// What every entry exports.
export { ChatCompletionStream, OpenRouter, OpenRouterError, init, parseMessage, pricePerMillion, tool } from "./client.js";
