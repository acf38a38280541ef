import assert from "node:assert/strict";
import { cp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, after, test } from "node:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { buildDataset, openDataset } from "../index.ts";
import { corpusFolder, proseText } from "../testing/corpus-folder.ts";

const root = mkdtempSync(join(tmpdir(), "homegrown-dataset-"));
const built = join(root, "dataset");
before(async () => {
  const lines = Array.from({ length: 60 }, (_, i) => JSON.stringify({ text: proseText(i) }));
  await writeFile(join(root, "corpus.jsonl"), lines.join("\n"));
  await buildDataset({
    name: "opened",
    target: built,
    sources: [{ path: join(root, "corpus.jsonl") }],
    vocabSize: 300,
  });
});
after(() => rm(root, { recursive: true, force: true }));

test("one changed byte in any file is refused, and the file is named", async (context) => {
  const { manifest } = await openDataset(built);
  const files = [
    manifest.tokenizer.file,
    manifest.heldOut.file,
    ...Object.values(manifest.splits).flatMap(({ shards, index }) => [
      index.file,
      ...shards.map(({ file }) => file),
    ]),
  ];
  assert.equal(files.length, 6);
  for (const file of files) {
    const copy = join(await corpusFolder(context), "copy");
    await cp(built, copy, { recursive: true });
    const bytes = await readFile(join(copy, file));
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(join(copy, file), bytes);
    await assert.rejects(openDataset(copy), { code: "data/changed-file", message: new RegExp(file) });
  }
});

test("a cut shard is seen without reading it; a missing folder and a foreign manifest are named", async (context) => {
  const copy = join(await corpusFolder(context), "copy");
  await cp(built, copy, { recursive: true });
  const { manifest } = await openDataset(copy);
  const shard = manifest.splits.train.shards[0]!;
  await truncate(join(copy, shard.file), shard.numTokens * 2 - 2);
  await assert.rejects(openDataset(copy, { verify: "sizes" }), {
    code: "data/changed-file",
    message: /bytes/,
  });
  await assert.rejects(openDataset(join(copy, "missing")), { code: "data/no-such-dataset" });
  for (const text of ["{", "[]", JSON.stringify({ ...manifest, schemaVersion: 2 })]) {
    await writeFile(join(copy, "dataset.json"), text);
    await assert.rejects(openDataset(copy), { code: "data/corrupt-manifest" });
  }
  const escaping = { ...manifest, tokenizer: { ...manifest.tokenizer, file: "../tokenizer.json" } };
  await writeFile(join(copy, "dataset.json"), JSON.stringify(escaping));
  await assert.rejects(openDataset(copy), { code: "data/changed-file", message: /plain file name/ });
});

test("the manifest's hash is that of its file", async () => {
  const dataset = await openDataset(built);
  const { createHash } = await import("node:crypto");
  const digest = createHash("sha256")
    .update(await readFile(join(built, "dataset.json")))
    .digest("hex");
  assert.equal(dataset.manifestSha256, digest);
});
