// The machinery behind "killed anywhere, resumed, equal bits": a run in a child process, killed at a
// durable step or at a moment, resumed until it ends, compared byte by byte with the run never stopped.
// Test material for kill-resume.test.ts and bench/faults/kill-resume.ts.
import assert from "node:assert/strict";
import { cp, mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunManifest } from "@homegrown/contracts";
import { sha256 } from "@homegrown/storage";
import { createTinyHome, findTouchyFactor } from "../tiny-home.ts";
import type { TinyHome } from "../tiny-home.ts";
import { runFolder } from "./run-folder.ts";
import { train } from "./train.ts";

export const killFixture: string = join(import.meta.dirname, "kill.fixture.ts");

/** Where a child is killed: at the k-th durable message, or so long after its start. */
export type KillPoint = { readonly durableStep: number } | { readonly afterMs: number };

export interface KillScene {
  readonly tiny: TinyHome;
  /** What every file of the finished run must be, by name: sha256. */
  readonly expected: Readonly<Record<string, string>>;
  /** The child's arguments for a fresh copy of the home. */
  copyHome(name: string): Promise<string[]>;
}

/**
 * A home with a run that has finished and been put aside as what to compare with. Its spike factor is low
 * enough that it goes back and skips a batch, so that killing meets recoveries too.
 */
export async function createKillScene(
  overrides: Partial<RunManifest>,
  runWhole: (args: string[]) => Promise<unknown>,
): Promise<KillScene> {
  const tiny = await createTinyHome(overrides);
  const manifestFile = join(tiny.home, "manifest.json");
  const calm = await train({ home: tiny.home, manifest: { ...tiny.manifest, id: "calm" } });
  const lossFactor = await findTouchyFactor(calm.metricsFile);
  const manifest = { ...tiny.manifest, spikes: { lossFactor, maxRecoveries: 8 } };
  await writeFile(manifestFile, JSON.stringify(manifest));
  await runWhole([tiny.home, manifestFile]);
  const expected = await contentOf(tiny.home, tiny.manifest.id);
  const { root } = runFolder(tiny.home, tiny.manifest.id);
  await rename(root, join(tiny.home, "whole-run"));
  return {
    tiny,
    expected,
    async copyHome(name) {
      const home = join(tiny.home, "copies", name);
      await mkdir(home, { recursive: true });
      await cp(join(tiny.home, "data"), join(home, "data"), { recursive: true });
      return [home, manifestFile];
    },
  };
}

/** Hashes of what a run leaves: metrics, skipped batches, samples, and the tensors of each checkpoint it keeps. */
export async function contentOf(home: string, id: string): Promise<Record<string, string>> {
  const { root } = runFolder(home, id);
  const names = await readdir(root, { recursive: true });
  const compared = names.filter((name) =>
    /(\.safetensors|metrics\.jsonl|skips\.json|samples\.json|manifest\.json)$/.test(name),
  );
  const entries = compared
    .sort()
    .map(async (name) => [name, sha256(await readFile(join(root, name)))] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** What the killed process had reported must be there: no checkpoint older than the last one announced. */
export async function assertPromisesKept(home: string, id: string, printed: string): Promise<void> {
  const promised = [...printed.matchAll(/^checkpoint-write (\d+)$/gm)].map(([, step]) => Number(step));
  if (promised.length === 0) return;
  const names = await readdir(runFolder(home, id).checkpoints);
  const newest = Math.max(...names.map((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? 0)));
  assert.ok(
    newest >= Math.max(...promised),
    `checkpoint ${Math.max(...promised)} was reported; the newest is ${newest}`,
  );
}
