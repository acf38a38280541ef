// The graph computed in float64 by each op's reference row: the referee of every faster way.
import { sizeOf } from "../graph/shapes.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node, Tensor } from "../graph/tensor.ts";
import type { OpName } from "../ops/signatures.ts";
import { REFERENCE_RULES } from "../ops/tables.ts";
import type { NdArray } from "./nd-array.ts";

export type ReferenceFeeds = Readonly<Record<string, ArrayLike<number> | BigInt64Array>>;

/** Every output of the graph, by name, row-major. Feeds name inputs and parameters. */
export function interpret(graph: Graph, feeds: ReferenceFeeds): Record<string, Float64Array> {
  const values = new Map<Tensor, NdArray>();
  for (const [name, tensor] of graph.inputs) values.set(tensor, fed(feeds, name, tensor));
  for (const [name, { tensor }] of graph.parameters) values.set(tensor, fed(feeds, name, tensor));
  for (const node of graph.liveNodes()) evaluate(node, values);
  return Object.fromEntries([...graph.outputs].map(([name, tensor]) => [name, values.get(tensor)!.data]));
}

function fed(feeds: ReferenceFeeds, name: string, { shape }: Tensor): NdArray {
  const given = feeds[name];
  if (given === undefined || given.length !== sizeOf(shape)) {
    throw new Error(`feed '${name}' has ${given?.length ?? "no"} elements, expected [${shape.join(", ")}]`);
  }
  const data = given instanceof BigInt64Array ? Float64Array.from(given, Number) : Float64Array.from(given);
  return { shape, data };
}

function evaluate<Op extends OpName>(node: Node<Op>, values: Map<Tensor, NdArray>): void {
  const inputs = (node.inputs as readonly Tensor[]).map((tensor) => values.get(tensor)!);
  const results = REFERENCE_RULES[node.op](
    inputs as unknown as Parameters<(typeof REFERENCE_RULES)[Op]>[0],
    node.attributes,
    node.outputs,
  );
  node.outputs.forEach((output, i) => values.set(output, results[i]!));
}
