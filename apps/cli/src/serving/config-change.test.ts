import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "@homegrown/gateway";
import type { GatewayConfigInput } from "@homegrown/gateway";
import { compareConfigs } from "./config-change.ts";

const BASE: GatewayConfigInput = {
  providers: { up: { kind: "openai-compatible", baseUrl: "http://127.0.0.1:1/v1" } },
  routes: { fast: "up/a", smart: "up/b" },
};

function compare(change: GatewayConfigInput): ReturnType<typeof compareConfigs> {
  return compareConfigs(parseConfig(BASE, "before"), parseConfig({ ...BASE, ...change }, "after"));
}

test("nothing is different between a configuration and itself", () => {
  assert.deepEqual(compare({}), { now: [], afterRestart: [] });
});

test("entries are named as added, removed and changed", () => {
  assert.deepEqual(compare({ routes: { fast: "up/c", new: "up/b" }, exposeTargets: true }), {
    now: ["routes.fast changed", "routes.smart removed", "routes.new added", "exposeTargets"],
    afterRestart: [],
  });
});

test("what is read at the start only waits for the next one", () => {
  assert.deepEqual(compare({ port: 9000, processes: 2, state: { postgres: { env: "DB" } } }), {
    now: [],
    afterRestart: ["state", "port", "processes"],
  });
});
