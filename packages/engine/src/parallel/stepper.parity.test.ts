// Whole steps against a float64 referee: gradients by the interpreter, optimizers by their published
// formulas in plain loops.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newtonSchulzCoefficients, newtonSchulzSteps } from "./newton-schulz.ts";
import type { OptimizerOptions } from "./optimizer.ts";
import { createStepper } from "./stepper.ts";
import { tinyBatch, tinyInitial, tinyReference, tinySpecs, tinyStepProgram } from "./tiny-program.ts";

const options = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, momentum: 0.9 };
const rates = { base: 0.01, matrix: 0.02 };
const clipNorm = 0.5;

/** The optimizer in float64, state kept in closures. */
function createReference(kind: OptimizerOptions["kind"], sequencesPerStep: number) {
  const state = new Map(
    tinySpecs.map((spec) => [
      spec.name,
      { p: Float64Array.from(tinyInitial(spec)), m: new Float64Array(0), v: new Float64Array(0) },
    ]),
  );
  for (const entry of state.values()) {
    entry.m = new Float64Array(entry.p.length);
    entry.v = new Float64Array(entry.p.length);
  }
  const step = (stepNumber: number): { loss: number; gradientNorm: number } => {
    const parameters = new Map([...state].map(([name, { p }]) => [name, p]));
    const { loss, gradients } = tinyReference(parameters, tinyBatch(sequencesPerStep, stepNumber));
    const gradientNorm = Math.hypot(...[...gradients.values()].flatMap((gradient) => [...gradient]));
    const clip = Math.min(1, clipNorm / (gradientNorm + 1e-6));
    for (const { name, shape, role, decay, learningRateScale } of tinySpecs) {
      const { p, m, v } = state.get(name)!;
      const g = gradients.get(name)!.map((value) => value * clip);
      if (kind === "muon" && role === "matrix") {
        g.forEach((value, i) => (m[i] = options.momentum * m[i]! + (1 - options.momentum) * value));
        const look = g.map((value, i) => options.momentum * m[i]! + (1 - options.momentum) * value);
        const [rows, columns] = shape as [number, number];
        const x = orthogonalize(look, rows, columns);
        const scale = rates.matrix * Math.sqrt(Math.max(1, rows / columns));
        p.forEach((value, i) => (p[i] = value * (1 - rates.matrix * options.weightDecay) - scale * x[i]!));
        continue;
      }
      const c1 = 1 - options.beta1 ** stepNumber;
      const c2 = 1 - options.beta2 ** stepNumber;
      g.forEach((value, i) => {
        m[i] = options.beta1 * m[i]! + (1 - options.beta1) * value;
        v[i] = options.beta2 * v[i]! + (1 - options.beta2) * value ** 2;
        const move = m[i]! / c1 / (Math.sqrt(v[i]! / c2) + options.epsilon);
        const kept = decay ? 1 - rates.base * options.weightDecay : 1;
        p[i] = p[i]! * kept - rates.base * learningRateScale * move;
      });
    }
    return { loss, gradientNorm };
  };
  return { state, step };
}

/** X ← aX + b(XXᵀ)X + c(XXᵀ)²X on U/‖U‖, whatever the shape: the two sides give the same polynomial. */
function orthogonalize(u: Float64Array, rows: number, columns: number): Float64Array {
  const { a, b, c } = newtonSchulzCoefficients;
  let x = u.map((value) => value / (Math.hypot(...u) + 1e-7));
  const square = (): Float64Array => multiply(x, transpose(x, rows, columns), rows, columns, rows);
  for (let k = 0; k < newtonSchulzSteps; k++) {
    const once = multiply(square(), x, rows, rows, columns);
    const twice = multiply(square(), once, rows, rows, columns);
    x = x.map((value, i) => a * value + b * once[i]! + c * twice[i]!);
  }
  return x;
}

function transpose(x: Float64Array, rows: number, columns: number): Float64Array {
  return x.map((_, i) => x[(i % rows) * columns + Math.floor(i / rows)]!);
}

function multiply(x: Float64Array, y: Float64Array, m: number, k: number, n: number): Float64Array {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += x[i * k + l]! * y[l * n + j]!;
    return sum;
  });
}

for (const kind of ["adamw", "muon"] as const) {
  for (const [numWorkers, microBatches, sequences] of [
    [1, 1, 4],
    [1, 4, 1],
    [2, 2, 1],
    [3, 1, 4],
  ] as const) {
    test(`${kind}: five steps with ${numWorkers} workers of ${microBatches} micro-batches are the float64 steps`, async () => {
      const sequencesPerStep = numWorkers * microBatches * sequences;
      const reference = createReference(kind, sequencesPerStep);
      const stepper = await createStepper({
        program: tinyStepProgram(sequences, microBatches > 1),
        numWorkers,
        microBatches,
        optimizer: { kind, ...options },
        initial: tinyInitial,
      });
      try {
        for (let stepNumber = 1; stepNumber <= 5; stepNumber++) {
          const expected = reference.step(stepNumber);
          const batch = tinyBatch(sequencesPerStep, stepNumber);
          const got = await stepper.step({ ...batch, learningRates: rates, stepNumber, clipNorm });
          assert.equal(got.applied, true);
          assert.ok(Math.abs(got.loss - expected.loss) < 2e-6, `loss ${got.loss}, expected ${expected.loss}`);
          assert.ok(Math.abs(got.gradientNorm - expected.gradientNorm) < 2e-6);
        }
        for (const [name, values] of stepper.parameters) {
          const { p } = reference.state.get(name)!;
          const worst = Math.max(...values.map((value, i) => Math.abs(value - p[i]!)));
          assert.ok(worst < 5e-6, `${name} is off by ${worst}`);
        }
      } finally {
        await stepper.close();
      }
    });
  }
}
