import type { HomegrownError } from "@homegrown/contracts";
import type { PermitState } from "./accounts.ts";
import type { RequestTrace } from "./request-trace.ts";

/** Where an answer goes: the client's side of one request, without any word of HTTP. */
export interface Delivery {
  readonly requestId: string;
  /** Where this request stands in a trace; undefined where nobody follows it. */
  readonly trace?: RequestTrace | undefined;
  /** Fires when the client has gone, or when whoever runs the server stops waiting. */
  readonly signal: AbortSignal;
  /** The same, cheaper than a signal; called at once when it has happened. */
  onCancel(listener: (reason: HomegrownError) => void): void;
  /** For the server's log line: who answered, and with how many tokens. */
  note(facts: DeliveryFacts): void;
  /** Names to add to the answer's head; only before the first byte. */
  annotate(name: string, value: string): void;
  /** What is left of the caller's limits, for the head of any answer, a refusal included. */
  showLimits(state: PermitState): void;
  /** The whole answer. Exactly one of `send` and `openStream` is called, once. */
  send(body: Uint8Array | string, contentType?: string): void;
  /** Commits to an answer that comes in parts. Call when the first part is ready. */
  openStream(contentType?: string): StreamSink;
}

export interface StreamSink {
  /** The promise, when there is one, settles once the client has taken what waited; it rejects when it left. */
  send(part: Uint8Array | string): Promise<void> | undefined;
  end(part?: Uint8Array | string): void;
}

export interface DeliveryFacts {
  /** As the client named it, once something of that name was found. */
  model?: string;
  version?: string;
  target?: string;
  inputTokens?: number;
  outputTokens?: number;
  attempts?: number;
  /** Null: unknown. */
  costUsd?: number | null;
  /** Answered from the cache. */
  cached?: boolean;
  /** What was asked and answered, cut to size; only where whoever runs the gateway wants prompts in logs. */
  content?: { request: string; answer: string | undefined };
}
