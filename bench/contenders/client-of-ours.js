import { total } from "./total.js";

export const client = (openRouter) => ({
  chunks: (request) => openRouter.stream(request),
  read: (request) => total(openRouter.stream(request)),
  async chat(request) {
    const completion = await openRouter.chat(request);
    return completion.choices[0].message.content;
  },
  async models() {
    const { data } = await openRouter.models();
    return data.map(({ id }) => id);
  },
});
