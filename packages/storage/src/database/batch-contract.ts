// The part of the contract that is about `Database.batch`.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { INSERT, isError, startChild, valueOf } from "./contract-subject.fixture.ts";
import type { DatabaseSubject } from "./contract-subject.fixture.ts";
import { COUNTERS, LINES_PER_BATCH, openStore } from "./database.fixture.ts";
import type { CounterTables } from "./database.fixture.ts";
import type { Database } from "./database.ts";

const ADD = "update counters set value = value + $1 where name = $2";

export function batchContract({ name, newStore }: DatabaseSubject): void {
  const open = async (): Promise<Database<CounterTables>> => openStore(await newStore());

  describe(`${name}: batches`, () => {
    test("do each statement for each of its rows, in order, and say what changed", async () => {
      const database = await open();
      const rows = Array.from({ length: 150 }, (_, i) => [
        `n${i}`,
        i,
        i === 7 ? new Uint8Array([0, 7]) : null,
      ]);
      const { sql: compiled } = database.queries
        .updateTable("counters")
        .set({ value: 0 })
        .where("name", "=", "")
        .compile();
      const results = await database.batch([
        { sql: INSERT, rows },
        {
          sql: `update counters set value = value + $2 where name = $1 and name <> '$9' returning name, value, bytes`,
          rows: [
            ["n7", 1],
            ["n7", 1],
            ["none", 1],
            ["n9", 1],
          ],
        },
        { sql: ADD, rows: [] },
        { sql: compiled, rows: [[5, "n1"]] },
        { sql: "delete from counters where value >= $1", rows: [[100], [99], [1000]] },
      ]);
      assert.deepEqual(
        results.map(({ changes }) => changes),
        [150, 0, 0, 1, 51],
      );
      const seventh = { name: "n7", bytes: new Uint8Array([0, 7]) };
      assert.deepEqual(results[1]!.rows, [
        { ...seventh, value: 8 },
        { ...seventh, value: 9 },
        { name: "n9", value: 10, bytes: null },
      ]);
      assert.deepEqual(await database.batch([]), []);
      await database.close();
    });

    test("return rows of inserts in order, and leave out what was there", async () => {
      const database = await open();
      const keys = Array.from({ length: 200 }, (_, i) => `k${i}`);
      const statement = `${INSERT} on conflict (name) do nothing returning name`;
      const insert = async (some: string[]): Promise<unknown[]> => {
        const [result] = await database.batch([{ sql: statement, rows: some.map((key) => [key, 0, null]) }]);
        return result!.rows.map((row) => row["name"]);
      };
      assert.deepEqual(await insert(keys.slice(50, 100)), keys.slice(50, 100));
      assert.deepEqual(await insert([...keys, "k3"]), [...keys.slice(0, 50), ...keys.slice(100)]);
      // The same row twice in one batch is one after the other.
      const upsert = `${INSERT} on conflict (name) do update set value = counters.value + excluded.value`;
      await database.batch([{ sql: upsert, rows: Array.from({ length: 70 }, () => ["sum", 2, null]) }]);
      assert.equal(await valueOf(database, "sum"), 140);
      await database.close();
    });

    test("are all or nothing, and one's fault is not its neighbours'", async () => {
      const database = await open();
      const insert = (...names: string[]) =>
        database.batch([
          { sql: INSERT, rows: [[`${names[0]}'`, 0, null]] },
          { sql: INSERT, rows: names.map((key) => [key, 1, null]) },
        ]);
      const settled = await Promise.allSettled([
        insert("first"),
        insert("a", "b"),
        insert("c", "d", "c"),
        insert("e", "a"),
        insert("f"),
      ]);
      assert.deepEqual(
        settled.map(({ status }) => status),
        ["fulfilled", "fulfilled", "rejected", "rejected", "fulfilled"],
      );
      for (const { reason } of settled.filter((result) => result.status === "rejected")) {
        assert.ok(isError("storage/constraint", "insert into counters")(reason), String(reason));
        assert.ok(!(reason as Error).message.includes("c'"));
      }
      const rows = await database.queries.selectFrom("counters").select("name").orderBy("name").execute();
      assert.deepEqual(
        rows.map((row) => row.name),
        ["a", "a'", "b", "f", "f'", "first", "first'"],
      );
      await database.close();
    });

    test("sent again after an unknown outcome change nothing twice", async () => {
      const database = await open();
      await database.batch([{ sql: INSERT, rows: [["total", 0, null]] }]);
      const charge = () =>
        database.batch([
          { sql: INSERT, rows: [["request-1", 1, null]] },
          { sql: ADD, rows: [[40, "total"]] },
        ]);
      await charge();
      await assert.rejects(charge(), isError("storage/constraint"));
      assert.equal(await valueOf(database, "total"), 40);
      await database.close();
    });

    test("of two instances add up exactly, and a condition holds under any concurrency", async () => {
      const store = await newStore();
      const instances = [await openStore(store), await openStore(store)];
      const keys = ["x", "y", "z"];
      await instances[0]!.batch([{ sql: INSERT, rows: keys.map((key) => [key, 0, null]) }]);
      const limited = `${ADD} and value + $1 <= 100 returning name`;
      const admitted = await Promise.all(
        Array.from({ length: 60 }, async (_, i) => {
          // In another order each time: what locks rows one after the other meets others that do.
          const order = i % 2 === 0 ? keys : keys.toReversed();
          const results = await instances[i % 2]!.batch([
            { sql: limited, rows: order.map((key) => [3, key]) },
          ]);
          await new Promise((resolve) => setTimeout(resolve, i % 5));
          return results[0]!.rows.length;
        }),
      );
      for (const key of keys) assert.equal(await valueOf(instances[0]!, key), 99);
      assert.equal(
        admitted.reduce((sum, numRows) => sum + numRows),
        99,
      );
      await Promise.all(instances.map((instance) => instance.close()));
    });

    test("never run inside a transaction that is open", async () => {
      const database = await open();
      let batch: Promise<unknown> | undefined;
      await assert.rejects(
        database.transaction(async (tx) => {
          await tx.insertInto("counters").values({ name: "undone", value: 1, bytes: null }).execute();
          batch = database.batch([{ sql: INSERT, rows: [["kept", 1, null]] }]);
          await tx.insertInto("counters").values({ name: "undone too", value: 1, bytes: null }).execute();
          throw new Error("undo");
        }),
        /undo/,
      );
      await batch;
      const rows = await database.queries.selectFrom("counters").select("name").execute();
      assert.deepEqual(rows, [{ name: "kept" }]);
      await database.close();
    });

    test("that hold what no database can hold are refused, and the next one works", async () => {
      const database = await open();
      const bad = (...row: unknown[]) =>
        assert.rejects(
          database.batch([
            { sql: INSERT, rows: [["before", 1, null], row as never] },
            { sql: ADD, rows: [[1, "before"]] },
          ]),
          isError("storage/wrong-parameters"),
        );
      await bad("few", 1);
      await bad("many", 1, null, 1);
      await bad("undefined", undefined, null);
      await bad({}, 1, null);
      await bad("object", {}, null);
      await bad("function", () => {}, null);
      await assert.rejects(
        database.batch([{ sql: INSERT, rows: [["text", "private", null]] }]),
        (error) => isError("storage/invalid-value")(error) && !(error as Error).message.includes("private"),
      );
      const [result] = await database.batch([{ sql: INSERT, rows: [["before", 1, null]] }]);
      assert.deepEqual(result, { changes: 1, rows: [] });
      assert.deepEqual(await database.queries.selectFrom("counters").select("name").execute(), [
        { name: "before" },
      ]);
      await database.close();
    });

    test("wait for a lock and then say that the store is busy; the same one works later", async () => {
      const store = await newStore();
      const holder = await openStore(store);
      const other = await openStore(store, [COUNTERS], { busyTimeoutMs: 60 });
      await holder.batch([{ sql: INSERT, rows: [["n", 1, null]] }]);
      const add = () => other.batch([{ sql: ADD, rows: [[1, "n"]] }]);
      await holder.transaction(async (tx) => {
        await tx.updateTable("counters").set({ value: 10 }).execute();
        const began = Date.now();
        await assert.rejects(add(), isError("storage/database-busy"));
        assert.ok(Date.now() - began >= 50);
        // Readers never wait for a writer.
        assert.equal(await valueOf(other, "n"), 1);
      });
      await add();
      assert.equal(await valueOf(other, "n"), 11);
      await Promise.all([holder.close(), other.close()]);
    });

    test("of killed processes: what was reported is there, and nothing by half", async () => {
      const store = await newStore();
      await (await openStore(store)).close();
      const reported = await Promise.all(
        ["a", "b"].map(async (writer, i) => {
          const child = startChild(store, "batches", writer);
          await child.printed(4 + i);
          child.kill();
          await child.ended;
          return { writer, batches: child.lines.map(Number) };
        }),
      );
      const database = await openStore(store);
      const found = await database.queries
        .selectFrom("entries")
        .select(["writer", "batch", (eb) => eb.fn.countAll<number>().as("lines")])
        .groupBy(["writer", "batch"])
        .execute();
      for (const { lines } of found) assert.equal(lines, LINES_PER_BATCH);
      for (const { writer, batches } of reported) {
        const kept = new Set(found.flatMap((row) => (row.writer === writer ? [row.batch] : [])));
        assert.ok(batches.length >= 4 && batches.every((batch) => kept.has(batch)));
      }
      await database.close();
    });
  });
}
