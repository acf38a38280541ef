// One split of a dataset: shards, the index of its documents, and what the manifest says of both.
import type { DatasetManifest } from "@homegrown/contracts";
import { HashedFile, ShardWriter } from "./shard-writer.ts";

export interface PackedDocument {
  id: string;
  source: string;
  kind: string;
  bytes: number;
  ids: readonly number[];
  mask?: Uint8Array;
}

export class SplitWriter {
  readonly #shards: ShardWriter;
  readonly #index: HashedFile;
  #documents = 0;
  #bytes = 0;
  #numTokens = 0;

  private constructor(shards: ShardWriter, index: HashedFile) {
    this.#shards = shards;
    this.#index = index;
  }

  static async create(
    folder: string,
    options: { prefix: string; tokenBytes: 2 | 4; maxTokens: number; masked?: boolean },
  ): Promise<SplitWriter> {
    return new SplitWriter(
      new ShardWriter(folder, options),
      await HashedFile.create(folder, `${options.prefix}-documents.jsonl`),
    );
  }

  async write({ id, source, kind, bytes, ids, mask }: PackedDocument): Promise<void> {
    await this.#shards.write(ids, mask);
    await this.#index.write(`${JSON.stringify({ id, source, kind, bytes, numTokens: ids.length })}\n`);
    this.#documents++;
    this.#bytes += bytes;
    this.#numTokens += ids.length;
  }

  async finish(): Promise<DatasetManifest["splits"]["train"]> {
    return {
      documents: this.#documents,
      bytes: this.#bytes,
      numTokens: this.#numTokens,
      shards: await this.#shards.finish(),
      index: await this.#index.finish(),
    };
  }

  async close(): Promise<void> {
    await this.#shards.close();
    await this.#index.close();
  }
}
