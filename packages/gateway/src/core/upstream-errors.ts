// What can go wrong on the way to a provider and back, in one vocabulary: routing decides from it whether to
// try again, breakers count it, fronts render it.
import { HomegrownError } from "@homegrown/contracts";
import type { ErrorKind } from "@homegrown/contracts";

export type UpstreamFault =
  | "refused"
  | "reset"
  | "connect-timeout"
  | "first-token-timeout"
  | "total-timeout"
  | "stalled"
  | "malformed"
  | "too-large"
  | "redirect"
  | "rate-limited"
  | "overloaded"
  | "server-error"
  | "unauthenticated"
  | "not-found"
  | "rejected"
  | "cut-short"
  | "content-filter";

interface FaultRule {
  kind: ErrorKind;
  /** Whether another try, here or elsewhere, may do better. */
  retryable: boolean;
  /** Whether it speaks against the target's health. */
  unhealthy: boolean;
}

export const UPSTREAM_FAULTS: { readonly [F in UpstreamFault]: FaultRule } = {
  refused: { kind: "unavailable", retryable: true, unhealthy: true },
  reset: { kind: "unavailable", retryable: true, unhealthy: true },
  "connect-timeout": { kind: "unavailable", retryable: true, unhealthy: true },
  "first-token-timeout": { kind: "unavailable", retryable: true, unhealthy: true },
  "total-timeout": { kind: "unavailable", retryable: false, unhealthy: true },
  stalled: { kind: "unavailable", retryable: true, unhealthy: true },
  malformed: { kind: "unavailable", retryable: true, unhealthy: true },
  "too-large": { kind: "unavailable", retryable: true, unhealthy: true },
  redirect: { kind: "unavailable", retryable: true, unhealthy: true },
  "rate-limited": { kind: "overloaded", retryable: true, unhealthy: false },
  overloaded: { kind: "overloaded", retryable: true, unhealthy: true },
  "server-error": { kind: "unavailable", retryable: true, unhealthy: true },
  unauthenticated: { kind: "unavailable", retryable: true, unhealthy: true },
  "not-found": { kind: "unavailable", retryable: true, unhealthy: false },
  rejected: { kind: "invalid-input", retryable: false, unhealthy: false },
  "cut-short": { kind: "unavailable", retryable: true, unhealthy: true },
  "content-filter": { kind: "invalid-input", retryable: false, unhealthy: false },
};

export interface UpstreamErrorOptions {
  fault: UpstreamFault;
  /** The target's id. */
  target: string;
  /** What happened, without a word of the prompt or the provider's credentials. */
  message: string;
  /** The provider's status, where it answered. */
  status?: number;
  /** What the provider asked for with Retry-After, in milliseconds from now. */
  retryAfterMs?: number;
  /** The provider's own error, parsed, for fronts of the same protocol. */
  providerError?: unknown;
  cause?: unknown;
}

const HINTS: Partial<Record<UpstreamFault, string>> = {
  unauthenticated: "Whoever runs this gateway should check the provider's credential.",
  "not-found": "Whoever runs this gateway should check the model's name at the provider.",
  rejected: "Correct the request as the provider's message says.",
  "content-filter": "The provider's filter refused this content; change it.",
  "rate-limited": "Wait as Retry-After says, then send the request again.",
};

/** A provider failed; `details.fault` is one of the names above. */
export class UpstreamError extends HomegrownError {
  readonly fault: UpstreamFault;
  readonly target: string;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly providerError: unknown;

  constructor(options: UpstreamErrorOptions) {
    const { fault, target, message, status, retryAfterMs, providerError, cause } = options;
    const rule = UPSTREAM_FAULTS[fault];
    super({
      code: `gateway/upstream-${fault}`,
      kind: rule.kind,
      message: `${target}: ${message}`,
      hint: HINTS[fault] ?? "Send the request again in a moment.",
      retryable: rule.retryable,
      details: {
        fault,
        target,
        ...(status !== undefined && { status }),
        ...(retryAfterMs !== undefined && { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
      },
      cause,
    });
    this.fault = fault;
    this.target = target;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.providerError = providerError;
  }
}
