// Server-sent events, read from an answer's body: unlike a browser's EventSource, fetch sends a token in its header.

export interface ServerEvent {
  /** The id of the last event that had one. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
  /** Milliseconds after which to come back, where the server says so. */
  readonly retry?: number;
}

/** The lines of a body, each without its end. A line that is not whole when the body ends is none. */
async function* lines(body: ReadableStream<Uint8Array>, heard: () => void): AsyncGenerator<string> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      text += value;
      // A "\r" at the end may be the half of one.
      const whole = text.split(/\r\n|\n|\r(?!$)/u);
      text = whole.pop()!;
      yield* whole;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The events of a body, by the HTML standard's rules; `heard` is called for every sign of life. */
export async function* events(body: ReadableStream<Uint8Array>, heard: () => void): AsyncGenerator<ServerEvent> {
  let [id, event, retry] = ["", "", undefined as number | undefined];
  let data: string[] = [];
  for await (const line of lines(body, heard)) {
    if (line === "") {
      if (data.length > 0 || retry !== undefined) {
        yield { id, event: event || "message", data: data.join("\n"), ...(retry === undefined ? {} : { retry }) };
      }
      [event, retry, data] = ["", undefined, []];
      continue;
    }
    const [name, value] = field(line);
    if (name === "id" && !value.includes("\0")) id = value;
    else if (name === "event") event = value;
    else if (name === "data") data.push(value);
    else if (name === "retry" && /^[0-9]+$/u.test(value)) retry = Number(value);
  }
}

function field(line: string): [string, string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /u, "")];
}
