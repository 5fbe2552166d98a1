// The way of every request: who asks, in which language, how often, and under which key.

import type { Json } from "../form/schema.js";
import { MemoryTable, type Table } from "../stores/stores.js";
import { fingerprint, Intentions, named } from "./intentions.js";
import { ProblemError, problemOf, Unreachable } from "./problems.js";
import { pause, sleep } from "./retry.js";

export interface Options {
  /** The address of the API; empty in a page that comes from the same host. */
  readonly url?: string;
  /**
   * An access token that has not ended, or undefined for nobody. `refused` is the one that was just refused: sign in
   * anew, or get another one by the refresh token.
   */
  readonly token?: (refused?: string) => Promise<string | undefined>;
  /** `zh-CN` or `en`. */
  readonly language?: string;
  /** Where keys of what is on its way are kept: on the device, they outlive the app. */
  readonly keys?: Table;
  /** Milliseconds for which a request is tried again before it counts as unanswered. */
  readonly patience?: number;
  readonly fetch?: typeof fetch;
}

export interface Call {
  readonly body?: Json | FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** What the person means by a POST, such as "renew pass 17"; without one, the same request is the same intention. */
  readonly intention?: string;
  /** For what takes no token, such as a tip. */
  readonly anonymous?: boolean;
}

const PATIENCE_MS = 60_000;

export class Client {
  readonly #options: Options;
  readonly #intentions: Intentions;
  /** Milliseconds by which the server's clock is ahead of this device's. */
  #ahead = 0;

  constructor(options: Options = {}) {
    this.#options = options;
    this.#intentions = new Intentions(options.keys ?? new MemoryTable());
  }

  /** Now, by the server's clock as its last answer told it: a phone's own may be wrong. */
  now(): Date {
    return new Date(Date.now() + this.#ahead);
  }

  /** Read a document. Raises ProblemError and Unreachable. */
  async get<T>(path: string, call: Call = {}): Promise<T> {
    return (await (await this.request("GET", path, call)).json()) as T;
  }

  /** Send a document; undefined for an answer without one. Raises ProblemError and Unreachable. */
  async send<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: Json, call: Call = {}): Promise<T> {
    const answer = await this.request(method, path, body === undefined ? call : { ...call, body });
    const text = await answer.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** Every row of a list, page by page. */
  async *rows<T>(path: string, call: Call = {}): AsyncGenerator<T> {
    const [at, query] = path.split("?", 2) as [string, string?];
    for (let cursor: string | null = ""; cursor !== null;) {
      const asked: URLSearchParams = new URLSearchParams(query);
      if (cursor) asked.set("cursor", cursor);
      const page: { items: T[]; next: string | null } = await this.get(`${at}?${asked}`, call);
      yield* page.items;
      cursor = page.next;
    }
  }

  /** An answer below 400, however often it takes. Raises ProblemError and Unreachable. */
  async request(method: string, path: string, call: Call = {}): Promise<Response> {
    if (method !== "POST") return this.#tried(method, path, call, {});
    const body = call.body instanceof FormData ? await described(call.body) : JSON.stringify(call.body ?? {});
    const intention = call.intention ?? named(method, path, body);
    const key = await this.#intentions.key(intention);
    try {
      const answer = await this.#tried(method, path, call, { "Idempotency-Key": key });
      await this.#intentions.answered(intention);
      return answer;
    } catch (error) {
      if (error instanceof ProblemError && pause(error) === undefined) await this.#intentions.answered(intention);
      throw error;
    }
  }

  async #tried(method: string, path: string, call: Call, more: Record<string, string>): Promise<Response> {
    const until = Date.now() + (this.#options.patience ?? PATIENCE_MS);
    let [refused, anew] = [undefined as string | undefined, false];
    for (let tries = 0; ; tries++) {
      const token = call.anonymous ? undefined : await this.#options.token?.(refused);
      const answer = await this.#asked(method, path, call, { ...more, ...authorization(token) });
      if (answer?.ok) return answer;
      const problem = answer && (await problemOf(answer));
      refused = problem?.status === 401 && !anew ? token : undefined;
      if (refused !== undefined) {
        anew = true;
        continue;
      }
      const wait = pause(problem, tries);
      if (wait === undefined || Date.now() + wait > until) {
        throw problem ?? new Unreachable(`${method} ${path}: nobody answered.`);
      }
      await sleep(wait, call.signal);
    }
  }

  /** One try; undefined where nothing came back. */
  async #asked(method: string, path: string, call: Call, more: Record<string, string>): Promise<Response | undefined> {
    const { url = "", language, fetch: ask = fetch } = this.#options;
    const headers = new Headers({ ...(language ? { "Accept-Language": language } : {}), ...call.headers, ...more });
    const init: RequestInit = { method, headers, ...(call.signal ? { signal: call.signal } : {}) };
    if (call.body instanceof FormData) init.body = call.body;
    else if (call.body !== undefined || method === "POST") {
      headers.set("Content-Type", "application/json");
      init.body = JSON.stringify(call.body ?? {});
    }
    try {
      const answer = await ask(url + path, init);
      const date = Date.parse(answer.headers.get("Date") ?? "");
      if (Number.isFinite(date)) this.#ahead = date - Date.now();
      return answer;
    } catch {
      call.signal?.throwIfAborted();
      return undefined;
    }
  }
}

const authorization = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { Authorization: `Bearer ${token}` };

/** A form of files as a text that the same files have. */
async function described(form: FormData): Promise<string> {
  const parts = [...form].map(async ([name, value]) => {
    if (typeof value === "string") return [name, value];
    return [name, value.name, fingerprint(new Uint8Array(await value.arrayBuffer()))];
  });
  return JSON.stringify(await Promise.all(parts));
}
