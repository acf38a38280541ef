import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RIGHTS } from "@homegrown/contracts";
import type { Rights } from "@homegrown/contracts";
import { decideRight, keepsContent, mayKeepContent } from "./capture-right.ts";

const OVERRIDE = { by: "legal", reason: "contract" };
const ALL = RIGHTS.flatMap((consent) =>
  RIGHTS.flatMap((right) => RIGHTS.map((terms) => [consent, right, terms] as const)),
);
const rank = (right: Rights): number => RIGHTS.indexOf(right);

describe("what a record may be used for", () => {
  it("the strictest of key, route and terms wins", () => {
    for (const [consent, right, terms] of ALL) {
      const decided = decideRight(consent, { right, override: undefined }, terms);
      assert.equal(rank(decided.right), Math.min(rank(consent), rank(right), rank(terms)));
      assert.equal(decided.override, undefined);
    }
  });

  it("an override lifts the terms alone, and is told only where it did", () => {
    for (const [consent, right, terms] of ALL) {
      const decided = decideRight(consent, { right, override: OVERRIDE }, terms);
      const wanted = Math.min(rank(consent), rank(right));
      assert.equal(rank(decided.right), wanted);
      assert.deepEqual(decided.override, wanted > rank(terms) ? OVERRIDE : undefined);
    }
  });

  it("a route that says nothing keeps metrics", () => {
    assert.equal(decideRight("train", undefined, "train").right, "metrics");
    assert.equal(mayKeepContent("train", undefined), false);
  });

  it("content is kept from evaluate on, and nobody records an answer for less", () => {
    assert.deepEqual(
      RIGHTS.map((right) => keepsContent(right)),
      [false, false, true, true],
    );
    for (const [consent, right] of ALL) {
      const wants = mayKeepContent(consent, { right, override: undefined });
      assert.equal(wants, rank(consent) >= 2 && rank(right) >= 2);
    }
  });
});
