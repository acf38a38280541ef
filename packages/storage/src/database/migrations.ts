// Schema changes, forwards only. Each package owns its tables and their migrations; the database remembers
// which of whose were applied.
import { sql } from "kysely";
import type { Kysely, Transaction } from "kysely";
import { HomegrownError } from "@homegrown/contracts";
import { SCHEMA_WORDS } from "./schema-words.ts";
import type { Engine, SchemaWords } from "./schema-words.ts";

export interface Migration {
  /** What it does, for example `create-versions`. Never changed once released; neither is `up`. */
  name: string;
  /**
   * Runs inside one transaction with the note that it was applied. Uses only the handle that it is given, and
   * `words` where the engines' languages differ.
   */
  up(db: Transaction<unknown>, words: SchemaWords): Promise<void>;
}

/** One package's migrations, in order: the first has number 1. New ones are appended, none is ever removed. */
export interface MigrationSet {
  owner: string;
  migrations: readonly Migration[];
}

/** Any number that nothing else in the database uses. */
const MIGRATION_LOCK = 0x686f_6d65_6701;

interface AppliedTable {
  homegrown_migrations: { owner: string; number: number; name: string; applied_at: string };
}

/**
 * Brings the tables of each set's owner up to date. Safe when several processes do it at once. Throws
 * `storage/newer-database` when the database knows migrations that the set does not, and
 * `storage/changed-migration` when an applied one bears another name.
 */
export async function migrate(
  db: Kysely<unknown>,
  { engine, location }: { engine: Engine; location: string },
  sets: readonly MigrationSet[],
): Promise<void> {
  if (sets.length === 0) return;
  const applied = db as Kysely<AppliedTable>;
  const words = SCHEMA_WORDS[engine];
  if (await isUpToDate(applied, engine, location, sets)) return;
  await alone(applied, engine, async (tx) => {
    const { text, integer, strict } = words;
    await sql`create table if not exists homegrown_migrations (
      owner ${text} not null,
      number ${integer} not null,
      name ${text} not null,
      applied_at ${text} not null,
      primary key (owner, number)
    ) ${strict}`.execute(tx);
  });
  for (const { owner, migrations } of sets) {
    for (const [index, migration] of migrations.entries()) {
      await applyOne(applied, words, owner, index + 1, migration);
    }
  }
  await isUpToDate(applied, engine, location, sets);
}

/**
 * One transaction at a time among all processes. SQLite's take the write lock when they begin; on Postgres an
 * advisory lock, and an isolation that sees what the one before committed while this one waited.
 */
async function alone(
  db: Kysely<AppliedTable>,
  engine: Engine,
  action: (tx: Transaction<AppliedTable>) => Promise<void>,
): Promise<void> {
  await db
    .transaction()
    .setIsolationLevel("read committed")
    .execute(async (tx) => {
      if (engine === "postgres") await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(tx);
      await action(tx);
    });
}

async function applyOne(
  db: Kysely<AppliedTable>,
  words: SchemaWords,
  owner: string,
  number: number,
  migration: Migration,
): Promise<void> {
  await alone(db, words.engine, async (tx) => {
    const done = await tx
      .selectFrom("homegrown_migrations")
      .select("number")
      .where("owner", "=", owner)
      .where("number", "=", number)
      .executeTakeFirst();
    if (done) return;
    await migration.up(tx as Transaction<unknown>, words);
    await tx
      .insertInto("homegrown_migrations")
      .values({ owner, number, name: migration.name, applied_at: new Date().toISOString() })
      .execute();
  });
}

/** Reads only, so that opening an up-to-date database never waits for a writer. */
async function isUpToDate(
  db: Kysely<AppliedTable>,
  engine: Engine,
  location: string,
  sets: readonly MigrationSet[],
): Promise<boolean> {
  const table =
    engine === "sqlite"
      ? sql`select 1 from sqlite_schema where name = 'homegrown_migrations'`
      : sql`select 1 where to_regclass('homegrown_migrations') is not null`;
  if ((await table.execute(db)).rows.length === 0) return false;
  const rows = await db.selectFrom("homegrown_migrations").selectAll().orderBy("number").execute();
  let complete = true;
  for (const { owner, migrations } of sets) {
    const own = rows.filter((row) => row.owner === owner);
    for (const { number, name } of own) {
      const known = migrations[number - 1];
      if (known === undefined) throw newerError(location, owner, number, migrations.length);
      if (known.name !== name) throw changedError(location, owner, number, name, known.name);
    }
    complete &&= own.length === migrations.length;
  }
  return complete;
}

function newerError(location: string, owner: string, found: number, known: number): HomegrownError {
  return new HomegrownError({
    code: "storage/newer-database",
    kind: "conflict",
    message: `${location} was written by a newer version of this program: its '${owner}' tables are at ${found}, this program knows ${known}`,
    hint: "Use the newer version, or restore the backup that was made before it was installed.",
    details: { location, owner, found, known },
  });
}

function changedError(
  location: string,
  owner: string,
  number: number,
  found: string,
  expected: string,
): HomegrownError {
  return new HomegrownError({
    code: "storage/changed-migration",
    kind: "corrupt",
    message: `${location} has migration ${number} of '${owner}' as '${found}', this program has it as '${expected}'`,
    hint: "The database comes from another branch of the program: use that one, or another home.",
    details: { location, owner, number, found, expected },
  });
}
