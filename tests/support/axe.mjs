// Counts what axe looks at while tests run, so that the documentation's figures are those of a run: tests/widget/axe.mjs.
import { appendFileSync } from "node:fs";
import { basename } from "node:path";

/** Has a driver note each run of axe in a file: whose it is, in which engine and colours, and how much it found. */
export function noteChecks(driver, engine, file) {
  const run = driver.executeAsyncScript.bind(driver);
  driver.executeAsyncScript = async (script, ...given) => {
    const answer = await run(script, ...given);
    if (!String(script).includes("axe.run(")) return answer;
    const look = await driver.executeScript(
      `if (matchMedia("(forced-colors: active)").matches) return "forced";
       const theme = window.chat?.theme ?? "auto";
       return theme === "auto" ? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light") : theme;`,
    );
    appendFileSync(file, `${JSON.stringify({ suite: basename(process.argv[1]), engine, look, found: answer.length })}\n`);
    return answer;
  };
}
