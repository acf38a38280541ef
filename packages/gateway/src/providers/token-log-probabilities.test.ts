import assert from "node:assert/strict";
import { it } from "node:test";
import { readTokens } from "./token-log-probabilities.ts";

function entry(token: string, logprob: number, bytes: number[] | null = null): object {
  return { token, logprob, bytes };
}

it("reads tokens with their alternatives, and spells out bytes that were left out", () => {
  const content = [{ ...entry("é", -0.1), top_logprobs: [entry("é", -0.1), entry("e", -2.3, [101])] }];
  assert.deepEqual(readTokens({ choices: [{ logprobs: { content } }] }), [
    {
      id: -1,
      text: "é",
      bytes: [0xc3, 0xa9],
      logProbability: -0.1,
      top: [
        { id: -1, text: "é", bytes: [0xc3, 0xa9], logProbability: -0.1 },
        { id: -1, text: "e", bytes: [101], logProbability: -2.3 },
      ],
    },
  ]);
});

it("finds none in whatever else a provider sends", () => {
  const others = [
    null,
    undefined,
    {},
    { choices: [] },
    { choices: [{ logprobs: null }] },
    { choices: [{ logprobs: { content: [null, 5, {}] } }] },
  ];
  for (const raw of others) assert.deepEqual(readTokens(raw), []);
});
