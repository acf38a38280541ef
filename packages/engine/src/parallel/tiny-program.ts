// A model small enough for a float64 referee, with every kind of parameter: lookup, norm gain, a wide and a
// tall matrix, untied head. Test material; x ← x + silu-gated map, as in the real decoders.
import { accumulateGradients } from "../gradients/accumulate.ts";
import { differentiate } from "../gradients/differentiate.ts";
import { Graph } from "../graph/graph.ts";
import { compileGraph } from "../onnx/compile.ts";
import type { ParameterSpec, ScoreProgram, StepProgram } from "../program.ts";
import { interpret } from "../reference/interpret.ts";
import type { Batch } from "./stepper.ts";

export const tinyVocabulary = 11;
export const tinyLength = 4;
const [width, inner] = [6, 10];

const spec = (name: string, shape: number[], role: ParameterSpec["role"], scale = 1): ParameterSpec => ({
  name,
  shape,
  init: { kind: "normal", std: 0.5 },
  role,
  decay: role !== "norm",
  learningRateScale: scale,
});

export const tinySpecs: readonly ParameterSpec[] = [
  spec("embedding", [tinyVocabulary, width], "embedding"),
  spec("gain", [width], "norm"),
  spec("gate", [inner, width], "matrix", 0.5),
  spec("up", [inner, width], "matrix", 0.5),
  spec("down", [width, inner], "matrix", 0.5),
  spec("head", [tinyVocabulary, width], "head"),
];

function forward(sequences: number): Graph {
  const graph = new Graph();
  const rows = sequences * tinyLength;
  const p = new Map(tinySpecs.map((each) => [each.name, graph.parameter(each)]));
  const ids = graph.input("ids", "int64", [rows]);
  const targets = graph.input("targets", "int64", [rows]);
  const weights = graph.input("weights", "float32", [rows]);
  const looked = graph.apply("gatherRows", [p.get("embedding")!, ids], {});
  const x = graph.apply("multiply", [looked, p.get("gain")!], {});
  const gate = graph.apply("gemm", [x, p.get("gate")!], { transposeB: true });
  const up = graph.apply("gemm", [x, p.get("up")!], { transposeB: true });
  const y = graph.apply("swiglu", [gate, up], {});
  const hidden = graph.apply("gemm", [y, p.get("down")!, x], { transposeB: true });
  graph.output("loss", graph.apply("linearCrossEntropy", [hidden, p.get("head")!, targets, weights], {}));
  return graph;
}

export function tinyStepProgram(sequences: number, accumulate = true): StepProgram {
  const graph = forward(sequences);
  const [ids, targets] = [graph.inputs.get("ids")!, graph.inputs.get("targets")!];
  const gradients = differentiate(graph, graph.outputs.get("loss")!);
  const plan = accumulateGradients(graph, gradients, { indices: { ids, targets }, accumulate });
  return {
    ...compileGraph(graph),
    ...plan,
    ...shapeOf(sequences),
    parameters: tinySpecs,
    inputs: { ids: "ids", targets: "targets", weights: "weights" },
    loss: "loss",
  };
}

export function tinyScoreProgram(sequences: number): ScoreProgram {
  return {
    ...compileGraph(forward(sequences)),
    ...shapeOf(sequences),
    parameters: tinySpecs,
    output: { kind: "loss", name: "loss" },
  };
}

const shapeOf = (sequences: number): Pick<StepProgram, "sequences" | "sequenceLength" | "numRows"> => ({
  sequences,
  sequenceLength: tinyLength,
  numRows: sequences * tinyLength,
});

/** First values: fixed, sign-changing, different for each parameter. */
export function tinyInitial({ name, shape }: ParameterSpec): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  const phase = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return Float32Array.from(
    { length: count },
    (_, i) => (name === "gain" ? 1 : 0) + 0.4 * Math.sin(2.3 * i + phase),
  );
}

export function tinyBatch(sequences: number, seed: number): Batch & { readonly weights: Float32Array } {
  const count = sequences * tinyLength;
  const draw = (k: number): number => ((k * 2654435761 + seed * 40503) >>> 8) % tinyVocabulary;
  return {
    ids: Int32Array.from({ length: count }, (_, i) => draw(i)),
    targets: Int32Array.from({ length: count }, (_, i) => draw(i + 1)),
    weights: Float32Array.from({ length: count }, (_, i) => ((i + seed) % 3 === 0 ? 0 : 1)),
  };
}

/** Loss and gradients in float64, one sequence after the other counting as rows: rows are independent here. */
export function tinyReference(
  parameters: ReadonlyMap<string, ArrayLike<number>>,
  { ids, targets, weights }: Batch,
): { loss: number; gradients: Map<string, Float64Array> } {
  const graph = forward(ids.length / tinyLength);
  const gradients = differentiate(graph, graph.outputs.get("loss")!);
  for (const [name, { tensor }] of graph.parameters) graph.output(`d:${name}`, gradients.get(tensor)!);
  const given = weights ?? new Float32Array(ids.length).fill(1);
  const total = Array.from(given).reduce((a, b) => a + b, 0);
  const outputs = interpret(graph, {
    ...Object.fromEntries(parameters),
    ids: Array.from(ids),
    targets: Array.from(targets),
    weights: Array.from(given, (weight) => weight / total),
  });
  const named = tinySpecs.map(({ name }): [string, Float64Array] => [name, outputs[`d:${name}`]!]);
  return { loss: outputs["loss"]![0]!, gradients: new Map(named) };
}
