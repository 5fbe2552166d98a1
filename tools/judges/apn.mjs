// @parse/node-apn sends to a server that says it is Apple's: what it tells of each phone, as JSON.
import { createRequire } from "node:module";
const [modules, port, ca, key, keyId, teamId, topic, ...tokens] = process.argv.slice(2);
const apn = createRequire(`${modules}/`)("@parse/node-apn");
const { readFileSync } = await import("node:fs");
const options = { token: { key, keyId, teamId }, production: true, address: "127.0.0.1", port: Number(port), ca: [readFileSync(ca)] };
const provider = new apn.Provider(options);
const note = new apn.Notification({ topic, alert: { title: "标题", body: "正文" }, badge: 3, sound: "default", expiry: 0 });
const found = await provider.send(note, tokens);
provider.shutdown();
const failed = found.failed.map((one) => ({ device: one.device, status: String(one.status), response: one.response, error: one.error && String(one.error) }));
console.log(JSON.stringify({ sent: found.sent.map((one) => one.device), failed }));
