// What is known of the person: shown to them first, and filled in once they have agreed.

import type { Json } from "./form/schema.js";
import type { Call, Client } from "./http/client.js";
import type { Item } from "./verbs.js";

/** A field that could be filled in. */
export interface Known {
  readonly pointer: string;
  readonly title: string;
  readonly known: string;
  readonly known_title: string;
  readonly value: string;
  /** Where it is from; `case` is null for the sign-in. */
  readonly source: { readonly title: string; readonly case: { readonly number: string } | null };
}

export interface Prefill {
  readonly fields: readonly Known[];
  /** What the person agrees to, by language; null where nothing is known. */
  readonly consent: { readonly id: string; readonly text: Readonly<Record<string, string>> } | null;
}

/** What could be filled in; undefined for an item whose form asks for nothing that may be known. */
export async function prefill(client: Client, item: Item, call: Call = {}): Promise<Prefill | undefined> {
  const link = item.links["prefill"];
  return link === undefined ? undefined : client.get(link, call);
}

/**
 * The answers that the person agreed to, or those at some pointers. Lay them over what is there, and put the whole
 * through `Form.asked`.
 */
export async function fillIn(
  client: Client,
  item: Item,
  consent: string,
  fields?: readonly string[],
): Promise<Record<string, Json>> {
  const wish = fields === undefined ? { consent } : { consent, fields: [...fields] };
  const answer: { answers: Record<string, Json> } = await client.send("POST", item.links["prefill"]!, wish);
  return answer.answers;
}
