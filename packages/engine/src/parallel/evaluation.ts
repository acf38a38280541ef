// Held-out loss by the same workers: the batch is cut into chunks of the scoring program's sequences,
// worker w takes chunks w, w + numWorkers, …; the main thread adds the chunks in their order.
import { createSession } from "../session.ts";
import type { Value } from "../session.ts";
import { createBatchInputs, fillInputs, parameterValues } from "./gradients.ts";
import type { EvaluateCommand, WorkerSetup } from "./messages.ts";

export interface EvaluationRunner {
  run(command: EvaluateCommand): Promise<(readonly [chunk: number, loss: number])[]>;
  close(): Promise<void>;
}

export async function createEvaluationRunner(setup: WorkerSetup): Promise<EvaluationRunner> {
  const { evaluation: program, index, numWorkers } = setup;
  if (program === undefined) return { run: async () => [], close: async () => {} };
  const session = await createSession(program.onnx, { threads: 1 });
  const inputs = createBatchInputs(program.numRows);
  const loss = new Float32Array(1);
  const feeds: Record<string, Value> = { ...inputs.values, ...parameterValues(setup) };
  const bound = session.bind(feeds, { [program.output.name]: { data: loss, shape: [] } });
  return {
    async run({ batch, numSequences }) {
      const chunks: [number, number][] = [];
      for (let chunk = index; chunk * program.sequences < numSequences; chunk += numWorkers) {
        const first = chunk * program.sequences;
        fillInputs(inputs, batch, first, program.sequences, program.sequenceLength, 1);
        await bound.run();
        chunks.push([chunk, loss[0]!]);
      }
      return chunks;
    },
    close: () => session.close(),
  };
}
