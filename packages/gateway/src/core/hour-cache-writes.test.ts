import assert from "node:assert/strict";
import { it } from "node:test";
import { hourCacheWrites } from "./hour-cache-writes.ts";

it("reads both providers' words, and nothing else", () => {
  const creation = { ephemeral_5m_input_tokens: 7, ephemeral_1h_input_tokens: 5 };
  assert.equal(hourCacheWrites({ cache_creation: creation }), 5);
  const cacheDetails = [
    { ttl: "1h", inputTokens: 3 },
    { ttl: "5m", inputTokens: 9 },
    null,
    { ttl: "1h", inputTokens: -1 },
  ];
  assert.equal(hourCacheWrites({ cacheDetails }), 3);
  for (const other of [
    undefined,
    null,
    {},
    { cache_creation: null },
    { cache_creation: { ephemeral_1h_input_tokens: "x" } },
  ]) {
    assert.equal(hourCacheWrites(other), 0);
  }
});
