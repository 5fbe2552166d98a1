// Codes that were answered, by the names that people read.

import { choicesOf } from "./form/fields.js";
import { type FormSchema, isObject, type Json } from "./form/schema.js";
import type { Call, Client } from "./http/client.js";

/**
 * What people read in place of an answer: the word of a choice, or the name in the list that the field chooses from; of
 * a list's entry with the schema of its field. What is in no list any more stands for itself.
 */
export async function nameOf(client: Client, schema: FormSchema, value: Json, call: Call = {}): Promise<string> {
  const choice = choicesOf(schema).find((one) => one.value === value);
  if (choice !== undefined) return choice.title;
  const listed = chosenFrom(schema);
  if (listed !== undefined) {
    const asked = listed.search === undefined ? "" : `?${new URLSearchParams({ [listed.search]: String(value) })}`;
    for await (const row of client.rows<Json>(listed.list + asked, call)) {
      if (at(row, listed.value) === value) return String(at(row, listed.title));
    }
  }
  return String(value);
}

/** The list of the API from which a field, or each entry of it, is chosen. */
function chosenFrom(schema: FormSchema): FormSchema["x-choices"] {
  return schema["x-choices"] ?? (typeof schema.items === "object" ? schema.items["x-choices"] : undefined);
}

/** What a row has at a JSON Pointer. */
const at = (row: Json, pointer: string): Json | undefined =>
  pointer
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<Json | undefined>((held, name) => (isObject(held) ? held[name] : undefined), row);
