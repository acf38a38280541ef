import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import type { ErrorKind } from "@homegrown/contracts";
import type { BatchResult, BatchStatement, Database } from "@homegrown/storage";
import { createTestStore, TestClock, waitFor } from "./store.fixture.ts";
import type { TestStore } from "./store.fixture.ts";
import { StateWriter } from "./state-writer.ts";
import type { GatewayTables, StateDatabase } from "./tables.ts";

const INSERT = "insert into gateway_revisions (name, value) values ($1, $2)";
const UPSERT = `${INSERT} on conflict (name) do update set value = excluded.value`;

function storeError(code: string, kind: ErrorKind = "unavailable"): HomegrownError {
  return new HomegrownError({ code, kind, message: code, hint: "wait" });
}

describe("state writer", () => {
  let store: TestStore;
  let database: Database<GatewayTables>;
  before(async () => {
    store = await createTestStore();
    database = await store.open();
  });
  after(async () => {
    await database.close();
    await store.remove();
  });

  /** The real database with a say in each batch. */
  const watched = (
    around: (
      statements: readonly BatchStatement[],
      run: () => Promise<BatchResult[]>,
    ) => Promise<BatchResult[]>,
  ): StateDatabase => ({
    ...database,
    batch: (statements) => around(statements, () => database.batch(statements)),
  });
  const names = async (like: string): Promise<string[]> => {
    const rows = await database.queries
      .selectFrom("gateway_revisions")
      .select("name")
      .where("name", "like", `${like}%`)
      .orderBy("value")
      .execute();
    return rows.map(({ name }) => name);
  };

  test("takes what arrives meanwhile as one batch, in order, and never waits", async () => {
    let numBatches = 0;
    const writer = await StateWriter.open(watched((_, run) => ((numBatches += 1), run())));
    for (let i = 0; i < 500; i += 1) writer.enqueue(INSERT, [`a${i}`, i]);
    assert.equal(numBatches, 0);
    assert.equal(writer.health.behindRows, 500);
    await writer.flush();
    assert.equal(numBatches, 1);
    assert.equal((await names("a")).length, 500);
    writer.enqueue(UPSERT, ["a0", -1]);
    writer.enqueue(UPSERT, ["a0", -2]);
    await waitFor(() => writer.health.behindRows === 0);
    const [first] = await database.queries
      .selectFrom("gateway_revisions")
      .selectAll()
      .where("name", "=", "a0")
      .execute();
    assert.equal(first?.value, -2);
    await writer.close();
  });

  test("many rows do not wait for the timer", async () => {
    const writer = await StateWriter.open(database, { flushMs: 60_000, flushRows: 10 });
    for (let i = 0; i < 10; i += 1) writer.enqueue(INSERT, [`many${i}`, i]);
    await waitFor(() => writer.health.behindRows === 0);
    assert.equal((await names("many")).length, 10);
    await writer.close();
  });

  test("a store that fails keeps rows waiting, says so, admits nothing beyond the bound, and loses nothing", async () => {
    let failing = true;
    let numAttempts = 0;
    const codes = new Set<string>();
    const writer = await StateWriter.open(
      watched((_, run) => {
        numAttempts += 1;
        const code = ["storage/disk-full", "storage/not-writable", "storage/database-busy"][numAttempts % 3]!;
        return failing ? Promise.reject(storeError(code)) : run();
      }),
      { maxRows: 100, flushMs: 1, onError: ({ code }) => codes.add(code) },
    );
    for (let i = 0; i < 99; i += 1) writer.enqueue(INSERT, [`c${i}`, i]);
    writer.assertRoom();
    await waitFor(() => codes.size === 3);
    for (let i = 99; i < 120; i += 1) writer.enqueue(INSERT, [`c${i}`, i]);
    assert.throws(
      () => writer.assertRoom(),
      (error) =>
        error instanceof HomegrownError &&
        error.code === "gateway/store-behind" &&
        error.kind === "overloaded" &&
        error.retryable,
    );
    assert.equal(writer.health.healthy, false);
    assert.match(writer.health.lastError ?? "", /^storage\//);
    assert.equal(writer.health.behindRows, 120);
    failing = false;
    await writer.flush();
    await writer.flush();
    assert.deepEqual(writer.health, { healthy: true, behindRows: 0, rejectedRows: 0, lastError: undefined });
    assert.deepEqual(
      await names("c"),
      Array.from({ length: 120 }, (_, i) => `c${i}`),
    );
    writer.assertRoom();
    await writer.close();
  });

  test("a row that the store refuses for itself is given up alone", async () => {
    const lost: number[] = [];
    const writer = await StateWriter.open(database, { onError: (_, numLost) => lost.push(numLost) });
    let voided = 0;
    let collected = false;
    writer.addContributor({
      collect: () => {
        if (collected) return undefined;
        collected = true;
        return {
          statements: [{ sql: INSERT, rows: [["d-contributed", 999]] }],
          committed: () => assert.fail("it was refused"),
          voided: () => (voided += 1),
        };
      },
      fenced: () => {},
    });
    writer.enqueue(INSERT, ["d-contributed", 0]);
    for (let i = 1; i < 40; i += 1) writer.enqueue(INSERT, [i === 20 ? "d7" : `d${i}`, i]);
    await writer.flush();
    const found = await names("d");
    assert.deepEqual(found, [
      "d-contributed",
      ...Array.from({ length: 39 }, (_, i) => `d${i + 1}`).filter((name) => name !== "d20"),
    ]);
    assert.equal(voided, 1);
    assert.equal(writer.health.rejectedRows, 2);
    assert.deepEqual(
      lost.filter((numLost) => numLost > 0),
      [1],
    );
    assert.equal(writer.health.healthy, true);
    await writer.close();
  });

  test("a store locked by another process stops nobody but itself", async () => {
    const impatient = await store.open({ busyTimeoutMs: 300 });
    const writer = await StateWriter.open(impatient, { flushMs: 1 });
    const blocker = new DatabaseSync(store.file);
    blocker.exec("begin immediate");
    writer.enqueue(INSERT, ["e1", 1]);
    let longestMs = 0;
    let lastMs = performance.now();
    const pulse = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - lastMs);
      lastMs = performance.now();
    }, 1);
    await waitFor(() => writer.health.lastError === "storage/database-busy");
    clearInterval(pulse);
    // SQLite waited 300 ms for the lock, on its own thread.
    assert.ok(longestMs < 250, `the event loop stood still for ${longestMs} ms`);
    blocker.exec("rollback");
    blocker.close();
    await writer.flush();
    assert.deepEqual(await names("e"), ["e1"]);
    await writer.close();
    await impatient.close();
  });

  test("a store that is gone: requests are refused, closing ends in time and says what is lost", async () => {
    const doomed = await createTestStore();
    const gone = await doomed.open();
    const writer = await StateWriter.open(gone, { flushMs: 1, maxRows: 3 });
    await rm(doomed.file);
    for (let i = 0; i < 3; i += 1) writer.enqueue(INSERT, [`f${i}`, i]);
    await waitFor(() => writer.health.lastError === "storage/database-gone");
    assert.throws(() => writer.assertRoom(), /3 rows wait/);
    const startMs = performance.now();
    assert.deepEqual(await writer.close(100), { unwrittenRows: 3 });
    assert.ok(performance.now() - startMs < 2_000);
    await gone.close();
    await doomed.remove();
  });

  test("without a commit for long the lease is over; an idle instance keeps it by its heartbeat", async () => {
    const clock = new TestClock();
    let failing = false;
    const writer = await StateWriter.open(
      watched((_, run) => (failing ? Promise.reject(storeError("storage/database-busy")) : run())),
      { clock, flushMs: 1 },
    );
    assert.equal(writer.holdsLease, true);
    failing = true;
    writer.enqueue(INSERT, ["g1", 1]);
    clock.monotonic += 60_000;
    assert.equal(writer.holdsLease, false);
    failing = false;
    await writer.flush();
    assert.equal(writer.holdsLease, true);
    const commits = async (): Promise<number | undefined> =>
      (
        await database.queries
          .selectFrom("gateway_instances")
          .select("commits")
          .where("id", "=", writer.instance)
          .executeTakeFirst()
      )?.commits;
    const before = await commits();
    await writer.flush();
    assert.equal(await commits(), before);
    clock.monotonic += 3_000;
    await writer.flush();
    assert.equal(await commits(), before! + 1);
    await writer.close();
  });
});
