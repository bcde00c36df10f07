// What every entry exports.
export {
  ChatCompletionStream,
  EventStream,
  OpenRouter,
  OpenRouterError,
  init,
  parseMessage,
  pricePerMillion,
  tool,
} from "./client.js";
