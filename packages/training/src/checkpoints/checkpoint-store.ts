// Checkpoints of one run: `checkpoints/step-000100/` with parameters, optimizer state (both safetensors),
// the metrics so far and state.json. A folder appears whole or not at all; an old one is renamed before it
// is deleted, so a half-deleted folder never looks like a checkpoint. The last k and the best stay.
import { readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HomegrownError } from "@homegrown/contracts";
import { openSafetensors, writeSafetensors } from "@homegrown/models";
import { durableStep, ensureFolder, publishFolder, sha256File } from "@homegrown/storage";
import { formatState, parseState } from "./checkpoint-state.ts";
import type { CheckpointState } from "./checkpoint-state.ts";

const tensorFiles = { parameters: "parameters.safetensors", optimizer: "optimizer.safetensors" } as const;
const metricsFile = "metrics.jsonl";
const stateFile = "state.json";
const pattern = /^step-(\d{6,})$/;

/** Live views: written from, and restored in place. */
export interface TrainedTensors {
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly optimizerState: ReadonlyMap<string, Float32Array>;
}

export interface StoredCheckpoint {
  readonly folder: string;
  readonly state: CheckpointState;
}

/** A checkpoint folder that cannot be used, and why. */
export interface BrokenCheckpoint {
  readonly folder: string;
  readonly reason: string;
}

export class CheckpointStore {
  readonly #root: string;
  readonly #manifestSha256: string;

  constructor(root: string, manifestSha256: string) {
    this.#root = root;
    this.#manifestSha256 = manifestSha256;
  }

  /**
   * The newest checkpoint whose every byte is as it was written; undefined when the run has none. Broken
   * newer ones are reported and deleted. Throws `training/no-good-checkpoint` when all are broken.
   */
  async findNewest(onBroken: (broken: BrokenCheckpoint) => void): Promise<StoredCheckpoint | undefined> {
    const broken: BrokenCheckpoint[] = [];
    for (const { folder } of (await this.#list()).reverse()) {
      const found = await this.#verify(folder);
      if (typeof found === "string") {
        broken.push({ folder, reason: found });
        continue;
      }
      for (const each of broken) {
        onBroken(each);
        await this.#remove(each.folder, "broken checkpoint");
      }
      return { folder, state: found };
    }
    if (broken.length === 0) return undefined;
    throw new HomegrownError({
      code: "training/no-good-checkpoint",
      kind: "corrupt",
      message: `none of the run's checkpoints can be used: ${broken.map(({ folder, reason }) => `${folder}: ${reason}`).join("; ")}`,
      hint: "Restore a checkpoint folder from a copy, or start the run again under another id.",
    });
  }

  /** Reads a checkpoint's tensors into the live views; returns its metrics. */
  async restore({ folder }: StoredCheckpoint, into: TrainedTensors): Promise<string> {
    await readTensors(join(folder, tensorFiles.parameters), into.parameters);
    await readTensors(join(folder, tensorFiles.optimizer), into.optimizerState);
    return readFile(join(folder, metricsFile), "utf8");
  }

  /** Publishes a checkpoint; when the promise resolves it survives power loss. */
  async save(
    state: Omit<CheckpointState, "files" | "schemaVersion" | "manifestSha256">,
    tensors: TrainedTensors,
    metrics: string,
  ): Promise<StoredCheckpoint> {
    await ensureFolder(this.#root);
    const folder = join(this.#root, `step-${String(state.step).padStart(6, "0")}`);
    let complete: CheckpointState | undefined;
    await publishFolder(folder, async (staged) => {
      await writeTensors(join(staged, tensorFiles.parameters), tensors.parameters);
      await writeTensors(join(staged, tensorFiles.optimizer), tensors.optimizerState);
      await writeDurably(join(staged, metricsFile), "checkpoint metrics", metrics);
      const files = await Promise.all(
        [...Object.values(tensorFiles), metricsFile].map((name) => describe(staged, name)),
      );
      complete = { schemaVersion: 1, manifestSha256: this.#manifestSha256, ...state, files };
      await writeDurably(join(staged, stateFile), "checkpoint state", formatState(complete));
    });
    return { folder, state: complete! };
  }

  /** Deletes all but the last `keepLast` and the one with the smallest held-out loss. */
  async prune(keepLast: number): Promise<void> {
    const all = await this.#list();
    const states = await Promise.all(all.map(({ folder }) => readState(folder)));
    const measured = states.filter((state) => state?.heldOutMeasuredHere);
    const best = measured.reduce((a, b) => (a && a.heldOutLoss! <= b!.heldOutLoss! ? a : b), undefined);
    for (const { folder, step } of all.slice(0, -keepLast)) {
      if (step !== best?.step) await this.#remove(folder, "old checkpoint");
    }
  }

  /** Finishes deletions that a killed process began. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#root).catch(() => [])) {
      if (name.startsWith("deleted-")) await rm(join(this.#root, name), { recursive: true, force: true });
    }
  }

  async #list(): Promise<{ folder: string; step: number }[]> {
    const names = await readdir(this.#root).catch(() => []);
    return names
      .map((name) => ({
        folder: join(this.#root, name),
        step: Number(pattern.exec(name)?.[1] ?? Number.NaN),
      }))
      .filter(({ step }) => Number.isSafeInteger(step))
      .sort((a, b) => a.step - b.step);
  }

  async #verify(folder: string): Promise<CheckpointState | string> {
    const state = await readState(folder);
    if (state === undefined) return `${stateFile} is missing or damaged`;
    if (state.manifestSha256 !== this.#manifestSha256) return "it belongs to a run with another manifest";
    for (const { name, bytes, sha256 } of state.files) {
      const path = join(folder, name);
      const size = await stat(path).then(
        ({ size }) => size,
        () => undefined,
      );
      if (size === undefined) return `${name} is missing`;
      if (size !== bytes) return `${name} has ${size} bytes, expected ${bytes}`;
      if ((await sha256File(path)) !== sha256) return `${name} was changed: its hash differs`;
    }
    return state;
  }

  async #remove(folder: string, purpose: string): Promise<void> {
    const doomed = join(this.#root, `deleted-${process.pid}-${Date.now()}-${folder.split("-").at(-1)}`);
    await durableStep("rename", folder, purpose, () => rename(folder, doomed));
    await rm(doomed, { recursive: true, force: true });
  }
}

async function readState(folder: string): Promise<CheckpointState | undefined> {
  const text = await readFile(join(folder, stateFile), "utf8").catch(() => "");
  return parseState(text);
}

async function describe(folder: string, name: string): Promise<CheckpointState["files"][number]> {
  const path = join(folder, name);
  return { name, bytes: (await stat(path)).size, sha256: await sha256File(path) };
}

async function writeTensors(path: string, tensors: ReadonlyMap<string, Float32Array>): Promise<void> {
  const shapes = [...tensors].map(([name, { length }]) => ({ name, shape: [length] }));
  await durableStep("write", path, "checkpoint tensors", () =>
    writeSafetensors(path, shapes, tensors, "F32"),
  );
}

/** Forced to disk with the folder it is in. */
function writeDurably(path: string, purpose: string, text: string): Promise<void> {
  return durableStep("write", path, purpose, () => writeFile(path, text));
}

async function readTensors(path: string, into: ReadonlyMap<string, Float32Array>): Promise<void> {
  const file = await openSafetensors(path);
  try {
    for (const [name, view] of into) {
      const values = await file.get(name);
      if (values?.length !== view.length) throw mismatch(path, name, values?.length, view.length);
      view.set(values);
    }
  } finally {
    await file.close();
  }
}

function mismatch(path: string, name: string, got: number | undefined, expected: number): HomegrownError {
  return new HomegrownError({
    code: "training/checkpoint-mismatch",
    kind: "corrupt",
    message: `${path} holds ${got ?? "no"} values for ${name}, expected ${expected}`,
    hint: "The run was made by another version of this software: start it again under another id.",
  });
}
