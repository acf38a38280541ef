// The held-out split in fixed order, every target exactly once: windows of L tokens that follow one another,
// the last filled up with weight 0.
import { HomegrownError } from "@homegrown/contracts";
import type { DatasetManifest } from "@homegrown/contracts";
import type { TokenBatch } from "./token-batch.ts";
import { TokenFile } from "./token-file.ts";

export interface HeldOutReaderOptions {
  sequenceLength: number;
  sequencesPerBatch: number;
  /** Read only this many sequences, spread evenly over the split. Default: all. */
  maxSequences?: number;
}

export class HeldOutReader {
  readonly numSequences: number;
  readonly numBatches: number;
  readonly #tokens: TokenFile;
  readonly #options: HeldOutReaderOptions;
  readonly #rowTokens: number | undefined;
  readonly #numWindows: number;
  readonly #padId: number;

  constructor(folder: string, manifest: DatasetManifest, options: HeldOutReaderOptions) {
    const { sequenceLength, sequencesPerBatch, maxSequences } = options;
    const numTokens = manifest.splits.heldOut.numTokens;
    this.#options = options;
    this.#rowTokens = manifest.rowTokens;
    this.#padId = manifest.tokenizer.endOfTextId;
    if (manifest.rowTokens !== undefined && manifest.rowTokens !== sequenceLength + 1) {
      throw new HomegrownError({
        code: "data/other-sequence-length",
        kind: "invalid-input",
        message: `the pairs of dataset ${manifest.name} are rows of ${manifest.rowTokens - 1} + 1 tokens; sequences of ${sequenceLength} were asked for`,
        hint: `Evaluate with sequenceLength ${manifest.rowTokens - 1}.`,
      });
    }
    this.#numWindows =
      this.#rowTokens === undefined
        ? Math.ceil(Math.max(0, numTokens - 1) / sequenceLength)
        : numTokens / this.#rowTokens;
    this.numSequences = Math.min(this.#numWindows, maxSequences ?? Infinity);
    this.numBatches = Math.ceil(this.numSequences / sequencesPerBatch);
    this.#tokens = new TokenFile(folder, manifest, "heldOut");
  }

  /** Always `sequencesPerBatch` rows; what lies past the end has weight 0. */
  batch(index: number): Required<TokenBatch> {
    const { sequenceLength, sequencesPerBatch } = this.#options;
    const size = sequencesPerBatch * sequenceLength;
    const batch = {
      ids: new Int32Array(size).fill(this.#padId),
      targets: new Int32Array(size).fill(this.#padId),
      weights: new Float32Array(size),
    };
    for (let row = 0; row < sequencesPerBatch; row++) {
      const sequence = index * sequencesPerBatch + row;
      if (sequence >= this.numSequences) break;
      const window = Math.floor((sequence * this.#numWindows) / this.numSequences);
      const start = window * (this.#rowTokens ?? sequenceLength);
      const length = Math.min(sequenceLength + 1, this.#tokens.numTokens - start);
      const tokens = this.#tokens.readTokens(start, length);
      batch.ids.set(tokens.subarray(0, length - 1), row * sequenceLength);
      batch.targets.set(tokens.subarray(1), row * sequenceLength);
      batch.weights.set(this.#tokens.readMask(start, length).subarray(1), row * sequenceLength);
    }
    return batch;
  }

  close(): void {
    this.#tokens.close();
  }
}
