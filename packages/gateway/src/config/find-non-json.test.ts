import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { findNonJson } from "./find-non-json.ts";

describe("what JSON would not carry", () => {
  it("is found with its place", () => {
    const circle: Record<string, unknown> = {};
    circle["again"] = circle;
    const cases: [value: unknown, path: (string | number)[], found: RegExp][] = [
      [{ hooks: { a: { run: () => 1 } } }, ["hooks", "a", "run"], /a function/],
      [[1, new Date()], [1], /class Date/],
      [{ a: [{ b: 0 / 0 }] }, ["a", 0, "b"], /not finite/],
      [{ a: 1n }, ["a"], /a bigint/],
      [{ a: Symbol("x") }, ["a"], /a symbol/],
      [[undefined], [0], /undefined/],
      [new Map(), [], /class Map/],
      [undefined, [], /undefined/],
    ];
    for (const [value, path, found] of cases) {
      const fault = findNonJson(value)!;
      assert.deepEqual(fault.path, path);
      assert.match(fault.found, found);
    }
    assert.match(findNonJson(circle)!.found, /holds itself/);
  });

  it("is not in what JSON carries as it is", () => {
    const property = fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      assert.equal(findNonJson(value), undefined);
    });
    fc.assert(property);
    assert.equal(findNonJson({ left: undefined, out: 1 }), undefined);
  });
});
