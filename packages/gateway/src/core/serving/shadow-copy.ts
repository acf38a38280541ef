// A copy of a request to another target. Its answer goes nowhere, its cost into a column of its own, and no
// client waits for it, sees it or pays for it.
import { HomegrownError } from "@homegrown/contracts";
import type { RoutePlan, Shadow } from "../../routing/compiled-route.ts";
import { freeReservation } from "../accounts.ts";
import type { Delivery } from "../delivery.ts";
import type { Key } from "../key.ts";
import type { ModelRequest } from "../model-request.ts";
import { Recording } from "../running/recording.ts";
import type { CoreOptions } from "./core-options.ts";
import { JobRecord } from "./job-record.ts";
import { runAttempt } from "./run-attempt.ts";

export interface ShadowedRequest {
  options: CoreOptions;
  plan: RoutePlan;
  shadow: Shadow;
  request: ModelRequest;
  requestId: string;
  /** Of the client's own request. */
  entryId: () => string;
  caller: Key;
}

/** What a copy keeps alive when its request's size is not known. */
const LEAST_BYTES = 4096;

/** Returns at once; the copy starts later, or never when too many run. */
export function mirror(copied: ShadowedRequest): void {
  const { shadow, request } = copied;
  shadow.runner.submit((signal) => runCopy(copied, signal), request.bytes?.raw.length ?? LEAST_BYTES);
}

async function runCopy(copied: ShadowedRequest, signal: AbortSignal): Promise<void> {
  const { options, plan, shadow, request, requestId, entryId, caller } = copied;
  const { target, direct, health } = shadow;
  const attempt = health.begin(false, request.stream);
  if (attempt === undefined) return;
  const { dialect, stream, alias, labels } = request;
  const entry = options.accounts.open({
    requestId,
    key: caller,
    alias,
    dialect,
    streamed: stream,
    labels,
    mirrorOf: entryId,
  });
  const record = new JobRecord({ requestId, request: silent(request), caller, entry, mirrorOf: entryId });
  record.attempts = 1;
  record.beginAttempt(target, direct && request.bytes !== undefined);
  const reservation = freeReservation(Number.POSITIVE_INFINITY);
  const copies = direct ? 1 : request.numChoices;
  record.cover({
    reservation,
    isShortened: false,
    copies,
    inputCostNano: 0,
    maxOutputTokens: request.maxOutputTokens,
  });
  const { capture, limits } = options;
  const recording = capture?.wants(caller, plan) ? new Recording(limits.maxRecordedBytes) : undefined;
  const outcome = await runAttempt({
    request: record.request,
    candidate: { target, direct },
    maxOutputTokens: request.maxOutputTokens,
    delivery: new DiscardedDelivery(requestId, signal),
    timeouts: plan.route.timeouts,
    totalLeftMs: plan.route.timeouts.totalMs,
    limits,
    recording,
    onCommit: () => record.markFirstByte(),
  });
  record.endAttempt(outcome);
  if (outcome.error) health.fail(attempt, outcome.error);
  else health.succeed(attempt);
  const report = record.settle(outcome.error);
  if (recording) capture?.record({ report, plan, request, answer: recording.bytes() });
  options.observe(report);
}

/** What a front would do with a passed-through answer (store it) is for the client's own alone. */
function silent({ onPassedThrough: _, ...request }: ModelRequest): ModelRequest {
  return request;
}

class DiscardedDelivery implements Delivery {
  readonly requestId: string;
  readonly signal: AbortSignal;

  constructor(requestId: string, signal: AbortSignal) {
    this.requestId = requestId;
    this.signal = signal;
  }

  onCancel(listener: (reason: HomegrownError) => void): void {
    const cancel = (): void => listener(closing());
    if (this.signal.aborted) cancel();
    else this.signal.addEventListener("abort", cancel, { once: true });
  }

  note(): void {}
  annotate(): void {}
  showLimits(): void {}
  send(): void {}
  openStream(): ReturnType<Delivery["openStream"]> {
    return { send: () => undefined, end: () => {} };
  }
}

function closing(): HomegrownError {
  return new HomegrownError({
    code: "gateway/mirror-ended",
    kind: "cancelled",
    message: "The copy of a request was ended because the gateway closes.",
    hint: "Nothing to do: copies are not repeated.",
  });
}
