// Ajv on served forms: each line of the input is a form with right answers, each line of the output what Ajv says.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [modules, formats] = process.argv.slice(2).map((path) => pathToFileURL(path).href);
const { default: Ajv } = await import(`${modules}/ajv/dist/2020.js`);
const { default: addFormats } = await import(`${modules}/ajv-formats/dist/index.js`);
const { FORMATS } = await import(formats);

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { schema, right, wrong } = JSON.parse(line);
  const said = [];
  try {
    const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
    for (const [name, format] of Object.entries(FORMATS)) ajv.addFormat(name, format);
    const fits = ajv.compile(schema);
    for (const one of right) if (!fits(one)) said.push(`${JSON.stringify(one)}: ${ajv.errorsText(fits.errors)}`);
    for (const one of wrong) if (fits(one)) said.push(`${JSON.stringify(one)}: nothing is wrong with it`);
  } catch (error) {
    said.push(`it does not compile: ${error.message}`);
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
