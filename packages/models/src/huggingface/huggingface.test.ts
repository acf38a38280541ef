import assert from "node:assert/strict";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { temporaryFolder } from "../fixtures/temporary-folder.ts";
import { tinyModel } from "../fixtures/tiny-model.ts";
import { NUMBER_FORMATS } from "../weights/number-formats.ts";
import { parseConfigJson, toConfigJson } from "./config-json.ts";
import { readHuggingFace } from "./read-folder.ts";
import { openSafetensors } from "./safetensors.ts";
import { writeHuggingFace } from "./write-folder.ts";

const IDS = { endOfText: 264, endOfTurn: 266 };

for (const architecture of ["qwen3", "llama"] as const) {
  for (const tieWordEmbeddings of [true, false]) {
    test(`${architecture}, ${tieWordEmbeddings ? "tied" : "untied"}: a folder written and read is the same model`, async (t) => {
      const folder = await temporaryFolder(t);
      const model = tinyModel({ architecture, tieWordEmbeddings, maxPositionEmbeddings: 77, ropeTheta: 5e5 });
      await writeHuggingFace(folder, model);
      assert.deepEqual((await readdir(folder)).sort(), [
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
      ]);
      assert.deepEqual(await readHuggingFace(folder), model);
    });
  }
}

for (const weightType of ["F16", "BF16"] as const) {
  test(`${weightType} weights come back as the nearest numbers of that type`, async (t) => {
    const folder = await temporaryFolder(t);
    const model = tinyModel();
    await writeHuggingFace(folder, { ...model, weightType });
    const read = await readHuggingFace(folder);
    for (const [name, values] of model.parameters) {
      const expected = new Float32Array(values.length);
      NUMBER_FORMATS[weightType].decode(NUMBER_FORMATS[weightType].encode(values), expected);
      assert.deepEqual(read.parameters.get(name), expected);
    }
  });
}

test("config.json as transformers 5.23 writes it is understood", () => {
  const written = {
    architectures: ["Qwen3ForCausalLM"],
    attention_bias: false,
    attention_dropout: 0.0,
    bos_token_id: null,
    dtype: "float32",
    eos_token_id: 258,
    head_dim: 32,
    hidden_act: "silu",
    hidden_size: 64,
    initializer_range: 0.02,
    intermediate_size: 96,
    layer_types: ["full_attention", "full_attention"],
    max_position_embeddings: 128,
    max_window_layers: 28,
    model_type: "qwen3",
    num_attention_heads: 4,
    num_hidden_layers: 2,
    num_key_value_heads: 2,
    pad_token_id: 256,
    rms_norm_eps: 1e-6,
    rope_parameters: { rope_theta: 10_000.0, rope_type: "default" },
    sliding_window: null,
    tie_word_embeddings: true,
    transformers_version: "5.23.0",
    use_cache: true,
    use_sliding_window: false,
    vocab_size: 288,
  };
  const config = parseConfigJson(written, "config.json");
  assert.deepEqual(config, tinyModel().config);
  // And ours says the same in every field that transformers wrote, but its own version and unused windows.
  const ours = toConfigJson(config, { endOfText: 256, endOfTurn: 258 }, "F32");
  for (const [field, value] of Object.entries(written)) {
    if (field !== "transformers_version" && field !== "max_window_layers")
      assert.deepEqual(ours[field], value, field);
  }
});

const REFUSED = [
  ["model_type", "gpt2", "models/unsupported-model"],
  ["hidden_act", "gelu", "models/unsupported-model"],
  ["attention_bias", true, "models/unsupported-model"],
  ["use_sliding_window", true, "models/unsupported-model"],
  ["quantization_config", { bits: 4 }, "models/unsupported-model"],
  ["rope_parameters", { rope_type: "yarn", rope_theta: 10_000 }, "models/unsupported-model"],
  ["rope_scaling", { rope_type: "llama3" }, "models/unsupported-model"],
  ["rope_theta", 77, "models/malformed-file"],
  ["rms_norm_eps", "small", "models/malformed-file"],
  ["vocab_size", 1e12, "models/malformed-file"],
  ["num_hidden_layers", 1e9, "models/malformed-file"],
  ["num_attention_heads", 3, "models/malformed-file"],
  ["head_dim", null, "models/malformed-file"],
  ["hidden_size", undefined, "models/malformed-file"],
] as const;

for (const [field, value, code] of REFUSED) {
  test(`config.json with ${field} ${JSON.stringify(value)} is refused by name`, () => {
    const json = { ...toConfigJson(tinyModel().config, IDS, "F32"), [field]: value };
    assert.throws(
      () => parseConfigJson(json, "config.json"),
      (error) =>
        error instanceof HomegrownError && error.code === code && error.message.includes("config.json"),
    );
  });
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** Each breaks the header of a good file in one place; the message must name that place. */
const BROKEN_HEADERS: Record<string, { change: (header: Record<string, Entry>) => void; says: RegExp }> = {
  "missing tensor": {
    change: (header) => void (delete header["model.norm.weight"], closeGap(header)),
    says: /missing "model\.norm\.weight"/,
  },
  "unexpected tensor": {
    change: (header) => void (header["extra"] = { dtype: "F32", shape: [0], data_offsets: [0, 0] }),
    says: /unexpected "extra"/,
  },
  "other shape": {
    change: (header) => void header["model.layers.0.mlp.up_proj.weight"]!.shape.reverse(),
    says: /up_proj\.weight\.shape: \[64, 96\], config\.json needs \[96, 64\]/,
  },
  "unknown dtype": {
    change: (header) => void (header["model.norm.weight"]!.dtype = "F8_E4M3"),
    says: /model\.norm\.weight"\.dtype/,
  },
  overlap: {
    change: (header) => void (header["model.norm.weight"]!.data_offsets = [0, 256]),
    says: /overlaps|hole/,
  },
  "negative offset": {
    change: (header) => void (header["model.norm.weight"]!.data_offsets[0] = -4),
    says: /data_offsets/,
  },
  "length of another shape": {
    change: (header) => void header["model.norm.weight"]!.data_offsets[1]--,
    says: /model\.norm\.weight"\.data_offsets: 255 bytes/,
  },
  "shape past 2^53": {
    change: (header) => void (header["model.norm.weight"]!.shape = [2 ** 52, 2 ** 52]),
    says: /model\.norm\.weight"\.data_offsets/,
  },
};

function closeGap(header: Record<string, Entry>): void {
  let end = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const length = entry.data_offsets[1] - entry.data_offsets[0];
    entry.data_offsets = [end, (end += length)];
  }
}

for (const [name, { change, says }] of Object.entries(BROKEN_HEADERS)) {
  test(`model.safetensors with ${name}: refused, naming the field`, async (t) => {
    const folder = await temporaryFolder(t);
    await writeHuggingFace(folder, tinyModel());
    const file = join(folder, "model.safetensors");
    const bytes = await readFile(file);
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
    change(header);
    const json = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(json.length));
    const last = Math.max(
      ...Object.entries<Entry>(header).map(([key, { data_offsets }]) =>
        key === "__metadata__" ? 0 : data_offsets[1],
      ),
    );
    await writeFile(file, Buffer.concat([size, json, bytes.subarray(8 + length).subarray(0, last)]));
    await assert.rejects(readHuggingFace(folder), (error) => {
      assert.ok(error instanceof HomegrownError);
      assert.match(error.message, says);
      assert.ok(error.message.includes(file));
      return true;
    });
  });
}

test("a header length past the file, no JSON, a folder in a file's place, weights in shards", async (t) => {
  const folder = await temporaryFolder(t);
  await writeHuggingFace(folder, tinyModel());
  const file = join(folder, "model.safetensors");
  await writeFile(file, Buffer.from("ffffffffffffff7f7b7d", "hex"));
  await assert.rejects(openSafetensors(file), /header length/);
  await writeFile(file, Buffer.from("02000000000000007b7b", "hex"));
  await assert.rejects(openSafetensors(file), /header: not valid JSON/);
  await rm(file);
  await assert.rejects(readHuggingFace(folder), { code: "models/file-not-found" });
  await writeFile(join(folder, "model.safetensors.index.json"), "{}");
  await assert.rejects(readHuggingFace(folder), {
    code: "models/unsupported-model",
    message: /several files/,
  });
  await mkdir(file);
  await assert.rejects(readHuggingFace(folder), { code: "models/malformed-file", message: /regular file/ });
});

test("what cannot be stored is refused, and nothing is left behind", async (t) => {
  const folder = await temporaryFolder(t);
  const model = tinyModel();
  model.parameters.get("model.norm.weight")![5] = Number.NaN;
  await assert.rejects(writeHuggingFace(folder, model), {
    code: "models/weight-out-of-range",
    message: /model\.norm\.weight.*NaN at index 5/,
  });
  assert.ok(!(await readdir(folder)).includes("model.safetensors"));
  const other = await temporaryFolder(t);
  model.parameters.get("model.norm.weight")![5] = 70_000;
  await assert.rejects(writeHuggingFace(other, { ...model, weightType: "F16" }), {
    code: "models/weight-out-of-range",
  });
  model.parameters.delete("model.norm.weight");
  await assert.rejects(writeHuggingFace(await temporaryFolder(t), model), {
    code: "models/missing-parameter",
  });
});

test("a tokenizer that does not fit the model is refused", async (t) => {
  const folder = await temporaryFolder(t);
  const model = tinyModel();
  const small = { ...model, config: { ...model.config, vocabSize: 256 } };
  await assert.rejects(writeHuggingFace(folder, small), {
    code: "models/malformed-file",
    message: /256 rows/,
  });
  const specialTokens = { endOfText: "<|endoftext|>", endOfTurn: "</s>" };
  await assert.rejects(writeHuggingFace(folder, { ...model, specialTokens }), {
    message: /no token "<\/s>"/,
  });
});
