// Every kernel against its formula in float64 on the same float32 inputs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadKernels } from "./kernels.ts";

const count = 1024;
const bytes = 4 * count;
const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
const kernels = loadKernels(memory);
const tolerance = 3e-7; // two roundings of float32

/** The k-th vector of the memory, filled with a fixed, sign-changing sequence. */
function vector(k: number, scale = 1): { at: number; data: Float32Array; before: number[] } {
  const data = new Float32Array(memory.buffer, k * bytes, count);
  for (let i = 0; i < count; i++) data[i] = scale * Math.sin(1.7 * i + 3 * k) * (1 + (i % 7));
  return { at: k * bytes, data, before: [...data] };
}

function assertNear(actual: ArrayLike<number>, expected: (i: number) => number): void {
  for (let i = 0; i < count; i++) {
    const want = expected(i);
    const got = actual[i] ?? Number.NaN;
    assert.ok(Math.abs(got - want) <= tolerance * (1 + Math.abs(want)), `[${i}] is ${got}, expected ${want}`);
  }
}

test("sumSquares adds squares in float64 and is not finite when one element is not", () => {
  const x = vector(0);
  const expected = x.before.reduce((sum, value) => sum + value * value, 0);
  assert.ok(Math.abs(kernels.sumSquares(x.at, count) - expected) < 1e-9 * expected);
  x.data[0] = 3e38; // its square overflows float32, not float64
  assert.ok(Number.isFinite(kernels.sumSquares(x.at, count)));
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    x.data[count - 1] = bad;
    assert.ok(!Number.isFinite(kernels.sumSquares(x.at, count)));
  }
});

test("reduceGradients adds the buffers in order, zeroes all but the first, and returns the sum of squares", () => {
  const buffers = [vector(0), vector(1), vector(2)];
  const [a, b, c] = buffers.map(({ before }) => before);
  const sum = kernels.reduceGradients(buffers[0]!.at, bytes, 3, count);
  const expected = a!.map((value, i) => Math.fround(Math.fround(value + b![i]!) + c![i]!));
  assert.deepEqual([...buffers[0]!.data], expected);
  assert.ok(buffers[1]!.data.every((value) => value === 0) && buffers[2]!.data.every((value) => value === 0));
  const squares = expected.reduce((total, value) => total + value * value, 0);
  assert.ok(Math.abs(sum - squares) < 1e-9 * squares);
  assert.equal(kernels.reduceGradients(buffers[0]!.at, bytes, 1, count), kernels.sumSquares(0, count));
});

test("adamw is the float64 formula", () => {
  const [p, g, m, v] = [vector(0), vector(1), vector(2, 0.1), vector(3, 0.01)];
  for (let i = 0; i < count; i++) v.before[i] = v.data[i] = Math.fround(Math.abs(v.before[i]!));
  const f = Math.fround;
  const [beta1, k1, beta2, k2, step, epsilon, decay] = [0.9, 0.07, 0.95, 0.03, 0.01, 1e-6, 0.999].map(f);
  kernels.adamw(p.at, g.at, m.at, v.at, count, beta1!, k1!, beta2!, k2!, step!, epsilon!, decay!);
  const first = (i: number): number => beta1! * m.before[i]! + k1! * g.before[i]!;
  const second = (i: number): number => beta2! * v.before[i]! + k2! * g.before[i]! ** 2;
  assertNear(m.data, first);
  assertNear(v.data, second);
  assertNear(p.data, (i) => decay! * p.before[i]! - (step! * first(i)) / (Math.sqrt(second(i)) + epsilon!));
  assert.ok(g.data.every((value) => value === 0));
});

test("nesterov keeps the momentum and leaves the look-ahead in the gradient", () => {
  const [g, m] = [vector(0), vector(1)];
  const [momentum, gain] = [Math.fround(0.95), Math.fround(0.05)];
  const sum = kernels.nesterov(g.at, m.at, count, momentum, gain);
  const state = (i: number): number => momentum * m.before[i]! + gain * g.before[i]!;
  assertNear(m.data, state);
  assertNear(g.data, (i) => momentum * state(i) + gain * g.before[i]!);
  assert.equal(sum, kernels.sumSquares(g.at, count));
});

test("applyUpdate, addScaled and zero", () => {
  const [p, x] = [vector(0), vector(1)];
  kernels.applyUpdate(p.at, x.at, count, Math.fround(0.3), Math.fround(0.9));
  assertNear(p.data, (i) => Math.fround(0.9) * p.before[i]! - Math.fround(0.3) * x.before[i]!);
  const y = vector(0);
  kernels.addScaled(y.at, x.at, count, -0.5);
  assertNear(y.data, (i) => y.before[i]! - 0.5 * x.before[i]!);
  kernels.zero(y.at, count);
  assert.ok(y.data.every((value) => value === 0));
  assert.deepEqual([...x.data], x.before, "the neighbour is untouched");
});

test("scatterAddRows adds rows with repeated ids in order, also when the width is no multiple of 4", () => {
  for (const width of [8, 6, 1]) {
    const [table, rows] = [vector(0), vector(1)];
    const ids = new Int32Array(memory.buffer, 2 * bytes, 5);
    ids.set([3, 0, 3, 9, 3]);
    kernels.scatterAddRows(table.at, rows.at, 2 * bytes, ids.length, width);
    const expected = [...table.before];
    ids.forEach((id, r) => {
      for (let j = 0; j < width; j++) {
        expected[id * width + j] = Math.fround(expected[id * width + j]! + rows.before[r * width + j]!);
      }
    });
    assert.deepEqual([...table.data], expected);
  }
});
