// A server that answers what a test tells it to, and remembers what it was asked.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { Json } from "../src/index.js";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Turn = (response: ServerResponse, asked: Asked) => void;

/** A JSON answer. */
export const json =
  (status: number, document: Json, headers: Record<string, string> = {}): Turn =>
  (response) => {
    const type = status < 400 ? "application/json" : "application/problem+json";
    response.writeHead(status, { "Content-Type": type, ...headers }).end(JSON.stringify(document));
  };

/** The connection breaks, and nobody knows what became of the request. */
export const nothing: Turn = (response) => response.destroy();

/** Answers requests with these turns, one after the other, and the last one ever after. */
export async function serving(test: TestContext, ...turns: Turn[]): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = "", url = "", headers } = request;
    const one = { method, path: url, headers, body: Buffer.concat(parts).toString() };
    asked.push(one);
    (turns.length > 1 ? turns.shift()! : turns[0]!)(response, one);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
