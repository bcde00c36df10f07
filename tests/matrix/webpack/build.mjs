import webpack from "webpack";

const settings = { mode: "production", entry: "./page.js", output: { path: `${import.meta.dirname}/dist`, filename: "page.js" } };

webpack(settings, (error, stats) => {
  if (error) throw error;
  console.log(stats.toString());
  if (stats.hasErrors() || stats.hasWarnings()) process.exitCode = 1;
});
