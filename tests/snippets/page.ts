// Runs a snippet in a page: its module, and a component that it exports.
import "./prelude.ts";

const told = globalThis as unknown as { outcome?: string };
const fail = (error: unknown) => (told.outcome ??= String((error as Error)?.stack ?? error));

addEventListener("error", ({ error, message }) => fail(error ?? message));
addEventListener("unhandledrejection", ({ reason }) => fail(reason));

/** `load` imports the snippet, `render` is there where it may be a component. */
export async function run(load: () => Promise<Record<string, unknown>>, render?: (component: unknown) => void) {
  try {
    const { default: component } = await load();
    if (component) render?.(component);
    told.outcome ??= "done";
  } catch (error) {
    fail(error);
  }
}
