// What can be set of a key, and its form as columns.
import { HomegrownError, rightsSchema } from "@homegrown/contracts";
import type { Rights } from "@homegrown/contracts";
import { z } from "zod";
import { ENDPOINTS } from "../core/dialect.ts";
import type { Endpoint } from "../core/dialect.ts";
import type { KeyLimits } from "../core/key.ts";
import type { GatewayTables } from "../state/tables.ts";

/** Null lifts a restriction. */
export interface KeySettings {
  name?: string;
  team?: string | null;
  tags?: readonly string[];
  aliases?: readonly string[] | null;
  endpoints?: readonly Endpoint[] | null;
  limits?: KeyLimits;
  rights?: Rights;
  mayStoreResponses?: boolean;
  expiresAt?: Date | null;
}

const nameSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{C}]*$/u, "no control characters");
const limitSchema = z.int().min(1).max(1_000_000_000);
const settingsSchema = z.strictObject({
  name: nameSchema.optional(),
  team: nameSchema.nullish(),
  tags: z.array(nameSchema).max(50).optional(),
  aliases: z.array(nameSchema).min(1).max(500).nullish(),
  endpoints: z.array(z.enum(ENDPOINTS)).min(1).nullish(),
  limits: z
    .strictObject({
      requestsPerMinute: limitSchema.optional(),
      tokensPerMinute: limitSchema.optional(),
      concurrentStreams: limitSchema.optional(),
    })
    .optional(),
  rights: rightsSchema.optional(),
  mayStoreResponses: z.boolean().optional(),
  expiresAt: z.date().nullish(),
});

export type KeyColumns = Partial<
  Omit<GatewayTables["gateway_keys"], "id" | "created_at" | "revoked_at" | "revision">
>;

/** Throws `gateway/invalid-key-settings`. */
export function toKeyColumns(settings: KeySettings): KeyColumns {
  const parsed = settingsSchema.safeParse(settings);
  if (!parsed.success) throw invalidSettingsError(parsed.error);
  const { name, team, tags, aliases, endpoints, limits, rights, mayStoreResponses, expiresAt } = parsed.data;
  return {
    ...(name !== undefined && { name }),
    ...(team !== undefined && { team }),
    ...(tags !== undefined && { tags: JSON.stringify(tags) }),
    ...(aliases !== undefined && { aliases: aliases && JSON.stringify(aliases) }),
    ...(endpoints !== undefined && { endpoints: endpoints && JSON.stringify(endpoints) }),
    ...(limits !== undefined && {
      requests_per_minute: limits.requestsPerMinute ?? null,
      tokens_per_minute: limits.tokensPerMinute ?? null,
      concurrent_streams: limits.concurrentStreams ?? null,
    }),
    ...(rights !== undefined && { rights }),
    ...(mayStoreResponses !== undefined && { may_store_responses: mayStoreResponses ? 1 : 0 }),
    ...(expiresAt !== undefined && { expires_at: expiresAt && expiresAt.getTime() }),
  };
}

function invalidSettingsError(error: z.ZodError): HomegrownError {
  const [issue] = error.issues;
  return new HomegrownError({
    code: "gateway/invalid-key-settings",
    kind: "invalid-input",
    message: `the key's settings are not valid: ${issue?.path.join(".") || "settings"}: ${issue?.message ?? ""}`,
    hint: "Correct the setting that the message names.",
  });
}
