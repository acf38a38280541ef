import { HomegrownError } from "@homegrown/contracts";
import {
  buildDataset,
  buildPairDataset,
  minePairs,
  type Conversation,
  type CorpusSource,
  type Dataset,
} from "@homegrown/data";
import { mineContinuations } from "./continuations.ts";
import { toCorpusKey } from "./corpus-key.ts";
import { listening, type Listening } from "./listening.ts";
import { openOrBuild, type Prepared } from "./open-or-build.ts";

export interface PrepareOptions extends Listening {
  home: string;
  sources: readonly CorpusSource[];
  vocabSize: number;
  heldOutFraction?: number;
  /** Folder name under `data/`; default: `text-` and a key of the sources and options. */
  name?: string;
}

/**
 * Text from folders to packed tokens with a tokenizer of their own; found again when nothing changed.
 * @throws `lifecycle/dataset-exists` when `name` is taken by other text, or by the same prepared otherwise
 */
export async function prepareText(options: PrepareOptions): Promise<Prepared> {
  const { home, sources, vocabSize, heldOutFraction = 0.02 } = options;
  const key = await toCorpusKey(sources, { vocabSize, heldOutFraction });
  const name = options.name ?? `text-${key}`;
  return openOrBuild({
    home,
    name,
    // A name that was not given holds the key itself.
    ...(options.name !== undefined && { key }),
    wanted: `${sources.map((source) => source.path).join(", ")} (vocabulary ${vocabSize}, held-out share ${heldOutFraction})`,
    build: (target) =>
      buildDataset({
        name,
        key,
        target,
        sources,
        vocabSize,
        heldOut: { fraction: heldOutFraction },
        ...listening(options),
      }),
  });
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
/** Text that tells how many bytes its characters have. */
const SAMPLE_BYTES = 1 << 20;

/**
 * Conversations from a text dataset, on the same side of its split: (documentation → declaration) where
 * the text declares and documents, else (passage → its continuation).
 * @throws `lifecycle/no-pairs` when the text gives none to train on
 */
export async function preparePairs(options: PreparePairsOptions): Promise<Prepared> {
  const { home, text, sequenceLength } = options;
  const name = `pairs-${text.manifestSha256.slice(0, 12)}-${sequenceLength}`;
  const prepared = await openOrBuild({
    home,
    name,
    build: async (target) =>
      buildPairDataset({
        name,
        target,
        conversations: await chooseConversations(text, sequenceLength),
        tokenizer: text.tokenizerJson,
        sequenceLength,
        sources: text.manifest.sources,
        ...listening(options),
      }),
  }).catch((error: unknown) => {
    const isEmpty = error instanceof HomegrownError && error.code === "data/empty-corpus";
    throw isEmpty ? noPairs(options, error) : error;
  });
  if (prepared.dataset.manifest.splits.train.documents === 0) throw noPairs(options);
  return prepared;
}

async function chooseConversations(
  text: Dataset,
  sequenceLength: number,
): Promise<AsyncIterable<Conversation>> {
  const characters = await charactersOf(text, (sequenceLength - TEMPLATE_TOKENS) * SAFE_SHARE);
  const options = { maxDeclarationLength: Math.min(MAX_ANSWER, Math.floor(characters * (2 / 3))) };
  const found = { train: 0, heldOut: 0 };
  for await (const { heldOut } of minePairs(text, options)) {
    found[heldOut === true ? "heldOut" : "train"] += 1;
    if (found.train >= LEAST_PAIRS.train && found.heldOut >= LEAST_PAIRS.heldOut)
      return minePairs(text, options);
  }
  return mineContinuations(text, Math.min(characters, MAX_ANSWER));
}

/** How many characters of this text make up `numTokens` tokens; other scripts have other bytes a character. */
async function charactersOf(text: Dataset, numTokens: number): Promise<number> {
  const { bytes, numTokens: allTokens } = text.manifest.splits.train;
  const sample = { bytes: 0, characters: 0 };
  for await (const document of text.documents("train")) {
    sample.bytes += Buffer.byteLength(document.text);
    sample.characters += document.text.length;
    if (sample.bytes >= SAMPLE_BYTES) break;
  }
  return Math.floor((numTokens * bytes * sample.characters) / (allTokens * Math.max(1, sample.bytes)));
}

function noPairs({ text, sequenceLength }: PreparePairsOptions, cause?: unknown): HomegrownError {
  const { documents } = text.manifest.splits.train;
  return new HomegrownError({
    code: "lifecycle/no-pairs",
    kind: "invalid-input",
    message: `no question and answer to tune on could be made of the ${documents} training documents of ${text.manifest.name} for sequences of ${sequenceLength} tokens`,
    hint: "Add documents of at least a few sentences, or take longer sequences.",
    cause,
  });
}
