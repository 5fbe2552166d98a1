// A department's item from plain Node.js 20, without a package: `node remote_service.mjs` with BANSHI_URL, CLIENT_ID and
// CLIENT_SECRET in the environment, and ENDPOINT where the city reaches it (http://127.0.0.1:8090/banshi while trying out).
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const { BANSHI_URL, CLIENT_ID, CLIENT_SECRET, ENDPOINT = "http://127.0.0.1:8090/banshi" } = process.env;
const key = randomBytes(32); // a real service keeps its secret
const seen = new Set(); // ids of the last minutes, so that a replayed call does nothing twice

const sign = (id, at, body) => "v1," + createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");

function isSigned(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signatures = "" } = headers;
  const right = Buffer.from(sign(id, at, body));
  const good = signatures.split(" ").some((one) => one.length === right.length && timingSafeEqual(Buffer.from(one), right));
  return good && Math.abs(Date.now() / 1000 - at) <= 300;
}

async function call(method, path, body, headers) {
  const json = body instanceof URLSearchParams ? body : JSON.stringify(body);
  const answer = await fetch(BANSHI_URL + path, { method, body: json, headers });
  const document = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(document.problems ?? document.detail)}`);
  return document;
}

// Whenever the department has decided, minutes or days later: the case moves, and the citizen's phone rings.
async function decide(caseId, action, reason) {
  const [id, at] = [`answer_${caseId}_${action}`, Math.floor(Date.now() / 1000)];
  const body = { case: caseId, action, ...(reason && { reason }) };
  const headers = { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": sign(id, at, JSON.stringify(body)) };
  const after = await call("POST", "/v1/services/smoke-alarms/answers", body, { ...headers, "Content-Type": "application/json" });
  console.log(`${caseId} is ${after.state}`);
}

const answers = {
  challenge: (told) => ({ challenge: told.challenge }),
  validate: ({ answers }) => ({
    problems: answers.alarms > 10 ? [{ pointer: "/alarms", detail: "Ten alarms are the most for one home." }] : [],
  }),
  review: (told, isNew) => {
    if (isNew) setTimeout(() => decide(told.case.id, "approve").catch(console.error), 500);
    return { action: "accept" };
  },
};

createServer(async (request, response) => {
  const body = (await request.setEncoding("utf8").toArray()).join("");
  if (!isSigned(request.headers, body)) return response.writeHead(401).end();
  const id = request.headers["webhook-id"], isNew = !seen.has(id);
  seen.add(id);
  const told = JSON.parse(body);
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(answers[told.call]?.(told, isNew) ?? {}));
}).listen(new URL(ENDPOINT).port || 8090);

const item = {
  code: "smoke-alarm", kind: "application", version: 1, audience: ["person"], application: {},
  title: { "zh-CN": "家庭烟雾报警器免费安装", en: "Smoke alarms for a home, free of charge" },
  summary: { "zh-CN": "申请免费安装烟雾报警器。", en: "Ask for smoke alarms to be installed at home." },
  result: { kind: "answer", title: { "zh-CN": "答复", en: "Answer" } },
  form: {
    type: "object", required: ["alarms"], additionalProperties: false,
    properties: { alarms: { type: "integer", minimum: 1, title: "数量" } },
  },
};
const basic = { Authorization: "Basic " + Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString("base64") };
const token = await call("POST", "/oauth/token", new URLSearchParams({ grant_type: "client_credentials" }), basic);
const headers = { Authorization: `Bearer ${token.access_token}`, "Content-Type": "application/json" };
const service = { code: "smoke-alarms", department: "fire", endpoint: ENDPOINT, secret: "whsec_" + key.toString("base64") };
await call("POST", "/v1/services", { ...service, calls: ["validate", "review"], items: [item] }, headers);
const proven = await call("POST", "/v1/services/smoke-alarms/actions/prove", {}, headers);
console.log(`registered and proven; version ${proven.version.id} waits for the department`);
