import { answer } from "./main.js";

const show = (id, textContent) => document.body.append(Object.assign(document.createElement("output"), { id, textContent }));

answer(location.search).then(
  (text) => show("answer", text),
  (error) => show("failure", `${error}\n${error?.cause ?? ""}\n${error?.stack}`),
);
