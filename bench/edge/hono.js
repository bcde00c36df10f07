// Hono's own proxy helper with its CORS, as its documentation shows them.
import { Hono } from "hono";
import { cors } from "hono/cors";
import { proxy } from "hono/proxy";

const app = new Hono();
app.use(cors());
app.all("/api/v1/*", ({ req, env }) =>
  proxy(env.UPSTREAM + req.path.slice("/api/v1".length), {
    method: req.method,
    body: req.raw.body,
    headers: { "content-type": "application/json", authorization: `Bearer ${env.KEY}` },
  }));

export default app;
