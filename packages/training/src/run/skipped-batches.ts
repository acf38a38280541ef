// Which batches the run leaves out because they made the loss spike. Batches are numbered 0, 1, 2, …; step
// s reads the s-th one that is not skipped. The list is written durably before the run goes back, so a
// process killed in between replays exactly what the uninterrupted one would have done.
import { readFile } from "node:fs/promises";
import { HomegrownError } from "@homegrown/contracts";
import { writeFileAtomic } from "@homegrown/storage";

export interface SkippedBatch {
  readonly batch: number;
  /** The step, from 0, that read it. */
  readonly step: number;
  /** JSON has no NaN: a loss that is no number is its name. */
  readonly loss: number | string;
  readonly gradientNorm: number | string;
}

export class SkippedBatches {
  readonly #file: string;
  #list: readonly SkippedBatch[];

  private constructor(file: string, list: readonly SkippedBatch[]) {
    this.#file = file;
    this.#list = list;
  }

  static async open(file: string): Promise<SkippedBatches> {
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "[]";
      throw error;
    });
    try {
      return new SkippedBatches(file, JSON.parse(text) as SkippedBatch[]);
    } catch (cause) {
      throw new HomegrownError({
        code: "training/skips-unreadable",
        kind: "corrupt",
        message: `${file} is not JSON; without it the run cannot continue exactly`,
        hint: "Restore the file from a copy, or start the run again under another id.",
        cause,
      });
    }
  }

  get count(): number {
    return this.#list.length;
  }

  /** Number of the batch that step `step` (from 0) reads. */
  batchOf(step: number): number {
    let batch = step;
    for (const skipped of this.#list.map((entry) => entry.batch).sort((a, b) => a - b)) {
      if (skipped <= batch) batch++;
    }
    return batch;
  }

  async add(entry: SkippedBatch): Promise<void> {
    const list = [...this.#list, entry];
    await writeFileAtomic(this.#file, `${JSON.stringify(list, undefined, 2)}\n`);
    this.#list = list;
  }
}

export function toJsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
