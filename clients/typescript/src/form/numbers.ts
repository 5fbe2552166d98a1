// The numbers that Chinese forms ask for: what is one, and the one spelling in which the platform stores it.

/** Characters of a number as somebody types it; a longer text is none. */
const MAX_TYPED_CHARS = 64;

const SIGN = "[A-HJ-NP-Z0-9]";
const PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]";
const OFFICE = `${PROVINCE}[A-HJ-NP-Z]`;
const PLATE = [
  `${OFFICE}${SIGN}{4}[A-HJ-NP-Z0-9挂学警领]`,
  `${OFFICE}${SIGN}{5}领`,
  `${OFFICE}(?:[A-HJK]${SIGN}[0-9]{4}|[0-9]{5}[A-HJK])`,
  `${OFFICE}${SIGN}{4,5}[临试超]`,
  `粤Z${SIGN}{4}[港澳]`,
  "[0-9]{6}[使领]|[使领][0-9]{6}",
  `${PROVINCE}${SIGN}[0-9]{4}应急|应急${PROVINCE}[0-9]{3}${SIGN}`,
].join("|");
const MOBILE = "1[3-9][0-9]{9}";
const SERVICE = "[48]00[0-9]{7}";
const AREA = "(?:10|2[0-9]|[3-9][0-9]{2})";

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`, "u");

/** Format → what its numbers look like as they are stored, right or wrong. */
const STORED: Readonly<Record<string, RegExp>> = {
  "cn-resident-id": whole("[0-9]{17}[0-9X]|[A-Z]{3}[0-9]{12}"),
  "cn-uscc": whole("[0-9A-HJ-NPQRTUWXY]{18}"),
  "cn-plate": whole(PLATE),
  "cn-mobile": whole(MOBILE),
  "cn-phone": whole(`${MOBILE}|0${AREA}-[2-8][0-9]{6,7}(?:-[0-9]{1,6})?|${SERVICE}`),
  "cn-division": whole("[1-8][0-9]{5}"),
};

/** The formats of numbers. */
export const NUMBERS: readonly string[] = Object.keys(STORED);

/** GB/T 2260's provinces, and what residence permits for residents of Hong Kong, Macau and Taiwan begin with. */
const PROVINCES = /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71)/;
const PERMITS = /^(?:8[1-3]|9)/;
const CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/** Whether a text is a number of this format, as it is stored. */
export function isNumber(format: string, text: string): boolean {
  if (!STORED[format]?.test(text)) return false;
  if (format === "cn-resident-id") return text.length === 15 ? isForeigner(text) : isResident(text);
  return format !== "cn-uscc" || isCreditCode(text);
}

/** The sum of what each sign is worth, by its place. */
function weighted(text: string, worth: (sign: string, place: number) => number): number {
  return [...text].reduce((sum, sign, place) => sum + worth(sign, place), 0);
}

/** GB 11643, with the check digit of ISO 7064, MOD 11-2. */
function isResident(text: string): boolean {
  const rest = weighted(text.slice(0, 17), (sign, place) => Number(sign) * (2 ** (17 - place) % 11)) % 11;
  const begins = PROVINCES.test(text) || PERMITS.test(text);
  return begins && text[17] === "10X98765432"[rest] && wasBorn(text.slice(6, 14));
}

/** A permanent residence card of before December 2023, with the check digit of ICAO 9303. */
function isForeigner(text: string): boolean {
  const worth = (sign: string, place: number) => parseInt(sign, 36) * [7, 3, 1][place % 3]!;
  const right = PROVINCES.test(text.slice(3)) && weighted(text.slice(0, 14), worth) % 10 === Number(text[14]);
  return right && ["19", "20"].some((century) => wasBorn(century + text.slice(7, 13)));
}

function wasBorn(day: string): boolean {
  const [year, month, date] = [Number(day.slice(0, 4)), Number(day.slice(4, 6)), Number(day.slice(6))];
  const born = new Date(Date.UTC(year, month - 1, date));
  const real = born.getUTCMonth() === month - 1 && born.getUTCDate() === date;
  // Numbers are given out by China's clock.
  return real && year >= 1800 && born.getTime() <= Date.now() + 8 * 3_600_000;
}

/** GB 32100: eight digits first, and a check sign of MOD 31. */
function isCreditCode(text: string): boolean {
  const weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
  const sum = weighted(text.slice(0, 17), (sign, place) => CREDIT_SIGNS.indexOf(sign) * weights[place]!);
  return /^[0-9]{8}/.test(text) && text[17] === CREDIT_SIGNS[(31 - (sum % 31)) % 31];
}

const UNSEEN = /[ \u00a0\u00ad\u2000-\u200f\u202a-\u202e\u202f\u205f\u2060\u2066-\u2069\u3000\ufeff]/gu;
const LANDLINE = new RegExp(
  `^(?:0|(?:\\+86|0086|86)0?)(${AREA})-?([2-8][0-9]{2,3})-?([0-9]{4})(?:(?:-|转|轉|分机|EXT·?|#)([0-9]{1,6}))?$`,
  "u",
);
const ABROAD = new RegExp(`^(?:\\+?86|0086)(${MOBILE}|${SERVICE})$`, "u");

/** Full-width signs as ASCII has them, letters as capitals, without what nobody sees; hyphens and dots as one. */
export function typed(text: string): string {
  return text
    .replace(UNSEEN, "")
    .replace(/[・•‧∙⋅．.｡]/gu, "·")
    .replace(/[‐‑‒–—―−﹣ー]/gu, "-")
    .replace(/[！-～]/gu, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/[a-z]/gu, (letter) => letter.toUpperCase());
}

/** Without what groups a number's signs. */
export const closed = (text: string): string => text.replace(/[-·()]/gu, "");

/** A number as it is stored, however it was typed; a text that is none stays as it is. */
export function spelled(format: string, text: string): string {
  if (STORED[format]!.test(text) || [...text].length > MAX_TYPED_CHARS) return text;
  const seen = typed(text);
  const landline = format === "cn-phone" ? LANDLINE.exec(seen.replace(/[()]/gu, "")) : null;
  let number = closed(seen);
  if (landline) {
    const [, area, first, last, extension] = landline;
    number = `0${area}-${first}${last}${extension ? `-${extension}` : ""}`;
  } else if (format === "cn-phone" || format === "cn-mobile") {
    number = ABROAD.exec(number)?.[1] ?? number;
  }
  return isNumber(format, number) ? number : text;
}
