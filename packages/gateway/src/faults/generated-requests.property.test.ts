// Thousands of requests that are nearly right, to every front: each is answered in time and in the front's own
// words, and afterwards nothing is held. The bench sends fifty times as many (bench/gateway/generated-requests.ts).
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createMarkovModel, GENERATED_FRONTS, MarkovDirectory, sendGenerated } from "@homegrown/testing";
import { sendRequest } from "@homegrown/testing";
import { listLedger } from "../index.ts";
import { openRig } from "./fault-rig.fixture.ts";
import type { FaultRig } from "./fault-rig.fixture.ts";

const COUNT = 2_000;
const SEED = 20_261_125;
const MODELS = [
  "garden",
  "chat/scripted",
  "chat/scripted-lenient",
  "chat/scripted-lenient",
  "anthropic/scripted",
  "anthropic/scripted-lenient",
  "anthropic/scripted-lenient",
  "chat/fault-reset-before-head",
  "anthropic/fault-200-error",
  "nobody",
];

describe("generated requests", () => {
  const model = createMarkovModel({ modelId: "garden", contextLength: 120 });
  const directory = new MarkovDirectory({ garden: { version: "garden@1", model } });
  let rig: FaultRig;
  before(async () => {
    rig = await openRig({ gateway: { directory, limits: { maxChoices: 4 } } });
  });
  after(async () => {
    await rig.gateway.close();
    assert.equal((await rig.upstream.counts()).openConnections, 0);
    assert.deepEqual(rig.faults, []);
    await rig.close();
  });

  for (const front of GENERATED_FRONTS) {
    it(`${COUNT} to ${front}`, async () => {
      const report = await sendGenerated({
        url: rig.gateway.url,
        key: rig.key,
        front,
        seed: SEED,
        models: MODELS,
        count: COUNT,
        concurrency: 8,
        withinMs: 10_000,
      });
      assert.deepEqual(report.violations, [], `${report.numViolations} of ${COUNT}`);
      const total = Object.values(report.statuses).reduce((sum, count) => sum + count, 0);
      assert.equal(total, COUNT);
      await rig.upstream.quiet();
      assert.equal(directory.held, 0, "every lease was given back");
      assert.equal(directory.releasedTwice, 0);
      assert.equal(model.running, 0);
      const alive = await sendRequest(`${rig.gateway.url}/healthz`);
      assert.equal(alive.status, 200);
    });
  }

  it("leave no open row in the ledger", async () => {
    const deadline = performance.now() + 3_000;
    let open = 1;
    while (open > 0 && performance.now() < deadline) {
      open = (await listLedger(rig.database, { outcome: "open" })).records.length;
    }
    assert.equal(open, 0);
  });
});
