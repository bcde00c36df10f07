// What tests/widget-models.test.mjs looks at in a page: one chat, and what happened around it.
import "/pkg/dist/widget/define.js";

const chat = document.querySelector("openrouter-chat");
const happened = [];

for (const type of ["or-submit", "or-response-end", "or-model-change", "or-compare-end"]) {
  document.addEventListener(type, ({ detail }) => happened.push({ type, ...JSON.parse(JSON.stringify(detail)) }));
}
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => happened.push({ type: "violation", violatedDirective, blockedURI }));

Object.assign(window, { chat, happened, isReady: true });
