// From an accepted inference request to its answer: which model, from the cache or not, in which envelope.
import { isManagementKey } from "./account.mjs";
import { AnswerCache } from "./cache.mjs";
import { Chat, faultOfModels } from "./chat.mjs";
import { EPOCH_SECONDS } from "./clock.mjs";
import { errorAnswer, invalidRequest, managementKey } from "./errors.mjs";
import { metadataOf, wantsMetadata } from "./metadata.mjs";
import { select } from "./scenarios.mjs";

/** The account's default, for a request that names no model. */
const DEFAULT_MODEL = "openrouter/auto";

/** The endpoints whose answers name their generation in `X-Generation-Id`; the others do so in the body, or not. */
const NAMED_BY_HEADER = ["/chat/completions", "/completions", "/responses", "/messages"];

function slugsIn({ model, models = [] }) {
  if (model) return [model, ...models];
  return models.length > 0 ? models : [DEFAULT_MODEL];
}

const withHeaders = (answer, headers) => ({ ...answer, headers: { ...headers, ...answer.headers } });

export class Inference {
  #cache;
  #generations;
  #idCount = 0;
  #recordings;
  #scripts;
  #wordDelayMs;

  constructor({ clock, generations, recordings, scripts, wordDelayMs }) {
    this.#cache = new AnswerCache({ clock });
    this.#generations = generations;
    this.#recordings = recordings;
    this.#scripts = scripts;
    this.#wordDelayMs = wordDelayMs;
  }

  /** The answer of an endpoint of `INFERENCE` to a request of somebody with a key. */
  answer(request, endpoint) {
    const { path, key, body, bodyFault, isForm } = request;
    if (isManagementKey(key)) return errorAnswer(managementKey, path);
    const fault = (isForm && endpoint.takesForms ? null : bodyFault) ?? faultOfModels(body) ?? endpoint.fault(body);
    if (fault) return errorAnswer(invalidRequest(fault), path);

    const cached = this.#cache.look({ key, path, body, headers: request.record.headers });
    const selection = cached?.hit ?? select(slugsIn(body), { scripts: this.#scripts, recordings: this.#recordings });
    const { scripted, recording, failure, tried } = selection;
    const isTold = wantsMetadata(request.record.headers);
    if (failure) return errorAnswer({ ...failure, metadata: isTold ? metadataOf(tried) : undefined }, path);
    if (recording) return { ...recording, pieces: () => [recording.bytes].values() };

    const { id, created } = this.#nextId();
    const names = NAMED_BY_HEADER.includes(path) ? { "x-generation-id": id } : {};
    if (scripted) return withHeaders(scripted.answer(body.stream === true), scripted.status < 400 ? names : {});

    const isCached = cached?.hit !== undefined;
    const metadata = isTold && !isCached ? metadataOf(tried, selection.model) : undefined;
    const chat =
      endpoint.conversation && this.#chat(request, endpoint, { ...selection, id, created, isCached, metadata });
    const misfit = chat && selection.scenario.fault(chat);
    if (misfit) return errorAnswer(invalidRequest(misfit), path);
    if (chat) this.#generations.add(chat, request.record);
    cached?.keep?.(selection, { id, isWhole: () => isWhole(request.record, chat) });
    const answer = endpoint.answer({ ...selection, id, created, body, chat, isCached });
    return withHeaders(answer, { ...names, ...cached?.headers });
  }

  /** Forgets the answers it keeps. */
  reset() {
    this.#cache.clear();
  }

  #chat({ body, bodyText, record }, endpoint, { id, created, model, number, isCached, metadata }) {
    const request = { ...endpoint.conversation(body), body, bodyText, headers: record.headers };
    return new Chat({ ...request, id, created, model, number, isCached, metadata, wordDelayMs: this.#wordDelayMs });
  }

  /** Time does not pass here, but each generation is a second after the one before. */
  #nextId() {
    this.#idCount += 1;
    const created = EPOCH_SECONDS + this.#idCount;
    return { id: `gen-${created}-Simulator${String(this.#idCount).padStart(11, "0")}`, created };
  }
}

/** Whether an answer went out whole and without an error. */
const isWhole = ({ finished }, chat) =>
  finished && (chat === undefined || (chat.finishReason !== null && chat.finishReason !== "error"));
