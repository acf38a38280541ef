// Anthropic counts input in three kinds that do not overlap; the gateway's `input` is their sum.
import type { TokenUsage } from "../../../core/token-usage.ts";
import { isObject } from "../block-fields.ts";
import type { JsonObject } from "../json.ts";

/** `usage` of a whole message. */
export function renderUsage(usage: TokenUsage, serviceTier: string | null): string {
  return (
    `{${renderCounts(usage)},"cache_creation":null,"inference_geo":null,` +
    `"service_tier":${JSON.stringify(serviceTier)},"speed":null}`
  );
}

/** `usage` of `message_delta`: totals of the whole message. */
export function renderDeltaUsage(usage: TokenUsage): string {
  return `{${renderCounts(usage)}}`;
}

function renderCounts({ input, cacheRead, cacheWrite, output, reasoning }: TokenUsage): string {
  return (
    `"input_tokens":${Math.max(0, input - cacheRead - cacheWrite)},` +
    `"cache_creation_input_tokens":${cacheWrite},"cache_read_input_tokens":${cacheRead},` +
    `"output_tokens":${output},` +
    `"output_tokens_details":${reasoning > 0 ? `{"thinking_tokens":${reasoning}}` : "null"},` +
    `"server_tool_use":null`
  );
}

/** What an Anthropic model says of its input as its stream begins. */
export function toStartUsage(raw: unknown): TokenUsage {
  const usage: JsonObject = isObject(raw) ? raw : {};
  const cacheRead = toCount(usage["cache_read_input_tokens"]);
  const cacheWrite = toCount(usage["cache_creation_input_tokens"]);
  return {
    input: toCount(usage["input_tokens"]) + cacheRead + cacheWrite,
    cacheRead,
    cacheWrite,
    output: 0,
    reasoning: 0,
    estimated: false,
  };
}

const SERVICE_TIERS: ReadonlySet<unknown> = new Set(["standard", "priority", "batch"]);

/** The tier as Anthropic's clients know it; other providers use the same word for other things. */
export function toServiceTier(value: unknown): string | null {
  return SERVICE_TIERS.has(value) ? String(value) : null;
}

function toCount(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? Math.floor(value) : 0;
}
