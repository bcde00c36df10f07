import type { FormEvent } from "react";
import { useChat } from "./useChat";

export function Chat() {
  const { turns, error, isBusy, send, stop } = useChat("openai/gpt-5.2");

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    send(String(new FormData(form).get("question")));
    form.reset();
  }

  return (
    <main>
      <h1>Ask a model</h1>
      <output>
        {turns.map(({ role, text }, index) => (
          <p key={index} className={role}>
            {text}
          </p>
        ))}
      </output>
      {error && <p role="alert">{error}</p>}
      <form onSubmit={submit}>
        <label>
          Question <input name="question" required />
        </label>
        <button disabled={isBusy}>Ask</button>
        <button type="button" disabled={!isBusy} onClick={stop}>
          Stop
        </button>
      </form>
    </main>
  );
}
