// What simpler predictors need for exactly the bytes that the model was scored on. A held-out document is
// often a cousin of a training one, so a baseline that has seen the training text (`primed`) is another
// thing than one that has not; both are shown, and each says which it is.
import type { ProgressListener, ReportCard } from "@homegrown/contracts";
import type { HeldOutText } from "../held-out/documents.ts";
import { measureAdaptiveBits, trainByteModel, type ByteModel } from "./byte-model.ts";
import { measureGzip, measureXz, measureZstd } from "./compressors.ts";

export type Baseline = ReportCard["heldOut"]["baselines"][number];

export interface BaselineOptions {
  heldOut: HeldOutText;
  /** Documents the model was scored on: the first ones in hash order. */
  numDocuments: number;
  /** The training text, document by document; called once for each primed baseline. */
  trainingTexts?: () => AsyncIterable<string>;
  /** Training text that a baseline reads at most; 16 MiB by default. */
  maxPrimingBytes?: number;
  /** Order of the byte model; 5 by default. */
  order?: number;
  /** A byte model trained on the training text already, so that it is not trained twice. */
  byteModel?: ByteModel;
  /** Adds the primed xz, which takes about a second for each megabyte of training text. */
  thorough?: boolean;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

export async function measureBaselines(options: BaselineOptions): Promise<Baseline[]> {
  const { numDocuments, heldOut, order = 5, maxPrimingBytes = 16 * 2 ** 20, signal, trainingTexts } = options;
  const texts = (): AsyncIterable<string> => firstTexts(heldOut, numDocuments);
  let bytes = 0;
  for await (const text of texts()) bytes += Buffer.byteLength(text);
  const priming = trainingTexts && ((): AsyncIterable<string> => upTo(trainingTexts(), maxPrimingBytes));
  const primingBytes = priming ? await countBytes(priming()) : 0;
  const primingNote = `after ${megabytes(primingBytes)} of training text`;
  const baselines: Baseline[] = [];
  const add = (name: string, bits: number | undefined, primed: boolean, note: string): void => {
    if (bits !== undefined) baselines.push({ name, bitsPerByte: bits / bytes, primed, note });
    options.onProgress?.({ event: "evaluate-baseline", message: name });
  };

  const byteModel =
    options.byteModel ?? (priming && (await trainByteModel(priming(), { order, ...(signal && { signal }) })));
  if (byteModel) {
    let bits = 0;
    for await (const text of texts()) bits += byteModel.bits(text);
    const note = `interpolated Kneser–Ney, trained on ${megabytes(byteModel.numBytes)} of training text`;
    add(`order-${byteModel.order} bytes`, bits, true, note);
  }
  if (priming) {
    const all = bytes + primingBytes;
    add("zstd -19", inBits(await measureZstd(texts(), all, priming(), signal)), true, primingNote);
    if (options.thorough) {
      add("xz -9e", inBits(await measureXz(texts(), all, priming, signal)), true, primingNote);
    }
  }
  const adaptive = await measureAdaptiveBits(texts(), { order, ...(signal && { signal }) });
  add(
    `order-${order} bytes`,
    adaptive,
    false,
    "the same model, learning only from the held-out bytes as it goes",
  );
  add(
    "xz -9e",
    inBits(await measureXz(texts(), bytes, undefined, signal)),
    false,
    "the held-out bytes alone",
  );
  add(
    "zstd -19",
    inBits(await measureZstd(texts(), bytes, undefined, signal)),
    false,
    "the held-out bytes alone",
  );
  add("gzip -9", inBits(await measureGzip(texts(), signal)), false, "the held-out bytes alone");
  return baselines;
}

async function* firstTexts(heldOut: HeldOutText, numDocuments: number): AsyncGenerator<string> {
  let left = numDocuments;
  for await (const { text } of heldOut.read()) {
    if (left-- <= 0) return;
    yield text;
  }
}

async function* upTo(texts: AsyncIterable<string>, maxBytes: number): AsyncGenerator<string> {
  let left = maxBytes;
  for await (const text of texts) {
    if (left <= 0) return;
    left -= Buffer.byteLength(text);
    yield text;
  }
}

async function countBytes(texts: AsyncIterable<string>): Promise<number> {
  let bytes = 0;
  for await (const text of texts) bytes += Buffer.byteLength(text);
  return bytes;
}

function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function inBits(numBytes: number | undefined): number | undefined {
  return numBytes === undefined ? undefined : 8 * numBytes;
}
