import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { LARGEST_FINITE, NUMBER_FORMATS, Q8_0_BLOCK } from "./number-formats.ts";
import type { WeightType } from "./model-weights.ts";

/** Largest relative error of rounding to nearest: half a unit in the last place. */
const HALF_UNIT = { F32: 0, F16: 2 ** -11, BF16: 2 ** -8 } as const;
/** Below it numbers are subnormal, with a fixed step. */
const SMALLEST_NORMAL = { F32: 0, F16: 2 ** -14, BF16: 2 ** -126 } as const;

const block = (limit: number): fc.Arbitrary<Float32Array> =>
  fc
    .array(fc.float({ noNaN: true, min: -Math.fround(limit), max: Math.fround(limit) }), {
      minLength: Q8_0_BLOCK,
      maxLength: Q8_0_BLOCK,
    })
    .map((values) => Float32Array.from(values));

function roundTrip(values: Float32Array, type: WeightType): Float32Array {
  const out = new Float32Array(values.length);
  const bytes = NUMBER_FORMATS[type].encode(values);
  assert.equal(bytes.byteLength, (values.length / NUMBER_FORMATS[type].block) * NUMBER_FORMATS[type].bytes);
  // An odd start: decoding must not depend on the alignment of the bytes in their buffer.
  const shifted = new Uint8Array(bytes.byteLength + 1);
  shifted.set(bytes, 1);
  NUMBER_FORMATS[type].decode(shifted.subarray(1), out);
  return out;
}

for (const type of ["F32", "F16", "BF16"] as const) {
  test(`${type}: every finite number comes back within half a unit in the last place, and stays put`, () => {
    fc.assert(
      fc.property(
        block(type === "BF16" ? LARGEST_FINITE.BF16 : Math.min(LARGEST_FINITE[type], 3e38)),
        (values) => {
          const once = roundTrip(values, type);
          values.forEach((value, i) => {
            const bound = Math.max(Math.abs(value), SMALLEST_NORMAL[type]) * HALF_UNIT[type];
            assert.ok(Math.abs(once[i]! - value) <= bound, `${value} became ${once[i]}`);
          });
          assert.deepEqual(roundTrip(once, type), once);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });
}

test("Q8_0: every number comes back within half a step of its block's scale", () => {
  fc.assert(
    fc.property(block(1000), (values) => {
      const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      // The stored scale is itself rounded to binary16; 127 steps carry that error.
      const step = largest / 127;
      const bound = step / 2 + 127 * Math.max(step * 2 ** -11, 2 ** -25) + 1e-12;
      roundTrip(values, "Q8_0").forEach((value, i) => {
        assert.ok(Math.abs(value - values[i]!) <= bound, `${values[i]} became ${value}, bound ${bound}`);
      });
    }),
    { seed: 2, numRuns: 300 },
  );
});

test("ties: BF16 and F16 go to even, Q8_0's quotient away from zero", () => {
  const ties = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8);
  assert.deepEqual([...roundTrip(ties, "BF16")], [1, 1 + 2 ** -6]);
  assert.deepEqual([...roundTrip(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11), "F16")], [1, 1 + 2 ** -9]);
  const values = new Float32Array(Q8_0_BLOCK);
  values.set([127, 0.5, -0.5, 1.5, -2.5]);
  assert.deepEqual([...roundTrip(values, "Q8_0").subarray(0, 5)], [127, 1, -1, 2, -3]);
});
