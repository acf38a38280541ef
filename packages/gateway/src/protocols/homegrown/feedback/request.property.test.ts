import assert from "node:assert/strict";
import { it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import * as fc from "fast-check";
import { parseJsonBody } from "../../../server/json-body.ts";
import { parseFeedback } from "./request.ts";

const message = fc.record(
  {
    role: fc.constantFrom("assistant", "tool", "user"),
    content: fc.oneof(fc.string(), fc.constant(null), fc.array(fc.record({ type: fc.string() }))),
    tool_calls: fc.array(fc.record({ id: fc.string(), function: fc.dictionary(fc.string(), fc.string()) })),
  },
  { requiredKeys: [] },
);
/** Mostly as it should be. */
const or = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary }, { weight: 1, arbitrary: fc.jsonValue() });
const body = fc.record(
  {
    request_id: or(fc.constant("req_1")),
    score: or(fc.double({ min: -1, max: 1, noNaN: true })),
    metrics: or(fc.dictionary(fc.constantFrom("seconds", "edits", "a b"), fc.integer())),
    outcome: or(fc.constantFrom("sent", "two\nlines")),
    choice: or(fc.integer({ min: 0, max: 3 })),
    correction: or(fc.oneof(fc.string({ minLength: 1 }), fc.array(message))),
    comment: or(fc.string({ minLength: 1 })),
    other: fc.jsonValue(),
  },
  { requiredKeys: ["request_id"] },
);
const mostlyKnown = fc
  .tuple(body, fc.integer({ min: 0, max: 9 }))
  .map(([{ other, ...known }, draw]) => (draw === 0 ? { ...known, other } : known));

it("any JSON is feedback within its bounds, or refused as the client's fault", () => {
  let numTaken = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: mostlyKnown }, fc.jsonValue()), (value) => {
      try {
        const { requestId, content } = parseFeedback(parseJsonBody(Buffer.from(JSON.stringify(value)), 100));
        numTaken++;
        assert.match(requestId, /^[\w.:-]{1,128}$/);
        const { score = 0, metrics = {}, outcome = "", choice } = content;
        assert.ok(score >= -1 && score <= 1);
        assert.ok(Object.keys(metrics).length <= 20 && Object.values(metrics).every(Number.isFinite));
        assert.ok(outcome.length <= 64 && Number.isInteger(choice));
      } catch (error) {
        if (!(error instanceof HomegrownError)) throw error;
        assert.equal(error.kind, "invalid-input");
        const other = (value as { other?: unknown } | null)?.other;
        if (typeof other === "string" && other.length > 12)
          assert.equal(error.message.includes(other), false);
      }
    }),
    { numRuns: 1000, seed: 7 },
  );
  assert.ok(numTaken > 50, `only ${numTaken} were taken`);
});
