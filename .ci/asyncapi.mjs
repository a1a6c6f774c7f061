// Reads an AsyncAPI document with the official parser. Ends with what is wrong with it, if anything is.
//
//   node asyncapi.mjs NODE_MODULES FILE
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [modules, file] = process.argv.slice(2);
const { Parser } = createRequire(`${modules}/`)('@asyncapi/parser');
// Whom to ask differs from site to site, and other tools are not at the latest version yet.
const ALLOWED = ['asyncapi-info-contact', 'asyncapi-info-license-url', 'asyncapi-id', 'asyncapi-latest-version', 'asyncapi3-tags'];

const { document, diagnostics } = await new Parser().parse(readFileSync(file, 'utf8'));
const faults = diagnostics.filter(({ code }) => !ALLOWED.includes(code));
for (const { code, message, path } of faults) console.error(`${code}: ${message} (${path.join('.')})`);
const sent = document?.operations().filterBySend().length;
const received = document?.operations().filterByReceive().length;
if (faults.length || !sent || !received) process.exit(1);
console.log(`${file}: ${received} events received, ${sent} sent, nothing wrong`);
