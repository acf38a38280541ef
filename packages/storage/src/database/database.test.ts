import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { recordDurableSteps, runToCrash } from "@homegrown/testing";
import { sql } from "kysely";
import { openDatabase } from "./database.ts";
import { COUNTERS } from "./database.fixture.ts";
import type { CounterTables } from "./database.fixture.ts";
import type { MigrationSet } from "./migrations.ts";

const fixture = join(import.meta.dirname, "database.fixture.ts");
const isError =
  (code: string, part = "") =>
  (error: unknown) =>
    error instanceof HomegrownError &&
    error.code === code &&
    error.message.includes(part) &&
    error.hint !== "";

describe("database", () => {
  let folder: string;
  let numFiles = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "homegrown-database-"));
  });
  after(() => rm(folder, { recursive: true }));
  const newFile = (): string => join(folder, `${(numFiles += 1)}.db`);

  test("is in WAL mode, with full synchronisation and foreign keys", async () => {
    const database = await openDatabase(newFile());
    const pragma = async (name: string): Promise<unknown> =>
      Object.values(
        (await sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(database.queries)).rows[0]!,
      )[0];
    assert.equal(await pragma("journal_mode"), "wal");
    assert.equal(await pragma("synchronous"), 2);
    assert.equal(await pragma("foreign_keys"), 1);
    await database.close();
    await database.close();
    await assert.rejects(sql`select 1`.execute(database.queries));
  });

  test("inserts, returns, counts changes, carries bytes and refuses what breaks a constraint", async () => {
    const database = await openDatabase<CounterTables>(newFile(), [COUNTERS]);
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
      isError("storage/constraint", "UNIQUE"),
    );
    await assert.rejects(
      sql`select nonsense from counters`.execute(queries),
      isError("storage/database-failed", "nonsense"),
    );
    await database.close();
  });

  test("a transaction is all or nothing, and others wait for it", async () => {
    const database = await openDatabase<CounterTables>(newFile(), [COUNTERS]);
    const { queries } = database;
    await assert.rejects(
      queries.transaction().execute(async (tx) => {
        await tx.insertInto("counters").values({ name: "lost", value: 1, bytes: null }).execute();
        throw new Error("undo");
      }),
      /undo/,
    );
    assert.deepEqual(await queries.selectFrom("counters").selectAll().execute(), []);
    await queries.insertInto("counters").values({ name: "n", value: 0, bytes: null }).execute();
    await Promise.all(
      Array.from({ length: 20 }, () =>
        queries.transaction().execute(async (tx) => {
          const { value } = await tx.selectFrom("counters").select("value").executeTakeFirstOrThrow();
          await new Promise((resolve) => setImmediate(resolve));
          await tx
            .updateTable("counters")
            .set({ value: value + 1 })
            .execute();
        }),
      ),
    );
    assert.equal((await queries.selectFrom("counters").select("value").executeTakeFirstOrThrow()).value, 20);
    await database.close();
  });

  test("a full disk rolls back whole and leaves the database usable", async () => {
    const database = await openDatabase<CounterTables>(newFile(), [COUNTERS]);
    const { queries } = database;
    await sql`pragma max_page_count = 20`.execute(queries);
    await assert.rejects(
      queries.transaction().execute(async (tx) => {
        for (let i = 0; i < 100; i += 1) {
          await tx
            .insertInto("counters")
            .values({ name: `n${i}`, value: 0, bytes: new Uint8Array(4000) })
            .execute();
        }
      }),
      isError("storage/disk-full"),
    );
    assert.deepEqual(await queries.selectFrom("counters").select("name").execute(), []);
    await queries.insertInto("counters").values({ name: "small", value: 1, bytes: null }).execute();
    await database.close();
  });

  test("several processes create, migrate and write one file at once", async () => {
    const file = newFile();
    const results = await Promise.all(
      [1, 2, 3].map(() => runToCrash({ script: fixture, args: [file, "30"], env: {} })),
    );
    for (const { code, stderr } of results) assert.equal(code, 0, stderr);
    const database = await openDatabase<CounterTables>(file, [COUNTERS]);
    const { value } = await database.queries.selectFrom("counters").select("value").executeTakeFirstOrThrow();
    assert.equal(value, 90);
    await database.close();
  });

  test("killed around commits: what was reported is there, the rest is not", async () => {
    const steps = await recordDurableSteps({ script: fixture, args: [newFile(), "2"] });
    const commits = steps.flatMap(({ step }, index) => (step === "commit" ? [index] : []));
    assert.ok(commits.length >= 6);
    for (const crashAt of commits.slice(-4)) {
      const file = newFile();
      const { crashed, stdout } = await runToCrash({ script: fixture, args: [file, "2"], crashAt });
      assert.ok(crashed);
      const database = await openDatabase<CounterTables>(file, [COUNTERS]);
      const { value } = await database.queries
        .selectFrom("counters")
        .select("value")
        .executeTakeFirstOrThrow();
      // Killed after a commit but before its report: one more than reported.
      const afterCommit = steps[crashAt]!.when === "after" ? 1 : 0;
      assert.equal(value, stdout.split("\n").length - 1 + afterCommit);
      await database.close();
    }
  });

  test("an idle database does not keep the process alive; unclosed is fine", async () => {
    const { code, stdout } = await runToCrash({
      script: fixture,
      args: [newFile(), "1", "leave-open"],
      timeoutMs: 20_000,
    });
    assert.equal(code, 0);
    assert.equal(stdout, "1\n");
  });

  test("migrations of several owners run once, in order; newer and changed ones are refused", async () => {
    const file = newFile();
    const ran: string[] = [];
    const set = (owner: string, ...names: string[]): MigrationSet => ({
      owner,
      migrations: names.map((name) => ({
        name,
        up: async (db) => {
          await sql.raw(`create table ${owner}_${name} (id integer) strict`).execute(db);
          ran.push(`${owner} ${name}`);
        },
      })),
    });
    await (await openDatabase(file, [set("a", "one")])).close();
    await (await openDatabase(file, [set("a", "one", "two"), set("b", "one")])).close();
    await (await openDatabase(file, [set("b", "one")])).close();
    assert.deepEqual(ran, ["a one", "a two", "b one"]);
    await assert.rejects(
      openDatabase(file, [set("a", "one")]),
      isError("storage/newer-database", "'a' tables are at 2"),
    );
    await assert.rejects(
      openDatabase(file, [set("a", "uno", "two")]),
      isError("storage/changed-migration", "'uno'"),
    );
    const failing: MigrationSet = {
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
    await assert.rejects(openDatabase(file, [failing]), /half way/);
    const database = await openDatabase(file);
    const tables = await sql`select 1 from sqlite_schema where name = 'c_half'`.execute(database.queries);
    assert.equal(tables.rows.length, 0);
    await database.close();
  });

  test("a file that is no database, and a busy one, are named", async () => {
    const file = newFile();
    await writeFile(file, "not a database at all, but long enough to have a header of 100 bytes".repeat(5));
    await assert.rejects(openDatabase(file), isError("storage/database-corrupt", file));
    const busy = newFile();
    const holder = await openDatabase<CounterTables>(busy, [COUNTERS]);
    const other = await openDatabase<CounterTables>(busy, [COUNTERS], { busyTimeoutMs: 20 });
    await holder.queries.transaction().execute(async (tx) => {
      await tx.insertInto("counters").values({ name: "x", value: 1, bytes: null }).execute();
      const write = other.queries
        .insertInto("counters")
        .values({ name: "y", value: 1, bytes: null })
        .execute();
      await assert.rejects(write, isError("storage/database-busy"));
      // Readers never wait for a writer.
      assert.deepEqual(await other.queries.selectFrom("counters").selectAll().execute(), []);
    });
    await Promise.all([holder.close(), other.close()]);
  });
});
