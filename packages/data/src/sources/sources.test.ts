import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { StepCounter } from "../step-counter.ts";
import type { FoundFile } from "./corpus-source.ts";
import { fileFormat } from "./document-kind.ts";
import { rightsOfLicense } from "./licenses.ts";
import { shareOut } from "./share-out.ts";

test("licences: permissive ones give train, OR takes the better, AND the worse, the rest nothing", () => {
  const cases: [expression: string, rights: string][] = [
    ["MIT", "train"],
    ["apache-2.0", "train"],
    ["(MIT OR CC0-1.0)", "train"],
    ["GPL-2.0-only OR MIT", "train"],
    ["MIT AND GPL-2.0-only", "none"],
    ["(MIT AND Zlib)", "train"],
    ["MIT AND (GPL-3.0-only OR ISC)", "train"],
    ["Apache-2.0 WITH LLVM-exception", "train"],
    ["Apache-2.0 with llvm-exception AND MIT", "train"],
    ["GPL-2.0-only WITH Classpath-exception-2.0", "none"],
    ["MIT WITH Commons-Clause", "none"],
    ["MIT WITH", "none"],
    ["MIT WITH Commons-Clause OR ISC", "train"],
    ["GPL-3.0-or-later", "none"],
    ["SEE LICENSE IN LICENSE.txt", "none"],
    ["UNLICENSED", "none"],
    ["unknown", "none"],
    ["", "none"],
    ["(MIT", "none"],
    ["MIT MIT", "none"],
  ];
  for (const [expression, rights] of cases) assert.equal(rightsOfLicense(expression), rights, expression);
});

test("kinds and packings by name", () => {
  assert.deepEqual(fileFormat("a/b.d.ts"), { kind: "declarations", lines: false, gzip: false });
  assert.deepEqual(fileFormat("style.d.css.ts"), { kind: "declarations", lines: false, gzip: false });
  assert.deepEqual(fileFormat("README.MD"), { kind: "markdown", lines: false, gzip: false });
  assert.deepEqual(fileFormat("x.jsonl.gz"), { kind: "prose", lines: true, gzip: true });
  assert.deepEqual(fileFormat("main.rs"), { kind: "code", lines: false, gzip: false });
  for (const name of ["Makefile", "a.png", "a.gz", "ts", "package.json"])
    assert.equal(fileFormat(name), undefined, name);
});

test("a byte bound is shared out fairly: never passed, and no package gives way to a larger one", () => {
  const sizes = fc.array(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 }), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 2000 }), (packages, bound) => {
      const files = packages.flatMap((list, p) =>
        list.map((bytes, i) => foundFile(`p${p}`, `p${p}/${i}.ts`, bytes)),
      );
      const kept = shareOut(files, bound, new StepCounter("find"));
      if (total(files) <= bound) return assert.deepEqual(kept, files);
      assert.ok(total(kept) <= bound);
      assert.deepEqual(
        kept,
        files.filter((file) => kept.includes(file)),
      );
      const share = Math.floor(bound / packages.length);
      for (const [p] of packages.entries()) {
        const own = files.filter(({ origin }) => origin.name === `p${p}`);
        // Whoever fits into an equal share is whole.
        if (total(own) <= share) assert.ok(own.every((file) => kept.includes(file)));
      }
    }),
    { numRuns: 150 },
  );
});

function total(list: readonly FoundFile[]): number {
  return list.reduce((sum, { bytes }) => sum + bytes, 0);
}

function foundFile(name: string, id: string, bytes: number): FoundFile {
  const origin = { name, license: "MIT", rights: "train" } as const;
  return { path: id, id, kind: "code", gzip: false, lines: false, bytes, origin };
}
