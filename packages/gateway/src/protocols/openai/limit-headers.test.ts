import assert from "node:assert/strict";
import { it } from "node:test";
import { renderLimitHeaders } from "./limit-headers.ts";

it("limits are told as OpenAI tells them, each only where it exists", () => {
  assert.deepEqual(renderLimitHeaders({}), {});
  assert.deepEqual(renderLimitHeaders({ requests: { limit: 60, remaining: 59.4, resetSeconds: 0.0171 } }), {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "18ms",
  });
  const { "x-ratelimit-remaining-tokens": remaining } = renderLimitHeaders({
    tokens: { limit: 10, remaining: -3, resetSeconds: 1 },
  });
  assert.equal(remaining, "0");
  const durations = [1.5, 59.9994, 60, 360.2, 3600, 86_400].map(
    (resetSeconds) =>
      renderLimitHeaders({ tokens: { limit: 1, remaining: 0, resetSeconds } })["x-ratelimit-reset-tokens"],
  );
  assert.deepEqual(durations, ["1.5s", "1m0s", "1m0s", "6m1s", "1h0m0s", "24h0m0s"]);
});
