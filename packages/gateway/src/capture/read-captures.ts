// Captures as they are found again: by time, route, key, model and right.
import type { Rights } from "@homegrown/contracts";
import { fromRow } from "./capture-rows.ts";
import type { Capture, CaptureHead } from "./capture-rows.ts";
import type { CaptureDatabase } from "./tables.ts";

export interface CaptureFilter {
  /** From this time on. */
  from?: Date;
  /** Before this time. */
  to?: Date;
  alias?: string;
  keyId?: string;
  team?: string;
  /** `provider/model`. */
  target?: string;
  /** Answered by models of this organisation, or by rented ones. */
  own?: boolean;
  /** Those that may be used for it. */
  right?: Extract<Rights, "evaluate" | "train">;
  /** Answers that no client saw. Default: excluded. */
  mirrors?: "excluded" | "included" | "only";
}

export interface CapturePosition {
  at: Date;
  id: string;
}

export interface ListedCapture extends CaptureHead {
  masked: Readonly<Record<string, number>>;
}

const HEAD = [
  "id",
  "request_id",
  "at",
  "key_id",
  "team",
  "alias",
  "dialect",
  "target",
  "version",
  "own",
  "right",
  "override_by",
  "override_reason",
  "mirror_of",
  "answer_id",
  "masked",
] as const;

/** Oldest first, without content; go on with the last one as `after`. */
export async function listCaptures(
  database: Pick<CaptureDatabase, "queries">,
  filter: CaptureFilter & { after?: CapturePosition; limit?: number } = {},
): Promise<ListedCapture[]> {
  const rows = await select(database, filter, filter.after)
    .select(HEAD)
    .limit(filter.limit ?? 100)
    .execute();
  return rows.map((row) => {
    const { request: _request, answer: _answer, ...head } = fromRow({ ...row, request: "", answer: "" });
    return head;
  });
}

export async function readCapture(
  database: Pick<CaptureDatabase, "queries">,
  id: string,
): Promise<Capture | undefined> {
  const row = await database.queries
    .selectFrom("captures")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  return row && fromRow(row);
}

/** Oldest first, so many at a time: each may hold megabytes. */
export async function* readPages(
  database: Pick<CaptureDatabase, "queries">,
  filter: CaptureFilter,
  numAtOnce: number,
): AsyncGenerator<Capture[], void, undefined> {
  let after: CapturePosition | undefined;
  for (;;) {
    const rows = await select(database, filter, after).selectAll().limit(numAtOnce).execute();
    const captures = rows.map(fromRow);
    if (captures.length > 0) yield captures;
    if (captures.length < numAtOnce) return;
    after = captures.at(-1);
  }
}

function select(
  { queries }: Pick<CaptureDatabase, "queries">,
  filter: CaptureFilter,
  after: CapturePosition | undefined,
) {
  const { from, to, alias, keyId, team, target, own, right, mirrors = "excluded" } = filter;
  let query = queries.selectFrom("captures").orderBy("at").orderBy("id");
  if (from !== undefined) query = query.where("at", ">=", from.getTime());
  if (to !== undefined) query = query.where("at", "<", to.getTime());
  if (alias !== undefined) query = query.where("alias", "=", alias);
  if (keyId !== undefined) query = query.where("key_id", "=", keyId);
  if (team !== undefined) query = query.where("team", "=", team);
  if (target !== undefined) query = query.where("target", "=", target);
  if (own !== undefined) query = query.where("own", "=", own ? 1 : 0);
  if (right === "train") query = query.where("right", "=", "train");
  if (mirrors === "excluded") query = query.where("mirror_of", "is", null);
  if (mirrors === "only") query = query.where("mirror_of", "is not", null);
  if (after === undefined) return query;
  const at = after.at.getTime();
  return query.where((is) =>
    is.or([is("at", ">", at), is.and([is("at", "=", at), is("id", ">", after.id)])]),
  );
}
