// As a server in development has Vite load what it renders with.
import { createServer } from "vite";

const vite = await createServer({ server: { middlewareMode: true }, appType: "custom", logLevel: "warn" });
try {
  const { answer } = await vite.ssrLoadModule("/main.js");
  console.log(await answer(process.argv[2]));
} finally {
  await vite.close();
}
