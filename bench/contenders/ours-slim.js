// The entry whose wasm is a file of its own: what is loaded first of all.
import { OpenRouter, init } from "openrouter-wasm/slim";
import wasm from "openrouter-wasm/openrouter.wasm";
import { client } from "./client-of-ours.js";

export default (settings) => {
  init(new URL(wasm, import.meta.url));
  return client(new OpenRouter(settings));
};
