// One test over every op of the set: ONNX Runtime against the float64 reference, forward and gradient, and
// the gradient against central differences. Ops, cases and tolerances come from tables that the compiler
// keeps complete, so a new op is tested from the moment it exists.
import assert from "node:assert/strict";
import { test } from "node:test";
import { differentiate } from "../gradients/differentiate.ts";
import { sizeOf } from "../graph/shapes.ts";
import type { Tensor } from "../graph/tensor.ts";
import { centralDifferences } from "../reference/central-differences.ts";
import { interpret } from "../reference/interpret.ts";
import { runOnce } from "../reference/run-once.ts";
import { CaseBuilder, REFEREE_CASES, TOLERANCES } from "./referee-cases.ts";
import type { OpCase } from "./referee-cases.ts";
import type { OpName } from "./signatures.ts";
import { GRADIENT_RULES } from "./tables.ts";

for (const op of Object.keys(REFEREE_CASES) as OpName[]) {
  REFEREE_CASES[op].forEach((make, index) => {
    test(`${op} (case ${index + 1}) agrees with its reference`, async () => {
      const build = new CaseBuilder(index + 17);
      await checkCase(op, build, make(build) as OpCase<OpName>);
    });
  });
}

async function checkCase(
  op: OpName,
  build: CaseBuilder,
  { inputs, attributes }: OpCase<OpName>,
): Promise<void> {
  const { graph, feeds } = build;
  const tolerance = TOLERANCES[op];
  const outputs = graph.applyAll(op, inputs, attributes);
  outputs.forEach((output, i) => graph.output(`y${i}`, output));
  await compareRuns(op, build, tolerance.forward);

  const loss = weightedSum(build, outputs[0]);
  const wrt = build.differentiable.filter((x) => (inputs as readonly Tensor[]).includes(x));
  if (typeof GRADIENT_RULES[op] !== "function") {
    assert.throws(() => differentiate(graph, loss, wrt), { code: "engine/not-differentiable" });
    return;
  }
  const gradients = differentiate(graph, loss, wrt);
  assert.equal(gradients.size, wrt.length, "every float input has a gradient");
  graph.outputs.clear();
  graph.output("loss", loss);
  const byName = new Map([...graph.inputs].filter(([, x]) => gradients.has(x)));
  for (const [name, x] of byName) graph.output(`d${name}`, gradients.get(x)!);
  await compareRuns(op, build, tolerance.gradient);
  const exact = interpret(graph, feeds);
  for (const name of byName.keys()) {
    const slopes = centralDifferences(graph, feeds, { name, loss: "loss" });
    assertClose(
      `central differences of ${op} for ${name}`,
      exact[`d${name}`]!,
      slopes,
      tolerance.differences,
    );
  }
}

/** A scalar in which every element counts differently, so that no two errors cancel. */
function weightedSum(build: CaseBuilder, y: Tensor): Tensor {
  const { graph } = build;
  const weighted = graph.apply("multiply", [y, build.floats(y.shape)], {});
  return sizeOf(y.shape) === 1 && y.shape.length === 0
    ? weighted
    : graph.apply("sum", [weighted], { axes: y.shape.map((_, axis) => axis) });
}

async function compareRuns(op: OpName, { graph, feeds }: CaseBuilder, tolerance: number): Promise<void> {
  const [got, expected] = [await runOnce(graph, feeds), interpret(graph, feeds)];
  for (const name of graph.outputs.keys()) {
    assertClose(`${op}: output ${name}`, got[name]!, expected[name]!, tolerance);
  }
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
