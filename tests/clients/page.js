// The clients in a page of another origin than the Worker's: one bundle, one function for WebDriver to call.
import * as aiOpenaiCompatible from "./ai-openai-compatible.mjs";
import * as aiOpenrouter from "./ai-openrouter.mjs";
import * as langchainOpenai from "./langchain-openai.mjs";
import * as langchainOpenrouter from "./langchain-openrouter.mjs";
import * as openai from "./openai.mjs";
import * as openrouterSdk from "./openrouter-sdk.mjs";

const clients = {
  openai,
  "openrouter-sdk": openrouterSdk,
  "ai-openrouter": aiOpenrouter,
  "ai-openai-compatible": aiOpenaiCompatible,
  "langchain-openai": langchainOpenai,
  "langchain-openrouter": langchainOpenrouter,
};

/** What each call gave, by its name; and what became of a limit, and of an abort on `abortModel`. */
window.run = async (name, to, calls, abortModel) => {
  const { connect, readError, isAborted } = clients[name];
  const client = connect(to);
  const results = {};
  for (const [call, given] of Object.entries(calls)) {
    results[call] = await client[call](...given).catch((error) => `failed: ${error.stack}`);
  }
  const pieces = [];
  const { tokens } = await client.stream("sim/text", { onText: (text) => pieces.push(text) });
  results.stream = { pieces, tokens };
  results.limit = await client.chat("sim/429-retry-after").then(() => "it did not fail", readError);
  const controller = new AbortController();
  const aborting = client.stream(abortModel, { onText: () => controller.abort(), signal: controller.signal });
  results.isAborted = await aborting.then(() => true, isAborted);
  return results;
};
