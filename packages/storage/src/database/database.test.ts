import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { recordDurableSteps, runToCrash } from "@homegrown/testing";
import { sql } from "kysely";
import { INSERT, isError, valueOf } from "./contract-subject.fixture.ts";
import { databaseContract } from "./database-contract.ts";
import { openStore } from "./database.fixture.ts";
import { openDatabase } from "./database.ts";

const fixture = join(import.meta.dirname, "database.fixture.ts");
const COUNT_TWICE = ["count", "2"];
let folder: string;
let numFiles = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "homegrown-database-"));
});
after(() => rm(folder, { recursive: true }));
const newFile = (): string => join(folder, `${(numFiles += 1)}.db`);

databaseContract({ name: "SQLite", newStore: async () => newFile() });

describe("SQLite's own", () => {
  test("is in WAL mode, with the asked synchronisation and foreign keys", async () => {
    for (const [options, level] of [[{}, 2] as const, [{ synchronous: "normal" }, 1] as const]) {
      const database = await openDatabase(newFile(), [], options);
      const values = [];
      for (const name of ["journal_mode", "synchronous", "foreign_keys"]) {
        const { rows } = await sql.raw<object>(`pragma ${name}`).execute(database.queries);
        values.push(Object.values(rows[0]!)[0]);
      }
      await database.close();
      assert.deepEqual(values, ["wal", level, 1]);
    }
  });

  test("full disk rolls back whole and leaves the database usable", async () => {
    const database = await openStore(newFile());
    const { queries } = database;
    await sql`pragma max_page_count = 20`.execute(queries);
    const large = Array.from({ length: 100 }, (_, i) => [`n${i}`, 0, new Uint8Array(4000)] as const);
    await assert.rejects(
      queries.transaction().execute(async (tx) => {
        for (const [name, value, bytes] of large) {
          await tx.insertInto("counters").values({ name, value, bytes }).execute();
        }
      }),
      isError("storage/disk-full"),
    );
    await assert.rejects(database.batch([{ sql: INSERT, rows: large }]), isError("storage/disk-full"));
    assert.deepEqual(await queries.selectFrom("counters").select("name").execute(), []);
    await database.batch([{ sql: INSERT, rows: [["small", 1, null]] }]);
    assert.equal(await valueOf(database, "small"), 1);
    await database.close();
  });

  test("file that was deleted or replaced takes no more writes", async () => {
    const file = newFile();
    const database = await openStore(file);
    await rm(file);
    const insert = () => database.batch([{ sql: INSERT, rows: [["a", 1, null]] }]);
    await assert.rejects(insert(), isError("storage/database-gone", file));
    await writeFile(file, "");
    await assert.rejects(insert(), isError("storage/database-gone"));
    await assert.rejects(
      database.queries.insertInto("counters").values({ name: "a", value: 1, bytes: null }).execute(),
      isError("storage/database-gone"),
    );
    await database.close();
  });

  test("crash around a commit: what was reported is there, the rest is not", async () => {
    const steps = await recordDurableSteps({ script: fixture, args: [newFile(), ...COUNT_TWICE] });
    const commits = steps.flatMap(({ step }, index) => (step === "commit" ? [index] : []));
    assert.ok(commits.length >= 6);
    for (const crashAt of commits.slice(-4)) {
      const file = newFile();
      const { crashed, stdout } = await runToCrash({
        script: fixture,
        args: [file, ...COUNT_TWICE],
        crashAt,
      });
      assert.ok(crashed);
      const database = await openStore(file);
      // Killed after a commit but before its report: one more than reported.
      const afterCommit = steps[crashAt]!.when === "after" ? 1 : 0;
      assert.equal(await valueOf(database, "n"), stdout.split("\n").length - 1 + afterCommit);
      await database.close();
    }
  });

  test("file that is no database is named", async () => {
    const file = newFile();
    await writeFile(file, "not a database at all, but long enough to have a header of 100 bytes".repeat(5));
    await assert.rejects(openDatabase(file), isError("storage/database-corrupt", file));
  });
});
