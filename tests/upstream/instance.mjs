// The smallest value that fits a JSON Schema: what the simulator answers where a model would have thought of one.
//
// Known are types, const, enum, required, bounds of numbers, lengths, prefixItems, $ref within the schema, allOf, anyOf
// and oneOf. What only narrows further is not looked at: pattern, format, uniqueItems, contains, not, if.

/** No value fits, or only one that holds itself. */
export class NoInstance extends Error {
  name = "NoInstance";
}

/** What a local reference points to: `#`, or a JSON pointer in a fragment. */
function resolve(ref, root) {
  if (!/^#(\/|$)/.test(ref)) throw new NoInstance(`${ref} is not within the schema`);
  const steps = decodeURIComponent(ref).split("/").slice(1);
  const names = steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const target = names.reduce((schema, name) => schema?.[name], root);
  if (target === undefined) throw new NoInstance(`${ref} leads nowhere`);
  return target;
}

/** One schema that asks for what both ask for. */
function both(a, b) {
  if (a === false || b === false) return false;
  if (a === true || b === true) return a === true ? b : a;
  const required = [...new Set([...(a.required ?? []), ...(b.required ?? [])])];
  return {
    ...a,
    ...b,
    ...((a.properties || b.properties) && { properties: { ...a.properties, ...b.properties } }),
    ...(required.length > 0 && { required }),
  };
}

/** The type that the other keywords speak of. */
const IMPLIED = [
  ["object", ["properties", "required", "additionalProperties"]],
  ["array", ["items", "prefixItems", "minItems"]],
  ["string", ["minLength", "maxLength", "pattern", "format"]],
  ["number", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]],
];
const impliedType = (schema) => IMPLIED.find(([, keywords]) => keywords.some((word) => word in schema))?.[0] ?? "null";

function numberFor(schema, isInteger) {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = schema;
  const step = schema.multipleOf ?? 1;
  const isWhole = (value) => Math.abs(value - Math.round(value)) < 1e-9;
  const fits = (value) =>
    Number.isFinite(value) &&
    value >= minimum &&
    value <= maximum &&
    value > exclusiveMinimum &&
    value < exclusiveMaximum &&
    (!isInteger || isWhole(value)) &&
    (schema.multipleOf === undefined || isWhole(value / step));
  const steps = [minimum / step, Math.floor(exclusiveMinimum / step) + 1, maximum / step].map(Math.ceil);
  const middle = (Math.max(minimum, exclusiveMinimum) + Math.min(maximum, exclusiveMaximum)) / 2;
  const value = [0, ...steps.map((count) => count * step), minimum, maximum, middle].find(fits);
  if (value === undefined) throw new NoInstance("no number is in these bounds");
  return value;
}

const MAKERS = {
  null: () => null,
  boolean: () => false,
  integer: (schema) => numberFor(schema, true),
  number: (schema) => numberFor(schema, false),
  string: ({ minLength = 0, maxLength }) => "text".padEnd(minLength, "x").slice(0, maxLength),
  array: ({ minItems = 0, items, prefixItems = [] }, make) =>
    Array.from({ length: minItems }, (_, i) => make(prefixItems[i] ?? items ?? true)),
  object({ required = [], properties = {}, additionalProperties = true }, make) {
    const schemaOf = (name) => (Object.hasOwn(properties, name) ? properties[name] : additionalProperties);
    return Object.fromEntries(required.map((name) => [name, make(schemaOf(name))]));
  },
};

/** `within` are the references on the way here: going through one again would never end. */
function make(schema, root, within) {
  if (schema === true) return null;
  if (schema === null || typeof schema !== "object") throw new NoInstance("the schema allows nothing");
  const { $ref, ...siblings } = schema;
  if ($ref !== undefined) {
    if (within.includes($ref)) throw new NoInstance(`${$ref} holds itself`);
    return make(both(resolve($ref, root), siblings), root, [...within, $ref]);
  }
  const { allOf, ...others } = schema;
  if (allOf) {
    const parts = allOf.map((part) => (part.$ref === undefined ? part : resolve(part.$ref, root)));
    return make(parts.reduce(both, others), root, within);
  }
  if (Object.hasOwn(schema, "const")) return schema.const;
  if (schema.enum?.length > 0) return schema.enum[0];
  const { anyOf, oneOf, ...rest } = schema;
  const branches = anyOf ?? oneOf;
  if (!branches) {
    const type = [schema.type ?? impliedType(schema)].flat()[0];
    if (!Object.hasOwn(MAKERS, type)) throw new NoInstance(`${type} is no type`);
    return MAKERS[type](schema, (part) => make(part, root, within));
  }
  for (const branch of branches) {
    try {
      return make(both(rest, branch), root, within);
    } catch (error) {
      if (!(error instanceof NoInstance)) throw error;
    }
  }
  throw new NoInstance("no branch can be taken");
}

/** The smallest value that fits the schema, the same each time. Throws {@link NoInstance}. */
export const instanceOf = (schema) => make(schema, schema, []);
