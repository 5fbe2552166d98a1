// firebase-admin for Node.js: `sendEach` over HTTP/2, as many batches of the size that it takes in flight as it is told.
//
// A process of its own, on its own core. It reads a plan as JSON from standard input: {"folder", "url", "warm", "count",
// "in_flight", "modules"}; and prints {"seconds", "cpu"} of the second wave as JSON, as `senders.py` does. Its messages
// are made beforehand and have the same content as the others'. NODE_EXTRA_CA_CERTS names the provider's certificate.

import http2 from 'node:http2';
import https from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';

const LINK = '/v1/cases/019abcde-0000-7000-8000-000000000000';
const TITLE = '您有一条新的办事消息';
const TTL = 86_400;

// It takes no more messages in one call.
const BATCH = 500;

// It has no setting for another address than Google's. So its HTTP/2 sessions are opened to the provider; the access
// token, which it asks for over HTTP/1.1, takes the same way through its own option `httpAgent`.
function messagingOf(plan) {
  const modules = createRequire(join(plan.modules, 'package.json'));
  const { cert, initializeApp } = modules('firebase-admin/app');
  const { getMessaging } = modules('firebase-admin/messaging');
  const { hostname: host, port } = new URL(plan.url);
  const connect = http2.connect;
  http2.connect = (_, options, listener) => connect(plan.url, options, listener);
  const agent = new https.Agent();
  agent.createConnection = (options) => tls.connect({ ...options, host, port, servername: '' });
  return getMessaging(initializeApp({ credential: cert(join(plan.folder, 'account.json'), agent) }));
}

function message(number) {
  const identity = `019abcde-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
  const expires = String(Math.floor(Date.now() / 1000) + TTL);
  return {
    token: `${String(number).padStart(22, '0')}:APA91b${'x'.repeat(134)}`,
    notification: { title: TITLE },
    data: { message_id: identity, kind: 'case', link: LINK },
    android: { priority: 'high', ttl: TTL * 1000, notification: { tag: identity } },
    apns: { headers: { 'apns-priority': '10', 'apns-expiration': expires, 'apns-collapse-id': identity } },
  };
}

// Sends all messages; a batch goes out as soon as fewer than `inFlight` of them are under way.
async function wave(messaging, messages, inFlight) {
  let next = 0;
  async function batches() {
    while (next < messages.length) {
      const first = next;
      next += BATCH;
      const answer = await messaging.sendEach(messages.slice(first, next));
      const failed = answer.responses.find((one) => !one.success);
      if (failed) throw failed.error;
    }
  }
  await Promise.all(Array.from({ length: inFlight }, batches));
}

const plan = JSON.parse(await text(process.stdin));
const messages = Array.from({ length: plan.warm + plan.count }, (_, number) => message(number));
const messaging = messagingOf(plan);
await wave(messaging, messages.slice(0, plan.warm), plan.in_flight);
const [before, began] = [process.cpuUsage(), performance.now()];
await wave(messaging, messages.slice(plan.warm), plan.in_flight);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ per_second: plan.count / seconds, cpu: (user + system) / plan.count }));
