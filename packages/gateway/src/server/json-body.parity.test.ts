// The engine's own parser is the referee: of what is JSON, and, where its message names one, of the place.
import assert from "node:assert/strict";
import { it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import * as fc from "fast-check";
import { parseJsonBody } from "./json-body.ts";

const SEED = 20_261_122;
const parse = (text: string, maxDepth = 100): unknown => parseJsonBody(Buffer.from(text), maxDepth).value;

/** JSON with some of its characters replaced, removed or doubled. */
const damaged = fc
  .tuple(
    fc.json({ maxDepth: 4 }),
    fc.array(
      fc.tuple(fc.nat(), fc.constantFrom("", '"', "\\", "{", "]", ",", ":", "0", "-", "\n", "\u0001", "x")),
      {
        maxLength: 3,
      },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((current, [at, put]) => {
      const index = at % (current.length + 1);
      return current.slice(0, index) + put + current.slice(index + (at % 2));
    }, text),
  );

it("accepts what the engine accepts, and finds the fault where the engine does", () => {
  let compared = 0;
  fc.assert(
    fc.property(damaged, (text) => {
      let expected: unknown;
      let failure: string | undefined;
      try {
        expected = JSON.parse(text);
      } catch (error) {
        failure = (error as Error).message;
      }
      if (failure === undefined) {
        assert.deepEqual(parse(text), expected);
        return;
      }
      const found = placeOf(text);
      assert.ok(found >= 0 && found <= text.length);
      // Inside of numbers, words and escapes the engine points at a character, we at the beginning.
      const position = /at position (\d+)/.exec(failure)?.[1];
      if (/escape|number|exponent|fraction/i.test(failure) || /[\w\\]/.test(text[found] ?? "")) return;
      if (failure.startsWith("Unexpected end")) assert.equal(found, text.length);
      else if (position !== undefined) assert.equal(found, Number(position), failure);
      else return;
      compared++;
    }),
    { numRuns: 3000, seed: SEED },
  );
  assert.ok(compared > 300, `${compared} places were compared`);
});

it("bounds depth exactly, whatever strings hold", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.string(), (value, text) => {
      const wrapped = { [`[{"\\${text}`]: value, b: ['\\"[[['] };
      const depth = depthOf(wrapped);
      assert.deepEqual(parse(JSON.stringify(wrapped), depth), JSON.parse(JSON.stringify(wrapped)));
      assert.throws(() => parse(JSON.stringify(wrapped), depth - 1), { code: "gateway/json-too-deep" });
    }),
    { numRuns: 500, seed: SEED },
  );
});

function placeOf(text: string): number {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof HomegrownError && error.code === "gateway/invalid-json");
    assert.ok(text.length < 20 || !error.message.includes(text), "the body is not quoted");
    return Number(/offset (\d+)/.exec(error.message)?.[1]);
  }
  throw new Error("it was accepted");
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
