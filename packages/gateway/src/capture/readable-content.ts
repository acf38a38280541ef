// What is taken out before masking: what the masker could not read, and what names the end user. Images, sound and
// files may show anything, and sealed thoughts are text in another alphabet; what cannot be looked through is not
// kept.

type Fields = Readonly<Record<string, unknown>>;

/** How the place of something left out begins, in captures and where exports look for it. */
export const OMITTED = "[omitted:";

/** Opaque to everybody but who made it. */
const SEALED_MEMBERS = new Set(["encrypted_content", "signature", "thoughtSignature", "thought_signature"]);
/** Types of parts whose `data` is no text. */
const BINARY_TYPES = new Set(["base64", "redacted_thinking"]);
/** Text of this length without a space, all of it letters of base64, is no prose. */
const MIN_BASE64 = 512;
const BASE64 = /^[A-Za-z0-9+/_=-]+$/;
const DATA_URL = /data:[\w.+/-]{0,150}(?:;[\w.+=-]{1,120}){0,4};base64,[A-Za-z0-9+/=_-]+/g;
/** Names of the end user at the top of requests and of answers that repeat them. */
const SUBJECT_MEMBERS = new Set(["user", "safety_identifier", "prompt_cache_key"]);

/** A copy without those parts. `value` is parsed JSON of bounded depth. */
export function toReadable(value: unknown): unknown {
  if (!isFields(value)) return omitUnreadable(value, "", {});
  const kept = Object.entries(value).filter(([name]) => !SUBJECT_MEMBERS.has(name));
  return omitUnreadable(Object.fromEntries(kept.map(withoutUserId)), "", {});
}

function withoutUserId([name, item]: [string, unknown]): [string, unknown] {
  if (name !== "metadata" || !isFields(item)) return [name, item];
  return [name, Object.fromEntries(Object.entries(item).filter(([member]) => member !== "user_id"))];
}

function omitUnreadable(value: unknown, name: string, parent: Fields): unknown {
  if (typeof value === "string") return toReadableText(value, name, parent);
  if (Array.isArray(value)) return value.map((item) => omitUnreadable(item, name, parent));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([member, item]) => [member, omitUnreadable(item, member, value)]),
  );
}

function toReadableText(text: string, name: string, parent: Fields): string {
  const isSealed = SEALED_MEMBERS.has(name) || (name === "data" && isBinary(parent));
  if (isSealed || isBase64(text)) return text === "" ? text : `${OMITTED}${text.length} characters]`;
  if (!text.includes(";base64,")) return text;
  return text.replaceAll(DATA_URL, (url) => `${OMITTED}${url.length} characters]`);
}

function isBinary({ type, format }: Fields): boolean {
  return BINARY_TYPES.has(String(type)) || typeof format === "string";
}

function isBase64(text: string): boolean {
  return text.length >= MIN_BASE64 && BASE64.test(text);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
