// How well a model predicts text it has not seen, in bits per UTF-8 byte: Σ -log2 p(token | before) over
// Σ bytes. A byte is the same under every tokenizer, so versions and baselines compare directly.
// Invariant: every token is scored exactly once; a document's first is conditioned on <|endoftext|> alone.
import { HomegrownError, type Interval, type ProgressListener } from "@homegrown/contracts";
import { bootstrapRatioInterval } from "@homegrown/statistics";
import type { HeldOutText } from "./documents.ts";
import { cutWindows } from "./windows.ts";

export interface EvaluationTokenizer {
  /** Without special tokens: `<|im_end|>` in a document is text. */
  encode(text: string): readonly number[];
  /** The bytes that a token stands for; their lengths must sum to the text's. */
  tokenBytes(id: number): Uint8Array;
}

export interface EvaluationScorer {
  /** Natural log p(ids[i] | ids[0..i-1]) for i = 1…; length ids.length - 1. */
  logProbabilities(ids: readonly number[]): Promise<Float32Array>;
}

export interface HeldOutOptions {
  heldOut: HeldOutText;
  tokenizer: EvaluationTokenizer;
  scorer: EvaluationScorer;
  endOfTextId: number;
  /** Most ids that the scorer takes at once. */
  windowTokens: number;
  /** How far a window moves, half of `windowTokens` by default; smaller gives more context and costs more. */
  strideTokens?: number;
  /** Stop after the first of these; the documents scored are the first ones in hash order. */
  budget?: { milliseconds?: number; bytes?: number; documents?: number };
  seed?: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

export interface DocumentScore {
  id: string;
  bytes: number;
  tokens: number;
  bits: number;
}

export interface HeldOutScore {
  documents: readonly DocumentScore[];
  documentsAvailable: number;
  bytes: number;
  tokens: number;
  bitsPerByte: Interval;
  windowTokens: number;
  strideTokens: number;
}

/** @throws HomegrownError `evaluation/lossy-tokenizer`, `evaluation/bad-window`, `evaluation/bad-score` */
export async function measureHeldOut(options: HeldOutOptions): Promise<HeldOutScore> {
  const { heldOut, windowTokens, budget = {}, signal, onProgress } = options;
  const strideTokens = options.strideTokens ?? Math.max(1, windowTokens >> 1);
  requireWindow(windowTokens, strideTokens);
  const started = performance.now();
  const documents: DocumentScore[] = [];
  let bytes = 0;
  for await (const document of heldOut.read()) {
    signal?.throwIfAborted();
    const score = await scoreDocument(document, { ...options, strideTokens });
    documents.push(score);
    bytes += score.bytes;
    onProgress?.({
      event: "evaluate-held-out",
      done: documents.length,
      total: heldOut.numDocuments,
      unit: "documents",
    });
    const spent = performance.now() - started;
    if (spent >= (budget.milliseconds ?? Infinity)) break;
    if (bytes >= (budget.bytes ?? Infinity) || documents.length >= (budget.documents ?? Infinity)) break;
  }
  return {
    documents,
    documentsAvailable: heldOut.numDocuments,
    bytes,
    tokens: documents.reduce((sum, { tokens }) => sum + tokens, 0),
    bitsPerByte: toBitsPerByte(documents, options.seed),
    windowTokens,
    strideTokens,
  };
}

/** Σ bits / Σ bytes with a BCa interval; documents are drawn whole. */
export function toBitsPerByte(documents: readonly DocumentScore[], seed = 1): Interval {
  const terms = documents.map(({ bits, bytes }) => ({ numerator: bits, denominator: bytes }));
  const interval = bootstrapRatioInterval(terms, { seed });
  return { ...interval, method: `${interval.method} documents, seed ${seed}` };
}

async function scoreDocument(
  document: { id: string; text: string },
  options: HeldOutOptions & { strideTokens: number },
): Promise<DocumentScore> {
  const { tokenizer, scorer, endOfTextId, windowTokens, strideTokens, signal } = options;
  const tokens = tokenizer.encode(document.text);
  const bytes = Buffer.byteLength(document.text);
  const spelled = tokens.reduce((sum, id) => sum + tokenizer.tokenBytes(id).length, 0);
  if (spelled !== bytes) throw lossy(document.id, spelled, bytes);
  const ids = [endOfTextId, ...tokens];
  let bits = 0;
  for (const { start, end, scoreFrom } of cutWindows(ids.length, windowTokens, strideTokens)) {
    signal?.throwIfAborted();
    const logProbabilities = await scorer.logProbabilities(ids.slice(start, end));
    if (logProbabilities.length !== end - start - 1) throw badScore(document.id, "a result of wrong length");
    for (let i = scoreFrom; i < end; i++) bits -= logProbabilities[i - start - 1]! / Math.LN2;
  }
  if (!Number.isFinite(bits)) throw badScore(document.id, `${bits} bits`);
  return { id: document.id, bytes, tokens: tokens.length, bits };
}

function requireWindow(windowTokens: number, strideTokens: number): void {
  const whole = Number.isInteger(windowTokens) && Number.isInteger(strideTokens);
  if (whole && windowTokens >= 2 && strideTokens >= 1 && strideTokens < windowTokens) return;
  throw new HomegrownError({
    code: "evaluation/bad-window",
    kind: "invalid-input",
    message: `windows of ${windowTokens} ids moved by ${strideTokens} leave ids unscored, expected 1 ≤ stride < window`,
    hint: "Use the model's context length as window and half of it as stride.",
  });
}

function lossy(id: string, spelled: number, bytes: number): HomegrownError {
  return new HomegrownError({
    code: "evaluation/lossy-tokenizer",
    kind: "invalid-input",
    message: `the tokens of held-out document '${id}' spell ${spelled} bytes, the text has ${bytes}`,
    hint: "Bits per byte need a byte-level tokenizer that loses nothing; use the one the dataset was made with.",
  });
}

function badScore(id: string, what: string): HomegrownError {
  return new HomegrownError({
    code: "evaluation/bad-score",
    kind: "internal",
    message: `the scorer gave ${what} for held-out document '${id}'`,
    hint: "The weights may hold NaN, or the ids lie outside the vocabulary: evaluate an earlier checkpoint.",
  });
}
