import { hash } from "node:crypto";
import type { ChatCompletionBody, ChatMessageParam } from "./request.ts";

/**
 * Equal for the requests of one conversation: the client's own key where it gives one, else a digest of how
 * the conversation began (every later request repeats its first messages).
 */
export function conversationOf({ prompt_cache_key, metadata, messages }: ChatCompletionBody): string {
  if (prompt_cache_key) return `key:${prompt_cache_key.slice(0, 512)}`;
  const id = metadata?.["conversation_id"];
  if (id) return `id:${id}`;
  const firstUser = messages.findIndex(({ role }) => role === "user");
  const beginning = firstUser < 0 ? messages : messages.slice(0, firstUser + 1);
  return `begin:${hash("sha1", beginning.map(toText).join("\0"), "base64url")}`;
}

function toText({ role, content }: ChatMessageParam): string {
  return `${role}\0${typeof content === "string" ? content : JSON.stringify(content ?? null)}`;
}
