// A vehicle pass from the upload to the QR code, with the types that openapi-typescript makes of /openapi.json.
// BANSHI_URL, CITIZEN and STAFF in the environment say where the server is and who asks.

import { openAsBlob } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Case = components["schemas"]["Case"];
type Application = Case & components["schemas"]["ApplicationCase"];

// A case's kind says which of its states there are, and what its details have.
const isApplication = (one: Case): one is Application => one.kind === "application";

// What people read of a state is in `state_title`; this is what the app does. A state that is forgotten doesn't compile.
const next: Record<components["schemas"]["ApplicationState"], "wait" | "mend" | "show"> = {
  submitted: "wait", supplemented: "wait", accepted: "wait", recommended: "wait", suspended: "wait", returned: "mend",
  approved: "show", declined: "show", refused: "show", withdrawn: "show", closed: "show",
  revoked: "show", "taken-back": "show", cancelled: "show",
};

const of = (who: string) =>
  createClient<paths>({ baseUrl: process.env.BANSHI_URL!, headers: { Authorization: `Bearer ${process.env[who]}` } });
const citizen = of("CITIZEN");
const staff = of("STAFF");
const once = () => ({ header: { "Idempotency-Key": crypto.randomUUID() } });
const day = (later: number) => new Date(Date.now() + later * 86_400_000).toISOString().slice(0, 10);

// Every answer is either `data`, of the type that belongs to the operation, or a problem document.
function taken<T>({ data, error }: { data?: T; error?: components["schemas"]["Problem"] }): T {
  if (data === undefined) throw new Error(`${error?.code}: ${error?.detail}`);
  return data;
}

async function stored(file: string): Promise<string> {
  const body = new FormData();
  body.append("file", await openAsBlob(file), file);
  const answer = await citizen.POST("/v1/attachments", { params: once(), body: body as any, bodySerializer: (it) => it });
  return taken(answer).id;
}

const answers = {
  plate: "川BD54321", vehicle_class: "heavy-truck" as const, zones: ["2" as const], hours: "22-6" as const,
  valid_from: day(1), valid_until: day(29), purpose: "为社区超市配送蔬菜",
  driver: { name: "王小明", phone: "13800000000" },
  licence: await stored(process.argv[2]!), registration: await stored(process.argv[2]!),
};
let made = taken(await citizen.POST("/v1/items/zone-pass/cases", { params: once(), body: { answers } }));
console.log(`${made.number}: ${made.state}`);

// The department's automatic check takes a moment.
const path = { id: made.id };
while (made.state === "submitted") {
  await new Promise((resolve) => setTimeout(resolve, 200));
  made = taken(await citizen.GET("/v1/cases/{id}", { params: { path } }));
}
if (!isApplication(made)) throw new Error(`a ${made.kind}`);
console.log(`${made.state_title} (${next[made.state]}), due on ${made.deadline?.due_on}`);

// The guide: the fee in fen, and what the item's kind has beside it.
const item = taken(await citizen.GET("/v1/items/{code}", { params: { path: { code: made.item.code } } }));
const renewal = item.details.kind === "application" ? item.details.renewal : null;
console.log(`${item.fee.amount / 100} yuan; renewed from ${renewal?.opens_days_before ?? 0} days before its end on`);

const approve = { ...once(), path: { ...path, action: "approve" } };
taken(await staff.POST("/v1/cases/{id}/actions/{action}", { params: approve, body: {} }));
made = taken(await citizen.GET("/v1/cases/{id}", { params: { path } }));
console.log(made.timeline.map((step) => step.state).join(" → "));

const text = taken(await citizen.GET("/v1/cases/{id}/pass.txt", { params: { path }, parseAs: "text" }));
console.log(`${text.slice(0, 24)}…`);
