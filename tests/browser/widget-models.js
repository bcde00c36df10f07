// What tests/widget-models.test.mjs looks at in a page: one chat, what happened around it, and how long the page was busy.
import "/pkg/dist/widget/define.js";

const chat = document.querySelector("openrouter-chat");
const happened = [];

for (const type of ["or-submit", "or-response-end", "or-model-change", "or-compare-end"]) {
  document.addEventListener(type, ({ detail }) => happened.push({ type, ...JSON.parse(JSON.stringify(detail)) }));
}
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => happened.push({ type: "violation", violatedDirective, blockedURI }));

// Chromium alone tells of tasks above 50 ms.
const tasks = [];
if (PerformanceObserver.supportedEntryTypes.includes("longtask")) {
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
}

Object.assign(window, { chat, happened, tasks, isReady: true });
