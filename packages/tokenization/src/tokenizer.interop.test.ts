// Referees from PyPI: `tokenizers` (Rust) loads our file and must give our ids on a megabyte of mixed text, and
// trained on the same text must learn our merges; `jinja2` renders our template.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ensurePython, readFixedCorpus } from "@homegrown/testing";
import {
  CHATML_TEMPLATE,
  SPECIAL_TOKENS,
  Tokenizer,
  renderChat,
  serializeTokenizerJson,
  trainBpe,
} from "./index.ts";
import { HARD_TEXTS, TRAINING_TEXTS } from "./testing/hard-texts.ts";

const run = promisify(execFile);

const SCRIPT = `
import json, sys
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
folder = sys.argv[1]
texts = json.load(open(f"{folder}/texts.json", encoding="utf-8"))
tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
ids = [item.ids for item in encoded]
decoded = [tokenizer.decode(item, skip_special_tokens=False) for item in ids]
spec = json.load(open(f"{folder}/tokenizer.json", encoding="utf-8"))
twin = Tokenizer(models.BPE())
twin.normalizer = normalizers.NFC()
twin.pre_tokenizer = tokenizer.pre_tokenizer
twin.train_from_iterator(json.load(open(f"{folder}/training.json", encoding="utf-8")), trainers.BpeTrainer(
    vocab_size=len(spec["model"]["vocab"]), min_frequency=2, show_progress=False,
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
merges = [" ".join(m) if isinstance(m, list) else m for m in json.loads(twin.to_str())["model"]["merges"]]
chat = json.load(open(f"{folder}/chat.json", encoding="utf-8"))
environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
rendered = environment.from_string(chat["template"]).render(messages=chat["messages"], add_generation_prompt=True)
json.dump({"ids": ids, "decoded": decoded, "merges": merges, "rendered": rendered}, open(f"{folder}/out.json", "w"))
`;

test("PyPI tokenizers gives identical ids on 1 MB, learns identical merges; jinja2 renders the same", async () => {
  const python = await ensurePython(["tokenizers==0.22.2", "jinja2==3.1.6"]);
  const folder = await mkdtemp(join(tmpdir(), "homegrown-tokenizers-"));
  try {
    // Our trainer leaves out runs of more than 256 characters; the referee does not.
    const training = [
      ...readFixedCorpus()
        .filter((_, i) => i % 8 === 0)
        .map(({ text }) => text),
      ...TRAINING_TEXTS.filter((text) => !/(.)\1{255}/u.test(text)),
    ];
    const json = await trainBpe(training, { vocabSize: 2048 });
    const tokenizer = Tokenizer.fromJson(json);
    const texts = [...HARD_TEXTS];
    for (const { text } of readFixedCorpus()) {
      if (texts.reduce((sum, one) => sum + one.length, 0) > 1_000_000) break;
      texts.push(text, HARD_TEXTS.join(text.slice(0, 97)));
    }
    assert.ok(Buffer.byteLength(texts.join("")) > 1_000_000);
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: " Declare <a> & \n{{ b }}\n" },
    ] as const;
    await writeFile(join(folder, "tokenizer.json"), serializeTokenizerJson(json));
    await writeFile(join(folder, "texts.json"), JSON.stringify(texts));
    await writeFile(join(folder, "training.json"), JSON.stringify(training));
    await writeFile(join(folder, "chat.json"), JSON.stringify({ template: CHATML_TEMPLATE, messages }));
    await writeFile(join(folder, "referee.py"), SCRIPT);
    await run(python, [join(folder, "referee.py"), folder], { timeout: 200_000 });
    const referee = JSON.parse(await readFile(join(folder, "out.json"), "utf8")) as {
      ids: number[][];
      decoded: string[];
      merges: string[];
      rendered: string;
    };
    texts.forEach((text, i) => {
      const ids = tokenizer.encode(text, { specialTokens: true });
      assert.deepEqual(ids, referee.ids[i], `text ${i}: ${JSON.stringify(text.slice(0, 80))}`);
      assert.equal(tokenizer.decode(ids), referee.decoded[i]);
    });
    assert.deepEqual(json.model.merges, referee.merges);
    assert.equal(renderChat(CHATML_TEMPLATE, { messages, addGenerationPrompt: true }), referee.rendered);
    assert.equal(json.added_tokens.length, SPECIAL_TOKENS.length);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
