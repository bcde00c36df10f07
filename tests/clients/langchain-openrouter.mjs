// The `@langchain/openrouter` package.
import { ChatOpenRouter } from "@langchain/openrouter";
import { calls } from "./langchain.mjs";

export { isAborted } from "./langchain.mjs";

export const connect = ({ baseURL, token, retries = 0 }) =>
  calls((model) => new ChatOpenRouter({ model, baseURL, apiKey: token, maxRetries: retries }));

/** Its errors hold no headers. */
export const readError = ({ status, message, code }) => ({ status: status ?? code, message });
