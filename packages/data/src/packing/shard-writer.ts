// Token ids → shard files of bounded size, little-endian, with their hashes taken on the way.
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetShard } from "@homegrown/contracts";

const BUFFER_BYTES = 1 << 20;

/** 2 for vocabularies that fit u16, else 4. */
export function tokenBytesFor(vocabSize: number): 2 | 4 {
  return vocabSize <= 65_536 ? 2 : 4;
}

export class ShardWriter {
  readonly #folder: string;
  readonly #prefix: string;
  readonly #tokenBytes: 2 | 4;
  readonly #maxTokens: number;
  readonly #masked: boolean;
  readonly #shards: DatasetShard[] = [];
  #tokens: HashedFile | undefined;
  #mask: HashedFile | undefined;
  #numTokens = 0;

  constructor(
    folder: string,
    options: { prefix: string; tokenBytes: 2 | 4; maxTokens: number; masked?: boolean },
  ) {
    this.#folder = folder;
    this.#prefix = options.prefix;
    this.#tokenBytes = options.tokenBytes;
    this.#maxTokens = options.maxTokens;
    this.#masked = options.masked ?? false;
  }

  /** One document, or one row with its mask: never divided between shards unless longer than a whole one. */
  async write(ids: readonly number[], mask?: Uint8Array): Promise<void> {
    if (this.#numTokens > 0 && this.#numTokens + ids.length > this.#maxTokens) await this.#finishShard();
    const number = String(this.#shards.length).padStart(5, "0");
    this.#tokens ??= await HashedFile.create(this.#folder, `${this.#prefix}-${number}.bin`);
    const bytes = this.#tokenBytes === 2 ? Uint16Array.from(ids) : Uint32Array.from(ids);
    await this.#tokens.write(toLittleEndian(bytes));
    if (this.#masked) {
      this.#mask ??= await HashedFile.create(this.#folder, `${this.#prefix}-${number}.mask`);
      await this.#mask.write(mask ?? new Uint8Array(ids.length).fill(1));
    }
    this.#numTokens += ids.length;
  }

  async finish(): Promise<DatasetShard[]> {
    if (this.#numTokens > 0) await this.#finishShard();
    return this.#shards;
  }

  async close(): Promise<void> {
    await this.#tokens?.close();
    await this.#mask?.close();
  }

  async #finishShard(): Promise<void> {
    const mask = this.#mask && (await this.#mask.finish());
    this.#shards.push({
      ...(await this.#tokens!.finish()),
      numTokens: this.#numTokens,
      ...(mask && { maskFile: mask.file, maskSha256: mask.sha256 }),
    });
    this.#tokens = undefined;
    this.#mask = undefined;
    this.#numTokens = 0;
  }
}

/** A file written in large pieces. Durable when the folder that holds it is published. */
export class HashedFile {
  readonly #name: string;
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash("sha256");
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);
  #used = 0;

  private constructor(name: string, file: FileHandle) {
    this.#name = name;
    this.#file = file;
  }

  static async create(folder: string, name: string): Promise<HashedFile> {
    return new HashedFile(name, await open(join(folder, name), "wx"));
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    for (let start = 0; start < bytes.length;) {
      const piece = bytes.subarray(start, start + this.#buffer.length - this.#used);
      this.#buffer.set(piece, this.#used);
      this.#used += piece.length;
      start += piece.length;
      if (this.#used === this.#buffer.length) await this.#flush();
    }
  }

  async finish(): Promise<{ file: string; sha256: string }> {
    await this.#flush();
    await this.#file.close();
    return { file: this.#name, sha256: this.#hash.digest("hex") };
  }

  /** After a failure: gives the descriptor back. Closing twice is no error. */
  async close(): Promise<void> {
    await this.#file.close().catch(() => undefined);
  }

  async #flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#used);
    this.#hash.update(bytes);
    await this.#file.writeFile(bytes);
    this.#used = 0;
  }
}

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function toLittleEndian(ids: Uint16Array | Uint32Array): Buffer {
  const bytes = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
  if (HOST_IS_LITTLE_ENDIAN) return bytes;
  return ids.BYTES_PER_ELEMENT === 2 ? bytes.swap16() : bytes.swap32();
}
