// The conversation: asks, shows what comes, and deals with its three ends.
import { OpenRouterError, type ChatCompletionStream, type OpenRouter } from "openrouter-wasm";
import { Answer, question } from "./answer.ts";
import { Conversation, type Turn } from "./conversation.ts";
import { button } from "./dom.ts";
import { ErrorCard } from "./error-card.ts";
import { isRefusal, type Remedy } from "./errors.ts";

/** How long events may be shown without a pause for the page, in ms. */
const SLICE_MS = 8;

/** What the chat needs from the page around it. */
export interface Surroundings {
  /** The slug of the chosen model. */
  model(): string;
  chooseModel(): void;
  /** Gives a message back to be edited. */
  edit(text: string): void;
  /** Called when an answer begins and when it ends. */
  busy(isBusy: boolean): void;
  /** Says something to those who do not see the page. */
  announce(words: string): void;
  /** Brings the end of the conversation into view. */
  showEnd(): void;
}

export class Chat {
  readonly #client: OpenRouter;
  readonly #log: HTMLElement;
  readonly #page: Surroundings;
  #conversation = new Conversation();
  #answer: Answer | undefined;
  #card: ErrorCard | undefined;
  #request: AbortController | undefined;

  constructor(client: OpenRouter, log: HTMLElement, page: Surroundings) {
    this.#client = client;
    this.#log = log;
    this.#page = page;
  }

  get isBusy(): boolean {
    return this.#request !== undefined;
  }

  send(text: string): void {
    if (this.isBusy) return;
    this.#log.append(question(text));
    void this.#ask(this.#conversation.add(text));
  }

  stop(): void {
    this.#request?.abort();
  }

  /** Another model need not wait for the one that asked for patience. */
  modelChanged(): void {
    this.#card?.endWait();
  }

  /** Forgets the conversation. */
  clear(): void {
    this.stop();
    this.#setRequest(undefined);
    this.#conversation = new Conversation();
    this.#answer = undefined;
    this.#log.replaceChildren();
  }

  async #ask(turn: Turn): Promise<void> {
    const request = new AbortController();
    const answer = new Answer();
    const model = this.#page.model();
    const messages = this.#conversation.messagesUntil(turn);
    this.#answer?.retire();
    this.#answer = answer;
    this.#setRequest(request);
    this.#log.append(answer.element);
    this.#page.announce("The answer is coming.");
    this.#page.showEnd();

    const isCurrent = () => this.#request === request;
    try {
      const stream = this.#client.stream({ model, messages }, { signal: request.signal });
      await show(stream, answer);
      turn.answer = await stream.finalMessage();
      answer.done(await stream.finalCompletion());
      if (isCurrent()) this.#page.announce(answer.spoken || "The answer is empty.");
    } catch (error) {
      if (answer.source) turn.answer = { role: "assistant", content: answer.source };
      if (request.signal.aborted) this.#stopped(turn, answer);
      else this.#failed(turn, answer, model, error);
      if (isCurrent()) this.#page.announce(request.signal.aborted ? "Stopped." : "");
    } finally {
      if (isCurrent()) this.#setRequest(undefined);
    }
  }

  #stopped(turn: Turn, answer: Answer): void {
    answer.stopped(button("Try again", { class: "quiet" }, () => this.#retry(turn, answer)));
  }

  #failed(turn: Turn, answer: Answer, model: string, error: unknown): void {
    turn.isRefused = !turn.answer && error instanceof OpenRouterError && isRefusal(error);
    const circumstances = { model, isOffline: !navigator.onLine };
    this.#card = new ErrorCard(error, circumstances, (remedy) => this.#remedy(remedy, turn, answer));
    answer.failed(this.#card.element);
  }

  #remedy(remedy: Remedy, turn: Turn, answer: Answer): void {
    if (remedy === "retry") this.#retry(turn, answer);
    if (remedy === "model") this.#page.chooseModel();
    if (remedy === "edit") this.#edit(turn, answer);
    if (remedy === "new") this.#startOver(turn);
  }

  #retry(turn: Turn, answer: Answer): void {
    if (this.isBusy) return;
    answer.element.remove();
    turn.answer = undefined;
    turn.isRefused = false;
    void this.#ask(turn);
  }

  #edit(turn: Turn, answer: Answer): void {
    this.#conversation.remove(turn);
    answer.element.previousElementSibling?.remove();
    answer.element.remove();
    this.#answer = undefined;
    this.#page.edit(turn.question);
  }

  /** The message that did not fit any more may open the new chat. */
  #startOver({ question }: Turn): void {
    this.clear();
    this.#page.edit(question);
  }

  #setRequest(request: AbortController | undefined): void {
    this.#request = request;
    this.#page.busy(request !== undefined);
  }
}

async function show(stream: ChatCompletionStream, answer: Answer): Promise<void> {
  let start = performance.now();
  for await (const event of stream.events()) {
    answer.show(event);
    // While there is always more to read, nothing else would get a turn: no frame, and no click on Stop.
    if (performance.now() - start > SLICE_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      start = performance.now();
    }
  }
}
