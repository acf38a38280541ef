// One attempt through a port other than chat. The front's translation makes the calls and the bytes; here are
// the clock, the client's leaving, and the bookkeeping, as for chat.
import type { HomegrownError } from "@homegrown/contracts";
import type { Delivery, StreamSink } from "../delivery.ts";
import { modelFailed } from "../model-failed.ts";
import type { PortContext, PortRun } from "../model-request.ts";
import { AttemptClock } from "../running/attempt-clock.ts";
import type { AttemptTimeouts } from "../running/attempt-clock.ts";
import type { AnswerListener } from "../running/recording.ts";
import type { RunOutcome } from "../running/run-outcome.ts";
import type { TokenUsage } from "../token-usage.ts";
import { nameDropped } from "./dropped-fields.ts";
import { iterateUntilAborted, withinGrace } from "./abortable.ts";

export interface PortAttempt {
  run: (context: PortContext) => PortRun;
  /** Fields that the port has no place for. */
  dropped: readonly string[];
  context: Omit<PortContext, "signal">;
  /** The target's id, for errors. */
  target: string;
  delivery: Delivery;
  timeouts: AttemptTimeouts;
  totalLeftMs: number;
  recording: AnswerListener | undefined;
  onCommit: () => void;
}

/** Settles when the attempt is over; never rejects. */
export async function runPort(attempt: PortAttempt): Promise<RunOutcome> {
  const { delivery, timeouts, totalLeftMs, recording, onCommit, context } = attempt;
  const stop = new AbortController();
  const abort = (reason: HomegrownError): void => stop.abort(reason);
  const clock = new AttemptClock(attempt.target, timeouts, totalLeftMs, abort);
  delivery.onCancel(abort);
  let committed = false;
  let usage: TokenUsage | undefined;
  let textBytes = 0;
  const commit = (): void => {
    nameDropped(delivery, attempt.dropped);
    committed = true;
    onCommit();
  };
  const finish = (error: Error | undefined): RunOutcome => {
    clock.stop();
    return { error, committed, usage, textBytes, version: context.head.version };
  };
  try {
    const run = attempt.run({ ...context, signal: stop.signal });
    if (run.kind === "whole") {
      const answer = await withinGrace(run.answer, stop.signal);
      usage = answer.usage;
      commit();
      recording?.add(answer.body);
      delivery.send(answer.body, answer.contentType);
      return finish(undefined);
    }
    let sink: StreamSink | undefined;
    for await (const part of iterateUntilAborted(run.parts, stop.signal)) {
      usage = part.usage ?? usage;
      if (part.text === "") continue;
      if (sink) {
        clock.part();
      } else {
        clock.firstPart();
        commit();
        sink = delivery.openStream(run.contentType);
      }
      textBytes += part.textBytes ?? 0;
      recording?.add(part.text);
      const drained = sink.send(part.text);
      if (drained) {
        clock.awaitClient();
        await drained;
        clock.clientTook();
      }
    }
    if (!sink) throw modelFailed("The model's stream ended before it began.");
    sink.end();
    return finish(undefined);
  } catch (error) {
    if (stop.signal.aborted) return finish(stop.signal.reason as Error);
    return finish(error instanceof Error ? error : modelFailed(String(error)));
  }
}
