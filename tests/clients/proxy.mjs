// The Worker as users meet it: sessions, plans and a budget, in front of the simulator.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startWorker } from "../support/workerd.mjs";
import { startUpstream } from "../upstream/server.mjs";

export const KEY = "sk-or-v1-the-key-that-stays-at-the-edge";
const SERVICE_SECRET = "the-secret-of-a-backend-that-knows-its-users";

/** `origin` is where a page may call from. */
export async function startProxy(origin = "https://app.example") {
  const upstream = await startUpstream({ apiKey: KEY });
  const storage = mkdtempSync(join(tmpdir(), "openrouter-clients-"));
  const worker = await startWorker(
    {
      OPENROUTER_API_KEY: KEY,
      OPENROUTER_BASE_URL: upstream.baseUrl,
      AUTH_MODE: "session",
      SESSION_SECRETS: "one:the-secret-that-signs-sessions-of-this-file",
      SERVICE_SECRET,
      ALLOWED_ORIGINS: origin,
      ALLOWED_MODELS: "*",
      // Of the simulator's own models nobody knows a price.
      MAX_PRICE: '{"prompt": 5, "completion": 50}',
      MEDIA_USD: "images=0.25 transcription=0.20 speech=0.05 rerank=0.01",
      // Waiting is the client's here.
      RETRY_WAIT_MS: "0",
      PLANS: "free: 1000 requests/minute, 100 USD/day; poor: 0.000001 USD/day; slow: 1 requests/hour",
      DEFAULT_PLAN: "free",
    },
    { storage },
  );
  return {
    upstream,
    worker,
    /** As if the client asked OpenRouter itself. */
    direct: { baseURL: upstream.baseUrl, token: KEY },
    baseURL: `${worker.url}/api/v1`,
    /** A user's token, as a backend fetches it. */
    async session(user, plan = "free") {
      const response = await fetch(`${worker.url}/session`, {
        method: "POST",
        headers: { authorization: `Bearer ${SERVICE_SECRET}`, "content-type": "application/json" },
        body: JSON.stringify({ user, plan }),
      });
      return (await response.json()).token;
    },
    async close() {
      await worker.close();
      await upstream.close();
      rmSync(storage, { recursive: true, force: true });
    },
  };
}
