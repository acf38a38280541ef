// What is known of one request while it runs, and what is written about it once it is over: its row in the
// ledger, its charge to budgets and limits, its report.
import { HomegrownError, toErrorRecord } from "@homegrown/contracts";
import { costNanoUsd } from "../../pricing/cost.ts";
import type { Entry, Permit } from "../accounts.ts";
import { completeUsage, estimateInputTokens } from "../estimate.ts";
import type { Key } from "../key.ts";
import type { ModelRequest } from "../model-request.ts";
import type { AttemptReport, RequestReport } from "../request-report.ts";
import type { RunOutcome } from "../running/run-outcome.ts";
import type { Target } from "../target.ts";
import { NO_USAGE } from "../token-usage.ts";
import type { TokenUsage } from "../token-usage.ts";
import type { Cover } from "./reservation.ts";

export interface JobRecordOptions {
  requestId: string;
  request: ModelRequest;
  caller: Key;
  entry: Entry;
  /** The entry whose copy this is. */
  mirrorOf: (() => string) | undefined;
}

export class JobRecord {
  request: ModelRequest;
  permit: Permit | undefined;
  attempts = 0;
  cached = false;
  readonly #options: JobRecordOptions;
  readonly #startedAt = Date.now();
  readonly #started = performance.now();
  #target: Target | undefined;
  /** Of the last attempt: only that one is charged. */
  #cover: Cover | undefined;
  #passedThrough = false;
  #outcome: RunOutcome | undefined;
  #attemptStartedMs = 0;
  readonly #attemptsMade: AttemptReport[] = [];
  #firstByteMs: number | undefined;
  #version: string | undefined;

  constructor(options: JobRecordOptions) {
    this.#options = options;
    this.request = options.request;
  }

  get entryId(): string {
    return this.#options.entry.id ?? this.#options.requestId;
  }

  /** A new attempt takes the place of the one before it. */
  beginAttempt(target: Target, passedThrough: boolean): void {
    this.#cover?.reservation.release();
    this.#cover = undefined;
    this.#outcome = undefined;
    this.#target = target;
    this.#passedThrough = passedThrough;
    this.#attemptStartedMs = performance.now() - this.#started;
  }

  /** Whether the answer is what this target says to this request, whoever asks and whatever money is left. */
  isRepeatable(target: Target): boolean {
    return this.#target === target && this.#cover?.isShortened === false;
  }

  cover(cover: Cover): void {
    this.#cover = cover;
    const { id, provider, own } = this.#target!;
    this.#options.entry.attempt({
      target: id,
      provider,
      own,
      reservation: cover.reservation,
      inputTokens: estimateInputTokens(this.request),
      inputCostNano: cover.inputCostNano,
    });
  }

  endAttempt(outcome: RunOutcome): void {
    this.#outcome = outcome;
    const startedMs = this.#attemptStartedMs;
    this.#attemptsMade.push({
      target: this.#target!,
      version: outcome.version,
      passedThrough: this.#passedThrough,
      startedMs,
      durationMs: performance.now() - this.#started - startedMs,
      errorCode: outcome.error && toErrorRecord(outcome.error).code,
    });
  }

  /** The first part of the answer is on its way to the client. */
  markFirstByte(): void {
    this.#firstByteMs ??= performance.now() - this.#started;
  }

  /** An answer that was given before costs nothing. */
  takeFromCache(target: Target, version: string): void {
    this.cached = true;
    this.#target = target;
    this.#version = version;
  }

  /** Once, when the request is over, whatever became of it. */
  settle(failure: unknown): RequestReport {
    const { usage, costNano } = this.#charge();
    const report = this.#report(failure, usage, costNano);
    this.permit?.settle(usage.input + usage.output);
    this.#options.entry.settle({
      outcome: report.outcome,
      errorCode: report.errorCode,
      version: report.version,
      usage,
      costNano,
      priceSource: this.#target?.price?.source,
      latencyMs: report.latencyMs,
      firstByteMs: report.firstByteMs,
      attempts: this.attempts,
      cached: this.cached,
    });
    return report;
  }

  #charge(): { usage: TokenUsage; costNano: number | null } {
    const outcome = this.#outcome;
    if (outcome === undefined || !isCharged(outcome)) return { usage: NO_USAGE, costNano: 0 };
    const isWhole = outcome.error === undefined;
    const usage = completeUsage(outcome.usage, outcome.textBytes, this.request, isWhole, this.#mostOutput());
    return { usage, costNano: costNanoUsd(this.#target?.price, usage, this.#cover?.copies) };
  }

  /** More cannot have been answered, whatever its bytes look like: the provider was told, or has no longer answers. */
  #mostOutput(): number {
    const { numChoices, maxOutputTokens = Infinity } = this.request;
    const { reservation } = this.#cover ?? {};
    return numChoices * (reservation?.isFree === false ? reservation.units : maxOutputTokens);
  }

  #report(failure: unknown, usage: TokenUsage, costNano: number | null): RequestReport {
    const { requestId, caller, mirrorOf } = this.#options;
    const { alias, dialect, stream } = this.request;
    return {
      requestId,
      entryId: this.#options.entry.id,
      key: caller,
      alias,
      dialect,
      streamed: stream,
      target: this.#target,
      version: this.#version ?? this.#outcome?.version ?? this.#target?.model,
      outcome: this.#judge(failure),
      errorCode: failure === undefined ? undefined : toErrorRecord(failure).code,
      usage,
      costNano,
      startedAt: this.#startedAt,
      latencyMs: performance.now() - this.#started,
      firstByteMs: this.#firstByteMs,
      attempts: this.attempts,
      attemptsMade: this.#attemptsMade,
      cached: this.cached,
      mirrorOf: mirrorOf?.(),
      passedThrough: this.#passedThrough,
    };
  }

  #judge(failure: unknown): RequestReport["outcome"] {
    if (failure === undefined) return "completed";
    if (isCancelled(failure)) return "client-left";
    return this.#outcome === undefined ? "refused" : "failed";
  }
}

export function isCancelled(error: unknown): boolean {
  return error instanceof HomegrownError && error.kind === "cancelled";
}

/** Ended from this side while the target worked: that says nothing of the target, which bills it all the same. */
export function isBrokenOff(error: unknown): boolean {
  return isCancelled(error) || (error instanceof HomegrownError && BREAKS_OFF.has(error.code));
}

const BREAKS_OFF: ReadonlySet<string> = new Set(["gateway/key-revoked", "gateway/draining"]);

/** A provider bills what it worked on: everything that was answered, and what was broken off while it worked. */
function isCharged({ error, usage, textBytes, committed, unsent }: RunOutcome): boolean {
  if (unsent === true) return false;
  return error === undefined || committed || usage !== undefined || textBytes > 0 || isBrokenOff(error);
}
