import type { Dialect } from "../core/dialect.ts";
import type { Key } from "../core/key.ts";
import type { RequestNeeds } from "../core/model-request.ts";

/** What routing needs to know of a request. */
export interface RouteQuestion {
  alias: string;
  key: Pick<Key, "id" | "name" | "team" | "tags">;
  needs: RequestNeeds;
  dialect: Dialect;
  stream: boolean;
  /** An upper bound, see `core/bounds.ts`. */
  maxInputTokens: number;
  maxOutputTokens: number | undefined;
  /** Equal for the requests of one conversation. */
  conversation(): string | undefined;
}
