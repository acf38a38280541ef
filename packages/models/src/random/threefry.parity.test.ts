// Referee: the known answers of Random123 1.14 (`kat_vectors`, lines "threefry2x32 20"), which JAX's own
// tests repeat.
import assert from "node:assert/strict";
import { test } from "node:test";
import { threefry2x32 } from "./threefry.ts";

const KNOWN = [
  { key: [0, 0], counter: [0, 0], answer: [0x6b200159, 0x99ba4efe] },
  {
    key: [0xffffffff, 0xffffffff],
    counter: [0xffffffff, 0xffffffff],
    answer: [0x1cb996fc, 0xbb002be7],
  },
  {
    key: [0x13198a2e, 0x03707344],
    counter: [0x243f6a88, 0x85a308d3],
    answer: [0xc4923a9c, 0x483df7a0],
  },
] as const;

test("threefry2x32 gives Random123's known answers", () => {
  for (const { key, counter, answer } of KNOWN) {
    const words = new Uint32Array(2);
    threefry2x32(key[0], key[1], counter[0], counter[1], words);
    assert.deepEqual([...words], [...answer]);
  }
});
