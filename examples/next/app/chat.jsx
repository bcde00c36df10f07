"use client";

import { useState } from "react";

export function Chat() {
  const [answer, setAnswer] = useState("");

  async function ask(form) {
    setAnswer("");
    const response = await fetch("/api/chat", { method: "POST", body: JSON.stringify({ question: form.get("question") }) });
    if (!response.ok) return setAnswer(await response.text());
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const { value } = piece;
      setAnswer((before) => before + value);
    }
  }

  function submit(event) {
    event.preventDefault();
    ask(new FormData(event.currentTarget)).catch((error) => setAnswer(error.message));
  }

  return (
    <form onSubmit={submit}>
      <label>
        Question <input name="question" required />
      </label>
      <button>Ask</button>
      <output style={{ display: "block", whiteSpace: "pre-wrap" }}>{answer}</output>
    </form>
  );
}
