// A client of a few lines around fetch: what hand-written readers of a stream have in common.
import { total } from "./total.js";

/** @param {(response: Response) => AsyncIterable<object>} read turns the response into chunks */
export const plainClient = (read) => ({ baseURL, apiKey }) => {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const send = async (path, body) => {
    const response = await fetch(`${baseURL}${path}`, body && { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return response;
  };
  const chunks = async (request) => read(await send("/chat/completions", { ...request, stream: true }));
  return {
    chunks,
    read: async (request) => total(await chunks(request)),
    async chat(request) {
      const completion = await (await send("/chat/completions", request)).json();
      return completion.choices[0].message.content;
    },
    async models() {
      const { data } = await (await send("/models")).json();
      return data.map(({ id }) => id);
    },
  };
};

/**
 * An iterator that hands out the items of one list after the other without an async generator, which costs a second
 * promise for each item. `more` resolves to the next list, or to undefined at the end.
 */
export function iterate(more, cancel) {
  let items = [];
  let at = 0;
  const take = () => Promise.resolve({ value: items[at++], done: false });
  const refill = async () => {
    do {
      const list = await more();
      if (!list) return { value: undefined, done: true };
      items = list;
      at = 0;
    } while (items.length === 0);
    return { value: items[at++], done: false };
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => (at < items.length ? take() : refill()),
    async return(value) {
      await cancel();
      return { value, done: true };
    },
  };
}
