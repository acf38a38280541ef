// Several processes on one home.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runToCrash } from "@homegrown/testing";
import { openRegistry } from "./registry.ts";

test("two processes register and promote at once while a third watches", async () => {
  const home = await mkdtemp(join(tmpdir(), "homegrown-processes-"));
  const registry = await openRegistry(home);
  try {
    const script = join(import.meta.dirname, "crash.fixture.ts");
    const writers = { running: true };
    const children = Promise.all(
      [
        ["a", "b"],
        ["c", "d"],
      ].map((contents) => runToCrash({ script, args: [home, ...contents] })),
    ).finally(() => (writers.running = false));
    const revisions: number[] = [];
    while (writers.running) {
      revisions.push(await registry.aliasRevision());
      // A champion is whole at every instant that anybody can see.
      if (revisions.at(-1)! > 0) await registry.resolve("demo");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const { code, stderr } of await children) assert.equal(code, 0, stderr);
    assert.deepEqual(
      revisions,
      revisions.toSorted((a, b) => a - b),
    );
    assert.ok(new Set(revisions).size > 1, "the watcher saw no change");
    const [model] = await registry.list();
    assert.deepEqual(model!.versions.map(({ version }) => version).sort(), ["v1", "v2", "v3", "v4"]);
    for (const { reference } of model!.versions) await registry.verify(reference);
    const champions = (await registry.history("demo")).filter(({ alias }) => alias === "champion");
    assert.equal(champions.length, 4);
    assert.equal(model!.aliases.champion, champions.at(-1)!.to);
    for (const [index, { from }] of champions.entries()) assert.equal(from, champions[index - 1]?.to ?? null);
  } finally {
    await registry.close();
    await rm(home, { recursive: true });
  }
});
