// One attempt at one target, by whichever of the two ways it takes: bytes as they are where it speaks the
// client's dialect, the ports where it does not.
import { randomUUID } from "node:crypto";
import { HomegrownError } from "@homegrown/contracts";
import type { Candidate } from "../../routing/compiled-route.ts";
import type { Delivery } from "../delivery.ts";
import { DIALECT_READERS } from "../dialects/dialect-readers.ts";
import { toRecord } from "../dialects/event-scan.ts";
import { estimateInputTokens } from "../estimate.ts";
import type { AnswerHead, ModelRequest, Translation } from "../model-request.ts";
import { passThrough } from "../passthrough/pass-through.ts";
import type { AttemptTimeouts } from "../running/attempt-clock.ts";
import type { AnswerListener } from "../running/recording.ts";
import type { RunOutcome } from "../running/run-outcome.ts";
import type { Passthrough, Target, TargetLease } from "../target.ts";
import { runPort } from "../translation/run-port.ts";
import { translateChat } from "../translation/translate-chat.ts";
import type { CoreLimits } from "./core-options.ts";

export interface AttemptRun {
  request: ModelRequest;
  candidate: Pick<Candidate, "target" | "direct">;
  /** What budgets or the client leave of the output. */
  maxOutputTokens: number | undefined;
  delivery: Delivery;
  timeouts: AttemptTimeouts;
  totalLeftMs: number;
  /** For the provider, in a request that is traced. */
  traceparent?: string | undefined;
  limits: CoreLimits;
  recording: AnswerListener | undefined;
  onCommit: () => void;
}

/** Settles when the attempt is over; never rejects. */
export function runAttempt(run: AttemptRun): Promise<RunOutcome> {
  const { request, candidate } = run;
  const passthrough = candidate.direct ? candidate.target.passthrough(request.dialect) : undefined;
  return passthrough && request.bytes ? passBytes(run, passthrough) : translate(run);
}

/** The client's own bytes, but for the model's name and what the gateway must ask for. */
function passBytes(run: AttemptRun, passthrough: Passthrough): Promise<RunOutcome> {
  const { request, candidate, maxOutputTokens } = run;
  const { target } = candidate;
  const reader = DIALECT_READERS[request.dialect];
  const bytes = request.bytes!;
  const body = toRecord(request.body);
  const askForUsage = request.stream ? reader.askForUsage?.(body) : undefined;
  const changes: Record<string, unknown> = { ...askForUsage };
  if (request.alias !== target.model) changes["model"] = target.model;
  const limitMember = reader.outputLimitMember?.(body);
  if (
    limitMember !== undefined &&
    maxOutputTokens !== undefined &&
    maxOutputTokens !== request.maxOutputTokens
  ) {
    changes[limitMember] = maxOutputTokens;
  }
  const isEdited = Object.keys(changes).length > 0;
  const { delivery, timeouts, totalLeftMs, limits, recording, onCommit } = run;
  return passThrough({
    request,
    target,
    passthrough,
    delivery,
    timeouts,
    totalLeftMs,
    limits,
    recording,
    onCommit,
    body: isEdited ? bytes.edit(changes) : bytes.raw,
    contentType: bytes.contentType,
    headers:
      run.traceparent === undefined ? bytes.headers : { ...bytes.headers, traceparent: run.traceparent },
    hidesUsage: askForUsage !== undefined,
  });
}

async function translate(run: AttemptRun): Promise<RunOutcome> {
  const { request, candidate } = run;
  const { target } = candidate;
  let lease: TargetLease | undefined;
  try {
    const translation = request.translate();
    if (translation.port === "count") return deliverCount(run, translation);
    let left: Error | undefined;
    run.delivery.onCancel((reason) => (left ??= reason));
    lease = await target.acquire();
    // Who left while a model was started has been answered by none.
    if (left) {
      const { version } = lease;
      return { error: left, committed: false, unsent: true, usage: undefined, textBytes: 0, version };
    }
    return await runTranslation(run, translation, lease);
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    return { error: failure, committed: false, usage: undefined, textBytes: 0, version: lease?.version };
  } finally {
    lease?.release();
  }
}

function runTranslation(
  run: AttemptRun,
  translation: Exclude<Translation, { port: "count" }>,
  lease: TargetLease,
): Promise<RunOutcome> {
  const { request, candidate, maxOutputTokens, limits } = run;
  const target = candidate.target.id;
  const head = newAnswerHead(request.alias, lease.version);
  run.delivery.note({ version: lease.version });
  const parallelChoices = limits.maxParallelChoices;
  if (translation.port === "chat") {
    const chat = required(lease.chat, candidate.target, "chat");
    return translateChat({ ...run, translation, chat, target, head, parallelChoices });
  }
  const context = { head, maxOutputTokens, parallelChoices };
  const common = { ...run, target, context, dropped: translation.dropped };
  switch (translation.port) {
    case "completion": {
      const model = required(lease.completion, candidate.target, "text completion");
      return runPort({ ...common, run: (context) => translation.run(model, context) });
    }
    case "embedding": {
      const model = required(lease.embedding, candidate.target, "embeddings");
      return runPort({ ...common, run: (context) => translation.run(model, context) });
    }
    case "transcription": {
      const model = required(lease.transcription, candidate.target, "transcription");
      return runPort({ ...common, run: (context) => translation.run(model, context) });
    }
    case "speech": {
      const model = required(lease.speech, candidate.target, "speech");
      return runPort({ ...common, run: (context) => translation.run(model, context) });
    }
  }
}

/** A target that cannot count is counted for. */
function deliverCount(run: AttemptRun, translation: Extract<Translation, { port: "count" }>): RunOutcome {
  run.onCommit();
  run.delivery.send(translation.render(estimateInputTokens(run.request)));
  return {
    error: undefined,
    committed: true,
    usage: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, estimated: false },
    textBytes: 0,
    version: run.candidate.target.model,
  };
}

function newAnswerHead(model: string, version: string): AnswerHead {
  return {
    id: randomUUID().replaceAll("-", ""),
    createdAt: Math.floor(Date.now() / 1000),
    model,
    version,
  };
}

function required<Port>(port: Port | undefined, target: Target, what: string): Port {
  if (port !== undefined) return port;
  throw new HomegrownError({
    code: "gateway/not-offered",
    kind: "invalid-input",
    message: `${target.id} does not offer ${what}.`,
    hint: "Ask a model that does, or call another endpoint.",
    retryable: true,
  });
}
