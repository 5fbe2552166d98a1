// A pass that this browser alone can show: it makes a key that no script can read, takes the pass with it, and signs the
// pass anew every few seconds, with a network or without.
import { draw } from "./qr.js";
const P256 = { name: "ECDSA", namedCurve: "P-256" }, ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const place = document.querySelector("[data-pass]"), { token, at, alt } = place.dataset;
const picture = Object.assign(document.createElement("canvas"), { hidden: true, role: "img", ariaLabel: alt });
place.prepend(picture);

function base45(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 2) {
    let group = bytes[i] * 256 + bytes[i + 1];
    for (let digit = 0; digit < 3; digit += 1, group = Math.floor(group / 45)) text += ALPHABET[group % 45];
  }
  return text;
}

// The signature is r and s, 32 bytes each, and of the two values that s may have the lower one.
function lower(signature) {
  const hex = [...signature.subarray(32)].map(one => one.toString(16).padStart(2, "0")).join(""), s = BigInt(`0x${hex}`);
  const least = (s > ORDER / 2n ? ORDER - s : s).toString(16).padStart(64, "0");
  return [...signature.subarray(0, 32), ...least.match(/../g).map(two => parseInt(two, 16))];
}

// The key stays in this browser until somebody signs out here.
const stored = (mode, use) => new Promise((done, fail) => {
  const opening = indexedDB.open("site", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
  opening.onerror = () => fail(opening.error);
  opening.onsuccess = () => { const asked = use(opening.result.transaction("keys", mode).objectStore("keys")); asked.onsuccess = () => done(asked.result); asked.onerror = () => fail(asked.error); };
});
async function key() {
  const kept = await stored("readonly", keys => keys.get("phone"));
  if (kept) return kept;
  const made = await crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
  await stored("readwrite", keys => keys.put(made, "phone"));
  return made;
}

// What the platform says of the pass; installed, without it what it said last. This phone's clock may be wrong, and the
// officer's is not: go by the platform's.
async function taken(jwk) {
  let answer;
  try {
    answer = await fetch(`${at}/phone`, { method: "POST", body: new URLSearchParams({ token, key: JSON.stringify(jwk) }) });
    if (answer.status >= 500) throw new Error(answer.status);
  } catch (lost) {
    const kept = await stored("readonly", keys => keys.get(at));
    if (kept) return kept;
    throw lost;
  }
  if (!answer.ok) throw new Error(answer.status);
  const held = { ...await answer.json(), ahead: Date.now() - Date.parse(answer.headers.get("Date")) };
  if (matchMedia("(display-mode: standalone)").matches) await stored("readwrite", keys => keys.put(held, at));
  return held;
}

async function show() {
  const pair = await key(), { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const held = await taken({ kty, crv, x, y });
  const sign = async () => {
    const begin = `BD1:${held.text.slice(4)}`, time = new Uint8Array(4);
    new DataView(time.buffer).setUint32(0, Math.floor((Date.now() - held.ahead) / 1000));
    const message = new Uint8Array([...new TextEncoder().encode(begin), ...time]);
    const signature = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, message));
    const text = begin + base45([...time, ...lower(signature)]);
    draw(picture, held.before, held.before ? text.replace(/[% ]/g, encodeURIComponent) : text);
    picture.hidden = false;
  };
  await sign();
  const bar = place.querySelector("progress");
  bar.max = held.sign_every; bar.hidden = false;
  let left = held.sign_every;
  setInterval(() => { left = left > 1 ? left - 1 : held.sign_every; if (left === held.sign_every) sign().catch(() => { /* the next one */ }); bar.value = left; }, 1000);
}
const take = place.querySelector("button"), failed = place.querySelector("[data-failed]");
take.hidden = false;
take.onclick = () => { take.disabled = true; show().then(() => { take.hidden = true; }, () => { take.disabled = false; failed.hidden = false; }); };
