// A decoder configuration and a shape become a program: the graph of `forward.ts`, a loss or a score on top,
// for training the gradients, and the plan that says which value is which.
import { HomegrownError } from "@homegrown/contracts";
import type { DecoderConfig } from "@homegrown/contracts";
import { Graph, accumulateGradients, compileGraph, differentiate } from "@homegrown/engine";
import type {
  GradientPlan,
  ParameterSpec,
  ScoreOutput,
  ScoreProgram,
  StepProgram,
  Tensor,
} from "@homegrown/engine";
import { decoderForward } from "./forward.ts";
import type { DecoderForward, RowShape } from "./forward.ts";

export interface TrainingShape {
  /** Sequences that one run of the program sees. */
  readonly microBatchSequences: number;
  /** Tokens in each. */
  readonly sequenceLength: number;
  /**
   * Whether gradients add to what their buffers hold (default true). With false they overwrite it: about 5 %
   * faster, for steps in which each worker runs one micro-batch.
   */
  readonly accumulate?: boolean;
}

export interface ScoringShape extends RowShape {
  readonly output: ScoreOutput["kind"];
}

export interface TrainingGraph {
  readonly graph: Graph;
  readonly plan: GradientPlan;
}

/**
 * Forward, loss and every gradient of one micro-batch. Throws `models/bad-shape` for a shape that is empty or
 * longer than the model's positions.
 */
export function buildTrainingProgram(config: DecoderConfig, shape: TrainingShape): StepProgram {
  const { graph, plan } = buildTrainingGraph(config, shape);
  return {
    ...compileGraph(graph),
    ...batchShape({ sequences: shape.microBatchSequences, sequenceLength: shape.sequenceLength }),
    parameters: specsOf(graph),
    inputs: { ids: "ids", targets: "targets", weights: "weights" },
    loss: "loss",
    ...plan,
  };
}

/** The graph behind a training program, for whoever reads it otherwise (reference, cost, benches). */
export function buildTrainingGraph(config: DecoderConfig, shape: TrainingShape): TrainingGraph {
  const rows = { sequences: shape.microBatchSequences, sequenceLength: shape.sequenceLength };
  const { graph, ids, forward } = startGraph(config, rows);
  const { loss, targets } = addLoss(graph, forward);
  const { accumulate = true } = shape;
  const gradients = differentiate(graph, loss);
  graph.output("loss", loss);
  return { graph, plan: accumulateGradients(graph, gradients, { indices: { ids, targets }, accumulate }) };
}

/**
 * Forward only: the weighted loss, each target's log-probability, or the logits of one row a sequence. Throws
 * `models/bad-shape` as above.
 */
export function buildScoringProgram(config: DecoderConfig, shape: ScoringShape): ScoreProgram {
  const { graph, forward } = startGraph(config, shape);
  return {
    output: addScore(graph, forward, shape),
    ...compileGraph(graph),
    ...batchShape(shape),
    parameters: specsOf(graph),
  };
}

function addScore(graph: Graph, forward: DecoderForward, { output, sequences }: ScoringShape): ScoreOutput {
  const { hidden_RM, head_VM } = forward;
  if (output === "loss") {
    graph.output("loss", addLoss(graph, forward).loss);
    return { kind: "loss", name: "loss" };
  }
  if (output === "logProbabilities") {
    const targets = graph.input("targets", "int64", [hidden_RM.shape[0]!]);
    const logits = graph.apply("gemm", [hidden_RM, head_VM], { transposeB: true });
    graph.output("log_probabilities", graph.apply("targetLogProbability", [logits, targets], {}));
    return { kind: "logProbabilities", name: "log_probabilities" };
  }
  const rows = graph.input("rows", "int64", [sequences]);
  const picked = graph.apply("gatherRows", [hidden_RM, rows], {});
  graph.output("logits", graph.apply("gemm", [picked, head_VM], { transposeB: true }));
  return { kind: "lastLogits", name: "logits" };
}

function addLoss(graph: Graph, { hidden_RM, head_VM }: DecoderForward): { loss: Tensor; targets: Tensor } {
  const numRows = hidden_RM.shape[0]!;
  const targets = graph.input("targets", "int64", [numRows]);
  const weights = graph.input("weights", "float32", [numRows]);
  return { loss: graph.apply("linearCrossEntropy", [hidden_RM, head_VM, targets, weights], {}), targets };
}

function startGraph(
  config: DecoderConfig,
  rows: RowShape,
): { graph: Graph; ids: Tensor; forward: DecoderForward } {
  const { sequences, sequenceLength } = rows;
  const areCounts = [sequences, sequenceLength].every((value) => Number.isInteger(value) && value >= 1);
  if (!areCounts || sequenceLength > config.maxPositionEmbeddings) {
    throw new HomegrownError({
      code: "models/bad-shape",
      kind: "invalid-input",
      message: `cannot build a program for ${sequences} sequences of ${sequenceLength} tokens: the model has ${config.maxPositionEmbeddings} positions`,
      hint: "Give at least one sequence, of at most as many tokens as maxPositionEmbeddings.",
    });
  }
  const graph = new Graph();
  const ids = graph.input("ids", "int64", [sequences * sequenceLength]);
  return { graph, ids, forward: decoderForward(graph, config, ids, rows) };
}

function batchShape({ sequences, sequenceLength }: RowShape): RowShape & { numRows: number } {
  return { sequences, sequenceLength, numRows: sequences * sequenceLength };
}

function specsOf(graph: Graph): ParameterSpec[] {
  return [...graph.parameters.values()].map(({ spec }) => spec);
}
