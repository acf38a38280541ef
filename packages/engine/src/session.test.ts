import assert from "node:assert/strict";
import { test } from "node:test";
import { Graph } from "./graph/graph.ts";
import { lowerToOnnx } from "./onnx/lower.ts";
import { createSession } from "./session.ts";

const MEGABYTE = 2 ** 20;

test("a run writes into the given arrays and copies nothing", async () => {
  const shape = [4 * MEGABYTE];
  const graph = new Graph();
  graph.output("y", graph.apply("scale", [graph.input("x", "float32", shape)], { factor: 2 }));
  const session = await createSession(lowerToOnnx(graph), { threads: 1 });
  const [x, y] = [new Float32Array(shape[0]!).fill(1.5), new Float32Array(shape[0]!)];
  const bound = session.bind({ x: { data: x, shape } }, { y: { data: y, shape } });
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 3; i++) await bound.run();
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < MEGABYTE, `array buffers grew by ${grown} bytes over three runs of a 16 MB output`);
  assert.ok(y.every((value) => value === 3));
  await session.close();
});

test("input and output may be one array in shared memory", async () => {
  const shape = [3];
  const graph = new Graph();
  const [x, sum] = [graph.input("x", "float32", shape), graph.input("sum", "float32", shape)];
  graph.output("next", graph.apply("add", [sum, x], {}));
  const session = await createSession(lowerToOnnx(graph), { threads: 1 });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const data = new Float32Array(memory.buffer, 256, 3);
  const total = { data, shape };
  const bound = session.bind({ x: { data: Float32Array.of(1, 2, 3), shape }, sum: total }, { next: total });
  await bound.run();
  await bound.run();
  assert.deepEqual([...data], [2, 4, 6]);
  await session.close();
});

test("an id outside the table is an error that says so, not a success", async () => {
  const graph = new Graph();
  const [table, rows] = [graph.input("table", "float32", [2, 1]), graph.input("rows", "int64", [1])];
  graph.output("y", graph.apply("gatherRows", [table, rows], {}));
  const session = await createSession(lowerToOnnx(graph), { threads: 1 });
  const feeds = {
    table: { data: Float32Array.of(1, 2), shape: [2, 1] },
    rows: { data: BigInt64Array.of(7n), shape: [1] },
  };
  const fetches = { y: { data: new Float32Array(1), shape: [1, 1] } };
  await assert.rejects(session.run(feeds, fetches), { code: "engine/run-failed", message: /out of/ });
  await session.close();
});
