// A channel of the city from plain Node.js 20, without a package: people write to an SMS gateway, which speaks forms.
// `node channel.mjs` with BANSHI_URL, CLIENT_ID, CLIENT_SECRET (of a live client with the scope channels), the SECRET that
// signs the city's calls (whsec_…), ENDPOINT where the city reaches it, GATEWAY, the gateway's own address, and its GATEWAY_KEY.
// It keeps nothing: a message is known again by its id here, at the city and at the gateway, so it may die at any moment.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const { BANSHI_URL, CLIENT_ID, CLIENT_SECRET, SECRET, GATEWAY, GATEWAY_KEY } = process.env;
const { NAME = "sms", ENDPOINT = "http://127.0.0.1:8091/banshi" } = process.env;
const key = Buffer.from(SECRET.replace("whsec_", ""), "base64");

// -- the city: what came in, and what became of what was said -----------------------------------------------------------

let token = "";
async function signIn() {
  const basic = "Basic " + Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString("base64");
  const body = new URLSearchParams({ grant_type: "client_credentials" });
  const answer = await fetch(`${BANSHI_URL}/oauth/token`, { method: "POST", body, headers: { Authorization: basic } });
  if (!answer.ok) throw new Error(`no token: ${answer.status}`);
  return (await answer.json()).access_token;
}

async function city(method, path, document) {
  token ||= await signIn();
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const answer = await fetch(`${BANSHI_URL}/v1/channels/${NAME}${path}`, { method, headers, body: JSON.stringify(document) });
  if (answer.status === 401) token = "";
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : {};
}

// -- the gateway: forms in, forms out -----------------------------------------------------------------------------------

// `ref` is ours: the gateway sends one text for it, however often it is asked.
async function sms(to, text, ref) {
  const answer = await fetch(`${GATEWAY}/send`, { method: "POST", body: new URLSearchParams({ to, text, ref }) });
  return answer.ok ? Object.fromEntries(new URLSearchParams(await answer.text())) : { code: "BUSY" };
}

// What the gateway signs: all other fields, in the order of their names.
function isOfGateway({ sign = "", ...fields }) {
  const text = Object.keys(fields).sort().map((name) => `${name}=${fields[name]}`).join("&");
  return isSame(sign, createHmac("sha256", GATEWAY_KEY).update(text).digest("hex"));
}

function isSame(given, right) {
  const [one, other] = [Buffer.from(given), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function contentOf({ text, file, place }) {
  if (file) return { file: { id: file, name: file } };
  if (!place) return { text };
  const [latitude, longitude, ...label] = place.split(",");
  return { place: { latitude: Number(latitude), longitude: Number(longitude), label: label.join(",") } };
}

const fromGateway = {
  // Answered once the reply is on its way: until then the gateway sends it again, and the city knows it by its id.
  "/in": async (form) => {
    const reply = await city("POST", "/messages", { key: form.id, contact: form.from, content: contentOf(form) });
    if (!reply.text) return;
    const sent = await sms(form.from, reply.text, `re-${form.id}`);
    if (sent.code === "BUSY") throw new Error("the gateway is busy");
  },
  "/receipt": async ({ id, status }) => {
    const outcome = status === "DELIVRD" ? "arrived" : "failed";
    await city("POST", "/outcomes", { id, outcome, ...(outcome === "failed" && { code: status }) });
  },
};

// -- the city's own calls: each is signed, and what is answered is what became of it --------------------------------------

const fromCity = {
  challenge: ({ challenge }) => ({ challenge }),
  file: async ({ file }) => Buffer.from(await (await fetch(`${GATEWAY}/files/${encodeURIComponent(file)}`)).arrayBuffer()),
  send: async ({ id, contact, text }) => {
    const { id: theirs, code } = await sms(contact, text, id);
    if (code === "BUSY") return { outcome: "later" };
    if (code === "QUOTA") return { outcome: "shut" };
    if (code) return { outcome: "refused", code, why: { "zh-CN": "网关未接收。", en: "The gateway does not take it." } };
    return { outcome: "accepted", id: theirs };
  },
};

function isSigned(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signatures = "" } = headers;
  const right = "v1," + createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
  return signatures.split(" ").some((one) => isSame(one, right)) && Math.abs(Date.now() / 1000 - at) <= 300;
}

async function answer(request) {
  const body = (await request.setEncoding("utf8").toArray()).join("");
  const take = fromGateway[request.url];
  if (take) {
    const form = Object.fromEntries(new URLSearchParams(body));
    return isOfGateway(form) ? [200, await take(form)] : [403];
  }
  if (request.url !== new URL(ENDPOINT).pathname) return [404];
  if (!isSigned(request.headers, body)) return [401];
  const call = JSON.parse(body);
  return [200, await fromCity[call.call]?.(call)];
}

createServer(async (request, response) => {
  try {
    const [status, told = ""] = await answer(request);
    response.writeHead(status).end(Buffer.isBuffer(told) || told === "" ? told : JSON.stringify(told));
  } catch (error) {
    console.error(error.message); // whoever asked asks again
    response.writeHead(503).end();
  }
}).listen(new URL(ENDPOINT).port || 8091, "127.0.0.1");

const title = { "zh-CN": "短信", en: "SMS" };
for (;;) {
  try {
    const channel = await city("PUT", "", { title, endpoint: ENDPOINT, secret: SECRET });
    console.log(`registered as ${channel.account}`);
    break;
  } catch (error) {
    console.error(error.message);
    await new Promise((resume) => setTimeout(resume, 500));
  }
}
