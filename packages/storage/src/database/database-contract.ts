// What every engine behind `Database` has to do: run by database.test.ts and postgres.interop.test.ts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { batchContract } from "./batch-contract.ts";
import { INSERT, isError, startChild, valueOf } from "./contract-subject.fixture.ts";
import type { DatabaseSubject } from "./contract-subject.fixture.ts";
import { openStore } from "./database.fixture.ts";
import type { CounterTables } from "./database.fixture.ts";
import type { Database } from "./database.ts";
import { migrationContract } from "./migration-contract.ts";

export function databaseContract({ name, newStore }: DatabaseSubject): void {
  const open = async (): Promise<Database<CounterTables>> => openStore(await newStore());

  describe(`${name}: queries`, () => {
    test("insert, return, count changes, carry bytes and refuse what breaks a constraint", async () => {
      const database = await open();
      const { queries } = database;
      const inserted = await queries
        .insertInto("counters")
        .values({ name: "a", value: 1, bytes: new Uint8Array([1, 0, 255]) })
        .returningAll()
        .executeTakeFirstOrThrow();
      assert.deepEqual(inserted, { name: "a", value: 1, bytes: new Uint8Array([1, 0, 255]) });
      const updated = await queries.updateTable("counters").set({ value: 2 }).executeTakeFirst();
      assert.equal(updated.numUpdatedRows, 1n);
      await assert.rejects(
        queries.insertInto("counters").values({ name: "a", value: 1, bytes: null }).execute(),
        isError("storage/constraint"),
      );
      await assert.rejects(
        sql`select nonsense from counters`.execute(queries),
        isError("storage/database-failed", "nonsense"),
      );
      await database.close();
    });

    test("give the same values on every engine", async () => {
      const database = await open();
      const { queries } = database;
      const names = ["b", "ä", "Z", "a", "B", "a b"];
      await database.batch([{ sql: INSERT, rows: names.map((key, i) => [key, i * 1e12, null]) }]);
      const ordered = await queries.selectFrom("counters").select("name").orderBy("name").execute();
      // By their bytes, not as a dictionary has them.
      assert.deepEqual(
        ordered.map((row) => row.name),
        ["B", "Z", "a", "a b", "b", "ä"],
      );
      const { rows } =
        await sql`select count(*) as count, sum(value) as sum, avg(value) as avg, 1 = 1 as yes, null as none
        from counters`.execute(queries);
      assert.deepEqual(rows, [{ count: 6, sum: 15e12, avg: 2.5e12, yes: 1, none: null }]);
      await database.batch([{ sql: INSERT, rows: [["yes", true, null]] }]);
      await queries
        .updateTable("counters")
        .set({ name: "no", value: false as never })
        .where("name", "=", "yes")
        .execute();
      assert.equal(await valueOf(database, "no"), 0);
      await database.batch([{ sql: INSERT, rows: [["large", 2n ** 53n, null]] }]);
      await assert.rejects(
        queries.selectFrom("counters").selectAll().where("name", "=", "large").execute(),
        isError("storage/number-too-large"),
      );
      await database.close();
    });

    test("are refused when it is closed, and closing again is fine", async () => {
      const database = await open();
      await database.close();
      await database.close();
      await assert.rejects(sql`select 1`.execute(database.queries));
      await assert.rejects(
        database.batch([{ sql: INSERT, rows: [["a", 1, null]] }]),
        isError("storage/database-closed"),
      );
    });
  });

  describe(`${name}: transactions`, () => {
    test("are all or nothing", async () => {
      const database = await open();
      await assert.rejects(
        database.transaction(async (tx) => {
          await tx.insertInto("counters").values({ name: "lost", value: 1, bytes: null }).execute();
          throw new Error("undo");
        }),
        /undo/,
      );
      assert.deepEqual(await database.queries.selectFrom("counters").selectAll().execute(), []);
      await database.close();
    });

    test("that read and then write count exactly, at once and from two instances", async () => {
      const store = await newStore();
      const instances = [await openStore(store), await openStore(store)];
      await instances[0]!.batch([{ sql: INSERT, rows: [["n", 0, null]] }]);
      await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          instances[i % 2]!.transaction(async (tx) => {
            const { value } = await tx.selectFrom("counters").select("value").executeTakeFirstOrThrow();
            await new Promise((resolve) => setImmediate(resolve));
            await tx
              .updateTable("counters")
              .set({ value: value + 1 })
              .execute();
          }),
        ),
      );
      assert.equal(await valueOf(instances[1]!, "n"), 30);
      await Promise.all(instances.map((instance) => instance.close()));
    });

    test("of several processes that create, migrate and write one store at once count exactly", async () => {
      const store = await newStore();
      const children = [1, 2, 3].map(() => startChild(store, "count", "25"));
      for (const child of children) assert.equal(await child.ended, 0);
      const database = await openStore(store);
      assert.equal(await valueOf(database, "n"), 75);
      await database.close();
    });
  });

  batchContract({ name, newStore });
  migrationContract({ name, newStore });

  test(`${name}: idle and left open it does not keep the process alive`, async () => {
    const child = startChild(await newStore(), "count", "1", "leave-open");
    assert.equal(await child.ended, 0);
    assert.deepEqual(child.lines, ["1"]);
  });
}
