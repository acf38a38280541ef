// Everything that is known of a version before it may be promoted: held-out bits per byte beside
// baselines, checks, samples, speed, and parity between trainer and server, which starts from text.
import path from "node:path";
import type {
  DecoderConfig,
  Lineage,
  ParityResult,
  ProgressListener,
  ReportCard,
} from "@homegrown/contracts";
import type { Dataset } from "@homegrown/data";
import {
  TYPESCRIPT_PROMPTS,
  checkParity,
  checkTypeScript,
  evaluateVersion,
  readTrainingTexts,
  toTrainerSide,
  type ByteModel,
} from "@homegrown/evaluation";
import { countParameters, createScorer, type Scorer } from "@homegrown/models";
import { startModelHost, type ModelHost } from "@homegrown/serving";
import { CHATML_TEMPLATE, END_OF_TEXT, END_OF_TURN } from "@homegrown/tokenization";
import { chooseFixedPrompts, isTypeScript, type FixedPrompt } from "./fixed-prompts.ts";
import { chooseParityTexts, type ParityTexts } from "./parity-texts.ts";
import { listening } from "./listening.ts";

export interface MeasureOptions {
  version: string;
  /** Model folder with the GGUF files that `weights` names. */
  folder: string;
  weights: Lineage["weights"];
  config: DecoderConfig;
  parameters: ReadonlyMap<string, Float32Array>;
  text: Dataset;
  pairs: Dataset;
  training?: NonNullable<ReportCard["training"]>;
  /** Continued once each for the card. Default: the fixed prompts of the text's kind. */
  prompts?: readonly FixedPrompt[];
  /** Samples taken before, of earlier steps or of a baseline; shown first. */
  samples?: ReportCard["samples"];
  byteModel?: ByteModel;
  heldOutMilliseconds?: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** Serves each weight file once, compares it with the trainer, and returns the report card. */
export async function measureVersion(options: MeasureOptions): Promise<ReportCard> {
  const { config, parameters, text, weights } = options;
  const windowTokens = config.maxPositionEmbeddings;
  const parityTexts = await chooseParityTexts(text, options.pairs);
  const scorer = await createScorer(config, parameters, { maxSequenceLength: windowTokens, threads: 2 });
  const parity: ParityResult[] = [];
  let served: ModelHost | undefined;
  try {
    for (const { file, type } of weights) {
      const host = await startModelHost({
        ggufFile: path.join(options.folder, file),
        modelId: options.version,
      });
      served ??= host;
      try {
        parity.push(await compareWithTrainer(options, parityTexts, host, scorer, type));
      } finally {
        if (host !== served) await host.close();
      }
    }
    const host = served!;
    return await evaluateVersion({
      version: options.version,
      model: {
        architecture: config.architecture,
        numParameters: countParameters(config),
        vocabSize: config.vocabSize,
        weightType: weights[0]!.type,
      },
      tokenizer: text.tokenizer,
      scorer,
      endOfTextId: text.manifest.tokenizer.endOfTextId,
      heldOutFile: path.join(text.folder, text.manifest.heldOut.file),
      windowTokens,
      heldOutBudget: { milliseconds: options.heldOutMilliseconds ?? 20_000 },
      trainingTexts: () => readTrainingTexts(text.folder, text.manifest, text.tokenizer),
      ...(options.byteModel && { baselines: { byteModel: options.byteModel } }),
      generate: (request) => completeWith(host, request),
      prompts: options.prompts ?? (await chooseFixedPrompts(text)),
      checks: (await isTypeScript(text))
        ? [
            {
              name: "completions that parse as TypeScript",
              prompts: TYPESCRIPT_PROMPTS,
              accepts: checkTypeScript,
            },
          ]
        : [],
      samples: options.samples ?? [],
      ...(options.training && { training: options.training }),
      serving: await host.measure(),
      parity,
      ...listening(options),
    });
  } finally {
    await served?.close();
    await scorer.close();
  }
}

async function compareWithTrainer(
  options: MeasureOptions,
  texts: ParityTexts,
  host: ModelHost,
  scorer: Scorer,
  weightType: string,
): Promise<ParityResult> {
  const { tokenizer } = options.text;
  const endOfTextId = tokenizer.specialTokenId(END_OF_TEXT);
  const trainer = toTrainerSide({
    tokenizer,
    template: CHATML_TEMPLATE,
    scorer,
    stopIds: [endOfTextId, tokenizer.specialTokenId(END_OF_TURN)],
  });
  return checkParity({
    ...texts,
    trainer,
    server: host.inspection,
    weightType,
    maxIds: Math.min(256, options.config.maxPositionEmbeddings),
    ...listening(options),
  });
}

async function completeWith(
  host: ModelHost,
  request: { prompt: string; maxTokens: number; seed: number; temperature: number; signal?: AbortSignal },
): Promise<string> {
  let text = "";
  const parts = host.completion.complete({
    prompt: request.prompt,
    maxOutputTokens: request.maxTokens,
    seed: request.seed,
    temperature: request.temperature,
    ...(request.signal && { abortSignal: request.signal }),
  });
  for await (const part of parts) if (part.type === "text-delta") text += part.text;
  return text;
}
