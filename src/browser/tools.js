// The tool loop: asks, runs the caller's functions, and asks again. Which calls may run, what that cost, and when it
// must end is the core's to say.

import { OpenRouterError } from "./error.js";
import { unlessAborted } from "./exchange.js";
import { describe, inWords, judge, refuse } from "./structured.js";

/** A tool as a request lists it; what runs it stays here, for functions are no JSON. */
export function tool({ name, description, parameters, strict, run }) {
  const { schema, validate } = parameters === undefined ? {} : describe(parameters, "parameters");
  if (parameters !== undefined && !schema) throw refuse("parameters", "this validator has no JSON Schema: give { schema, jsonSchema }");
  return { type: "function", function: { name, description, parameters: schema, strict }, validate, run };
}

/** Parts of a message's content, such as images: each has a field with the name of its type. */
const isContent = (result) =>
  Array.isArray(result) && result.length > 0 && result.every((part) => /^(text|image_url|input_audio|video_url|file)$/.test(part?.type) && part[part.type] !== undefined);

/** A conversation in which the model calls tools until it answers. It goes on by itself; whoever iterates looks on. */
export class ToolRun {
  #controller = new AbortController();
  #messages = [];
  #usage;
  #events = [];
  #waiting = [];
  #isOver = false;
  #done;

  constructor(stream, loaded, request, options) {
    this.#done = this.#run(stream, loaded, request, options ?? {}).finally(() => {
      this.#isOver = true;
      this.#wake();
    });
    // Whoever looks is told; a run that nobody looks at is no unhandled rejection.
    this.#done.catch(() => {});
  }

  /** The conversation so far: the request's messages, the answers, and the results of tools. */
  get messages() {
    return [...this.#messages];
  }

  /** The last message, once the model has answered. */
  finalMessage() {
    return this.#done;
  }

  /** What all steps used, once the run is over, whichever way. */
  async usage() {
    await this.#done.catch(() => {});
    return this.#usage;
  }

  /** Ends the request and tells the handlers' signals. */
  cancel(reason) {
    if (!this.#isOver) this.#controller.abort(reason);
  }

  /** All events from the first, for each who asks. */
  async *[Symbol.asyncIterator]() {
    try {
      for (let at = 0; ; ) {
        while (at < this.#events.length) yield this.#events[at++];
        if (this.#isOver) break;
        await new Promise((resolve) => this.#waiting.push(resolve));
      }
      await this.#done;
    } finally {
      this.cancel();
    }
  }

  #wake() {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #emit(event) {
    this.#events.push(event);
    this.#wake();
  }

  async #run(stream, loaded, request, { maxSteps = 10, onStep, signal: given, ...options }) {
    if (!Number.isInteger(maxSteps) || maxSteps < 1) throw refuse("maxSteps", "expected a whole number, at least 1");
    if (onStep && typeof onStep !== "function") throw refuse("onStep", "expected a function");
    const isSignal = typeof given?.addEventListener === "function";
    const abort = () => this.#controller.abort(given.reason);
    // What is no signal is the core's to refuse.
    const { signal } = this.#controller;
    options.signal = isSignal || given === undefined || given === null ? signal : given;
    if (isSignal) {
      given.addEventListener("abort", abort);
      if (given.aborted) abort();
    }
    try {
      // A handler may be deaf to its signal.
      return await unlessAborted(this.#steps(stream, loaded, request, options, maxSteps, onStep), signal);
    } finally {
      if (isSignal) given.removeEventListener("abort", abort);
    }
  }

  async #steps(stream, loaded, request, options, limit, onStep) {
    const listed = Array.isArray(request?.tools) ? [...request.tools] : [];
    const tools = listed.map((tool) => ({ name: tool?.function?.name, schema: tool?.validate ? null : tool?.function?.parameters }));
    const usages = [];
    let body = request;
    for (let step = 1; ; step++) {
      const current = stream(body, options);
      if (step === 1) {
        // The caller may go on with his objects while the run goes on with its own; what is no JSON is refused above.
        body = copy(request);
        this.#messages = body?.messages ?? [];
      }
      const calls = [];
      try {
        for await (const event of current.events()) {
          this.#emit(event);
          if (event.type === "tool_call") calls.push(event);
        }
      } catch (error) {
        // What failed may have been billed.
        if (error?.usage) this.#usage = judge(loaded(), { calls, usages: [...usages, error.usage] }).usage;
        throw error;
      }
      const { choices, usage } = await current.finalCompletion();
      const message = choices[0]?.message ?? null;
      if (usage) usages.push(usage);
      const { problems, error, usage: total } = judge(loaded(), { calls, tools, usages, isLast: step === limit });
      this.#usage = total;
      // Some providers take no message back whose arguments are no JSON.
      calls.forEach(({ isComplete }, at) => {
        if (!isComplete) message.tool_calls[at].function.arguments = "{}";
      });
      if (message) this.#messages.push(message);

      const answer = (call, at) => this.#answer(call, problems[at], listed[tools.findIndex(({ name }) => name === call.name)], step);
      const results = [];
      if (body.parallel_tool_calls === false) {
        for (const [at, call] of calls.entries()) results.push(await answer(call, at));
      } else {
        results.push(...(await Promise.all(calls.map(answer))));
      }
      const added = results.filter((result) => result);
      this.#messages.push(...added);

      const done = { type: "step", step, messages: [message, ...added], usage: total };
      this.#emit(done);
      await onStep?.(done);
      if (calls.length === 0 || added.length < calls.length) return message;
      if (error) throw new OpenRouterError({ ...error, messages: this.messages, usage: total });
      body.messages = this.#messages;
      // What was asked of the first step would be asked for ever.
      if (body.tool_choice === "required" || typeof body.tool_choice === "object") delete body.tool_choice;
    }
  }

  /** The message with a call's result, or with what went wrong; none where the caller is to give it. */
  async #answer({ id, name, arguments: text }, problem, tool, step) {
    if (!problem && !tool.run) return undefined;
    const { signal } = this.#controller;
    let content;
    let isError = false;
    try {
      if (problem) throw problem;
      let args = JSON.parse(text);
      if (tool.validate) {
        const { issues, value } = await tool.validate(args);
        if (issues) throw `the arguments do not fit their schema: ${inWords(issues, (place, message) => `${place}: ${message}`)}`;
        args = value;
      }
      signal.throwIfAborted();
      const result = await tool.run(args, { signal, callId: id, step });
      content = typeof result === "string" || isContent(result) ? result : (JSON.stringify(result) ?? "null");
    } catch (error) {
      isError = true;
      content = JSON.stringify({ error: String(error?.message ?? error) });
    }
    signal.throwIfAborted();
    this.#emit({ type: "tool_result", id, name, content, isError });
    return { role: "tool", tool_call_id: id, content };
  }
}

const copy = (request) => {
  try {
    return JSON.parse(JSON.stringify(request));
  } catch {
    return request;
  }
};
