import assert from "node:assert/strict";
import { test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { countCost } from "../cost/count-cost.ts";
import { lower, lowerToOnnx } from "../onnx/lower.ts";
import { createSession } from "../session.ts";
import { Graph } from "./graph.ts";

test("inputs that do not fit an op are refused with their shapes", () => {
  const graph = new Graph();
  const [a, b] = [graph.input("a", "float32", [2, 3]), graph.input("b", "float32", [2, 3])];
  assert.throws(() => graph.apply("gemm", [a, b], {}), {
    code: "engine/bad-shape",
    message: /'gemm' cannot take \(float32 \[2, 3\], float32 \[2, 3\]\)/,
  });
});

test("a name is given once", () => {
  const graph = new Graph();
  graph.input("a", "float32", []);
  assert.throws(() => graph.input("a", "float32", []), { code: "engine/duplicate-name" });
});

test("what no output needs is not lowered", () => {
  const graph = new Graph();
  const [a, b] = [graph.input("a", "float32", [2]), graph.input("b", "float32", [2])];
  graph.apply("multiply", [a, b], {});
  graph.output("y", graph.apply("sigmoid", [a], {}));
  const { model } = lower(graph);
  assert.deepEqual(
    model.nodes.map(({ op }) => op),
    ["Sigmoid"],
  );
  assert.deepEqual(
    model.inputs.map(({ name }) => name),
    ["a"],
  );
});

test("cost counts what runs: products, elements and bytes", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [5, 3]);
  const init = { kind: "zeros" } as const;
  const spec = { name: "w", shape: [7, 3], init, role: "matrix", decay: true, learningRateScale: 1 } as const;
  const y = graph.apply("gemm", [x, graph.parameter(spec)], { transposeB: true });
  graph.output("s", graph.apply("sigmoid", [y], {}));
  const { flops, matmulFlops, parameterBytes, activationBytes } = countCost(graph);
  assert.equal(matmulFlops, 2 * 5 * 3 * 7);
  assert.equal(flops, matmulFlops + 4 * 5 * 7);
  assert.equal(parameterBytes, 4 * 7 * 3);
  assert.equal(activationBytes, 2 * 4 * 5 * 7);
});

test("an input handed out, and a value handed out twice, are copied", async () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2]);
  const y = graph.apply("scale", [x], { factor: 2 });
  for (const [name, tensor] of [
    ["same", x],
    ["once", y],
    ["twice", y],
  ] as const)
    graph.output(name, tensor);
  const session = await createSession(lowerToOnnx(graph), { threads: 1 });
  const [same, once, twice] = [0, 1, 2].map(() => new Float32Array(2)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const shape = [2];
  await session.run(
    { x: { data: Float32Array.of(1, -3), shape } },
    { same: { data: same, shape }, once: { data: once, shape }, twice: { data: twice, shape } },
  );
  assert.deepEqual(
    [[...same], [...once], [...twice]],
    [
      [1, -3],
      [2, -6],
      [2, -6],
    ],
  );
  await session.close();
});

test("a graph that ONNX Runtime refuses is an error of ours", async () => {
  await assert.rejects(createSession(Uint8Array.of(1, 2, 3), { threads: 1 }), (error) => {
    assert.ok(error instanceof HomegrownError);
    assert.equal(error.code, "engine/bad-graph");
    return true;
  });
});
