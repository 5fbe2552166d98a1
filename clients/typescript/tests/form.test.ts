import assert from "node:assert/strict";
import { test } from "node:test";
import { Form, type FormSchema, type Json } from "../src/index.js";

const AT = new Date("2026-11-28T01:00:00Z");

const codes = (schema: FormSchema, answers: Json, at = AT): string[] =>
  new Form(schema).problems(answers, { at }).map((one) => `${one.pointer} ${one.code}`);

const PASS: FormSchema = {
  type: "object",
  additionalProperties: false,
  required: ["plate", "vehicle_class", "length"],
  "x-groups": [
    { title: "The vehicle", fields: ["vehicle_class", "length", "plate"] },
    { title: "The driver", fields: ["phone"] },
  ],
  properties: {
    plate: { type: "string", title: "Plate", format: "cn-plate" },
    vehicle_class: {
      type: "string",
      title: "Vehicle class",
      oneOf: [
        { const: "light", title: "Light truck" },
        { const: "heavy", title: "Heavy truck" },
      ],
    },
    length: { type: "number", title: "Length", "x-unit": "m", minimum: 1, "x-when": { vehicle_class: ["heavy"] } },
    phone: { type: "string", title: "Phone", format: "cn-mobile" },
  },
};

test("a number is judged however it is typed, and kept as the platform stores it", () => {
  const typed = { plate: "川b·１２３４５", vehicle_class: "light", phone: "+86 138-0000-0000" };
  assert.deepEqual(codes(PASS, typed), []);
  const kept = { plate: "川B12345", vehicle_class: "light", phone: "13800000000" };
  assert.deepEqual(new Form(PASS).spelled(typed), kept);
});

test("a field is required where it is asked, and wrong where it isn't", () => {
  assert.deepEqual(codes(PASS, { plate: "川B12345", vehicle_class: "heavy" }), ["/length required"]);
  assert.deepEqual(codes(PASS, { plate: "川B12345", vehicle_class: "light", length: 5 }), ["/length x-when"]);
  assert.deepEqual(new Form(PASS).asked({ vehicle_class: "light", length: 5 }), { vehicle_class: "light" });
});

test("the fields are those that are asked now, in the order of the groups, with their words", () => {
  const shown = new Form(PASS).fields({ vehicle_class: "heavy" });
  assert.deepEqual(
    shown.map((one) => [one.group, one.title, one.required, one.unit]),
    [
      ["The vehicle", "Vehicle class", true, ""],
      ["The vehicle", "Length", true, "m"],
      ["The vehicle", "Plate", true, ""],
      ["The driver", "Phone", false, ""],
    ],
  );
  assert.deepEqual(shown[0]?.choices[1], { value: "heavy", title: "Heavy truck" });
  assert.ok(!new Form(PASS).fields({}).some((one) => one.name === "length"));
});

test("a group in which nothing is asked is not there", () => {
  const groups = [{ title: "The truck", description: "If heavy.", fields: ["length"] }, ...PASS["x-groups"]!.slice(1)];
  const form = new Form({ ...PASS, "x-groups": groups });
  assert.deepEqual(
    form.groups({}).map((one) => [one.title, one.fields.map((field) => field.name)]),
    [
      ["The driver", ["phone"]],
      ["", ["plate", "vehicle_class"]],
    ],
  );
  const [first] = form.groups({ vehicle_class: "heavy" });
  assert.deepEqual([first?.title, first?.hint, first?.fields[0]?.title], ["The truck", "If heavy.", "Length"]);
});

test("a limit of days counts from the day in the city, not from the phone's", () => {
  const schema: FormSchema = { type: "string", format: "date", "x-not-before": "today", "x-not-after": "+1m" };
  const late = new Date("2026-01-30T16:30:00Z");
  assert.deepEqual(codes(schema, "2026-01-30", late), [" x-not-before"]);
  assert.deepEqual(codes(schema, "2026-02-28", late), []);
  assert.deepEqual(codes(schema, "2026-03-01", late), [" x-not-after"]);
  assert.equal(new Form(schema).problems("2026-03-01", { at: late })[0]?.says, "2026-02-28");
});

test("a check digit that is off by one is seen without a call", () => {
  const schema: FormSchema = {
    type: "object",
    properties: { id: { format: "cn-resident-id" }, code: { format: "cn-uscc" } },
  };
  assert.deepEqual(codes(schema, { id: "11010519491231002X", code: "91110000600037341L" }), []);
  assert.deepEqual(codes(schema, { id: "110105194912310021", code: "91110000600037341M" }), [
    "/id format",
    "/code format",
  ]);
});

test("a name of Object's own is a field like any other", () => {
  const schema: FormSchema = { type: "object", additionalProperties: false, properties: { name: { type: "string" } } };
  assert.deepEqual(codes(schema, JSON.parse('{"__proto__": 1, "constructor": 2, "name": "王"}') as Json), [
    "/__proto__ additionalProperties",
    "/constructor additionalProperties",
  ]);
});

test("a form inside an action's body refers to itself", () => {
  const answers: FormSchema = {
    $id: "urn:banshi:item:x:answers",
    type: "object",
    properties: { phone: { $ref: "#/$defs/phone" } },
    $defs: { phone: { type: "string", format: "cn-mobile" } },
  };
  const body: FormSchema = { type: "object", properties: { answers } };
  assert.deepEqual(codes(body, { answers: { phone: "1" } }), ["/answers/phone format"]);
  assert.deepEqual(codes(body, { answers: { phone: "+86 13800000000" } }), []);
});
