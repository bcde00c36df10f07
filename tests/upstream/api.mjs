// The simulated API under /api/v1: which request gets which answer.
import { Generations, showCredits, showKey } from "./account.mjs";
import { CATALOGUE } from "./catalogue.mjs";
import { errorAnswer, missingAuthentication, notFound, unknownKey } from "./errors.mjs";
import { Inference } from "./infer.mjs";
import { INFERENCE } from "./inference.mjs";
import { CONSENT_PATH, EXCHANGE_PATH, OAuth } from "./oauth.mjs";

export const BASE_PATH = "/api/v1";

export class Api {
  #apiKey;
  #generations = new Generations();
  #inference;
  #oauth;
  #scripts;

  constructor({ apiKey, clock, recordings, scripts, wordDelayMs }) {
    this.#apiKey = apiKey;
    this.#inference = new Inference({ clock, generations: this.#generations, recordings, scripts, wordDelayMs });
    this.#oauth = new OAuth({ clock });
    this.#scripts = scripts;
  }

  /** [method, path, whether a key is needed, handler]; a handler gets the request and the path's groups. */
  #routes = [
    ...CATALOGUE,
    ["GET", "/key", true, ({ key }) => showKey(key, this.#oauth.find(key))],
    ["GET", "/credits", true, ({ key }) => showCredits(key)],
    ["GET", "/generation", true, ({ query }) => this.#generations.show(query.get("id"))],
    ["POST", EXCHANGE_PATH, false, (request) => this.#oauth.exchange(request)],
    ...Object.entries(INFERENCE).map(([path, endpoint]) => [
      "POST",
      path,
      true,
      (request) => this.#inference.answer(request, endpoint),
    ]),
  ].map(([method, path, ...rest]) => [method, new RegExp(`^${path}$`), ...rest]);

  /**
   * The answer to a request `{ path, query, record, ... }` with what `readBody` gives, where `path` is the URL's,
   * percent-decoded.
   */
  answer(request) {
    const { method, headers } = request.record;
    if (request.path === CONSENT_PATH && method === "GET") return this.#oauth.consent(request.query);
    const path = request.path.startsWith(`${BASE_PATH}/`) ? request.path.slice(BASE_PATH.length) : null;
    const scripted = path && this.#scripts.nextAt(method, path);
    if (scripted && !scripted.builtin) return scripted.answer(request.body?.stream === true);

    const routes = path ? this.#routes.filter(([, pattern]) => pattern.test(path)) : [];
    if (routes.length === 0) return errorAnswer(notFound(`There is nothing at ${request.path}`));
    const route = routes.find(([allowed]) => allowed === method);
    if (!route) {
      const failure = { status: 405, error: { code: 405, message: "Method Not Allowed" } };
      return errorAnswer({ ...failure, headers: { allow: routes.map(([allowed]) => allowed).join(", ") } });
    }

    const [, pattern, needsKey, handle] = route;
    const key = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    const refusal = this.#refusal(key);
    if (needsKey && refusal) return errorAnswer(refusal, path);
    const groups = pattern.exec(path).slice(1);
    return handle({ ...request, path, key, isAuthenticated: !refusal }, ...groups);
  }

  #refusal(key) {
    if (!key) return missingAuthentication;
    const isAccepted = this.#apiKey === undefined || key === this.#apiKey || this.#oauth.find(key);
    return isAccepted ? null : unknownKey;
  }

  /** Forgets what answers were kept. */
  reset() {
    this.#inference.reset();
  }
}
