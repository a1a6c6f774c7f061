// Writes the types of the REST API and of the socket's events into src/api, from the committed documents.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const documents = new URL("../../../openapi/", import.meta.url);
const target = new URL("../src/api/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, documents), "utf8"));

mkdirSync(target, { recursive: true });

async function write(name, document) {
  const text = astToString(await openapiTS(document));
  writeFileSync(new URL(name, target), `// Written by scripts/types.mjs.\n${text}`);
}

await write("schema.d.ts", read("openapi.json"));
