import { parseJsonBody } from "../../server/json-body.ts";
import type { JsonBody } from "../../server/json-body.ts";

/** Deeper than any server lets a body in: a hook may have wrapped what a client sent. */
const MAX_DEPTH = 1_000;

/** A value, which a hook made of a client's body, as if the client had sent it. */
export function toJsonBody(value: unknown): JsonBody {
  return parseJsonBody(Buffer.from(JSON.stringify(value) ?? "null"), MAX_DEPTH);
}
