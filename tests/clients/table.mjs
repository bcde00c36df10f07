// Writes the table of docs/clients.md anew: `node tests/clients/table.mjs`. What it marks is what `npm test -- clients`
// runs; a test says if the document has another one.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/toolchain.mjs";
import { table } from "./clients.mjs";

const file = join(root, "docs", "clients.md");
const text = readFileSync(file, "utf8");
writeFileSync(file, text.replace(/(?<=<!-- table -->\n)[\s\S]*?(?=<!-- end of the table -->)/, `${table()}\n`));
