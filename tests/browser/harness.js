// Between the Rust tests, which have the core, and the scenarios, which want the classes.
import { conversationClass } from "../../src/browser/conversation.js";
import { OpenRouterError } from "../../src/browser/error.js";
import { openRouterClass } from "../../src/browser/openrouter.js";
import { messageParser } from "../../src/browser/structured.js";
import { tool } from "../../src/browser/tools.js";
import { contentPartOver } from "../../src/browser/parts.js";
import { scenarios } from "./scenarios.js";

export async function run(name, core, simulator) {
  const Core = core.constructor;
  const loading = { loaded: () => Core, load: async () => {} };
  const [OpenRouter, Conversation, contentPart, parseMessage] = [openRouterClass, conversationClass, contentPartOver, messageParser].map(
    (over) => over(loading),
  );
  const pricePerMillion = (price) => Core.pricePerMillion(price);
  const given = { Conversation, OpenRouter, OpenRouterError, contentPart, parseMessage, pricePerMillion, tool };
  await scenarios[name]({ ...given, simulator, ready: async () => {} });
}
