// A version as `up` and `train --name` make it, from weights that were never trained: measured, compared with the
// server, signed.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { PARITY_SAMPLE, type RunManifest } from "@homegrown/contracts";
import { TYPESCRIPT_PROMPTS } from "@homegrown/evaluation";
import { initializeParameters, resolveModelConfig } from "@homegrown/models";
import { openRegistry, type Registry } from "@homegrown/registry";
import { sha256File } from "@homegrown/storage";
import { writeTinyCorpus } from "@homegrown/testing";
import { planRun } from "@homegrown/training";
import { chooseFixedPrompts } from "./fixed-prompts.ts";
import { measureRegistered, preparePairs, prepareText, releaseVersion, type Release } from "./index.ts";
import type { Prepared } from "./open-or-build.ts";
import { prepareNotes, temporaryFolder } from "./testing/notes.ts";

const SEQUENCE_LENGTH = 256;

describe("a released version", () => {
  const cleanups: (() => Promise<void>)[] = [];
  let registry: Registry;
  let text: Prepared["dataset"];
  let pairs: Prepared["dataset"];
  let run: RunManifest;
  let released: Release;

  before(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "homegrown-release-"));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const prepared = await prepareNotes(folder, { count: 60, numWords: 60 });
    const { home } = prepared;
    text = prepared.dataset;
    pairs = (await preparePairs({ home, text, sequenceLength: SEQUENCE_LENGTH })).dataset;
    registry = await openRegistry(home);
    cleanups.unshift(() => registry.close());
    const model = resolveModelConfig(
      {
        hiddenSize: 32,
        intermediateSize: 64,
        numLayers: 1,
        numAttentionHeads: 2,
        numKeyValueHeads: 1,
        headDim: 16,
      },
      text.manifest.tokenizer.vocabSize,
      SEQUENCE_LENGTH,
    );
    run = await planRun({
      home,
      id: "notes-run",
      kind: "pretrain",
      model,
      datasetFolder: text.folder,
      totalSteps: 1,
      batch: { sequenceLength: SEQUENCE_LENGTH },
      code: { commit: "abc", dirty: false },
    });
    released = await releaseVersion({
      registry,
      name: "notes",
      runs: [run],
      parameters: initializeParameters(model, 1),
      text,
      pairs,
      weightTypes: ["F32"],
    });
  });
  after(async () => {
    for (const clean of cleanups) await clean();
  });

  test("few held-out notes are cut until parity has compared as many texts as it should", async () => {
    assert.ok(text.manifest.splits.heldOut.documents < PARITY_SAMPLE.conversations);
    const [parity] = released.report.parity;
    assert.deepEqual(parity!.failures, []);
    assert.deepEqual(
      [parity!.passages, parity!.conversations],
      [PARITY_SAMPLE.passages, PARITY_SAMPLE.conversations],
    );
    const promoted = await registry.promote({ name: "notes", version: "v1", reason: "test" });
    assert.deepEqual([promoted.changed, promoted.note], [true, undefined]);
  });

  test("the card shows what the version makes of fixed prompts, beside the truth", async () => {
    const { samples } = released.report;
    assert.ok(samples.length > 0);
    const heldOut = await Array.fromAsync(text.heldOutDocuments());
    for (const { prompt, truth, source } of samples) {
      assert.equal(source, "notes (run notes-run)");
      assert.ok(
        heldOut.some(({ text: document }) => truth && document.startsWith(prompt + truth)),
        prompt,
      );
    }
    // `homegrown eval` asks the same.
    const again = await measureRegistered({
      version: await registry.resolve("notes@v1"),
      text,
      pairs,
      heldOutMilliseconds: 1,
    });
    assert.deepEqual(
      again.samples.map(({ prompt, completion }) => [prompt, completion]),
      samples.map(({ prompt, completion }) => [prompt, completion]),
    );
  });

  test("the manifests behind it lie in its folder, signed, with the hashes that the lineage names", async () => {
    const { folder, lineage } = released.version;
    assert.ok(lineage.origin.kind === "trained");
    const expected = new Map([
      ["run-notes-run.json", lineage.origin.runs[0]!.manifestSha256],
      ...lineage.origin.datasets.map(
        ({ name, manifestSha256 }) => [`dataset-${name}.json`, manifestSha256] as const,
      ),
    ]);
    assert.equal(expected.size, 3);
    const { files } = await registry.verify("notes@v1");
    for (const [file, sha256] of expected) {
      assert.equal(await sha256File(path.join(folder, file)), sha256, file);
      assert.equal(files.find((signed) => signed.path === file)?.sha256, sha256, `${file} is signed`);
    }
    assert.deepEqual(JSON.parse(await readFile(path.join(folder, "run-notes-run.json"), "utf8")), run);
    const page = await readFile(path.join(folder, "report.md"), "utf8");
    assert.ok(page.includes("notes-run") && page.includes(text.manifest.name), "the page tells the lineage");
  });
});

test("a text of declaration files is asked for declarations", async (context) => {
  const folder = await temporaryFolder(context);
  const corpus = path.join(folder, "corpus");
  await writeTinyCorpus(corpus, 40);
  const { dataset } = await prepareText({
    home: path.join(folder, "home"),
    sources: [{ path: corpus }],
    vocabSize: 400,
  });
  const prompts = await chooseFixedPrompts(dataset);
  assert.equal(prompts.length, 4);
  assert.ok(prompts.every(({ prompt }) => TYPESCRIPT_PROMPTS.includes(prompt)));
});
