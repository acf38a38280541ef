// Tables for the tests of both engines; run as a child process it writes until it is done or killed.
import { writeSync } from "node:fs";
import { sql } from "kysely";
import { openDatabase } from "./database.ts";
import type { Database, OpenDatabaseOptions } from "./database.ts";
import type { MigrationSet } from "./migrations.ts";
import { openPostgres } from "./postgres/open-postgres.ts";

export interface CounterTables {
  counters: { name: string; value: number; bytes: Uint8Array | null };
  entries: { writer: string; batch: number; line: number };
}

export const COUNTERS: MigrationSet = {
  owner: "counters",
  migrations: [
    {
      name: "create",
      up: async (db, { text, integer, bytes, strict }) => {
        await sql`create table counters (
          name ${text} primary key,
          value ${integer} not null,
          bytes ${bytes}
        ) ${strict}`.execute(db);
      },
    },
    {
      name: "create-entries",
      up: async (db, { text, integer, strict }) => {
        await sql`create table entries (
          writer ${text} not null,
          batch ${integer} not null,
          line ${integer} not null,
          primary key (writer, batch, line)
        ) ${strict}`.execute(db);
      },
    },
  ],
};

export const LINES_PER_BATCH = 150;

/** `store` is a connection string of Postgres, or a file. */
export function openStore(
  store: string,
  migrations: readonly MigrationSet[] = [COUNTERS],
  options: OpenDatabaseOptions = {},
): Promise<Database<CounterTables>> {
  return store.startsWith("postgres:")
    ? openPostgres(store, migrations, options)
    : openDatabase(store, migrations, options);
}

/** Adds 1 to a counter `times` times, in transactions that read and then write. */
async function count(database: Database<CounterTables>, times: number): Promise<void> {
  await database.queries
    .insertInto("counters")
    .values({ name: "n", value: 0, bytes: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  for (let i = 1; i <= times; i += 1) {
    await database.transaction(async (tx) => {
      const { value } = await tx.selectFrom("counters").select("value").executeTakeFirstOrThrow();
      await tx
        .updateTable("counters")
        .set({ value: value + 1 })
        .execute();
    });
    writeSync(1, `${i}\n`);
  }
}

/** Writes batches for ever, several waiting at any time, and prints the number of each that was committed. */
async function writeBatches(database: Database<CounterTables>, writer: string): Promise<never> {
  const lines = [...Array(LINES_PER_BATCH).keys()];
  let next = 0;
  const writeOn = async (): Promise<never> => {
    for (;;) {
      const batch = (next += 1);
      await database.batch([
        {
          sql: "insert into entries (writer, batch, line) values ($1, $2, $3)",
          rows: lines.map((line) => [writer, batch, line]),
        },
      ]);
      writeSync(1, `${batch}\n`);
    }
  };
  return Promise.race([writeOn(), writeOn(), writeOn()]);
}

if (import.meta.main) {
  const [store, mode, argument, leaveOpen] = process.argv.slice(2);
  const database = await openStore(store!);
  if (mode === "count") await count(database, Number(argument));
  else await writeBatches(database, argument!);
  if (leaveOpen === undefined) await database.close();
}
