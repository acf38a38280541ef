// One version's report card: every measure with its data and spread, in the order in which they are made.
import { availableParallelism, cpus, totalmem } from "node:os";
import {
  reportCardSchema,
  type ParityResult,
  type ProgressListener,
  type ReportCard,
} from "@homegrown/contracts";
import { measureBaselines, type BaselineOptions } from "../baselines/measure-baselines.ts";
import type { Generate } from "../checks/generate.ts";
import { shareOfPassing, type Completion } from "../checks/share.ts";
import { openHeldOut } from "../held-out/documents.ts";
import {
  measureHeldOut,
  type EvaluationScorer,
  type EvaluationTokenizer,
  type HeldOutOptions,
} from "../held-out/bits-per-byte.ts";

/** A check that many completions pass or fail. */
export interface CompletionCheck {
  name: string;
  /** Taken in turn, each time with another seed, until there are `numCompletions`. */
  prompts: readonly string[];
  /** 64 by default. */
  numCompletions?: number;
  /** 96 by default. */
  maxTokens?: number;
  /** 0.7 by default. */
  temperature?: number;
  accepts: (completion: string, prompt: string) => boolean;
}

export interface EvaluationInput {
  version: string;
  model: ReportCard["model"];
  tokenizer: EvaluationTokenizer;
  scorer: EvaluationScorer;
  endOfTextId: number;
  /** The dataset's held-out JSONL. */
  heldOutFile: string;
  windowTokens: number;
  strideTokens?: number;
  /** Bounds the held-out measure; the card says how many documents were scored of how many. */
  heldOutBudget?: NonNullable<HeldOutOptions["budget"]>;
  /** For the primed baselines: see `readTrainingTexts`. */
  trainingTexts?: () => AsyncIterable<string>;
  baselines?: Pick<BaselineOptions, "byteModel" | "maxPrimingBytes" | "order" | "thorough">;
  /** Needed for `prompts` and `checks`. */
  generate?: Generate;
  /** Continued once each by the version, with seed and temperature 0. */
  prompts?: readonly { prompt: string; truth?: string; maxTokens?: number }[];
  checks?: readonly CompletionCheck[];
  /** Samples that exist already: of earlier steps, or of a baseline. They come first. */
  samples?: ReportCard["samples"];
  training?: NonNullable<ReportCard["training"]>;
  serving?: NonNullable<ReportCard["serving"]>;
  parity?: readonly ParityResult[];
  seed?: number;
  now?: Date;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** @returns a card that its schema has checked */
export async function evaluateVersion(input: EvaluationInput): Promise<ReportCard> {
  const { seed = 1, now = new Date() } = input;
  const listening = {
    ...(input.signal && { signal: input.signal }),
    ...(input.onProgress && { onProgress: input.onProgress }),
  };
  const heldOut = await openHeldOut(input.heldOutFile);
  const score = await measureHeldOut({
    ...listening,
    heldOut,
    tokenizer: input.tokenizer,
    scorer: input.scorer,
    endOfTextId: input.endOfTextId,
    windowTokens: input.windowTokens,
    ...(input.strideTokens !== undefined && { strideTokens: input.strideTokens }),
    ...(input.heldOutBudget && { budget: input.heldOutBudget }),
    seed,
  });
  const baselines = await measureBaselines({
    ...listening,
    ...input.baselines,
    ...(input.trainingTexts && { trainingTexts: input.trainingTexts }),
    heldOut,
    numDocuments: score.documents.length,
  });
  return reportCardSchema.parse({
    schemaVersion: 1,
    version: input.version,
    createdAt: now.toISOString(),
    machine: describeMachine(),
    model: input.model,
    heldOut: {
      documents: score.documents.length,
      documentsAvailable: score.documentsAvailable,
      bytes: score.bytes,
      tokens: score.tokens,
      windows: { windowTokens: score.windowTokens, strideTokens: score.strideTokens },
      bitsPerByte: score.bitsPerByte,
      baselines,
    },
    checks: await runChecks(input, seed),
    samples: [...(input.samples ?? []), ...(await makeSamples(input))],
    ...(input.training && { training: input.training }),
    ...(input.serving && { serving: input.serving }),
    parity: [...(input.parity ?? [])],
  } satisfies ReportCard);
}

async function makeSamples(input: EvaluationInput): Promise<ReportCard["samples"]> {
  const { generate, prompts = [], version } = input;
  const samples: ReportCard["samples"] = [];
  if (!generate) return samples;
  for (const { prompt, truth, maxTokens = 96 } of prompts) {
    const completion = await generate({
      prompt,
      maxTokens,
      seed: 0,
      temperature: 0,
      ...(input.signal && { signal: input.signal }),
    });
    samples.push({ prompt, completion, source: version, ...(truth !== undefined && { truth }) });
  }
  return samples;
}

async function runChecks(input: EvaluationInput, seed: number): Promise<ReportCard["checks"]> {
  const results: ReportCard["checks"] = [];
  if (!input.generate) return results;
  for (const check of input.checks ?? []) {
    const { name, prompts, numCompletions = 64, maxTokens = 96, temperature = 0.7, accepts } = check;
    const completions: Completion[] = [];
    for (let i = 0; i < numCompletions; i++) {
      input.signal?.throwIfAborted();
      const prompt = prompts[i % prompts.length]!;
      const completion = await input.generate({
        prompt,
        maxTokens,
        seed: seed + i,
        temperature,
        ...(input.signal && { signal: input.signal }),
      });
      completions.push({ prompt, completion });
      input.onProgress?.({
        event: "evaluate-check",
        done: i + 1,
        total: numCompletions,
        unit: "completions",
      });
    }
    results.push(shareOfPassing(name, completions, accepts));
  }
  return results;
}

function describeMachine(): ReportCard["machine"] {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
  };
}
