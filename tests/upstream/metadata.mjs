// `openrouter_metadata`: how a request was routed, for callers that ask with `X-OpenRouter-Metadata: enabled`.

const NAMES = ["x-openrouter-metadata", "x-openrouter-experimental-metadata"];

/** Whether the caller wants to be told. */
export const wantsMetadata = (headers) => NAMES.some((name) => headers[name]?.toLowerCase() === "enabled");

const ROUTERS = {
  "openrouter/auto": "auto",
  "openrouter/auto-beta": "auto",
  "openrouter/free": "free",
  "openrouter/pareto-code": "pareto",
  "openrouter/bodybuilder": "bodybuilder",
  "openrouter/fusion": "fusion",
};

function strategyOf(requested, tried, model) {
  if (tried.length > 1) return "fallback";
  if (ROUTERS[requested]) return ROUTERS[requested];
  if (requested.startsWith("~")) return "latest";
  return model && !requested.startsWith(model.id) ? "alias" : "direct";
}

/** An unknown route: the error came before there was one, or hides what happened. */
const WITHOUT_ROUTE = [400, 401, 402, 413, 422, 429, 500];

/**
 * The metadata of a request for which the slugs in `tried` were tried, each with its `status`, the last one answered by
 * `model`, if that is not undefined. Undefined where the real router has none to tell.
 */
export function metadataOf(tried, model) {
  const [{ slug: requested }] = tried;
  const { slug, status } = tried.at(-1);
  if (!model && WITHOUT_ROUTE.includes(status)) return undefined;
  const providers = model?.providers ?? ["Simulator"];
  const available = providers.map((provider, i) => ({
    provider,
    model: model?.id ?? slug,
    selected: Boolean(model) && i === 0,
  }));
  // Without an endpoint nothing was tried at all.
  const isTried = status !== 404;
  return {
    requested,
    strategy: strategyOf(requested, tried, model),
    region: "iad",
    summary: `available=${available.length}${model ? `, selected=${providers[0]}` : ""}`,
    attempt: isTried ? tried.length : 0,
    is_byok: false,
    endpoints: { total: available.length, available },
    ...(isTried && {
      attempts: tried.map((each, i) => ({
        provider: i < tried.length - 1 ? "Simulator" : providers[0],
        model: i < tried.length - 1 ? each.slug : (model?.id ?? slug),
        status: each.status,
      })),
    }),
  };
}
