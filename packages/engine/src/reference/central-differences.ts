// The referee of gradients: (f(x + ε) − f(x − ε)) / 2ε in float64, one element at a time. Its error is of
// order ε²·f''' + 1e-16·f/ε, so about 1e-10 at ε = 1e-5 for values near 1.
import type { Graph } from "../graph/graph.ts";
import { interpret } from "./interpret.ts";
import type { ReferenceFeeds } from "./interpret.ts";

const STEP = 1e-5;

/**
 * dL/dx for every element of the feed `name`, where L is the graph's scalar output `loss`. `indices` limits
 * it to some elements; the others stay NaN.
 */
export function centralDifferences(
  graph: Graph,
  feeds: ReferenceFeeds,
  { name, loss, indices }: { name: string; loss: string; indices?: readonly number[] },
): Float64Array {
  const values = Float64Array.from(feeds[name] as ArrayLike<number>);
  const lossAt = (i: number, value: number): number => {
    const moved = values.slice();
    moved[i] = value;
    return interpret(graph, { ...feeds, [name]: moved })[loss]![0]!;
  };
  const slopes = new Float64Array(values.length).fill(Number.NaN);
  for (const i of indices ?? values.keys()) {
    slopes[i] = (lossAt(i, values[i]! + STEP) - lossAt(i, values[i]! - STEP)) / (2 * STEP);
  }
  return slopes;
}
