/**
 * PEM and PGP private keys. The whole block goes, header to footer; where the footer is missing (a log
 * that was cut, a paste of half a key) all that still looks like the key's body goes.
 */
import type { Detector } from "./kinds.ts";

const HEADER = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
const FOOTER = "-----END ";
const FOOTER_REST = /^-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/;
/** Wider than an RSA key of 16,384 bits in a string literal of many lines. */
const MAX_BODY = 32_768;
/** Base64, white space, escaped line breaks, and what joins string literals over several lines. */
const BODY = /^[A-Za-z0-9+/=\s\\"'`,.:+()|>-]*/;
/** Text that only talks about such keys has a header but no run of this length before its footer. */
const KEY_MATERIAL = /[A-Za-z0-9+/=]{40}/;

export const detectPrivateKeys: Detector = (text, report) => {
  let footer = -1;
  for (const header of text.matchAll(HEADER)) {
    const bodyStart = header.index + header[0].length;
    // The next footer is looked for once, however many headers stand before it.
    if (footer < bodyStart) footer = text.indexOf(FOOTER, bodyStart);
    if (footer < 0) footer = Number.POSITIVE_INFINITY;
    if (footer - bodyStart <= MAX_BODY) {
      const rest = FOOTER_REST.exec(text.slice(footer, footer + 80));
      if (rest !== null && KEY_MATERIAL.test(text.slice(bodyStart, footer))) {
        report("private-key", header.index, footer + rest[0].length);
        continue;
      }
    }
    const nextHeader = text.indexOf("-----", bodyStart);
    const limit = Math.min(nextHeader < 0 ? text.length : nextHeader, bodyStart + MAX_BODY);
    const body = BODY.exec(text.slice(bodyStart, limit))?.[0] ?? "";
    if (KEY_MATERIAL.test(body)) report("private-key", header.index, bodyStart + lastMaterial(body));
  }
};

/** Where the last long run of Base64 ends: prose after a cut key is made of the same letters. */
function lastMaterial(body: string): number {
  let end = 0;
  for (const run of body.matchAll(/[A-Za-z0-9+/=]{16,}/g)) end = run.index + run[0].length;
  return end;
}
