// What a form shows: its fields in order, with the words that people read.

import { below, type FormSchema, isAsked, isObject, type Json, type Schema } from "./schema.js";

/** A value that may be given, and its word. */
export interface Choice {
  readonly value: Json;
  readonly title: string;
}

/** A field that is asked now; `schema` has all that the form says of it. */
export interface Field {
  readonly name: string;
  readonly pointer: string;
  readonly title: string;
  readonly hint: string;
  /** The title of its group; empty without one. */
  readonly group: string;
  readonly required: boolean;
  readonly unit: string;
  readonly choices: readonly Choice[];
  readonly schema: FormSchema;
}

/** Fields that stand together under one title; no title, no hint: those of a form without groups. */
export interface Group {
  readonly title: string;
  readonly hint: string;
  readonly fields: readonly Field[];
}

/** The groups of an object in which something is asked now, in order. */
export function groupsOf(schema: FormSchema, answers: Readonly<Record<string, Json>>, pointer = ""): Group[] {
  const asked = fieldsOf(schema, answers, pointer);
  const groups = [...(schema["x-groups"] ?? [])];
  const grouped = new Set(groups.flatMap((one) => one.fields));
  groups.push({ fields: Object.keys(schema.properties ?? {}).filter((name) => !grouped.has(name)) });
  const told = groups.map(({ title = "", description: hint = "", fields: names }) => {
    const fields = names.flatMap((name) => asked.filter((one) => one.name === name));
    return { title, hint, fields };
  });
  return told.filter((one) => one.fields.length > 0);
}

/** The fields of an object that are asked now, in the order of its groups. */
export function fieldsOf(schema: FormSchema, answers: Readonly<Record<string, Json>>, pointer = ""): Field[] {
  const fields = schema.properties ?? {};
  const groups = new Map<string, string>();
  for (const group of schema["x-groups"] ?? []) {
    for (const name of group.fields) groups.set(name, group.title ?? "");
  }
  for (const name of Object.keys(fields)) if (!groups.has(name)) groups.set(name, "");
  return [...groups].flatMap(([name, group]) => {
    const field = fields[name];
    if (!isObject(field) || !isAsked(schema, name, answers)) return [];
    const required = schema.required?.includes(name) || field["x-required"] === true;
    return [fieldOf(name, field as FormSchema, below(pointer, name), group, required)];
  });
}

function fieldOf(name: string, schema: FormSchema, pointer: string, group: string, required: boolean): Field {
  const { title = "", description: hint = "" } = schema;
  return {
    name,
    pointer,
    title,
    hint,
    group,
    required,
    unit: schema["x-unit"] ?? "",
    choices: choicesOf(schema),
    schema,
  };
}

/** The choices of a field, or of each entry of a list; empty where anything may be given. */
export function choicesOf(schema: Schema): Choice[] {
  if (typeof schema === "boolean") return [];
  if (schema.items !== undefined) return choicesOf(schema.items);
  const branches = (schema.oneOf ?? []).filter(
    (one) => typeof one === "object" && one.const !== undefined,
  ) as FormSchema[];
  if (branches.length > 0)
    return branches.map(({ const: value, title }) => ({ value: value!, title: title ?? String(value) }));
  return (schema.enum ?? []).map((value) => ({ value, title: String(value) }));
}
