// Bundles the apps as their frameworks' own tools would. The package is not in the bundles: a page loads the files of pkg/.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { compile } from "svelte/compiler";
import { compileScript, parse } from "vue/compiler-sfc";
import { root } from "../../scripts/toolchain.mjs";

const { exports } = JSON.parse(readFileSync(join(root, "pkg", "package.json"), "utf8"));

/** Each import of the package, by the file that its `exports` name. */
const published = {
  name: "published",
  setup({ onResolve }) {
    onResolve({ filter: /^openrouter-wasm(\/|$)/ }, ({ path }) => {
      const entry = exports[path.replace("openrouter-wasm", ".")];
      return { path: join("/pkg", entry.default), external: true };
    });
  },
};

const vue = {
  name: "vue",
  setup({ onLoad }) {
    onLoad({ filter: /\.vue$/ }, ({ path }) => {
      // The one setting that Vue needs for elements that are no components of its own.
      const templateParseOptions = { isCustomElement: (tag) => tag.includes("-") };
      const { descriptor, errors } = parse(readFileSync(path, "utf8"), { filename: path, templateParseOptions });
      if (errors.length > 0) throw errors[0];
      return { contents: compileScript(descriptor, { id: basename(path), inlineTemplate: true, templateOptions: { compilerOptions: templateParseOptions } }).content };
    });
  },
};

const svelte = {
  name: "svelte",
  setup({ onLoad }) {
    onLoad({ filter: /\.svelte$/ }, ({ path }) => {
      const { js, warnings } = compile(readFileSync(path, "utf8"), { filename: basename(path), generate: "client", dev: true });
      return { contents: js.code, warnings: warnings.map(({ message }) => ({ text: message })) };
    });
  },
};

/** The text of an app's one script, with all checks that its framework has while somebody works on it. */
export async function bundle(entry) {
  const { outputFiles, warnings } = await build({
    entryPoints: [join(import.meta.dirname, entry)],
    bundle: true,
    format: "esm",
    write: false,
    target: "es2022",
    jsx: "automatic",
    jsxDev: true,
    conditions: ["development", "browser", "svelte"],
    define: { "process.env.NODE_ENV": '"development"', __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false" },
    plugins: [published, vue, svelte],
    logLevel: "error",
  });
  if (warnings.length > 0) throw new Error(`${entry}: ${warnings[0].text}`);
  return outputFiles[0].text;
}
