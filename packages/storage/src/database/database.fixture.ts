// Tables for database.test.ts; run as a child process it adds 1 to a counter again and again.
import { writeSync } from "node:fs";
import { sql } from "kysely";
import { openDatabase } from "./database.ts";
import type { MigrationSet } from "./migrations.ts";

export interface CounterTables {
  counters: { name: string; value: number; bytes: Uint8Array | null };
}

export const COUNTERS: MigrationSet = {
  owner: "counters",
  migrations: [
    {
      name: "create",
      up: async (db) => {
        await sql`create table counters (name text primary key, value integer not null, bytes blob) strict`.execute(
          db,
        );
      },
    },
  ],
};

if (import.meta.main) {
  const [file, times, leaveOpen] = process.argv.slice(2);
  const database = await openDatabase<CounterTables>(file!, [COUNTERS]);
  await database.queries
    .insertInto("counters")
    .values({ name: "n", value: 0, bytes: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  for (let i = 1; i <= Number(times); i += 1) {
    await database.queries.transaction().execute(async (tx) => {
      const { value } = await tx.selectFrom("counters").select("value").executeTakeFirstOrThrow();
      await tx
        .updateTable("counters")
        .set({ value: value + 1 })
        .execute();
    });
    writeSync(1, `${i}\n`);
  }
  if (leaveOpen === undefined) await database.close();
}
