// Serves folders of the repository on loopback, as a page's own server would.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { extname, join, normalize } from "node:path";
import { root } from "../../scripts/toolchain.mjs";
import { listen } from "./loopback.mjs";

const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".png": "image/png",
  ".wasm": "application/wasm",
};

// What a view loads when it is first needed comes that much later: so a test that does not wait for it is found.
const SLOW_MS = Number(process.env.SLOW_FILES_MS ?? 0);

/**
 * @param {Record<string, {body: string, headers?: Record<string, string>}>} pages answers by path, before files
 * @param {string} [upstream] where requests below /api/ go, for pages that may connect to no other origin
 */
export async function serveFiles(pages, upstream) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://files");
    if (upstream && pathname.startsWith("/api/")) return pass(request, response, upstream);
    const page = pages[pathname];
    if (page) return response.writeHead(200, { "content-type": "text/html", ...page.headers }).end(page.body);
    const file = join(root, normalize(pathname));
    if (!/^\/(pkg|tests)\//.test(normalize(pathname)) || !existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    const isLate = normalize(pathname).startsWith("/pkg/dist/widget/");
    setTimeout(() => {
      response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
      createReadStream(file).pipe(response);
    }, isLate ? SLOW_MS : 0);
  });
  return listen(server);
}

/** Serves one folder, and nothing but what is in it; `missing` is what was asked for in vain. */
export async function serveFolder(folder, headers = {}) {
  const missing = [];
  const server = createServer((request, response) => {
    const pathname = normalize(decodeURIComponent(new URL(request.url, "http://files").pathname));
    const file = join(folder, pathname);
    if (!existsSync(file) || !statSync(file).isFile()) {
      // Browsers ask for it by themselves.
      if (pathname !== "/favicon.ico") missing.push(pathname);
      return response.writeHead(404).end();
    }
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream", ...headers });
    return createReadStream(file).pipe(response);
  });
  return { missing, ...(await listen(server)) };
}

/** Hands a request on as a proxy would, and ends it when the page has gone. */
function pass(request, response, upstream) {
  const { method, url, headers } = request;
  const passed = ask(new URL(url, upstream), { method, headers: { ...headers, authorization: "Bearer sk-or-v1-held-by-the-proxy" } }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
    answer.on("error", () => response.destroy());
    answer.on("aborted", () => response.destroy());
  });
  passed.on("error", () => response.destroy());
  response.on("close", () => passed.destroy());
  request.pipe(passed);
}
