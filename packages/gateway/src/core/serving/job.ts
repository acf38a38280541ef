// One request from admission to its row in the ledger. Reads from top to bottom as it happens.
import { HomegrownError, toErrorRecord } from "@homegrown/contracts";
import { costNanoUsd } from "../../pricing/cost.ts";
import { Attempts } from "../../routing/attempts.ts";
import type { Candidate, RoutePlan } from "../../routing/compiled-route.ts";
import type { Entry, Permit } from "../accounts.ts";
import type { Delivery } from "../delivery.ts";
import { ENDPOINT_OF_DIALECT } from "../dialect.ts";
import { completeUsage, estimateInputTokens } from "../estimate.ts";
import type { Key } from "../key.ts";
import type { ModelRequest } from "../model-request.ts";
import type { RequestReport } from "../request-report.ts";
import { Recording } from "../running/recording.ts";
import type { RunOutcome } from "../running/run-outcome.ts";
import type { Target } from "../target.ts";
import { NO_USAGE } from "../token-usage.ts";
import type { TokenUsage } from "../token-usage.ts";
import type { CoreOptions } from "./core-options.ts";
import { coverRequest } from "./reservation.ts";
import type { Cover } from "./reservation.ts";
import { runAttempt } from "./run-attempt.ts";

export class Job {
  readonly #options: CoreOptions;
  readonly #delivery: Delivery;
  readonly #caller: Key;
  readonly #startedAt = Date.now();
  readonly #started = performance.now();
  #request: ModelRequest;
  #plan: RoutePlan | undefined;
  #permit: Permit | undefined;
  #entry: Entry | undefined;
  #target: Target | undefined;
  /** Of the last attempt: only that one is charged. */
  #cover: Cover | undefined;
  #passedThrough = false;
  #outcome: RunOutcome | undefined;
  #usage: TokenUsage = NO_USAGE;
  #costNano: number | null = 0;
  #attempts = 0;
  #firstByteMs: number | undefined;
  #cached = false;
  #recording: Recording | undefined;

  constructor(options: CoreOptions, request: ModelRequest, delivery: Delivery, caller: Key) {
    this.#options = options;
    this.#request = request;
    this.#delivery = delivery;
    this.#caller = caller;
  }

  /** Rejects with what the client is told, after everything has been recorded. */
  async run(): Promise<void> {
    let failure: unknown;
    try {
      this.#admit();
      await this.#runHooksBefore();
      if (!(await this.#answerFromCache())) await this.#attempt();
    } catch (error) {
      failure = error;
    }
    this.#settle(failure);
    if (failure !== undefined) throw failure;
  }

  #admit(): void {
    const { accounts, routing } = this.#options;
    const request = this.#request;
    const { dialect, alias, stream } = request;
    this.#entry = accounts.open({
      requestId: this.#delivery.requestId,
      key: this.#caller,
      alias,
      dialect,
      streamed: stream,
      labels: request.labels,
      mirrorOf: undefined,
    });
    accounts.permit(this.#caller, ENDPOINT_OF_DIALECT[dialect], alias);
    this.#plan = routing.router.plan(toQuestion(request, this.#caller));
    this.#delivery.note({ model: alias });
    this.#permit = accounts.admit(this.#caller, { tokens: estimateInputTokens(request), stream });
    if (this.#permit.state) this.#delivery.showLimits(this.#permit.state);
  }

  async #runHooksBefore(): Promise<void> {
    const { hooks } = this.#options;
    const plan = this.#plan!;
    if (!hooks || plan.route.hooks.length === 0) return;
    this.#request = await hooks.before(plan, this.#request, this.#caller, this.#delivery);
  }

  /** True where the answer has been delivered. */
  async #answerFromCache(): Promise<boolean> {
    return this.#options.caches?.answer(this.#plan!, this.#request, this.#caller, this.#delivery) ?? false;
  }

  async #attempt(): Promise<void> {
    const plan = this.#plan!;
    const attempts = new Attempts(plan);
    for (let candidate = attempts.first(); ;) {
      this.#attempts = attempts.count;
      const outcome = await this.#try(candidate, attempts);
      if (outcome.error === undefined) return attempts.succeed();
      if (isCancelled(outcome.error)) attempts.abandon();
      else if (outcome.committed) attempts.fail(outcome.error);
      else {
        candidate = await attempts.retry(outcome.error, this.#delivery.signal);
        continue;
      }
      throw outcome.error;
    }
  }

  async #try(candidate: Candidate, attempts: Attempts): Promise<RunOutcome> {
    const { accounts, limits } = this.#options;
    const { target, direct } = candidate;
    const request = this.#request;
    const copies = direct ? 1 : request.numChoices;
    this.#cover?.reservation.release();
    this.#cover = undefined;
    try {
      const covering = coverRequest(request, target, this.#caller, { accounts, copies });
      this.#cover = covering instanceof Promise ? await covering : covering;
    } catch (error) {
      attempts.abandon();
      throw error;
    }
    this.#target = target;
    this.#passedThrough = direct && request.bytes !== undefined;
    this.#entry!.attempt({
      target: target.id,
      provider: target.provider,
      own: target.own,
      reservedNano: this.#cover.reservedNano,
    });
    this.#delivery.note({ version: target.model, target: target.id, attempts: this.#attempts });
    const outcome = await runAttempt({
      request,
      candidate,
      maxOutputTokens: this.#cover.maxOutputTokens,
      delivery: this.#delivery,
      timeouts: this.#plan!.route.timeouts,
      totalLeftMs: Math.max(1, attempts.remainingMs),
      limits,
      recording: this.#recording,
      onCommit: () => {
        attempts.markFirstToken();
        this.#firstByteMs = performance.now() - this.#started;
        this.#delivery.annotate("x-homegrown-target", target.id);
      },
    });
    this.#outcome = outcome;
    return outcome;
  }

  #settle(failure: unknown): void {
    this.#charge();
    const report = this.#report(failure);
    this.#permit?.settle(this.#usage.input + this.#usage.output);
    this.#entry?.settle({
      outcome: report.outcome,
      errorCode: report.errorCode,
      version: report.version,
      usage: report.usage,
      costNano: report.costNano,
      priceSource: this.#target?.price?.source,
      latencyMs: report.latencyMs,
      firstByteMs: report.firstByteMs,
      attempts: report.attempts,
      cached: report.cached,
    });
    this.#delivery.note({
      inputTokens: report.usage.input,
      outputTokens: report.usage.output,
      ...(report.version !== undefined && { version: report.version }),
    });
    this.#options.observe(report);
  }

  #charge(): void {
    const outcome = this.#outcome;
    if (outcome === undefined || !isCharged(outcome)) {
      this.#cover?.reservation.release();
      return;
    }
    const isWhole = outcome.error === undefined;
    this.#usage = completeUsage(outcome.usage, outcome.textBytes, this.#request, isWhole);
    this.#costNano = costNanoUsd(this.#target?.price, this.#usage);
    this.#cover?.reservation.settle(this.#costNano ?? 0);
  }

  #report(failure: unknown): RequestReport {
    return {
      requestId: this.#delivery.requestId,
      key: this.#caller,
      alias: this.#request.alias,
      dialect: this.#request.dialect,
      streamed: this.#request.stream,
      target: this.#target,
      version: this.#outcome?.version ?? this.#target?.model,
      outcome:
        failure === undefined
          ? "completed"
          : isCancelled(failure)
            ? "client-left"
            : this.#target === undefined
              ? "refused"
              : "failed",
      errorCode: failure === undefined ? undefined : toErrorRecord(failure).code,
      usage: this.#usage,
      costNano: this.#costNano,
      startedAt: this.#startedAt,
      latencyMs: performance.now() - this.#started,
      firstByteMs: this.#firstByteMs,
      attempts: this.#attempts,
      cached: this.#cached,
      mirrorOf: undefined,
      passedThrough: this.#passedThrough,
    };
  }
}

/** A provider bills what it worked on: everything that was answered, and what was broken off while it worked. */
function isCharged({ error, usage, textBytes, committed }: RunOutcome): boolean {
  return error === undefined || committed || usage !== undefined || textBytes > 0 || isCancelled(error);
}

export function isCancelled(error: unknown): boolean {
  return error instanceof HomegrownError && error.kind === "cancelled";
}

function toQuestion(
  request: ModelRequest,
  key: Key,
): Parameters<CoreOptions["routing"]["router"]["plan"]>[0] {
  return {
    alias: request.alias,
    key,
    needs: request.needs,
    dialect: request.dialect,
    stream: request.stream,
    maxInputTokens: request.maxInputTokens,
    maxOutputTokens: request.maxOutputTokens,
    get conversation() {
      return request.conversation;
    },
  };
}
