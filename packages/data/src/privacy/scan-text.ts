/**
 * All detectors over one text. What they see is the text with some spans blanked, character for
 * character, so that every place they report is a place in the original.
 */
import { detectCredentials } from "./credentials.ts";
import { detectEmailAddresses } from "./email-addresses.ts";
import { detectIpAddresses } from "./ip-addresses.ts";
import type { Detector, Finding, MaskKind } from "./kinds.ts";
import { detectNationalIds } from "./national-ids.ts";
import { detectPaymentNumbers } from "./payment-numbers.ts";
import { detectPhoneNumbers } from "./phone-numbers.ts";
import { detectPrivateKeys } from "./private-keys.ts";
import { detectProviderTokens } from "./provider-tokens.ts";
import { resolveOverlaps } from "./resolve-overlaps.ts";
import { createSecretlintDetector } from "./secretlint-rules.ts";
import { detectUrlPasswords } from "./url-passwords.ts";

/** Found by what stands around them, so that the same value elsewhere in the text would be missed. */
const KNOWN_BY_CONTEXT: ReadonlySet<MaskKind> = new Set([
  "credential",
  "url-password",
  "aws-secret-key",
  "phone",
  "credit-card",
  "national-id",
]);
const MIN_REPEATED = 8;
/** Each is searched for once through the whole text, so their number is bounded. */
const MAX_REPEATED = 64;

/** @returns a function from a text to its findings, in order and apart from each other */
export function createTextScanner(): (text: string) => Finding[] {
  const detectors: readonly Detector[] = [
    createSecretlintDetector(),
    detectProviderTokens,
    detectPrivateKeys,
    detectUrlPasswords,
    detectCredentials,
    detectEmailAddresses,
    detectPhoneNumbers,
    detectPaymentNumbers,
    detectIpAddresses,
    detectNationalIds,
  ];
  return (text) => {
    const visible = toVisible(text);
    const found: Finding[] = [];
    for (const detect of detectors) {
      detect(visible, (kind, start, end) => found.push({ kind, start, end }));
    }
    const apart = resolveOverlaps(found);
    const repeated = findRepeated(visible, apart);
    return repeated.length === 0 ? apart : resolveOverlaps([...apart, ...repeated]);
  };
}

/**
 * Blanks what is not to be read: escapes of JSON and of source code, whose letter would otherwise be
 * glued to the word behind it (`"\nsk-…"`), the payloads of data: URLs, and tokens of an earlier masking.
 */
function toVisible(text: string): string {
  let visible = text;
  if (visible.includes("\\")) visible = visible.replace(/\\[nrt]/g, "  ").replace(/\\(?=["'])/g, " ");
  if (visible.includes(";base64,")) visible = visible.replace(DATA_URL, blank);
  if (visible.includes("[masked:")) visible = visible.replace(MASK_TOKEN, blank);
  return visible;
}

const DATA_URL =
  /data:(?:[\w.+-]{1,60}\/[\w.+-]{1,80})?(?:;[\w.+-]{1,40}=[\w.+-]{1,80}){0,4};base64,[A-Za-z0-9+/=_-]*/g;

/** The form of every token that this package writes. */
export const MASK_TOKEN: RegExp = /\[masked:([a-z-]{2,24})(?::(\d{1,9}))?\]/g;

function blank(span: string): string {
  return " ".repeat(span.length);
}

/** Other places of the values that only their surroundings gave away: a tool's echo, an answer's quote. */
function findRepeated(text: string, findings: readonly Finding[]): Finding[] {
  const kinds = new Map<string, MaskKind>();
  for (const { kind, start, end } of findings) {
    if (kinds.size === MAX_REPEATED) break;
    if (KNOWN_BY_CONTEXT.has(kind) && end - start >= MIN_REPEATED) kinds.set(text.slice(start, end), kind);
  }
  const known = new Set(findings.map(({ start }) => start));
  const repeated: Finding[] = [];
  for (const [value, kind] of kinds) {
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) {
      if (!known.has(at)) repeated.push({ kind, start: at, end: at + value.length });
    }
  }
  return repeated;
}
