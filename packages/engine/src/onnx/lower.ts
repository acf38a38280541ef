// Graph → ONNX: each live node through its rule, then names. A value that the graph hands out takes the
// output's name, so that ONNX Runtime writes it straight into the caller's buffer.
import type { Graph } from "../graph/graph.ts";
import type { Node, Tensor } from "../graph/tensor.ts";
import { ONNX_RULES } from "../ops/tables.ts";
import type { OpName } from "../ops/signatures.ts";
import { OnnxEmitter } from "./emitter.ts";
import type { EmittedNode, OnnxValue } from "./emitter.ts";
import { encodeModel } from "./model.ts";
import type { OnnxModel, OnnxNode, OnnxValueInfo } from "./model.ts";

export interface LoweredGraph {
  readonly model: OnnxModel;
  /** What was emitted, with shapes, for counting. */
  readonly emitted: readonly EmittedNode[];
}

/** The graph's outputs as an ONNX model. Inputs and parameters that no output needs are left out. */
export function lower(graph: Graph): LoweredGraph {
  const emit = new OnnxEmitter();
  const values = new Map<Tensor, OnnxValue>();
  const named: [string, Tensor][] = [
    ...graph.inputs,
    ...[...graph.parameters].map(([name, { tensor }]): [string, Tensor] => [name, tensor]),
  ];
  for (const [name, tensor] of named) values.set(tensor, { name, dtype: tensor.dtype, shape: tensor.shape });
  for (const node of graph.liveNodes()) lowerNode(emit, node, values);

  const renamed = new Map<string, string>();
  const outputs: OnnxValueInfo[] = [];
  const copies: OnnxNode[] = [];
  const produced = new Set(emit.emitted.flatMap(({ outputs }) => outputs.map(({ name }) => name)));
  for (const [name, tensor] of graph.outputs) {
    const value = values.get(tensor)!;
    outputs.push({ name, dtype: value.dtype, shape: tensor.shape });
    if (produced.has(value.name) && !renamed.has(value.name)) renamed.set(value.name, name);
    else copies.push({ op: "Identity", inputs: [value.name], outputs: [name], attributes: {} });
  }
  const final = (name: string): string => renamed.get(name) ?? name;
  const nodes = [...inRunningOrder(emit.emitted).map(withNames), ...copies].map((node) => ({
    ...node,
    inputs: node.inputs.map(final),
    outputs: node.outputs.map(final),
  }));
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const inputs = named.flatMap(([name, { dtype, shape }]) =>
    used.has(name) ? [{ name, dtype, shape }] : [],
  );
  return {
    model: { nodes, initializers: emit.initializers, inputs, outputs },
    emitted: emit.emitted,
  };
}

/** The bytes that a session loads. */
export function lowerToOnnx(graph: Graph): Uint8Array {
  return encodeModel(lower(graph).model);
}

function lowerNode<Op extends OpName>(
  emit: OnnxEmitter,
  node: Node<Op>,
  values: Map<Tensor, OnnxValue>,
): void {
  const inputs = (node.inputs as readonly Tensor[]).map((tensor) => values.get(tensor)!);
  const results = ONNX_RULES[node.op](
    emit,
    inputs as unknown as Parameters<(typeof ONNX_RULES)[Op]>[1],
    node.attributes,
    node.outputs,
  );
  node.outputs.forEach((output, i) => values.set(output, results[i]!));
}

/**
 * ONNX Runtime walks back from the nodes that nothing reads, the last listed first, and runs what each needs.
 * Listing those nodes at the end, the one that could run first last of all, makes it run each as soon as its
 * inputs are there: a weight's gradient frees its activations before the walk goes on.
 */
function inRunningOrder(nodes: readonly EmittedNode[]): EmittedNode[] {
  const position = new Map(nodes.flatMap(({ outputs }, i) => outputs.map(({ name }) => [name, i] as const)));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs.map(({ name }) => name)));
  const isRead = ({ outputs }: EmittedNode): boolean => outputs.some(({ name }) => read.has(name));
  const readyAt = ({ inputs }: EmittedNode): number =>
    inputs.reduce((latest, { name }) => Math.max(latest, position.get(name) ?? -1), -1);
  const ends = nodes.filter((node) => !isRead(node)).toSorted((a, b) => readyAt(b) - readyAt(a));
  return [...nodes.filter(isRead), ...ends];
}

function withNames(node: EmittedNode): OnnxNode {
  return {
    ...node,
    inputs: node.inputs.map(({ name }) => name),
    outputs: node.outputs.map(({ name }) => name),
  };
}
