import assert from "node:assert/strict";
import { it } from "node:test";
import * as fc from "fast-check";
import { packStatement, rowsOf } from "./packed-rows.ts";

it("rows arrive as they left, whichever way they go", () => {
  const exact = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.maxSafeInteger(),
    fc.constantFrom(null, true, false, "\ud800"),
  );
  const other = fc.oneof(fc.constantFrom(1n << 62n, -0, Number.NaN, Infinity), fc.uint8Array());
  const value = fc.oneof({ weight: 30, arbitrary: exact }, { weight: 1, arbitrary: other });
  const numWays = { packed: 0, plain: 0 };
  fc.assert(
    fc.property(fc.array(fc.array(value, { maxLength: 5 }), { maxLength: 8 }), (rows) => {
      const sent = packStatement({ sql: "s", rows });
      numWays["packed" in sent ? "packed" : "plain"]++;
      assert.deepEqual(rowsOf(structuredClone(sent)), rows);
    }),
    { numRuns: 500 },
  );
  assert.ok(numWays.packed > 10 && numWays.plain > 10, JSON.stringify(numWays));
});
