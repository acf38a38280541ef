import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { goRowByRow, toExecutions } from "./executions.ts";

const rows = (numRows: number): [number, string][] => Array.from({ length: numRows }, (_, i) => [i, `v${i}`]);

describe("what a batch sends", () => {
  test("plain inserts go many rows at a time, with every row once and in order", () => {
    const sql = `insert into "t" ("a", "b") values ($1, $2) on conflict ("a") do nothing returning "a"`;
    const executions = toExecutions([
      { sql, rows: rows(64 + 8 + 8 + 3) },
      { sql, rows: rows(1) },
    ]);
    assert.deepEqual(
      executions.map(({ values, statement }) => [values.length / 2, statement]),
      [[64, 0], ...[8, 8, 1, 1, 1].map((size) => [size, 0]), [1, 1]],
    );
    assert.deepEqual(
      executions.slice(0, -1).flatMap(({ values }) => values),
      rows(83).flat(),
    );
    assert.match(
      executions[1]!.sql,
      /values \(\$1,\$2\),\(\$3,\$4\).*\(\$15,\$16\) on conflict \("a"\) do nothing/,
    );
  });

  test("whatever means something else for many rows at once goes row by row", () => {
    for (const sql of [
      "update t set b = $2 where a = $1",
      "insert into t (a, b) values ($2, $1)",
      "insert into t (a, b) values ($1, upper($2))",
      "insert into t (a, b) values ($1, $2) on conflict (a) do update set b = $2",
      "insert into t (a, b) values ($1, 'x') returning $2",
      "insert into t (a, b) select $1, $2",
      "with x as (select 1) insert into t (a, b) values ($1, $2)",
    ]) {
      const executions = toExecutions([{ sql, rows: rows(70) }]);
      assert.equal(executions.length, 70, sql);
      assert.ok(executions.every((execution, i) => execution.sql === sql && execution.values[0] === i));
    }
  });

  test("an upsert that met the same row twice goes row by row from then on", () => {
    const sql = "insert into t (a, b) values ($1, $2) on conflict (a) do update set b = excluded.b";
    assert.equal(toExecutions([{ sql, rows: rows(64) }]).length, 1);
    assert.equal(goRowByRow(sql), true);
    assert.equal(toExecutions([{ sql, rows: rows(64) }]).length, 64);
    assert.equal(goRowByRow(sql), false);
  });

  test("no statement gets more parameters than the protocol can count", () => {
    const columns = Array.from({ length: 1100 }, (_, i) => i);
    const sql = `insert into t (${columns.map((i) => `c${i}`)}) values (${columns.map((i) => `$${i + 1}`)})`;
    const executions = toExecutions([{ sql, rows: Array.from({ length: 64 }, () => columns) }]);
    assert.equal(executions.length, 8);
  });
});
