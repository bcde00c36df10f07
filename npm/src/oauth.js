// Signing in with OpenRouter: crypto, storage and the page's address. What they mean is the core's to say.

import "./index.js"; // says where the wasm is
import { OpenRouter, OpenRouterError, init } from "./client.js";
import { oauthBegin, oauthComplete } from "./wasm/openrouter.js";

const KEPT = "openrouter-wasm:sign-in";
const RANDOM_BYTES = 48;

const refuse = (message, field, code = "configuration") => {
  throw new OpenRouterError({ code, message, field, retryable: false });
};

/** Where verifier and state are kept: they must outlive the page, for people leave it. */
const storageOf = (given) => {
  let storage = given;
  try {
    storage ??= globalThis.sessionStorage;
  } catch {
    // A sandboxed frame has none, and says so by an error.
  }
  for (const method of ["getItem", "setItem", "removeItem"]) {
    if (typeof storage?.[method] !== "function") refuse("storage: there is no sessionStorage here: give one with getItem, setItem and removeItem", "storage");
  }
  return storage;
};

const read = (json) => {
  const { error, ...result } = JSON.parse(json);
  if (error) throw new OpenRouterError(error);
  return result;
};

/** As a whole URL; what is none stays for the core to refuse. */
const absolute = (url, base) => {
  try {
    return new URL(url ?? base, base).href;
  } catch {
    return url ?? "";
  }
};

export async function beginSignIn({ storage, navigate, callbackURL, ...options } = {}) {
  const { crypto, location } = globalThis;
  if (!crypto?.subtle) refuse("signing in needs a secure context: serve the page over https, or from localhost");
  const kept = storageOf(storage);
  const json = JSON.stringify({ ...options, callbackURL: absolute(callbackURL, location?.href) });
  await init();
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const { verifier } = read(oauthBegin(json, random, new Uint8Array(), Date.now())).pending;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  const { url, pending } = read(oauthBegin(json, random, digest, Date.now()));
  await kept.setItem(KEPT, JSON.stringify(pending));
  if (navigate) location.assign(url);
  return { url };
}

export async function completeSignIn({ url = globalThis.location?.href, storage, client, replaceURL } = {}) {
  const kept = storageOf(storage);
  let pending;
  try {
    pending = await kept.getItem(KEPT);
  } finally {
    // Whatever comes of it, it is good for one try.
    await kept.removeItem(KEPT);
  }
  await init();
  const { cleanURL, request, error } = JSON.parse(oauthComplete(String(url), typeof pending === "string" ? pending : undefined, Date.now()));
  if (replaceURL) globalThis.history?.replaceState(globalThis.history.state, "", cleanURL);
  if (error) throw new OpenRouterError(error);
  const exchanging = client ?? new OpenRouter({ baseURL: "https://openrouter.ai/api/v1" });
  const { key, user_id: userId = null } = await exchanging.exchangeCode(request);
  if (typeof key !== "string") refuse("the answer has no key", undefined, "malformed_response");
  return { key, userId, cleanURL };
}
