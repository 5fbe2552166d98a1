// The form of an item or of an action, in the reader's language, as a client evaluates it without a call.

import { Calendar } from "./days.js";
import { type Field, fieldsOf, type Group, groupsOf } from "./fields.js";
import { Judge, type Problem } from "./judging.js";
import { closed, NUMBERS, spelled, typed } from "./numbers.js";
import { alike, fieldOf, type FormSchema, isAsked, isObject, type Json, type Schema } from "./schema.js";
import { isText } from "./values.js";

type Answers = Readonly<Record<string, Json>>;

export interface Circumstances {
  /** When the answers are handed in; now, unless it is said. */
  readonly at?: Date;
  /** The person's ID number as the identity provider has it: it is right whatever document it is of. */
  readonly verified?: string;
}

export class Form {
  readonly schema: FormSchema;
  readonly #city: string;

  /** `city` is the IANA name of the city's time zone: from its day the limits of days count. */
  constructor(schema: FormSchema, city = "Asia/Shanghai") {
    this.schema = schema;
    this.#city = city;
  }

  /** The answers with each number as the platform stores it, however it was typed. */
  spelled(answers: Json, verified = ""): Json {
    return this.#spelled(this.schema, answers, verified);
  }

  /** Everything that the platform would find in the answers, each once. */
  problems(answers: Json, { at = new Date(), verified = "" }: Circumstances = {}): Problem[] {
    if (!isText(answers)) return [{ pointer: "", code: "invalid" }];
    const judge = new Judge(this.schema, new Calendar(this.#city, at), verified);
    const found = judge.problems(this.schema, this.spelled(answers, verified));
    const unasked = new Set(found.filter((one) => one.code === "x-when").map((one) => one.pointer));
    const told = found.filter((one) => one.code !== "falseSchema" || !unasked.has(one.pointer));
    return [...new Map(told.map((one) => [`${one.code} ${one.pointer}`, one])).values()];
  }

  /** The fields that are asked now, by the answers so far, in the form's order. */
  fields(answers: Answers): Field[] {
    return fieldsOf(this.schema, answers);
  }

  /** The same by their groups. A group in which nothing is asked now is not there. */
  groups(answers: Answers): Group[] {
    return groupsOf(this.schema, answers);
  }

  /** The answers without what is not asked now: a choice that was changed leaves nothing behind. */
  asked(answers: Answers): Record<string, Json> {
    return asked(this.schema, answers as Json) as Record<string, Json>;
  }

  #spelled(schema: Schema | undefined, value: Json, verified: string): Json {
    if (typeof schema !== "object") return value;
    if (schema.$id !== undefined && schema !== this.schema) return new Form(schema).spelled(value, verified);
    const format = schema.format ?? "";
    if (typeof value === "string" && NUMBERS.includes(format)) {
      const own = format === "cn-resident-id" && verified !== "" && closed(typed(value)) === verified;
      value = own ? verified : spelled(format, value);
    } else if (Array.isArray(value)) {
      value = value.map((one, place) => this.#spelled(schema.prefixItems?.[place] ?? schema.items, one, verified));
    } else if (isObject(value)) {
      const inside = (name: string): Schema | undefined => fieldOf(schema, name) ?? schema.additionalProperties;
      const entries = Object.entries(value).map(([name, one]) => [name, this.#spelled(inside(name), one, verified)]);
      value = Object.fromEntries(entries) as Json;
    }
    return alike(this.schema, schema).reduce<Json>((held, other) => this.#spelled(other, held, verified), value);
  }
}

function asked(schema: Schema | undefined, answers: Json): Json {
  if (typeof schema !== "object") return answers;
  if (Array.isArray(answers)) return answers.map((one) => asked(schema.items, one));
  if (!isObject(answers)) return answers;
  let left = answers;
  for (let size = -1; size !== Object.keys(left).length;) {
    size = Object.keys(left).length;
    // One that goes may have been what another was asked for.
    const beside = left;
    left = Object.fromEntries(Object.entries(left).filter(([name]) => isAsked(schema, name, beside)));
  }
  return Object.fromEntries(Object.entries(left).map(([name, one]) => [name, asked(fieldOf(schema, name), one)]));
}
