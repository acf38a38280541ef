// `kill -9` at seeded points of a training run: inside steps, before and after writes, fsyncs and renames of
// checkpoints and of the skipped-batch list. Each run is resumed and must end equal to the last bit.
// Usage: node bench/faults/kill-resume.ts [points=20] [seed=1] > bench/results/kill-resume.md
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { recordDurableSteps, runToCrash } from "@homegrown/testing";
import type { ChildResult, RecordedStep } from "@homegrown/testing";
import {
  assertPromisesKept,
  contentOf,
  createKillScene,
  killFixture,
} from "../../packages/training/src/run/kill-resume.ts";

/** The packages that a run goes through. */
const exercised = ["contracts", "storage", "engine", "models", "tokenization", "data", "training"];
const date = new Date().toISOString().slice(0, 10);
const commit = describeCommit();
const numPoints = Number(process.argv[2] ?? 20);
const seed = Number(process.argv[3] ?? 1);

let state = seed >>> 0;
/** Uniform in [0, 1): a linear congruential generator, so that a seed names the points. */
function draw(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

async function killAtStep(name: string, crashAt: number): Promise<Killed> {
  const args = await scene.copyHome(name);
  return { args, killed: await runToCrash({ script: killFixture, args, crashAt }), afterMs: 0 };
}

async function killAtMoment(name: string, afterMs: number): Promise<Killed> {
  const args = await scene.copyHome(`${name}-${afterMs}`);
  const killed = await runToCrash({ script: killFixture, args, crashAfterMs: afterMs });
  // A run faster than the one that was timed ends before its moment: earlier, then.
  return killed.crashed ? { args, killed, afterMs } : killAtMoment(name, Math.round(0.8 * afterMs));
}

interface Killed {
  readonly args: string[];
  readonly killed: ChildResult;
  readonly afterMs: number;
}

let steps: RecordedStep[] = [];
let wholeMs = 0;
const scene = await createKillScene(
  { totalSteps: 200, evaluation: { everySteps: 20, numSequences: 4 } },
  async (args) => {
    const started = performance.now();
    steps = await recordDurableSteps({ script: killFixture, args });
    wholeMs = performance.now() - started;
  },
);

const rows: string[] = [];
let failures = 0;
try {
  for (let k = 0; k < numPoints; k++) {
    // Every other point is a moment, which lies inside a step more often than not.
    const atStep = k % 2 === 0 ? Math.floor(draw() * steps.length) : undefined;
    const firstMs = Math.round((0.3 + 0.7 * draw()) * wholeMs);
    const { args, killed, afterMs } = await (atStep === undefined
      ? killAtMoment(`point-${k}`, firstMs)
      : killAtStep(`point-${k}`, atStep));
    const where = atStep === undefined ? `after ${afterMs} ms` : describe(steps[atStep]!);
    const reached = [...killed.stdout.matchAll(/^checkpoint-write (\d+)$/gm)].at(-1)?.[1] ?? "none";
    let verdict = killed.crashed ? "bit-equal" : "FAILED: it was not killed";
    try {
      await assertPromisesKept(args[0]!, scene.tiny.manifest.id, killed.stdout);
      const resumed = await runToCrash({ script: killFixture, args });
      if (resumed.code !== 0) throw new Error(resumed.stderr.slice(0, 300));
      const got = await contentOf(args[0]!, scene.tiny.manifest.id);
      const differing = [...new Set([...Object.keys(got), ...Object.keys(scene.expected)])].filter(
        (name) => got[name] !== scene.expected[name],
      );
      if (differing.length > 0) throw new Error(`differs: ${differing.join(", ")}`);
    } catch (error) {
      failures++;
      verdict = `FAILED: ${error instanceof Error ? error.message : String(error)}`;
    }
    rows.push(`| ${k + 1} | ${where} | ${reached} | ${verdict} |`);
    console.error(rows.at(-1));
  }
} finally {
  await scene.tiny.remove();
}

/** A page names the code that ran. */
function describeCommit(): string {
  try {
    const paths = exercised.map((name) => `../../packages/${name}`);
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", ...paths) !== "";
    return `${git("rev-parse", "--short=12", "HEAD")}${changed ? " with uncommitted changes" : ""}`;
  } catch {
    return "unknown";
  }
}

function git(...args: string[]): string {
  return execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
}

function describe({ step, when, path, purpose }: RecordedStep): string {
  const place = /(checkpoints|runs)\/.*?([\w-]+\.json|step-\d+|[\w.]+)$/.exec(path)?.[2] ?? "";
  return `${when} ${step} of ${purpose} ${place}`.trim();
}

const { totalSteps } = scene.tiny.manifest;
const files = Object.keys(scene.expected).length;
console.log(`# Killed and resumed: ${numPoints - failures} of ${numPoints} equal to the last bit

A run of ${totalSteps} steps (2 workers, Muon, a checkpoint every ${scene.tiny.manifest.checkpoints.everySteps} steps,
spikes provoked so that it also goes back and skips batches) is killed with SIGKILL at ${numPoints} points (seed ${seed}),
resumed once, and all ${files} files that it leaves (metrics, skipped batches, samples, the tensors of every kept checkpoint)
are compared with those of the run never stopped. ${steps.length} durable messages in a whole run.
${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}, ${date}, commit ${commit}.
Written by \`node bench/faults/kill-resume.ts ${numPoints} ${seed}\`.

| point | killed | last checkpoint reported | resumed run |
|---|---|---|---|
${rows.join("\n")}
`);
process.exitCode = failures === 0 ? 0 : 1;
