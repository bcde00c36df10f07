// Takes calls from the parent process: `[name of a function of bench.js, ...arguments]`.
import { outcomeOf } from "./bench.js";

process.on("message", async (call) => process.send(await outcomeOf(...call)));
