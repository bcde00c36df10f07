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
  tokensPerSecond,
  tool,
} from "./client.js";
