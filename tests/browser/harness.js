// Between the Rust tests, which have the core, and the scenarios, which want the classes.
import { OpenRouterError } from "../../src/browser/error.js";
import { openRouterClass } from "../../src/browser/openrouter.js";
import { scenarios } from "./scenarios.js";

export async function run(name, core, simulator) {
  const Core = core.constructor;
  const OpenRouter = openRouterClass({ loaded: () => Core, load: async () => {} });
  const pricePerMillion = (price) => Core.pricePerMillion(price);
  await scenarios[name]({ OpenRouter, OpenRouterError, pricePerMillion, simulator, ready: async () => {} });
}
