// Serves folders of the repository on loopback, as a page's own server would.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { root } from "../../scripts/toolchain.mjs";
import { listen } from "./loopback.mjs";

const types = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/**
 * @param {Record<string, {body: string, headers?: Record<string, string>}>} pages answers by path, before files
 */
export async function serveFiles(pages) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://files");
    const page = pages[pathname];
    if (page) return response.writeHead(200, { "content-type": "text/html", ...page.headers }).end(page.body);
    const file = join(root, normalize(pathname));
    if (!/^\/(pkg|tests)\//.test(normalize(pathname)) || !existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
    return createReadStream(file).pipe(response);
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
