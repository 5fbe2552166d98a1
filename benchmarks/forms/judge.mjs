// Reads forms and answers as lines of JSON, and writes what the client in TypeScript finds in them. The first argument
// is the folder of its compiled modules.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { Form } = await import(pathToFileURL(`${process.argv[2]}/src/index.js`));

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { schema, asked } = JSON.parse(line);
  const form = new Form(schema);
  const found = asked.map(({ answers, at, verified }) =>
    form.problems(answers, { at: new Date(at), verified }).map(({ pointer, code }) => [pointer, code]),
  );
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
