import { OpenRouter } from "openrouter-wasm";
import { client } from "./client-of-ours.js";

export default (settings) => client(new OpenRouter(settings));
