import worker from "../../worker.js";

export const runtime = "edge";

// Vercel's edge compiles nothing at run time. The server here would, so that a wrong way of loading were not seen. The
// module comes from another realm, where `instanceof` does not know it.
const isModule = (source) => Object.prototype.toString.call(source) === "[object WebAssembly.Module]";
const { instantiate } = WebAssembly;
const refuse = async () => {
  throw new WebAssembly.CompileError("compiled at run time");
};
for (const name of ["compile", "compileStreaming", "instantiateStreaming"]) WebAssembly[name] = refuse;
WebAssembly.instantiate = (source, imports) => (isModule(source) ? instantiate(source, imports) : refuse());

export const GET = worker.fetch;
