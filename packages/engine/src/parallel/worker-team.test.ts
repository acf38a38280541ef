import assert from "node:assert/strict";
import { test } from "node:test";
import { barrierLength } from "./barrier.ts";
import { planMemory } from "./memory-layout.ts";
import type { SharedControl, WorkerSetup } from "./messages.ts";
import { tinyStepProgram } from "./tiny-program.ts";
import { startWorkerTeam } from "./worker-team.ts";

test("a worker that crashes ends the team with an error that names it", async () => {
  const program = tinyStepProgram(1);
  const layout = planMemory(program, "adamw", 2);
  const control: SharedControl = {
    barrier: new Int32Array(new SharedArrayBuffer(4 * barrierLength)),
    losses: new Float64Array(new SharedArrayBuffer(16)),
    squares: new Float64Array(new SharedArrayBuffer(16)),
  };
  const setup: WorkerSetup = {
    index: 0,
    numWorkers: 2,
    microBatches: 1,
    program,
    optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 },
    layout,
    memory: new WebAssembly.Memory({ initial: layout.pages, maximum: layout.pages, shared: true }),
    control,
    batch: {
      ids: new Int32Array(new SharedArrayBuffer(32)),
      targets: new Int32Array(new SharedArrayBuffer(32)),
      weights: new Float32Array(new SharedArrayBuffer(32)),
    },
  };
  // Without memory and control the second worker cannot even report its failure: it dies.
  const doomed = { ...setup, index: 1, memory: undefined, control: undefined } as unknown as WorkerSetup;
  await assert.rejects(startWorkerTeam([setup, doomed]), {
    code: "engine/worker-failed",
    message: /worker 1 ended unexpectedly/,
  });
});
