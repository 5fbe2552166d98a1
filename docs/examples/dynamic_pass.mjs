// What an app does for a dynamic pass, in plain JavaScript: it makes a key that never leaves the phone, takes the pass
// with it, and says every 15 seconds what its QR code has to show. All of it is WebCrypto, which browsers have too.
// BANSHI_URL, TOKEN and CASE (/v1/cases/…) in the environment say where the pass is and whose.

const { BANSHI_URL, TOKEN, CASE } = process.env;
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

// Android keeps such a key in its Keystore, an iPhone in its Secure Enclave, a browser in IndexedDB.
const pair = await crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);

const answer = await fetch(`${BANSHI_URL}${CASE}/pass/phone`, {
  method: "PUT",
  headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" },
  body: JSON.stringify({ key: { kty, crv, x, y } }),
});
const held = await answer.json();
if (!answer.ok) throw new Error(held.detail);

// A phone's clock may be wrong, and the officer's is not: go by the platform's.
const ahead = Date.now() - Date.parse(answer.headers.get("Date"));

function base45(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    let group = bytes[at] * 256 + bytes[at + 1];
    for (let digit = 0; digit < 3; digit += 1, group = Math.floor(group / 45)) text += ALPHABET[group % 45];
  }
  return text;
}

// The signature is r and s, 32 bytes each, and of the two values that s may have the lower one.
function lower(signature) {
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const s = BigInt(`0x${hex(signature.subarray(32))}`);
  const least = (s > ORDER / 2n ? ORDER - s : s).toString(16).padStart(64, "0");
  return [...signature.subarray(0, 32), ...least.match(/../g).map((two) => parseInt(two, 16))];
}

async function shown() {
  const begin = `BD1:${held.text.slice(4)}`;
  const time = new Uint8Array(4);
  new DataView(time.buffer).setUint32(0, Math.floor((Date.now() - ahead) / 1000));
  const message = new Uint8Array([...new TextEncoder().encode(begin), ...time]);
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, message);
  return begin + base45([...time, ...lower(new Uint8Array(signature))]);
}

console.log(await shown());
setInterval(async () => console.log(await shown()), held.sign_every * 1000);
