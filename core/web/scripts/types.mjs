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

// An AsyncAPI document has the same schemas. What it has beside them are the events, each with its payload and its answer.
const { components, operations } = read("asyncapi.json");
const shape = (message) => {
  const { payload } = components.messages[message.$ref.split("/").at(-1)];
  return `components["schemas"]["${payload.$ref.split("/").at(-1)}"]`;
};
const requests = [];
const events = [];
for (const { title, action, messages, reply } of Object.values(operations)) {
  // "receive" is what the server does.
  if (action === "receive") requests.push(`  "${title}": [${shape(messages[0])}, ${shape(reply.messages[0])}];`);
  else events.push(`  "${title}": ${shape(messages[0])};`);
}
const schemas = astToString(await openapiTS({ openapi: "3.1.0", info: { title: "", version: "" }, paths: {}, components: { schemas: components.schemas } }));
const named = (about, name, lines) => `/** ${about} */\nexport interface ${name} {\n${lines.join("\n")}\n}\n`;
writeFileSync(
  new URL("events.d.ts", target),
  `// Written by scripts/types.mjs.\n${schemas}\n${named("What we send, and what comes back when it worked.", "Requests", requests)}\n${named("What the server sends.", "Events", events)}`,
);
