import { z } from "zod";
import { decoderConfigSchema } from "./model-config.ts";

const count = z.int().nonnegative();
const positive = z.number().positive();

/** Becomes a folder's name. */
export const runIdSchema: z.ZodString = z.string().regex(/^[a-z0-9][a-z0-9-]{0,79}$/);

/** A file of the run, named relative to HOMEGROWN_HOME, pinned by content. */
const pathInsideHome = z.string().refine((path) => !/^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)/.test(path), {
  error: "must be a path inside the home",
});
const pinnedFileSchema = z
  .object({ path: pathInsideHome, sha256: z.string().regex(/^[0-9a-f]{64}$/) })
  .strict();

const optimizerSchema = z
  .object({
    /** `muon`: Muon for the matrices inside the layers, AdamW for embeddings, head and norms. */
    kind: z.enum(["adamw", "muon"]),
    /** AdamW's peak learning rate; for `muon` that of the parameters Muon does not move. */
    learningRate: positive,
    /** Muon's peak learning rate. */
    matrixLearningRate: positive.optional(),
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    epsilon: positive,
    weightDecay: z.number().nonnegative(),
    momentum: z.number().min(0).lt(1).optional(),
  })
  .strict();

/** Warm-up, stable, decay: linear up over `warmupSteps`, flat, linear to `finalFraction` over `decaySteps`. */
const scheduleSchema = z
  .object({ warmupSteps: count, decaySteps: count, finalFraction: z.number().min(0).max(1) })
  .strict();

/**
 * Everything that decides a run's numbers. Two runs with equal manifests on one machine end in equal
 * bytes; the manifest is written once, before the first step, and never changed.
 */
export const runManifestSchema = z
  .object({
    schemaVersion: z.literal(1),
    id: runIdSchema,
    kind: z.enum(["pretrain", "sft"]),
    createdAt: z.string(),
    seed: z.int().min(0).max(0xffff_ffff),
    numWorkers: z.int().min(1).max(64),
    model: decoderConfigSchema,
    dataset: pinnedFileSchema,
    /** Folder (Hugging Face layout) whose weights the run starts from; absent: random initialisation. */
    initialModel: z
      .object({ path: pathInsideHome, weightsSha256: z.string(), version: z.string().optional() })
      .strict()
      .optional(),
    batch: z
      .object({
        sequenceLength: z.int().min(2),
        /** Sequences per optimizer step over all workers and micro-batches. */
        sequencesPerStep: z.int().min(1),
        /** Sequences that one worker holds at once. */
        microBatchSequences: z.int().min(1),
      })
      .strict(),
    totalSteps: z.int().min(1),
    optimizer: optimizerSchema,
    schedule: scheduleSchema,
    clipNorm: positive,
    checkpoints: z.object({ everySteps: z.int().min(1), keepLast: z.int().min(1) }).strict(),
    evaluation: z.object({ everySteps: z.int().min(1), numSequences: count }).strict(),
    /** How `totalSteps` came about: measured once, before the run, and stored here. */
    budget: z.object({ minutes: positive, measuredTokensPerSecond: positive }).strict().optional(),
    spikes: z.object({ lossFactor: positive, maxRecoveries: count }).strict(),
    code: z.object({ commit: z.string(), dirty: z.boolean() }).strict(),
  })
  .strict();

export type RunManifest = z.infer<typeof runManifestSchema>;
