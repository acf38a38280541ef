import type { DecoderConfig } from "@homegrown/contracts";
export interface ScorerOptions {
  /** Longest list of ids that will be scored or generated, prompt included. */
  maxSequenceLength: number;
  /** Threads of the session; default 1. Each call computes on the calling thread and blocks it. */
  threads?: number;
}
export interface GenerateOptions {
  ids: readonly number[];
  maxTokens: number;
  /** 0 (default): the most likely token. */
  temperature?: number;
  seed?: number;
  /** Generation ends before such an id; it is not part of the answer. */
  stopIds?: readonly number[];
  signal?: AbortSignal;
}
export interface Scorer {
  /** Natural log-probability of ids[i] given ids[0..i-1], i = 1…: length ids.length - 1. */
  logProbabilities(ids: readonly number[]): Promise<Float32Array>;
  /** New ids only. */
  generate(options: GenerateOptions): Promise<number[]>;
  close(): Promise<void>;
}
export async function createScorer(
  _config: DecoderConfig,
  _parameters: ReadonlyMap<string, Float32Array>,
  _options: ScorerOptions,
): Promise<Scorer> {
  throw new Error("being written");
}
