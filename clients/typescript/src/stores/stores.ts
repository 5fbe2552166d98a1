// Where a client keeps things, as interfaces, and in memory. `indexeddb.ts` keeps them on the device.

import { type Change, changed, type Message } from "../inbox/messages.js";

/** Texts by name. */
export interface Table {
  get(name: string): Promise<string | undefined>;
  set(name: string, text: string): Promise<void>;
  delete(name: string): Promise<void>;
  /** All of them. */
  entries(): Promise<[string, string][]>;
}

/** The messages that a device has, and the place behind which it reads on. */
export interface InboxStore {
  /** The place of the last message that is stored; "0" at first. */
  place(): Promise<string>;
  /**
   * Apply changes to what is stored, then store messages and the place behind all of it: everything or nothing. A message
   * that is there already is replaced.
   */
  put(messages: readonly Message[], place: string, changes?: readonly Change[]): Promise<void>;
  /** The newest first, from behind the message with that id. */
  newest(limit: number, behind?: string): Promise<Message[]>;
  get(id: string): Promise<Message | undefined>;
  /** Drop everything, the place too. */
  clear(): Promise<void>;
}

export class MemoryTable implements Table {
  readonly #texts = new Map<string, string>();

  async get(name: string): Promise<string | undefined> {
    return this.#texts.get(name);
  }

  async set(name: string, text: string): Promise<void> {
    this.#texts.set(name, text);
  }

  async delete(name: string): Promise<void> {
    this.#texts.delete(name);
  }

  async entries(): Promise<[string, string][]> {
    return [...this.#texts];
  }
}

export class MemoryInbox implements InboxStore {
  readonly #messages = new Map<string, Message>();
  #place = "0";

  async place(): Promise<string> {
    return this.#place;
  }

  async put(messages: readonly Message[], place: string, changes: readonly Change[] = []): Promise<void> {
    for (const change of changes) {
      for (const [id, message] of this.#messages) {
        const now = changed(message, change);
        if (now === undefined) this.#messages.delete(id);
        else this.#messages.set(id, now);
      }
    }
    for (const message of messages) this.#messages.set(message.id, message);
    this.#place = place;
  }

  async newest(limit: number, behind?: string): Promise<Message[]> {
    const sorted = [...this.#messages.values()].sort(byAge);
    const from = behind === undefined ? 0 : sorted.findIndex((one) => one.id === behind) + 1;
    return sorted.slice(from, from + limit);
  }

  async get(id: string): Promise<Message | undefined> {
    return this.#messages.get(id);
  }

  async clear(): Promise<void> {
    this.#messages.clear();
    this.#place = "0";
  }
}

/** The newest first; of two of one moment the one with the greater id, which is made in the order of time. */
function byAge(one: Message, other: Message): number {
  const [a, b] = [Date.parse(one.created_at), Date.parse(other.created_at)];
  return b - a || (one.id < other.id ? 1 : -1);
}
