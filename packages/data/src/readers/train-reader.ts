// Which tokens a training step sees: a pure function of (seed, step), so that a resumed run reads on exactly.
//
// `documents`: an epoch cuts the run of N tokens, taken as a ring, into floor(N/L) windows from a random
// offset; window w predicts the L tokens after position offset + w·L. Windows come in shuffled order,
// none twice. Each token is predicted at most once an epoch, and N mod L tokens, others each epoch, not at all.
// `pairs`: an epoch is every row once, shuffled.
import { HomegrownError } from "@homegrown/contracts";
import type { DatasetManifest } from "@homegrown/contracts";
import { mix32, permute } from "./permutation.ts";
import type { TokenBatch } from "./token-batch.ts";
import { TokenFile } from "./token-file.ts";

export interface TrainReaderOptions {
  sequenceLength: number;
  sequencesPerStep: number;
  /** 0…2^32-1. */
  seed: number;
}

export class TrainReader {
  /** Sequences in one epoch. */
  readonly numSequences: number;
  readonly #tokens: TokenFile;
  readonly #rowTokens: number | undefined;
  readonly #options: TrainReaderOptions;

  constructor(folder: string, manifest: DatasetManifest, options: TrainReaderOptions) {
    const { sequenceLength } = options;
    if (manifest.rowTokens !== undefined && manifest.rowTokens !== sequenceLength + 1) {
      throw new HomegrownError({
        code: "data/other-sequence-length",
        kind: "invalid-input",
        message: `the pairs of dataset ${manifest.name} are rows of ${manifest.rowTokens - 1} + 1 tokens; sequences of ${sequenceLength} were asked for`,
        hint: `Train with sequenceLength ${manifest.rowTokens - 1}, or build the pairs for ${sequenceLength}.`,
      });
    }
    this.#options = options;
    this.#rowTokens = manifest.rowTokens;
    const numTokens = manifest.splits.train.numTokens;
    this.numSequences = Math.floor(numTokens / (this.#rowTokens ?? sequenceLength));
    if (this.numSequences === 0 || numTokens < sequenceLength + 1) {
      throw new HomegrownError({
        code: "data/too-few-tokens",
        kind: "invalid-input",
        message: `dataset ${manifest.name} has ${numTokens} training tokens; one sequence needs ${sequenceLength + 1}`,
        hint: "Give it more text, or train with shorter sequences.",
      });
    }
    this.#tokens = new TokenFile(folder, manifest, "train");
  }

  /** @param step 0 for the first. */
  batch(step: number): TokenBatch {
    const { sequenceLength, sequencesPerStep } = this.#options;
    const size = sequencesPerStep * sequenceLength;
    const batch: TokenBatch = { ids: new Int32Array(size), targets: new Int32Array(size) };
    if (this.#rowTokens !== undefined) batch.weights = new Float32Array(size);
    for (let row = 0; row < sequencesPerStep; row++) {
      const start = this.sequenceStart(step * sequencesPerStep + row);
      const tokens = this.#tokens.readTokens(start, sequenceLength + 1);
      batch.ids.set(tokens.subarray(0, sequenceLength), row * sequenceLength);
      batch.targets.set(tokens.subarray(1), row * sequenceLength);
      batch.weights?.set(this.#tokens.readMask(start, sequenceLength + 1).subarray(1), row * sequenceLength);
    }
    return batch;
  }

  /** Position of the first token of the `index`-th sequence since the start of training. */
  sequenceStart(index: number): number {
    const { sequenceLength, seed } = this.#options;
    const epoch = Math.floor(index / this.numSequences);
    const window = permute(index % this.numSequences, this.numSequences, mix32(seed, epoch, 1));
    if (this.#rowTokens !== undefined) return window * this.#rowTokens;
    const offset = mix32(seed, epoch, 2) % sequenceLength;
    return (offset + window * sequenceLength) % this.#tokens.numTokens;
  }

  close(): void {
    this.#tokens.close();
  }
}
