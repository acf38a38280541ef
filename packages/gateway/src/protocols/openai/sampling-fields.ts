// Fields that both of OpenAI's text endpoints have, with OpenAI's ranges. `null` means "not given".
import { z } from "zod";

const MAX_CHOICES = 128;

export const stopSchema = z
  .union([z.string().min(1), z.array(z.string().min(1)).max(4)], {
    error: "expected a string or up to 4 strings, none of them empty",
  })
  .nullish();

export const samplingFields = {
  model: z.string().min(1).max(256),
  stream: z.boolean().nullish(),
  stream_options: z
    .looseObject({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
    .nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z
    .record(z.string().regex(/^\d{1,9}$/, "keys must be token ids"), z.number().min(-100).max(100))
    .nullish(),
  // OpenAI takes 64 bits, of which JSON carries 53 exactly.
  seed: z.number().refine(Number.isInteger, "expected an integer").nullish(),
  stop: stopSchema,
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  user: z.string().nullish(),
} as const;

export const tokenLimit = z.int().min(1).nullish();

export function toStopSequences(stop: string | readonly string[] | null | undefined): string[] | undefined {
  if (stop === null || stop === undefined || stop.length === 0) return undefined;
  return typeof stop === "string" ? [stop] : [...stop];
}

/** The given object without what is undefined or null: ports tell "absent" from "undefined". */
export function compact<T extends object>(fields: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) kept[key] = value;
  }
  return kept as { [Key in keyof T]?: NonNullable<T[Key]> };
}
