// The class that people use: reads what the caller gives when he gives it, and hands it to the core as JSON.

import { authorize } from "./auth.js";
import { EventStream, withAudio } from "./events.js";
import { Exchange, unlessAborted } from "./exchange.js";
import { CHEAPEST, COST, Catalogue, FIND, ask, data, take } from "./models.js";
import { ChatCompletionStream } from "./stream.js";
import { parse, refuse } from "./structured.js";
import { ToolRun } from "./tools.js";

/** How each option that is no JSON is told from a mistake, which stays for the core to refuse. */
const platform = {
  auth: (value) => typeof value === "function",
  fetch: (value) => typeof value === "function",
  hooks: (value) => typeof value === "object",
  signal: (value) => typeof value.addEventListener === "function",
};

/** Options of the platform by their names, and the rest as JSON. */
const split = (options) => {
  if (typeof (options ?? {}) !== "object") return { json: write(options) };
  const own = {};
  const plain = { ...options };
  own.cache = plain.cache ?? undefined;
  for (const [name, is] of Object.entries(platform)) {
    if (plain[name] === undefined || plain[name] === null || !is(plain[name])) continue;
    own[name] = plain[name];
    delete plain[name];
  }
  // See auth.rs.
  if (own.auth) plain.auth = "\0";
  const { headers } = plain;
  if (typeof headers === "object" && headers !== null) {
    const pairs = typeof headers[Symbol.iterator] === "function" ? [...headers] : Object.entries(headers);
    plain.headers = pairs.map((pair) => [...pair].map(String));
  }
  return { ...own, json: write(plain) };
};

/** As JSON; undefined if it is none. */
export const write = (value) => {
  try {
    return JSON.stringify(value) ?? "null";
  } catch {
    return undefined;
  }
};

/** The variables that stand for options, where there is an environment. */
const environment = () => {
  const read = (name) => {
    try {
      return globalThis.process?.env?.[name];
    } catch {
      // Deno was not allowed to: there is none, then.
    }
  };
  const names = ["OPENROUTER_API_KEY", "OPENROUTER_BASE_URL", "OPENROUTER_SITE_URL", "OPENROUTER_SITE_NAME"];
  return write(Object.fromEntries(names.map((name) => [name, read(name)])));
};

/** The origin of the page, or of the page that started this worker; none in a sandboxed frame or a file. */
const pageOrigin = () => {
  const origin = globalThis.location?.origin;
  return origin === "null" ? undefined : origin;
};

/** Names the method for conversations. */
export const ASK = Symbol("ask");

/**
 * The class over a core that is loaded on first use: `loaded()` is the core's class once it is there, `load()` resolves
 * when it is.
 */
export const openRouterClass = ({ loaded, load }) =>
  class OpenRouter {
    #options;
    #core;
    #catalogue = new Catalogue();

    constructor(options) {
      this.#options = split(options);
    }

    /** By this, what wraps plain objects in proxies, as Vue's `ref()` does, leaves it alone: a proxy has no private fields. */
    get [Symbol.toStringTag]() {
      return "OpenRouter";
    }

    chat(request, options) {
      return this.#call("chat", request, options);
    }

    stream(request, options) {
      const cancel = new AbortController();
      return new ChatCompletionStream(this.#call("chat", request, options, cancel.signal), cancel);
    }

    /** Streams the answer to what `make()` resolves to once the core is there; `ended` is told how it ended. */
    [ASK](make, options, ended) {
      const cancel = new AbortController();
      const opened = this.#run(options, cancel.signal, async (core, json) => core.call("chat", await unlessAborted(make(), cancel.signal), json, true, Date.now()));
      return new ChatCompletionStream(opened, cancel, ended);
    }

    async models(query, options) {
      return JSON.parse(await this.#kept("models", query ?? {}, options));
    }

    model(id, options) {
      return this.#data("model", { model: id }, options);
    }

    async endpoints(id, options) {
      return data(await this.#call("endpoints", { model: id }, options));
    }

    providers(options) {
      return this.#data("providers", {}, options);
    }

    async countModels(query, options) {
      return (await this.#data("countModels", query ?? {}, options)).count;
    }

    userModels(query, options) {
      return this.#call("userModels", query ?? {}, options);
    }

    findModels(needs, options) {
      return this.#find(FIND, needs, options);
    }

    async cheapestModel(needs, options) {
      const [model] = await this.#find(CHEAPEST, needs, options);
      return model;
    }

    /** The usage is checked before a model's row is asked for. */
    async cost(model, usage, options) {
      const [images, rest] = take("images", options);
      const isName = typeof model === "string";
      const given = write({ model: isName ? { pricing: {} } : model, usage, images });
      if (isName) {
        const row = await this.#data("model", { model }, rest, () => ask(loaded(), COST, given));
        return ask(loaded(), COST, write({ ...JSON.parse(given), model: row }));
      }
      await load();
      return ask(loaded(), COST, given);
    }

    /** The text that was answered before, or is now, see models.js. `check` throws before anything is sent. */
    async #kept(operation, request, options, check = () => {}) {
      const body = write(request);
      const prepare = (core, json) => {
        check();
        return core.call(operation, body, json, false, Date.now());
      };
      const send = (...call) => this.#catalogue.entry(loaded(), ...call);
      const { text } = await this.#run(options, undefined, prepare, send);
      return text;
    }

    async #data(...call) {
      return data(JSON.parse(await this.#kept(...call)));
    }

    /** The rows that meet needs: of all models, if not of those alone that write text. */
    async #find(what, needs, options) {
      const json = write(needs ?? {});
      const { outputModalities: output_modalities, providers } = needs ?? {};
      const list = await this.#kept("models", { output_modalities, providers }, options, () => ask(loaded(), what, json));
      const positions = ask(loaded(), what, json, list);
      const { data } = JSON.parse(list);
      return positions.map((position) => data[position]);
    }

    parse(request, output, options) {
      return parse(request, output, (format) => this.#call("chat", request, options, undefined, format), loaded);
    }

    runTools(request, options) {
      return new ToolRun((...given) => this.stream(...given), loaded, request, options);
    }

    embeddings(request, options) {
      return this.#call("embeddings", request, options);
    }

    rerank(request, options) {
      return this.#call("rerank", request, options);
    }

    images(request, options) {
      return this.#call("images", request, options);
    }

    streamImages(request, options) {
      return this.#events("images", request, options);
    }

    speech(request, options) {
      return this.#call("speech", request, options);
    }

    transcription(request, options) {
      const { file, ...rest } = request ?? {};
      if (typeof file?.arrayBuffer !== "function") return this.#call("transcription", request, options);
      const body = write(rest);
      return this.#run(options, undefined, async (core, json) => {
        const bytes = await file.arrayBuffer().catch((cause) => {
          throw refuse("file", "it cannot be read", cause);
        });
        return core.call("transcription", withAudio(core, body, file, new Uint8Array(bytes)), json, false, Date.now());
      });
    }

    responses(request, options) {
      return this.#call("responses", request, options);
    }

    streamResponses(request, options) {
      return this.#events("responses", request, options);
    }

    messages(request, options) {
      return this.#call("messages", request, options);
    }

    streamMessages(request, options) {
      return this.#events("messages", request, options);
    }

    async key(options) {
      return data(await this.#call("key", {}, options));
    }

    async generation(id, options) {
      return data(await this.#call("generation", { id }, options));
    }

    exchangeCode(request, options) {
      return this.#call("exchangeCode", request, options);
    }

    request(method, path, body, options) {
      // An empty text is no JSON, and refused as such.
      const json = body === undefined ? undefined : (write(body) ?? "");
      return this.#run(options, undefined, (core, own) => core.request(String(method), String(path), json, own, Date.now()));
    }

    #events(operation, request, options) {
      const cancel = new AbortController();
      return new EventStream(this.#call(operation, request, options, cancel.signal), cancel);
    }

    /** Reads request and options now, whatever becomes of the caller's objects before the core is loaded. */
    #call(operation, request, options, cancel, format = (body) => body) {
      const body = write(request);
      return this.#run(options, cancel, (core, json) => core.call(operation, body && format(body), json, cancel !== undefined, Date.now()));
    }

    /** `send` carries what was prepared. */
    async #run(options, cancel, prepare, send = (...exchange) => new Exchange(...exchange).run()) {
      const { signal, json, ...own } = split(options);
      const signals = [signal, this.#options.signal, cancel].filter((signal) => signal);
      for (const signal of signals) signal.throwIfAborted();
      if (!loaded()) await signals.reduce(unlessAborted, load());
      this.#core ??= new (loaded())(this.#options.json, pageOrigin(), environment());
      const { auth = this.#options.auth, fetch = this.#options.fetch, hooks = this.#options.hooks, cache = this.#options.cache } = own;
      const call = await prepare(this.#core, json);
      try {
        if (auth) await authorize(call, auth, signals);
      } catch (error) {
        call.free();
        throw error;
      }
      return send(call, { auth, fetch, hooks, cache }, signals, json);
    }
  };
