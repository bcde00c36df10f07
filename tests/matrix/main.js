// Every entry that needs no set-up; the order is that of people who begin with the client.
import { OpenRouter } from "openrouter-wasm";
import { compare } from "openrouter-wasm/compare";
import { beginSignIn } from "openrouter-wasm/oauth";
import { proxySession } from "openrouter-wasm/session";
import { ask } from "./chat.js";

export const answer = (given) => ask({ OpenRouter, compare, proxySession, beginSignIn }, given);
