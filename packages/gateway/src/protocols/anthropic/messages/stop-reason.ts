import type { ChatResult } from "@homegrown/contracts";

export interface Stop {
  reason: string;
  /** The stop sequence that was met, where it is known. */
  sequence: string | null;
}

export interface StopContext {
  finish: Pick<ChatResult, "finishReason" | "providerMetadata"> | undefined;
  /** Whether the answer holds a call that the client is to run. */
  hasToolUse: boolean;
  /** As the client gave them. */
  stopSequences: readonly string[];
}

/** Reasons that Anthropic's own models give and that hold whatever the answer's content is. */
const ANTHROPIC_REASONS: ReadonlySet<string | undefined> = new Set([
  "end_turn",
  "max_tokens",
  "stop_sequence",
  "pause_turn",
  "refusal",
  "model_context_window_exceeded",
]);

export function toStop({ finish, hasToolUse, stopSequences }: StopContext): Stop {
  if (finish === undefined) return { reason: hasToolUse ? "tool_use" : "end_turn", sequence: null };
  const { unified, raw } = finish.finishReason;
  const named = finish.providerMetadata?.["anthropic"]?.["stopSequence"];
  if (typeof named === "string") return { reason: "stop_sequence", sequence: named };
  // Own models say that a stop sequence ended the text, but not which: of one there is no doubt.
  if (raw === "stop_sequence" || raw === "stop-sequence") {
    return { reason: "stop_sequence", sequence: stopSequences.length === 1 ? stopSequences[0]! : null };
  }
  if (ANTHROPIC_REASONS.has(raw)) return { reason: raw!, sequence: null };
  switch (unified) {
    case "length":
      return {
        reason: raw === "context-full" ? "model_context_window_exceeded" : "max_tokens",
        sequence: null,
      };
    case "content-filter":
      return { reason: "refusal", sequence: null };
    default:
      // Some servers report a plain stop although they call tools, and the other way round.
      return { reason: hasToolUse ? "tool_use" : "end_turn", sequence: null };
  }
}
