// POST /completions: the older shape, a prompt and its text. What is answered is the chat scenario's text.
import { COMMENT, DONE, conversationOf, event, nativeFinish, words } from "./chat.mjs";
import { streamOrJson, written } from "./turn.mjs";

export const completions = {
  fault: ({ prompt }) => (typeof prompt === "string" && prompt !== "" ? null : "prompt: expected text"),
  conversation: ({ messages: _, ...body }) => conversationOf(body),
  answer({ chat, scenario }) {
    const { content } = chat.answered(scenario);
    const finish = chat.finishReason;
    const failure = scenario.interruption?.error;
    const envelope = (text, finish_reason, more) => ({
      id: chat.id,
      object: "text_completion",
      created: chat.created,
      model: chat.model.id,
      provider: chat.model.provider,
      choices: [{ index: 0, text, logprobs: null, finish_reason, native_finish_reason: nativeFinish(finish_reason) }],
      ...more,
    });
    const whole = failure
      ? envelope(content, "error", { error: failure })
      : envelope(content ?? "", finish, { usage: chat.usage(), ...chat.routing });
    function* pieces() {
      yield COMMENT;
      const write = (text) => event(envelope(text, null));
      const end = yield* written(words(content ?? ""), { isDelta: () => true, write, scenario, chat });
      if (end) return end;
      if (failure) yield event(envelope("", "error", { error: failure }));
      else yield event(envelope("", finish, { usage: chat.usage(), ...chat.routing }));
      yield DONE;
    }
    return streamOrJson(chat, { scenario, pieces, whole });
  },
};
