/**
 * Numbers that a state gives a person. Where the form and check digits leave little to chance, a number
 * is found anywhere; where one in ten numbers of that length would pass, only after a word that says so.
 */
import isIdentityCard from "validator/lib/isIdentityCard.js";
import isTaxID from "validator/lib/isTaxID.js";
import type { Detector } from "./kinds.ts";
import { hasBefore } from "./text-signs.ts";

interface NationalId {
  readonly pattern: RegExp;
  readonly isValid: (compact: string) => boolean;
  /** The word that must stand before it; none for numbers that their form gives away. */
  readonly announcedBy?: RegExp;
}

const START = "(?<![\\w./+-]|\\d[ :])";
const END = "(?![\\w/]|[.-]\\d)";

const NATIONAL_IDS: readonly NationalId[] = [
  // United States, social security number: no check digit, but ranges never issued.
  {
    pattern: sought(String.raw`(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}`),
    isValid: isSocialSecurityNumber,
  },
  {
    pattern: sought(String.raw`(?!000|666|9)\d{3} ?(?!00)\d{2} ?(?!0000)\d{4}`),
    isValid: isSocialSecurityNumber,
    announcedBy: /\bssn\b|social[ _-]?sec/i,
  },
  // Germany, Steueridentifikationsnummer: ISO 7064 mod 11,10, and one digit two or three times.
  { pattern: sought(String.raw`[1-9]\d \d{3} \d{3} \d{3}`), isValid: (id) => isTaxID.default(id, "de-DE") },
  {
    pattern: sought(String.raw`[1-9]\d{10}`),
    isValid: (id) => isTaxID.default(id, "de-DE"),
    announcedBy: /steuer|tax|\bid-?nr|\btin\b|identifikationsn/i,
  },
  // France, numéro de sécurité sociale (NIR): 13 signs and their complement mod 97.
  {
    pattern: sought(
      String.raw`[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-4]\d|[5-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}`,
    ),
    isValid: isNir,
  },
  // Netherlands, burgerservicenummer: the test of eleven.
  {
    pattern: sought(String.raw`\d{3}[. ]?\d{3}[. ]?\d{3}|\d{4}\.\d{2}\.\d{3}`),
    isValid: (id) => isTaxID.default(id, "nl-NL"),
    announcedBy: /\bbsn\b|burgerservice|sofi-?n/i,
  },
  // Italy, codice fiscale: sixteen signs with a check letter.
  {
    pattern: sought(String.raw`[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]`),
    isValid: (id) => isTaxID.default(id, "it-IT"),
  },
  // Spain, DNI and NIE: the letter is the number mod 23.
  {
    pattern: sought(String.raw`(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z]`),
    isValid: (id) => isTaxID.default(id, "es-ES"),
    announcedBy: /\b(?:dni|nie|nif)\b|documento|identidad/i,
  },
  // Brazil, CPF: two check digits, and points and a hyphen that no other number has.
  { pattern: sought(String.raw`\d{3}\.\d{3}\.\d{3}-\d{2}`), isValid: isCpf },
  // Poland, PESEL: eleven digits with a check digit.
  {
    pattern: sought(String.raw`\d{11}`),
    isValid: (id) => isIdentityCard.default(id, "PL"),
    announcedBy: /pesel/i,
  },
];

export const detectNationalIds: Detector = (text, report) => {
  for (const { pattern, isValid, announcedBy } of NATIONAL_IDS) {
    for (const match of text.matchAll(pattern)) {
      const [id] = match;
      if (announcedBy !== undefined && !hasBefore(text, match.index, announcedBy)) continue;
      if (isValid(id.replace(/[ .-]/g, ""))) report("national-id", match.index, match.index + id.length);
    }
  }
};

function sought(form: string): RegExp {
  return new RegExp(`${START}(?:${form})${END}`, "g");
}

/** 078-05-1120 and 123-45-6789 were printed on sample cards and never given to anybody else. */
function isSocialSecurityNumber(id: string): boolean {
  return id !== "078051120" && id !== "123456789" && !/^(\d)\1*$/.test(id);
}

/** Corsica's departments 2A and 2B count as 19 and 18. */
function isNir(id: string): boolean {
  const digits = id.slice(0, 13).replace("2A", "19").replace("2B", "18");
  return Number(id.slice(13)) === 97 - (Number(digits) % 97);
}

/** The library's pattern for Brazil wants the separators, its check does not. */
function isCpf(id: string): boolean {
  return isTaxID.default(id, "pt-BR");
}
