import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { recordDurableSteps, runToCrash } from "@homegrown/testing";
import { buildDataset, openDataset, summarizeDataset } from "./index.ts";
import type { BuildDatasetOptions, BuiltDataset } from "./index.ts";
import { corpusFolder, declarationText, proseText } from "./testing/corpus-folder.ts";

interface Corpus {
  folder: string;
  build(options?: Partial<BuildDatasetOptions>): Promise<BuiltDataset>;
}

async function makeCorpus(context: TestContext, files: Record<string, string | Uint8Array>): Promise<Corpus> {
  const folder = await corpusFolder(context, { "text/.keep": "" });
  const target = join(folder, "dataset");
  const corpus = await corpusFolder(context, files);
  return {
    folder,
    build: (options = {}) =>
      buildDataset({
        name: "test",
        target,
        sources: [{ path: corpus, name: "corpus" }],
        vocabSize: 300,
        ...options,
      }),
  };
}

function reasons({ manifest }: BuiltDataset, stepName: string): Record<string, number> {
  const step = manifest.steps.find(({ name }) => name === stepName);
  assert.ok(step, `no step ${stepName}`);
  return Object.fromEntries(step.dropped.map(({ reason, documents }) => [reason, documents]));
}

function proseFiles(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`prose/${i}.txt`, proseText(i + 1)]));
}

test("golden: what each step keeps and drops, with reasons", async (context) => {
  const { build } = await makeCorpus(context, {
    ...proseFiles(60),
    "prose/copy.txt": `\uFEFF${proseText(1).replaceAll("\n", "  \r\n")}`,
    "prose/short.txt": "Too short to learn from.",
    "prose/code.txt": `${proseText(400)}{ "not": "prose" }\n`,
    "prose/empty.txt": " \n\n",
    "prose/binary.txt": Buffer.from([1, 0, 2, 3]),
    "prose/latin1.txt": Buffer.from("caf\xe9 ".repeat(60), "latin1"),
    "types/a.d.ts": declarationText(1),
    "types/a.d.mts": `${declarationText(1)}// another flavour\n`,
    "types/b.d.cts": declarationText(2),
    "code/bundle.min.js": "var a=1;".repeat(30),
    "code/generated.ts": `// @generated\n${declarationText(3)}`,
    "code/long.ts": `export const data = "${"x".repeat(1200)}";\n`,
    "image.png": Buffer.from("ignored"),
    "node_modules/x/index.d.ts": declarationText(9),
  });
  const built = await build();
  assert.deepEqual(
    built.manifest.steps.map(({ name, documentsIn, documentsOut }) => [name, documentsIn, documentsOut]),
    [
      ["find", 72, 71],
      ["read", 71, 69],
      ["normalize", 69, 68],
      ["exact-twins", 68, 67],
      ["quality", 67, 62],
      ["rights", 62, 62],
      ["held-out", 62, 62],
      ["pack", 62, 62],
    ],
  );
  assert.deepEqual(reasons(built, "find"), { "twin of .d.ts (.d.mts)": 1 });
  assert.deepEqual(reasons(built, "read"), { binary: 1, "invalid UTF-8": 1 });
  assert.deepEqual(reasons(built, "normalize"), { empty: 1 });
  assert.deepEqual(reasons(built, "exact-twins"), { "same text as an earlier document": 1 });
  assert.deepEqual(reasons(built, "quality"), {
    "code: a line of more than 1000 characters (Codex)": 1,
    "code: marked as generated (Codex)": 1,
    "code: minified, by its name": 1,
    "prose: curly bracket (C4)": 1,
    "prose: fewer than 50 words (Gopher)": 1,
  });
  for (const step of built.manifest.steps) {
    const dropped = step.dropped.reduce((sum, { documents }) => sum + documents, 0);
    assert.equal(step.documentsIn, step.documentsOut + dropped, step.name);
  }
  const { train, heldOut } = built.manifest.splits;
  assert.equal(train.documents + heldOut.documents, 62);
  assert.ok(heldOut.documents >= 1);
  assert.deepEqual(
    built.manifest.sources.map(({ name, license, rights, files }) => ({ name, license, rights, files })),
    [{ name: "corpus", license: "own", rights: "train", files: 62 }],
  );
  assert.equal(summarizeDataset(built.manifest).length, 8);
});

test("documents come back from the shards as they went in, and the same corpus gives the same bytes", async (context) => {
  const { build, folder } = await makeCorpus(context, { ...proseFiles(70), "t/a.d.ts": declarationText(4) });
  const built = await build();
  const again = await build({ target: join(folder, "again") });
  assert.deepEqual({ ...again.manifest, createdAt: "" }, { ...built.manifest, createdAt: "" });
  const dataset = await openDataset(built.folder);
  const texts = new Map<string, string>();
  for (const split of ["train", "heldOut"] as const) {
    for await (const { id, text } of dataset.documents(split)) texts.set(id, text);
  }
  assert.equal(texts.size, 71);
  assert.equal(texts.get("corpus/prose/3.txt"), proseText(4));
  assert.equal(texts.get("corpus/t/a.d.ts"), declarationText(4));
  for await (const { id, text } of dataset.heldOutDocuments()) assert.equal(texts.get(id), text);
});

test("jsonl, gz and globs are read; what is wrong inside them is counted", async (context) => {
  const { build, folder } = await makeCorpus(context, {
    ...proseFiles(50),
    "lines.jsonl": [
      JSON.stringify({ text: proseText(100) }),
      JSON.stringify({ text: declarationText(5), kind: "declarations" }),
      "",
      "{ no json",
      JSON.stringify({ body: "no text" }),
      JSON.stringify({ text: "x".repeat(3000) }),
      "null",
    ].join("\n"),
    "more.jsonl.gz": gzipSync(`${JSON.stringify({ text: proseText(101) })}\n`),
    "story.txt.gz": gzipSync(proseText(102)),
    "broken.txt.gz": gzipSync(proseText(103)).subarray(0, 60),
    "bomb.txt.gz": gzipSync(Buffer.alloc(8 << 20, "a\n")),
  });
  const built = await build({ limits: { maxLineBytes: 2500 } });
  assert.deepEqual(reasons(built, "read"), {
    'line has no string "text"': 2,
    "line is no JSON": 1,
    "line of more than 2500 bytes": 1,
    "damaged gz": 1,
    "decompresses to more than 200 times its size": 1,
  });
  assert.equal(built.manifest.steps.at(-1)?.documentsOut, 50 + 2 + 1 + 1);
  const globbed = await corpusFolder(context, {
    "a/1.txt": proseText(1),
    "a/b/2.txt": proseText(2),
    "a/3.md": proseText(3),
  });
  const fromGlob = await build({
    target: join(folder, "glob"),
    sources: [{ path: join(globbed, "a/**/*.txt"), name: "glob" }],
  });
  assert.equal(fromGlob.manifest.steps[0]?.documentsIn, 2);
});

test("a file that vanishes between finding and reading is counted, not fatal", async (context) => {
  const { build } = await makeCorpus(context, {});
  const corpus = await corpusFolder(context, proseFiles(52));
  const removals: Promise<void>[] = [];
  const built = await build({
    sources: [{ path: corpus }],
    onProgress: ({ event }) => {
      if (event === "data-find") removals.push(rm(join(corpus, "prose/51.txt")));
    },
  });
  await Promise.all(removals);
  assert.equal(removals.length, 1);
  assert.deepEqual(reasons(built, "read"), { vanished: 1 });
});

test("a corpus without text, or without a place, is refused and leaves nothing", async (context) => {
  const { build, folder } = await makeCorpus(context, { "a.png": "x", "b.bin": "y" });
  await assert.rejects(build(), { code: "data/empty-corpus", message: /0 files have a known kind/ });
  for (const path of [join(folder, "missing"), join(folder, "*.txt")]) {
    await assert.rejects(build({ sources: [{ path }] }), { code: "data/no-such-source" });
  }
  assert.deepEqual(await readdir(folder), ["text"]);
});

test("when everything is filtered out, the error names the rules that took it", async (context) => {
  const { build, folder } = await makeCorpus(context, {
    "a.txt": "Short.",
    "b.txt": "Brief.",
    "c.ts": "let a;",
  });
  await assert.rejects(build(), {
    code: "data/everything-filtered-out",
    message: /prose: fewer than 50 words \(Gopher\) \(2\); quality: code: shorter than 50 characters \(1\)/,
  });
  assert.deepEqual(await readdir(folder), ["text"]);
});

test("one short document cannot be split, and one long one is cut into sections", async (context) => {
  const short = await makeCorpus(context, { "a.txt": proseText(1, 8) });
  await assert.rejects(short.build(), { code: "data/one-document", hint: /second document/ });
  const paragraphs = Array.from({ length: 80 }, (_, i) => proseText(i, 5)).join("\n");
  const long = await makeCorpus(context, { "book.txt": paragraphs });
  const { manifest, folder } = await long.build();
  assert.ok(manifest.steps.some(({ name }) => name === "held-out (cut into sections)"));
  assert.ok(manifest.splits.heldOut.documents >= 1 && manifest.splits.train.documents > 10);
  assert.ok(manifest.splits.heldOut.bytes < 0.1 * manifest.splits.train.bytes);
  const dataset = await openDataset(folder);
  const sections: { number: number; text: string }[] = [];
  for (const split of ["train", "heldOut"] as const) {
    for await (const { id, text } of dataset.documents(split))
      sections.push({ number: Number(id.split("#")[1]), text });
  }
  const joined = sections.sort((a, b) => a.number - b.number).map(({ text }) => text);
  assert.equal(joined.join(""), paragraphs);
});

test("held-out documents that training nearly contains are dropped and counted", async (context) => {
  const alike = Array.from({ length: 60 }, (_, i) => [
    `${i}.txt`,
    `${proseText(1)}${proseText(1000 + i, 1)}`,
  ]);
  const { build } = await makeCorpus(context, Object.fromEntries(alike));
  await assert.rejects(build(), { code: "data/held-out-leaked", message: /repeats itself/ });
  const mixed = await makeCorpus(context, {
    ...proseFiles(100),
    ...Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`twin/${i}.txt`, `${proseText(i + 1)}${proseText(1000 + i, 1)}`]),
    ),
  });
  const { manifest } = await mixed.build({ heldOut: { fraction: 0.2 } });
  const { checked, leaked } = manifest.heldOut.leakage;
  assert.ok(leaked > 0 && leaked < checked);
  assert.equal(manifest.splits.heldOut.documents, checked - leaked);
  assert.equal(manifest.splits.train.documents, 130 - checked);
});

test("packages are used by their licence, and named in the manifest", async (context) => {
  const packages: Record<string, string> = {};
  const add = (name: string, license: unknown, seed: number): void => {
    packages[`${name}/package.json`] = JSON.stringify({ name, version: "1.2.3", license });
    for (let i = 0; i < 20; i++) packages[`${name}/dist/${i}.d.ts`] = declarationText(seed * 100 + i);
    packages[`${name}/dist/package.json`] = JSON.stringify({ type: "module" });
  };
  add("free", "MIT", 1);
  add("@scope/either", "(GPL-3.0-only OR Apache-2.0)", 2);
  add("copyleft", "GPL-3.0-only", 3);
  add("silent", undefined, 4);
  packages["free/CHANGELOG.md"] = proseText(7);
  packages["free/LICENSE.md"] = proseText(8);
  const { build } = await makeCorpus(context, {});
  const root = await corpusFolder(context, packages);
  const built = await build({ sources: [{ path: root, layout: "packages", name: "node_modules" }] });
  assert.deepEqual(
    built.manifest.sources.map(({ name, version, license, rights, files }) => [
      name,
      version,
      license,
      rights,
      files,
    ]),
    [
      ["@scope/either", "1.2.3", "(GPL-3.0-only OR Apache-2.0)", "train", 20],
      ["free", "1.2.3", "MIT", "train", 20],
    ],
  );
  assert.deepEqual(reasons(built, "rights"), {
    "licence GPL-3.0-only: no right to train": 20,
    "licence unknown: no right to train": 20,
  });
  assert.deepEqual(reasons(built, "find"), { "change log": 1, "licence text": 1 });
  assert.equal(built.manifest.rights, "train");
});

test("the user's own rights bind", async (context) => {
  const { build } = await makeCorpus(context, {});
  const corpus = await corpusFolder(context, proseFiles(5));
  await assert.rejects(build({ sources: [{ path: corpus, rights: "evaluate" }] }), {
    code: "data/everything-filtered-out",
    message: /rights: licence own: no right to train \(5\)/,
  });
});

test("an existing target, an abort and a failure leave what was there, and nothing else", async (context) => {
  const { build, folder } = await makeCorpus(context, proseFiles(60));
  const controller = new AbortController();
  const aborting = build({
    signal: controller.signal,
    onProgress: ({ event }) => {
      if (event === "data-pack") controller.abort();
    },
  });
  await assert.rejects(aborting, { name: "AbortError" });
  assert.deepEqual(await readdir(folder), ["text"]);
  await build();
  await assert.rejects(build(), { code: "storage/exists" });
  assert.deepEqual((await readdir(folder)).sort(), ["dataset", "text"]);
  assert.deepEqual((await readdir(join(folder, "dataset"))).sort(), [
    "dataset.json",
    "held-out-00000.bin",
    "held-out-documents.jsonl",
    "held-out.jsonl",
    "tokenizer.json",
    "train-00000.bin",
    "train-documents.jsonl",
  ]);
});

test("a build that is killed leaves no dataset before its rename, a whole one after; the next one succeeds", async (context) => {
  const corpus = await corpusFolder(context, proseFiles(52));
  const folder = await corpusFolder(context);
  const script = join(import.meta.dirname, "testing", "build-child.ts");
  const steps = await recordDurableSteps({ script, args: [corpus, join(folder, "whole")] });
  const renamed = steps.findIndex(
    ({ path, step, when }) => path === join(folder, "whole") && step === "rename" && when === "after",
  );
  assert.ok(renamed > 10);
  for (const crashAt of [2, renamed - 1, renamed]) {
    const target = join(folder, `killed-${crashAt}`);
    const { crashed } = await runToCrash({ script, args: [corpus, target], crashAt });
    assert.ok(crashed);
    assert.equal(existsSync(target), crashAt === renamed);
    if (crashAt < renamed)
      await buildDataset({ name: "next", target, sources: [{ path: corpus }], vocabSize: 300 });
    await openDataset(target);
  }
});
