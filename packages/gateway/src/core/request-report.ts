// What is known of a request once it is over: for metrics, traces, logs and capture. No prompt, no answer.
import type { Dialect } from "./dialect.ts";
import type { Key } from "./key.ts";
import type { Target } from "./target.ts";
import type { TokenUsage } from "./token-usage.ts";

export interface RequestReport {
  requestId: string;
  /** Of its row in the ledger; undefined where nothing is counted. */
  entryId: string | undefined;
  key: Key;
  alias: string;
  dialect: Dialect;
  streamed: boolean;
  /** Undefined where none was asked. */
  target: Target | undefined;
  version: string | undefined;
  outcome: "completed" | "failed" | "client-left" | "refused";
  errorCode: string | undefined;
  usage: TokenUsage;
  /** Null: unknown. */
  costNano: number | null;
  /** Unix time, milliseconds. */
  startedAt: number;
  latencyMs: number;
  firstByteMs: number | undefined;
  attempts: number;
  /** Those that reached for a provider, in order. */
  attemptsMade: readonly AttemptReport[];
  cached: boolean;
  /** Of the request whose copy this was. */
  mirrorOf: string | undefined;
  /** Its bytes went through as they were. */
  passedThrough: boolean;
}

export interface AttemptReport {
  target: Target;
  version: string | undefined;
  passedThrough: boolean;
  /** Milliseconds after the request's own start. */
  startedMs: number;
  durationMs: number;
  errorCode: string | undefined;
}
