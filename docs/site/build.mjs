// Makes the documentation site: `node docs/site/build.mjs FOLDER`. The guides and the reference of docs/ as pages, the
// package's types as the API. Everything is static; nothing comes from another server.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { Application, ReflectionKind } from "typedoc";

const root = resolve(import.meta.dirname, "..", "..");
const REPOSITORY = "https://github.com/openrouter-wasm/openrouter-wasm";
const out = resolve(process.argv[2] ?? join(root, "target", "site"));
const work = join(root, "target", "site-source");

/** In the order of the navigation. */
const groups = {
  Guides: [
    "quick-start", "widget", "streaming", "tools", "structured-output", "models-and-cost", "errors-and-retries", "proxy-and-auth", "runtimes",
    "csp", "migration",
  ].map((name) => `docs/guide/${name}.md`),
  Reference: ["docs/client.md", "docs/errors.md", "docs/features.md", "docs/widget.md"],
  Proxy: ["docs/proxy.md", "docs/passing.md", "docs/clients.md", "docs/admin.md", "docs/faults.md", "docs/proxy-features.md", "docs/scale.md"],
};
const pages = Object.values(groups).flat();
const modules = { index: "openrouter-wasm", compare: "openrouter-wasm/compare", oauth: "openrouter-wasm/oauth", session: "openrouter-wasm/session" };

/** As the site has it: a title and a group, what is for tests left out, and links to what is not here lead to the repository. */
function page(path, group) {
  const text = readFileSync(join(root, path), "utf8").replaceAll(/^<!--.*-->\n/gm, "");
  const [, title] = text.match(/^# (.+)\n/);
  const body = text.replaceAll(/\]\((?!\w+:|#)([^)#]+)(#[^)]*)?\)/g, (link, target, anchor = "") => {
    const to = relative(root, resolve(root, dirname(path), target));
    if (/\.(png|svg)$/.test(to) || pages.includes(to)) return link;
    return `](${REPOSITORY}/${basename(to).includes(".") ? "blob" : "tree"}/main/${to}${anchor})`;
  });
  return `---\ntitle: ${JSON.stringify(title)}\ngroup: ${group}\n---\n\n${body}`;
}

rmSync(work, { recursive: true, force: true });
for (const [group, paths] of Object.entries(groups)) {
  for (const path of paths) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), page(path, group));
  }
}
// What they show.
cpSync(join(root, "docs", "widget"), join(work, "docs", "widget"), { recursive: true });
cpSync(join(root, "pkg", "dist"), join(work, "types"), { recursive: true, filter: (path) => !/\.(js|wasm)$/.test(path) });
const compilerOptions = { target: "es2022", module: "nodenext", lib: ["es2023", "dom", "dom.iterable"], types: [], strict: true };
writeFileSync(join(work, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["types/*.d.ts"] }));
const readme = readFileSync(join(root, "npm", "README.md"), "utf8").replace(/^# .+\n/, "");
// The navigation is made by a script: who has none goes by these.
const titleOf = (path) => readFileSync(join(root, path), "utf8").match(/^# (.+)\n/)[1];
const lists = Object.entries(groups).map(([group, paths]) => `\n## ${group}\n\n${paths.map((path) => `- [${titleOf(path)}](${path})`).join("\n")}\n`);
writeFileSync(join(work, "README.md"), `${readme}${lists.join("")}\n## API\n\n${Object.values(modules).map((name) => `- {@link "${name}" | ${name}}`).join("\n")}\n`);

const app = await Application.bootstrap({
  name: "openrouter-wasm",
  entryPoints: Object.keys(modules).map((name) => join(work, "types", `${name}.d.ts`)),
  tsconfig: join(work, "tsconfig.json"),
  basePath: work,
  projectDocuments: pages.map((path) => join(work, path)),
  readme: join(work, "README.md"),
  disableSources: true,
  excludeExternals: true,
  searchInComments: true,
  searchInDocuments: true,
  sortEntryPoints: false,
  navigationLinks: { GitHub: REPOSITORY },
  navigation: { includeGroups: true },
  // They put styles into the page, which its Content-Security-Policy does not take; and our types have nothing to hide.
  visibilityFilters: {},
  groupOrder: [...Object.keys(groups), "Modules", "*"],
  sort: ["kind", "alphabetical"],
  customCss: join(import.meta.dirname, "style.css"),
  highlightLanguages: ["typescript", "javascript", "tsx", "html", "bash", "sh", "toml", "json", "text", "python"],
  lightHighlightTheme: "github-light",
  darkHighlightTheme: "github-dark",
  githubPages: false,
  validation: { notExported: false, invalidLink: true },
  treatWarningsAsErrors: true,
  hideGenerator: true,
});
app.converter.on("resolveBegin", ({ project }) => {
  for (const child of project.getChildrenByKind(ReflectionKind.Module)) {
    const name = modules[child.name.replace(/^types\/?/, "") || "index"];
    if (!name) throw new Error(`the module ${child.name} has no name on the site`);
    child.name = name;
  }
});

const project = await app.convert();
if (!project) process.exit(1);
app.validate(project);
rmSync(out, { recursive: true, force: true });
await app.generateDocs(project, out);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);

// The page's Content-Security-Policy takes no script inside of a page.
const inline = /<script>([\s\S]*?)<\/script>/g;
let script;
for (const entry of readdirSync(out, { recursive: true })) {
  if (!entry.endsWith(".html")) continue;
  const file = join(out, entry);
  const up = relative(dirname(file), out);
  writeFileSync(
    file,
    readFileSync(file, "utf8").replaceAll(inline, (_, code) => {
      if (code !== (script ??= code)) throw new Error("the pages have more than one script inside: see docs/site/build.mjs");
      return `<script src="${up ? `${up}/` : ""}assets/begin.js"></script>`;
    }),
  );
}
writeFileSync(join(out, "assets", "begin.js"), script ?? "");

// Nor a style that a script puts in, which here stays empty: there are no filters.
const main = join(out, "assets", "main.js");
const [before, after, ...more] = readFileSync(main, "utf8").split('document.head.appendChild(document.createElement("style"))');
if (after === undefined || more.length > 0) throw new Error("TypeDoc's script has changed: see docs/site/build.mjs");
writeFileSync(main, `${before}document.createElement("style")${after}`);
