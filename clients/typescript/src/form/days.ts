// Days and moments as forms write them, and the limits that count from the day in the city. A day is a number: days
// since 1 January 1970. A moment is a bigint: microseconds since then.

const DAY_MS = 86_400_000;
const MOMENT =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:\.([0-9]+))?([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$/u;

function dayNumber(year: number, month: number, date: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, date) / DAY_MS;
}

const FIRST = dayNumber(1, 1, 1);
const LAST = dayNumber(9999, 12, 31);

/** A day as RFC 3339 writes it. */
export function written(day: number): string {
  const date = new Date(day * DAY_MS);
  const [year, month, of] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()].map(String);
  return `${year!.padStart(4, "0")}-${month!.padStart(2, "0")}-${of!.padStart(2, "0")}`;
}

/** The day of an RFC 3339 full-date, or undefined. */
export function dayOf(text: string): number | undefined {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/u.test(text)) return undefined;
  const day = dayNumber(Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8)));
  return day >= FIRST && written(day) === text ? day : undefined;
}

/** The moment of an RFC 3339 date-time, or undefined. */
export function momentOf(text: string): bigint | undefined {
  const found = MOMENT.exec(text);
  const day = found ? dayOf(found[1]!) : undefined;
  if (!found || day === undefined) return undefined;
  const [hours, minutes, seconds] = found[2]!.split(":").map(Number) as [number, number, number];
  const offset = found[4]!.length === 1 ? [0, 0] : found[4]!.slice(1).split(":").map(Number);
  const away = (offset[0]! * 60 + offset[1]!) * (found[4]![0] === "-" ? -1 : 1);
  const whole = day * 86_400 + hours * 3_600 + (minutes - away) * 60 + seconds;
  return BigInt(whole) * 1_000_000n + BigInt((found[3] ?? "").padEnd(6, "0").slice(0, 6));
}

/** Knows the city's days. */
export class Calendar {
  readonly today: number;
  readonly #dates: Intl.DateTimeFormat;

  /** By an IANA name, at a moment. */
  constructor(zone: string, at: Date) {
    this.#dates = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
    });
    this.today = this.#day(at)!;
  }

  /** The day in the city of a date or a date-time; undefined for what is neither. */
  dayIn(value: unknown): number | undefined {
    if (typeof value !== "string") return undefined;
    const moment = momentOf(value);
    if (moment === undefined) return dayOf(value);
    return this.#day(new Date(Number(moment / 1_000n))) ?? dayOf(value.slice(0, 10));
  }

  /** The day that `today`, `-18y`, `+90d` or `2015-04-01` means today; a month that is shorter ends on its last day. */
  limit(written: string): number {
    const fixed = dayOf(written);
    const found = /^([+-][0-9]+)([dwmy])$/u.exec(written);
    if (fixed !== undefined) return fixed;
    if (!found) return this.today;
    const [count, unit] = [Number(found[1]), found[2]!];
    const day =
      unit === "d" || unit === "w"
        ? this.today + count * (unit === "w" ? 7 : 1)
        : this.#monthsOn(count * (unit === "y" ? 12 : 1));
    return Math.min(Math.max(day, FIRST), LAST);
  }

  /** By the moment where both say one, otherwise by the day in the city. */
  comesBefore(one: string, other: string): boolean {
    const moments = [momentOf(one), momentOf(other)] as const;
    if (moments[0] !== undefined && moments[1] !== undefined) return moments[0] < moments[1];
    return this.dayIn(one)! < this.dayIn(other)!;
  }

  #monthsOn(count: number): number {
    const today = new Date(this.today * DAY_MS);
    const month = today.getUTCFullYear() * 12 + today.getUTCMonth() + count;
    const [year, of] = [Math.floor(month / 12), (month % 12) + 1];
    if (year < 1) return FIRST;
    if (year > 9999) return LAST;
    return Math.min(dayNumber(year, of, today.getUTCDate()), dayNumber(year, of + 1, 1) - 1);
  }

  #day(at: Date): number | undefined {
    const parts = Object.fromEntries(this.#dates.formatToParts(at).map((part) => [part.type, part.value]));
    const day = dayNumber(Number(parts["year"]), Number(parts["month"]), Number(parts["day"]));
    return parts["era"] === "AD" && day <= LAST ? day : undefined;
  }
}
