// What a person does, alike for every item: begin something, take the next step, hand in a file.

import type { FormSchema, Json } from "./form/schema.js";
import type { Call, Client } from "./http/client.js";

/** An item, as far as a client for any item needs it; the guide's other members are there too. */
export interface Item {
  readonly code: string;
  readonly kind: string;
  readonly title: string;
  readonly form: FormSchema | null;
  readonly links: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

/** A step that may be taken now. */
export interface Action {
  readonly action: string;
  readonly label: string;
  readonly needs_reason: boolean;
  /** Whether it is the way on, and not one that withdraws or refuses. */
  readonly forward: boolean;
  /** Where it is taken. */
  readonly link: string;
  /** The form of all that it takes. */
  readonly body: FormSchema;
  readonly [member: string]: unknown;
}

/** Something that has a state. */
export interface Stateful {
  readonly id: string;
  readonly state: string;
  readonly permitted_actions: readonly Action[];
  readonly links: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

/** A file that was handed in; its id goes into the answers. */
export interface Attachment {
  readonly id: string;
  readonly state: string;
  readonly media_type: string;
  readonly size: number;
  readonly [member: string]: unknown;
}

/** The field of an item's form that takes a file, or the list that does. */
export interface Place {
  readonly item: string;
  readonly field: string;
}

/** Hand in a file. The same file twice on its way is one. With a `place` it is refused there before it is read. */
export async function upload(
  client: Client,
  file: Blob,
  name: string,
  call: Call = {},
  place?: Place,
): Promise<Attachment> {
  const body = new FormData();
  body.set("file", file, name);
  const query = place === undefined ? "" : `?${new URLSearchParams({ item: place.item, field: place.field })}`;
  const answer = await client.request("POST", `/v1/attachments${query}`, { ...call, body });
  return (await answer.json()) as Attachment;
}

/** What came of a beginning: a case to go on with, or a register's records; a code for whoever has no name. */
export interface Begun {
  readonly kind: string;
  readonly case: Stateful | null;
  readonly records: Json;
  readonly code: string | null;
}

/** Begin something with its `answers` and whatever its kind takes beside them (`begin.schema`). */
export function begin(client: Client, item: Item, envelope: Json, call: Call = {}): Promise<Begun> {
  return client.send("POST", item.links["begin"]!, envelope, call);
}

/** Take one of the `permitted_actions`, with what its `body` asks for. */
export function act(client: Client, action: Action, given: Json = {}, call: Call = {}): Promise<Stateful> {
  return client.send("POST", action.link, given, call);
}
