// A built dataset, opened: every file checked against the manifest, then read by position or by document.
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HomegrownError } from "@homegrown/contracts";
import type { ChatMessage, DatasetManifest, TokenizerJson } from "@homegrown/contracts";
import { sha256, sha256File } from "@homegrown/storage";
import { Tokenizer } from "@homegrown/tokenization";
import { DATASET_MANIFEST_FILE, parseManifest } from "../manifest-file.ts";
import { readJsonLines } from "../reading/json-lines.ts";
import type { DocumentKind } from "../sources/document-kind.ts";
import { HeldOutReader } from "./held-out-reader.ts";
import type { HeldOutReaderOptions } from "./held-out-reader.ts";
import { TokenFile } from "./token-file.ts";
import { TrainReader } from "./train-reader.ts";
import type { TrainReaderOptions } from "./train-reader.ts";

export interface OpenDatasetOptions {
  /** `hashes` (default) reads every file once; `sizes` only looks at their lengths. */
  verify?: "hashes" | "sizes";
}

export interface DatasetDocument {
  id: string;
  /** Name of one of the manifest's sources. */
  source: string;
  kind: DocumentKind | "conversation";
  text: string;
}

export interface HeldOutDocument {
  id: string;
  text: string;
  /** For `pairs`: the conversation that `text` is the rendering of. */
  messages?: ChatMessage[];
}

interface IndexLine {
  id: string;
  source: string;
  kind: DocumentKind | "conversation";
  bytes: number;
  numTokens: number;
}

const MAX_MANIFEST_BYTES = 64 << 20;
const MAX_TOKENIZER_BYTES = 256 << 20;
const MAX_LINE_BYTES = 64 << 20;

/** @throws `data/no-such-dataset`, `data/corrupt-manifest`, `data/changed-file`. */
export async function openDataset(folder: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const root = resolve(folder);
  const path = join(root, DATASET_MANIFEST_FILE);
  const text = (await readBounded(root, DATASET_MANIFEST_FILE, MAX_MANIFEST_BYTES)).toString("utf8");
  const manifest = parseManifest(text, path);
  await verifyFiles(root, manifest, options.verify ?? "hashes");
  const tokenizerText = await readBounded(root, manifest.tokenizer.file, MAX_TOKENIZER_BYTES);
  const tokenizer = Tokenizer.fromJson(JSON.parse(tokenizerText.toString("utf8")));
  if (tokenizer.vocabSize !== manifest.tokenizer.vocabSize) {
    throw changedFile(
      manifest.tokenizer.file,
      `${tokenizer.vocabSize} tokens`,
      `${manifest.tokenizer.vocabSize}`,
    );
  }
  return new Dataset(root, manifest, sha256(text), tokenizer);
}

export class Dataset {
  readonly folder: string;
  readonly manifest: DatasetManifest;
  readonly manifestSha256: string;
  readonly tokenizer: Tokenizer;

  constructor(folder: string, manifest: DatasetManifest, manifestSha256: string, tokenizer: Tokenizer) {
    this.folder = folder;
    this.manifest = manifest;
    this.manifestSha256 = manifestSha256;
    this.tokenizer = tokenizer;
  }

  get tokenizerJson(): TokenizerJson {
    return this.tokenizer.json;
  }

  /** Close it when done: it holds the shards open. */
  trainReader(options: TrainReaderOptions): TrainReader {
    return new TrainReader(this.folder, this.manifest, options);
  }

  /** Close it when done: it holds the shards open. */
  heldOutReader(options: HeldOutReaderOptions): HeldOutReader {
    return new HeldOutReader(this.folder, this.manifest, options);
  }

  /** The held-out documents' text as it was before tokenization, in the manifest's order. */
  async *heldOutDocuments(): AsyncGenerator<HeldOutDocument> {
    const path = join(this.folder, this.manifest.heldOut.file);
    for await (const line of readJsonLines(path, MAX_LINE_BYTES)) yield line as HeldOutDocument;
  }

  /** Documents of one split, decoded from their tokens one by one. */
  async *documents(split: "train" | "heldOut"): AsyncGenerator<DatasetDocument> {
    const tokens = new TokenFile(this.folder, this.manifest, split);
    try {
      let start = 0;
      for await (const line of readJsonLines(
        join(this.folder, this.manifest.splits[split].index.file),
        MAX_LINE_BYTES,
      )) {
        const { id, source, kind, numTokens } = line as IndexLine;
        // The last token of a document is <|endoftext|>; rows of pairs are padded with it.
        const text = this.tokenizer.decode(trimEnd(tokens.readTokens(start, numTokens), this.#endOfTextId));
        yield { id, source, kind, text };
        start += numTokens;
      }
    } finally {
      tokens.close();
    }
  }

  get #endOfTextId(): number {
    return this.manifest.tokenizer.endOfTextId;
  }
}

function trimEnd(ids: Int32Array, padId: number): Int32Array {
  let end = ids.length;
  while (end > 0 && ids[end - 1] === padId) end--;
  return ids.subarray(0, end);
}

async function verifyFiles(root: string, manifest: DatasetManifest, how: "hashes" | "sizes"): Promise<void> {
  const { tokenizer, heldOut, splits } = manifest;
  const files: { file: string; sha256: string; bytes?: number }[] = [tokenizer, heldOut];
  for (const { shards, index } of Object.values(splits)) {
    files.push(index);
    for (const shard of shards) {
      files.push({ file: shard.file, sha256: shard.sha256, bytes: shard.numTokens * manifest.tokenBytes });
      if (shard.maskFile !== undefined) {
        files.push({ file: shard.maskFile, sha256: shard.maskSha256 ?? "", bytes: shard.numTokens });
      }
    }
  }
  for (const { file, sha256: expected, bytes } of files) {
    const size = await sizeOf(root, file);
    if (bytes !== undefined && size !== bytes) throw changedFile(file, `${size} bytes`, `${bytes} bytes`);
    // The tokenizer and texts are small and steer everything, so they are hashed in either case.
    if (how === "hashes" || bytes === undefined) {
      const found = await sha256File(join(root, file));
      if (found !== expected) throw changedFile(file, `sha256 ${found}`, expected);
    }
  }
}

async function readBounded(root: string, file: string, maxBytes: number): Promise<Buffer> {
  const size = await sizeOf(root, file);
  if (size > maxBytes) throw changedFile(file, `${size} bytes`, `at most ${maxBytes} bytes`);
  return readFile(join(root, file));
}

async function sizeOf(root: string, file: string): Promise<number> {
  if (file !== "" && !/^[\w.-]+$/.test(file)) throw changedFile(file, "a path", "a plain file name");
  const info = await stat(join(root, file)).catch((cause: unknown) => {
    throw new HomegrownError({
      code: "data/no-such-dataset",
      kind: "not-found",
      message: `no dataset at ${root}: its file ${file} cannot be read`,
      hint: "Build it with `homegrown data`, or check the path.",
      cause,
    });
  });
  return info.size;
}

function changedFile(file: string, found: string, expected: string): HomegrownError {
  return new HomegrownError({
    code: "data/changed-file",
    kind: "corrupt",
    message: `${file} is not the file that the dataset's manifest names: found ${found}, expected ${expected}`,
    hint: "Build the dataset again with `homegrown data`; its files must not be edited.",
    details: { file },
  });
}
