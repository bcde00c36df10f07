// What tests/package.test.mjs calls in a page. The package is imported by each call, so that its loading can be watched.
import { signIn } from "./endpoints.js";
import { scenarios } from "./scenarios.js";
import { sessions } from "./session.js";
import { connect, fresh, hi } from "./support.js";

const WASM = "/pkg/dist/wasm/openrouter_bg.wasm";

const wasmLoaded = () =>
  performance
    .getEntriesByType("resource")
    .map(({ name }) => name)
    .filter((name) => /inline|\.wasm/.test(name));

window.page = {
  async runScenario(name, simulator) {
    const exported = await import("/pkg/dist/index.js");
    const { compare } = await import("/pkg/dist/compare.js");
    await scenarios[name]({ ...exported, compare, ready: exported.init, simulator });
  },

  async runSignIn(name, simulator) {
    const { OpenRouter } = await import("/pkg/dist/index.js");
    const oauth = await import("/pkg/dist/oauth.js");
    await signIn[name]({ OpenRouter, oauth, simulator });
  },

  async runSession(name, simulator) {
    const { OpenRouter } = await import("/pkg/dist/index.js");
    const { proxySession } = await import("/pkg/dist/session.js");
    await sessions[name]({ OpenRouter, proxySession, simulator });
  },

  async beginSignIn(simulator) {
    const { beginSignIn } = await import("/pkg/dist/oauth.js");
    const { url } = await beginSignIn({ authURL: `${simulator}/auth`, keyLabel: "my page" });
    setTimeout(() => location.assign(url)); // the test has its answer first
  },

  async completeSignIn(simulator) {
    const { OpenRouter } = await import("/pkg/dist/index.js");
    const { completeSignIn } = await import("/pkg/dist/oauth.js");
    const baseURL = `${simulator}/api/v1`;
    const { key } = await completeSignIn({ client: new OpenRouter({ baseURL }), replaceURL: true });
    const { label } = await new OpenRouter({ baseURL, apiKey: key }).key();
    return { key, label, kept: sessionStorage.length + localStorage.length };
  },

  async loadedBeforeAndAfterFirstCall(simulator) {
    const { OpenRouter } = await import("/pkg/dist/index.js");
    const client = new OpenRouter({ baseURL: `${simulator}/api/v1` });
    const before = wasmLoaded().length;
    await client.models({ limit: 1 });
    return [before, wasmLoaded().length];
  },

  async defaultRequest() {
    const { OpenRouter } = await import("/pkg/dist/index.js");
    const real = globalThis.fetch;
    let url;
    let init;
    globalThis.fetch = async (...given) => {
      [url, init] = given;
      return new Response('{"data":[]}', { headers: { "content-type": "application/json" } });
    };
    try {
      await new OpenRouter().models();
    } finally {
      globalThis.fetch = real;
    }
    return [url, new Headers(init.headers).get("authorization")];
  },

  async slim() {
    const { init, pricePerMillion } = await import("/pkg/dist/slim.js");
    const failing = init().catch((error) => error);
    await init(WASM);
    return [(await failing).code, pricePerMillion("0.00000015")];
  },

  async failedLoad() {
    const { init, pricePerMillion } = await import("/pkg/dist/slim.js");
    const broken = () => init("/pkg/no-such-file.wasm").catch((error) => error.code);
    const codes = await Promise.all([broken(), broken()]);
    await init(WASM);
    return [...codes, pricePerMillion("0.00000015")];
  },

  async changedWhileLoading(simulator) {
    const { OpenRouter } = await import("/pkg/dist/index.js");
    const { client, define, sent } = connect({ OpenRouter, simulator });
    const model = fresh();
    await define({ model, events: [{ choices: [{ finish_reason: "stop" }] }, "[DONE]"] });
    const request = hi(model);
    const stream = client.stream(request);
    request.messages.push({ role: "assistant", content: "" });
    await stream.finalMessage();
    const [body] = await sent(model);
    return body.messages.length;
  },

  async forbidden() {
    const { OpenRouter } = await import("/pkg/dist/index.js");
    const error = await new OpenRouter().models().catch((error) => error);
    return [error.code, error.message];
  },
};

window.dispatchEvent(new Event("page-ready"));
