/**
 * Passwords inside addresses: `postgres://app:PASSWORD@host/db`, `https://user:PASSWORD@host`. Only the
 * password goes; scheme, user and host stay, so that the text still says what was connected to what.
 */
import type { Detector } from "./kinds.ts";
import { isPlaceholder } from "./text-signs.ts";

const USER_AND_PASSWORD = /:\/\/([^\s:@/"'`<>()[\]]{0,100}):([^\s@"'`<>]{3,200})@(?=[\w[$%{.-])/g;

export const detectUrlPasswords: Detector = (text, report) => {
  for (const match of text.matchAll(USER_AND_PASSWORD)) {
    const [, user = "", password = ""] = match;
    // `https://host:8080/path@thing` has a port where a password would be.
    if (/^\d{1,5}(?:\/|$)/.test(password)) continue;
    if (isSample(user, password)) continue;
    const end = match.index + match[0].length - 1;
    report("url-password", end - password.length, end);
  }
};

const SAMPLE =
  /^(?:pass|pwd|pw|secret|user|admin|root|password|passwd|p4ssw0rd|guest|postgres|mysql|redis)$/i;

function isSample(user: string, password: string): boolean {
  return user === password || SAMPLE.test(password) || isPlaceholder(password) || /[{}]/.test(password);
}
