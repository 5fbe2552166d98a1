import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Client,
  fillIn,
  type Item,
  MemoryTable,
  nameOf,
  prefill,
  ProblemError,
  Unreachable,
  upload,
} from "../src/index.js";
import { json, nothing, serving } from "./server.js";

const SOON = { "Retry-After": "0" };
const BUSY = json(503, { code: "unavailable" }, { "Retry-After": "3600" });

test("a token that is refused is asked for anew, and once", async (context) => {
  const { url, asked } = await serving(context, json(401, { code: "unauthenticated" }), json(200, { ok: true }));
  const told: (string | undefined)[] = [];
  const token = async (refused?: string) => {
    told.push(refused);
    return refused === undefined ? "old" : "new";
  };
  assert.deepEqual(await new Client({ url, token }).get("/v1/cases"), { ok: true });
  assert.deepEqual(told, [undefined, "old"]);
  assert.equal(asked[1]?.headers.authorization, "Bearer new");

  const closed = await serving(
    context,
    json(401, { code: "unauthenticated" }, { "WWW-Authenticate": 'Bearer acr_values="2"' }),
  );
  const refused = new Client({ url: closed.url, token }).get("/v1/cases");
  await assert.rejects(
    refused,
    (error: ProblemError) => error.status === 401 && error.challenge!.includes("acr_values"),
  );
  assert.equal(closed.asked.length, 2);
});

test("what is known is shown first, and filled in with the person's consent", async (context) => {
  const { url, asked } = await serving(
    context,
    json(200, { fields: [], consent: null }),
    json(200, { answers: { a: 1 } }),
  );
  const client = new Client({ url });
  const item: Item = { code: "x", kind: "k", title: "X", form: null, links: { prefill: "/v1/items/x/prefill" } };
  assert.deepEqual(await prefill(client, item), { fields: [], consent: null });
  assert.deepEqual(await fillIn(client, item, "c0"), { a: 1 });
  assert.deepEqual(await fillIn(client, item, "c0", ["/a"]), { a: 1 });
  assert.deepEqual(
    asked.map((one) => `${one.method} ${one.path} ${one.body}`),
    [
      "GET /v1/items/x/prefill ",
      'POST /v1/items/x/prefill {"consent":"c0"}',
      'POST /v1/items/x/prefill {"consent":"c0","fields":["/a"]}',
    ],
  );
  assert.equal(await prefill(client, { ...item, links: {} }), undefined);
  assert.equal(asked.length, 3);
});

test("a file that says where it goes says so in the address", async (context) => {
  const { url, asked } = await serving(context, json(201, { id: "1" }));
  const file = new Blob(["x"]);
  await upload(new Client({ url }), file, "f", {}, { item: "zone-pass", field: "/a b/c" });
  await upload(new Client({ url }), file, "f");
  assert.deepEqual(
    asked.map((one) => one.path),
    ["/v1/attachments?item=zone-pass&field=%2Fa+b%2Fc", "/v1/attachments"],
  );
});

test("what nobody answers is sent again unchanged under one key, and the next one gets another", async (context) => {
  const { url, asked } = await serving(
    context,
    nothing,
    nothing,
    json(409, { code: "still-running" }, SOON),
    json(201, { id: "1" }),
  );
  const client = new Client({ url });
  assert.deepEqual(await client.send("POST", "/v1/items/x/cases", { answers: {} }), { id: "1" });
  assert.equal(asked.length, 4);
  assert.equal(new Set(asked.map((one) => `${one.headers["idempotency-key"]} ${one.body}`)).size, 1);
  await client.send("POST", "/v1/items/x/cases", { answers: {} });
  assert.notEqual(asked[4]?.headers["idempotency-key"], asked[3]?.headers["idempotency-key"]);
});

test("a key outlives the app where the table does, until there is an answer", async (context) => {
  const { url, asked } = await serving(
    context,
    nothing,
    BUSY,
    json(422, { code: "invalid-fields", problems: [] }),
    json(201, {}),
  );
  const keys = new MemoryTable();
  const send = () => new Client({ url, keys, patience: 0 }).send("POST", "/v1/items/x/cases", { answers: {} });
  await assert.rejects(send, Unreachable);
  await assert.rejects(send, (error: ProblemError) => error.status === 503);
  await assert.rejects(send, (error: ProblemError) => error.status === 422);
  await send();
  const [first, second, third, fourth] = asked.map((one) => one.headers["idempotency-key"]);
  assert.deepEqual([second, third], [first, first]);
  assert.notEqual(fourth, first);
  assert.deepEqual(await keys.entries(), []);
});

test("a proxy's 502 is tried again, and the department's is told", async (context) => {
  const proxy = (response: import("node:http").ServerResponse) => response.writeHead(502).end("<html>");
  const { url, asked } = await serving(context, proxy, json(200, 1), json(502, { code: "department-failed" }));
  assert.equal(await new Client({ url }).get("/"), 1);
  await assert.rejects(new Client({ url }).get("/"), (error: ProblemError) => error.code === "department-failed");
  assert.equal(asked.length, 3);
});

test("a problem's fields have pointers into the answers", async (context) => {
  const problems = [
    { pointer: "/answers/plate", detail: "Write the whole plate.", code: "pattern" },
    { pointer: "/reuse/0/consent", detail: "No longer good.", code: "consent" },
  ];
  const { url } = await serving(
    context,
    json(422, { code: "invalid-fields", detail: "Some fields are wrong.", problems }),
  );
  const failing = new Client({ url }).send("POST", "/v1/items/x/cases", {});
  const error: unknown = await failing.catch((raised: unknown) => raised);
  assert.ok(error instanceof ProblemError);
  assert.equal(error.message, "Some fields are wrong.");
  assert.deepEqual(
    error.inside().map((one) => [one.pointer, one.code]),
    [["/plate", "pattern"]],
  );
});

test("a list is read to its end, with what narrows it", async (context) => {
  const { url, asked } = await serving(
    context,
    json(200, { items: [1, 2], next: "a&b" }),
    json(200, { items: [3], next: null }),
  );
  const rows: number[] = [];
  for await (const row of new Client({ url, language: "en" }).rows<number>("/v1/items?kind=query")) rows.push(row);
  assert.deepEqual(rows, [1, 2, 3]);
  assert.deepEqual(
    asked.map((one) => one.path),
    ["/v1/items?kind=query", "/v1/items?kind=query&cursor=a%26b"],
  );
  assert.equal(asked[0]?.headers["accept-language"], "en");
});

test("a code that was answered is read by its name: a choice's word, or what the list has for it", async (context) => {
  const listed = { list: "/v1/lists/divisions", value: "/code", title: "/title" };
  const schema = { type: "string", "x-choices": { ...listed, search: "q" } };
  // What is found by a part of the code stands there too.
  const [one, other] = [
    { code: "510700", title: "四川省绵阳市" },
    { code: "510703", title: "四川省绵阳市涪城区" },
  ];
  const { url, asked } = await serving(
    context,
    json(200, { items: [one, other], next: null }),
    json(200, { items: [], next: null }),
    json(200, { items: [one], next: "b" }),
    json(200, { items: [other], next: null }),
  );
  const client = new Client({ url });
  assert.equal(await nameOf(client, schema, "510703"), "四川省绵阳市涪城区");
  assert.equal(await nameOf(client, schema, "999999"), "999999");
  assert.equal(await nameOf(client, { type: "array", items: { "x-choices": listed } }, "510703"), "四川省绵阳市涪城区");
  assert.deepEqual(
    asked.map((call) => call.path),
    [
      "/v1/lists/divisions?q=510703",
      "/v1/lists/divisions?q=999999",
      "/v1/lists/divisions",
      "/v1/lists/divisions?cursor=b",
    ],
  );
  const worded = { oneOf: [{ const: "f", title: "女" }], "x-choices": { ...listed } };
  assert.equal(await nameOf(client, worded, "f"), "女");
  assert.equal(await nameOf(client, { type: "integer" }, 3), "3");
  assert.equal(asked.length, 4);
});

test("a file is sent as the form's field, and two files are two intentions", async (context) => {
  const { url, asked } = await serving(context, json(201, { id: "f", state: "stored" }));
  const keys = new MemoryTable();
  const client = new Client({ url, keys });
  const files = ["one", "two"].map((text) => upload(client, new Blob([text]), "photo.png"));
  assert.equal((await Promise.all(files))[0]?.id, "f");
  assert.match(asked[0]?.body ?? "", /name="file"; filename="photo.png"/);
  assert.equal(new Set(asked.map((one) => one.headers["idempotency-key"])).size, 2);
});

test("a signal ends the waiting, and the clock is the server's", async (context) => {
  const { url } = await serving(context, json(200, 1, { Date: "Tue, 01 Jan 2030 00:00:00 GMT" }), nothing);
  const client = new Client({ url });
  await client.get("/");
  assert.equal(client.now().getUTCFullYear(), 2030);
  const controller = new AbortController();
  const waiting = client.get("/", { signal: controller.signal });
  controller.abort(new Error("the person went on"));
  await assert.rejects(waiting, /the person went on/);
});
