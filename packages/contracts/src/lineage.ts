import { z } from "zod";
import { rightsSchema } from "./rights.ts";

/**
 * `homegrown.json`: where a model folder came from. Written when the version is made, signed with the
 * rest of the folder, never changed.
 */
export const lineageSchema = z
  .object({
    schemaVersion: z.literal(1),
    name: z.string(),
    createdAt: z.string(),
    origin: z.discriminatedUnion("kind", [
      z
        .object({
          kind: z.literal("trained"),
          /** Run ids, oldest first: the pretraining, then what tuned it. */
          runs: z.array(z.object({ id: z.string(), kind: z.string(), manifestSha256: z.string() }).strict()),
          datasets: z.array(
            z
              .object({
                name: z.string(),
                manifestSha256: z.string(),
                bytes: z.number(),
                rights: rightsSchema,
              })
              .strict(),
          ),
          code: z.object({ commit: z.string(), dirty: z.boolean() }).strict(),
        })
        .strict(),
      z
        .object({
          kind: z.literal("imported"),
          source: z.string(),
          license: z.string(),
          sha256: z.string(),
          bytes: z.number(),
        })
        .strict(),
    ]),
    parent: z.string().nullable(),
    licenses: z.array(z.object({ license: z.string(), bytes: z.number() }).strict()),
    /** Files a server may load, relative to the folder, by weight type. */
    weights: z.array(z.object({ file: z.string(), type: z.string() }).strict()),
  })
  .strict();

export type Lineage = z.infer<typeof lineageSchema>;
