import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatSparkline,
  formatTable,
  indent,
  toPrintable,
} from "./format.ts";

test("bytes and counts keep three figures and change units where people do", () => {
  assert.deepEqual([0, 999, 1000, 15_400, 123_456, 5e6, 2.5e9].map(formatBytes), [
    "0 B",
    "999 B",
    "1.0 kB",
    "15.4 kB",
    "123 kB",
    "5.0 MB",
    "2.5 GB",
  ]);
  assert.deepEqual([7.4, 1234, 12_345, 1.25e6, 3e9].map(formatCount), ["7", "1,234", "12k", "1.3M", "3.0B"]);
});

test("durations are seconds, then minutes, then hours", () => {
  assert.deepEqual([-1, 0.4, 59.4, 60, 3599, 3600, 7265, Number.NaN].map(formatDuration), [
    "0 s",
    "0 s",
    "59 s",
    "1 min 00 s",
    "59 min 59 s",
    "1 h 00 min",
    "2 h 01 min",
    "?",
  ]);
});

test("a table's columns begin under each other, without trailing blanks", () => {
  assert.equal(
    formatTable(
      ["a", "long", ""],
      [
        ["wide cell", "1", "x"],
        ["b", "22", ""],
      ],
    ),
    "a          long\nwide cell  1     x\nb          22",
  );
});

test("a sparkline shows the lowest value lowest, in at most its width", () => {
  assert.equal(formatSparkline([8, 7, 6, 5, 4, 3, 2, 1], 8), "█▇▆▅▄▃▂▁");
  assert.equal(formatSparkline([1, 1, 3, 3], 2), "▁█");
  assert.equal(formatSparkline([5, 5, 5], 10), "▁▁▁");
  assert.equal(formatSparkline([], 10), "");
});

test("nothing that a model writes can steer the terminal", () => {
  assert.equal(toPrintable("a\u001b[2Jb\u0007\r\u202ec\u009b"), "a·[2Jb···c·");
  assert.equal(toPrintable("tab\tline\nend é 🙂"), "tab\tline\nend é 🙂");
  assert.equal(indent("a\nb", 3), "   a\n   b");
});
