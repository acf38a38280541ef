/**
 * Personal data of nobody: well-formed and with right check digits, drawn at random. The check digits are
 * computed here by the published rules, so that these makers share no code with the detectors.
 */
import { DIGITS, HEX, LOWER, UPPER, drawFrom, drawNumber, drawText, type Random } from "./draw.ts";
import type { Maker } from "./planted-secrets.ts";

export const PERSONAL_MAKERS = {
  email: [emailAddress],
  phone: [internationalPhone],
  "credit-card": [creditCard],
  iban: [iban],
  "ip-address": [ipv4, ipv6],
} as const satisfies Readonly<Record<string, readonly Maker[]>>;

/** Apart, since each stands in a sentence of its own country. */
export const NATIONAL_ID_MAKERS = {
  "us-ssn": socialSecurityNumber,
  "de-steuer-id": steuerId,
  "fr-nir": nir,
  "nl-bsn": bsn,
  "it-codice-fiscale": codiceFiscale,
  "es-dni": dni,
  "br-cpf": cpf,
  "pl-pesel": pesel,
} as const satisfies Readonly<Record<string, Maker>>;

export type NationalIdName = keyof typeof NATIONAL_ID_MAKERS;

const FIRST = [
  "anna",
  "jan",
  "Maria",
  "j.smith",
  "yuki",
  "li.wei",
  "o.brien",
  "françois",
  "m",
  "rahul_k",
  "Zoë",
  "p-larsen",
];
const LAST = [
  "mueller",
  "Silva",
  "tanaka",
  "kowalski",
  "dubois",
  "99",
  "nguyen",
  "rossi",
  "de-vries",
  "x",
  "garcia",
];
const MAIL_HOSTS = [
  "gmail.com",
  "outlook.de",
  "web.de",
  "orange.fr",
  "uni-jena.de",
  "corp.acme.co.uk",
  "proton.me",
  "qq.com",
  "mail.startup.io",
  "kyoto-u.ac.jp",
  "gov.br",
  "hooli.technology",
];

function emailAddress(random: Random): string {
  const tag = random() < 0.15 ? `+${drawText(random, LOWER, 5)}` : "";
  return `${drawFrom(random, FIRST)}${drawFrom(random, [".", "_", "", "-"])}${drawFrom(random, LAST)}${drawNumber(random, 1, 999)}${tag}@${drawFrom(random, MAIL_HOSTS)}`;
}

/** Country code, then a pattern: `#` a digit, `N` one of 2–9, groups as the country writes them. */
const PHONES = [
  "+1 415 N## ####",
  "+1-212-N##-####",
  "+1 (312) N##-####",
  "+1646N######",
  "+44 7911 ######",
  "+44 20 7### ####",
  "+49 151 ########",
  "+49 (0)30 ######",
  "0049 171 #######",
  "+4989########",
  "+33 6 ## ## ## ##",
  "+33 1 4# ## ## ##",
  "+34 6## ### ###",
  "+39 347 #######",
  "+31 6 2#######",
  "+41 79 N## ## ##",
  "+48 601 ### ###",
  "+55 11 9N###-####",
  "+52 55 N### ####",
  "+91 98### #####",
  "+81 90-N###-####",
  "+86 138 #### ####",
  "+61 4## ### ###",
  "+972 50-N##-####",
  "+46 70 N## ## ##",
  "+45 20 ## ## ##",
];

function internationalPhone(random: Random): string {
  return drawFrom(random, PHONES).replace(/[#N]/g, (sign) =>
    drawText(random, sign === "#" ? DIGITS : "23456789", 1),
  );
}

function luhnDigit(digits: string): string {
  let sum = 0;
  [...digits].reverse().forEach((digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return String((10 - (sum % 10)) % 10);
}

function creditCard(random: Random): string {
  if (random() < 0.2) {
    const start = drawFrom(random, ["34", "37"]) + drawText(random, DIGITS, 12);
    const number = start + luhnDigit(start);
    return drawFrom(random, [number, `${number.slice(0, 4)} ${number.slice(4, 10)} ${number.slice(10)}`]);
  }
  const prefix = drawFrom(random, ["4", "4", "51", "52", "53", "54", "55", "2221", "2720", "6011", "3530"]);
  const start = prefix + drawText(random, DIGITS, 15 - prefix.length);
  const number = start + luhnDigit(start);
  return drawFrom(random, [
    number,
    number.replace(/(.{4})(?=.)/g, "$1 "),
    number.replace(/(.{4})(?=.)/g, "$1-"),
  ]);
}

/** Country and its account part: `9` a digit, `A` a capital. */
const ACCOUNTS: readonly (readonly [string, string])[] = [
  ["DE", "9".repeat(18)],
  ["FR", "9".repeat(23)],
  ["NL", `AAAA${"9".repeat(10)}`],
  ["GB", `AAAA${"9".repeat(14)}`],
  ["ES", "9".repeat(20)],
  ["IT", `A${"9".repeat(22)}`],
  ["PL", "9".repeat(24)],
  ["CH", "9".repeat(17)],
  ["AT", "9".repeat(16)],
  ["BE", "9".repeat(12)],
  ["SE", "9".repeat(20)],
  ["NO", "9".repeat(11)],
];

function iban(random: Random): string {
  const [country, layout] = drawFrom(random, ACCOUNTS);
  const account = layout.replace(/[9A]/g, (sign) => drawText(random, sign === "9" ? DIGITS : UPPER, 1));
  const numeric = `${account}${country}00`.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  const number = `${country}${String(98n - (BigInt(numeric) % 97n)).padStart(2, "0")}${account}`;
  return random() < 0.5 ? number : number.replace(/(.{4})(?=.)/g, "$1 ");
}

/** First octets that are assigned to networks everywhere. */
function ipv4(random: Random): string {
  const first = drawFrom(
    random,
    [2, 5, 23, 31, 46, 62, 78, 84, 91, 103, 109, 145, 151, 176, 185, 188, 193, 194, 212, 217],
  );
  return [first, drawNumber(random, 1, 87), drawNumber(random, 1, 254), drawNumber(random, 1, 254)].join(".");
}

function ipv6(random: Random): string {
  const network = drawFrom(random, ["2a02", "2a01", "2003", "2600", "2804", "240e"]);
  const groups = [
    network,
    ...Array.from({ length: 3 }, () => drawText(random, HEX, 4).replace(/^0+(?=.)/, "")),
  ].join(":");
  if (random() < 0.4) return `${groups}::${drawText(random, "123456789abcdef", drawNumber(random, 1, 4))}`;
  return `${groups}:${Array.from({ length: 4 }, () => drawText(random, HEX, 4).replace(/^0+(?=.)/, "")).join(":")}`;
}

function socialSecurityNumber(random: Random): string {
  const area = drawFrom(random, [drawNumber(random, 1, 665), drawNumber(random, 667, 899)]);
  return [
    String(area).padStart(3, "0"),
    String(drawNumber(random, 1, 99)).padStart(2, "0"),
    String(drawNumber(random, 1, 9999)).padStart(4, "0"),
  ].join("-");
}

/** Ten digits of which one stands twice and none more often, then ISO 7064 mod 11,10. */
function steuerId(random: Random): string {
  for (;;) {
    const pool = [...DIGITS].toSorted(() => random() - 0.5).slice(0, 9);
    pool.splice(drawNumber(random, 0, 9), 0, drawFrom(random, pool));
    const digits = pool.join("");
    if (digits.startsWith("0") || /(.)\1\1/.test(digits)) continue;
    let product = 10;
    for (const digit of digits) {
      const sum = (Number(digit) + product) % 10 || 10;
      product = (sum * 2) % 11;
    }
    const number = digits + String((11 - product) % 10);
    return random() < 0.5
      ? number
      : `${number.slice(0, 2)} ${number.slice(2, 5)} ${number.slice(5, 8)} ${number.slice(8)}`;
  }
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

function nir(random: Random): string {
  const parts = [
    drawFrom(random, ["1", "2"]),
    two(drawNumber(random, 0, 99)),
    two(drawNumber(random, 1, 12)),
    two(drawNumber(random, 1, 95)),
    drawText(random, DIGITS, 3),
    drawText(random, DIGITS, 3),
  ];
  const key = two(97 - Number(BigInt(parts.join("")) % 97n));
  return [...parts, key].join(random() < 0.5 ? " " : "");
}

function bsn(random: Random): string {
  for (;;) {
    const digits = drawFrom(random, ["1", "2"]) + drawText(random, DIGITS, 7);
    const sum = [...digits].reduce((total, digit, index) => total + Number(digit) * (9 - index), 0);
    if (sum % 11 < 10) return digits + String(sum % 11);
  }
}

function rankOf(sign: string): number {
  return /\d/.test(sign) ? Number(sign) : sign.charCodeAt(0) - 65;
}

const ODD_VALUES = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/** Signs at odd places (from one) count by the decree's table, the others by their rank. */
function codiceFiscale(random: Random): string {
  const consonants = "BCDFGLMNPRSTVZ";
  const day = drawNumber(random, 1, 28) + (random() < 0.5 ? 40 : 0);
  const body = `${drawText(random, consonants, 6)}${String(drawNumber(random, 40, 99))}${drawFrom(random, [..."ABCDEHLMPRST"])}${String(day).padStart(2, "0")}${drawFrom(random, [..."ABCDEFGHL"])}${drawText(random, "123456789", 3)}`;
  const sum = [...body].reduce(
    (total, sign, index) => total + (index % 2 === 0 ? (ODD_VALUES[rankOf(sign)] ?? 0) : rankOf(sign)),
    0,
  );
  return body + String.fromCharCode(65 + (sum % 26));
}

function dni(random: Random): string {
  const number = drawNumber(random, 10_000_000, 99_999_999);
  return `${number}${drawFrom(random, ["", "", "-"])}${"TRWAGMYFPDXBNJZSQVHLCKE".charAt(number % 23)}`;
}

function cpfDigit(digits: string): string {
  const sum = [...digits].reduce(
    (total, digit, index) => total + Number(digit) * (digits.length + 1 - index),
    0,
  );
  return String(((sum * 10) % 11) % 10);
}

function cpf(random: Random): string {
  const nine = drawText(random, DIGITS, 9);
  const ten = nine + cpfDigit(nine);
  return `${nine.slice(0, 3)}.${nine.slice(3, 6)}.${nine.slice(6)}-${ten.slice(9)}${cpfDigit(ten)}`;
}

function pesel(random: Random): string {
  const ten =
    two(drawNumber(random, 40, 99)) +
    two(drawNumber(random, 1, 12)) +
    two(drawNumber(random, 1, 28)) +
    drawText(random, DIGITS, 4);
  const weights = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3];
  const sum = [...ten].reduce((total, digit, index) => total + Number(digit) * (weights[index] ?? 0), 0);
  return ten + String((10 - (sum % 10)) % 10);
}
