import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createMasker } from "./masker.ts";
import { HOSTILE_PIECES } from "./testing/hostile-pieces.ts";

const masker = createMasker();

const soup = fc.array(fc.constantFrom(...HOSTILE_PIECES), { maxLength: 40 }).map((pieces) => pieces.join(""));

test("findings are apart and in order, and all that is not found stays as it was", () => {
  fc.assert(
    fc.property(soup, (text) => {
      const masked = masker.mask(text);
      let rest = masked.text;
      let at = 0;
      for (const { kind, start, end } of masked.findings) {
        assert.ok(start >= at && end > start && end <= text.length);
        assert.ok(rest.startsWith(text.slice(at, start)));
        const token = /^\[masked:([a-z-]+):\d+\]/.exec(rest.slice(start - at));
        assert.equal(token?.[1], kind);
        rest = rest.slice(start - at + (token?.[0].length ?? 0));
        at = end;
      }
      assert.equal(rest, text.slice(at));
    }),
    { numRuns: 500 },
  );
});

test("any JSON value keeps its shape, and what it holds besides findings", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const masked = masker.maskJson(value);
      if (Object.keys(masked.counts).length === 0)
        assert.equal(JSON.stringify(masked.value), JSON.stringify(value));
      assert.equal(Array.isArray(masked.value), Array.isArray(value));
    }),
    { numRuns: 300 },
  );
});

/** Measured at 1.3 s at most on one core of an EPYC; the rest is for slower ones. */
const MAX_SECONDS_PER_MEGABYTE = 12;

function assertFast(unit: string, length: number): void {
  const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  // Of the processor, not of the wall, so that what else runs does not count.
  const before = process.cpuUsage();
  masker.mask(text);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  const allowed = (MAX_SECONDS_PER_MEGABYTE * length) / 1e6;
  assert.ok(seconds <= allowed, `${JSON.stringify(unit.slice(0, 60))} x ${length}: ${seconds.toFixed(2)} s`);
}

test("each piece, repeated, takes time linear in the text", () => {
  for (const piece of HOSTILE_PIECES) assertFast(piece, 100_000);
});

test("any few pieces, repeated, take time linear in the text", () => {
  const unit = fc
    .array(fc.constantFrom(...HOSTILE_PIECES), { minLength: 1, maxLength: 4 })
    .map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(unit, (text) => assertFast(text, 50_000)),
    { numRuns: 60 },
  );
});

test("the slowest of them at a megabyte", () => {
  for (const piece of ["DE89 3704 0044 0532 0130 00 ", "0049 ", "a", "ghs_1_"]) assertFast(piece, 1_000_000);
});

test("pieces around a long run of one character take time linear in the text", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...HOSTILE_PIECES),
      fc.constantFrom("a", "1", " ", "_", "/", "A"),
      (piece, filler) => assertFast(piece + filler.repeat(20_000) + piece, 60_000),
    ),
    { numRuns: 60 },
  );
});
