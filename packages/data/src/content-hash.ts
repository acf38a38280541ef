import { hash } from "node:crypto";

/** The first 96 bits of a text's sha256, enough to tell apart any documents that one machine will see. */
export function contentHash(text: string): string {
  return hash("sha256", text, "base64url").slice(0, 16);
}

/** A number in [0, 1) that depends on the text's content and the salt alone. */
export function splitKey(text: string, salt: string): number {
  return Number.parseInt(hash("sha256", `${salt}\0${contentHash(text)}`, "hex").slice(0, 12), 16) / 2 ** 48;
}
