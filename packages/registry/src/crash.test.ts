// A registry child is killed before and after every durable step of a registration and a promotion. Whatever
// the instant, opening the home again must show the old or the new state whole, keep what was reported done,
// and work on.
import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { recordDurableSteps, runToCrash } from "@homegrown/testing";
import { applyMoves } from "./alias-moves.ts";
import type { AliasMove } from "./alias-moves.ts";
import { parseVersion } from "./references.ts";
import type { Alias } from "./references.ts";
import { openRegistry } from "./registry.ts";
import type { Registry } from "./registry.ts";
import type { LineageInput } from "./version-folders.ts";

const script = join(import.meta.dirname, "crash.fixture.ts");
const NUM_PARALLEL = 3;
const LINEAGE: LineageInput = {
  origin: { kind: "imported", source: "test", license: "MIT", sha256: "0".repeat(64), bytes: 1 },
  parent: null,
  licenses: [],
  weights: [{ file: "model.gguf", type: "F32" }],
};

describe("a registry killed at every durable step", { timeout: 120_000 }, () => {
  let scratch: string;
  let env: Record<string, string>;
  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), "homegrown-crash-"));
    // Children start a third faster; the recording run fills it.
    env = { NODE_COMPILE_CACHE: join(scratch, "compile-cache") };
  });
  after(() => rm(scratch, { recursive: true, force: true, maxRetries: 3 }));

  test("second version: every step", async () => {
    const base = join(scratch, "base");
    await run(base, ["one"]);
    const steps = await recordDurableSteps({ script, args: [await copy(base, "recorded"), "two"], env });
    for (const step of ["write", "fsync", "rename", "commit"]) {
      assert.ok(
        steps.some((message) => message.step === step && message.when === "after"),
        step,
      );
    }
    assert.ok(steps.length > 30, `only ${steps.length} steps`);
    await eachInParallel(
      steps.map((_, index) => index),
      async (crashAt) => {
        const home = await copy(base, `second-${crashAt}`);
        const { stdout, crashed } = await run(home, ["two"], crashAt);
        assert.ok(crashed, `step ${crashAt} was never reached: ${stdout}`);
        await checkHome(home, ["v1"], `registered v1\npromoted v1\n${stdout}`);
      },
    );
  });

  test("first version in an empty home: every seventh step", async () => {
    const steps = await recordDurableSteps({ script, args: [join(scratch, "empty"), "one"], env });
    await eachInParallel(
      steps.map((_, index) => index).filter((index) => index % 7 === 0),
      async (crashAt) => {
        const home = join(scratch, `first-${crashAt}`);
        const { stdout, crashed } = await run(home, ["one"], crashAt);
        assert.ok(crashed, `step ${crashAt} was never reached: ${stdout}`);
        await checkHome(home, [], stdout);
      },
    );
  });

  function run(home: string, contents: string[], crashAt?: number) {
    const options = { script, args: [home, ...contents], env };
    return runToCrash(crashAt === undefined ? options : { ...options, crashAt });
  }

  async function copy(home: string, name: string): Promise<string> {
    const target = join(scratch, name);
    await cp(home, target, { recursive: true });
    return target;
  }
});

/** `reported` is what the child had printed: promises that must hold. */
async function checkHome(home: string, before: string[], reported: string): Promise<void> {
  const registry = await openRegistry(home);
  try {
    assert.deepEqual(registry.recovery.refused, []);
    const model = (await registry.list())[0];
    const versions = model?.versions.map(({ version }) => version) ?? [];
    const next = `v${before.length + 1}`;
    assert.ok([before.join(), [...before, next].join()].includes(versions.join()), versions.join());
    for (const version of versions) await registry.verify(`demo@${version}`);
    for (const [, version] of reported.matchAll(/registered (v\d+)/g)) assert.ok(versions.includes(version!));
    const champion = model?.aliases.champion;
    assert.ok(champion === before.at(-1) || champion === next, `champion ${champion}`);
    const promised = [...reported.matchAll(/promoted (v\d+)/g)].at(-1)?.[1];
    if (promised === next) assert.equal(champion, next);
    assert.equal(model?.aliases.previous, champion === next ? before.at(-1) : undefined);
    await checkHistory(registry, model?.aliases ?? {});
    assert.deepEqual(await leftovers(home), []);
    const { version } = await registry.register({
      name: "demo",
      fill: (folder) => writeFile(join(folder, "model.gguf"), "three"),
      lineage: LINEAGE,
    });
    assert.equal(version, `v${versions.length + 1}`);
  } finally {
    await registry.close();
  }
}

async function checkHistory(registry: Registry, aliases: Partial<Record<Alias, string>>): Promise<void> {
  const moves = (await registry.history("demo")).map(({ alias, from, to }): AliasMove => ({
    alias: alias as Alias,
    from: from === null ? null : parseVersion(from),
    to: to === null ? null : parseVersion(to),
  }));
  const replayed = Object.entries(applyMoves({}, moves)).map(([alias, number]) => [alias, `v${number}`]);
  assert.deepEqual(Object.fromEntries(replayed), aliases);
}

/** Temporary names that nobody owns any more. */
async function leftovers(home: string): Promise<string[]> {
  const names = await readdir(home, { recursive: true });
  return names.filter((name) => name.endsWith(".tmp"));
}

async function eachInParallel(
  items: readonly number[],
  work: (item: number) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const next = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: NUM_PARALLEL }, next));
}
