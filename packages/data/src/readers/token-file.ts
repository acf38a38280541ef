// The tokens of one split: its shard files seen as one long run of ids, read by position.
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { HomegrownError } from "@homegrown/contracts";
import type { DatasetManifest, DatasetShard } from "@homegrown/contracts";

interface OpenShard {
  file: number;
  mask: number | undefined;
  /** Position of its first token in the split. */
  start: number;
  shard: DatasetShard;
}

export class TokenFile {
  readonly numTokens: number;
  readonly #shards: OpenShard[] = [];
  readonly #tokenBytes: 2 | 4;
  readonly #vocabSize: number;
  #buffer = Buffer.alloc(0);

  constructor(folder: string, manifest: DatasetManifest, split: "train" | "heldOut") {
    this.#tokenBytes = manifest.tokenBytes;
    this.#vocabSize = manifest.tokenizer.vocabSize;
    let start = 0;
    for (const shard of manifest.splits[split].shards) {
      const file = openSync(join(folder, shard.file), "r");
      const mask = shard.maskFile === undefined ? undefined : openSync(join(folder, shard.maskFile), "r");
      this.#shards.push({ file, mask, start, shard });
      start += shard.numTokens;
    }
    this.numTokens = start;
  }

  /** Reads `length` ids from position `start`, past the end going on at the beginning. */
  readTokens(start: number, length: number): Int32Array {
    const ids = new Int32Array(length);
    this.#forEachPiece(start, length, ({ file, shard }, first, count, at) => {
      const bytes = this.#read(file, first * this.#tokenBytes, count * this.#tokenBytes, shard.file);
      for (let i = 0; i < count; i++) {
        const id = this.#tokenBytes === 2 ? bytes.readUInt16LE(2 * i) : bytes.readUInt32LE(4 * i);
        if (id >= this.#vocabSize) throw corruptShard(shard.file, `token id ${id}`);
        ids[at + i] = id;
      }
    });
    return ids;
  }

  /** The loss mask of the same positions; all 1 when the shards have none. */
  readMask(start: number, length: number): Uint8Array {
    const mask = new Uint8Array(length).fill(1);
    this.#forEachPiece(start, length, (entry, first, count, at) => {
      if (entry.mask === undefined) return;
      mask.set(this.#read(entry.mask, first, count, entry.shard.maskFile ?? ""), at);
    });
    return mask;
  }

  close(): void {
    for (const { file, mask } of this.#shards.splice(0)) {
      closeSync(file);
      if (mask !== undefined) closeSync(mask);
    }
  }

  #forEachPiece(
    start: number,
    length: number,
    visit: (entry: OpenShard, first: number, count: number, at: number) => void,
  ): void {
    for (let at = 0; at < length;) {
      const position = (start + at) % this.numTokens;
      const entry = this.#shards.findLast((candidate) => candidate.start <= position)!;
      const first = position - entry.start;
      const count = Math.min(length - at, entry.shard.numTokens - first);
      visit(entry, first, count, at);
      at += count;
    }
  }

  #read(file: number, position: number, length: number, name: string): Buffer {
    if (this.#buffer.length < length) this.#buffer = Buffer.alloc(length);
    const bytes = this.#buffer.subarray(0, length);
    // A plain read may stop early; only 0 means the end.
    for (let done = 0; done < length;) {
      const read = readSync(file, bytes, done, length - done, position + done);
      if (read === 0) throw corruptShard(name, `an end at byte ${position + done}`);
      done += read;
    }
    return bytes;
  }
}

function corruptShard(file: string, found: string): HomegrownError {
  return new HomegrownError({
    code: "data/corrupt-shard",
    kind: "corrupt",
    message: `the shard ${file} holds ${found}, which its manifest does not allow`,
    hint: "Build the dataset again with `homegrown data`.",
    details: { file },
  });
}
