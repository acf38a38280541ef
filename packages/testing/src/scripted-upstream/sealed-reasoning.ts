// Reasoning leaves sealed and must come back as it left; a client that changes a letter of it is refused.
import { createHmac } from "node:crypto";

const SECRET = "scripted upstream";

export function signThinking(thinking: string): string {
  return createHmac("sha256", SECRET).update(thinking).digest("base64");
}

/** Encrypted content of a Responses reasoning item: readable here, opaque to anybody who obeys the protocol. */
export function seal(reasoning: string): string {
  const text = Buffer.from(reasoning).toString("base64");
  return `${text}.${signThinking(reasoning)}`;
}

export function isSealed(content: string): boolean {
  const [text = "", signature] = content.split(".");
  return signThinking(Buffer.from(text, "base64").toString()) === signature;
}
