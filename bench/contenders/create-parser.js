// eventsource-parser, fed and read in the quickest way that it allows.
import { createParser } from "eventsource-parser";
import { iterate, plainClient } from "./plain.js";

function chunks(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let items = [];
  let isDone = false;
  const parser = createParser({
    onEvent({ data }) {
      if (data === "[DONE]") isDone = true;
      else items.push(JSON.parse(data));
    },
  });

  const more = async () => {
    if (isDone) return undefined;
    const { done, value } = await reader.read();
    if (done) return undefined;
    items = [];
    parser.feed(decoder.decode(value, { stream: true }));
    if (isDone) await reader.cancel();
    return items;
  };
  return iterate(more, () => reader.cancel());
}

export default plainClient(chunks);
