// Real processes, real SIGKILL: at a seeded moment inside the steps, before and after seeded durable steps.
// Twenty points: `node bench/faults/kill-resume.ts`.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { recordDurableSteps, runToCrash } from "@homegrown/testing";
import type { ChildResult, RecordedStep } from "@homegrown/testing";
import { assertPromisesKept, contentOf, createKillScene, killFixture } from "./kill-resume.ts";
import type { KillPoint, KillScene } from "./kill-resume.ts";

let scene: KillScene;
let steps: RecordedStep[];
let wholeMs = 0;

before(async () => {
  scene = await createKillScene({ totalSteps: 40 }, async (args) => {
    const started = performance.now();
    steps = await recordDurableSteps({ script: killFixture, args });
    wholeMs = performance.now() - started;
  });
});
after(() => scene.tiny.remove());

/** The durable message of this kind that lies this far (0 to 1) into the run. */
function durable(kind: Partial<RecordedStep>, share: number): KillPoint {
  const matching = steps.flatMap((message, index) =>
    message.step === kind.step && message.when === kind.when ? [index] : [],
  );
  return { durableStep: matching[Math.floor(share * (matching.length - 1))]! };
}

test("the scene holds what it is for: checkpoints and recoveries", () => {
  assert.ok(scene.expected["skips.json"], "no batch was skipped");
  assert.ok(
    Object.keys(scene.expected).filter((name) => name.endsWith("parameters.safetensors")).length >= 2,
  );
});

/** Runs a fresh copy until the point. A run faster than the one that was timed ends before its moment: earlier, then. */
async function kill(name: string, point: KillPoint): Promise<{ args: string[]; killed: ChildResult }> {
  const args = await scene.copyHome(name);
  const where = "durableStep" in point ? { crashAt: point.durableStep } : { crashAfterMs: point.afterMs };
  const killed = await runToCrash({ script: killFixture, args, ...where });
  if (killed.crashed) return { args, killed };
  assert.ok("afterMs" in point, `the run ended before the kill: ${killed.stderr}`);
  return kill(`${name}, earlier`, { afterMs: 0.8 * point.afterMs });
}

const points: Record<string, () => KillPoint> = {
  "before a rename publishes a checkpoint": () => durable({ step: "rename", when: "before" }, 0.4),
  "after an fsync": () => durable({ step: "fsync", when: "after" }, 0.7),
  "at a moment of its own": () => ({ afterMs: 0.75 * wholeMs }),
};

for (const [name, choose] of Object.entries(points)) {
  test(`killed ${name}, the resumed run is equal to the last bit`, async () => {
    const { args, killed } = await kill(name, choose());
    const { id } = scene.tiny.manifest;
    await assertPromisesKept(args[0]!, id, killed.stdout);
    const resumed = await runToCrash({ script: killFixture, args });
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.deepEqual(await contentOf(args[0]!, id), scene.expected);
  });
}
