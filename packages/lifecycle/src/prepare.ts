import { existsSync } from "node:fs";
import path from "node:path";
import type { ProgressListener } from "@homegrown/contracts";
import {
  buildDataset,
  buildPairDataset,
  minePairs,
  openDataset,
  type Conversation,
  type CorpusSource,
  type Dataset,
} from "@homegrown/data";
import { homePaths } from "@homegrown/storage";
import { mineContinuations } from "./continuations.ts";
import { toCorpusKey } from "./corpus-key.ts";

interface Listening {
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

export interface PrepareOptions extends Listening {
  home: string;
  sources: readonly CorpusSource[];
  vocabSize: number;
  heldOutFraction?: number;
  /** Folder name under `data/`; default: `text-` and a key of the sources and options. */
  name?: string;
}

export interface Prepared {
  dataset: Dataset;
  /** It was there already, made from the same files in the same way. */
  reused: boolean;
}

/** Text from folders to packed tokens with a tokenizer of their own; found again when nothing changed. */
export async function prepareText(options: PrepareOptions): Promise<Prepared> {
  const { home, sources, vocabSize, heldOutFraction = 0.02 } = options;
  const name = options.name ?? `text-${await toCorpusKey(sources, { vocabSize, heldOutFraction })}`;
  return openOrBuild(home, name, (target) =>
    buildDataset({
      name,
      target,
      sources,
      vocabSize,
      heldOut: { fraction: heldOutFraction },
      ...listening(options),
    }),
  );
}

export interface PreparePairsOptions extends Listening {
  home: string;
  /** Where declarations with documentation comments are looked for. */
  text: Dataset;
  /** Longest conversation in tokens; longer ones are dropped and counted. */
  sequenceLength: number;
}

/** Fewer mined pairs than this on either side, and continuations of passages take their place. */
const LEAST_PAIRS = { train: 64, heldOut: 4 };
/** What the chat template adds to a question and its answer, generously. */
const TEMPLATE_TOKENS = 24;
/** Passages differ in characters a token; most fit when they are aimed this much shorter. */
const SAFE_SHARE = 0.75;
const MAX_ANSWER = 600;

/**
 * Conversations from a text dataset, on the same side of its split: (documentation → declaration) where
 * the text declares and documents, else (passage → its continuation).
 */
export async function preparePairs(options: PreparePairsOptions): Promise<Prepared> {
  const { home, text, sequenceLength } = options;
  const name = `pairs-${text.manifestSha256.slice(0, 12)}-${sequenceLength}`;
  return openOrBuild(home, name, async (target) =>
    buildPairDataset({
      name,
      target,
      conversations: await chooseConversations(text, sequenceLength),
      tokenizer: text.tokenizerJson,
      sequenceLength,
      sources: text.manifest.sources,
      ...listening(options),
    }),
  );
}

async function chooseConversations(
  text: Dataset,
  sequenceLength: number,
): Promise<AsyncIterable<Conversation>> {
  const { bytes, numTokens } = text.manifest.splits.train;
  const characters = Math.floor(((sequenceLength - TEMPLATE_TOKENS) * SAFE_SHARE * bytes) / numTokens);
  const options = { maxDeclarationLength: Math.min(MAX_ANSWER, Math.floor(characters * (2 / 3))) };
  const found = { train: 0, heldOut: 0 };
  for await (const { heldOut } of minePairs(text, options)) {
    found[heldOut === true ? "heldOut" : "train"] += 1;
    if (found.train >= LEAST_PAIRS.train && found.heldOut >= LEAST_PAIRS.heldOut)
      return minePairs(text, options);
  }
  return mineContinuations(text, Math.min(characters, MAX_ANSWER));
}

async function openOrBuild(
  home: string,
  name: string,
  build: (target: string) => Promise<unknown>,
): Promise<Prepared> {
  const target = path.join(homePaths(home).data, name);
  const reused = existsSync(target);
  if (!reused) await build(target);
  return { dataset: await openDataset(target), reused };
}

function listening({ signal, onProgress }: Listening): Listening {
  return { ...(signal && { signal }), ...(onProgress && { onProgress }) };
}
