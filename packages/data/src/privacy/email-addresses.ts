/**
 * E-mail addresses. Each `@` is grown to both sides by at most the lengths of RFC 5321, so no text makes
 * this more than linear. The reserved names of RFC 2606 (`example.com`, `.test`) are nobody's address.
 */
import isEmail from "validator/lib/isEmail.js";
import type { Detector } from "./kinds.ts";

const MAX_LOCAL = 64;
const MAX_DOMAIN = 253;

const LOCAL_CHARACTER = /[A-Za-z0-9.!#$%&'*+/=?^_`{|}~À-ɏ-]/;
const DOMAIN_CHARACTER = /[A-Za-z0-9.À-ɏ-]/;
/** A local part starts with one of these: quotes, slashes and signs before it are the sentence's. */
const LOCAL_START = /[A-Za-z0-9_À-ɏ]/;
/** Signs that RFC 5322 allows but that in a text separate (`a=b@c`, `<a|b@c>`, `to:'b@c`). */
const SEPARATING = /[!#$%&'*/=?^`{|}~]/;

const RESERVED = /(?:^|\.)(?:example(?:\.(?:com|org|net|edu))?|test|invalid|localhost|local|internal|lan)$/i;
/** Endings that a file, a module or a version has rather than a domain: `icon@2x.png`, `pkg@latest.js`. */
const NOT_A_TOP_LEVEL =
  /\.(?:png|jpe?g|gif|svg|webp|avif|ico|bmp|css|scss|less|html?|jsx?|tsx?|mjs|cjs|mts|cts|json|ya?ml|toml|xml|txt|mdx?|map|wasm|zip|tgz|gz|tar|lock|service|timer|socket|mount|target|po|pot|header|loc|localdomain|length|size|name|value|data|id|type|to|is)$/i;
/** Accounts of machines in addresses of repositories, which have the form but no person. */
/** Identifiers of mails have the form of an address: a time, a counter or a UUID stands for the person. */
const MAIL_ID =
  /^(?:\d{8,}[.-].+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}\.\d{5,}|\w{6,16}\.fsf(?:_-_)?|\d{14,})$/i;
const MACHINE = /^(?:git|hg|svn|cvs|noreply|no-reply|root)$/i;

export const detectEmailAddresses: Detector = (text, report) => {
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const start = localStart(text, at);
    const end = domainEnd(text, at);
    if (start === at || end <= at + 3) continue;
    const local = text.slice(start, at);
    const domain = text.slice(at + 1, end);
    if (RESERVED.test(domain) || NOT_A_TOP_LEVEL.test(domain) || MACHINE.test(local) || MAIL_ID.test(local))
      continue;
    if (isUserOfUrl(text, start)) continue;
    if (isEmail.default(`${local}@${domain}`, { allow_utf8_local_part: true })) report("email", start, end);
  }
};

function localStart(text: string, at: number): number {
  let start = at;
  const limit = Math.max(0, at - MAX_LOCAL);
  while (start > limit) {
    const character = text.charAt(start - 1);
    if (!LOCAL_CHARACTER.test(character) || SEPARATING.test(character)) break;
    start--;
  }
  while (start < at && !LOCAL_START.test(text.charAt(start))) start++;
  return start;
}

function domainEnd(text: string, at: number): number {
  let end = at + 1;
  const limit = Math.min(text.length, at + 1 + MAX_DOMAIN);
  while (end < limit && DOMAIN_CHARACTER.test(text.charAt(end))) end++;
  // In Perl's documents the address is inside angle brackets written as words: `a@b.orgE<gt>`.
  if (text.startsWith("E<", end - 1)) end--;
  while (end > at + 1 && /[.-]/.test(text.charAt(end - 1))) end--;
  return end;
}

/** `ssh://deploy@host.org/x` names an account on a host; so does `//user:password@host`. */
function isUserOfUrl(text: string, start: number): boolean {
  return (
    /:\/\/(?:[^\s/@]{0,80}:)?[^\s/@:]{0,80}$/.test(text.slice(Math.max(0, start - 170), start)) &&
    !/mailto:$/i.test(text.slice(Math.max(0, start - 7), start))
  );
}
