// What every entry exports.
export {
  ChatCompletionStream,
  Conversation,
  EventStream,
  OpenRouter,
  OpenRouterError,
  contentPart,
  init,
  parseMessage,
  pricePerMillion,
  tool,
} from "./client.js";
