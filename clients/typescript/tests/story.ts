// A whole story on a real platform, with no line about an item: what `tools/judges/story.py` runs. It says on its
// standard output what is to happen to the server, and reads on its standard input that it has.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import {
  act,
  begin,
  type Action,
  Client,
  type Field,
  fieldsOf,
  Form,
  Inbox,
  type Item,
  type Json,
  MemoryInbox,
  type Message,
  ProblemError,
  type Stateful,
  upload,
} from "../src/index.js";

const { BANSHI_URL: url = "", CITIZEN, STAFF, ITEM = "", PICTURE = "" } = process.env;
const picture = new Blob([Buffer.from(PICTURE, "base64")]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

let deaths = 0;

/** What whoever runs this does to the server: `kill`, `start`. */
async function ask(what: string): Promise<void> {
  deaths += what === "kill" ? 1 : 0;
  process.stdout.write(`${what}\n`);
  assert.equal((await lines.next()).value, what);
}

const person = (token: string | undefined) => new Client({ url, token: async () => token, language: "en" });
const [citizen, staff] = [person(CITIZEN), person(STAFF)];

/** What a person might type, by what the field asks for. */
const TYPED: Readonly<Record<string, Json>> = {
  "cn-plate": "川b·12345",
  "cn-mobile": "+86 138-0000-0000",
  "cn-phone": "+86 138-0000-0000",
  "cn-resident-id": "11010519491231002x",
  "cn-uscc": "91510700ma0000000g",
  "cn-division": "５１０７０３",
  date: new Date(citizen.now().getTime() + 8 * 3_600_000).toISOString().slice(0, 10),
};

async function typed(field: Field): Promise<Json> {
  const { schema, choices } = field;
  if (schema["x-attachment"]) return (await upload(citizen, picture, `${field.name}.png`)).id;
  if (schema.type === "array")
    return [choices[0]?.value ?? (await typed({ ...field, schema: schema.items as Field["schema"] }))];
  if (choices.length > 0) return choices[0]!.value;
  if (schema.type === "object") return filled((answers) => fieldsOf(schema, answers, field.pointer));
  if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 1;
  return TYPED[schema.format ?? ""] ?? "示".repeat(schema.minLength ?? 1);
}

/** Field by field, as they are asked. */
async function filled(fields: (answers: Record<string, Json>) => Field[]): Promise<Record<string, Json>> {
  const answers: Record<string, Json> = {};
  for (let next; (next = fields(answers).find((field) => !(field.name in answers)));) {
    answers[next.name] = await typed(next);
  }
  return answers;
}

/** A case, and the ways on that need no reason. */
async function read(client: Client, id: string): Promise<[Stateful, readonly Action[]]> {
  const one = await client.get<Stateful>(`/v1/cases/${id}`);
  return [one, one.permitted_actions.filter((action) => !action.needs_reason && action.forward)];
}

async function wrongAnswersAreJudgedAlike(item: Item, form: Form, answers: Record<string, Json>): Promise<void> {
  const wrong: Record<string, Json> = { ...answers, "no-such-field": 1 };
  delete wrong[Object.keys(answers)[0]!];
  const refused: unknown = await begin(citizen, item, { answers: wrong }).catch((error: unknown) => error);
  assert.ok(refused instanceof ProblemError);
  const verdict = (problems: readonly { pointer: string; code: string }[]) =>
    problems.map((one) => `${one.pointer} ${one.code}`).sort();
  assert.deepEqual(verdict(refused.inside()), verdict(form.problems(wrong)));
}

async function countCases(): Promise<number> {
  let count = 0;
  for await (const _ of citizen.rows("/v1/cases")) count++;
  return count;
}

/** However soon the server dies, what was meant once is made once. */
async function onceThroughDeath(item: Item, form: Form, milliseconds: number): Promise<string> {
  const answers = await filled((given) => form.fields(given));
  assert.deepEqual(form.problems(answers), []);
  const before = await countCases();
  const sending = begin(citizen, item, { answers });
  await new Promise((next) => setTimeout(next, milliseconds));
  await ask("kill");
  await ask("start");
  const begun = await sending;
  assert.equal(await countCases(), before + 1);
  return begun.case!.id;
}

async function main(): Promise<void> {
  const item = await citizen.get<Item>(`/v1/items/${ITEM}`);
  const form = new Form(item.form!);
  const answers = await filled((given) => form.fields(given));
  assert.deepEqual(form.problems(answers), []);
  await wrongAnswersAreJudgedAlike(item, form, answers);
  let id = "";
  for (const milliseconds of [0, 10, 40]) id = await onceThroughDeath(item, form, milliseconds);

  const inbox = new Inbox(citizen, new MemoryInbox());
  const [controller, live] = [new AbortController(), [] as Message[]];
  await inbox.sync();
  const offline = (await inbox.store.newest(100)).length;
  const following = inbox.follow({ signal: controller.signal, onMessage: (one) => void live.push(one) });
  for (let next; (next = (await read(staff, id))[1][0]);) {
    await act(staff, next);
    await ask("kill");
    await ask("start");
  }
  const [done] = await read(citizen, id);
  // What came while it was away and what came live is all that there is, as soon as the last has come.
  const ids = async (one: Inbox): Promise<string> => (await one.store.newest(100)).map((message) => message.id).join();
  for (let is_whole = false; !is_whole;) {
    await new Promise((next) => setTimeout(next, 50));
    const whole = new Inbox(citizen, new MemoryInbox());
    await whole.sync();
    is_whole = live.some((message) => message.case === id) && (await ids(inbox)) === (await ids(whole));
  }
  controller.abort();
  await following;
  process.stdout.write(
    `${ITEM}: ${done.state}; ${offline} messages offline, ${live.length} live, ${deaths} deaths of the server\n`,
  );
}

await main();
process.exit(0);
