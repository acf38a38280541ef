import type { Dataset } from "../readers/dataset.ts";
import type { Conversation } from "./build-pair-dataset.ts";

export interface MinedPair {
  prompt: string;
  answer: string;
}
export interface MinePairsOptions {
  /** Longer declarations are left out. Default 600 characters. */
  maxAnswerLength?: number;
}

export function minePairsFromText(_text: string, _options: MinePairsOptions = {}): MinedPair[] {
  return [];
}

export async function* minePairs(
  _dataset: Dataset,
  _options: MinePairsOptions = {},
): AsyncGenerator<Conversation> {}
