// What Ajv says of WZDx feeds by their editors' schemas, and geojsonhint of collections: a document a line, in and out.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [modules, root, ...schemas] = process.argv.slice(2);
const load = async (path) => (await import(pathToFileURL(`${modules}/${path}`).href)).default;
const Ajv = await load("ajv/dist/ajv.js");
const addFormats = await load("ajv-formats/dist/index.js");
const { hint } = await load("@mapbox/geojsonhint/lib/index.js");
const ajv = (addFormats.default ?? addFormats)(new (Ajv.default ?? Ajv)({ strict: false, allErrors: true }));
for (const file of schemas) ajv.addSchema(JSON.parse(readFileSync(file, "utf8")));
const fits = ajv.getSchema(root);

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const document = JSON.parse(line);
  const said = document.feed_info && !fits(document) ? fits.errors.map((one) => `${one.instancePath} ${one.message}`) : [];
  const hints = hint(document).map((one) => one.message);
  process.stdout.write(`${JSON.stringify([...said, ...hints])}\n`);
}
