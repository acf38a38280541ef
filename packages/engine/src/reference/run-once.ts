// A graph run once through ONNX Runtime, outputs allocated here: for checks, not for work.
import { sizeOf } from "../graph/shapes.ts";
import type { Graph } from "../graph/graph.ts";
import { lowerToOnnx } from "../onnx/lower.ts";
import { createSession } from "../session.ts";
import type { Value } from "../session.ts";

/** Every output by name. Feeds name inputs and parameters; those that no output needs are ignored. */
export async function runOnce(
  graph: Graph,
  feeds: Readonly<Record<string, Float32Array | BigInt64Array>>,
): Promise<Record<string, Float32Array>> {
  const session = await createSession(lowerToOnnx(graph), { threads: 1 });
  const tensors = new Map([
    ...graph.inputs,
    ...[...graph.parameters].map(([name, { tensor }]) => [name, tensor] as const),
  ]);
  const inputs: Record<string, Value> = {};
  for (const name of session.inputNames) {
    inputs[name] = { data: feeds[name]!, shape: tensors.get(name)!.shape };
  }
  const outputs: Record<string, { data: Float32Array; shape: readonly number[] }> = {};
  for (const [name, { shape }] of graph.outputs) {
    outputs[name] = { data: new Float32Array(sizeOf(shape)), shape };
  }
  await session.run(inputs, outputs);
  await session.close();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data]));
}
