import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { splitLines } from "./lines.ts";
import { splitParts } from "./parts.ts";

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

const text = fc
  .array(fc.constantFrom("a", "word ", "é", "日本", "👍", "\n", "\n\n"), { maxLength: 80 })
  .map((parts) => parts.join(""));

test("lines are those that a split gives, whatever the chunks; the too long are marked, not held", async () => {
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 60 }),
      async (text, size, max) => {
        const lines = [];
        for await (const line of splitLines(chunked(Buffer.from(text), size), max))
          lines.push(line?.toString());
        const expected = text.split("\n").map((line) => (Buffer.byteLength(line) > max ? undefined : line));
        if (expected.at(-1) === "") expected.pop();
        assert.deepEqual(lines, expected);
      },
    ),
    { numRuns: 200 },
  );
});

test("parts joined are the text, none too long, each valid UTF-8", async () => {
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 8, max: 60 }),
      async (text, size, max) => {
        const parts = [];
        for await (const part of splitParts(chunked(Buffer.from(text), size), max)) parts.push(part);
        assert.equal(Buffer.concat(parts.map(({ bytes }) => bytes)).toString(), text);
        assert.ok(parts.every(({ bytes }) => bytes.length <= max && bytes.length > 0));
        for (const { bytes } of parts) new TextDecoder("utf-8", { fatal: true }).decode(bytes);
        assert.deepEqual(
          parts.map(({ last }) => last),
          parts.map((_, i) => i === parts.length - 1),
        );
      },
    ),
    { numRuns: 200 },
  );
});
