// Gradients of graphs that nobody wrote: random compositions in which values are used several times, so that
// shares are added, products take sums through C, and dead branches are met.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { centralDifferences } from "../reference/central-differences.ts";
import { interpret } from "../reference/interpret.ts";
import { runOnce } from "../reference/run-once.ts";
import { differentiate } from "./differentiate.ts";

const SIZE = 3;
const pick = fc.nat();
const steps = fc.array(
  fc.record({
    op: fc.constantFrom("add", "subtract", "multiply", "gemm", "gemmC", "sigmoid", "swiglu", "rmsNorm"),
    a: pick,
    b: pick,
    c: pick,
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);

/** A square matrix at each step, so that anything can follow anything. */
function compose(plan: typeof steps extends fc.Arbitrary<infer Plan> ? Plan : never): Graph {
  const graph = new Graph();
  const gain = graph.input("gain", "float32", [SIZE]);
  const values: Tensor[] = ["x", "y", "z"].map((name) => graph.input(name, "float32", [SIZE, SIZE]));
  for (const { op, transposeA, transposeB, ...picks } of plan) {
    const [a, b, c] = [picks.a, picks.b, picks.c].map((n) => values[n % values.length]!) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const flags = { transposeA, transposeB, alpha: 0.5 };
    if (op === "gemm") values.push(graph.apply("gemm", [a, b], flags));
    else if (op === "gemmC") values.push(graph.apply("gemm", [a, b, c], { ...flags, beta: -0.5 }));
    else if (op === "sigmoid") values.push(graph.apply("sigmoid", [a], {}));
    else if (op === "rmsNorm") values.push(graph.apply("rmsNorm", [a, gain], { epsilon: 0.1 }));
    else values.push(graph.apply(op, [a, b], {}));
  }
  const total = values.reduce((sum, value) => graph.apply("add", [sum, value], {}));
  graph.output("loss", graph.apply("sum", [total], { axes: [0, 1] }));
  return graph;
}

test("the gradient of any composition is its slope, and ONNX Runtime agrees", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 1000 }), async (plan, seed) => {
      const graph = compose(plan);
      const feeds = Object.fromEntries(
        [...graph.inputs].map(([name, { shape }], k) => [
          name,
          Float32Array.from({ length: shape.length === 1 ? SIZE : SIZE * SIZE }, (_, i) =>
            Math.sin(seed + 1.7 * i + 11 * k),
          ),
        ]),
      );
      const gradients = differentiate(graph, graph.outputs.get("loss")!, graph.inputs.values());
      const names = [...graph.inputs].filter(([, x]) => gradients.has(x)).map(([name]) => name);
      const slopes = names.map((name) => centralDifferences(graph, feeds, { name, loss: "loss" }));
      for (const name of names) graph.output(`d${name}`, gradients.get(graph.inputs.get(name)!)!);
      const exact = interpret(graph, feeds);
      const fast = await runOnce(graph, feeds);
      names.forEach((name, k) => {
        exact[`d${name}`]!.forEach((value, i) => {
          const scale = 1 + Math.abs(value);
          assert.ok(Math.abs(value - slopes[k]![i]!) / scale < 1e-4, `d${name}[${i}] is not the slope`);
          assert.ok(Math.abs(value - fast[`d${name}`]![i]!) / scale < 1e-3, `d${name}[${i}] differs in ONNX`);
        });
      });
    }),
    { numRuns: 60, seed: 5 },
  );
});

test("a tensor that the loss does not depend on has no gradient", () => {
  const graph = new Graph();
  const [x, unused] = [graph.input("x", "float32", []), graph.input("unused", "float32", [])];
  const loss = graph.apply("sigmoid", [x], {});
  const gradients = differentiate(graph, loss, [x, unused]);
  assert.deepEqual([...gradients.keys()], [x]);
});
