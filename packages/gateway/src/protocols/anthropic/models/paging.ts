import type { ListedModel } from "@homegrown/contracts";
import { invalidRequest } from "../../openai/invalid-request.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1_000;

export interface ModelPage {
  models: readonly ListedModel[];
  hasMore: boolean;
}

/**
 * The page that `after_id`, `before_id` and `limit` ask for, newest models first. A cursor that names no model
 * (any more) begins at the list's own beginning. Throws `gateway/invalid-request`.
 */
export function pageOf(models: readonly ListedModel[], query: URLSearchParams): ModelPage {
  const limit = toLimit(query.get("limit"));
  const newestFirst = models.toSorted(
    (a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? -1 : 1),
  );
  const after = query.get("after_id");
  const before = query.get("before_id");
  if (before !== null && after === null) {
    const place = newestFirst.findIndex(({ id }) => id === before);
    const end = place < 0 ? newestFirst.length : place;
    return { models: newestFirst.slice(Math.max(0, end - limit), end), hasMore: end > limit };
  }
  const start = after === null ? 0 : newestFirst.findIndex(({ id }) => id === after) + 1;
  return {
    models: newestFirst.slice(start, start + limit),
    hasMore: newestFirst.length > start + limit,
  };
}

function toLimit(text: string | null): number {
  if (text === null) return DEFAULT_LIMIT;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw invalidRequest(
    "limit",
    "value",
    `limit: expected a number from 1 to ${MAX_LIMIT}.`,
    "Correct 'limit'.",
  );
}
