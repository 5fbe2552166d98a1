// What an officer's phone keeps: the published keys and the list, and scans that wait for a network. Those are sealed for the
// platform alone: a key of one scan, agreed with one that the platform gave out and of which only it has the other half.
const DATABASE = "scanner", P256 = { name: "ECDH", namedCurve: "P-256" };
const asked = request => new Promise((done, fail) => { request.onsuccess = () => done(request.result); request.onerror = () => fail(request.error); });
const bytes64 = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes)));

let opening;
async function database() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => ["known", "scans"].forEach(name => request.result.createObjectStore(name));
  return asked(request);
}
// One step in one of the two stores. Rejects where the storage is full, or there is none.
export async function stored(name, mode, use) {
  const transaction = (await (opening ??= database())).transaction(name, mode), result = await asked(use(transaction.objectStore(name)));
  if (mode === "readwrite") await new Promise((done, fail) => { transaction.oncomplete = done; transaction.onabort = () => fail(transaction.error); });
  return result;
}

// A text that whoever has this phone can't read: an ephemeral point, and AES-GCM under a key of ECDH and HKDF.
export async function sealed(publicKey, text) {
  const theirs = await crypto.subtle.importKey("raw", Uint8Array.from(atob(publicKey), one => one.charCodeAt(0)), P256, false, []);
  const own = await crypto.subtle.generateKey(P256, false, ["deriveBits"]), point = await crypto.subtle.exportKey("raw", own.publicKey);
  const shared = await crypto.subtle.importKey("raw", await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own.privateKey, 256), "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: point, info: new TextEncoder().encode("banshi scan") }, shared, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  // Used once, so that its nonce may be nought.
  const closed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, new TextEncoder().encode(text));
  return bytes64(point) + "." + bytes64(closed);
}
