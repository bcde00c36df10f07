import { answer } from "./main.js";

export default {
  async fetch(request) {
    try {
      return new Response(await answer(new URL(request.url).search));
    } catch (error) {
      return new Response(`${error}\n${error?.cause ?? ""}\n${error?.stack}`, { status: 500 });
    }
  },
};
