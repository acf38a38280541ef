import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test, type TestContext } from "node:test";
import type { ReportCard } from "@homegrown/contracts";
import { openRegistry, type Registry } from "@homegrown/registry";
import { findGrown } from "./find-grown.ts";
import { temporaryFolder } from "./testing/notes.ts";

test("a version that died before its promotion is promoted, beside an older champion too", async (context) => {
  const registry = await openTemporary(context);
  await register(registry, "run-1");
  await registry.promote({ name: "first", version: "v1", reason: "grown" });
  await register(registry, "run-2");
  const grown = await findGrown(registry, "first", "run-2");
  assert.equal(grown?.version.reference, "first@v2");
  assert.deepEqual(grown.version.aliases, ["champion"]);
  assert.equal(grown.champion, "first@v2");
  assert.equal((await registry.history("first")).filter(({ to }) => to === "v2").length, 1);
});

test("the very first version is promoted as well", async (context) => {
  const registry = await openTemporary(context);
  await register(registry, "run-1");
  assert.equal((await findGrown(registry, "first", "run-1"))?.champion, "first@v1");
});

test("a version that was champion once is found, not promoted again, and the champion is named", async (context) => {
  const registry = await openTemporary(context);
  for (const run of ["run-1", "run-2"]) {
    const version = await register(registry, run);
    await registry.promote({ name: "first", version, reason: "grown" });
  }
  const before = await registry.history("first");
  const grown = await findGrown(registry, "first", "run-1");
  assert.deepEqual([grown?.version.reference, grown?.champion], ["first@v1", "first@v2"]);
  assert.deepEqual(await registry.history("first"), before);
});

test("a candidate is somebody's decision: it stays one, and there is no champion", async (context) => {
  const registry = await openTemporary(context);
  const version = await register(registry, "run-1");
  await registry.promote({ name: "first", version, alias: "candidate", reason: "to be looked at" });
  const grown = await findGrown(registry, "first", "run-1");
  assert.deepEqual(grown?.version.aliases, ["candidate"]);
  assert.equal(grown.champion, undefined);
});

test("other runs, other names and an empty registry find nothing", async (context) => {
  const registry = await openTemporary(context);
  assert.equal(await findGrown(registry, "first", "run-1"), undefined);
  await register(registry, "run-1");
  assert.equal(await findGrown(registry, "first", "run-2"), undefined);
  assert.equal(await findGrown(registry, "second", "run-1"), undefined);
  assert.deepEqual(await registry.history("first"), []);
});

async function openTemporary(context: TestContext): Promise<Registry> {
  let registry: Registry | undefined;
  context.after(() => registry?.close());
  const folder = await temporaryFolder(context);
  registry = await openRegistry(path.join(folder, "home"));
  return registry;
}

async function register(registry: Registry, run: string): Promise<string> {
  const { version } = await registry.register({
    name: "first",
    lineage: {
      origin: {
        kind: "trained",
        runs: [{ id: run, kind: "sft", manifestSha256: "0".repeat(64) }],
        datasets: [],
        code: { commit: "abc", dirty: false },
      },
      parent: null,
      licenses: [{ license: "MIT", bytes: 1 }],
      weights: [{ file: "model.gguf", type: "F32" }],
    },
    fill: async (folder) => {
      await writeFile(path.join(folder, "model.gguf"), run);
      await writeFile(path.join(folder, "report.json"), JSON.stringify(reportCard()));
    },
  });
  return version;
}

function reportCard(): ReportCard {
  const bitsPerByte = { value: 1, low: 0.9, high: 1.1, confidence: 0.95, method: "bootstrap" };
  return {
    schemaVersion: 1,
    version: "first",
    createdAt: "2026-01-01T00:00:00.000Z",
    machine: { processor: "test", cores: 1, memoryBytes: 1, node: process.version },
    model: { architecture: "qwen3", numParameters: 1, vocabSize: 256, weightType: "F32" },
    heldOut: { documents: 1, bytes: 1, tokens: 1, bitsPerByte, baselines: [] },
    checks: [],
    samples: [],
    parity: [
      {
        weightType: "F32",
        cacheType: "F32",
        passages: 64,
        conversations: 16,
        tokensCompared: 1000,
        renderedBytesEqual: true,
        idsEqual: true,
        stopIdsEqual: true,
        meanLogProbabilityDifference: 0,
        maxLogProbabilityDifference: 0,
        bound: { mean: 5e-5, max: 1e-3 },
        passed: true,
        failures: [],
      },
    ],
  };
}
