// What a model needs to see again of its own thoughts (Anthropic's signatures, Google's, OpenAI's ciphertext)
// travels to the client and back inside `encrypted_content`, as OpenAI's own does. It is opaque to clients, not
// secret: the thought's text, and what its provider attached, as base64url of JSON behind a version.
import { z } from "zod";

const PREFIX = "hg1.";
const MAX_CHARS = 4 * 1024 * 1024;

/** By provider, then by name: `anthropic.signature`, `openai.reasoningEncryptedContent`, … */
export type OpaqueMetadata = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface ReasoningEnvelope {
  text: string;
  metadata: OpaqueMetadata;
  /** What providers attached to calls of tools, by call id: `function_call` items have no place for it. */
  calls: Readonly<Record<string, OpaqueMetadata>>;
}

const opaqueSchema = z.record(z.string().max(64), z.record(z.string().max(64), z.string()));
const envelopeSchema = z.object({
  text: z.string(),
  metadata: opaqueSchema,
  calls: z.record(z.string().max(256), opaqueSchema),
});

export function isEnvelope(encryptedContent: unknown): boolean {
  return typeof encryptedContent === "string" && encryptedContent.startsWith(PREFIX);
}

export function sealReasoning(envelope: ReasoningEnvelope): string {
  return `${PREFIX}${Buffer.from(JSON.stringify(envelope)).toString("base64url")}`;
}

/** Undefined for what this gateway did not make, or what was damaged on its way. */
export function openReasoning(encryptedContent: string): ReasoningEnvelope | undefined {
  if (!isEnvelope(encryptedContent) || encryptedContent.length > MAX_CHARS) return undefined;
  try {
    const json = Buffer.from(encryptedContent.slice(PREFIX.length), "base64url").toString("utf8");
    const result = envelopeSchema.safeParse(JSON.parse(json));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

/** The strings of a port's metadata; everything that providers need to get back is one. */
export function opaqueOf(
  metadata: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>> | undefined,
): OpaqueMetadata {
  const kept: Record<string, Record<string, string>> = {};
  for (const provider in metadata) {
    if (provider === "homegrown") continue;
    for (const [name, value] of Object.entries(metadata[provider] ?? {})) {
      if (typeof value === "string") (kept[provider] ??= {})[name] = value;
    }
  }
  return kept;
}

/** Later parts of a block add to what earlier ones said. */
export function mergeOpaque(before: OpaqueMetadata, more: OpaqueMetadata): OpaqueMetadata {
  const merged: Record<string, Readonly<Record<string, string>>> = { ...before };
  for (const provider in more) merged[provider] = { ...merged[provider], ...more[provider] };
  return merged;
}
