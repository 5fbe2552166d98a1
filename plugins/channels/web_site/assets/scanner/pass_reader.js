// A pass verified without a network, to the same verdicts as the platform's: docs/api/passes.md says what is on the wire.
// It needs what /v1/passes/keys and /v1/passes/revocations have said, and the time in Unix seconds.
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", ES256 = { name: "ECDSA", hash: "SHA-256" }, P256 = { name: "ECDSA", namedCurve: "P-256" };
const HALF_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n >> 1n;
// Characters of a pass, and of what a phone adds; lists and maps of one; seconds by which clocks differ.
const MOST_SIGNS = 1984, TAIL = 102, MOST_CONTAINERS = 32, LEEWAY_S = 60, EVERY_S = 15, PHONE_LEEWAY_S = 15;
class Refused extends Error {}
const refuse = reason => { throw new Refused(reason); };
const utf8 = text => new TextEncoder().encode(text), hex = bytes => [...bytes].map(one => one.toString(16).padStart(2, "0")).join("");
const fromBase64 = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), one => one.charCodeAt(0));
const joined = (...parts) => new Uint8Array(parts.flatMap(one => [...one]));

function base45(text) {
  const digits = [...text].map(one => ALPHABET.indexOf(one)), bytes = [];
  if (digits.includes(-1) || digits.length % 3 === 1) refuse("malformed");
  for (let i = 0; i < digits.length; i += 3) {
    const [a, b, c] = digits.slice(i, i + 3), value = a + 45 * b + 2025 * (c ?? 0);
    if (value > (c === undefined ? 0xff : 0xffff)) refuse("malformed");
    bytes.push(...(c === undefined ? [value] : [value >> 8, value & 255]));
  }
  return new Uint8Array(bytes);
}

// What stands behind the # of an address, in its one spelling; the text where it is none.
function textIn(code) {
  const [, rest] = /^https?:\/\/[^#]*#([^]*)$/.exec(code) ?? [];
  if (rest === undefined) return code;
  let text;
  try { text = decodeURIComponent(rest); } catch { refuse("malformed"); }
  const again = encodeURIComponent(text).replace(/%(24|2B|2F|3A)/g, decodeURIComponent).replace(/[!'()]/g, one => `%${hex(utf8(one)).toUpperCase()}`);
  return again === rest ? text : refuse("malformed");
}

// CBOR in its deterministic spelling (RFC 8949, 4.2), of a pass's few types. First a walk over the heads, so that nothing is
// made of what a stranger announces; then the values.
function head(data, at) {
  const first = data[at], major = first >> 5, size = first & 31, wide = size > 23 ? 1 << size - 24 : 0;
  if (size === 31 && major > 1 && major < 6) refuse("not-canonical");
  if (size > 27 || major === 6 || major === 7 && !(first > 0xf3 && first < 0xf7)) refuse("malformed");
  const value = wide ? BigInt(`0x0${hex(data.subarray(at + 1, at + 1 + wide))}`) : BigInt(size);
  return { major, value, next: at + 1 + wide, least: !wide || value >= (wide === 1 ? 24n : 1n << BigInt(wide * 4)) };
}
function walk(data) {
  let at = 0, pending = 1n, containers = 0;
  while (pending <= BigInt(data.length - at)) {
    if (!pending) return at;
    const { major, value, next } = head(data, at);
    at = next; pending -= 1n;
    if (major === 2 || major === 3) at += Number(value);
    if (major === 4 || major === 5) { pending += value * BigInt(major - 3); containers += 1; }
    if (containers > MOST_CONTAINERS) refuse("malformed");
  }
  return refuse("malformed");
}
function load(data) {
  if (walk(data) !== data.length) refuse("trailing-bytes");
  let at = 0, canonical = true;
  const item = () => {
    const { major, value, next, least } = head(data, at), from = next;
    canonical &&= least; at = next;
    const number = value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
    if (major === 0) return number;
    if (major === 1) return typeof number === "number" && number < Number.MAX_SAFE_INTEGER ? -1 - number : -1n - value;
    if (major === 2 || major === 3) {
      const bytes = data.subarray(from, at = from + number);
      if (major === 2) return bytes;
      try { return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes); } catch { return refuse("malformed"); }
    }
    if (major === 4) return Array.from({ length: number }, item);
    if (major === 7) return [false, true, null][Number(value) - 20];
    const map = new Map();
    for (let i = 0, before = ""; i < number; i += 1) {
      const begin = at, key = item(), spelled = hex(data.subarray(begin, at));
      canonical &&= before.length < spelled.length || before.length === spelled.length && before < spelled;
      before = spelled; map.set(key, item());
    }
    return map;
  };
  const value = item();
  return canonical ? value : refuse("not-canonical");
}
const loadMap = data => { const map = load(data); return map instanceof Map && [...map.keys()].every(key => ["number", "bigint"].includes(typeof key)) ? map : refuse("malformed"); };
const has = (map, ...keys) => map.size === keys.length && keys.every(key => map.has(key));
const bytesHead = (major, length) => length < 24 ? [major << 5 | length] : length < 256 ? [major << 5 | 24, length] : [major << 5 | 25, length >> 8, length & 255];
const low = signature => BigInt(`0x${hex(signature.subarray(32))}`) <= HALF_ORDER;
const verifies = (key, signature, data) => crypto.subtle.verify(ES256, key, signature, data);

// The phone's key as a point on the curve with the sign of its y, which a browser may not take: its y is reckoned.
function pointOf(x, odd) {
  const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n, b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn, at = BigInt(`0x${hex(x)}`);
  const square = (at ** 3n - 3n * at + b) % p;
  let root = 1n;
  for (let bits = p + 1n >> 2n, power = (square + p) % p; bits; bits >>= 1n, power = power * power % p) if (bits & 1n) root = root * power % p;
  if (at >= p || (root * root - square) % p) return null;
  const y = (root & 1n) === BigInt(odd) ? root : p - root;
  return joined([4], x, y.toString(16).padStart(64, "0").match(/../g).map(two => parseInt(two, 16)));
}
function holderOf(claim) {
  const key = claim instanceof Map && claim.size === 1 && claim.get(1), x = key instanceof Map && has(key, 1, -1, -2, -3) && key.get(-2);
  if (claim instanceof Map && !claim.size) return "none";
  const point = x instanceof Uint8Array && x.length === 32 && key.get(1) === 2 && key.get(-1) === 1 && typeof key.get(-3) === "boolean" ? pointOf(x, key.get(-3)) : null;
  return point ?? refuse("wrong-claims");
}

function credentialOf(payload, items) {
  const claims = loadMap(payload), time = key => { const at = claims.get(key); if (!(typeof at === "number" && at >= 0 && at < 2 ** 32)) refuse("wrong-claims"); return at; };
  if (!has(claims, 1, 4, 6, -65537, ...[5, 8].filter(key => claims.has(key)))) refuse("wrong-claims");
  const expires = time(4), issued = time(6), start = claims.has(5) ? time(5) : issued, [code, index, ...values] = Array.isArray(claims.get(-65537)) ? claims.get(-65537) : [];
  if (!(claims.get(1) && typeof claims.get(1) === "string" && code && typeof code === "string" && ["number", "bigint"].includes(typeof index) && index >= 0)) refuse("wrong-claims");
  const item = Object.hasOwn(items, code) ? items[code] : refuse("unknown-item");
  if (values.length > item.claims.length) refuse("unknown-claim");
  if (values.at(-1) === null) refuse("not-canonical");
  const fits = one => one === null || ["string", "number", "bigint", "boolean"].includes(typeof one) || Array.isArray(one) && one.every(each => typeof each === "string");
  if (!values.every(fits)) refuse("wrong-claims");
  return { code, index, start, expires, values, item, holder: claims.has(8) ? holderOf(claims.get(8)) : null };
}

async function signed(text, { keys, items }) {
  if ([...text].length > MOST_SIGNS) refuse("too-long");
  if (!text.startsWith("BS1:")) refuse("not-a-pass");
  const data = base45(text.slice(4)), whole = data[0] === 0xd2 && load(data.subarray(1)), [header, unprotected, payload, signature] = Array.isArray(whole) && whole.length === 4 ? whole : [];
  if (![header, payload, signature].every(one => one instanceof Uint8Array) || !(unprotected instanceof Map) || signature.length !== 64) refuse("malformed");
  if (unprotected.size) refuse("unprotected-header");
  const told = loadMap(header), kid = told.get(4);
  if (told.get(1) !== -7) refuse("wrong-algorithm");
  if (told.get(16) !== "b/1") refuse("wrong-type");
  if (!has(told, 1, 4, 16) || !(kid instanceof Uint8Array)) refuse("wrong-header");
  const key = keys.get(hex(kid)) ?? refuse("unknown-key");
  if (!low(signature)) refuse("high-s");
  const message = joined([0x84], bytesHead(3, 10), utf8("Signature1"), bytesHead(2, header.length), header, [0x40], bytesHead(2, payload.length), payload);
  if (!await verifies(key, signature, message)) refuse("bad-signature");
  return credentialOf(payload, items);
}

// What was scanned of either sort of pass, and when its phone signed it.
async function scanned(code, known) {
  const text = textIn(code);
  if (!text.startsWith("BD1:")) {
    const pass = await signed(text, known);
    return pass.holder === null ? { pass } : refuse("not-signed-by-phone");
  }
  const signs = [...text], begin = signs.slice(0, -TAIL).join(""), pass = await signed(`BS1:${begin.replace(/^BD1:/, "")}`, known);
  if (pass.holder === null || pass.holder === "none") refuse("wrong-claims");
  const added = base45(signs.slice(-TAIL).join("")), signature = added.subarray(4);
  if (!low(signature)) refuse("high-s");
  const key = await crypto.subtle.importKey("raw", pass.holder, P256, false, ["verify"]);
  if (!await verifies(key, signature, joined(utf8(begin), added.subarray(0, 4)))) refuse("bad-signature");
  return { pass, shownAt: new DataView(added.buffer).getUint32(0) };
}

// The keys and the status list as they were published, ready for use. Throws for a list that none of the keys has signed.
export async function opened({ document, token, at }) {
  const keys = new Map();
  for (const { kty, crv, x, y, kid } of document.keys) keys.set(kid, await crypto.subtle.importKey("jwk", { kty, crv, x, y }, P256, false, ["verify"]));
  const [header, claims, signature] = token.split("."), json = part => JSON.parse(new TextDecoder().decode(fromBase64(part))), { alg, typ, kid } = json(header), key = keys.get(kid);
  if (alg !== "ES256" || typ !== "statuslist+jwt" || !key || !await verifies(key, fromBase64(signature), utf8(`${header}.${claims}`))) throw new Error("the status list is signed by nobody that is known");
  const { iat, ttl, status_list: { bits, lst } } = json(claims);
  if (bits !== 1) throw new Error("the status list has more than one bit an entry");
  const unpacked = new Response(new Blob([fromBase64(lst)]).stream().pipeThrough(new DecompressionStream("deflate")));
  return { keys, items: document.items, verdicts: document.verdicts, octets: new Uint8Array(await unpacked.arrayBuffer()), issued: iat, ttl, at };
}

// The verdict at that second: its code, and what a genuine pass says.
export async function verdictOf(code, known, now) {
  try {
    const { pass, shownAt } = await scanned(code, known), { octets } = known, octet = Number(pass.index) >> 3;
    const isRevoked = pass.index < octets.length * 8 && octets[octet] >> (Number(pass.index) & 7) & 1;
    const late = now >= pass.expires + LEEWAY_S ? "expired" : now < pass.start - LEEWAY_S ? "not-yet-valid" : "";
    const shown = shownAt === undefined ? "" : now >= shownAt + EVERY_S + PHONE_LEEWAY_S ? "screenshot" : now < shownAt - PHONE_LEEWAY_S ? "phone-clock" : "";
    return { verdict: isRevoked ? "revoked" : late || shown || "valid", pass };
  } catch (refused) {
    if (refused instanceof Refused) return { verdict: refused.message };
    throw refused;
  }
}
