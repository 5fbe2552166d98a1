// What a served form is made of.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A JSON Schema 2020-12 with the platform's own keywords, in the reader's language. */
export interface FormSchema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly contains?: Schema;
  readonly minContains?: number;
  readonly maxContains?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly propertyNames?: Schema;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  readonly dependentSchemas?: Readonly<Record<string, Schema>>;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly if?: Schema;
  readonly then?: Schema;
  readonly else?: Schema;
  readonly $id?: string;
  readonly $ref?: string;
  readonly "x-when"?: Readonly<Record<string, readonly Json[]>>;
  readonly "x-required"?: boolean;
  readonly "x-not-before"?: string;
  readonly "x-not-after"?: string;
  readonly "x-in-order"?: readonly string[];
  readonly "x-pattern-hint"?: string;
  readonly "x-groups"?: readonly {
    readonly title?: string;
    readonly description?: string;
    readonly fields: readonly string[];
  }[];
  readonly "x-unit"?: string;
  readonly "x-shows"?: string;
  readonly "x-mask"?: string;
  readonly "x-attachment"?: boolean;
  readonly "x-accepts"?: readonly string[];
  readonly "x-prefill"?: string;
  readonly "x-choices"?: {
    readonly list: string;
    readonly value: string;
    readonly title: string;
    readonly search?: string;
    readonly within?: string;
    readonly divided?: string;
    readonly begins?: string;
    readonly from?: string;
    readonly to?: string;
  };
  readonly [keyword: string]: unknown;
}

export type Schema = boolean | FormSchema;

export const isObject = (value: unknown): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const own = <T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;

/** The schema of a named field, where the form has one. */
export const fieldOf = (schema: FormSchema, name: string): Schema | undefined => own(schema.properties, name);

/** Whether two JSON values are equal; the order of members says nothing. */
export function same(one: Json | undefined, other: Json | undefined): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((entry, place) => same(entry, other[place]));
  }
  if (isObject(one) && isObject(other)) {
    const names = Object.keys(one);
    const alike = names.length === Object.keys(other).length;
    return alike && names.every((name) => Object.hasOwn(other, name) && same(one[name], other[name]));
  }
  return one === other;
}

/** Whether a field of an object is asked, by what was answered beside it. */
export function isAsked(schema: FormSchema, name: string, beside: Readonly<Record<string, Json>>): boolean {
  const field = fieldOf(schema, name);
  const when = typeof field === "object" ? (field["x-when"] ?? {}) : {};
  return Object.entries(when).every(([other, values]) => hasOne(fieldOf(schema, other), own(beside, other), values));
}

/** Whether an answer is one of the values, or a list with an entry that is; of the type that its field is of. */
function hasOne(field: Schema | undefined, value: Json | undefined, values: readonly Json[]): boolean {
  const type = typeof field === "object" ? field.type : undefined;
  if (value === undefined || (type !== undefined && Array.isArray(value) !== (type === "array"))) return false;
  return (Array.isArray(value) ? value : [value]).some((one) => values.some((wanted) => same(one, wanted)));
}

/** The part of a form that `#/$defs/…` names. */
export function referred(form: FormSchema, ref: string): Schema {
  const names = decodeURIComponent(ref).split("/").slice(1);
  const step = (node: unknown, name: string): unknown =>
    (node as Record<string, unknown>)[name.replaceAll("~1", "/").replaceAll("~0", "~")];
  return names.reduce(step, form as unknown) as Schema;
}

/** What else a schema says of the same value. */
export function alike(form: FormSchema, schema: FormSchema): Schema[] {
  const branches = [schema.then, schema.else].filter((branch) => branch !== undefined);
  const ref = schema.$ref === undefined ? [] : [referred(form, schema.$ref)];
  return [...ref, ...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...branches];
}

/** A JSON Pointer to something inside. */
export const below = (pointer: string, part: string | number): string =>
  `${pointer}/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`;
