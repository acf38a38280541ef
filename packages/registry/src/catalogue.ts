// The registry's rows: which versions count and where the aliases point. Every change is one transaction.
import { HomegrownError } from "@homegrown/contracts";
import type { Database, Kysely, Transaction } from "@homegrown/storage";
import { applyMoves } from "./alias-moves.ts";
import type { AliasMove, AliasState } from "./alias-moves.ts";
import { ALIASES, toReference, toVersion } from "./references.ts";
import type { Alias, Reference } from "./references.ts";
import type { RegistryTables } from "./tables.ts";

export type VersionRow = RegistryTables["registry_versions"];

export interface AliasChange {
  name: string;
  action: "promote" | "rollback";
  reason: string;
  note?: string | undefined;
  actor: string;
}

/** One move of one alias, as it is kept for ever. */
export interface AliasHistoryEntry {
  id: number;
  name: string;
  alias: string;
  from: string | null;
  to: string | null;
  action: "promote" | "rollback";
  reason: string;
  note: string | null;
  actor: string;
  at: string;
}

export class Catalogue {
  #queries: Kysely<RegistryTables>;

  constructor(database: Database<RegistryTables>) {
    this.#queries = database.queries;
  }

  /** Recording what is recorded already changes nothing: two processes may adopt one folder at once. */
  async addVersion(row: VersionRow): Promise<void> {
    await this.#queries
      .insertInto("registry_versions")
      .values(row)
      .onConflict((conflict) => conflict.columns(["name", "number"]).doNothing())
      .execute();
  }

  async versions(name?: string): Promise<VersionRow[]> {
    const query = this.#queries.selectFrom("registry_versions").selectAll().orderBy("name").orderBy("number");
    return (name === undefined ? query : query.where("name", "=", name)).execute();
  }

  async version(name: string, number: number): Promise<VersionRow> {
    const rows = await this.versions(name);
    const found = rows.find((row) => row.number === number);
    if (found) return found;
    if (rows.length === 0) throw unknownModel(name, await this.#names());
    throw new HomegrownError({
      code: "registry/unknown-version",
      kind: "not-found",
      message: `there is no ${toReference(name, number)}; versions are ${rows.map((row) => toVersion(row.number)).join(", ")}`,
      hint: "Choose one of these; `homegrown models list` shows all.",
      details: { name, number },
    });
  }

  /** The row that a reference means now. */
  async lookUp(reference: Reference): Promise<VersionRow> {
    if (reference.number !== undefined) return this.version(reference.name, reference.number);
    const { name, alias } = reference;
    const number = (await this.aliases(name))[alias];
    if (number !== undefined) return this.version(name, number);
    const rows = await this.versions(name);
    const last = rows.at(-1);
    if (!last) throw unknownModel(name, await this.#names());
    throw new HomegrownError({
      code: "registry/no-such-alias",
      kind: "not-found",
      message: `${name} has no ${alias}`,
      hint: `Name a version, for example ${toReference(name, last.number)}, or promote one.`,
      details: { name, alias },
    });
  }

  async aliases(name: string): Promise<AliasState> {
    return readAliases(this.#queries, name);
  }

  /**
   * Reads the aliases of `name`, lets `plan` say what moves, and applies it with its history, all in one
   * transaction; another process sees all of it or nothing. Returns the moves and the state after them.
   */
  async moveAliases(
    change: AliasChange,
    plan: (state: AliasState) => AliasMove[],
  ): Promise<{ moves: AliasMove[]; state: AliasState }> {
    return this.#queries.transaction().execute(async (tx) => {
      const before = await readAliases(tx, change.name);
      const moves = plan(before);
      for (const move of moves) await applyMove(tx, change, move);
      return { moves, state: applyMoves(before, moves) };
    });
  }

  async history(name: string): Promise<AliasHistoryEntry[]> {
    const rows = await this.#queries
      .selectFrom("registry_alias_history")
      .selectAll()
      .where("name", "=", name)
      .orderBy("id")
      .execute();
    return rows.map(({ from_number, to_number, ...row }) => ({
      ...row,
      from: from_number === null ? null : toVersion(from_number),
      to: to_number === null ? null : toVersion(to_number),
    }));
  }

  async aliasRevision(): Promise<number> {
    const row = await this.#queries
      .selectFrom("registry_alias_history")
      .select(({ fn }) => fn.max("id").as("revision"))
      .executeTakeFirst();
    return Number(row?.revision ?? 0);
  }

  async #names(): Promise<string[]> {
    return [...new Set((await this.versions()).map((row) => row.name))];
  }
}

async function readAliases(queries: Kysely<RegistryTables>, name: string): Promise<AliasState> {
  const rows = await queries
    .selectFrom("registry_aliases")
    .select(["alias", "number"])
    .where("name", "=", name)
    .execute();
  const state: Partial<Record<Alias, number>> = {};
  for (const { alias, number } of rows) {
    const known = ALIASES.find((candidate) => candidate === alias);
    if (known) state[known] = number;
  }
  return state;
}

async function applyMove(
  tx: Transaction<RegistryTables>,
  change: AliasChange,
  { alias, from, to }: AliasMove,
): Promise<void> {
  const { name } = change;
  if (to === null) {
    await tx.deleteFrom("registry_aliases").where("name", "=", name).where("alias", "=", alias).execute();
  } else {
    await tx
      .insertInto("registry_aliases")
      .values({ name, alias, number: to })
      .onConflict((conflict) => conflict.columns(["name", "alias"]).doUpdateSet({ number: to }))
      .execute();
  }
  await tx
    .insertInto("registry_alias_history")
    .values({
      name,
      alias,
      from_number: from,
      to_number: to,
      action: change.action,
      reason: change.reason,
      note: change.note ?? null,
      actor: change.actor,
      at: new Date().toISOString(),
    })
    .execute();
}

function unknownModel(name: string, known: readonly string[]): HomegrownError {
  return new HomegrownError({
    code: "registry/unknown-model",
    kind: "not-found",
    message: `there is no model '${name}'; ${known.length > 0 ? `models are ${known.join(", ")}` : "the registry is empty"}`,
    hint: "Train one with `homegrown up`, or bring one with `homegrown models import`.",
    details: { name },
  });
}
