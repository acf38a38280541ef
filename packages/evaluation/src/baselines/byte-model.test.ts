import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { trainByteModel } from "../index.ts";
import { measureAdaptiveBits } from "./byte-model.ts";

test("probabilities of any context sum to 1 and stay positive, pruned tables included", async () => {
  const text = fc.string({ maxLength: 200, unit: "binary" });
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 5 }),
      fc.uint8Array({ maxLength: 8 }),
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      async (texts, context, order, tight) => {
        const limits = tight ? { maxContexts: 2 ** 14, maxSuccessors: 300 } : undefined;
        const model = await trainByteModel(texts, { order, ...(limits && { limits }) });
        const probabilities = model.distribution(context);
        const sum = probabilities.reduce((sum, p) => sum + p, 0);
        assert.ok(Math.abs(sum - 1) < 1e-9, `sum ${sum}`);
        assert.ok(probabilities.every((p) => p > 0));
      },
    ),
    { numRuns: 60 },
  );
});

test("bits are the distribution's, byte by byte", async () => {
  const model = await trainByteModel(["the cat sat on the mat", "the dog sat"], { order: 3 });
  const text = "the rat sat ö";
  const bytes = Buffer.from(text);
  let bits = 0;
  for (const [at, byte] of bytes.entries())
    bits -= Math.log2(model.distribution(bytes.subarray(0, at))[byte]!);
  assert.ok(Math.abs(model.bits(text) - bits) < 1e-9);
  assert.ok(Math.abs(model.bitsPerByte(text) - bits / bytes.length) < 1e-12);
});

test("interpolated Kneser–Ney by hand, order 1 on 'abab'", async () => {
  // Order 1: a→b twice, b→a once. Order 0 counts a byte when it was new in its longer context: a at the
  // start, b after a, a after b: a 2, b 1. Discounts n1/(n1+2·n2): order 0: 1/(1+2·1), order 1: the same.
  const model = await trainByteModel(["abab"], { order: 1 });
  const d = 1 / 3;
  const lowest = (count: number): number => (Math.max(count - d, 0) + (d * 2) / 256) / 3;
  const after = model.distribution(Buffer.from("a"));
  assert.ok(Math.abs(after[98]! - (2 - d + d * 1 * lowest(1)) / 2) < 1e-12);
  assert.ok(Math.abs(after[97]! - (0 + d * 1 * lowest(2)) / 2) < 1e-12);
});

test("untrained it is uniform: 8 bits for each byte; trained it predicts what it saw", async () => {
  const blank = await trainByteModel([], { order: 5 });
  assert.equal(blank.bitsPerByte("anything"), 8);
  const model = await trainByteModel(Array<string>(20).fill("export interface Options {\n"), { order: 5 });
  assert.ok(model.bitsPerByte("export interface Options {\n") < 0.5);
  assert.ok(model.bitsPerByte("quite another text") > 5);
  assert.equal(model.complete("export inter", 10, 1, 0), "face Optio");
});

test("longer contexts predict structured text better", async () => {
  const texts = Array.from(
    { length: 400 },
    (_, i) => `  readonly property${i % 37}: ${i % 3 ? "string" : "number"};\n`,
  );
  const held = "  readonly property12: string;\n  readonly property31: number;\n";
  const bits = await Promise.all(
    [1, 2, 4].map(async (order) => (await trainByteModel(texts, { order })).bits(held)),
  );
  assert.ok(bits[0]! > bits[1]! && bits[1]! > bits[2]!, bits.join(" "));
});

test("memory stays within its limits, and the model still predicts", async () => {
  let state = 1;
  const noise = (): string =>
    String.fromCharCode(97 + (((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 16) % 26));
  const text = Array.from({ length: 60_000 }, (_, i) => (i % 50 < 10 ? "signature;"[i % 50]! : noise())).join(
    "",
  );
  const limits = { maxContexts: 2 ** 14, maxSuccessors: 20_000 };
  const bounded = await trainByteModel([text], { order: 5, limits });
  const free = await trainByteModel([text], { order: 5 });
  const [small, large] = [bounded.bitsPerByte("signature;"), free.bitsPerByte("signature;")];
  assert.ok(small < 2 && large < 2, `${small} ${large}`);
  assert.notEqual(small, large, "the limits were never reached");
});

test("completions repeat with their seed, differ without, and end on whole characters", async () => {
  const model = await trainByteModel(["größer schöner öfter ähnlich über"], { order: 2 });
  assert.equal(model.complete("gr", 50, 4), model.complete("gr", 50, 4));
  const all = new Set([1, 2, 3, 4, 5].map((seed) => model.complete("gr", 50, seed)));
  assert.ok(all.size > 1);
  for (let length = 0; length < 20; length++) {
    const completion = model.complete("größe", length, 1, 0);
    assert.ok(!completion.includes("\ufffd") && Buffer.byteLength(completion) <= length);
  }
});

test("learning while reading costs more than having read before", async () => {
  const texts = Array.from({ length: 30 }, (_, i) => `export declare const value${i}: number;\n`);
  const bytes = texts.reduce((sum, text) => sum + text.length, 0);
  const adaptive = (await measureAdaptiveBits(texts, { order: 5 })) / bytes;
  const model = await trainByteModel(texts, { order: 5 });
  const primed = texts.reduce((sum, text) => sum + model.bits(text), 0) / bytes;
  assert.ok(primed < adaptive && adaptive < 8, `${primed} ${adaptive}`);
});

test("orders that the table cannot hold are refused", async () => {
  for (const order of [0, 7, 2.5]) {
    await assert.rejects(trainByteModel([], { order }), { code: "evaluation/bad-order" });
  }
});
