// The body of a request, read whole: JSON, or a form with files.

/** A form's fields by name, in its order. A file is told about and not kept; a name that ends in `[]` is a list. */
async function fieldsOf(bytes, contentType) {
  const form = await new Response(bytes, { headers: { "content-type": contentType } }).formData();
  const fields = {};
  for (const [name, value] of form) {
    const told =
      typeof value === "string" ? value : { filename: value.name, contentType: value.type, bytes: value.size };
    if (name.endsWith("[]")) fields[name.slice(0, -2)] = [...(fields[name.slice(0, -2)] ?? []), told];
    else fields[name] = told;
  }
  return fields;
}

/**
 * Reads a request's body: `body` is the JSON value, the form's fields, the text that is neither, or null;
 * `bodyText` the text as it came; `isForm` whether it is a form; `bodyFault` why it is no JSON body, or null.
 */
export async function readBody(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  const contentType = request.headers["content-type"] ?? "";
  if (/^multipart\/form-data\b/i.test(contentType)) {
    const bodyFault = "Content-Type must be application/json";
    try {
      return { body: await fieldsOf(bytes, contentType), bodyText: null, isForm: true, bodyFault };
    } catch {
      return { body: null, bodyText: null, isForm: false, bodyFault: "the form cannot be read" };
    }
  }
  const bodyText = bytes.toString();
  const isDeclared = /^application\/json\b/i.test(contentType);
  try {
    const bodyFault = isDeclared ? null : "Content-Type must be application/json";
    return { body: JSON.parse(bodyText), bodyText, isForm: false, bodyFault };
  } catch {
    return { body: bodyText || null, bodyText, isForm: false, bodyFault: "the request body is not valid JSON" };
  }
}
