// Between the Rust tests, which have the core, and the scenarios, which want the classes.
import { OpenRouterError } from "../../src/browser/error.js";
import { openRouterClass } from "../../src/browser/openrouter.js";
import { messageParser } from "../../src/browser/structured.js";
import { tool } from "../../src/browser/tools.js";
import { scenarios } from "./scenarios.js";

export async function run(name, core, simulator) {
  const Core = core.constructor;
  const given = { loaded: () => Core, load: async () => {} };
  const OpenRouter = openRouterClass(given);
  const parseMessage = messageParser(given);
  const pricePerMillion = (price) => Core.pricePerMillion(price);
  await scenarios[name]({ OpenRouter, OpenRouterError, parseMessage, pricePerMillion, tool, simulator, ready: async () => {} });
}
