import type { OpenRouter } from "./index.js";

/** Where verifier and state are kept between the two pages. Of localStorage's shape; may be asynchronous. */
export interface SignInStorage {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

export interface BeginSignInOptions {
  /**
   * Where people come back to, `http:` or `https:`, relative to the page. Default: the page itself. Its fragment, and
   * `code` and `state` in its query, are left out.
   */
  callbackURL?: string;
  /** Default: `sessionStorage`, which lives as long as the tab. The key is never put there. */
  storage?: SignInStorage;
  /** What the new key is called in the account. */
  keyLabel?: string;
  /** Most that the new key may spend, USD; 0 or more. */
  limit?: number;
  /** Default: `https://openrouter.ai/auth`. */
  authURL?: string;
  /** Go there at once. */
  navigate?: boolean;
}

/**
 * Begins to sign in with an OpenRouter account (OAuth PKCE, S256, with a state): send people to `url`, and call
 * `completeSignIn()` where they come back, in the same tab and within ten minutes.
 *
 * Rejects with `OpenRouterError`: `configuration` where the page is not served securely or has no storage,
 * `invalid_request` with the option that is wrong.
 */
export function beginSignIn(options?: BeginSignInOptions): Promise<{ url: string }>;

export interface CompleteSignInOptions {
  /** The address to which people came back. Default: the page's. */
  url?: string;
  /** The one that was given to `beginSignIn()`. */
  storage?: SignInStorage;
  /** Who exchanges the code. Default: a client of `https://openrouter.ai/api/v1`. A key of its own is not sent. */
  client?: Pick<OpenRouter, "exchangeCode">;
  /** Take `code` and `state` out of the page's address, before the code is exchanged. */
  replaceURL?: boolean;
}

export interface SignedIn {
  /** A key of the account: `new OpenRouter({ baseURL: "https://openrouter.ai/api/v1", apiKey: key })`. It is kept nowhere. */
  key: string;
  userId: string | null;
  /** The address without `code` and `state`. */
  cleanURL: string;
}

/**
 * Completes it: checks the state, exchanges the code, and forgets both whatever comes of it.
 *
 * Rejects with `OpenRouterError`: `authentication` where the address is not the answer to the sign-in that was begun
 * (another state, no code, twice the same, after ten minutes), `permission_denied` where OpenRouter refuses the code.
 */
export function completeSignIn(options?: CompleteSignInOptions): Promise<SignedIn>;
