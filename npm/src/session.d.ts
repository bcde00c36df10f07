import type { AuthRequest, CommonOptions } from "./types.js";

export interface ProxySessionOptions extends Pick<CommonOptions, "fetch" | "headers" | "hooks" | "timeout"> {
  /** Where the proxy opens sessions: a URL, or a path on the page's own server. Default: `/session`. */
  url?: string;
  /**
   * Gives what Turnstile gave to the page: a new one each time, for it is good once. The page loads Turnstile; this package
   * never does. `signal` is aborted when nobody waits any more.
   */
  turnstileToken: (request: { reason: AuthRequest["reason"]; signal?: AbortSignal }) => string | Promise<string>;
}

/**
 * Gives the token of the session: the one that there is, or a new one where that is over, or `reason` says so. It fits the
 * option `auth`, and gives the token for other requests to the proxy, such as `GET /usage`.
 */
export type ProxySession = (request?: Partial<AuthRequest>) => Promise<string>;

/**
 * Sessions of the proxy in `worker/`, for the option `auth`: opened by Turnstile before the first call, kept in memory,
 * renewed before they end or when the proxy refuses one. Asking for one has 30 s (`timeout`), beside what Turnstile takes.
 *
 * It throws `configuration` with the `field` that is wrong; a session that is not given rejects with the `OpenRouterError`
 * that any call of the proxy would: `authentication` where Turnstile's token is not accepted, `overloaded` where
 * Turnstile cannot be asked, `network` and so on. What `turnstileToken` throws comes as it is.
 */
export function proxySession(options: ProxySessionOptions): ProxySession;
