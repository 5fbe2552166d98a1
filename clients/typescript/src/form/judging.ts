// Answers held against a served form, keyword by keyword: the same problems as the platform finds, before it is asked.
// What is not known here (`unevaluatedProperties`, `unevaluatedItems`, further formats) is left to the platform.

import { Calendar, written } from "./days.js";
import { isMet } from "./patterns.js";
import {
  below,
  fieldOf,
  type FormSchema,
  isAsked,
  isObject,
  type Json,
  referred,
  same,
  type Schema,
} from "./schema.js";
import { isOf, isType, lengthOf, LIMITS } from "./values.js";

/** What is wrong at one place: the keyword is the code, as in the platform's problem documents. */
export interface Problem {
  /** JSON Pointer into the answers. */
  readonly pointer: string;
  readonly code: string;
  /** What the keyword says: a limit, a list of values, a format's name, the last day that is taken. */
  readonly says?: unknown;
  /** What the author says of a pattern. */
  readonly hint?: string;
}

export class Judge {
  readonly #form: FormSchema;
  readonly #calendar: Calendar;
  readonly #verified: string;
  readonly #found: Problem[] = [];

  constructor(form: FormSchema, calendar: Calendar, verified: string) {
    this.#form = form;
    this.#calendar = calendar;
    this.#verified = verified;
  }

  /** Everything that a schema has against a value. */
  problems(schema: Schema, value: Json, pointer = ""): Problem[] {
    const judge = new Judge(this.#form, this.#calendar, this.#verified);
    judge.#look(schema, value, pointer);
    return judge.#found;
  }

  #fits(schema: Schema, value: Json): boolean {
    return this.problems(schema, value).length === 0;
  }

  #say(wrong: boolean, pointer: string, code: string, says?: unknown, hint?: string): void {
    if (wrong) this.#found.push({ pointer, code, says, ...(hint ? { hint } : {}) });
  }

  #look(schema: Schema, value: Json, pointer: string): void {
    if (typeof schema === "boolean") return this.#say(!schema, pointer, "falseSchema");
    if (schema.$id !== undefined && schema !== this.#form) {
      // A form inside an action's body refers to itself.
      const found = new Judge(schema, this.#calendar, this.#verified).problems(schema, value, pointer);
      this.#found.push(...found);
      return;
    }
    this.#any(schema, value, pointer);
    this.#branches(schema, value, pointer);
    if (typeof value === "string") this.#string(schema, value, pointer);
    else if (typeof value === "number") this.#number(schema, value, pointer);
    else if (Array.isArray(value)) this.#array(schema, value, pointer);
    else if (isObject(value)) this.#object(schema, value, pointer);
  }

  #any(schema: FormSchema, value: Json, pointer: string): void {
    const types = typeof schema.type === "string" ? [schema.type] : schema.type;
    this.#say(types !== undefined && !types.some((type) => isType(type, value)), pointer, "type", types);
    const choices = schema.enum;
    this.#say(choices !== undefined && !choices.some((one) => same(one, value)), pointer, "enum", choices);
    this.#say("const" in schema && !same(schema.const, value), pointer, "const", schema.const);
  }

  #branches(schema: FormSchema, value: Json, pointer: string): void {
    if (schema.$ref !== undefined) this.#look(referred(this.#form, schema.$ref), value, pointer);
    for (const one of schema.allOf ?? []) this.#look(one, value, pointer);
    this.#say(schema.not !== undefined && this.#fits(schema.not, value), pointer, "not");
    if (schema.if !== undefined) {
      this.#look((this.#fits(schema.if, value) ? schema.then : schema.else) ?? true, value, pointer);
    }
    for (const code of ["anyOf", "oneOf"] as const) {
      const tried = (schema[code] ?? []).map((one) => this.problems(one, value, pointer));
      const fitting = tried.filter((found) => found.length === 0).length;
      if (tried.length > 0 && fitting === 0) this.#found.push(...nearest(tried, pointer, code));
      else this.#say(code === "oneOf" && fitting > 1, pointer, code);
    }
  }

  #number(schema: FormSchema, value: number, pointer: string): void {
    for (const [code, holds] of Object.entries(LIMITS)) {
      const limit = schema[code];
      this.#say(typeof limit === "number" && !holds(value, limit), pointer, code, limit);
    }
  }

  #string(schema: FormSchema, text: string, pointer: string): void {
    this.#size(schema.minLength, schema.maxLength, lengthOf(text), pointer, "Length");
    const { pattern, format } = schema;
    this.#say(pattern !== undefined && !isMet(pattern, text), pointer, "pattern", pattern, schema["x-pattern-hint"]);
    const verified = format === "cn-resident-id" && this.#verified !== "" && text === this.#verified;
    this.#say(format !== undefined && !verified && !isOf(format, text), pointer, "format", format);
    for (const [code, sign] of [
      ["x-not-before", 1],
      ["x-not-after", -1],
    ] as const) {
      const limit = schema[code];
      const day = limit === undefined ? undefined : this.#calendar.dayIn(text);
      if (limit === undefined || day === undefined) continue;
      const bound = this.#calendar.limit(limit);
      this.#say((day - bound) * sign < 0, pointer, code, written(bound));
    }
  }

  #size(least: number | undefined, most: number | undefined, size: number, pointer: string, what: string): void {
    this.#say(size < (least ?? 0), pointer, `min${what}`, least);
    this.#say(size > (most ?? Infinity), pointer, `max${what}`, most);
  }

  #array(schema: FormSchema, entries: Json[], pointer: string): void {
    this.#size(schema.minItems, schema.maxItems, entries.length, pointer, "Items");
    const twice = schema.uniqueItems && entries.some((one, at) => entries.slice(0, at).some((two) => same(one, two)));
    this.#say(twice === true, pointer, "uniqueItems");
    entries.forEach((entry, place) => {
      this.#look(schema.prefixItems?.[place] ?? schema.items ?? true, entry, below(pointer, place));
    });
    const { contains, minContains, maxContains } = schema;
    if (contains === undefined) return;
    const count = entries.filter((entry) => this.#fits(contains, entry)).length;
    this.#say(count < (minContains ?? 1), pointer, minContains === undefined ? "contains" : "minContains", minContains);
    this.#say(count > (maxContains ?? Infinity), pointer, "maxContains", maxContains);
  }

  #object(schema: FormSchema, value: Record<string, Json>, pointer: string): void {
    this.#size(schema.minProperties, schema.maxProperties, Object.keys(value).length, pointer, "Properties");
    const has = (name: string): boolean => Object.hasOwn(value, name);
    for (const name of schema.required ?? []) {
      this.#say(!has(name) && isAsked(schema, name, value), below(pointer, name), "required");
    }
    for (const [name, names] of Object.entries(schema.dependentRequired ?? {})) {
      for (const one of names) this.#say(has(name) && !has(one), below(pointer, one), "dependentRequired");
    }
    for (const [name, dependent] of Object.entries(schema.dependentSchemas ?? {})) {
      if (has(name)) this.#look(dependent, value, pointer);
    }
    for (const [name, held] of Object.entries(value)) this.#field(schema, name, held, below(pointer, name));
    this.#conditions(schema, value, pointer);
    this.#order(schema["x-in-order"] ?? [], value, pointer);
  }

  #field(schema: FormSchema, name: string, value: Json, pointer: string): void {
    const { propertyNames, patternProperties, additionalProperties } = schema;
    this.#say(propertyNames !== undefined && !this.#fits(propertyNames, name), pointer, "propertyNames");
    const field = fieldOf(schema, name);
    const known = Object.entries(patternProperties ?? {}).flatMap(([of, one]) => (isMet(of, name) ? [one] : []));
    if (field !== undefined) known.push(field);
    for (const one of known) this.#look(one, value, pointer);
    if (known.length > 0) return;
    if (additionalProperties === false) this.#say(true, pointer, "additionalProperties");
    else this.#look(additionalProperties ?? true, value, pointer);
  }

  #conditions(schema: FormSchema, value: Record<string, Json>, pointer: string): void {
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (typeof field === "boolean" || field["x-when"] === undefined) continue;
      const [asked, given] = [isAsked(schema, name, value), Object.hasOwn(value, name)];
      this.#say(!asked && given, below(pointer, name), "x-when", field["x-when"]);
      this.#say(asked && !given && field["x-required"] === true, below(pointer, name), "required");
    }
  }

  #order(names: readonly string[], value: Record<string, Json>, pointer: string): void {
    let earlier: string | undefined;
    for (const name of names) {
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      if (typeof given !== "string" || this.#calendar.dayIn(given) === undefined) continue;
      if (earlier !== undefined && this.#calendar.comesBefore(given, value[earlier] as string)) {
        this.#say(true, below(pointer, name), "x-in-order", earlier);
      } else {
        earlier = name;
      }
    }
  }
}

/** The problems of the branch that was meant, where that shows; else one problem of the whole. */
function nearest(tried: Problem[][], pointer: string, code: string): Problem[] {
  const misfits = tried.map((branch) => branch.filter((one) => isMisfit(one, pointer)));
  const meant = tried.filter((_, place) => misfits[place]!.length === 0);
  if (meant.length === 1) return meant[0]!;
  const firsts = misfits.flatMap((misfit) => misfit.slice(0, 1));
  const others = firsts.filter((one) => !same(one.says as Json, ["null"]));
  const telling = others.length > 0 ? others : firsts;
  if (meant.length > 0 || new Set(telling.map((one) => one.pointer)).size !== 1) return [{ pointer, code }];
  const types = telling.every((one) => one.code === "type");
  if (types) return [{ pointer, code: "type", says: telling.flatMap((one) => one.says as string[]) }];
  const options = telling.flatMap((one) => (one.code === "const" ? [one.says] : (one.says as unknown[])));
  return [{ pointer: telling[0]!.pointer, code: "enum", says: options }];
}

/** Whether a problem shows that another branch was meant. */
function isMisfit(problem: Problem, pointer: string): boolean {
  const here = problem.pointer === pointer;
  const inside = problem.pointer.slice(0, problem.pointer.lastIndexOf("/")) === pointer;
  return problem.code === "type" ? here : ["const", "enum"].includes(problem.code) && (here || inside);
}
