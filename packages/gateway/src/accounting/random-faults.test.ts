import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readCommandStart } from "@homegrown/testing";
import { compareAccounts, faultyConfigOf, loadWithFaults } from "./random-faults.fixture.ts";
import { Scene, createSqliteStore } from "./scene.fixture.ts";

const NUM_REQUESTS = 20_000;

test("20,000 requests with random faults: none is lost, and three accounts agree", async () => {
  const scene = await Scene.open(await createSqliteStore(), "sums");
  try {
    const key = await scene.createKey("client");
    await scene.setKeyBudget(key, 1000);
    const gateway = await scene.startGateway(faultyConfigOf(scene), readCommandStart());
    const counts = await loadWithFaults(scene, {
      gateway: gateway.said,
      key,
      numRequests: NUM_REQUESTS,
      concurrency: 64,
      seed: 4,
    });
    const residentMb =
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, "utf8"))![1]) / 1024;
    await scene.endGateways();
    assert.equal(gateway.complaints, "");
    const report = await compareAccounts(scene, key, counts);
    assert.ok(report.numRows > NUM_REQUESTS * 0.95);
    assert.ok(residentMb < 250, `${residentMb} MB`);
  } finally {
    await scene.close();
  }
});
