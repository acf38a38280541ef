/**
 * Public internet addresses. Private, loopback, link-local, documentation and other reserved ranges
 * (IANA's registries, as ipaddr.js has them) say nothing about anybody and stay.
 */
import ipaddr from "ipaddr.js";
import type { Detector } from "./kinds.ts";
import { hasBefore } from "./text-signs.ts";

const V4 = /(?<![\w.+~^-]|\d\.)(?:\d{1,3}\.){3}\d{1,3}(?![\w+~]|\.\d|-[a-z0-9])/gi;
const V6 =
  /(?<![\w:.])[23][0-9a-f]{3}:(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{0,4}(?![\w:])|(?<![\w:.])[23][0-9a-f]{3}:(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{0,4}(?=:\d{2,5}(?![\w:]))/gi;

/** Words before four numbers that make them a version, a section or an object identifier. */
const VERSION_WORDS =
  /(?<![a-z])(?:version|versión|ver|release|rev|revision|section|chapter|clause|table|figure|oid|asn|build|firmware|driver|since|sdk|§|v|rfc ?\d+|r)[\s."':=(#-]{0,4}$/i;
/** The same for a package or program whose name ends right before the number: `Chrome/120.0.1.2`. */
const PRODUCT = /[A-Za-z][\w.-]{0,40}[/@]$/;
/** Points of a drawn path run into each other: `2.1 3.51.98.32`. */
const DECIMAL = /\d?\.\d+[ ,]$/;
const ADDRESS_WORDS =
  /\bip\b|ipv4|addr|host|peer|client|forwarded|server|remote|subnet|dns|ssh|ping|curl|https?:\/\/$|@$/i;
/** A port, or the first fields of an access log. */
const ADDRESS_USE = /^(?::\d{2,5}| port| - - |\/\d\d\b)/;

/** Resolvers and the like that documents name as constants. */
const WELL_KNOWN: ReadonlySet<string> = new Set([
  "1.1.1.1",
  "1.0.0.1",
  "1.2.3.4",
  "4.3.2.1",
  "8.8.8.8",
  "8.8.4.4",
  "9.9.9.9",
  "2001:4860:4860::8888",
  "2001:4860:4860::8844",
  "2606:4700:4700::1111",
  "2606:4700:4700::1001",
]);

export const detectIpAddresses: Detector = (text, report) => {
  for (const match of text.matchAll(V4)) {
    const [address] = match;
    if (WELL_KNOWN.has(address) || !isPublic(address)) continue;
    const start = match.index;
    if (hasBefore(text, start, VERSION_WORDS, 16)) continue;
    const announced =
      hasBefore(text, start, ADDRESS_WORDS, 40) ||
      ADDRESS_USE.test(text.slice(start + address.length, start + address.length + 6));
    if (
      !announced &&
      (hasBefore(text, start, PRODUCT, 42) || hasBefore(text, start, DECIMAL, 12) || isVersionLike(address))
    )
      continue;
    report("ip-address", start, start + address.length);
  }
  for (const match of text.matchAll(V6)) {
    const address = match[0].replace(/(?<!:):$/, "");
    if (!WELL_KNOWN.has(address) && isPublic(address))
      report("ip-address", match.index, match.index + address.length);
  }
};

function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === "unicast";
}

/** Versions and object identifiers count in small numbers; of public addresses about one in a hundred does. */
function isVersionLike(address: string): boolean {
  const [first = 0, second = 0, third = 0, fourth = 0] = address.split(".").map(Number);
  if (/\.0\d/.test(address) || address.endsWith(".0.0") || (first === 1 && second < 4)) return true;
  if (first < 10 && third < 10 && fourth < 10) return true;
  return first < 32 && second < 32 && (fourth < 100 || third < 32);
}
