// Numbers and texts, as the keywords of one value look at them.

import { dayOf, momentOf } from "./days.js";
import { isNumber, NUMBERS } from "./numbers.js";
import { isObject, type Json } from "./schema.js";

const UUID = /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/u;
const BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`, "u");

/** The formats that are judged here; others are the platform's to judge. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => dayOf(text) !== undefined,
  "date-time": (text) => momentOf(text) !== undefined,
  uuid: (text) => UUID.test(text),
  ipv4: (text) => IPV4.test(text),
  ...Object.fromEntries(NUMBERS.map((format) => [format, (text: string) => isNumber(format, text)])),
};

/** Whether a text is of a format, as far as this client knows it. */
export const isOf = (format: string, text: string): boolean => FORMATS[format]?.(text) ?? true;

/** The characters of a text: a sign outside the basic plane is one. */
export const lengthOf = (text: string): number => [...text].length;

/** Whether a value is of one of JSON Schema's types. */
export function isType(type: string, value: Json): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

/** A number as it is written: its digits, and how many of them stand behind the point. */
function decimal(value: number): [bigint, number] {
  const [digits, exponent] = String(value).split("e") as [string, string?];
  const [whole, fraction = ""] = digits.split(".") as [string, string?];
  const places = fraction.length - Number(exponent ?? 0);
  return places < 0 ? [BigInt(whole) * 10n ** BigInt(-places), 0] : [BigInt(whole + fraction), places];
}

function isMultiple(value: number, of: number): boolean {
  const [[one, places], [other, otherPlaces]] = [decimal(value), decimal(of)];
  const most = Math.max(places, otherPlaces);
  return (one * 10n ** BigInt(most - places)) % (other * 10n ** BigInt(most - otherPlaces)) === 0n;
}

/** Keyword of a number → whether a value keeps to its limit. */
export const LIMITS = {
  minimum: (value: number, limit: number) => value >= limit,
  maximum: (value: number, limit: number) => value <= limit,
  exclusiveMinimum: (value: number, limit: number) => value > limit,
  exclusiveMaximum: (value: number, limit: number) => value < limit,
  multipleOf: isMultiple,
} as const;

/** Whether all the text in a value is Unicode's: half of a pair is none, and no platform can store it. */
export function isText(value: Json): boolean {
  if (typeof value === "string") return !/[\ud800-\udfff]/u.test(value);
  if (Array.isArray(value)) return value.every(isText);
  return !isObject(value) || Object.entries(value).every(([name, held]) => isText(name) && isText(held));
}
