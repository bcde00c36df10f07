// The wasm as a module of the Worker.
import { OpenRouter, init } from "openrouter-wasm/slim";
import module from "openrouter-wasm/openrouter.wasm";
import { compare } from "openrouter-wasm/compare";
import { beginSignIn } from "openrouter-wasm/oauth";
import { proxySession } from "openrouter-wasm/session";
import { ask } from "./chat.js";

export async function answer(given) {
  await init(module);
  return ask({ OpenRouter, compare, proxySession, beginSignIn }, given);
}
