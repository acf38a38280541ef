import assert from "node:assert/strict";
import { cp, readFile, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ProgressEvent, RunManifest } from "@homegrown/contracts";
import { acquireLock } from "@homegrown/storage";
import { createTinyHome, findTouchyFactor } from "../tiny-home.ts";
import type { TinyHome } from "../tiny-home.ts";
import { assertSameEnd, trainUntil as interruptAt } from "./interrupted-run.ts";
import { readMetrics } from "./metrics-file.ts";
import { runFolder } from "./run-folder.ts";
import { resume, train } from "./train.ts";
import type { TrainingResult } from "./train.ts";

let tiny: TinyHome;
let whole: TrainingResult;

const manifestOf = (id: string, overrides: Partial<RunManifest> = {}): RunManifest => ({
  ...tiny.manifest,
  ...overrides,
  id,
});

/** Trains and returns what was reported, by event. */
async function watch(options: Omit<Parameters<typeof train>[0], "home" | "onProgress">): Promise<{
  result: TrainingResult;
  events: ProgressEvent[];
}> {
  const events: ProgressEvent[] = [];
  const result = await train({ home: tiny.home, ...options, onProgress: (event) => events.push(event) });
  return { result, events };
}

/** Trains until `step`, as a user who then presses Ctrl+C. */
const trainUntil = (manifest: RunManifest, step: number): Promise<TrainingResult> =>
  interruptAt({ home: tiny.home, manifest }, step);

before(async () => {
  tiny = await createTinyHome();
  whole = await train({ home: tiny.home, manifest: tiny.manifest });
});
after(() => tiny.remove());

const checkpointsOf = (id: string): string => runFolder(tiny.home, id).checkpoints;

test("a run learns, and leaves its metrics and the last two checkpoints and the best", async () => {
  assert.equal(whole.status, "completed");
  assert.equal(whole.steps, 20);
  assert.equal(whole.tokens, 20 * 64);
  assert.ok(whole.heldOutLoss! < 4, `held-out loss ${whole.heldOutLoss}`);
  assert.ok(whole.flops > 1e6 && whole.tokensPerSecond > 0 && whole.peakMemoryBytes > 1e7);
  const lines = await readMetrics(whole.metricsFile);
  const steps = lines.filter((line) => line.event === "train-step").map(({ step }) => step);
  assert.deepEqual(
    steps,
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  const heldOut = lines.filter((line) => line.event === "evaluate-held-out").map(({ step }) => step);
  assert.deepEqual(heldOut, [0, 5, 10, 15, 20]);
  assert.deepEqual((await readdir(checkpointsOf("tiny"))).sort(), ["step-000016", "step-000020"]);
});

test("a finished run returns the same result at once, without a step", async () => {
  const { result, events } = await watch({ manifest: tiny.manifest });
  assert.ok(!events.some(({ event }) => event === "train-step"));
  await assertSameEnd(result, whole);
});

test("interrupted anywhere and resumed, a run ends in the same bits", async () => {
  for (const step of [1, 10]) {
    const manifest = manifestOf(`interrupted-${step}`);
    const first = await trainUntil(manifest, step);
    assert.deepEqual([first.status, first.steps], ["interrupted", step]);
    await assertSameEnd(await resume({ home: tiny.home, runId: manifest.id }), whole);
  }
});

test("an abort before the first step writes nothing but is resumable", async () => {
  const manifest = manifestOf("early");
  const result = await train({ home: tiny.home, manifest, signal: AbortSignal.abort() });
  assert.deepEqual([result.status, result.steps, result.heldOutLoss], ["interrupted", 0, undefined]);
});

test("AdamW alone resumes exactly too", async () => {
  const adamw = { optimizer: { ...tiny.manifest.optimizer, kind: "adamw" as const } };
  const expected = await train({ home: tiny.home, manifest: manifestOf("adamw", adamw) });
  const manifest = manifestOf("adamw-interrupted", adamw);
  await trainUntil(manifest, 7);
  await assertSameEnd(await train({ home: tiny.home, manifest }), expected);
});

describe("damaged checkpoints", () => {
  const damage: Record<string, (folder: string) => Promise<void>> = {
    "truncated tensors": (folder) => truncate(join(folder, "parameters.safetensors"), 1000),
    "one changed byte": async (folder) => {
      const file = join(folder, "optimizer.safetensors");
      const bytes = await readFile(file);
      bytes[bytes.length - 5]! ^= 1;
      await writeFile(file, bytes);
    },
    "a missing file": (folder) => rm(join(folder, "metrics.jsonl")),
    "an edited state": async (folder) => {
      const file = join(folder, "state.json");
      await writeFile(file, (await readFile(file, "utf8")).replace('"tokens":640', '"tokens":641'));
    },
    "a checkpoint of another run": async (folder) => {
      await rm(folder, { recursive: true });
      await cp(join(checkpointsOf("foreign"), "step-000010"), folder, { recursive: true });
    },
  };
  before(() => trainUntil(manifestOf("foreign", { seed: 8 }), 10));

  for (const [name, spoil] of Object.entries(damage)) {
    test(`${name}: the one before is used, said, and the end is the same`, async () => {
      const manifest = manifestOf(`damaged-${name.replaceAll(" ", "-")}`);
      await trainUntil(manifest, 10);
      const spoilt = join(checkpointsOf(manifest.id), "step-000010");
      await spoil(spoilt);
      const { result, events } = await watch({ manifest });
      const broken = events.find(({ event }) => event === "checkpoint-broken");
      assert.match(broken?.message ?? "", /step-000010 is not used/);
      assert.equal(events.find(({ event }) => event === "run-continue")?.done, 8);
      await assertSameEnd(result, whole);
    });
  }

  test("none good: a clear error that names each, and nothing is deleted", async () => {
    const manifest = manifestOf("hopeless");
    await trainUntil(manifest, 10);
    const folder = checkpointsOf(manifest.id);
    const names = await readdir(folder);
    for (const name of names) await truncate(join(folder, name, "parameters.safetensors"), 10);
    await assert.rejects(train({ home: tiny.home, manifest }), {
      code: "training/no-good-checkpoint",
      message: /step-000008.*10 bytes.*|step-000010.*10 bytes/,
    });
    assert.deepEqual(await readdir(folder), names);
  });
});

describe("spikes", () => {
  test("a spike goes back, skips the batch and says so; interrupted in between the end is the same", async () => {
    const touchy = { spikes: { lossFactor: await findTouchyFactor(whole.metricsFile), maxRecoveries: 6 } };
    const { result, events } = await watch({ manifest: manifestOf("spiky", touchy) });
    const skipped = events.filter(({ event }) => event === "batch-skip");
    assert.ok(skipped.length >= 1 && skipped.length <= 6, `${skipped.length} batches were skipped`);
    assert.match(
      skipped[0]!.message!,
      /batch \d+ is skipped \(loss .* times the recent median\); back at step \d+/,
    );
    const steps = (await readMetrics(result.metricsFile)).flatMap((line) =>
      line.event === "train-step" ? [line] : [],
    );
    assert.deepEqual(
      steps.map(({ step }) => step),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    for (const { details } of skipped) {
      assert.ok(steps.every(({ batch }) => batch !== details!["batch"]));
    }
    const step = skipped[0]!.done! + 1;
    const manifest = manifestOf("spiky-interrupted", touchy);
    await trainUntil(manifest, step);
    await trainUntil(manifest, step + 3);
    await assertSameEnd(await train({ home: tiny.home, manifest }), result);
  });

  test("a loss that is not finite ends in a clear error after a few tries", async () => {
    const wild = { ...tiny.manifest.optimizer, kind: "adamw" as const, learningRate: 1e30 };
    const manifest = manifestOf("wild", { optimizer: wild });
    const events: ProgressEvent[] = [];
    const run = train({ home: tiny.home, manifest, onProgress: (event) => events.push(event) });
    await assert.rejects(run, { code: "training/diverged", message: /not finite; 2 batches were skipped/ });
    const skipped = events.filter(({ event }) => event === "batch-skip");
    assert.deepEqual(
      skipped.map(({ done }) => done),
      [0, 0],
    );
    await assert.rejects(train({ home: tiny.home, manifest }), { code: "training/diverged" });
  });
});

test("another manifest, changed data, a second process: each is refused", async () => {
  await assert.rejects(train({ home: tiny.home, manifest: { ...tiny.manifest, seed: 99 } }), {
    code: "training/manifest-changed",
  });
  await assert.rejects(resume({ home: tiny.home, runId: "nobody" }), { code: "training/unknown-run" });
  const dataset = { ...tiny.manifest.dataset, sha256: "0".repeat(64) };
  await assert.rejects(train({ home: tiny.home, manifest: manifestOf("other-data", { dataset }) }), {
    code: "training/dataset-changed",
  });
  const batch = { ...tiny.manifest.batch, sequencesPerStep: 5 };
  await assert.rejects(train({ home: tiny.home, manifest: manifestOf("uneven", { batch }) }), {
    code: "training/bad-batch",
  });
  const lock = await acquireLock(runFolder(tiny.home, "tiny").lock, "test");
  await assert.rejects(train({ home: tiny.home, manifest: tiny.manifest }), { code: "storage/locked" });
  await lock.release();
});

test("samples are generated at the steps asked for", async () => {
  const samples = { atSteps: [0, 3, 20], prompts: [{ ids: [40, 41, 42], maxTokens: 4 }] };
  const { events, result } = await watch({ manifest: manifestOf("sampled"), samples });
  const drawn = events.filter(({ event }) => event === "sample");
  assert.deepEqual(
    drawn.map(({ done }) => done),
    [0, 3, 20],
  );
  for (const { details } of drawn) {
    const ids = details!["ids"] as number[];
    assert.ok(ids.length === 4 && ids.every((id) => id >= 0 && id < 320));
  }
  await assertSameEnd(result, whole);
});

const drawn = (events: readonly ProgressEvent[]): unknown[] =>
  events.filter(({ event }) => event === "sample").map(({ details }) => details);

describe("samples of a run that is continued", () => {
  const samples = { atSteps: [0, 3, 10, 20], prompts: [{ ids: [40, 41, 42], maxTokens: 4 }] };
  let expected: unknown[];
  before(async () => {
    expected = drawn((await watch({ manifest: manifestOf("samples-whole"), samples })).events);
    assert.equal(expected.length, 4);
  });

  test("are shown again and completed, and a complete run shows them all", async () => {
    const manifest = manifestOf("samples-continued");
    const before: ProgressEvent[] = [];
    const onProgress = (event: ProgressEvent): unknown => before.push(event);
    await interruptAt({ home: tiny.home, manifest, samples, onProgress }, 10);
    // Aborted as step 10 ended: its sample was made.
    assert.deepEqual(drawn(before), expected.slice(0, 3));
    const { events } = await watch({ manifest, samples });
    assert.deepEqual(drawn(events), expected);
    const { root } = runFolder(tiny.home, manifest.id);
    const kept = await stat(join(root, "samples.json"));
    const again = await watch({ manifest, samples });
    assert.deepEqual(drawn(again.events), expected);
    assert.equal((await stat(join(root, "samples.json"))).ino, kept.ino, "nothing was made again");
  });

  test("lost with the process before they were kept, they are made from the checkpoint of their step", async () => {
    const manifest = manifestOf("samples-lost");
    await interruptAt({ home: tiny.home, manifest, samples }, 10);
    const file = runFolder(tiny.home, manifest.id).samples;
    const kept = JSON.parse(await readFile(file, "utf8")) as unknown[];
    await writeFile(file, JSON.stringify(kept.slice(0, -1)));
    assert.deepEqual(drawn((await watch({ manifest, samples })).events), expected);
    const other = { ...samples, prompts: [{ ids: [7], maxTokens: 2 }] };
    const steps = drawn((await watch({ manifest, samples: other })).events).map(
      (details) => (details as { step: number }).step,
    );
    assert.deepEqual(steps, [20], "another prompt is another sample: only the model of now can answer it");
  });

  test("a step that is passed again after a spike is not sampled again", async () => {
    const touchy = { spikes: { lossFactor: await findTouchyFactor(whole.metricsFile), maxRecoveries: 6 } };
    const everyStep = { ...samples, atSteps: Array.from({ length: 21 }, (_, step) => step) };
    const { events } = await watch({ manifest: manifestOf("samples-spiky", touchy), samples: everyStep });
    const passed = events.filter(({ event }) => event === "train-step").length;
    assert.ok(passed > 20, "no step was passed twice");
    assert.deepEqual(
      events.filter(({ event }) => event === "sample").map(({ done }) => done),
      everyStep.atSteps,
    );
  });

  test("a list that is no JSON is an error that says what to do", async () => {
    const manifest = manifestOf("samples-damaged");
    await interruptAt({ home: tiny.home, manifest, samples }, 3);
    await truncate(runFolder(tiny.home, manifest.id).samples, 5);
    await assert.rejects(train({ home: tiny.home, manifest, samples }), {
      code: "training/samples-unreadable",
      hint: /remove it/,
    });
  });
});

test("a checkpoint's tensors are safetensors of the live values", async () => {
  const { openSafetensors } = await import("@homegrown/models");
  const folder = join(checkpointsOf("tiny"), "step-000020");
  const file = await openSafetensors(join(folder, "parameters.safetensors"));
  for (const [name, values] of whole.parameters) assert.deepEqual(await file.get(name), values);
  await file.close();
  assert.ok((await stat(join(folder, "optimizer.safetensors"))).size > 0);
});
