// A tiny decoder held to three referees: PyTorch (a fixture in float64, by an independent implementation),
// the float64 interpreter of its own graph, and central differences of the loss.
import assert from "node:assert/strict";
import { test } from "node:test";
import { centralDifferences, createSession, interpret, runOnce } from "@homegrown/engine";
import type { ScoreProgram, Value } from "@homegrown/engine";
import { readDecoderCases } from "./fixtures/read-fixture.ts";
import type { DecoderCase } from "./fixtures/read-fixture.ts";
import { parameterSpecs } from "./parameters.ts";
import { buildScoringProgram, buildTrainingGraph } from "./programs.ts";
import type { TrainingGraph } from "./programs.ts";

/** float32 against float64 through two layers of norms; values are near 1. Seen: 7e-6. */
const FLOAT32_TOLERANCE = 2e-5;
/** Two float64 implementations; the fixture keeps 10 digits and float32 constants differ in none. */
const FLOAT64_TOLERANCE = 1e-8;
const DIFFERENCES_TOLERANCE = 1e-6;

for (const given of readDecoderCases()) {
  for (const accumulate of [true, false]) {
    test(`${given.name}: loss and gradients are PyTorch's (accumulate: ${accumulate})`, async () => {
      const training = trainingGraph(given, accumulate);
      const feeds = feedsOf(given, training);
      for (const [outputs, tolerance] of [
        [await runOnce(training.graph, feeds), FLOAT32_TOLERANCE],
        [interpret(training.graph, feeds), FLOAT64_TOLERANCE],
      ] as const) {
        assertClose("loss", outputs["loss"]!, [given.expected.loss], tolerance);
        const gradients = wholeGradients(given, training, outputs);
        for (const [name, expected] of Object.entries(given.expected.gradients)) {
          assertClose(name, gradients[name]!, expected, tolerance);
        }
      }
    });
  }

  test(`${given.name}: gradients are the slopes of the loss`, () => {
    const training = trainingGraph(given, true);
    const feeds = feedsOf(given, training);
    const gradients = wholeGradients(given, training, interpret(training.graph, feeds));
    const { graph } = trainingGraph(given, true);
    for (const name of graph.outputs.keys()) if (name !== "loss") graph.outputs.delete(name);
    for (const { name, shape } of parameterSpecs(given.config)) {
      const size = shape.reduce((a, b) => a * b, 1);
      const indices = [0, Math.floor(size / 3), size - 1];
      const slopes = centralDifferences(graph, feeds, { name, loss: "loss", indices });
      const at = (values: ArrayLike<number>): number[] => indices.map((i) => values[i]!);
      assertClose(name, at(gradients[name]!), at(slopes), DIFFERENCES_TOLERANCE);
    }
  });

  test(`${given.name}: scores are PyTorch's`, async () => {
    const { sequences, sequenceLength, ids, targets, weights, expected } = given;
    const run = async (output: ScoreProgram["output"]["kind"], more: Record<string, Value>) => {
      const program = buildScoringProgram(given.config, { sequences, sequenceLength, output });
      const size = {
        loss: 1,
        logProbabilities: program.numRows,
        lastLogits: sequences * given.config.vocabSize,
      }[output];
      const shape = {
        loss: [],
        logProbabilities: [program.numRows],
        lastLogits: [sequences, given.config.vocabSize],
      }[output];
      const data = new Float32Array(size);
      const session = await createSession(program.onnx, { threads: 1 });
      const parameters = program.parameters.map(({ name, shape }): [string, Value] => [
        name,
        { data: given.parameters[name]!, shape },
      ]);
      await session.run(
        { ...Object.fromEntries(parameters), ids: { data: ids, shape: [program.numRows] }, ...more },
        { [program.output.name]: { data, shape } },
      );
      await session.close();
      return data;
    };
    const targetFeed = { targets: { data: targets, shape: [targets.length] } };
    const weightFeed = { weights: { data: weights, shape: [weights.length] } };
    const loss = await run("loss", { ...targetFeed, ...weightFeed });
    assertClose("loss", loss, [expected.loss], FLOAT32_TOLERANCE);
    const logProbabilities = await run("logProbabilities", targetFeed);
    assertClose("log-probabilities", logProbabilities, expected.logProbabilities, FLOAT32_TOLERANCE);
    const rows = BigInt64Array.from({ length: sequences }, (_, s) =>
      BigInt((sequenceLength - 1) * sequences + s),
    );
    const logits = await run("lastLogits", { rows: { data: rows, shape: [sequences] } });
    assertClose("logits", logits, expected.lastLogits, FLOAT32_TOLERANCE);
  });
}

function trainingGraph(
  { config, sequences, sequenceLength }: DecoderCase,
  accumulate: boolean,
): TrainingGraph {
  return buildTrainingGraph(config, { microBatchSequences: sequences, sequenceLength, accumulate });
}

/** What the gradient buffers hold before the micro-batch: gradients must be added to it. */
const START = 0.25;

function feedsOf(given: DecoderCase, { plan }: TrainingGraph): Record<string, Float32Array | BigInt64Array> {
  const { parameters, ids, targets, weights } = given;
  const starts = plan.accumulated.flatMap(({ parameter, input }) =>
    input === undefined ? [] : [[input, parameters[parameter]!.map(() => START)] as const],
  );
  return { ...parameters, ids, targets, weights, ...Object.fromEntries(starts) };
}

/** Dense and scattered parts together, as the stepper adds them up. */
function wholeGradients(
  given: DecoderCase,
  { plan }: TrainingGraph,
  outputs: Readonly<Record<string, ArrayLike<number>>>,
): Record<string, Float64Array> {
  const whole: Record<string, Float64Array> = {};
  for (const [name, values] of Object.entries(given.parameters))
    whole[name] = new Float64Array(values.length);
  for (const { parameter, input, output } of plan.accumulated) {
    const start = input === undefined ? 0 : START;
    whole[parameter]!.forEach((_, i) => (whole[parameter]![i] = outputs[output]![i]! - start));
  }
  for (const { parameter, output, indices, width } of plan.scattered) {
    given[indices].forEach((row, r) => {
      for (let j = 0; j < width; j++) {
        whole[parameter]![Number(row) * width + j]! += outputs[output]![r * width + j]!;
      }
    });
  }
  return whole;
}

function assertClose(
  what: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  assert.equal(got.length, expected.length, `${what}: number of elements`);
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs(got[i]! - expected[i]!) / (1 + Math.abs(expected[i]!));
    assert.ok(error <= tolerance, `${what}[${i}]: got ${got[i]}, expected ${expected[i]}, error ${error}`);
  }
}
