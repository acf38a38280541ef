import type { z } from "zod";
import { invalidRequest } from "../openai/invalid-request.ts";

/**
 * A body against its schema. Fields that the schema does not know stay as they are. Throws
 * `gateway/invalid-request` naming the field, never quoting its value.
 */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const param = issue.path.map(String).join(".");
  if (valueAt(body, issue.path) === undefined) throw missingField(param);
  throw invalidRequest(
    param,
    issue.code.startsWith("invalid_type") ? "type" : "value",
    `${param || "body"}: ${issue.message}.`,
    param === "" ? "Send a JSON object." : `Correct '${param}'.`,
  );
}

export function missingField(param: string): Error {
  return invalidRequest(param, "missing", `${param}: Field required.`, `Give '${param}'.`);
}

export function wrongField(param: string, expected: string): Error {
  return invalidRequest(param, "type", `${param}: expected ${expected}.`, `Correct '${param}'.`);
}

/** What Anthropic understands and no port can say. */
export function inexpressible(param: string, what: string): Error {
  return invalidRequest(
    param,
    "unsupported",
    `${param}: ${what} cannot be translated for the model behind this name.`,
    `Leave it out, or use a model that is served by an Anthropic-compatible provider.`,
  );
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
