// Providers other than Anthropic also hand out opaque proofs of what a model thought, and want them back in
// the next turn. Anthropic's clients return `thinking.signature` and `redacted_thinking.data` unchanged, so
// those two carry the proofs, in a form that is recognised on the way back. Nothing else of a provider's
// metadata is carried: what a client can forge must not name another's stored items, only hold what the
// provider itself verifies.
import { isObject } from "./block-fields.ts";
import type { JsonObject, JsonValue, ProviderExtras } from "./json.ts";

/** With a version, so that an old conversation stays readable when the form changes. */
export const CARRIED_PREFIX = "homegrown-1.";
/** Past this a proof is left behind: the client would send it back with every turn. */
export const MAX_CARRIED_LENGTH = 262_144;

const PROOFS: Readonly<Record<string, readonly string[]>> = {
  openai: ["reasoningEncryptedContent"],
  azure: ["reasoningEncryptedContent"],
  xai: ["reasoningEncryptedContent"],
  google: ["thoughtSignature"],
  googleVertex: ["thoughtSignature"],
  vertex: ["thoughtSignature"],
  openrouter: ["reasoning_details"],
};

/** The part of a provider's metadata that it wants back; undefined where there is none. */
export function pickProofs(metadata: ProviderExtras | undefined): ProviderExtras | undefined {
  if (metadata === undefined) return undefined;
  let picked: ProviderExtras | undefined;
  for (const provider in metadata) {
    const names = Object.hasOwn(PROOFS, provider) ? PROOFS[provider]! : [];
    for (const name of names) {
      const value = metadata[provider]?.[name];
      if (!isProof(value)) continue;
      picked ??= {};
      (picked[provider] ??= {})[name] = value;
    }
  }
  return picked;
}

/** A signature for thinking that Anthropic did not sign. */
export function sealReasoning(proofs: ProviderExtras | undefined): string {
  return proofs === undefined ? CARRIED_PREFIX : seal({ proofs });
}

/** Data for a `redacted_thinking` block that belongs to one tool call; undefined where it would be too long. */
export function sealCall(toolCallId: string, proofs: ProviderExtras): string | undefined {
  const sealed = seal({ call: toolCallId, proofs });
  return sealed === CARRIED_PREFIX ? undefined : sealed;
}

export function isCarried(value: unknown): value is string {
  return typeof value === "string" && value.startsWith(CARRIED_PREFIX);
}

export interface Carried {
  /** The tool call that the proofs belong to; undefined for reasoning itself. */
  call: string | undefined;
  proofs: ProviderExtras | undefined;
}

/** What `seal…` put in; whatever was tampered with reads as nothing. */
export function openCarried(value: string): Carried {
  const nothing = { call: undefined, proofs: undefined };
  if (value.length <= CARRIED_PREFIX.length || value.length > MAX_CARRIED_LENGTH) return nothing;
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(value.slice(CARRIED_PREFIX.length), "base64url").toString("utf8"));
  } catch {
    return nothing;
  }
  if (!isObject(content)) return nothing;
  const { call, proofs } = content;
  return {
    call: typeof call === "string" ? call : undefined,
    proofs: isObject(proofs) ? pickProofs(onlyObjects(proofs)) : undefined,
  };
}

function seal(content: object): string {
  const sealed = CARRIED_PREFIX + Buffer.from(JSON.stringify(content), "utf8").toString("base64url");
  return sealed.length > MAX_CARRIED_LENGTH ? CARRIED_PREFIX : sealed;
}

function onlyObjects(proofs: JsonObject): ProviderExtras {
  const kept: ProviderExtras = {};
  for (const [provider, value] of Object.entries(proofs)) if (isObject(value)) kept[provider] = value;
  return kept;
}

/** A string, or a list of flat objects: nothing that nests, so that nobody overflows a stack over it. */
function isProof(value: JsonValue | undefined): value is JsonValue {
  if (typeof value === "string") return true;
  return (
    Array.isArray(value) &&
    value.every((item) => isObject(item) && Object.values(item).every((field) => !isNested(field)))
  );
}

function isNested(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
