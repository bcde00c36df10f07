// What the endpoints have in common that answer in a shape of their own with what a chat scenario says.
import { pause } from "./exchange.mjs";
import { EVENT_STREAM, JSON_BODY } from "./scenario.mjs";

/** How many deltas there are before an interruption. */
const DELTAS_BEFORE = 2;

/**
 * Writes events as far as the scenario lets them come. Returns how to end at once, or undefined: then the caller's own
 * last events follow, be it the one that reports an error.
 */
export function* written(events, { isDelta, write, scenario, chat }) {
  let deltas = 0;
  for (const each of events) {
    yield write(each);
    if (!isDelta(each)) continue;
    if (chat.wordDelayMs > 0) yield pause(chat.wordDelayMs);
    deltas += 1;
    if (scenario.interruption && deltas === DELTAS_BEFORE) return scenario.interruption.end;
  }
  return undefined;
}

/** The stream, or the JSON document, of which an interrupted scenario sends half. */
export function streamOrJson(chat, { scenario, pieces, whole }) {
  if (chat.isStream) return { status: 200, headers: EVENT_STREAM, pieces };
  const body = JSON.stringify(whole);
  const end = scenario.interruption?.end;
  return {
    status: 200,
    headers: JSON_BODY,
    *pieces() {
      yield end ? body.slice(0, body.length / 2) : body;
      return end;
    },
  };
}
