import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { test } from "node:test";
import { LateOwnModels, hasOwnModels } from "./late-own-models.ts";

test("nothing of own models is loaded before there is one; then they are found without a restart", async (t) => {
  const home = await mkdtemp(path.join(tmpdir(), "homegrown-late-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const faults: unknown[] = [];
  const models = await LateOwnModels.open({
    home,
    onEvent: () => undefined,
    onFault: (error) => faults.push(error),
  });
  t.after(() => models.close());
  assert.equal(await hasOwnModels(home), false);
  assert.equal(models.isLoaded, false);
  assert.equal(models.has("first"), false);
  assert.deepEqual(await models.list(), []);
  await assert.rejects(models.acquire("first"), { code: "cli/unknown-model" });

  await mkdir(path.join(home, "models", "first"), { recursive: true });
  const deadline = performance.now() + 10_000;
  while (!models.isLoaded && performance.now() < deadline) await setTimeout(20);
  assert.equal(models.isLoaded, true);
  assert.deepEqual(faults, []);
  // A folder alone is no version.
  assert.deepEqual(await models.list(), []);
});
