import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import type { Modality } from "../core/target.ts";
import { ask, createBench } from "./fake-target.ts";
import { drawByName, drawRank, hashName } from "./rendezvous.ts";

const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 });
const idsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `p/${index}`);

/** Repeatable, uniform enough for counting. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return drawByName(state, 1);
  };
}

function countFirsts(draws: number, firstOf: (draw: number) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (let draw = 0; draw < draws; draw++) {
    const first = firstOf(draw);
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return counts;
}

function assertShares(counts: Map<string, number>, given: readonly number[], draws: number): void {
  const total = given.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of given.entries()) {
    const share = weight / total;
    const expected = draws * share;
    // Five standard deviations: once in two million.
    const slack = 5 * Math.sqrt(draws * share * (1 - share));
    const got = counts.get(`p/${index}`) ?? 0;
    assert.ok(Math.abs(got - expected) < slack, `p/${index}: ${got}, expected ${expected} ± ${slack}`);
  }
}

const bench = (given: readonly number[], sticky: "conversation" | "off", seed: number) =>
  createBench(
    {
      r: {
        strategy: "weighted",
        sticky,
        targets: given.map((weight, index) => ({ target: `p/${index}`, weight })),
      },
    },
    idsOf(given.length).map((id) => ({ id })),
    { random: createRandom(seed) },
  );

describe("weights", () => {
  it("converge, drawn at random", () => {
    const property = fc.property(weights, fc.nat(), (given, seed) => {
      const { order } = bench(given, "off", seed);
      assertShares(
        countFirsts(2000, () => order(ask("r"))[0]!),
        given,
        2000,
      );
    });
    fc.assert(property, { numRuns: 20, seed: 4 });
  });

  it("converge over conversations, and each conversation stays", () => {
    const property = fc.property(weights, fc.string(), (given, salt) => {
      const { order } = bench(given, "conversation", 1);
      const first = (n: number): string => order(ask("r", { conversation: () => `${salt}${n}` }))[0]!;
      assertShares(countFirsts(2000, first), given, 2000);
      for (let n = 0; n < 20; n++) assert.equal(first(n), first(n));
    });
    fc.assert(property, { numRuns: 20, seed: 5 });
  });

  it("a target that goes away moves its own conversations only", () => {
    const property = fc.property(weights, fc.nat(5), fc.string(), (given, gone, conversation) => {
      const { order, targets } = bench(given, "conversation", 1);
      const before = order(ask("r", { conversation: () => conversation }));
      const id = `p/${gone % given.length}`;
      targets.delete(id);
      assert.deepEqual(
        order(ask("r", { conversation: () => conversation })),
        before.filter((other) => other !== id),
      );
    });
    fc.assert(property, { numRuns: 100 });
  });

  it("rank is never not a number", () => {
    const property = fc.property(
      fc.string(),
      fc.string(),
      fc.double({ min: 0, max: 1e6 }),
      (a, b, weight) => {
        const u = drawByName(hashName(a), hashName(b));
        assert.ok(u > 0 && u < 1);
        assert.ok(drawRank(u, weight) >= 0);
      },
    );
    fc.assert(property);
  });
});

describe("plans", () => {
  const modality = fc.constantFrom<Modality[]>("text", "image", "audio", "file");
  const capabilities = fc.record({
    tools: fc.boolean(),
    structuredOutput: fc.boolean(),
    logProbabilities: fc.boolean(),
    input: fc.uniqueArray(modality).map((kinds) => new Set<Modality>(["text", ...kinds])),
  });
  const needs = fc.record({
    tools: fc.boolean(),
    structuredOutput: fc.boolean(),
    logProbabilities: fc.boolean(),
    input: fc.uniqueArray(modality, { maxLength: 2 }).map((kinds) => new Set<Modality>(["text", ...kinds])),
  });
  const strategy = fc.constantFrom("fallback", "weighted", "lowest-latency", "cheapest");

  it("hold every capable target once and no other, whatever the strategy", () => {
    const property = fc.property(
      fc.array(capabilities, { minLength: 1, maxLength: 5 }),
      needs,
      strategy,
      (all, needs, strategy) => {
        const targets = all.map((capabilities, index) => ({ id: `p/${index}`, capabilities }));
        const { order } = createBench({ r: { strategy, targets: idsOf(all.length) } }, targets);
        const capable = targets
          .filter(({ capabilities: can }) =>
            (["tools", "structuredOutput", "logProbabilities"] as const).every(
              (need) => !needs[need] || can[need],
            ),
          )
          .filter(({ capabilities: can }) => needs.input.isSubsetOf(can.input))
          .map(({ id }) => id);
        if (capable.length === 0) {
          assert.throws(() => order(ask("r", { needs })), { code: "gateway/no-capable-target" });
          return;
        }
        const got = order(ask("r", { needs }));
        if (strategy === "fallback") assert.deepEqual(got, capable);
        assert.deepEqual(got.toSorted(), capable.toSorted());
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});
