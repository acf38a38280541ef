// One request from admission to its row in the ledger. Reads from top to bottom as it happens.
import type { AnswerCache, AnswerRecording } from "../../answer-cache/answer-cache.ts";
import { Attempts } from "../../routing/attempts.ts";
import type { Candidate, RoutePlan } from "../../routing/compiled-route.ts";
import type { Accounts, Permit } from "../accounts.ts";
import type { Delivery } from "../delivery.ts";
import { ENDPOINT_OF_DIALECT } from "../dialect.ts";
import { estimateInputTokens } from "../estimate.ts";
import type { Key } from "../key.ts";
import type { ModelRequest } from "../model-request.ts";
import { Recording, listenWith } from "../running/recording.ts";
import type { AnswerListener } from "../running/recording.ts";
import type { RunOutcome } from "../running/run-outcome.ts";
import { AnswerHooks } from "./answer-hooks.ts";
import { cacheKeyOf, deliverCached } from "./cached-answer.ts";
import type { CoreOptions } from "./core-options.ts";
import { JobRecord, isBrokenOff } from "./job-record.ts";
import { coverRequest } from "./reservation.ts";
import { runAttempt } from "./run-attempt.ts";
import { mirror } from "./shadow-copy.ts";

const NANO_PER_USD = 1e9;

export class Job {
  readonly #options: CoreOptions;
  readonly #delivery: Delivery;
  readonly #caller: Key;
  readonly #record: JobRecord;
  /** Everything that hooks, cache and capture need of the answer; undefined on most routes. */
  #recording: Recording | undefined;
  #caching: AnswerRecording | undefined;
  /** To a target, or was about to be: only that is copied for a shadow. */
  #isSent = false;

  constructor(options: CoreOptions, request: ModelRequest, delivery: Delivery, caller: Key) {
    this.#options = options;
    this.#delivery = delivery;
    this.#caller = caller;
    const { requestId } = delivery;
    const { alias, dialect, stream, labels } = request;
    const entry = options.accounts.open({
      requestId,
      key: caller,
      alias,
      dialect,
      streamed: stream,
      labels,
      mirrorOf: undefined,
    });
    this.#record = new JobRecord({ requestId, request, caller, entry, mirrorOf: undefined });
  }

  /** Rejects with what the client is told, after everything has been recorded. */
  async run(): Promise<void> {
    let plan: RoutePlan | undefined;
    let failure: unknown;
    try {
      plan = this.#admit();
      await this.#answer(plan);
    } catch (error) {
      failure = error;
    }
    this.#settle(plan, failure);
    // Now, because the copy would have had a share of the processor while the client still waited.
    if (this.#isSent && plan?.shadow) this.#mirror(plan);
    if (failure !== undefined) throw failure;
  }

  /** Throws what scopes, routes and limits have against the request. */
  #admit(): RoutePlan {
    const { accounts, routing } = this.#options;
    const { request } = this.#record;
    const { dialect, alias, stream } = request;
    accounts.permit(this.#caller, ENDPOINT_OF_DIALECT[dialect], alias);
    const plan = routing.router.plan(toQuestion(request, this.#caller));
    this.#delivery.note({ model: alias });
    const permit = this.#takePermit({ tokens: estimateInputTokens(request), stream });
    this.#record.permit = permit;
    if (permit.state) this.#delivery.showLimits(permit.state);
    return plan;
  }

  /** Who is refused is told how far over its limits it is, too. */
  #takePermit(ask: Parameters<Accounts["admit"]>[1]): Permit {
    const { accounts } = this.#options;
    try {
      return accounts.admit(this.#caller, ask);
    } catch (error) {
      const state = accounts.limitsOf(this.#caller);
      if (state) this.#delivery.showLimits(state);
      throw error;
    }
  }

  async #answer(plan: RoutePlan): Promise<void> {
    const { caches, limits } = this.#options;
    const chain = this.#options.routing.hooks?.chain(plan.route.hooks);
    const hooks = chain && new AnswerHooks(chain, this.#delivery, this.#caller);
    if (hooks) this.#record.request = await hooks.before(this.#record.request);
    const { request } = this.#record;
    const cache = caches?.of(plan.alias, plan.route.cache);
    const held = hooks?.hold(request, limits.maxRecordedBytes);
    const observes = hooks?.observes === true && held === undefined;
    const { logContentChars } = this.#options;
    const isLogged = logContentChars !== undefined;
    if (observes || isLogged || this.#options.capture?.wants(this.#caller, plan) === true) {
      this.#recording = new Recording(limits.maxRecordedBytes);
    }
    const delivery = held ?? this.#delivery;
    // What is kept is what the model said: hooks look at it each time, and may say something else by then.
    const isKept = cache !== undefined && (await this.#answerFrom(cache, plan, delivery));
    if (!isKept) await this.#attempt(plan, delivery);
    if (held) await hooks!.release(request, held);
    else if (observes) hooks!.observe(request, this.#recording!);
  }

  async #answerFrom(cache: AnswerCache, plan: RoutePlan, delivery: Delivery): Promise<boolean> {
    const { request } = this.#record;
    const key = await cacheKeyOf({ cache, plan, request, caller: this.#caller });
    if (key === undefined) return false;
    const answer = cache.get(key);
    if (answer === undefined) {
      this.#caching = cache.record(key);
      return false;
    }
    this.#record.takeFromCache(plan.candidates[0]!.target, answer.version);
    await deliverCached(answer, delivery, this.#recording);
    return true;
  }

  #mirror(plan: RoutePlan): void {
    const { request } = this.#record;
    const { requestId } = this.#delivery;
    mirror({
      options: this.#options,
      plan,
      shadow: plan.shadow!,
      request,
      requestId,
      entryId: () => this.#record.entryId,
      caller: this.#caller,
    });
  }

  async #attempt(plan: RoutePlan, delivery: Delivery): Promise<void> {
    const listener = listenWith([this.#recording, this.#caching]);
    const attempts = new Attempts(plan);
    for (let candidate = attempts.first(); ;) {
      const outcome = await this.#try(plan, candidate, attempts, delivery, listener);
      if (outcome.error === undefined) return attempts.succeed();
      if (!isBrokenOff(outcome.error) && !outcome.committed) {
        candidate = await attempts.retry(outcome.error, this.#delivery.signal);
        continue;
      }
      if (isBrokenOff(outcome.error)) attempts.abandon();
      else attempts.fail(outcome.error);
      throw outcome.error;
    }
  }

  async #try(
    plan: RoutePlan,
    candidate: Candidate,
    attempts: Attempts,
    delivery: Delivery,
    recording: AnswerListener | undefined,
  ): Promise<RunOutcome> {
    const { accounts, limits } = this.#options;
    const { target, direct } = candidate;
    const record = this.#record;
    const { request } = record;
    record.attempts = attempts.count;
    record.beginAttempt(target, direct && request.bytes !== undefined);
    delivery.note({ version: target.model, target: target.id, attempts: attempts.count });
    try {
      const copies = direct ? 1 : request.numChoices;
      const covering = coverRequest(request, target, this.#caller, { accounts, copies });
      const cover = covering instanceof Promise ? await covering : covering;
      record.cover(cover);
      // Who left meanwhile is not sent on, and nobody is charged.
      if (covering instanceof Promise) this.#delivery.signal.throwIfAborted();
      this.#isSent = true;
      const outcome = await runAttempt({
        request,
        candidate,
        maxOutputTokens: cover.maxOutputTokens,
        delivery,
        timeouts: plan.route.timeouts,
        totalLeftMs: Math.max(1, attempts.remainingMs),
        traceparent: this.#delivery.trace?.beginAttempt(),
        limits,
        recording,
        onCommit: () => {
          attempts.markFirstToken();
          record.markFirstByte();
          delivery.annotate("x-homegrown-target", target.id);
        },
      });
      record.endAttempt(outcome);
      return outcome;
    } catch (error) {
      // The budgets said no: that says nothing of the target.
      attempts.abandon();
      throw error;
    }
  }

  #settle(plan: RoutePlan | undefined, failure: unknown): void {
    const report = this.#record.settle(failure);
    const { usage, version, streamed } = report;
    this.#delivery.note({
      inputTokens: usage.input,
      outputTokens: usage.output,
      costUsd: report.costNano === null ? null : report.costNano / NANO_PER_USD,
      ...(report.cached && { cached: true }),
      ...(version !== undefined && { version }),
    });
    const first = plan?.candidates[0]?.target;
    if (failure === undefined && version !== undefined && first && this.#record.isRepeatable(first)) {
      this.#caching?.finish({ streamed, contentType: undefined, usage, version });
    }
    const { capture, observe, logContentChars } = this.#options;
    if (logContentChars !== undefined) this.#noteContent(logContentChars);
    if (this.#delivery.trace) this.#delivery.trace.report = report;
    if (plan && capture?.wants(this.#caller, plan) === true && !report.cached) {
      capture.record({ report, plan, request: this.#record.request, answer: this.#recording?.bytes() });
    }
    observe(report);
  }

  #noteContent(maxChars: number): void {
    const request = JSON.stringify(this.#record.request.body) ?? "";
    const answer = this.#recording?.bytes()?.toString("utf8");
    this.#delivery.note({
      content: { request: request.slice(0, maxChars), answer: answer?.slice(0, maxChars) },
    });
  }
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
    conversation: () => request.conversation(),
  };
}
