import type { Dialect } from "../core/dialect.ts";

export type HookPhase = "before" | "after";

/** What a hook may know of a request besides its body or answer. */
export interface HookContext {
  requestId: string;
  alias: string;
  key: { id: string; name: string };
  dialect: Dialect;
  /** Fires when the client has gone: no hook is waited for any longer. */
  signal: AbortSignal;
}

export type HookVerdict =
  | { action: "allow" }
  /** `counts`: how often what kind of thing was masked. */
  | { action: "replace"; value: unknown; counts?: MaskCounts }
  /** `reason` is told to the client. */
  | { action: "refuse"; reason: string }
  /** The hook did not come to a verdict; the configuration said what then. */
  | { action: "fail"; failure: HookFailure; onFailure: "allow" | "refuse" };

export type HookFailure =
  | "unreachable"
  | "timeout"
  | "status"
  | "redirect"
  | "malformed"
  | "answer-too-large"
  | "request-too-large";

export type MaskCounts = Readonly<Partial<Record<string, number>>>;

export interface Hook {
  readonly name: string;
  readonly phases: readonly HookPhase[];
  readonly buffer: boolean;
  /** Whether looking at an answer that the client has had already is of any use. */
  readonly observes: boolean;
  /** Rejects only with the signal's reason. */
  run(phase: HookPhase, value: unknown, context: HookContext): HookVerdict | Promise<HookVerdict>;
}

/** What masks secrets and personal data; `data/privacy` has it. */
export interface JsonMasker {
  maskJson(value: unknown): { value: unknown; counts: MaskCounts };
}
