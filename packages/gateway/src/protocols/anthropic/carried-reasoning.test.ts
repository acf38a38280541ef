import assert from "node:assert/strict";
import { it } from "node:test";
import * as fc from "fast-check";
import {
  CARRIED_PREFIX,
  MAX_CARRIED_LENGTH,
  isCarried,
  openCarried,
  pickProofs,
  sealCall,
  sealReasoning,
} from "./carried-reasoning.ts";

it("what a provider signed comes back as it was, and nothing else of its metadata does", () => {
  const proofs = pickProofs({
    openai: { itemId: "rs_of_somebody_else", reasoningEncryptedContent: "gAAAA…" },
    google: { thoughtSignature: "c2ln", safetyRatings: [] },
    homegrown: { tokens: [] },
    openrouter: { reasoning_details: [{ type: "reasoning.encrypted", data: "x", index: 0 }] },
  });
  assert.deepEqual(openCarried(sealReasoning(proofs)), {
    call: undefined,
    proofs: {
      openai: { reasoningEncryptedContent: "gAAAA…" },
      google: { thoughtSignature: "c2ln" },
      openrouter: { reasoning_details: [{ type: "reasoning.encrypted", data: "x", index: 0 }] },
    },
  });
});

it("a client cannot smuggle in options that only a provider may set", () => {
  const forged =
    CARRIED_PREFIX +
    Buffer.from(
      JSON.stringify({ proofs: { openai: { itemId: "rs_1", store: true }, anthropic: { signature: "s" } } }),
    ).toString("base64url");
  assert.deepEqual(openCarried(forged), { call: undefined, proofs: undefined });
});

it("a proof of a call names its call", () => {
  const data = sealCall("call_1", { google: { thoughtSignature: "s" } })!;
  assert.ok(isCarried(data));
  assert.deepEqual(openCarried(data), { call: "call_1", proofs: { google: { thoughtSignature: "s" } } });
});

it("a proof that is too long is left behind", () => {
  const proofs = { google: { thoughtSignature: "s".repeat(MAX_CARRIED_LENGTH) } };
  assert.equal(sealReasoning(proofs), CARRIED_PREFIX);
  assert.equal(sealCall("call_1", proofs), undefined);
});

it("whatever stands behind the prefix is read without harm", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.base64String()), fc.boolean(), (text, encode) => {
      const tail = encode ? Buffer.from(text).toString("base64url") : text;
      const { proofs } = openCarried(CARRIED_PREFIX + tail);
      assert.ok(proofs === undefined || typeof proofs === "object");
    }),
  );
  const deep =
    CARRIED_PREFIX +
    Buffer.from(
      `{"proofs":{"openrouter":{"reasoning_details":${"[".repeat(9e4)}${"]".repeat(9e4)}}}}`,
    ).toString("base64url");
  assert.equal(openCarried(deep).proofs, undefined);
});
