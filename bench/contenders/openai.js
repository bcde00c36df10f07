import OpenAI from "openai";
import { total } from "./total.js";

export default ({ baseURL, apiKey }) => {
  const openai = new OpenAI({ baseURL, apiKey, dangerouslyAllowBrowser: true });
  const chunks = (request) => openai.chat.completions.create({ ...request, stream: true });
  return {
    chunks,
    read: async (request) => total(await chunks(request)),
    async chat(request) {
      const completion = await openai.chat.completions.create(request);
      return completion.choices[0].message.content;
    },
    async models() {
      const { data } = await openai.models.list();
      return data.map(({ id }) => id);
    },
  };
};
