import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerResponse } from "node:http";
import { Client, Inbox, MemoryInbox, MemoryTable, Receipts, type Message } from "../src/index.js";
import { type Asked, json, serving } from "./server.js";

const AT = "2026-11-28T10:00:00+08:00";

const message = (number: number) => ({
  seq: number,
  id: `m${String(number).padStart(4, "0")}`,
  kind: "case",
  mode: "live",
  title: `第${number}条`,
  body: "",
  created_at: "2026-11-28T09:00:00+08:00",
});

/** A platform whose inbox has so many messages. */
const inboxOf = (count: number) => (response: ServerResponse, asked: Asked) => {
  const query = new URLSearchParams(asked.path.split("?")[1]);
  const [after, limit] = [Number(query.get("after")), Number(query.get("limit"))];
  if (after > count) return json(400, { code: "beyond-the-end" })(response, asked);
  const places = Array.from({ length: count }, (_, place) => place + 1).slice(after, after + limit);
  const last = Math.min(after + limit, count);
  const items = places.map((place) => ({ ...message(place), cursor: String(place) }));
  json(200, { items, changes: [], cursor: String(last), next: last < count ? String(last) : null })(response, asked);
};

test("a phone that was off for 500 messages is right again in three pages", async (context) => {
  const { url, asked } = await serving(context, inboxOf(500));
  const inbox = new Inbox(new Client({ url }), new MemoryInbox(), "d1");
  assert.equal(await inbox.sync(), 500);
  assert.equal(asked.length, 3);
  assert.ok(asked.every((one) => one.path.includes("device=d1")));
  assert.equal(await inbox.store.place(), "500");
  const newest = await inbox.store.newest(2);
  assert.deepEqual(
    newest.map((one) => one.title),
    ["第500条", "第499条"],
  );
  assert.deepEqual(
    (await inbox.store.newest(1, newest[1]!.id)).map((one) => one.title),
    ["第498条"],
  );
});

test("a place of an inbox that was forgotten is dropped, and the inbox read from its beginning", async (context) => {
  const { url } = await serving(context, inboxOf(3));
  const inbox = new Inbox(new Client({ url }), new MemoryInbox());
  await inbox.store.put([message(17) as Message], "17");
  assert.equal(await inbox.sync(), 3);
  assert.deepEqual(
    (await inbox.store.newest(9)).map((one) => one.id),
    ["m0003", "m0002", "m0001"],
  );
});

test("a stream that breaks is followed behind the last message that was stored", async (context) => {
  const written = (text: string, ends: boolean) => (response: ServerResponse) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const bytes = Buffer.from(text);
    // In drips, in the middle of a character too.
    const half = bytes.indexOf(Buffer.from("第")) + 1;
    response.write(bytes.subarray(0, half));
    setTimeout(() => {
      response.write(bytes.subarray(half));
      if (ends) setTimeout(() => response.destroy(), 20);
    }, 20);
  };
  const event = (number: number) =>
    `id: ${number}\r\nevent: message\r\ndata: ${JSON.stringify(message(number))}\r\n\r\n`;
  const change = JSON.stringify({ id: null, through: "2", read_at: AT, archived_at: null, deleted_at: null });
  const first = `retry: 10\n\n: alive\n\n${event(1)}${event(2)}id: 3\ndata: {"cut`;
  const second = `retry: 10\n\nid: 2.0.1\nevent: change\ndata: ${change}\n\n${event(3)}`;
  const { url, asked } = await serving(context, written(first, true), written(second, false));
  const inbox = new Inbox(new Client({ url, token: async () => "t" }), new MemoryInbox());
  const [controller, came, told] = [new AbortController(), [] as string[], [] as (string | null)[]];
  const onMessage = (one: Message) => {
    came.push(one.title);
    if (came.length === 3) controller.abort();
  };
  await inbox.follow({ signal: controller.signal, onMessage, onChange: (one) => told.push(one.through) });
  assert.deepEqual(came, ["第1条", "第2条", "第3条"]);
  assert.deepEqual(
    asked.map((one) => one.headers["last-event-id"]),
    ["0", "2"],
  );
  assert.deepEqual(told, ["2"]);
  assert.deepEqual(
    (await inbox.store.newest(9)).map((one) => one.read_at ?? null),
    [null, AT, AT],
  );
  assert.equal(asked[0]?.headers.authorization, "Bearer t");
  assert.equal(await inbox.store.place(), "3");
});

test("what was read, archived and deleted elsewhere is so here before what is new is stored", async (context) => {
  const change = { id: null, through: null, read_at: null, archived_at: null, deleted_at: null };
  const changes = [
    { ...change, through: "2.7.3", read_at: AT },
    { ...change, id: "m0003", read_at: AT, archived_at: AT },
    { ...change, id: "m0001", deleted_at: AT },
  ];
  const page = { items: [{ ...message(4), cursor: "4.7.6" }], changes, cursor: "4.7.6", next: null };
  const { url } = await serving(context, json(200, page as never));
  const inbox = new Inbox(new Client({ url }), new MemoryInbox());
  const notice = (number: number) => ({ ...message(10 + number), seq: null, cursor: `0.${number}` });
  await inbox.store.put([1, 2, 3].map(message).concat([notice(7), notice(8)] as never[]) as Message[], "3.8");
  await inbox.sync();
  const kept = (await inbox.store.newest(9)).map((one) => [one.id, one.read_at === AT, one.archived_at === AT]);
  assert.deepEqual(kept.sort(), [
    ["m0002", true, false],
    ["m0003", true, true],
    ["m0004", false, false],
    ["m0017", true, false],
    ["m0018", false, false],
  ]);
  assert.equal(await inbox.store.place(), "4.7.6");
});

test("a stream that is refused is told to whoever follows it", async (context) => {
  const { url } = await serving(context, json(403, { code: "forbidden" }));
  const inbox = new Inbox(new Client({ url }), new MemoryInbox());
  await assert.rejects(inbox.follow({ signal: new AbortController().signal }), { code: "forbidden" });
});

test("receipts are told in batches of 500, and stay until they are", async (context) => {
  const answer = json(200, { recorded: 1, repeated: 0, unknown: 0, registered: true });
  const { url, asked } = await serving(context, json(503, { code: "unavailable" }, { "Retry-After": "9" }), answer);
  const table = new MemoryTable();
  const receipts = new Receipts(new Client({ url, patience: 0 }), table);
  for (let number = 0; number < 501; number++) await receipts.note(`m${number}`, "received");
  await receipts.note("m0", "received", new Date("2031-01-01"));
  await assert.rejects(receipts.flush("d1"), { status: 503 });
  assert.equal((await receipts.flush("d1"))?.registered, true);
  const sizes = asked.map((one) => (JSON.parse(one.body) as { receipts: { at: string }[] }).receipts.length);
  assert.deepEqual(sizes, [500, 500, 1]);
  assert.ok(!asked[1]!.body.includes("2031"));
  assert.deepEqual(await table.entries(), []);
});
