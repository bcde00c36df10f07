import { answer } from "./main.js";

answer(process.argv[2]).then(console.log);
