// Entry of one step worker thread: it builds its sessions, then obeys one command after the other. A
// failure is reported once and ends the thread's use; the main thread closes the stepper.
import { parentPort, workerData } from "node:worker_threads";
import { toErrorRecord } from "@homegrown/contracts";
import { loadKernels } from "../kernels/kernels.ts";
import { BrokenBarrierError, breakBarrier } from "./barrier.ts";
import { createEvaluationRunner } from "./evaluation.ts";
import { createGradientRunner } from "./gradients.ts";
import type { EvaluateCommand, StepCommand, WorkerCommand, WorkerReply, WorkerSetup } from "./messages.ts";
import { createUpdateRunner } from "./update.ts";

const setup = workerData as WorkerSetup;
const port = parentPort!;
const reply = (message: WorkerReply): void => port.postMessage(message);

interface Duties {
  obey(command: StepCommand | EvaluateCommand): Promise<WorkerReply>;
  close(): Promise<void>;
}

async function start(): Promise<Duties> {
  const kernels = loadKernels(setup.memory);
  const gradients = await createGradientRunner(setup, kernels);
  const update = await createUpdateRunner(setup, kernels);
  const evaluation = await createEvaluationRunner(setup);
  return {
    async obey(command) {
      if (command.kind === "evaluate")
        return { kind: "evaluate-done", chunks: await evaluation.run(command) };
      const loss = await gradients.run(command.totalWeight);
      return { kind: "step-done", outcome: await update.run(command, loss) };
    },
    async close() {
      for (const runner of [gradients, update, evaluation]) await runner.close();
    },
  };
}

function fail(error: unknown): void {
  breakBarrier(setup.control.barrier);
  reply({ kind: "failed", error: toErrorRecord(error), secondary: error instanceof BrokenBarrierError });
}

try {
  const duties = await start();
  let busy: Promise<void> = Promise.resolve();
  port.on("message", (command: WorkerCommand) => {
    // One after the other: sessions must not close under a run.
    busy = busy.then(() =>
      command.kind === "close"
        ? duties.close().finally(() => port.close())
        : duties.obey(command).then(reply, fail),
    );
  });
  reply({ kind: "ready" });
} catch (error) {
  fail(error);
}
