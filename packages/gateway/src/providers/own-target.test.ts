import assert from "node:assert/strict";
import { it } from "node:test";
import { createMarkovModel, MarkovDirectory } from "@homegrown/testing";
import { createOwnTarget } from "./own-target.ts";

it("holds a lease of the directory while a request runs, and gives it back", async () => {
  const directory = new MarkovDirectory({
    first: { version: "first@v3", model: createMarkovModel({ modelId: "first" }) },
  });
  const target = createOwnTarget(directory, "first");
  assert.deepEqual([target.id, target.own, target.rights], ["own/first", true, "train"]);
  assert.equal(target.passthrough("openai/chat-completions"), undefined);
  const lease = await target.acquire();
  assert.equal(lease.version, "first@v3");
  assert.ok(lease.chat && lease.completion);
  assert.equal(directory.held, 1);
  lease.release();
  assert.equal(directory.held, 0);
});

it("costs nothing unless configured, and says so", () => {
  const directory = new MarkovDirectory({});
  const free = createOwnTarget(directory, "first").price!;
  assert.deepEqual([free.inputPerToken, free.outputPerToken, free.source], [0, 0, "own"]);
  const price = { inputUsdPerMillion: 0.5, outputUsdPerMillion: 1, asOf: "2026-11-01" };
  assert.equal(createOwnTarget(directory, "first", { price }).price!.inputPerToken, 500);
});

it("passes on that a name is not served", async () => {
  const target = createOwnTarget(new MarkovDirectory({}), "nobody");
  await assert.rejects(target.acquire(), { kind: "not-found" });
});
