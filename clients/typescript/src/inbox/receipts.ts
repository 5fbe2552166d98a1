// What this device has received and its owner has opened, collected and told in batches.

import type { Client } from "../http/client.js";
import type { Table } from "../stores/stores.js";

/** Receipts that are told at once. */
const BATCH = 500;

export interface Told {
  readonly recorded: number;
  readonly repeated: number;
  readonly unknown: number;
  /** False: this device is not the person's any more; register it again. */
  readonly registered: boolean;
}

export class Receipts {
  readonly #client: Client;
  readonly #table: Table;

  constructor(client: Client, table: Table) {
    this.#client = client;
    this.#table = table;
  }

  /** Note that a message was `received` or `opened`; the earliest time of each stays. */
  async note(message: string, event: "received" | "opened", at = this.#client.now()): Promise<void> {
    const name = `${message} ${event}`;
    if ((await this.#table.get(name)) === undefined) await this.#table.set(name, at.toISOString());
  }

  /** Tell what was noted; what couldn't be told stays for the next time. */
  async flush(device: string): Promise<Told | undefined> {
    let told: Told | undefined;
    const noted = await this.#table.entries();
    for (let place = 0; place < noted.length; place += BATCH) {
      const batch = noted.slice(place, place + BATCH);
      const receipts = batch.map(([name, at]) => {
        const [message_id, event] = name.split(" ") as [string, string];
        return { message_id, event, at };
      });
      told = await this.#client.send<Told & Record<string, never>>("POST", "/v1/receipts", { device, receipts });
      for (const [name] of batch) await this.#table.delete(name);
    }
    return told;
  }
}
