import type { ChatResult } from "@homegrown/contracts";
import { toCount } from "../dialects/event-scan.ts";
import { hourCacheWrites } from "../hour-cache-writes.ts";
import type { TokenUsage } from "../token-usage.ts";

/** A port's usage as ours, numbers that are none left out; undefined where the provider reported neither input nor output. */
export function toTokenUsage(usage: ChatResult["usage"]): TokenUsage | undefined {
  const { inputTokens, outputTokens } = usage;
  if (inputTokens.total === undefined && outputTokens.total === undefined) return undefined;
  const cacheWriteHour = hourCacheWrites(usage.raw);
  return {
    input: toCount(inputTokens.total),
    cacheRead: toCount(inputTokens.cacheRead),
    cacheWrite: toCount(inputTokens.cacheWrite),
    ...(cacheWriteHour > 0 && { cacheWriteHour }),
    output: toCount(outputTokens.total),
    reasoning: toCount(outputTokens.reasoning),
    estimated: false,
  };
}

/**
 * Usage over the choices of one request: as the provider bills it (every call reads the prompt), and as the
 * client is told (the prompt once, as OpenAI counts it).
 */
export class ChoiceUsage {
  #billed: TokenUsage | undefined;
  #shown: TokenUsage | undefined;

  add(usage: TokenUsage | undefined): void {
    if (usage === undefined) return;
    this.#billed = this.#billed === undefined ? usage : sum(this.#billed, usage);
    this.#shown =
      this.#shown === undefined
        ? usage
        : sum(this.#shown, { ...usage, input: 0, cacheRead: 0, cacheWrite: 0, cacheWriteHour: 0 });
  }

  get billed(): TokenUsage | undefined {
    return this.#billed;
  }

  get shown(): TokenUsage | undefined {
    return this.#shown;
  }
}

function sum(a: TokenUsage, b: TokenUsage): TokenUsage {
  const cacheWriteHour = (a.cacheWriteHour ?? 0) + (b.cacheWriteHour ?? 0);
  return {
    input: a.input + b.input,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    ...(cacheWriteHour > 0 && { cacheWriteHour }),
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
    estimated: a.estimated || b.estimated,
  };
}
