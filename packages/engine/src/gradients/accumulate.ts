// Gradients that add up over micro-batches, in the caller's buffers. A parameter's gradient is a sum of
// terms: matrix products take the running sum through their C input (in place: one buffer is read and
// written), and terms that touch few rows leave the graph as rows, to be scattered outside.
import type { Graph } from "../graph/graph.ts";
import type { Node, Tensor } from "../graph/tensor.ts";
import type { AccumulatedGradient, ScatteredGradient } from "../program.ts";
import { addTerm } from "./differentiate.ts";

export interface GradientPlan {
  readonly accumulated: readonly AccumulatedGradient[];
  readonly scattered: readonly ScatteredGradient[];
}

export interface AccumulationOptions {
  /** The int64 inputs that sparse terms may be scattered by. */
  readonly indices: Readonly<Record<"ids" | "targets", Tensor>>;
  /** False: dense gradients are overwritten, which saves reading what would be zeros. */
  readonly accumulate: boolean;
}

/** Adds the outputs for every parameter's gradient to the graph. `gradients` as from `differentiate`. */
export function accumulateGradients(
  graph: Graph,
  gradients: ReadonlyMap<Tensor, Tensor>,
  { indices, accumulate }: AccumulationOptions,
): GradientPlan {
  const accumulated: AccumulatedGradient[] = [];
  const scattered: ScatteredGradient[] = [];
  for (const [parameter, { tensor }] of graph.parameters) {
    const gradient = gradients.get(tensor);
    if (gradient === undefined) continue;
    const { dense, sparse } = splitTerms(graph, gradient);
    for (const { inputs } of sparse) {
      const [rows, by] = inputs;
      const output = `rows_${scattered.length}:${parameter}`;
      graph.output(output, rows);
      scattered.push({
        parameter,
        output,
        indices: by === indices.ids ? "ids" : "targets",
        width: rows.shape[1]!,
      });
    }
    if (dense.length === 0) continue;
    const output = `gradient:${parameter}`;
    if (accumulate) {
      const input = `gradient_in:${parameter}`;
      const start = graph.input(input, "float32", tensor.shape);
      graph.output(
        output,
        dense.reduce((sum, term) => addTerm(graph, sum, term), start),
      );
      accumulated.push({ parameter, input, output });
    } else {
      graph.output(
        output,
        dense.reduce((sum, term) => addTerm(graph, sum, term)),
      );
      accumulated.push({ parameter, output });
    }
  }
  return { accumulated, scattered };
}

interface Terms {
  readonly dense: readonly Tensor[];
  readonly sparse: readonly Node<"scatterRows">[];
}

/** Takes a sum apart into its terms. */
function splitTerms(graph: Graph, gradient: Tensor): Terms {
  const producer = graph.producerOf(gradient);
  if (producer?.op === "scatterRows") {
    return { dense: [], sparse: [producer as unknown as Node<"scatterRows">] };
  }
  if (producer?.op !== "add") return { dense: [gradient], sparse: [] };
  const parts = (producer.inputs as readonly Tensor[]).map((input) => splitTerms(graph, input));
  return { dense: parts.flatMap(({ dense }) => dense), sparse: parts.flatMap(({ sparse }) => sparse) };
}
