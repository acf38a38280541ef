import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { toCorpusKey } from "./corpus-key.ts";

test("the key follows the files that are read, and no others", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "homegrown-key-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const key = (options: object = {}): Promise<string> => toCorpusKey([{ path: folder }], options);
  await writeFile(path.join(folder, "a.md"), "one");
  const before = await key();
  assert.equal(await key(), before);
  for (const hidden of [".homegrown", ".git", "node_modules"]) {
    await mkdir(path.join(folder, hidden));
    await writeFile(path.join(folder, hidden, "b.md"), "not read");
  }
  await writeFile(path.join(folder, "picture.png"), "not text");
  assert.equal(await key(), before, "what a run writes beside the text does not change it");
  assert.notEqual(await key({ vocabSize: 1 }), before);
  await writeFile(path.join(folder, "c.md"), "two");
  assert.notEqual(await key(), before);
});
