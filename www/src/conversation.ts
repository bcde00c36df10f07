// What was said, as it is sent.
import type { AssistantMessage, Message } from "openrouter-wasm";

/** A question and what became of it. */
export interface Turn {
  readonly question: string;
  /** The whole answer as it came, or what there is of it. */
  answer?: AssistantMessage;
  /** The question itself was the reason that there is no answer, so later requests do without it. */
  isRefused?: boolean;
}

export class Conversation {
  readonly #turns: Turn[] = [];

  add(question: string): Turn {
    const turn = { question };
    this.#turns.push(turn);
    return turn;
  }

  remove(turn: Turn): void {
    const at = this.#turns.indexOf(turn);
    if (at >= 0) this.#turns.splice(at, 1);
  }

  /** The messages that ask for the answer to this turn. */
  messagesUntil(turn: Turn): Message[] {
    const before = this.#turns.slice(0, this.#turns.indexOf(turn)).filter(({ isRefused }) => !isRefused);
    const said = before.flatMap(({ question, answer }): Message[] => [user(question), ...(answer ? [answer] : [])]);
    return [...said, user(turn.question)];
  }
}

const user = (content: string): Message => ({ role: "user", content });
