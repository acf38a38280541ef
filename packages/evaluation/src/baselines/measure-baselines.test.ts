import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { createRandom } from "@homegrown/statistics";
import { measureBaselines, openHeldOut, readTrainingTexts } from "../index.ts";
import { measureGzip, measureXz, measureZstd } from "./compressors.ts";

const words = ["export", "interface", "Options", "readonly", "string", "number", "{", "}", ";", "port"];
const random = createRandom(1);
const texts = Array.from({ length: 60 }, () =>
  Array.from({ length: 200 }, () => words[Math.floor(random() * words.length)]).join(" "),
);
const whole = texts.join("");
const hasXz = spawnSync("xz", ["--version"]).status === 0;

test("gzip's size is zlib's on the same bytes; zstd's is near its one-shot size", async () => {
  assert.equal(await measureGzip(texts), gzipSync(whole, { level: 9 }).length);
  const oneShot = zstdCompressSync(whole).length;
  const streamed = await measureZstd(texts, whole.length);
  assert.ok(streamed < oneShot && streamed > 0.5 * oneShot, `${streamed} ${oneShot}`);
});

test("xz's size is the command's, or is left out where there is none", async () => {
  const size = await measureXz(texts, whole.length);
  if (!hasXz) return assert.equal(size, undefined);
  const { stdout } = spawnSync("xz", ["-9e", "--stdout", "--check=none"], { input: whole });
  assert.ok(Math.abs(size! - stdout.length) <= 8, `${size} ${stdout.length}`);
});

test("priming with the same text leaves next to nothing to say; with other text, about as much", async () => {
  const total = 2 * whole.length;
  const alone = await measureZstd(texts, total);
  const primed = await measureZstd(texts, total, texts);
  assert.ok(primed < 0.02 * alone, `${primed} ${alone}`);
  const noise = Array.from({ length: 2000 }, () => String.fromCharCode(0x4e00 + Math.floor(random() * 2000)));
  const elsewhere = await measureZstd(texts, total, noise);
  assert.ok(elsewhere > 0.8 * alone, `${elsewhere} ${alone}`);
  if (!hasXz) return;
  const xz = await measureXz(texts, total, () => texts);
  assert.ok(xz! < 0.05 * (await measureXz(texts, total))!);
});

test("baselines count exactly the chosen documents' bytes and say what they have seen", async () => {
  const folder = await mkdtemp(join(tmpdir(), "homegrown-baselines-"));
  try {
    const file = join(folder, "held-out.jsonl");
    await writeFile(file, texts.map((text, i) => JSON.stringify({ id: `${i}`, text })).join("\n"));
    const heldOut = await openHeldOut(file);
    const chosen: string[] = [];
    for await (const { text } of heldOut.read()) chosen.push(text);
    const half = chosen.slice(0, 30);
    const bytes = half.join("").length;
    const training = async function* (): AsyncGenerator<string> {
      yield* chosen.slice(30);
    };
    const baselines = await measureBaselines({
      heldOut,
      numDocuments: 30,
      trainingTexts: training,
      thorough: true,
    });
    const of = (name: string, primed: boolean): number =>
      baselines.find((one) => one.name === name && one.primed === primed)?.bitsPerByte ?? Number.NaN;
    assert.equal(of("gzip -9", false), (8 * gzipSync(half.join(""), { level: 9 }).length) / bytes);
    assert.ok(of("order-5 bytes", true) < of("order-5 bytes", false));
    assert.ok(of("zstd -19", true) < of("zstd -19", false));
    assert.equal(Number.isFinite(of("xz -9e", true)), hasXz);
    // Ten words at random and a space: no predictor gets under log2(10) bits a word.
    const words = half.join(" ").split(" ").length;
    for (const { name, bitsPerByte } of baselines) {
      assert.ok(bitsPerByte > (0.95 * words * Math.log2(10)) / bytes, `${name} ${bitsPerByte}`);
    }
    const unprimed = await measureBaselines({ heldOut, numDocuments: 30 });
    assert.ok(unprimed.every(({ primed }) => !primed));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("training text comes back from packed shards, document by document", async () => {
  const folder = await mkdtemp(join(tmpdir(), "homegrown-shards-"));
  try {
    const documents = ["erste Größe", "second", "", "third 🦊"];
    const ids = documents.flatMap((text) => [...Buffer.from(text), 300]);
    const at = ids.length - 9;
    await writeFile(join(folder, "a.bin"), Uint16Array.from(ids.slice(0, at)));
    await writeFile(join(folder, "b.bin"), Uint16Array.from(ids.slice(at)));
    const shards = ["a.bin", "b.bin"].map((file) => ({ file, sha256: "0".repeat(64), numTokens: 1 }));
    const split = {
      documents: 4,
      bytes: 1,
      numTokens: ids.length,
      shards,
      index: { file: "i", sha256: "0".repeat(64) },
    };
    const manifest = {
      schemaVersion: 1 as const,
      name: "tiny",
      createdAt: "",
      packing: "documents" as const,
      tokenizer: { file: "t", sha256: "0".repeat(64), vocabSize: 301, endOfTextId: 300 },
      tokenBytes: 2 as const,
      steps: [],
      heldOut: {
        fraction: 0,
        salt: "",
        leakage: { checked: 0, leaked: 0 },
        file: "",
        sha256: "0".repeat(64),
      },
      splits: { train: split, heldOut: { ...split, shards: [] } },
      sources: [],
      rights: "train" as const,
    };
    const tokenizer = { tokenBytes: (id: number): Uint8Array => Uint8Array.of(id) };
    const read = async (maxBytes?: number): Promise<string[]> =>
      Array.fromAsync(
        readTrainingTexts(folder, manifest, tokenizer, maxBytes === undefined ? {} : { maxBytes }),
      );
    assert.deepEqual(await read(), ["erste Größe", "second", "third 🦊"]);
    assert.deepEqual(await read(14), ["erste Größe", "second"]);
    await assert.rejects(
      Array.fromAsync(readTrainingTexts(folder, { ...manifest, packing: "pairs" }, tokenizer)),
      {
        code: "evaluation/no-training-text",
      },
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
