// Referees: PyPI's `gguf` (llama.cpp's own Python package) and `safetensors` (the reference implementation).
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ensurePython } from "@homegrown/testing";
import { temporaryFolder } from "../fixtures/temporary-folder.ts";
import { tinyModel } from "../fixtures/tiny-model.ts";
import { readGgufHeader } from "../gguf/reader.ts";
import { readGgufTensor } from "../gguf/tensors.ts";
import { writeGguf } from "../gguf/writer.ts";
import { openSafetensors } from "../huggingface/safetensors.ts";
import { writeHuggingFace } from "../huggingface/write-folder.ts";

const run = promisify(execFile);

test("gguf and safetensors read what we write, quantise to the same bytes, and write what we read", async (t) => {
  const python = await ensurePython(["gguf==0.19.0", "safetensors==0.8.0", "numpy==2.4.6"]);
  const folder = await temporaryFolder(t);
  const model = tinyModel();
  await writeHuggingFace(folder, model);
  for (const weightType of ["F32", "F16", "BF16", "Q8_0"] as const) {
    await writeGguf(join(folder, `model-${weightType}.gguf`), { ...model, weightType, name: "tiny" });
  }
  const { stdout } = await run(python, [join(import.meta.dirname, "referee.py"), folder]);
  const report = JSON.parse(stdout);
  assert.deepEqual(report.names, [...model.parameters.keys()].sort());
  const fileTypes = { F32: 0, F16: 1, BF16: 32, Q8_0: 7 };
  for (const [weightType, fileType] of Object.entries(fileTypes)) {
    const seen = report.gguf[`model-${weightType}.gguf`];
    assert.deepEqual(Object.values(seen.sameBytes), [true, true, true, true], `${weightType}: bytes differ`);
    assert.equal(seen.fileType, fileType);
    assert.equal(seen.tensors, model.parameters.size);
    assert.equal(seen.tokens, model.config.vocabSize);
    assert.equal(seen.template, model.chatTemplate);
    assert.equal(Math.fround(seen.epsilon), Math.fround(1e-6));
  }
  await readTheirs(folder);
});

async function readTheirs(folder: string): Promise<void> {
  const file = join(folder, "theirs.gguf");
  const { metadata, tensors } = await readGgufHeader(file);
  assert.deepEqual(Object.fromEntries([...metadata].filter(([key]) => key.startsWith("test."))), {
    "test.uint8": 255,
    "test.int8": -128,
    "test.uint16": 65_535,
    "test.int16": -32_768,
    "test.uint32": 2 ** 32 - 1,
    "test.int32": -(2 ** 31),
    "test.uint64": 2n ** 64n - 1n,
    "test.int64": -(2 ** 40),
    "test.float32": 0.5,
    "test.float64": 0.1,
    "test.bool": true,
    "test.string": "Grüße 👋",
    "test.strings": ["a", "", "ü"],
    "test.integers": [1, -2, 3],
    "test.floats": [0.5, 1.5],
  });
  const [plain, half, eight] = await Promise.all(tensors.map((tensor) => readGgufTensor(file, tensor)));
  assert.deepEqual(
    tensors.map(({ type }) => type),
    ["F32", "F16", "Q8_0"],
  );
  plain!.forEach((value, i) => {
    assert.ok(Math.abs(value - (-3 + (6 * i) / 191)) < 1e-6);
    assert.equal(half![i], Math.f16round(value));
    assert.ok(Math.abs(eight![i]! - value) < 3 / 127);
  });
  const safetensors = await openSafetensors(join(folder, "theirs.safetensors"));
  assert.deepEqual(await safetensors.get("plain"), plain);
  assert.deepEqual(await safetensors.get("half"), half);
  assert.equal(await safetensors.get("absent"), undefined);
  await safetensors.close();
}
