/**
 * Payment cards (issuer's prefix, length, Luhn) and IBANs (country's layout, mod 97): the check digits
 * make one in ten and one in a hundred of random numbers pass, the layouts most of those not.
 */
import isCreditCard from "validator/lib/isCreditCard.js";
import isIBAN from "validator/lib/isIBAN.js";
import type { Detector } from "./kinds.ts";
import { hasBefore } from "./text-signs.ts";

/** 13 to 19 digits in a run or in the groups that cards are printed in. */
const CARD =
  /(?<![\w.+#/-]|\d[ -]|[0-9A-F]{4} )(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})(?![\w/]|[.-]\d|[ -]\d{3,})/g;
const CARD_WORDS =
  /card|visa|master|amex|american express|discover|pan\b|karte|carte|tarjeta|carta|cart[ãa]o|pay|credit|debit|kk-?nr|卡|カード/i;

const IBAN = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{1,4}){3,10}/g;
const MIN_IBAN = 15;

export const detectPaymentNumbers: Detector = (text, report) => {
  for (const match of text.matchAll(CARD)) {
    const [number] = match;
    if (isCard(number) && (isUsualLength(number) || hasBefore(text, match.index, CARD_WORDS, 80))) {
      report("credit-card", match.index, match.index + number.length);
    }
  }
  for (const match of text.matchAll(IBAN)) {
    const after = text.charAt(match.index + match[0].length);
    const length = ibanLength(match[0], /[A-Za-z0-9]/.test(after));
    if (length > 0) report("iban", match.index, match.index + length);
  }
};

/** Runs of other lengths are times and identifiers first: a word nearby must say card. */
function isUsualLength(number: string): boolean {
  return /[ -]/.test(number) || /^(?:3[47].{13}|35.{14}|[24-6].{15})$/.test(number);
}

/** The library's pattern for Mastercard has no end, so the lengths are checked here. */
function isCard(number: string): boolean {
  const digits = number.replace(/[ -]/g, "");
  const lengthFits = digits.startsWith("3")
    ? /^.{14,16}$/
    : digits.startsWith("5") || digits.startsWith("2")
      ? /^.{16}$/
      : /^.{13,19}$/;
  return lengthFits.test(digits) && !/^(\d)\1*$/.test(digits) && isCreditCard.default(digits);
}

/** A candidate runs on into the words behind it (`… 00 BIC COBADEFF`): the longest valid start counts. */
function ibanLength(candidate: string, isCut: boolean): number {
  for (let end = isCut ? candidate.length - 1 : candidate.length; end >= MIN_IBAN; end--) {
    const next = candidate.charAt(end);
    // A number ends where a group or the candidate does.
    if (next !== "" && next !== " " && next !== "-") continue;
    if (isIBAN.default(candidate.slice(0, end))) return end;
  }
  return 0;
}
