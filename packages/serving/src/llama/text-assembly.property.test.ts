import assert from "node:assert/strict";
import { test } from "node:test";
import { array, assert as check, constantFrom, integer, property } from "fast-check";
import { TextAssembly } from "./text-assembly.ts";

/** Few letters, so that stop sequences occur, overlap and almost occur; characters of one to four bytes. */
const letters = array(constantFrom("a", "b", "é", "日", "🙂"), { maxLength: 30 }).map((list) =>
  list.join(""),
);
const stops = array(
  letters.filter((text) => text !== ""),
  { maxLength: 3 },
);

test("however the bytes are cut, the text is what stands before the first stop sequence", () => {
  check(
    property(
      letters,
      stops,
      array(integer({ min: 1, max: 5 }), { maxLength: 130 }),
      (text, stopSequences, cuts) => {
        const assembly = new TextAssembly(stopSequences);
        const bytes = Buffer.from(text);
        let out = "";
        let stop: string | undefined;
        let at = 0;
        for (let piece = 0; at < bytes.length && stop === undefined; piece += 1) {
          const size = cuts[piece] ?? 1;
          const made = assembly.push(bytes.subarray(at, at + size));
          at += size;
          out += made.text;
          stop = made.stop;
          // Nothing that has left may still turn into a stop sequence.
          for (const sequence of stop === undefined ? stopSequences : []) {
            for (let length = 1; length < sequence.length; length += 1) {
              if (out.endsWith(sequence.slice(0, length)))
                assert.ok(!text.startsWith(out.slice(0, -length) + sequence));
            }
          }
        }
        if (stop === undefined) out += assembly.finish().text;
        const ends = stopSequences.map((sequence) => text.indexOf(sequence)).filter((index) => index >= 0);
        assert.equal(out, ends.length > 0 ? text.slice(0, Math.min(...ends)) : text);
      },
    ),
    { numRuns: 500, seed: 7 },
  );
});
