import { z } from "zod";
import { rightsSchema } from "./rights.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

/** One reason why a step dropped documents. */
const dropSchema = z.object({ reason: z.string(), documents: count, bytes: count }).strict();

/** One step of preparation: what came in, what left, and why the rest did not. */
const stepSchema = z
  .object({
    name: z.string(),
    documentsIn: count,
    bytesIn: count,
    documentsOut: count,
    bytesOut: count,
    dropped: z.array(dropSchema),
  })
  .strict();

/** A packed file of token ids: little-endian u16 (vocabulary up to 65,536) or u32. */
const shardSchema = z
  .object({
    file: z.string(),
    sha256,
    numTokens: count,
    /** For `pairs`: parallel file of u8, 1 where the token counts in the loss. */
    maskFile: z.string().optional(),
    maskSha256: sha256.optional(),
  })
  .strict();

const splitSchema = z
  .object({
    documents: count,
    bytes: count,
    numTokens: count,
    shards: z.array(shardSchema),
    /** JSONL, one line per document in token order: {"id","source","kind","bytes","numTokens"}. */
    index: z.object({ file: z.string(), sha256 }).strict(),
  })
  .strict();

/** Where the text came from, aggregated by package (or top folder) and its licence. */
const sourceSchema = z
  .object({
    name: z.string(),
    version: z.string().optional(),
    license: z.string(),
    rights: rightsSchema,
    files: count,
    bytes: count,
  })
  .strict();

/**
 * What a training run may read. `documents` packs whole documents end to end, each followed by the
 * end-of-text id; `pairs` packs rendered conversations, one per row of `sequenceLength` + 1 ids.
 * All files lie in the manifest's own folder; the tokenizer too.
 */
export const datasetManifestSchema = z
  .object({
    schemaVersion: z.literal(1),
    name: z.string(),
    /** Fingerprint of what it was made from and how: tells a repeated build from another of the same name. */
    key: z.string().optional(),
    createdAt: z.string(),
    packing: z.enum(["documents", "pairs"]),
    tokenizer: z.object({ file: z.string(), sha256, vocabSize: count, endOfTextId: count }).strict(),
    tokenBytes: z.union([z.literal(2), z.literal(4)]),
    /** Only for `pairs`: ids per row, the row's one extra target id included. */
    rowTokens: count.optional(),
    steps: z.array(stepSchema),
    heldOut: z
      .object({
        /**
         * The documents of the lowest content hashes, salted with `salt`, are held out until they make up
         * `fraction` of the bytes; one larger than an eighth of that never is.
         */
        fraction: z.number().min(0).max(1),
        salt: z.string(),
        /** Held-out documents whose text shares a long span with a training document: dropped, and counted. */
        leakage: z.object({ checked: count, leaked: count }).strict(),
        /** Plain UTF-8 JSONL ({"id","text"}) of the held-out documents, for evaluation. */
        file: z.string(),
        sha256,
      })
      .strict(),
    splits: z.object({ train: splitSchema, heldOut: splitSchema }).strict(),
    sources: z.array(sourceSchema),
    rights: rightsSchema,
  })
  .strict();

export type DatasetManifest = z.infer<typeof datasetManifestSchema>;
export type DatasetStep = z.infer<typeof stepSchema>;
export type DatasetSource = z.infer<typeof sourceSchema>;
export type DatasetShard = z.infer<typeof shardSchema>;
