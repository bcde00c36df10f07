import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, complete, contentIn, eventsOf, finishIn } from "./client.mjs";
import { NoInstance, instanceOf } from "./instance.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream.close());

const MODEL = "openai/gpt-5.2";
const formatOf = (schema) => ({ type: "json_schema", json_schema: { name: "answer", strict: true, schema } });
const PERSON = {
  type: "object",
  properties: {
    name: { type: "string", minLength: 6 },
    age: { type: "integer", minimum: 18 },
    tags: { type: "array", minItems: 2, items: { enum: ["a", "b"] } },
    nickname: { type: "string" },
  },
  required: ["name", "age", "tags"],
  additionalProperties: false,
};
const A_PERSON = { name: "textxx", age: 18, tags: ["a", "a"] };

test("the answer to a request with a schema fits it, streaming or not", async () => {
  const response_format = formatOf(PERSON);
  const events = await eventsOf(upstream, MODEL, { response_format });
  assert.deepEqual(JSON.parse(contentIn(events)), A_PERSON);
  assert.ok(events.length > 8, "it comes in pieces");
  const { choices } = await complete(upstream, MODEL, { response_format });
  assert.deepEqual(JSON.parse(choices[0].message.content), A_PERSON);
});

test("without a schema the answer is some JSON object", async () => {
  for (const response_format of [{ type: "json_object" }, { type: "json_schema", json_schema: { name: "x" } }]) {
    const answer = JSON.parse(contentIn(await eventsOf(upstream, MODEL, { response_format })));
    assert.deepEqual(Object.keys(answer), ["answer"]);
  }
});

test("an answer in JSON is cut like any other", async () => {
  const events = await eventsOf(upstream, MODEL, { response_format: formatOf(PERSON), max_tokens: 3 });
  assert.equal(finishIn(events), "length");
  assert.throws(() => JSON.parse(contentIn(events)), SyntaxError);
});

test("JSON can be of another shape, be cut, or be in a fence", async () => {
  const more = { response_format: formatOf(PERSON) };
  const answer = async (model, fields = more) => {
    const events = await eventsOf(upstream, model, fields);
    return [contentIn(events), finishIn(events)];
  };
  assert.deepEqual(await answer("sim/json-invalid"), ['{"unexpected":true}', "stop"]);
  const [broken, finish] = await answer("sim/json-broken");
  assert.throws(() => JSON.parse(broken), SyntaxError);
  assert.equal(finish, "length");
  const [fenced] = await answer("sim/json-fenced");
  assert.deepEqual(JSON.parse(/^```json\n([^]*)\n```$/.exec(fenced)[1]), A_PERSON);
  assert.match((await answer("sim/json-fenced", {}))[0], /^```json\n\{\n {2}"answer": /);
});

test("formats that make no sense are refused", async () => {
  for (const response_format of [
    { type: "yaml" },
    { type: "json_schema" },
    { type: "json_schema", json_schema: { name: "no blanks", schema: {} } },
    { type: "json_schema", json_schema: { name: "x", schema: "object" } },
    formatOf({ type: "object", required: ["a"], properties: { a: false } }),
    formatOf({ allOf: 5 }),
  ]) {
    const response = await ask(upstream, { model: MODEL, response_format });
    assert.equal(response.status, 400, JSON.stringify(response_format));
    assert.match((await response.json()).error.message, /^response_format: /);
  }
});

test("the smallest value that fits a schema is found", () => {
  const node = {
    type: "object",
    properties: { value: { type: "number" }, next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } },
    required: ["value", "next"],
  };
  const tree = {
    $ref: "#/$defs/tree",
    $defs: { tree: { required: ["children"], properties: { children: { items: { $ref: "#/$defs/tree" } } } } },
  };
  for (const [schema, expected] of [
    [true, null],
    [{}, null],
    [{ const: 5 }, 5],
    [{ type: "string", enum: ["x", "y"] }, "x"],
    [{ type: ["boolean", "null"] }, false],
    [{ type: "string" }, "text"],
    [{ minLength: 2, maxLength: 3 }, "tex"],
    [{ type: "string", format: "date" }, "text"],
    [{ type: "integer" }, 0],
    [{ type: "integer", minimum: 2.5 }, 3],
    [{ type: "integer", exclusiveMinimum: 7 }, 8],
    [{ type: "integer", maximum: -2 }, -2],
    [{ type: "number", minimum: 0.25 }, 1],
    [{ type: "number", minimum: 0.25, maximum: 0.5 }, 0.25],
    [{ type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 }, 0.5],
    [{ type: "number", minimum: 7, multipleOf: 5 }, 10],
    [{ type: "array", items: { type: "null" } }, []],
    [{ prefixItems: [{ const: 1 }], items: { const: 2 }, minItems: 3 }, [1, 2, 2]],
    [{ required: ["a"], additionalProperties: { type: "boolean" } }, { a: false }],
    [{ anyOf: [{ const: "first" }, { const: "second" }] }, "first"],
    [{ oneOf: [false, { type: "integer" }] }, 0],
    [{ minimum: 3, anyOf: [{ type: "integer" }] }, 3],
    [
      {
        allOf: [
          { properties: { a: { const: 1 } }, required: ["a"] },
          { required: ["b"], properties: { b: {} } },
        ],
      },
      { a: 1, b: null },
    ],
    [{ $ref: "#/$defs/a~1b", $defs: { "a/b": { $ref: "#/definitions/c" } }, definitions: { c: { const: 1 } } }, 1],
    [
      { $ref: "#/$defs/node", $defs: { node } },
      { value: 0, next: null },
    ],
    [tree, { children: [] }],
  ]) {
    assert.deepEqual(instanceOf(schema), expected, JSON.stringify(schema));
  }
});

test("where no value fits, or only an endless one, that is said", () => {
  for (const schema of [
    false,
    { type: "integer", minimum: 1.2, maximum: 1.8 },
    { type: "teapot" },
    { $ref: "https://example.com/schema" },
    { $ref: "#/$defs/missing" },
    { required: ["self"], properties: { self: { $ref: "#" } } },
    { anyOf: [false] },
  ]) {
    assert.throws(() => instanceOf(schema), NoInstance, JSON.stringify(schema));
  }
});
