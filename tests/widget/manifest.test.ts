// custom-elements.json, by which editors know the element, says what the sources say.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

const folder = new URL("../../npm/src/widget/", import.meta.url);
const sources = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));
const scripts = sources.join("\n");
const types = readFileSync(new URL("index.d.ts", folder), "utf8");
const manifest = JSON.parse(readFileSync(new URL("../../npm/custom-elements.json", import.meta.url), "utf8"));
const [element] = manifest.modules[0].declarations;

type Named = { name: string };
const names = (list: Named[]) => list.map(({ name }) => name).sort();
const found = (text: string, pattern: RegExp) => [...new Set([...text.matchAll(pattern)].flatMap(([, name]) => name!.split(" ")))].sort();

test("its parts are those that there are", () => {
  const written = found(scripts, /part: ["`]([^"`]+)["`]/g).filter((name) => !name.includes("$"));
  assert.deepEqual(names(element.cssParts), [...written, "message-assistant", "message-user"].sort());
});

test("its slots are those that there are", () => {
  const written = found(scripts, /h\("slot", \{ name: "([^"]+)"/g);
  assert.deepEqual(names(element.slots), [...written, "message-actions:ID"].sort());
});

test("its properties for style sheets are those that there are", () => {
  assert.deepEqual(names(element.cssProperties), found(scripts, /var\((--or-[\w-]+)/g));
  for (const name of names(element.cssProperties)) assert.ok(name.length > 5, name);
});

test("its events are those of the types", () => {
  assert.deepEqual(names(element.events), found(types, /^  "(or-[\w-]+)": CustomEvent/gm));
});

test("its members and attributes are those of the types", () => {
  const [, body] = /export class OpenRouterChat extends HTMLElement \{([^]*?)\n\}/.exec(types)!;
  const written = found(body!, /^  (?:readonly |get )?(\w+)[(:]/gm).filter((name) => !/EventListener$/.test(name));
  assert.deepEqual(names(element.members), written);
  const reflected = element.members.filter(({ attribute }: { attribute?: string }) => attribute);
  assert.deepEqual(names(element.attributes), reflected.map(({ attribute }: { attribute: string }) => attribute).sort());
});
