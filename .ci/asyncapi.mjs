// Reads an AsyncAPI document with the official parser, and holds the example of every message against its schema. Ends with what is
// wrong, if anything is.
//
//   node asyncapi.mjs NODE_MODULES FILE
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [modules, file] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { Parser } = require('@asyncapi/parser');
const { default: Ajv } = require('ajv');
// Whom to ask differs from site to site, and other tools are not at the latest version yet.
const ALLOWED = ['asyncapi-info-contact', 'asyncapi-info-license-url', 'asyncapi-id', 'asyncapi-latest-version', 'asyncapi3-tags'];

const text = readFileSync(file, 'utf8');
const { document, diagnostics } = await new Parser().parse(text);
const faults = diagnostics.filter(({ code }) => !ALLOWED.includes(code));
for (const { code, message, path } of faults) console.error(`${code}: ${message} (${path.join('.')})`);

const { components } = JSON.parse(text);
const ajv = new Ajv({ strict: false, formats: { uint64: true } }).addSchema({ $id: 'all', components });
let wrong = 0;
for (const [name, { payload, examples }] of Object.entries(components.messages)) {
  const fits = ajv.compile({ $ref: `all${payload.$ref}` });
  for (const example of examples) {
    if (fits(example.payload)) continue;
    console.error(`the example of ${name} is none: ${ajv.errorsText(fits.errors)}`);
    wrong += 1;
  }
}

const sent = document?.operations().filterBySend().length;
const received = document?.operations().filterByReceive().length;
if (faults.length || wrong || !sent || !received) process.exit(1);
console.log(`${file}: ${received} events received, ${sent} sent, nothing wrong`);
