// The stores of a browser: what is written is there after the tab was closed.

import { type Change, changed, type Message } from "../inbox/messages.js";
import type { InboxStore, Table } from "./stores.js";

const MESSAGES = "messages";
const TEXTS = "texts";

/** What a transaction has written, once it is on the disk. */
function written(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** A database of one person on this device: `name` should say whose. */
export async function openDatabase(name: string): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => {
    const messages = opening.result.createObjectStore(MESSAGES, { keyPath: "id" });
    messages.createIndex("age", ["at", "id"]);
    opening.result.createObjectStore(TEXTS);
  };
  return result(opening);
}

/** Texts by name; `prefix` keeps two tables of one database apart. */
export class DeviceTable implements Table {
  readonly #database: IDBDatabase;
  readonly #prefix: string;

  constructor(database: IDBDatabase, prefix: string) {
    this.#database = database;
    this.#prefix = `${prefix}:`;
  }

  async get(name: string): Promise<string | undefined> {
    return result(this.#texts("readonly").get(this.#prefix + name));
  }

  async set(name: string, text: string): Promise<void> {
    const texts = this.#texts("readwrite");
    texts.put(text, this.#prefix + name);
    await written(texts.transaction);
  }

  async delete(name: string): Promise<void> {
    const texts = this.#texts("readwrite");
    texts.delete(this.#prefix + name);
    await written(texts.transaction);
  }

  async entries(): Promise<[string, string][]> {
    const texts = this.#texts("readonly");
    const range = IDBKeyRange.bound(this.#prefix, `${this.#prefix}\uffff`);
    const [names, held] = await Promise.all([result(texts.getAllKeys(range)), result(texts.getAll(range))]);
    return names.map((name, place) => [String(name).slice(this.#prefix.length), held[place] as string]);
  }

  #texts(mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(TEXTS, mode).objectStore(TEXTS);
  }
}

/** A person's inbox on this device. */
export class DeviceInbox implements InboxStore {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async place(): Promise<string> {
    const texts = this.#database.transaction(TEXTS).objectStore(TEXTS);
    return (await result<string | undefined>(texts.get("place"))) ?? "0";
  }

  async put(messages: readonly Message[], place: string, changes: readonly Change[] = []): Promise<void> {
    const transaction = this.#database.transaction([MESSAGES, TEXTS], "readwrite");
    const store = transaction.objectStore(MESSAGES);
    const keep = (message: Message) => store.put({ id: message.id, at: Date.parse(message.created_at), message });
    const held = changes.length > 0 ? await result<{ message: Message }[]>(store.getAll()) : [];
    for (const { message } of held) {
      const now = changes.reduce<Message | undefined>((one, change) => one && changed(one, change), message);
      if (now === undefined) store.delete(message.id);
      else if (now !== message) keep(now);
    }
    messages.forEach(keep);
    transaction.objectStore(TEXTS).put(place, "place");
    await written(transaction);
  }

  async newest(limit: number, behind?: string): Promise<Message[]> {
    const store = this.#database.transaction(MESSAGES).objectStore(MESSAGES);
    const last =
      behind === undefined ? undefined : await result<{ id: string; at: number } | undefined>(store.get(behind));
    const range = last ? IDBKeyRange.upperBound([last.at, last.id], true) : null;
    const found: Message[] = [];
    return new Promise((resolve, reject) => {
      const walking = store.index("age").openCursor(range, "prev");
      walking.onerror = () => reject(walking.error);
      walking.onsuccess = () => {
        const cursor = walking.result;
        if (!cursor || found.length >= limit) return resolve(found);
        found.push((cursor.value as { message: Message }).message);
        cursor.continue();
      };
    });
  }

  async get(id: string): Promise<Message | undefined> {
    const store = this.#database.transaction(MESSAGES).objectStore(MESSAGES);
    return (await result<{ message: Message } | undefined>(store.get(id)))?.message;
  }

  async clear(): Promise<void> {
    const transaction = this.#database.transaction([MESSAGES, TEXTS], "readwrite");
    transaction.objectStore(MESSAGES).clear();
    transaction.objectStore(TEXTS).delete("place");
    await written(transaction);
  }
}
