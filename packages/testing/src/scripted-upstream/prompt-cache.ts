// The provider's cache of prompts: a prefix that was seen before is read, not written again.
import { createHash } from "node:crypto";
import { countTokens } from "./compose-reply.ts";
import type { Body } from "./protocol.ts";

const MAX_PREFIXES = 10_000;
const OPENAI_LEAST = 1024;
const OPENAI_STEP = 128;

export class PromptCache {
  readonly #seen = new Set<string>();

  /** Of a request with this many input tokens: how many of them came from the cache or went into it. */
  look(protocol: string, body: Body, inputTokens: number): { cacheRead: number; cacheWrite: number } {
    if (protocol === "messages") return this.#marked(body, inputTokens);
    if (inputTokens < OPENAI_LEAST) return { cacheRead: 0, cacheWrite: 0 };
    const known = this.#see(
      JSON.stringify(body["messages"] ?? body["input"] ?? body["prompt"]).slice(0, 4096),
    );
    return { cacheRead: known ? inputTokens - (inputTokens % OPENAI_STEP) : 0, cacheWrite: 0 };
  }

  /** Anthropic's clients mark what to keep; here it is system and tools, when anything of them is marked. */
  #marked(body: Body, inputTokens: number): { cacheRead: number; cacheWrite: number } {
    const prefix = JSON.stringify([body["system"] ?? "", body["tools"] ?? ""]);
    if (!prefix.includes('"cache_control"')) return { cacheRead: 0, cacheWrite: 0 };
    const tokens = Math.min(inputTokens, countTokens(prefix));
    return this.#see(prefix) ? { cacheRead: tokens, cacheWrite: 0 } : { cacheRead: 0, cacheWrite: tokens };
  }

  #see(prefix: string): boolean {
    const digest = createHash("sha256").update(prefix).digest("base64");
    if (this.#seen.has(digest)) return true;
    if (this.#seen.size >= MAX_PREFIXES) this.#seen.clear();
    this.#seen.add(digest);
    return false;
  }
}
