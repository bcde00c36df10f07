// The answer of every ordinary model: a text that shows off Markdown and says what it is, or JSON where that is wanted.
import { jsonSchemaOf, words } from "./chat.mjs";
import { NoInstance, instanceOf } from "./instance.mjs";
import { scenario } from "./scenario.mjs";

/** The first so many characters in one line. */
function snippet(text, characters) {
  const line = [...text.replace(/\s+/g, " ").trim()];
  return line.length > characters ? `${line.slice(0, characters).join("")}…` : line.join("");
}

function demoText(chat) {
  const asked = snippet(chat.lastUserText, 80);
  return `**This is a demo answer.** It comes from the OpenRouter simulator on this machine, not from \
\`${chat.model.id}\`: no model was asked, nothing was billed.

${asked ? `You wrote:\n\n> ${asked}` : "Your message had no text in it."}

With a real key, the model's answer would stream in just like this:

1. The page sends the conversation to the proxy, without any key.
2. The proxy adds the key and passes the request on.
3. The answer comes back *piece by piece*, and each piece is shown as soon as it is here.

Answers are often Markdown, so here is a little code

\`\`\`js
const stream = client.stream({ model, messages });
for await (const text of stream.text()) show(text);
\`\`\`

and a table:

| | simulator | OpenRouter |
|---|---|---|
| answers | always this one | from 400+ models |
| costs | nothing | see \`usage.cost\` |

Multi-byte text arrives whole too: naïve café, 你好, Ελληνικά, 👋🏽. To talk to real models, set \
\`OPENROUTER_API_KEY\` and start again.
`;
}

/** JSON that fits the caller's schema, if there is one. Laid out, so that it streams in pieces. */
export const jsonAnswer = ({ jsonSchema = jsonSchemaOf({ type: "json_object" }) }) =>
  JSON.stringify(instanceOf(jsonSchema), null, 2);

const answer = (chat) => (chat.jsonSchema === undefined ? demoText(chat) : jsonAnswer(chat));

/** Why the caller can get no JSON, or null. */
export function faultOfSchema({ jsonSchema }) {
  try {
    if (jsonSchema !== undefined) instanceOf(jsonSchema);
    return null;
  } catch (error) {
    const why = error instanceof NoInstance ? error.message : "it is no JSON Schema";
    return `response_format: no value fits the schema: ${why}`;
  }
}

/** Every model outside `sim/`: the demo answer, no longer than asked for. */
export const DEMO = scenario({
  fault: faultOfSchema,
  message: (chat) => ({ content: words(answer(chat)).slice(0, chat.maxTokens).join("") }),
  finish: (chat) => (words(answer(chat)).length > chat.maxTokens ? "length" : "stop"),
});
