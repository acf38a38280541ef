// A key's text: `hg_`, eight characters that name the key and may be seen by anybody, `_`, forty random ones
// (238 bits). Only the digest of the whole text is ever stored or kept in memory. One round of SHA-256 is
// enough for it: a slow hash protects what people choose, and nobody can try 2^238 texts.
import { hash, randomBytes } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH = 8;
const SECRET_LENGTH = 40;
const SHAPE = /^hg_([0-9A-Za-z]{8})_[0-9A-Za-z]{40}$/;
const TEXT_LENGTH = "hg__".length + ID_LENGTH + SECRET_LENGTH;
/** Largest multiple of 62 that a byte can be below: bytes from here on would favour the first characters. */
const UNBIASED = 248;

export function newKeyId(): string {
  return randomCharacters(ID_LENGTH);
}

export function newKeyText(id: string): string {
  return `hg_${id}_${randomCharacters(SECRET_LENGTH)}`;
}

/** The id in a key's text; undefined for what cannot be a key of this gateway. */
export function idOfKeyText(text: string): string | undefined {
  return text.length === TEXT_LENGTH ? SHAPE.exec(text)?.[1] : undefined;
}

export function digestKeyText(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

function randomCharacters(count: number): string {
  let text = "";
  while (text.length < count) {
    for (const byte of randomBytes(count)) {
      if (byte < UNBIASED && text.length < count) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}
