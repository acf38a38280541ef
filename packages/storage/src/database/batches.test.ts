import assert from "node:assert/strict";
import { test } from "node:test";
import { checkParameters } from "./batches.ts";
import { toNumberedPlaceholders } from "./placeholders.ts";
import { isError } from "./contract-subject.fixture.ts";

test("placeholders are found outside of quotes and comments only", () => {
  const sql = `select $1, '$2 it''s', "$3" -- $4\n from t where a = $2 and b->>'$.c' = $1`;
  assert.equal(
    toNumberedPlaceholders(sql),
    `select ?1, '$2 it''s', "$3" -- $4\n from t where a = ?2 and b->>'$.c' = ?1`,
  );
  checkParameters([{ sql, rows: [["a", "b"]] }]);
  checkParameters([{ sql: "select 1", rows: [[]] }]);
  checkParameters([{ sql: "insert into t values (?, ?, '?')", rows: [[1, 2]] }]);
  for (const row of [["a"], ["a", "b", "c"]]) {
    assert.throws(
      () => checkParameters([{ sql, rows: [["a", "b"], row] }]),
      isError("storage/wrong-parameters", `2 placeholders and was given ${row.length} values`),
    );
  }
});
