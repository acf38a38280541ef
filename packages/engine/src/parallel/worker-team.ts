// The worker threads of one stepper as one thing: a command goes to all, the answer is everybody's reply.
// A worker that throws, exits or crashes breaks the barrier, ends the team and rejects what is under way,
// so nothing ever waits for a dead worker. Workers are never terminated from outside: ONNX Runtime aborts
// the whole process when its thread is ended inside one of its calls. They finish that call and leave.
import { Worker } from "node:worker_threads";
import { HomegrownError, fromErrorRecord } from "@homegrown/contracts";
import { breakBarrier } from "./barrier.ts";
import type { WorkerCommand, WorkerReply, WorkerSetup } from "./messages.ts";

export interface WorkerTeam {
  /** One reply of each worker, in worker order. One command at a time. */
  ask(command: WorkerCommand): Promise<WorkerReply[]>;
  close(): Promise<void>;
}

interface Pending {
  replies: (WorkerReply | undefined)[];
  resolve(replies: WorkerReply[]): void;
  reject(error: unknown): void;
}

export async function startWorkerTeam(setups: readonly WorkerSetup[]): Promise<WorkerTeam> {
  const barrier = setups[0]!.control.barrier;
  let pending: Pending | undefined;
  let ended: unknown;
  const workers = setups.map(
    (setup) => new Worker(new URL("./worker.ts", import.meta.url), { workerData: setup, execArgv: [] }),
  );
  const exited = Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve))));

  function end(error: unknown): void {
    if (ended !== undefined) return;
    ended = error;
    breakBarrier(barrier);
    for (const worker of workers) worker.postMessage({ kind: "close" } satisfies WorkerCommand);
    pending?.reject(error);
    pending = undefined;
  }

  function take(index: number, reply: WorkerReply): void {
    // The others' "another worker failed" may arrive before the failure itself: wait for the real one.
    if (reply.kind === "failed" && !reply.secondary) end(fromErrorRecord(reply.error));
    if (reply.kind === "failed" || pending === undefined) return;
    pending.replies[index] = reply;
    const done = pending.replies.filter((entry) => entry !== undefined);
    if (done.length < workers.length) return;
    const { resolve } = pending;
    pending = undefined;
    resolve(done);
  }

  const expectReplies = (): Promise<WorkerReply[]> =>
    new Promise((resolve, reject) => {
      pending = { replies: Array.from({ length: workers.length }), resolve, reject };
    });

  const ready = expectReplies();
  workers.forEach((worker, index) => {
    worker.on("message", (reply: WorkerReply) => take(index, reply));
    worker.on("error", (cause) => end(crashed(index, cause)));
    worker.on("exit", (code) => end(crashed(index, `it exited with code ${code}`)));
  });
  await ready;

  return {
    async ask(command) {
      if (ended !== undefined) throw ended;
      if (pending !== undefined)
        throw new Error("a stepper obeys one command at a time: await the one before");
      const replies = expectReplies();
      for (const worker of workers) worker.postMessage(command);
      return replies;
    },
    async close() {
      end(
        new HomegrownError({
          code: "engine/closed",
          kind: "conflict",
          message: "the stepper was closed",
          hint: "Create a new stepper.",
        }),
      );
      await exited;
    },
  };
}

function crashed(index: number, cause: unknown): HomegrownError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HomegrownError({
    code: "engine/worker-failed",
    kind: "internal",
    message: `training worker ${index} ended unexpectedly: ${reason}`,
    hint: "If memory ran out, use a smaller micro-batch or fewer workers; then resume from the last checkpoint.",
    cause,
  });
}
