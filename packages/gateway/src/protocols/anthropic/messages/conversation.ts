// Which requests belong to one conversation, for sticky routing: what the client says of it, or else how the
// conversation begins.
import { hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isBlock } from "../block-fields.ts";
import type { PromptBody } from "./body-schema.ts";

const MAX_LENGTH = 128;
/** Of system text and first message each: enough to tell conversations apart. */
const MAX_HASHED = 8_192;

/** Claude Code names its session in a header, and in `metadata.user_id` in one of two forms. */
export function sessionOf(headers: IncomingHttpHeaders, userId: string | undefined): string | undefined {
  const header = headers["x-claude-code-session-id"];
  if (typeof header === "string" && header !== "") return header.slice(0, MAX_LENGTH);
  if (userId === undefined) return undefined;
  const marker = userId.lastIndexOf("_session_");
  if (marker >= 0) return userId.slice(marker + "_session_".length).slice(0, MAX_LENGTH) || undefined;
  if (!userId.startsWith("{")) return undefined;
  try {
    const { session_id: session } = JSON.parse(userId) as { session_id?: unknown };
    return typeof session === "string" && session !== "" ? session.slice(0, MAX_LENGTH) : undefined;
  } catch {
    return undefined;
  }
}

/** Cache breakpoints wander from turn to turn, so only text counts. */
export function beginningOf({ system, messages }: PromptBody): string {
  return hash("sha1", `${textOf(system)}\u0000${textOf(messages[0]?.content)}`, "base64url");
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content.slice(0, MAX_HASHED);
  if (!Array.isArray(content)) return "";
  let text = "";
  for (const block of content) {
    if (isBlock(block) && typeof block["text"] === "string") text += block["text"];
    if (text.length >= MAX_HASHED) break;
  }
  return text.slice(0, MAX_HASHED);
}
