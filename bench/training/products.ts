// Contender: only the matrix products of our step, on as many threads, each with the session that a worker
// has. What the step takes beyond this is what everything else in it costs.
// Arguments: SHAPE CORPUS [microBatchSequences]; what is multiplied does not matter, so the corpus is not read. One "step" is one run of all micro-batches on every worker.
import { availableParallelism } from "node:os";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { createSession, matrixProductsOf, sizeOf } from "@homegrown/engine";
import type { MatrixProducts } from "@homegrown/engine";
import { buildTrainingGraph } from "@homegrown/models";
import { serveMeasurements } from "./contender.ts";
import { SHAPES, splitBatch } from "./shapes.ts";

/** Buffers of one shape that operands take in turn, so that they are about as cold as in the step. */
const BUFFERS_PER_SHAPE = 4;

async function startMain(): Promise<void> {
  const [name, , microBatch] = process.argv.slice(2);
  const shape = SHAPES[name!]!;
  const split = splitBatch(
    shape,
    availableParallelism(),
    microBatch === undefined ? undefined : Number(microBatch),
  );
  const { graph } = buildTrainingGraph(shape.config, {
    microBatchSequences: split.microBatchSequences,
    sequenceLength: shape.sequenceLength,
    accumulate: split.microBatches > 1,
  });
  const products = matrixProductsOf(graph);
  const url = new URL(import.meta.url);
  const workers = Array.from({ length: split.numWorkers }, () => new Worker(url, { workerData: products }));
  const answers = (): Promise<unknown[]> =>
    Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
  await answers();
  await serveMeasurements("matrix products only", async (steps) => {
    const start = performance.now();
    for (let step = 0; step < steps; step++) {
      const done = answers();
      for (const worker of workers) worker.postMessage(split.microBatches);
      await done;
    }
    return { seconds: (performance.now() - start) / 1000, loss: Number.NaN };
  });
  await Promise.all(workers.map((worker) => worker.terminate()));
}

async function startWorker({ onnx, inputs, outputs }: MatrixProducts): Promise<void> {
  const pool = new Map<string, Float32Array[]>();
  let turn = 0;
  const buffer = (shape: readonly number[]): Float32Array => {
    const key = shape.join();
    const buffers = pool.get(key) ?? [];
    pool.set(key, buffers);
    if (buffers.length < BUFFERS_PER_SHAPE) {
      buffers.push(Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i) / 100));
    }
    return buffers[turn++ % buffers.length]!;
  };
  const feeds = Object.fromEntries(inputs.map(({ name, shape }) => [name, { data: buffer(shape), shape }]));
  const fetches = Object.fromEntries(
    outputs.map(({ name, shape, addend }) => [
      name,
      { data: addend === undefined ? buffer(shape) : feeds[addend]!.data, shape },
    ]),
  );
  const bound = (await createSession(onnx, { threads: 1 })).bind(feeds, fetches);
  const port = parentPort!;
  port.on("message", async (runs: number) => {
    for (let i = 0; i < runs; i++) await bound.run();
    port.postMessage("done");
  });
  port.postMessage("ready");
}

await (isMainThread ? startMain() : startWorker(workerData as MatrixProducts));
