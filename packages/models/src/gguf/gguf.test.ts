import assert from "node:assert/strict";
import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../fixtures/temporary-folder.ts";
import { tinyModel } from "../fixtures/tiny-model.ts";
import { openHuggingFace } from "../huggingface/read-folder.ts";
import { writeHuggingFace } from "../huggingface/write-folder.ts";
import { NUMBER_FORMATS } from "../weights/number-formats.ts";
import { readGgufHeader } from "./reader.ts";
import { summariseGguf } from "./summary.ts";
import { interleaveRotaryRows } from "./tensor-names.ts";
import { readGgufTensor } from "./tensors.ts";
import { writeGguf } from "./writer.ts";

for (const weightType of ["F32", "F16", "BF16", "Q8_0"] as const) {
  test(`${weightType}: header and tensors come back as they were written`, async (t) => {
    const file = join(await temporaryFolder(t), "model.gguf");
    const model = tinyModel({ tieWordEmbeddings: false });
    await writeGguf(file, { ...model, weightType, name: "tiny", license: "Apache-2.0" });
    const header = await readGgufHeader(file);
    assert.equal(header.version, 3);
    assert.equal(header.fileSize, (await stat(file)).size);
    assert.deepEqual(summariseGguf(header), {
      architecture: "qwen3",
      name: "tiny",
      license: "Apache-2.0",
      numParameters: [...model.parameters.values()].reduce((sum, { length }) => sum + length, 0),
      contextLength: 128,
      vocabSize: 288,
      weightType,
      hasChatTemplate: true,
    });
    assert.equal(header.tensors.length, model.parameters.size);
    const tensor = header.tensors.find(({ name }) => name === "blk.1.ffn_down.weight")!;
    assert.deepEqual(tensor.dimensions, [96, 64]);
    assert.equal(tensor.type, weightType);
    const values = model.parameters.get("model.layers.1.mlp.down_proj.weight")!;
    const expected = new Float32Array(values.length);
    NUMBER_FORMATS[weightType].decode(NUMBER_FORMATS[weightType].encode(values), expected);
    assert.deepEqual(await readGgufTensor(file, tensor), expected);
    const norm = header.tensors.find(({ name }) => name === "blk.0.attn_q_norm.weight")!;
    assert.equal(norm.type, "F32");
    assert.deepEqual(
      await readGgufTensor(file, norm),
      model.parameters.get("model.layers.0.self_attn.q_norm.weight"),
    );
  });
}

test("tokens, kinds and padding rows of the vocabulary", async (t) => {
  const file = join(await temporaryFolder(t), "model.gguf");
  await writeGguf(file, { ...tinyModel(), weightType: "F32", name: "tiny" });
  const { metadata } = await readGgufHeader(file);
  const tokens = metadata.get("tokenizer.ggml.tokens") as string[];
  const kinds = metadata.get("tokenizer.ggml.token_type") as number[];
  assert.deepEqual(tokens.slice(263, 269), [
    "on",
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "[PAD267]",
    "[PAD268]",
  ]);
  assert.deepEqual(kinds.slice(263, 269), [1, 3, 3, 3, 5, 5]);
  assert.deepEqual((metadata.get("tokenizer.ggml.merges") as string[]).slice(0, 2), ["t h", "th e"]);
  assert.equal(metadata.get("tokenizer.ggml.eos_token_id"), 266);
  assert.equal(metadata.get("tokenizer.ggml.add_bos_token"), false);
});

test("exported from a folder whose weights are read on demand, the file is the same", async (t) => {
  const folder = await temporaryFolder(t);
  const model = tinyModel({ architecture: "llama" });
  await writeHuggingFace(join(folder, "model"), model);
  const opened = await openHuggingFace(join(folder, "model"));
  t.after(() => opened.close());
  await writeGguf(join(folder, "a.gguf"), { ...model, weightType: "Q8_0", name: "tiny" });
  await writeGguf(join(folder, "b.gguf"), { ...opened, weightType: "Q8_0", name: "tiny" });
  assert.deepEqual(await readFile(join(folder, "b.gguf")), await readFile(join(folder, "a.gguf")));
});

test("rotary rows: neighbours of the result were half a head apart", () => {
  // Two heads of four rows, one number each: the row's own index.
  const rows = Float32Array.from({ length: 8 }, (_, i) => i);
  assert.deepEqual([...interleaveRotaryRows(rows, 4, 1)], [0, 2, 1, 3, 4, 6, 5, 7]);
});

test("what cannot be written is refused, and nothing is left behind", async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, "model.gguf");
  const narrow = tinyModel({ intermediateSize: 80 });
  await assert.rejects(writeGguf(file, { ...narrow, weightType: "Q8_0", name: "x" }), {
    code: "models/row-not-quantisable",
    message: /down_proj.*80/,
  });
  const foreign = tinyModel();
  foreign.tokenizerJson.pre_tokenizer.pretokenizers[0].pattern.Regex = "\\s+";
  await assert.rejects(writeGguf(file, { ...foreign, weightType: "F32", name: "x" }), {
    code: "models/unsupported-tokenizer",
  });
  const diverged = tinyModel();
  diverged.parameters.get("model.norm.weight")![0] = Number.POSITIVE_INFINITY;
  await assert.rejects(writeGguf(file, { ...diverged, weightType: "F32", name: "x" }), {
    code: "models/weight-out-of-range",
  });
  assert.deepEqual(await readdir(folder), []);
  await writeGguf(file, { ...tinyModel(), weightType: "F32", name: "x" });
  await assert.rejects(writeGguf(file, { ...tinyModel(), weightType: "F32", name: "x" }), {
    code: "models/write-failed",
  });
  assert.deepEqual(await readdir(folder), ["model.gguf"]);
});

test("an absent file and a type that is not read", async (t) => {
  const file = join(await temporaryFolder(t), "model.gguf");
  await assert.rejects(readGgufHeader(file), { code: "models/file-not-found" });
  await writeGguf(file, { ...tinyModel(), weightType: "F32", name: "x" });
  const [tensor] = (await readGgufHeader(file)).tensors;
  await assert.rejects(readGgufTensor(file, { ...tensor!, type: "Q4_K" }), {
    code: "models/unsupported-model",
  });
});
