import type { DatasetManifest, ProgressListener, TokenizerJson } from "@homegrown/contracts";
import type { QualityOptions } from "./quality/quality-rules.ts";
import type { CorpusSource } from "./sources/corpus-source.ts";

export interface BuildDatasetOptions {
  name: string;
  /** The dataset's own folder; must not exist. It appears whole, or not at all. */
  target: string;
  sources: readonly CorpusSource[];
  /** Kept in the manifest: see `DatasetManifest`'s `key`. */
  key?: string;
  /** Size of the vocabulary to train. Default 2048. */
  vocabSize?: number;
  /** Use this tokenizer instead of training one. */
  tokenizer?: TokenizerJson;
  /** Text that the tokenizer learns from, in bytes, evenly chosen from the training split. Default 64 MiB. */
  tokenizerSampleBytes?: number;
  heldOut?: {
    /** Share of documents, by hash. Default 0.02. */
    fraction?: number;
    /** Another salt holds out other documents. Default `homegrown`. */
    salt?: string;
  };
  /** Looser or stricter rules, or `off`. */
  quality?: QualityOptions;
  limits?: Partial<ReadLimits>;
  /** Tokens per shard file. Default 2^23. */
  shardTokens?: number;
  onProgress?: ProgressListener;
  signal?: AbortSignal;
}

/** Bounds on what one file may make this process hold or do. */
export interface ReadLimits {
  /** A larger prose file is cut into parts at blank lines; a larger code file is dropped. Default 4 MiB. */
  maxDocumentBytes: number;
  /** One line of JSONL. Default 8 MiB. */
  maxLineBytes: number;
  /** What one gz file may hold. Default 4 GiB. */
  maxDecompressedBytes: number;
  /** Decompressed over compressed size, past the first MiB; text stays under 20. Default 200. */
  maxCompressionRatio: number;
}

export const DEFAULT_READ_LIMITS: ReadLimits = {
  maxDocumentBytes: 4 << 20,
  maxLineBytes: 8 << 20,
  maxDecompressedBytes: 4 * 2 ** 30,
  maxCompressionRatio: 200,
};

export interface BuiltDataset {
  folder: string;
  manifest: DatasetManifest;
  /** Of the manifest file's bytes: what a run manifest pins. */
  manifestSha256: string;
}
