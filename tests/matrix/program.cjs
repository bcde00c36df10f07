const { OpenRouter } = require("openrouter-wasm");
const { compare } = require("openrouter-wasm/compare");
const { beginSignIn } = require("openrouter-wasm/oauth");
const { proxySession } = require("openrouter-wasm/session");
const { ask } = require("./chat.js");

ask({ OpenRouter, compare, proxySession, beginSignIn }, process.argv[2]).then(console.log);
