import { z } from "zod";

const interval = z
  .object({
    value: z.number(),
    low: z.number(),
    high: z.number(),
    confidence: z.number(),
    method: z.string(),
  })
  .strict();

/** How many held-out texts a parity check compares where there are as many. */
export const PARITY_SAMPLE = { passages: 64, conversations: 16 } as const;

const paritySchema = z
  .object({
    weightType: z.string(),
    cacheType: z.string(),
    passages: z.int(),
    conversations: z.int(),
    tokensCompared: z.int(),
    renderedBytesEqual: z.boolean(),
    idsEqual: z.boolean(),
    stopIdsEqual: z.boolean(),
    meanLogProbabilityDifference: z.number(),
    maxLogProbabilityDifference: z.number(),
    bound: z.object({ mean: z.number(), max: z.number() }).strict(),
    passed: z.boolean(),
    failures: z.array(z.string()),
  })
  .strict();

/** What is known about one version, as numbers with their data and spread. Rendered to Markdown and HTML. */
export const reportCardSchema = z
  .object({
    schemaVersion: z.literal(1),
    version: z.string(),
    createdAt: z.string(),
    machine: z
      .object({ processor: z.string(), cores: z.int(), memoryBytes: z.number(), node: z.string() })
      .strict(),
    model: z
      .object({
        architecture: z.string(),
        numParameters: z.int(),
        vocabSize: z.int(),
        weightType: z.string(),
      })
      .strict(),
    heldOut: z
      .object({
        documents: z.int(),
        /** Held-out documents that exist; more than `documents` when a time or size bound chose a subset. */
        documentsAvailable: z.int().optional(),
        bytes: z.int(),
        tokens: z.int(),
        /** How documents longer than the model's window were cut: each token is scored once. */
        windows: z.object({ windowTokens: z.int(), strideTokens: z.int() }).strict().optional(),
        bitsPerByte: interval,
        /** Each on exactly the same bytes; `primed` says whether it has seen the training text. */
        baselines: z.array(
          z
            .object({ name: z.string(), bitsPerByte: z.number(), primed: z.boolean(), note: z.string() })
            .strict(),
        ),
      })
      .strict(),
    /** Shares of samples that pass an automatic check, for example "parses as TypeScript". */
    checks: z.array(
      z.object({ name: z.string(), passed: z.int(), total: z.int(), share: interval }).strict(),
    ),
    samples: z.array(
      z
        .object({
          prompt: z.string(),
          completion: z.string(),
          truth: z.string().optional(),
          source: z.string(),
        })
        .strict(),
    ),
    training: z
      .object({
        run: z.string(),
        steps: z.int(),
        tokens: z.number(),
        seconds: z.number(),
        tokensPerSecond: z.number(),
        flops: z.number(),
        peakMemoryBytes: z.number(),
        /** [step, training loss] and [step, held-out loss], nats per token. */
        lossCurve: z.array(z.tuple([z.number(), z.number()])),
        heldOutCurve: z.array(z.tuple([z.number(), z.number()])),
      })
      .strict()
      .optional(),
    serving: z
      .object({
        promptTokensPerSecond: z.number(),
        decodeTokensPerSecond: z.number(),
        peakMemoryBytes: z.number(),
      })
      .strict()
      .optional(),
    parity: z.array(paritySchema),
  })
  .strict();

export type ReportCard = z.infer<typeof reportCardSchema>;
export type ParityResult = z.infer<typeof paritySchema>;
export type Interval = z.infer<typeof interval>;
