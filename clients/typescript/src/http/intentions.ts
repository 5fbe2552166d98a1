// A key for each thing that a person means to create, kept until it is answered: whatever happens on the way, the same
// intention is sent under the same key, and nothing is made twice.

import type { Table } from "../stores/stores.js";

export class Intentions {
  readonly #keys: Table;

  /** Keys in a table that outlives the app let a request be repeated that was on its way when the app was killed. */
  constructor(keys: Table) {
    this.#keys = keys;
  }

  /** The key of an intention: the one that it has, or a new one. */
  async key(intention: string): Promise<string> {
    const known = await this.#keys.get(intention);
    if (known !== undefined) return known;
    const key = newKey();
    await this.#keys.set(intention, key);
    return key;
  }

  /** It was answered: the next one of that name is another one. */
  async answered(intention: string): Promise<void> {
    await this.#keys.delete(intention);
  }
}

/** A UUID of version 4, also where a page has no secure context. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const signs = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [signs.slice(0, 8), signs.slice(8, 12), signs.slice(12, 16), signs.slice(16, 20), signs.slice(20)].join("-");
}

/** A name for what is sent, where the app gives none: the same request is the same intention. */
export const named = (method: string, path: string, body: string): string =>
  `${method} ${path} ${fingerprint(new TextEncoder().encode(body))}`;

/** A short text that other bytes hardly have: it tells what is on its way apart, and proves nothing. */
export function fingerprint(bytes: Uint8Array): string {
  let [one, other] = [0xdeadbeef, 0x41c6ce57];
  for (const byte of bytes) {
    one = Math.imul(one ^ byte, 2654435761);
    other = Math.imul(other ^ byte, 1597334677);
  }
  return `${bytes.length}-${(one >>> 0).toString(36)}${(other >>> 0).toString(36)}`;
}
