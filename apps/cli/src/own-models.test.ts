import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { importModel } from "@homegrown/lifecycle";
import { LINEAGE_FILE, openRegistry, type Registry } from "@homegrown/registry";
import { writeTinyWeights } from "./acceptance/tiny-weights.ts";
import { openOwnModels } from "./own-models.ts";
import type { ServingEvent } from "./terminal/serving-log.ts";

let home = "";
let registry: Registry;

before(async () => {
  home = await mkdtemp(path.join(tmpdir(), "homegrown-own-"));
  registry = await openRegistry(home);
  for (const [name, seed] of [
    ["mine", 1],
    ["mine", 2],
    ["other", 3],
  ] as const) {
    const file = path.join(home, `${seed}.gguf`);
    await writeTinyWeights(file, seed);
    await importModel({ registry, file, name, license: "MIT" });
  }
  for (const name of ["mine", "other"]) await registry.promote({ name, version: "v1", reason: "first" });
});
after(async () => {
  await registry.close();
  await rm(home, { recursive: true, force: true });
});

test("a promotion made right after opening is served", async () => {
  const events: ServingEvent[] = [];
  const models = await openOwnModels({ home, onEvent: (event) => events.push(event) });
  try {
    await registry.promote({ name: "mine", version: "v2", reason: "before anybody polled" });
    for (let waited = 0; events.every(({ event }) => event !== "version-swap"); waited += 20) {
      assert.ok(waited < 20_000, "the promotion was never seen");
      await sleep(20);
    }
    const lease = await models.pool.acquire("mine");
    assert.equal(lease.version, "mine@v2");
    lease.release();
    assert.ok(events.some(({ event }) => event === "host-start"));
  } finally {
    await models.close();
  }
});

test("a champion that cannot be read is reported once and skipped: the others are served", async () => {
  const { folder } = await registry.show("other");
  const lineage = path.join(folder, LINEAGE_FILE);
  await chmod(lineage, 0o644);
  await writeFile(lineage, "{ not what it was");
  const events: ServingEvent[] = [];
  const models = await openOwnModels({ home, onEvent: (event) => events.push(event) });
  try {
    await models.pool.refresh();
    assert.deepEqual(
      (await models.pool.list()).map(({ id }) => id),
      ["mine"],
    );
    assert.equal(events.length, 1);
    const [skipped] = events;
    assert.ok(skipped?.event === "model-skip");
    assert.equal(skipped.version, "other@v1");
    assert.equal(skipped.kept, undefined);
    assert.ok(skipped.error.message.length > 0);
  } finally {
    await models.close();
  }
});
