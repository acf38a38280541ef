// One worker's half of the backward pass: its sequences, micro-batch by micro-batch, summed in place into
// its own gradient buffer. Row order inside the program is time-major: row = t · sequences + s.
import { HomegrownError } from "@homegrown/contracts";
import type { Kernels } from "../kernels/kernels.ts";
import { createSession } from "../session.ts";
import type { Value } from "../session.ts";
import { viewFloats } from "./memory-layout.ts";
import type { SharedBatch, WorkerSetup } from "./messages.ts";

export interface GradientRunner {
  /** Adds the gradients of this worker's share of the batch; returns its share of the loss. */
  run(totalWeight: number): Promise<number>;
  close(): Promise<void>;
}

export async function createGradientRunner(setup: WorkerSetup, kernels: Kernels): Promise<GradientRunner> {
  const { program, layout, memory, index, microBatches, batch } = setup;
  const area = layout.workers[index]!;
  const session = await createSession(program.onnx, { threads: 1 });
  const inputs = createBatchInputs(program.numRows);
  const loss = new Float32Array(1);
  const offsets = new Map(layout.placements.map((placement) => [placement.spec.name, placement]));
  const gradientOf = (parameter: string): Value => {
    const { spec, offset, count } = offsets.get(parameter)!;
    return { data: viewFloats(memory, area.gradients + 4 * offset, count), shape: spec.shape };
  };
  const feeds: Record<string, Value> = { ...inputs.values, ...parameterValues(setup) };
  const fetches: Record<string, Value> = { [program.loss]: { data: loss, shape: [] } };
  for (const { parameter, input, output } of program.accumulated) {
    fetches[output] = gradientOf(parameter);
    if (input !== undefined) feeds[input] = fetches[output];
  }
  program.scattered.forEach(({ output, width }, k) => {
    const rows = viewFloats(memory, area.scattered[k]!, program.numRows * width);
    fetches[output] = { data: rows, shape: [program.numRows, width] };
  });
  const bound = session.bind(feeds, fetches);
  const rowsOf = {
    ids: new Int32Array(memory.buffer, area.ids, program.numRows),
    targets: new Int32Array(memory.buffer, area.targets, program.numRows),
  };
  const scatter = (): void => {
    program.scattered.forEach(({ parameter, indices, width }, k) => {
      const table = area.gradients + 4 * offsets.get(parameter)!.offset;
      kernels.scatterAddRows(table, area.scattered[k]!, area[indices], program.numRows, width);
    });
  };
  return {
    async run(totalWeight) {
      let sum = 0;
      for (let k = 0; k < microBatches; k++) {
        const first = (index * microBatches + k) * program.sequences;
        fillInputs(inputs, batch, first, program.sequences, program.sequenceLength, totalWeight);
        rowsOf.ids.set(inputs.rowIds);
        rowsOf.targets.set(inputs.rowTargets);
        for (const { parameter, indices } of program.scattered) {
          checkRows(rowsOf[indices], offsets.get(parameter)!.spec.shape[0]!, parameter);
        }
        await bound.run();
        sum += loss[0]!;
        scatter();
      }
      return sum;
    },
    close: () => session.close(),
  };
}

/** Feeds for every parameter: views of the one shared copy. */
export function parameterValues(setup: Pick<WorkerSetup, "layout" | "memory">): Record<string, Value> {
  const { layout, memory } = setup;
  return Object.fromEntries(
    layout.placements.map(({ spec, offset, count }) => [
      spec.name,
      { data: viewFloats(memory, layout.parameters + 4 * offset, count), shape: spec.shape },
    ]),
  );
}

export interface BatchInputs {
  readonly values: Record<"ids" | "targets" | "weights", Value>;
  readonly ids: BigInt64Array;
  readonly targets: BigInt64Array;
  readonly weights: Float32Array;
  readonly rowIds: Int32Array;
  readonly rowTargets: Int32Array;
}

export function createBatchInputs(numRows: number): BatchInputs {
  const ids = new BigInt64Array(numRows);
  const targets = new BigInt64Array(numRows);
  const weights = new Float32Array(numRows);
  const shape = [numRows];
  return {
    values: {
      ids: { data: ids, shape },
      targets: { data: targets, shape },
      weights: { data: weights, shape },
    },
    ids,
    targets,
    weights,
    rowIds: new Int32Array(numRows),
    rowTargets: new Int32Array(numRows),
  };
}

/** Copies sequences `first`… into time-major rows; sequences past the batch's end count with weight 0. */
export function fillInputs(
  inputs: BatchInputs,
  batch: SharedBatch,
  first: number,
  sequences: number,
  sequenceLength: number,
  totalWeight: number,
): void {
  for (let s = 0; s < sequences; s++) {
    const from = (first + s) * sequenceLength;
    for (let t = 0; t < sequenceLength; t++) {
      const row = t * sequences + s;
      const id = batch.ids[from + t] ?? 0;
      const target = batch.targets[from + t] ?? 0;
      inputs.rowIds[row] = id;
      inputs.rowTargets[row] = target;
      inputs.ids[row] = BigInt(id);
      inputs.targets[row] = BigInt(target);
      inputs.weights[row] = (batch.weights[from + t] ?? 0) / totalWeight;
    }
  }
}

/** The kernel writes without looking, so a foreign id would overwrite a neighbour. */
function checkRows(rows: Int32Array, numRows: number, parameter: string): void {
  for (const row of rows) {
    if (row >= 0 && row < numRows) continue;
    throw new HomegrownError({
      code: "engine/id-out-of-range",
      kind: "invalid-input",
      message: `the batch holds id ${row}; ${parameter} has rows 0 to ${numRows - 1}`,
      hint: "Train on data that this model's own tokenizer has made.",
    });
  }
}
