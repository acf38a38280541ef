/**
 * Phone numbers, judged by libphonenumber's own tables. Written internationally (`+49 30 …`, `0049 …`)
 * a number is found anywhere; written nationally only after a word that announces one, since ten digits
 * are anything.
 */
import { createRequire } from "node:module";
import type { CountryCode } from "libphonenumber-js/max";
import type { Detector } from "./kinds.ts";

type Library = typeof import("libphonenumber-js/max");

/** The tables take some 40 ms to load. A process that meets no phone number never needs them. */
let library: Library | undefined;
function loadLibrary(): Library {
  library ??= createRequire(import.meta.url)("libphonenumber-js/max") as Library;
  return library;
}

const INTERNATIONAL = /(?<![\w+./-])(?:\+|00(?=[1-9]))[1-9(](?:[ \t().\-/\u00a0\u2011]{0,3}\d){6,15}(?!\w)/g;
const ANNOUNCED =
  /(?<![a-z])(?:(?:tele?)?(?:phone|fono|foon|fon)|tel|t[ée]l[ée]phone|t[ée]l|mobile?|mobil|handy|cell|call|text|ring|fax|whatsapp|sms|m[óo]vil|celular|portable|telefoon|numer|電話|电话|手机|전화)(?:[ _-]?(?:number|nummer|num[ée]ro|no|nr|us|me|me at|us at|at))?["']?[ \t]{0,2}[.:=#]{0,2}[ \t"']{0,3}(?:(?:is|at|ist|est|es|unter|au|al|on|under|number)[ \t:]{1,3}){0,2}["']?(\(?0?\d(?:[ \t().\-/]{0,3}\d){7,12})(?![\d\w])/giu;
/** The one national form that nothing else has: (415) 555-2671, and 415-555-2671. */
const NORTH_AMERICAN = /(?<![\w.+/-]|\d )(?:\([2-9]\d\d\) ?|[2-9]\d\d-)[2-9]\d\d-\d{4}(?![\w-]|\.\d)/g;
/** Countries tried for a number without its country's code. */
const NATIONAL: readonly CountryCode[] = ["US", "GB", "DE", "FR", "ES", "IT", "NL", "BR", "IN", "JP", "CN"];
const DECIMAL = /^(?:\+|00)\d+\.\d+$/;
const LAID_OUT = /^\+\d{1,3}[ -]\(?\d{1,5}\)?(?:[ -]\d{2,8}){1,4}$/;
/** National numbers of ten digits are bare identifiers too often; separators make one a phone number. */
const GROUPED = /\d[ \t().\-/]+\d/;

export const detectPhoneNumbers: Detector = (text, report) => {
  for (const match of text.matchAll(INTERNATIONAL)) {
    const number = trimmed(match[0]);
    if (DECIMAL.test(number)) continue;
    const dialled = number.startsWith("00") ? `+${number.slice(2)}` : number;
    const length = validLength(dialled, number.startsWith("+"));
    if (length > 0) report("phone", match.index, match.index + length + (number.length - dialled.length));
  }
  for (const match of text.matchAll(NORTH_AMERICAN)) {
    const { parsePhoneNumberFromString } = loadLibrary();
    if (!parsePhoneNumberFromString(match[0], "US")?.isValid()) continue;
    report("phone", match.index, match.index + match[0].length);
  }
  for (const match of text.matchAll(ANNOUNCED)) {
    const number = trimmed(match[1] ?? "");
    if (!GROUPED.test(number) && !number.startsWith("0")) continue;
    const { parsePhoneNumberFromString } = loadLibrary();
    if (!NATIONAL.some((country) => parsePhoneNumberFromString(number, country)?.isValid())) continue;
    const start = match.index + match[0].lastIndexOf(number);
    report("phone", start, start + number.length);
  }
};

/** A candidate runs on into the digits behind it (`+1 202 555 0123 42`): the longest valid start counts. */
function validLength(candidate: string, hasPlus: boolean): number {
  const { parsePhoneNumberFromString } = loadLibrary();
  for (let end = candidate.length; end >= 8; end = groupBefore(candidate, end)) {
    const part = candidate.slice(0, end);
    if (parsePhoneNumberFromString(part)?.isValid()) return end;
  }
  // Ranges are assigned all the time: written like a number and of the right length is enough.
  return hasPlus && LAID_OUT.test(candidate) && parsePhoneNumberFromString(candidate)?.isPossible() === true
    ? candidate.length
    : 0;
}

function groupBefore(candidate: string, end: number): number {
  return candidate.slice(0, end).search(/[ \t().\-/\u00a0\u2011]+\d+$/);
}

function trimmed(candidate: string): string {
  return candidate.replace(/[^\d)]+$/, "");
}
