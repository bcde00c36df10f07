// What tests/widget.test.mjs looks at in a page: one chat, and what happened around it.
import "/pkg/dist/widget/define.js";

const chat = document.querySelector("openrouter-chat");
const happened = [];

for (const type of ["or-submit", "or-response-start", "or-response-end", "or-error", "or-model-change", "or-messages-change"]) {
  // Composed and bubbling: heard at the document.
  document.addEventListener(type, ({ detail }) => happened.push({ type, ...JSON.parse(JSON.stringify(detail)) }));
}

document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => happened.push({ type: "violation", violatedDirective, blockedURI }));

window.happened = happened;
window.chat = chat;
chat.suggestions = ["Explain how a browser runs WebAssembly, in five sentences.", "Compare SQLite and PostgreSQL in a table.", "Plan three easy vegetarian dinners for this week.", "Write a haiku about the sea at night."];
window.isReady = true;
