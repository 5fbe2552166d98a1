// The inbox of one person on one device: what was stored once is there without a network, and nothing is missed.

import type { Client } from "../http/client.js";
import { ProblemError } from "../http/problems.js";
import { sleep } from "../http/retry.js";
import type { InboxStore } from "../stores/stores.js";
import { events } from "./events.js";
import type { Change, Message } from "./messages.js";

/** Messages that a page has at most. */
const PAGE = 200;
/** Milliseconds without a sign of life after which a stream is dead: one comes every fifteen seconds. */
const SILENCE_MS = 45_000;
/** Milliseconds after which to come back where the server said nothing of it. */
const COME_BACK_MS = 3_000;

interface Page {
  readonly items: Message[];
  readonly changes: Change[];
  readonly cursor: string;
  readonly next: string | null;
}

export interface Following {
  readonly signal: AbortSignal;
  /** Called for each new message, once it is stored. */
  readonly onMessage?: (message: Message) => void;
  /** Called for what was read, archived or deleted on any of the person's devices, once the store says so. */
  readonly onChange?: (change: Change) => void;
  /** Called when the stream opens (true) and breaks (false). */
  readonly onLive?: (live: boolean) => void;
}

export class Inbox {
  readonly store: InboxStore;
  readonly #client: Client;
  readonly #device: string | undefined;

  /** `device` is the id under which this device is registered, if it is: reading is its sign of life. */
  constructor(client: Client, store: InboxStore, device?: string) {
    this.#client = client;
    this.store = store;
    this.#device = device;
  }

  /** Read what is new, page by page, each stored with its place before the next is asked for; how many came. */
  async sync(signal?: AbortSignal): Promise<number> {
    let count = 0;
    for (let more = true; more;) {
      const page = await this.#page(await this.store.place(), signal);
      await this.store.put(page.items, page.cursor, page.changes);
      count += page.items.length;
      more = page.next !== null;
    }
    return count;
  }

  /** Follow the stream until the signal says so, through whatever breaks; what was missed comes first. */
  async follow(following: Following): Promise<void> {
    const { signal } = following;
    while (!signal.aborted) {
      let wait = COME_BACK_MS;
      try {
        wait = await this.#stream(following);
      } catch (error) {
        if (error instanceof ProblemError && !(await this.#begunAnew(error))) throw error;
      }
      following.onLive?.(false);
      await sleep(wait, signal).catch(() => undefined);
    }
  }

  /** Mark everything up to the newest that is stored as read, on all of the person's devices; how many are unread. */
  async markRead(through?: string): Promise<number> {
    const place = through ?? (await this.store.place());
    return (await this.#client.send<{ unread: number }>("POST", "/v1/inbox/read", { through: place })).unread;
  }

  /** The number for the badge. */
  async unread(): Promise<number> {
    return (await this.#client.get<{ unread: number }>("/v1/inbox/unread")).unread;
  }

  /** Read one message; put it away, or bring it back. On all of the person's devices. */
  async change(id: string, done: { read?: true; archived?: boolean }): Promise<Message> {
    const message = await this.#client.send<Message>("PATCH", `/v1/inbox/${id}`, done);
    const { read_at = null, archived_at = null } = message;
    await this.#apply({ id, through: null, read_at, archived_at, deleted_at: null });
    return message;
  }

  /** Delete one, on all of the person's devices. */
  async delete(id: string): Promise<void> {
    await this.#client.send("DELETE", `/v1/inbox/${id}`);
    const deleted_at = this.#client.now().toISOString();
    await this.#apply({ id, through: null, read_at: null, archived_at: null, deleted_at });
  }

  async #apply(change: Change): Promise<void> {
    await this.store.put([], await this.store.place(), [change]);
  }

  async #page(after: string, signal?: AbortSignal): Promise<Page> {
    const query = new URLSearchParams({ after, limit: String(PAGE), ...this.#sign() });
    try {
      return await this.#client.get(`/v1/inbox?${query}`, signal ? { signal } : {});
    } catch (error) {
      if (!(await this.#begunAnew(error))) throw error;
      return this.#page("0", signal);
    }
  }

  #sign(): Record<string, string> {
    return this.#device === undefined ? {} : { device: this.#device };
  }

  /** Whether the place was another inbox's, as after everything was forgotten, and what is stored is dropped now. */
  async #begunAnew(error: unknown): Promise<boolean> {
    if (!(error instanceof ProblemError) || error.code !== "beyond-the-end") return false;
    await this.store.clear();
    return true;
  }

  /** One stream from its opening to its end; milliseconds after which to come back. */
  async #stream({ signal, onMessage, onChange, onLive }: Following): Promise<number> {
    const [silence, query] = [new AbortController(), new URLSearchParams(this.#sign())];
    const ends = () => silence.abort(signal.reason);
    signal.addEventListener("abort", ends, { once: true });
    let [wait, timer] = [COME_BACK_MS, setTimeout(ends, SILENCE_MS)];
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(ends, SILENCE_MS);
    };
    try {
      const headers = { Accept: "text/event-stream", "Last-Event-ID": await this.store.place() };
      const answer = await this.#client.request("GET", `/v1/inbox/stream?${query}`, {
        headers,
        signal: silence.signal,
      });
      onLive?.(true);
      for await (const event of events(answer.body!, heard)) {
        wait = event.retry ?? wait;
        if (event.data === "") continue;
        const told = JSON.parse(event.data) as unknown;
        if (event.event === "message") {
          await this.store.put([told as Message], event.id);
          onMessage?.(told as Message);
        } else if (event.event === "change") {
          await this.store.put([], event.id, [told as Change]);
          onChange?.(told as Change);
        }
      }
    } catch (error) {
      // A stream that breaks is followed anew; what was refused is told to whoever follows.
      if (error instanceof ProblemError) throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", ends);
    }
    return wait;
  }
}
