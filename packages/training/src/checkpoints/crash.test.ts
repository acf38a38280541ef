// A child is killed before and after every durable step of a checkpoint, of the removal of an old one, and of
// the lists of skipped batches and samples. Whatever the instant: the newest checkpoint is the old or the new
// one, whole; what was reported done is there; and the store works on and leaves nothing behind.
import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { recordDurableSteps, runToCrash } from "@homegrown/testing";
import { metricsAt, openScene, sampleOf, saveAt, skipOf, tensorsAt } from "./crash-scene.ts";

const script = join(import.meta.dirname, "crash.fixture.ts");
const numParallel = 2;
/** What lies there before, and what the killed child adds: its step 8 removes step 2. */
const oldSteps = [2, 4];
const newStep = 8;

let scratch = "";
before(async () => {
  scratch = await mkdtemp(join(tmpdir(), "homegrown-checkpoint-crash-"));
});
after(() => rm(scratch, { recursive: true, force: true }));

test("killed at every durable step, the store opens with the old or the new state, whole", async () => {
  // Children start a third faster; the first fills it.
  const env = { NODE_COMPILE_CACHE: join(scratch, "compile-cache") };
  const base = join(scratch, "base");
  const first = await runToCrash({ script, args: [base, ...oldSteps.map(String)], env });
  assert.equal(first.code, 0, first.stderr);
  const copy = async (name: string): Promise<string> => {
    await cp(base, join(scratch, name), { recursive: true });
    return join(scratch, name);
  };
  const whole = await copy("whole");
  const steps = await recordDurableSteps({ script, args: [whole, String(newStep)], env });
  const written = steps.filter(({ step, when }) => step === "write" && when === "after");
  assert.deepEqual(
    written.map(({ purpose }) => purpose),
    ["checkpoint tensors", "checkpoint tensors", "checkpoint metrics", "checkpoint state", "file", "file"],
  );
  for (const purpose of ["folder", "old checkpoint", "file"]) {
    assert.ok(
      steps.some((message) => message.step === "rename" && message.purpose === purpose),
      purpose,
    );
  }
  await checkScene(whole, `saved ${newStep}\nskipped ${newStep}\nsampled ${newStep}\n`);
  const indexes = steps.keys();
  const crashAll = async (): Promise<void> => {
    for (const crashAt of indexes) {
      const root = await copy(`at-${crashAt}`);
      const { crashed, stdout, stderr } = await runToCrash({
        script,
        args: [root, String(newStep)],
        env,
        crashAt,
      });
      assert.ok(crashed, `step ${crashAt} was never reached: ${stderr}`);
      const { step, when, purpose } = steps[crashAt]!;
      await checkScene(root, stdout).catch((cause: unknown) => {
        throw new Error(`killed ${when} ${step} of ${purpose} (${crashAt})`, { cause });
      });
    }
  };
  await Promise.all(Array.from({ length: numParallel }, crashAll));
});

/** `reported` is what the child had printed: promises that must hold. */
async function checkScene(root: string, reported: string): Promise<void> {
  const { store, ...lists } = openScene(root);
  await store.sweep();
  const found = await store.findNewest(({ folder, reason }) => assert.fail(`${folder}: ${reason}`));
  const step = found!.state.step;
  assert.ok(step === newStep || step === oldSteps.at(-1), `step ${step}`);
  const into = tensorsAt(0);
  assert.equal(await store.restore(found!, into), metricsAt(step));
  assert.deepEqual(into, tensorsAt(step));
  const skips = await lists.skips;
  const samples = await lists.samples;
  assert.ok(skips.count === 2 || skips.count === 3, `${skips.count} skipped batches`);
  // What was reported is there.
  if (reported.includes("saved")) assert.equal(step, newStep);
  if (reported.includes("skipped")) assert.equal(skips.count, 3);
  if (reported.includes("sampled"))
    assert.deepEqual(samples.find(newStep, sampleOf(0).prompt), [newStep, newStep]);
  for (const old of oldSteps) assert.deepEqual(samples.find(old, sampleOf(0).prompt), [old, old]);
  // It works on, and what the killed process left behind is gone.
  await saveAt(store, 16);
  await skips.add(skipOf(16));
  await samples.add(sampleOf(16));
  assert.deepEqual((await readdir(root)).sort(), ["checkpoints", "samples.json", "skips.json"]);
  assert.deepEqual(
    (await readdir(join(root, "checkpoints"))).sort(),
    [`step-${String(step).padStart(6, "0")}`, "step-000016"].sort(),
  );
}
