// A fetch without a network: everybody's requests are answered by what was put here last.

let answer;

/** The next requests are answered by this function's responses. */
export const answerWith = (respond) => {
  answer = respond;
};

/** Must run before any contender is imported: clients keep the fetch that they find. */
export const replaceFetch = () => {
  globalThis.fetch = async () => answer();
};

/** Bytes come when they are asked for, one read at a time; nothing is queued before. */
export const streaming = (reads) => () => {
  const iterator = reads[Symbol.iterator]();
  const body = new ReadableStream(
    {
      pull(controller) {
        const { done, value } = iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
};

export const whole = (text) => () => new Response(text, { headers: { "content-type": "application/json" } });
