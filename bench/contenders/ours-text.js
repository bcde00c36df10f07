// Only the text: `text()`.
import { OpenRouter } from "openrouter-wasm";

export default (settings) => {
  const openRouter = new OpenRouter(settings);
  return {
    isTextOnly: true,
    async read(request) {
      let all = "";
      for await (const text of openRouter.stream(request).text()) all += text;
      return { text: all };
    },
  };
};
