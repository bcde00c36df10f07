// What tests/widget-trouble.test.mjs looks at in a page: one chat, the client's classes, and each alert that appeared.
import "/pkg/dist/widget/define.js";
import { OpenRouter, OpenRouterError } from "/pkg/dist/index.js";

const chat = document.querySelector("openrouter-chat");
const alerts = [];
const happened = [];

for (const type of ["or-response-end", "or-error", "or-submit"]) {
  document.addEventListener(type, ({ detail }) => happened.push({ type, ...JSON.parse(JSON.stringify(detail)) }));
}
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => happened.push({ type: "violation", violatedDirective, blockedURI }));

/** Each time that an alert appears, or that something in one changes, it is read out. */
new MutationObserver((records) => {
  for (const { addedNodes, target } of records) {
    const at = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
    if (at?.closest("[role=alert]")) alerts.push(at.closest("[role=alert]").textContent);
    for (const node of addedNodes) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      for (const alert of [node, ...node.querySelectorAll("*")].filter((each) => each.matches("[role=alert]"))) alerts.push(alert.textContent);
    }
  }
}).observe(chat.shadowRoot, { childList: true, subtree: true, characterData: true });

Object.assign(window, { chat, alerts, happened, OpenRouter, OpenRouterError });

/** Has the browser say that it is offline, or online again, as it does when the network goes. */
let isOnline = true;
Object.defineProperty(Navigator.prototype, "onLine", { configurable: true, get: () => isOnline });
window.goes = (name) => {
  isOnline = name === "online";
  window.dispatchEvent(new Event(name));
};
window.isReady = true;
