import type { MaskedContent, RawContent } from "./masked-content.ts";

export type MaskingJob = { kind: "content"; content: RawContent } | { kind: "value"; value: unknown };

/** `failed` says nothing of why: an error's words may quote what was to be masked. */
export type MaskingReply =
  | { kind: "content"; content: MaskedContent | undefined }
  | { kind: "value"; value: unknown }
  | { kind: "failed" };
