// One cold start: in a page or a process that has loaded nothing yet, until the first short answer has been read.

export async function coldStart(bundle, settings) {
  const began = performance.now();
  const { default: connect } = await import(bundle);
  const { text } = await connect(settings).read({ model: "sim/text", messages: [{ role: "user", content: "hi" }] });
  const took = performance.now() - began;
  if (!text.startsWith("Hello")) throw new Error(`the answer is wrong: ${text}`);
  return took;
}

// As a program: node cold.js BUNDLE SETTINGS
const [, , bundle, settings] = globalThis.process?.argv ?? [];
if (bundle) console.log(await coldStart(bundle, JSON.parse(settings)));
