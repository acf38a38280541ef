import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RouteDescription } from "../routing/compiled-route.ts";
import type { StoreHealth } from "../state/state-writer.ts";
import { createGatewayMetrics } from "./gateway-metrics.ts";
import { KnownNames } from "./known-names.ts";
import { parsePrometheus } from "./prometheus-parser.fixture.ts";
import { renderPrometheus } from "./prometheus-text.ts";

function describeRoute(
  alias: string,
  targets: Record<string, "closed" | "half-open" | "open">,
): RouteDescription {
  return {
    alias,
    strategy: "fallback",
    sticky: "off",
    targets: Object.entries(targets).map(([target, state]) => ({
      target,
      state,
      pauseMs: 0,
      restMs: 0,
      firstTokenMs: undefined,
      wholeAnswerMs: undefined,
      weight: 1,
      when: undefined,
      exists: true,
    })),
    shadow: { target: "own/next", share: 0.1, running: 2, dropped: 5 },
  };
}

function readWith(store: StoreHealth | undefined): Map<string, [labels: object, value: number][]> {
  const instruments = createGatewayMetrics(
    {
      activity: () => ({ requests: 9, streams: 4 }),
      routes: () => [
        describeRoute("fast", { "a/x": "open", "b/y": "closed" }),
        describeRoute("slow", { "a/x": "half-open" }),
        describeRoute("a/made-up", { "a/made-up": "open" }),
      ],
      store: () => store,
    },
    new KnownNames((alias) => alias === "fast" || alias === "slow"),
  );
  const values = new Map<string, [labels: object, value: number][]>();
  for (const { name, labels, value } of parsePrometheus(renderPrometheus(instruments, {})).samples) {
    values.set(name, [...(values.get(name) ?? []), [labels, value]]);
  }
  return values;
}

describe("gateway metrics", () => {
  it("show work, breakers and copies, of routes that exist", () => {
    const values = readWith(undefined);
    assert.deepEqual(values.get("homegrown_requests_active"), [[{}, 9]]);
    assert.deepEqual(values.get("homegrown_streams_open"), [[{}, 4]]);
    assert.deepEqual(values.get("homegrown_target_breaker"), [
      [{ homegrown_target: "a/x" }, 2],
      [{ homegrown_target: "b/y" }, 0],
    ]);
    const labels = { homegrown_alias: "fast", homegrown_target: "own/next" };
    assert.deepEqual(values.get("homegrown_shadow_running")![0], [labels, 2]);
    assert.deepEqual(values.get("homegrown_shadow_dropped_total")![0], [labels, 5]);
    assert.equal(values.get("homegrown_store_healthy"), undefined, "there is no store");
  });

  it("show a store that falls behind", () => {
    const values = readWith({ healthy: false, behindRows: 120, rejectedRows: 1, lastError: "storage/full" });
    assert.deepEqual(values.get("homegrown_store_healthy"), [[{}, 0]]);
    assert.deepEqual(values.get("homegrown_store_behind"), [[{}, 120]]);
    assert.deepEqual(values.get("homegrown_store_rejected_total"), [[{}, 1]]);
  });
});
