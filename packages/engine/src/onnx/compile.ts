// What a program needs of its graph: the bytes to load and what a run of them costs.
import { costOf } from "../cost/count-cost.ts";
import type { Graph } from "../graph/graph.ts";
import type { Cost } from "../program.ts";
import { lower } from "./lower.ts";
import { encodeModel } from "./model.ts";

/** Lowers a graph once, for its ONNX bytes and its cost. */
export function compileGraph(graph: Graph): { onnx: Uint8Array; cost: Cost } {
  const lowered = lower(graph);
  return { onnx: encodeModel(lowered.model), cost: costOf(graph, lowered) };
}
