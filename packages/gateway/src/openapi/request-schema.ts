import { z } from "zod";
import type { FieldTable } from "../protocols/openai/field-table.ts";

export type JsonSchema = Record<string, unknown>;

/**
 * A front's own schema as JSON Schema 2020-12, from the client's side. Each field says what becomes of it where
 * the target speaks another protocol; those that only pass through are listed too.
 */
export function toRequestSchema(schema: z.ZodType, fields: FieldTable | undefined): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: "draft-2020-12",
    io: "input",
    // A check that is code says nothing here: the place takes any value.
    unrepresentable: "any",
  }) as JsonSchema;
  if (fields === undefined) return json;
  const properties = { ...(json["properties"] as Record<string, JsonSchema>) };
  for (const [name, { fate, note }] of Object.entries(fields)) {
    properties[name] = { ...properties[name], description: `${FATES[fate]}: ${note}.` };
  }
  return { ...json, properties };
}

const FATES = {
  expressed: "For every model",
  used: "Used by the gateway",
  dropped: "Left out for models behind another protocol, and named in x-homegrown-dropped",
  refused: "Refused for models behind another protocol",
} as const;
