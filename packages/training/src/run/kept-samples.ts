// `samples.json`: the continuations that a run has made so far, so that a run that is continued, or was
// complete already, can show them again instead of losing them with the process that made them.
import { readFile } from "node:fs/promises";
import { HomegrownError } from "@homegrown/contracts";
import { writeFileAtomic } from "@homegrown/storage";

/** What was asked: another prompt at the same step is another sample. */
export interface SamplePrompt {
  readonly ids: readonly number[];
  readonly maxTokens: number;
  readonly stopIds: readonly number[];
}

export interface KeptSample {
  /** Steps done when it was made. */
  readonly step: number;
  readonly prompt: SamplePrompt;
  /** The continuation. */
  readonly ids: readonly number[];
}

export class KeptSamples {
  readonly #file: string;
  #list: readonly KeptSample[];

  private constructor(file: string, list: readonly KeptSample[]) {
    this.#file = file;
    this.#list = list;
  }

  /** Throws `training/samples-unreadable`. */
  static async open(file: string): Promise<KeptSamples> {
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "[]";
      throw error;
    });
    try {
      return new KeptSamples(file, JSON.parse(text) as KeptSample[]);
    } catch (cause) {
      throw new HomegrownError({
        code: "training/samples-unreadable",
        kind: "corrupt",
        message: `${file} is not JSON`,
        hint: "Restore the file from a copy, or remove it: the run goes on without the samples made so far.",
        cause,
      });
    }
  }

  find(step: number, prompt: SamplePrompt): readonly number[] | undefined {
    const wanted = keyOf(step, prompt);
    return this.#list.find((kept) => keyOf(kept.step, kept.prompt) === wanted)?.ids;
  }

  /** When the promise resolves the sample survives power loss. */
  async add(sample: KeptSample): Promise<void> {
    const list = [...this.#list, sample];
    await writeFileAtomic(this.#file, `${JSON.stringify(list)}\n`);
    this.#list = list;
  }
}

function keyOf(step: number, { ids, maxTokens, stopIds }: SamplePrompt): string {
  return JSON.stringify([step, ids, maxTokens, stopIds]);
}
