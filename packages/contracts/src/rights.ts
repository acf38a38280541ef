import { z } from "zod";

/** What a record may be used for, from least to most. Each level includes those before it. */
export const RIGHTS = ["none", "metrics", "evaluate", "train"] as const;
export const rightsSchema: z.ZodEnum<{
  none: "none";
  metrics: "metrics";
  evaluate: "evaluate";
  train: "train";
}> = z.enum(RIGHTS);
export type Rights = (typeof RIGHTS)[number];

/** The smaller of two rights: an owner's consent and an origin's terms both bind. */
export function minRights(a: Rights, b: Rights): Rights {
  return RIGHTS.indexOf(a) <= RIGHTS.indexOf(b) ? a : b;
}

export function permits(granted: Rights, needed: Rights): boolean {
  return RIGHTS.indexOf(granted) >= RIGHTS.indexOf(needed);
}
