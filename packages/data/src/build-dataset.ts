// A corpus → a dataset folder, in passes over one temporary file: find, read and judge; choose what is held
// out; train the tokenizer on the rest; encode and pack. Text is never held whole, and the folder appears
// whole or not at all.
import { join } from "node:path";
import type { DatasetManifest, TokenizerJson } from "@homegrown/contracts";
import { sha256, writeFileAtomic } from "@homegrown/storage";
import { END_OF_TEXT, Tokenizer, serializeTokenizerJson, trainBpe } from "@homegrown/tokenization";
import type { BuildDatasetOptions, BuiltDataset } from "./build-options.ts";
import { splitKey } from "./content-hash.ts";
import { emptyCorpus, everythingFilteredOut } from "./corpus-errors.ts";
import { cutSections, sectionBytes } from "./held-out/sections.ts";
import { splitDocuments } from "./held-out/split-documents.ts";
import type { Side, Split } from "./held-out/split-documents.ts";
import type { JsonSpill } from "./packing/json-spill.ts";
import { publishDataset } from "./packing/publish-dataset.ts";
import { HashedFile, tokenBytesFor } from "./packing/shard-writer.ts";
import { SourceTotals } from "./packing/source-totals.ts";
import { SplitWriter } from "./packing/split-writer.ts";
import { preparationSteps, prepareDocuments } from "./prepare-documents.ts";
import type { RawDocument } from "./reading/raw-document.ts";
import { findFiles } from "./sources/find-files.ts";
import { StepCounter } from "./step-counter.ts";

const DEFAULT_VOCAB_SIZE = 2048;
const DEFAULT_FRACTION = 0.02;
const DEFAULT_SALT = "homegrown";
const DEFAULT_SAMPLE_BYTES = 64 << 20;
const DEFAULT_SHARD_TOKENS = 1 << 23;

/**
 * @throws `data/no-such-source`, `data/empty-corpus`, `data/everything-filtered-out`, `data/one-document`,
 * `data/held-out-leaked`, `storage/exists`, disk errors; whatever `signal` aborts with.
 */
export async function buildDataset(options: BuildDatasetOptions): Promise<BuiltDataset> {
  return publishDataset<RawDocument>(options, (folder, spill) => fillFolder(folder, spill, options));
}

async function fillFolder(
  folder: string,
  spill: JsonSpill<RawDocument>,
  options: BuildDatasetOptions,
): Promise<DatasetManifest> {
  const { steps, documents, bytes } = await prepare(spill, options);
  const fraction = options.heldOut?.fraction ?? DEFAULT_FRACTION;
  const salt = options.heldOut?.salt ?? DEFAULT_SALT;
  const cut = sectionBytes(documents, bytes, fraction);
  const read = (): AsyncIterable<RawDocument> =>
    cut === undefined ? spill.read() : readSections(spill, cut);
  const splitStep = new StepCounter(cut === undefined ? "held-out" : "held-out (cut into sections)");
  const { onProgress, signal } = options;
  const split = await splitDocuments(read, { fraction, salt, onProgress, signal }, splitStep);
  const json = options.tokenizer ?? (await trainTokenizer(read, split, options));
  const packed = await pack(folder, read, split, json, options);
  return {
    schemaVersion: 1,
    name: options.name,
    ...(options.key !== undefined && { key: options.key }),
    createdAt: new Date().toISOString(),
    packing: "documents",
    tokenizer: packed.tokenizer,
    tokenBytes: tokenBytesFor(packed.tokenizer.vocabSize),
    steps: [...steps.map((step) => step.toStep()), splitStep.toStep(), packed.step],
    heldOut: {
      fraction: split.fraction,
      salt,
      leakage: { checked: split.checked, leaked: split.leaked },
      ...packed.heldOutText,
    },
    splits: packed.splits,
    sources: packed.sources.toSources(),
    rights: packed.sources.rights(),
  };
}

async function prepare(
  spill: JsonSpill<RawDocument>,
  options: BuildDatasetOptions,
): Promise<{ steps: StepCounter[]; documents: number; bytes: number }> {
  const find = new StepCounter("find");
  const files = [];
  for (const source of options.sources) files.push(...(await findFiles(source, find)));
  options.onProgress?.({ event: "data-find", done: files.length, unit: "files" });
  if (files.length === 0)
    throw emptyCorpus(
      options.sources.map(({ path }) => path),
      find,
    );
  const counters = preparationSteps();
  let [documents, bytes] = [0, 0];
  for await (const document of prepareDocuments(files, options, counters)) {
    await spill.write(document);
    documents++;
    bytes += document.bytes;
  }
  await spill.finish();
  const steps = [find, ...Object.values(counters)];
  if (documents === 0) throw everythingFilteredOut(steps);
  return { steps, documents, bytes };
}

async function* readSections(spill: JsonSpill<RawDocument>, size: number): AsyncGenerator<RawDocument> {
  for await (const document of spill.read()) yield* cutSections(document, size);
}

async function trainTokenizer(
  read: () => AsyncIterable<RawDocument>,
  split: Split,
  options: BuildDatasetOptions,
): Promise<TokenizerJson> {
  const { onProgress, signal } = options;
  const sampleBytes = options.tokenizerSampleBytes ?? DEFAULT_SAMPLE_BYTES;
  let trainBytes = 0;
  for await (const { document } of withSide(read(), split.sides, "train")) trainBytes += document.bytes;
  const share = Math.min(1, sampleBytes / trainBytes);
  const texts = async function* (): AsyncGenerator<string> {
    for await (const { document } of withSide(read(), split.sides, "train")) {
      // By hash, so that the sample is spread over the corpus and the same in every build.
      if (share === 1 || splitKey(document.text, "tokenizer-sample") < share) yield document.text;
    }
  };
  return trainBpe(texts(), {
    vocabSize: options.vocabSize ?? DEFAULT_VOCAB_SIZE,
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  });
}

interface Packed {
  tokenizer: DatasetManifest["tokenizer"];
  splits: DatasetManifest["splits"];
  heldOutText: { file: string; sha256: string };
  sources: SourceTotals;
  step: DatasetManifest["steps"][number];
}

async function pack(
  folder: string,
  read: () => AsyncIterable<RawDocument>,
  split: Split,
  json: TokenizerJson,
  options: BuildDatasetOptions,
): Promise<Packed> {
  const tokenizer = Tokenizer.fromJson(json);
  const endOfTextId = tokenizer.specialTokenId(END_OF_TEXT);
  const text = serializeTokenizerJson(json);
  await writeFileAtomic(join(folder, "tokenizer.json"), text);
  const tokenBytes = tokenBytesFor(tokenizer.vocabSize);
  const maxTokens = options.shardTokens ?? DEFAULT_SHARD_TOKENS;
  const train = await SplitWriter.create(folder, { prefix: "train", tokenBytes, maxTokens });
  const heldOut = await SplitWriter.create(folder, { prefix: "held-out", tokenBytes, maxTokens });
  const heldOutText = await HashedFile.create(folder, "held-out.jsonl");
  const sources = new SourceTotals();
  const step = new StepCounter("pack");
  try {
    for await (const { document, side, position } of withSide(read(), split.sides)) {
      options.signal?.throwIfAborted();
      if (position % 256 === 0) {
        options.onProgress?.({
          event: "data-pack",
          done: position,
          total: split.sides.length,
          unit: "documents",
        });
      }
      if (side === "leaked") continue;
      const { id, kind, bytes, origin } = document;
      const ids = tokenizer.encode(document.text);
      ids.push(endOfTextId);
      await (side === "train" ? train : heldOut).write({
        id,
        kind,
        bytes,
        ids,
        source: SourceTotals.label(origin),
      });
      if (side === "heldOut") await heldOutText.write(`${JSON.stringify({ id, text: document.text })}\n`);
      sources.add(origin, bytes);
      step.enter(bytes);
      step.keep(bytes);
    }
    return {
      tokenizer: {
        file: "tokenizer.json",
        sha256: sha256(text),
        vocabSize: tokenizer.vocabSize,
        endOfTextId,
      },
      splits: { train: await train.finish(), heldOut: await heldOut.finish() },
      heldOutText: await heldOutText.finish(),
      sources,
      step: step.toStep(),
    };
  } finally {
    await Promise.all([train.close(), heldOut.close(), heldOutText.close()]);
  }
}

async function* withSide(
  documents: AsyncIterable<RawDocument>,
  sides: readonly Side[],
  only?: Side,
): AsyncGenerator<{ document: RawDocument; side: Side; position: number }> {
  let position = 0;
  for await (const document of documents) {
    const side = sides[position]!;
    if (only === undefined || side === only) yield { document, side, position };
    position++;
  }
}
