// A conversation: the history and who is asked. What of it is sent, and what it adds up to, is the core's to say.

import { OpenRouterError } from "./error.js";
import { ASK, write } from "./openrouter.js";

const invalid = (message) => new OpenRouterError({ code: "invalid_request", message, retryable: false });

/** What somebody says: text or parts of a user, or messages as they are. */
const messagesOf = (content) => {
  if (content === undefined) return [];
  const list = Array.isArray(content) ? content : [content];
  return list.length > 0 && list.every((item) => item?.role) ? list : [{ role: "user", content }];
};

/** Over a core that is loaded on first use, as `openRouterClass`. */
export const conversationClass = ({ loaded, load }) =>
  class Conversation {
    #client;
    #onTrim;
    #usage = "{}";
    #known;
    #asking;
    #lengths;
    dropped = 0;

    constructor({ client, model, system, messages = [], contextLength, reserve, onTrim, ...request }) {
      this.#client = client;
      this.#onTrim = onTrim;
      Object.assign(this, { model, contextLength, reserve, request });
      this.messages = system === undefined ? [...messages] : [{ role: "system", content: system }, ...messages];
    }

    static async from(saved, client, onTrim) {
      if (!loaded()) await load();
      const text = typeof saved === "string" ? saved : write(saved);
      checked(loaded().conversation(text ?? ""));
      const { request, usage, known, version, ...own } = JSON.parse(text);
      const conversation = new Conversation({ ...own, client, onTrim });
      conversation.request = request ?? {};
      conversation.#usage = write(usage ?? {});
      conversation.#known = known ?? undefined;
      return conversation;
    }

    toJSON() {
      const { model, messages, contextLength, reserve, request, usage } = this;
      return { version: 1, model, messages, contextLength, reserve, request, usage, known: this.#known };
    }

    get usage() {
      return JSON.parse(this.#usage);
    }

    get pending() {
      return this.messages.length > 0 && this.messages.at(-1).role !== "assistant";
    }

    async send(content, options) {
      const asked = {};
      await this.#ask(asked, content, options).finalMessage();
      return asked.message;
    }

    stream(content, options) {
      return this.#ask({}, content, options);
    }

    retry(options) {
      if (!this.pending) this.truncate(this.messages.length - 1);
      return this.stream(undefined, options);
    }

    edit(index, content, options) {
      this.truncate(index);
      return this.stream(content, options);
    }

    truncate(length) {
      if (this.#asking) throw busy();
      if (this.#known) this.#known.messages = Math.min(this.#known.messages, length);
      return this.messages.splice(length);
    }

    #ask(asked, content, options) {
      const isBusy = this.#asking !== undefined;
      if (!isBusy) {
        this.#asking = asked;
        this.messages.push(...messagesOf(content));
      }
      const messages = [...this.messages];
      const { model, contextLength } = this;
      const text = write(this);
      let estimate;
      const make = async () => {
        const length = contextLength === "auto" ? await this.#lengthOf(model, options) : undefined;
        // Another answer is under way, or this one was left while the list was asked for.
        if (this.#asking !== asked) throw busy();
        const [facts, body] = checked(loaded().conversation(text ?? "", length));
        ({ estimate } = facts);
        this.dropped = facts.dropped.length;
        if (this.dropped > 0) this.#onTrim?.({ dropped: facts.dropped.map((index) => messages[index]), tokens: facts.tokens });
        return body;
      };
      return this.#client[ASK](make, options, (failure, completion) => {
        if (this.#asking !== asked) return;
        this.#asking = undefined;
        const { usage, model: writer = model, choices } = failure ? (failure.reason ?? {}) : JSON.parse(completion);
        if (usage) this.#usage = loaded().addUsage(this.#usage, write(usage));
        // Without an answer, the message waits for one.
        if (failure || !choices[0]) return;
        asked.message = { model: writer, ...choices[0].message };
        // Nothing is told of an answer from the cache.
        if (usage?.prompt_tokens > 0) this.#known = { messages: messages.length, tokens: usage.prompt_tokens, estimate };
        this.messages.push(asked.message);
      });
    }

    /** How many tokens the model has room for, by the model list; undefined if that does not say. */
    async #lengthOf(model, options) {
      const { signal, auth, apiKey } = options ?? {};
      this.#lengths ??= new Map((await this.#client.models({}, { signal, auth, apiKey })).data.map((row) => [row.id, row.context_length]));
      return this.#lengths.get(model) ?? this.#lengths.get(model?.split(":")[0]) ?? undefined;
    }
  };

const busy = () => invalid("an answer is under way: wait for it, or cancel its stream");

/** What the core made, `{…}` and text, unless it is an error. */
const checked = (made) => {
  const end = made.indexOf("\n");
  const facts = JSON.parse(end < 0 ? made : made.slice(0, end));
  if (facts.error) throw new OpenRouterError(facts.error);
  return [facts, made.slice(end + 1)];
};
