import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import type { BatchResult, BatchStatement } from "./batches.ts";
import { isError } from "./contract-subject.fixture.ts";
import { GroupCommit } from "./group-commit.ts";

/** A store whose commits take until `commit` or `fail` is called; its results name the values it was given. */
function slowStore() {
  const running: { values: unknown[]; commit(): void; fail(error: unknown): void }[] = [];
  const group = new GroupCommit((statements) => {
    const { promise, resolve, reject } = Promise.withResolvers<BatchResult[]>();
    const values = statements.flatMap(({ rows }) => rows.map(([value]) => value));
    running.push({
      values,
      fail: reject,
      commit: () => resolve(statements.map(({ rows }) => ({ changes: Number(rows[0]![0]), rows: [] }))),
    });
    return promise;
  });
  return { group, running };
}

const batch = (...values: number[]): BatchStatement[] =>
  values.map((value) => ({ sql: "insert into t (v) values ($1)", rows: [[value]] }));
const changes = async (result: Promise<BatchResult[]>): Promise<number[]> =>
  (await result).map((one) => one.changes);
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function storeError(kind: "unavailable" | "conflict"): HomegrownError {
  return new HomegrownError({ code: `storage/${kind}`, kind, message: kind, hint: "wait" });
}

describe("group commit", () => {
  test("runs a lone batch at once, and what waits meanwhile together and in order", async () => {
    const { group, running } = slowStore();
    const first = group.batch(batch(1));
    assert.deepEqual(running[0]!.values, [1]);
    const others = [group.batch(batch(2, 3)), group.batch([]), group.batch(batch(4))];
    await soon();
    assert.equal(running.length, 1);
    running[0]!.commit();
    assert.deepEqual(await changes(first), [1]);
    await soon();
    assert.deepEqual(running[1]!.values, [2, 3, 4]);
    running[1]!.commit();
    assert.deepEqual(await Promise.all(others.map(changes)), [[2, 3], [], [4]]);
    await group.idle();
    assert.equal(running.length, 2);
  });

  test("tries the batches of a group one by one when it failed for what is in one of them", async () => {
    const { group, running } = slowStore();
    const results = Promise.allSettled([1, 2, 3].map((value) => group.batch(batch(value))));
    running[0]!.commit();
    await soon();
    assert.deepEqual(running[1]!.values, [2, 3]);
    running[1]!.fail(storeError("conflict"));
    await soon();
    running[2]!.fail(storeError("conflict"));
    await soon();
    running[3]!.commit();
    assert.deepEqual(
      (await results).map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
  });

  test("tells all of a group at once when the store itself failed", async () => {
    const { group, running } = slowStore();
    const results = Promise.allSettled([1, 2, 3].map((value) => group.batch(batch(value))));
    running[0]!.commit();
    await soon();
    running[1]!.fail(storeError("unavailable"));
    assert.equal((await results).filter(({ status }) => status === "rejected").length, 2);
    assert.equal(running.length, 2);
  });

  test("bounds a group and what may wait", async () => {
    const { group, running } = slowStore();
    const rows = Array.from({ length: 3000 }, () => [1]);
    const large: BatchStatement[] = [{ sql: "insert into t (v) values ($1)", rows }];
    const accepted = [group.batch(large)];
    for (let numRows = 0; numRows + 3000 <= 200_000; numRows += 3000) accepted.push(group.batch(large));
    await assert.rejects(group.batch(large), isError("storage/database-overloaded", "198000 rows"));
    for (let i = 0; i < accepted.length; i += 1) {
      assert.equal(running[i]!.values.length, 3000);
      running[i]!.commit();
      await soon();
    }
    await Promise.all(accepted);
    const again = group.batch(large);
    running.at(-1)!.commit();
    await again;
  });
});
