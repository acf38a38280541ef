import assert from "node:assert/strict";
import { it } from "node:test";
import * as fc from "fast-check";
import type { Price } from "../core/target.ts";
import { costNanoUsd, maxCostNanoUsd } from "./cost.ts";
import type { TokenUsage } from "../core/token-usage.ts";

const rate = fc.integer({ min: 0, max: 400_000 }).map((tenths) => tenths / 10);
const rates = {
  inputPerToken: rate,
  outputPerToken: rate,
  cacheReadPerToken: fc.option(rate, { nil: undefined }),
  cacheWritePerToken: fc.option(rate, { nil: undefined }),
  cacheWriteHourPerToken: fc.option(rate, { nil: undefined }),
  reasoningPerToken: fc.option(rate, { nil: undefined }),
};
const withoutUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;

const price: fc.Arbitrary<Price> = fc
  .record({
    ...rates,
    tiers: fc.uniqueArray(fc.record({ aboveInputTokens: fc.integer({ min: 1, max: 300_000 }), ...rates }), {
      maxLength: 2,
      selector: (tier) => tier.aboveInputTokens,
    }),
    source: fc.constant("test"),
    asOf: fc.constant("2026-11-01"),
  })
  .map(({ tiers, ...base }) =>
    withoutUndefined({
      ...base,
      ...(tiers.length > 0 && {
        tiers: tiers.map(withoutUndefined).sort((a, b) => a.aboveInputTokens - b.aboveInputTokens),
      }),
    }),
  ) as fc.Arbitrary<Price>;

const tokens = fc.integer({ min: 0, max: 500_000 });
const usage: fc.Arbitrary<TokenUsage> = fc
  .record({
    input: tokens,
    output: tokens,
    cacheRead: tokens,
    cacheWrite: tokens,
    cacheWriteHour: tokens,
    reasoning: tokens,
  })
  .map((parts) => ({ ...parts, estimated: false }));

it("is a whole number, and never below zero, even where parts are reported larger than the whole", () => {
  fc.assert(
    fc.property(price, usage, (price, usage) => {
      const cost = costNanoUsd(price, usage)!;
      assert.ok(Number.isSafeInteger(cost) && cost >= 0);
    }),
  );
});

it("never falls when more is answered, nor, within a tier, when more is asked", () => {
  fc.assert(
    fc.property(price, usage, tokens, (price, usage, more) => {
      const cost = costNanoUsd(price, usage)!;
      assert.ok(
        costNanoUsd(price, { ...usage, output: usage.output + more, reasoning: 0 })! >=
          costNanoUsd(price, { ...usage, reasoning: 0 })!,
      );
      const { tiers: _, ...flat } = price;
      const plain = { ...usage, cacheRead: 0, cacheWrite: 0 };
      assert.ok(costNanoUsd(flat, { ...plain, input: plain.input + more })! >= costNanoUsd(flat, plain)!);
      assert.ok(cost >= 0);
    }),
  );
});

it("is never above what a budget reserves for as many tokens, however they split", () => {
  fc.assert(
    fc.property(price, usage, tokens, tokens, (price, usage, spareInput, spareOutput) => {
      const most = { input: usage.input + spareInput, output: usage.output + spareOutput };
      assert.ok(costNanoUsd(price, usage)! <= maxCostNanoUsd(price, most)!);
    }),
  );
});

it("rounds once: the parts' costs, each rounded, may differ, the sum is exact", () => {
  const price: Price = { inputPerToken: 0.4, outputPerToken: 0.4, source: "test", asOf: "2026-11-01" };
  const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
  assert.equal(costNanoUsd(price, usage), 1);
});
