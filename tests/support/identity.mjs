// What stands around a proxy with tokens, simulated on this machine: Turnstile's siteverify, an identity provider's list
// of keys, and the tokens themselves, good ones and forged ones.
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

const base64url = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** Unix time in seconds, so many seconds from now. */
export const seconds = (fromNow = 0) => Math.floor(Date.now() / 1000) + fromNow;

/** A token of the compact form: header and claims are objects, or JSON that no object writes; `signature` signs them. */
export function compact(header, claims, signature) {
  const signed = `${base64url(header)}.${base64url(claims)}`;
  return `${signed}.${signature(signed).toString("base64url")}`;
}

export const hs256 = (secret) => (signed) => createHmac("sha256", secret).update(signed).digest();
export const rs256 = ({ privateKey }) => (signed) => sign("sha256", Buffer.from(signed), privateKey);
export const es256 = ({ privateKey }) => (signed) => sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });

export const rsaKeys = (modulusLength = 2048) => generateKeyPairSync("rsa", { modulusLength });
export const curveKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

/** A public key as a list has it. */
export const listed = ({ publicKey }, kid, more) => ({ ...publicKey.export({ format: "jwk" }), kid, use: "sig", ...more });

/**
 * Starts siteverify at `/siteverify` and lists of keys at `/keys` and where Access has its own; `/moved/…` redirects to
 * them. `keys` and `siteverify` may be changed: `siteverify(body)` gives the answer, or `null` to break the connection, or a promise to wait for.
 */
export async function startIdentityServices() {
  const services = {
    keys: [],
    keysStatus: 200,
    keysFetched: 0,
    asked: [],
    used: new Set(),
    siteverify: ({ response }) => {
      if (response !== "good" && !response.startsWith("good-")) return { success: false, "error-codes": ["invalid-input-response"] };
      if (services.used.has(response)) return { success: false, "error-codes": ["timeout-or-duplicate"] };
      services.used.add(response);
      return { success: true, "error-codes": [], hostname: "app.example", action: "chat", challenge_ts: new Date().toISOString() };
    },
  };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.url === "/siteverify") {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      services.asked.push({ method: request.method, type: request.headers["content-type"], body });
      const answer = await services.siteverify(body);
      if (answer === null) return request.socket.destroy();
      response.setHeader("content-type", "application/json");
      return response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
    }
    if (request.url.startsWith("/moved")) return response.writeHead(307, { location: request.url.slice("/moved".length) }).end();
    services.keysFetched += 1;
    response.writeHead(services.keysStatus, { "content-type": "application/json", "cache-control": "max-age=600" });
    response.end(JSON.stringify({ keys: services.keys }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  services.url = `http://127.0.0.1:${server.address().port}`;
  services.close = () => {
    server.closeAllConnections();
    server.close();
    return once(server, "close");
  };
  return services;
}
