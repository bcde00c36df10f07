import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { FakeElement } from "./document.ts";
import { widgetOf } from "../src/banners.ts";
import { challenge } from "../src/turnstile.ts";

type Options = Record<string, (given?: unknown) => unknown>;

const scripts: { src: string | undefined; tell: (event: string) => void }[] = [];
const rendered: Options[] = [];
const removed: string[] = [];
const said: string[] = [];

const turnstile = {
  render: (_: unknown, options: Record<string, unknown>) => `widget-${rendered.push(options as Options)}`,
  remove: (widget: string) => void removed.push(widget),
};

/** Lets what is under way come to where it waits. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const page = {
  box: new FakeElement("div") as unknown as HTMLElement,
  announce: (words: string) => void said.push(words),
  failure: (words: string) => new RangeError(words),
};

Object.assign(document, {
  head: {
    append(script: FakeElement) {
      scripts.push({ src: script.attributes.get("src"), tell: (event) => listeners.get(script)?.get(event)?.() });
    },
  },
});
const listeners = new Map<unknown, Map<string, () => void>>();
FakeElement.prototype.addEventListener = function (this: FakeElement, event?: string, listener?: () => void) {
  const own = listeners.get(this) ?? new Map<string, () => void>();
  if (event && listener) own.set(event, listener);
  listeners.set(this, own);
};

beforeEach(() => {
  for (const list of [scripts, rendered, removed, said]) list.length = 0;
});

test("the script is Cloudflare's, loaded for the first challenge and again where that failed", async () => {
  const refused = assert.rejects(challenge({ siteKey: "k" }, page), new RangeError("Turnstile could not be loaded."));
  scripts[0]?.tell("error");
  await refused;
  const both = [challenge({ siteKey: "k" }, page), challenge({ siteKey: "k" }, page)];
  assert.deepEqual(scripts.map(({ src }) => src), Array(2).fill("https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit"));
  globalThis.turnstile = turnstile;
  scripts[1]?.tell("load");
  await turn();
  assert.equal(rendered.length, 2);
  for (const [i, { callback }] of rendered.entries()) callback?.(`token-${i}`);
  assert.deepEqual([await Promise.all(both), removed], [["token-0", "token-1"], ["widget-1", "widget-2"]]);
  assert.equal(scripts.length, 2);
});

test("a challenge that fails, or that nobody waits for, is taken away", async () => {
  for (const [event, words] of [["error-callback", /error 300010/], ["timeout-callback", /in time/], ["unsupported-callback", /browser/]] as const) {
    const failed = assert.rejects(challenge({ siteKey: "k" }, page), words);
    await turn();
    rendered.at(-1)?.["before-interactive-callback"]?.();
    rendered.at(-1)?.[event]?.("300010");
    await failed;
  }
  const controller = new AbortController();
  const left = assert.rejects(challenge({ siteKey: "k" }, page, controller.signal), (reason) => reason === "enough");
  await turn();
  controller.abort("enough");
  await left;
  assert.equal(removed.length, 4);
  assert.deepEqual(said, Array(3).fill("Please confirm that you are human."));
  await assert.rejects(challenge({ siteKey: "k" }, page, AbortSignal.abort("early")), (reason) => reason === "early");
  assert.equal(rendered.length, 4, "nobody to show it to");
});

test("only a site that names its widget wants a session", () => {
  assert.deepEqual(widgetOf({ turnstile: { siteKey: "k", action: "chat" } }), { siteKey: "k", action: "chat" });
  assert.deepEqual(widgetOf({ turnstile: { siteKey: "k", action: "" } }), { siteKey: "k" });
  for (const turnstile of [undefined, null, {}, "k", { siteKey: "" }, { siteKey: 5 }]) assert.equal(widgetOf({ turnstile }), undefined);
});
