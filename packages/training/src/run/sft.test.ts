import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildPairDataset, openDataset } from "@homegrown/data";
import { writeHuggingFace } from "@homegrown/models";
import { homePaths } from "@homegrown/storage";
import { CHATML_TEMPLATE } from "@homegrown/tokenization";
import { planRun } from "../plan/plan-run.ts";
import { createTinyHome, tinyModel } from "../tiny-home.ts";
import type { TinyHome } from "../tiny-home.ts";
import { assertSameEnd, trainUntil } from "./interrupted-run.ts";
import { readMetrics } from "./metrics-file.ts";
import { resume, train } from "./train.ts";

let tiny: TinyHome;
before(async () => {
  tiny = await createTinyHome({ model: { ...tinyModel, maxPositionEmbeddings: 64 } });
});
after(() => tiny.remove());

test("a pretrained model learns to answer: loss on the answer only, from its own weights; stopped and continued, the same", async () => {
  const pretrained = await train({ home: tiny.home, manifest: tiny.manifest });
  const { tokenizerJson } = await openDataset(tiny.datasetFolder);
  const folder = join(homePaths(tiny.home).models, "base");
  await mkdir(homePaths(tiny.home).models, { recursive: true });
  const { model } = tiny.manifest;
  await writeHuggingFace(folder, {
    config: model,
    parameters: new Map(pretrained.parameters),
    tokenizerJson,
    chatTemplate: CHATML_TEMPLATE,
    specialTokens: { endOfText: "<|endoftext|>", endOfTurn: "<|im_end|>" },
  });
  const datasetFolder = join(homePaths(tiny.home).data, "pairs");
  const animals = "cat dog mouse horse cow hen duck goose sheep goat pig fox bear wolf deer hare".split(" ");
  const conversations = animals.flatMap((animal, i) =>
    ["small", "big", "red"].map((word) => ({
      id: `${animal}-${word}`,
      messages: [
        { role: "user" as const, content: `a ${word} ${animal} ${i}` },
        { role: "assistant" as const, content: `the ${animal}` },
      ],
    })),
  );
  await buildPairDataset({
    name: "pairs",
    target: datasetFolder,
    conversations,
    tokenizer: tokenizerJson,
    sequenceLength: 48,
    heldOut: { fraction: 0.1 },
  });
  const manifest = await planRun({
    home: tiny.home,
    id: "tuned",
    kind: "sft",
    model,
    datasetFolder,
    epochs: 4,
    numWorkers: 2,
    batch: { sequencesPerStep: 4 },
    initialModel: { folder, version: "base@v1" },
    code: tiny.manifest.code,
  });
  assert.equal(manifest.batch.sequenceLength, 48);
  const tuned = await train({ home: tiny.home, manifest });
  const losses = (await readMetrics(tuned.metricsFile)).flatMap((line) =>
    line.event === "evaluate-held-out" ? [line.loss] : [],
  );
  assert.ok(losses.at(-1)! < 0.7 * losses[0]!, `held-out loss ${losses[0]} → ${losses.at(-1)}`);
  const stopped = { ...manifest, id: "stopped" };
  const half = Math.floor(manifest.totalSteps / 2);
  assert.notEqual(half % manifest.checkpoints.everySteps, 0, "stopped between two checkpoints");
  const first = await trainUntil({ home: tiny.home, manifest: stopped }, half);
  assert.deepEqual([first.status, first.steps], ["interrupted", half]);
  await assertSameEnd(await resume({ home: tiny.home, runId: stopped.id }), tuned);
  const changed = {
    ...manifest,
    id: "other",
    initialModel: { ...manifest.initialModel!, weightsSha256: "0".repeat(64) },
  };
  await assert.rejects(train({ home: tiny.home, manifest: changed }), {
    code: "training/initial-model-changed",
  });
});
