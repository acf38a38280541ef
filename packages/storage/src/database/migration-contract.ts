// The part of the contract that is about migrations.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { isError } from "./contract-subject.fixture.ts";
import type { DatabaseSubject } from "./contract-subject.fixture.ts";
import { openStore } from "./database.fixture.ts";
import type { MigrationSet } from "./migrations.ts";

export function migrationContract({ name, newStore }: DatabaseSubject): void {
  describe(`${name}: migrations`, () => {
    const ran: string[] = [];
    const set = (owner: string, ...names: string[]): MigrationSet => ({
      owner,
      migrations: names.map((name) => ({
        name,
        up: async (db, { engine, id, text, integer, real, bytes, strict }) => {
          const columns = sql`id ${id}, t ${text}, i ${integer}, r ${real}, b ${bytes}`;
          await sql`create table ${sql.table(`${owner}_${name}`)} (${columns}) ${strict}`.execute(db);
          ran.push(`${owner} ${name} ${engine}`);
        },
      })),
    });

    test("of several owners run once, in order; newer and changed ones are refused", async () => {
      const store = await newStore();
      const openAndClose = async (...sets: MigrationSet[]): Promise<void> =>
        (await openStore(store, sets)).close();
      ran.length = 0;
      await openAndClose(set("a", "one"));
      await openAndClose(set("a", "one", "two"), set("b", "one"));
      await openAndClose(set("b", "one"));
      const { engine } = await openStore(store).then(async (database) => {
        await database.batch([{ sql: "insert into a_one (t) values ($1)", rows: [["x"], ["y"]] }]);
        const { rows } = await sql`select * from a_one order by id`.execute(database.queries);
        const empty = { i: null, r: null, b: null };
        assert.deepEqual(rows, [
          { id: 1, t: "x", ...empty },
          { id: 2, t: "y", ...empty },
        ]);
        await database.close();
        return database;
      });
      assert.deepEqual(ran, [`a one ${engine}`, `a two ${engine}`, `b one ${engine}`]);
      await assert.rejects(
        openAndClose(set("a", "one")),
        isError("storage/newer-database", "'a' tables are at 2"),
      );
      await assert.rejects(
        openAndClose(set("a", "uno", "two")),
        isError("storage/changed-migration", "'uno'"),
      );
    });

    test("that fail half way leave nothing", async () => {
      const store = await newStore();
      const halfWay: MigrationSet = {
        owner: "c",
        migrations: [
          {
            name: "half",
            up: async (db) => {
              await sql`create table c_half (id integer)`.execute(db);
              throw new Error("half way");
            },
          },
        ],
      };
      await assert.rejects(openStore(store, [halfWay]), /half way/);
      const database = await openStore(store);
      await assert.rejects(
        sql`select * from c_half`.execute(database.queries),
        isError("storage/database-failed"),
      );
      await database.close();
    });

    test("raced by several instances run once", async () => {
      const store = await newStore();
      ran.length = 0;
      const racers = await Promise.all(
        [1, 2, 3].map(() => openStore(store, [set("d", "one", "two"), set("e", "one")])),
      );
      assert.deepEqual(
        ran.map((entry) => entry.split(" ").slice(0, 2).join(" ")),
        ["d one", "d two", "e one"],
      );
      await Promise.all(racers.map((racer) => racer.close()));
    });
  });
}
