// Real validators, where they are installed: `npm ci` in tests/validators. Without them tests/browser/tools.js checks the
// same with one made by hand.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { OpenRouter, parseMessage, tool } from "../pkg/dist/index.js";
import { root } from "../scripts/toolchain.mjs";
import { connect, hi } from "./browser/support.js";
import { startUpstream } from "./upstream/server.mjs";

const folder = join(root, "tests", "validators", "node_modules");
const skip = !existsSync(folder) && "run `npm ci` in tests/validators";
const load = async (path) => (skip ? undefined : import(join(folder, path)));

const zod = await load("zod/index.js");
const valibot = await load("valibot/dist/index.mjs");
const { toStandardJsonSchema } = (await load("@valibot/to-json-schema/dist/index.mjs")) ?? {};
const { type } = (await load("arktype/out/index.js")) ?? {};

/** The same of each: a string, a whole number of at least 18, a list; and one that reads a date out of a string. */
const validators = skip
  ? {}
  : {
      zod: {
        person: zod.z.object({ name: zod.z.string(), age: zod.z.int().min(18), tags: zod.z.array(zod.z.string()) }),
        city: zod.z.object({ city: zod.z.string().transform((city) => city.length) }),
        wrong: zod.z.object({ name: zod.z.string().regex(/^x/), age: zod.z.int(), tags: zod.z.array(zod.z.string()) }),
      },
      valibot: {
        person: toStandardJsonSchema(valibot.object({ name: valibot.string(), age: valibot.pipe(valibot.number(), valibot.integer(), valibot.minValue(18)), tags: valibot.array(valibot.string()) })),
        city: { schema: valibot.object({ city: valibot.pipe(valibot.string(), valibot.transform((city) => city.length)) }), jsonSchema: { type: "object", properties: { city: { type: "string" } } } },
        wrong: toStandardJsonSchema(valibot.object({ name: valibot.pipe(valibot.string(), valibot.regex(/^x/)), age: valibot.number(), tags: valibot.array(valibot.string()) })),
      },
      arktype: {
        person: type({ name: "string", age: "number.integer >= 18", tags: "string[]" }),
        city: type({ city: type("string").pipe((city) => city.length) }),
        wrong: type({ name: "/^x/", age: "number.integer", tags: "string[]" }),
      },
    };

describe("validators", { skip }, () => {
  let upstream;
  let client;
  before(async () => {
    upstream = await startUpstream();
    ({ client } = connect({ OpenRouter, simulator: upstream.url }));
  });
  after(() => upstream.close());

  for (const [name, { person, city, wrong }] of Object.entries(validators)) {
    test(`${name} says what is asked for, and checks the answer`, async () => {
      const { data, message } = await client.parse(hi("openai/gpt-5.2"), person);
      assert.deepEqual(data, { name: "text", age: 18, tags: [] });
      assert.deepEqual(await parseMessage(message, person), data);
      const { type, json_schema } = upstream.requests.at(-1).body.response_format;
      assert.equal(type, "json_schema");
      assert.equal(json_schema.strict, true);
      assert.equal(json_schema.schema.additionalProperties, false);
      assert.deepEqual(json_schema.schema.required.toSorted(), ["age", "name", "tags"]);
    });

    test(`${name} tells its issues`, async () => {
      const error = await client.parse(hi("openai/gpt-5.2"), wrong).catch((error) => error);
      assert.equal(error.code, "invalid_output");
      assert.ok(error.issues.length > 0 && error.partialText.length > 0);
      assert.match(error.message, /name/);
      const invalid = await client.parse(hi("sim/json-invalid"), person).catch((error) => error);
      assert.equal(invalid.code, "invalid_output");
    });

    test(`${name} types and changes a tool's arguments`, async () => {
      let given;
      const measure = tool({ name: "measure", parameters: city, run: ({ city }) => (given = city) });
      const run = client.runTools(hi("sim/tools", { tools: [measure] }));
      assert.equal((await run.finalMessage()).content, "The tool said: 6");
      assert.equal(given, 6);
      assert.equal(measure.function.parameters.properties.city.type, "string");
      const strict = tool({ name: "greet", parameters: person, run: () => assert.fail("the arguments do not fit") });
      const refused = client.runTools(hi("sim/tools", { tools: [strict] }));
      await refused.finalMessage();
      assert.match(refused.messages[2].content, /the arguments do not fit their schema: .*name/);
    });
  }

  test("a validator without a JSON Schema asks for some object, and cannot be a tool's", async () => {
    const plain = valibot.object({ answer: valibot.any() });
    await client.parse(hi("openai/gpt-5.2"), plain);
    assert.deepEqual(upstream.requests.at(-1).body.response_format, { type: "json_object" });
    assert.throws(() => tool({ name: "f", parameters: plain }), { code: "invalid_request", field: "parameters" });
  });

  test("a validator that JSON Schema cannot express says so before anything is sent", async () => {
    await assert.rejects(client.parse(hi("openai/gpt-5.2"), zod.z.object({ at: zod.z.date() })), { code: "invalid_request", field: "output" });
  });
});
