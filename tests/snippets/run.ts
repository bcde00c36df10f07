// Runs a snippet in Node: its module, and if that is a server's, a request to it.
import "./prelude.ts";

const [file] = process.argv.slice(2);
const module = await import(file!);
const handle = module.default?.fetch ?? module.POST ?? module.GET;
if (handle) {
  const body = JSON.stringify({ model, messages, prompt: "Why is the sky blue?" });
  const init = handle === module.GET ? {} : { method: "POST", headers: { "content-type": "application/json" }, body };
  const answer: Response = await handle(new Request("http://app.example/api/chat", init), process.env, { waitUntil() {} });
  const text = await answer.text();
  if (!answer.ok || text === "") throw new Error(`the handler answered ${answer.status} ${text}`);
}
