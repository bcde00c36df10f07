// Structured output: the caller's validators and what they say. What is asked for, and what an answer holds, is the
// core's to say.

import { OpenRouterError } from "./error.js";
import { write } from "./openrouter.js";

export const refuse = (field, problem, cause) =>
  new OpenRouterError({ code: "invalid_request", message: `${field}: ${problem}`, field, retryable: false, cause });

/**
 * A validator (Standard Schema), a JSON Schema, or both, as `{ schema, validate }` beside what else was given: the JSON
 * Schema if there is one, and who checks a value, if that is not the JSON Schema.
 */
export function describe(output, field) {
  const isValidator = (value) => value?.["~standard"]?.validate !== undefined;
  if (isValidator(output)) output = { schema: output };
  const { schema: validator, jsonSchema, ...more } = isValidator(output?.schema) || output?.jsonSchema !== undefined ? output : { jsonSchema: output };
  if (!isValidator(validator)) {
    if (typeof jsonSchema === "object" && jsonSchema !== null && !Array.isArray(jsonSchema)) return { ...more, schema: jsonSchema };
    throw refuse(field, "expected a Standard Schema (Zod, Valibot, ArkType …) or a JSON Schema");
  }
  const standard = validator["~standard"];
  const validate = (value) => standard.validate(value);
  if (jsonSchema !== undefined) return { ...more, schema: jsonSchema, validate };
  try {
    // What the model writes is what the validator reads.
    const schema = standard.jsonSchema?.input({ target: "draft-2020-12" }) ?? validator.toJsonSchema?.();
    return { ...more, schema, isDerived: true, validate };
  } catch (cause) {
    throw refuse(field, "this validator cannot be written as JSON Schema: give { schema, jsonSchema }", cause);
  }
}

/** Where a validator found what; `tell` makes a sentence of it. */
export const inWords = (issues, tell) =>
  issues.map(({ path, message }) => tell((path ?? []).map((key) => String(key?.key ?? key)).join(".") || "the top", message)).join("; ");

/** What the core says of something. */
export const judge = (core, given) => JSON.parse(core.judge(write(given) ?? ""));

/** What a request says of its output. */
function formatOf(core, { schema, isDerived, name = "output", description, strict }) {
  if (!schema) return { type: "json_object" };
  const closed = strict === false ? null : judge(core, { schema, isDerived });
  return { type: "json_schema", json_schema: { name, description, strict: strict ?? closed !== null, schema: closed ?? schema } };
}

/** The value that an answer holds, checked. */
async function take(core, completion, { schema, validate }) {
  const read = (found, issues) => {
    const { data, error } = judge(core, { completion, schema: validate ? null : schema, found });
    if (error) throw new OpenRouterError({ ...error, generationId: completion.id, issues });
    return data;
  };
  const data = read();
  if (!validate) return data;
  const { issues, value } = await validate(data);
  return issues ? read(`${inWords(issues, (place) => place)}, see issues`, issues) : value;
}

/** `ask` sends what it is told to make of the request, once the core is there. */
export async function parse(request, output, ask, loaded) {
  const described = describe(output, "output");
  if (request?.response_format) throw refuse("response_format", "parse() sets it: leave it out, or use chat()");
  const completion = await ask((body) => write({ ...JSON.parse(body), response_format: formatOf(loaded(), described) }));
  const data = await take(loaded(), completion, described);
  return { data, completion, message: completion.choices[0].message };
}

export const messageParser =
  ({ loaded, load }) =>
  async (message, output) => {
    const described = describe(output, "output");
    if (!loaded()) await load();
    return take(loaded(), message?.choices ? message : { choices: [{ message }] }, described);
  };
