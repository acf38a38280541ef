import type { z } from "zod";
import { invalidRequest } from "./invalid-request.ts";

/**
 * A body against its schema. Fields that the schema does not know stay as they are. Throws
 * `gateway/invalid-request` naming the field, never quoting its value.
 */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const param = toParam(issue.path);
  const value = valueAt(body, issue.path);
  throw invalidRequest(
    param,
    value === undefined ? "missing" : issue.code.startsWith("invalid_type") ? "type" : "value",
    value === undefined
      ? `The required parameter '${param}' is missing.`
      : `The parameter '${param || "body"}' is not valid: ${issue.message}.`,
    param === "" ? "Send a JSON object." : `Correct '${param}'.`,
  );
}

/** OpenAI writes `messages[0].content`. */
function toParam(path: readonly PropertyKey[]): string {
  return path
    .map((key, depth) => (typeof key === "number" ? `[${key}]` : `${depth === 0 ? "" : "."}${String(key)}`))
    .join("");
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
