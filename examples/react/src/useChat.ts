import { Conversation, OpenRouter, OpenRouterError } from "openrouter-wasm";
import { useEffect, useRef, useState } from "react";

export interface Turn {
  role: "user" | "assistant";
  text: string;
}

/** A conversation: what was said so far, the answer as it comes, and how to send, and to stop. */
export function useChat(model: string) {
  const [conversation] = useState(() => new Conversation({ client: new OpenRouter(), model }));
  const [turns, setTurns] = useState<Turn[]>([]);
  const [error, setError] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const running = useRef<AbortController>(undefined);

  const stop = () => running.current?.abort();
  // What nobody looks at any more is not billed any more.
  useEffect(() => stop, []);

  async function send(question: string) {
    const controller = (running.current = new AbortController());
    setError("");
    setIsBusy(true);
    setTurns((before) => [...before, { role: "user", text: question }, { role: "assistant", text: "" }]);
    try {
      let answer = "";
      for await (const text of conversation.stream(question, { signal: controller.signal }).text()) {
        answer += text;
        const turn: Turn = { role: "assistant", text: answer };
        setTurns((before) => [...before.slice(0, -1), turn]);
      }
    } catch (failure) {
      if (failure instanceof OpenRouterError) setError(failure.message);
      else if (!controller.signal.aborted) throw failure;
    } finally {
      setIsBusy(false);
    }
  }

  return { turns, error, isBusy, send, stop };
}
