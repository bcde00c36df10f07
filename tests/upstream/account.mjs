// What an account can be asked: its key, its credits, the bookkeeping of its generations.
import { nativeFinish } from "./chat.mjs";
import { OWNER, errorAnswer, managementOnly, notFound } from "./errors.mjs";
import { json } from "./exchange.mjs";

/** Keys that manage other keys; they cannot ask models. */
export const isManagementKey = (key) => key.includes("management");

/** What a key of the account's owner has spent, and what a key that was only just given out has. */
const WELL_USED = {
  label: "sk-or-v1-sim...key",
  limit: 20,
  limit_remaining: 8,
  limit_reset: "monthly",
  usage: 42,
  usage_daily: 0.5,
  usage_weekly: 3,
  usage_monthly: 12,
};
const unused = (key, { label, limit }) => ({
  label: label ?? `${key.slice(0, 12)}...${key.slice(-3)}`,
  limit,
  limit_remaining: limit,
  limit_reset: null,
  usage: 0,
  usage_daily: 0,
  usage_weekly: 0,
  usage_monthly: 0,
});

/** `GET /key`: more about the key's owner than a proxy should tell. `grant` is what the key was given out with. */
export const showKey = (key, grant) =>
  json(200, {
    data: {
      ...(grant ? unused(key, grant) : WELL_USED),
      include_byok_in_limit: false,
      byok_usage: 0,
      byok_usage_daily: 0,
      byok_usage_weekly: 0,
      byok_usage_monthly: 0,
      is_free_tier: false,
      is_management_key: isManagementKey(key),
      is_provisioning_key: isManagementKey(key),
      creator_user_id: OWNER,
      expires_at: null,
      rate_limit: { requests: -1, interval: "10s", note: "deprecated" },
    },
  });

/** `GET /credits`. */
export const showCredits = (key) =>
  isManagementKey(key)
    ? json(200, { data: { total_credits: 100.5, total_usage: 25.75 } })
    : errorAnswer(managementOnly, "/credits");

/** How often the record of a generation is "not there yet": the real one comes late, too. */
const LATE_CALLS = 2;
const MAX_GENERATIONS = 1000;

/** The bookkeeping of what models were asked. */
export class Generations {
  #byId = new Map();

  add(chat, record) {
    this.#byId.set(chat.id, { chat, record, calls: 0 });
    if (this.#byId.size > MAX_GENERATIONS) this.#byId.delete(this.#byId.keys().next().value);
  }

  /** `GET /generation?id=`. */
  show(id) {
    const generation = this.#byId.get(id);
    const missing = errorAnswer(notFound(`Generation ${id} not found`), "/generation");
    if (!generation) return missing;
    generation.calls += 1;
    const { chat, record, calls } = generation;
    const isOver = record.finished || record.clientGone !== null;
    return calls > LATE_CALLS && isOver ? json(200, { data: generationOf(chat, record) }) : missing;
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
