// The simulated API under /api/v1: which request gets which answer.
import { countModels, listEndpoints, listModels, listProviders, showModel } from "./catalogue.mjs";
import { Chat, faultOfChat, faultOfModels, nativeFinish } from "./chat.mjs";
import { OWNER, errorAnswer, invalidRequest, missingAuthentication, unknownKey } from "./errors.mjs";
import { json } from "./exchange.mjs";
import { INFERENCE } from "./inference.mjs";
import { select } from "./scenarios.mjs";

export const BASE_PATH = "/api/v1";

/** The simulator's time of day does not pass: each generation is a second after the one before. */
const EPOCH_SECONDS = 1_786_406_400;

/** The account's default, for a request that names no model. */
const DEFAULT_MODEL = "openrouter/auto";

/** How often the record of a generation is "not there yet": the real one comes late, too. */
const LATE_CALLS = 2;
const MAX_GENERATIONS = 1000;

/** The endpoints whose answers name their generation in `X-Generation-Id`; the others do so in the body, or not. */
const NAMED_BY_HEADER = ["/chat/completions", "/responses", "/messages"];

/** Slugs hold one slash, and may start with `~`. */
const SLUG = "([^/]+/[^/]+)";

const notFound = (message) => ({ status: 404, error: { code: 404, message } });

export class Api {
  #apiKey;
  #recordings;
  #scripts;
  #wordDelayMs;
  #generations = new Map();
  #idCount = 0;
  #chatEndpoint = { fault: faultOfChat, answer: (context) => this.#chat(context) };

  constructor({ apiKey, recordings, scripts, wordDelayMs }) {
    this.#apiKey = apiKey;
    this.#recordings = recordings;
    this.#scripts = scripts;
    this.#wordDelayMs = wordDelayMs;
  }

  /** [method, path, whether a key is needed, handler]; a handler gets the request and the path's groups. */
  #routes = [
    ["GET", /^\/models$/, false, ({ query }) => listModels(query)],
    ["GET", /^\/models\/user$/, true, ({ query }) => listModels(query)],
    ["GET", /^\/models\/count$/, false, ({ query }) => countModels(query)],
    ["GET", new RegExp(`^/models/${SLUG}/endpoints$`), false, (request, slug) => listEndpoints(slug, request)],
    ["GET", new RegExp(`^/model/${SLUG}$`), false, (_, slug) => showModel(slug)],
    ["GET", /^\/providers$/, false, () => listProviders()],
    ["GET", /^\/key$/, true, () => showKey()],
    ["GET", /^\/generation$/, true, ({ query }) => this.#showGeneration(query.get("id"))],
    ["POST", /^\/chat\/completions$/, true, (request) => this.#infer(request, this.#chatEndpoint)],
    ...Object.entries(INFERENCE).map(([path, endpoint]) => [
      "POST",
      new RegExp(`^${path}$`),
      true,
      (request) => this.#infer(request, endpoint),
    ]),
  ];

  /** The answer to a request `{ path, query, record, bodyFault }`, where `path` is the URL's, percent-decoded. */
  answer(request) {
    const path = request.path.startsWith(`${BASE_PATH}/`) ? request.path.slice(BASE_PATH.length) : null;
    const routes = path ? this.#routes.filter(([, pattern]) => pattern.test(path)) : [];
    if (routes.length === 0) return errorAnswer(notFound(`There is nothing at ${request.path}`));

    const { method, headers } = request.record;
    const route = routes.find(([allowed]) => allowed === method);
    if (!route) {
      const failure = { status: 405, error: { code: 405, message: "Method Not Allowed" } };
      return errorAnswer({ ...failure, headers: { allow: routes.map(([allowed]) => allowed).join(", ") } });
    }

    const [, pattern, needsKey, handle] = route;
    const refusal = this.#refusal(headers.authorization);
    if (needsKey && refusal) return errorAnswer(refusal, path);
    const groups = pattern.exec(path).slice(1);
    return handle({ ...request, path, isAuthenticated: !refusal }, ...groups);
  }

  #refusal(authorization = "") {
    const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (!key) return missingAuthentication;
    return this.#apiKey !== undefined && key !== this.#apiKey ? unknownKey : null;
  }

  #infer({ path, record, bodyFault }, endpoint) {
    const { body } = record;
    const fault = bodyFault ?? faultOfModels(body) ?? endpoint.fault(body);
    if (fault) return errorAnswer(invalidRequest(fault), path);

    const models = body.models ?? [];
    const slugs = body.model ? [body.model, ...models] : models.length > 0 ? models : [DEFAULT_MODEL];
    const selection = select(slugs, { scripts: this.#scripts, recordings: this.#recordings });
    const { script, recording, failure } = selection;
    if (failure) return errorAnswer(failure, path);
    if (recording) return { ...recording, pieces: () => [recording.bytes].values() };

    const { id, created } = this.#nextId();
    const answer = script
      ? script.answer(body.stream === true)
      : endpoint.answer({ id, created, record, body, ...selection });
    const isNamed = answer.status < 400 && NAMED_BY_HEADER.includes(path);
    return isNamed ? { ...answer, headers: { "x-generation-id": id, ...answer.headers } } : answer;
  }

  #nextId() {
    this.#idCount += 1;
    const created = EPOCH_SECONDS + this.#idCount;
    return { id: `gen-${created}-Simulator${String(this.#idCount).padStart(11, "0")}`, created };
  }

  #chat({ id, created, record, body, scenario, number, model }) {
    const chat = new Chat({ id, created, body, model, wordDelayMs: this.#wordDelayMs });
    this.#generations.set(id, { chat, record, calls: 0 });
    if (this.#generations.size > MAX_GENERATIONS) this.#generations.delete(this.#generations.keys().next().value);
    return {
      status: 200,
      headers: chat.isStream ? scenario.streamHeaders : scenario.completeHeaders,
      pieces: () => (chat.isStream ? scenario.stream(chat, number) : scenario.complete(chat, number)),
    };
  }

  #showGeneration(id) {
    const generation = this.#generations.get(id);
    if (!generation) return errorAnswer(notFound(`Generation ${id} not found`));
    generation.calls += 1;
    const { chat, record, calls } = generation;
    const isOver = record.finished || record.clientGone !== null;
    if (calls <= LATE_CALLS || !isOver) return errorAnswer(notFound(`Generation ${id} not found`));
    return json(200, { data: generationOf(chat, record) });
  }
}

/** The bookkeeping of a chat that is over. Times are made up: nothing here takes a while. */
function generationOf(chat, { headers, clientGone }) {
  const { prompt_tokens, completion_tokens, cost } = chat.usage();
  return {
    id: chat.id,
    api_type: "completions",
    model: chat.model.id,
    provider_name: chat.model.provider,
    created_at: new Date(chat.created * 1000).toISOString(),
    streamed: chat.isStream,
    cancelled: clientGone !== null,
    finish_reason: chat.finishReason,
    native_finish_reason: nativeFinish(chat.finishReason),
    tokens_prompt: prompt_tokens,
    tokens_completion: completion_tokens,
    native_tokens_prompt: prompt_tokens,
    native_tokens_completion: completion_tokens,
    native_tokens_reasoning: 0,
    native_tokens_cached: 0,
    total_cost: cost,
    usage: cost,
    upstream_inference_cost: cost,
    cache_discount: null,
    is_byok: false,
    latency: 250,
    generation_time: 10 * completion_tokens,
    moderation_latency: null,
    origin: headers["http-referer"] ?? "",
    http_referer: headers["http-referer"] ?? null,
    user_agent: headers["user-agent"] ?? null,
    external_user: chat.body.user ?? null,
    session_id: chat.body.session_id ?? null,
    router: null,
    service_tier: null,
    upstream_id: null,
    provider_responses: null,
  };
}

/** `GET /key`: more about the key's owner than a proxy should tell. */
function showKey() {
  const usage = { usage: 42, usage_daily: 0.5, usage_weekly: 3, usage_monthly: 12 };
  const byok = { byok_usage: 0, byok_usage_daily: 0, byok_usage_weekly: 0, byok_usage_monthly: 0 };
  return json(200, {
    data: {
      label: "sk-or-v1-sim...key",
      limit: 20,
      limit_remaining: 8,
      limit_reset: "monthly",
      include_byok_in_limit: false,
      ...usage,
      ...byok,
      is_free_tier: false,
      is_management_key: false,
      is_provisioning_key: false,
      creator_user_id: OWNER,
      expires_at: null,
      rate_limit: { requests: -1, interval: "10s", note: "deprecated" },
    },
  });
}
