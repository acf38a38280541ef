import assert from "node:assert/strict";
import { it } from "node:test";
import type { TokenLogProbability } from "@homegrown/contracts";
import { LogprobsRenderer } from "./logprobs.ts";

/** A token of the given bytes, as ports describe them. */
function tokenOf(bytes: readonly number[], top: readonly number[][] = []): TokenLogProbability {
  return { ...candidate(bytes, -0.5), top: top.map((other, rank) => candidate(other, -rank)) };
}

function candidate(bytes: readonly number[], logProbability: number): Omit<TokenLogProbability, "top"> {
  return { id: 0, text: Buffer.from(bytes).toString("utf8"), bytes, logProbability };
}

const [SMILE_1, SMILE_2] = [
  [0xf0, 0x9f],
  [0x98, 0x80],
];

it("counts offsets in code points, over parts of a stream, and writes partial characters as bytes", () => {
  const tokens = [[...Buffer.from("né")], SMILE_1!, SMILE_2!, [...Buffer.from("x")]].map((bytes) =>
    tokenOf(bytes),
  );
  const whole = JSON.parse(new LogprobsRenderer().render(tokens));
  assert.deepEqual(whole.tokens, ["né", "bytes:\\xf0\\x9f", "bytes:\\x98\\x80", "x"]);
  // "né😀x": the second half of the emoji begins no character of its own.
  assert.deepEqual(whole.text_offset, [0, 2, 3, 3]);
  assert.equal(whole.top_logprobs, null);
  const streamed = new LogprobsRenderer();
  const offsets = tokens.flatMap((token) => JSON.parse(streamed.render([token])).text_offset);
  assert.deepEqual(offsets, whole.text_offset);
});

it("alternatives always hold the token that was taken, and JSON holds every probability", () => {
  const rare = { ...tokenOf([0x61], [[0x62], [0x63]]), logProbability: -Infinity };
  const rendered = JSON.parse(new LogprobsRenderer().render([rare]));
  assert.deepEqual(rendered.top_logprobs, [{ b: 0, c: -1, a: -9999 }]);
  assert.deepEqual(rendered.token_logprobs, [-9999]);
  const likeliest = JSON.parse(new LogprobsRenderer().render([tokenOf([0x62], [[0x62], [0x63]])]));
  assert.deepEqual(Object.keys(likeliest.top_logprobs[0]), ["b", "c"]);
});
