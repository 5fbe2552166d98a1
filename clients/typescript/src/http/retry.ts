// When the same request is sent again, as docs/api/start.md asks, and after how long.

/** Milliseconds: what is waited after a first failure without a word of how long, and at most. */
const FIRST_MS = 500;
const MOST_MS = 15_000;

/** Statuses of a server on the way, such as a proxy while the platform restarts. */
const ON_THE_WAY = new Set([502, 503, 504]);

/** What came back of a try: a status, the problem's code where the platform tells one, and the header Retry-After. */
export interface Outcome {
  readonly status: number;
  readonly code: string;
  readonly retryAfter: string | null;
}

/** Milliseconds after which it is sent again; undefined where the outcome is an answer. No outcome: nobody answered. */
export function pause(outcome: Outcome | undefined, tries = 0): number | undefined {
  const spread = Math.min(FIRST_MS * 2 ** tries, MOST_MS) * (0.5 + Math.random() / 2);
  if (outcome === undefined) return spread;
  const { status, code, retryAfter } = outcome;
  if (status === 429 || status === 503 || code === "still-running") return after(retryAfter) ?? spread;
  return code === "" && ON_THE_WAY.has(status) ? spread : undefined;
}

/** Milliseconds that Retry-After says: seconds, or a date. */
function after(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) ? Math.max(wait, 0) : undefined;
}

/** Waits; rejects with the signal's reason where that comes first. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      signal?.removeEventListener("abort", gone);
      resolve();
    }
    function gone(): void {
      clearTimeout(timer);
      reject(signal!.reason);
    }
    signal?.addEventListener("abort", gone, { once: true });
  });
}
