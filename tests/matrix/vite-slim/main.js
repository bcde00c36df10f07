// The wasm as a file of its own.
import { OpenRouter, init } from "openrouter-wasm/slim";
import url from "openrouter-wasm/openrouter.wasm?url";
import { compare } from "openrouter-wasm/compare";
import { beginSignIn } from "openrouter-wasm/oauth";
import { proxySession } from "openrouter-wasm/session";
import { ask } from "./chat.js";

export async function answer(given) {
  await init(url);
  return ask({ OpenRouter, compare, proxySession, beginSignIn }, given);
}
