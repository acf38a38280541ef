// Which size, vocabulary and batch learn most in the time that `homegrown up` has for pretraining: one run for
// each, same text, same minutes, all held-out tokens scored. Prints a Markdown table; docs/log.md keeps it.
// A size is a name, or LAYERSxWIDTH for a shape between the names.
// Usage: node bench/first-recipe/sweep.ts --home DIR --minutes 2.4 size:vocab:batch:optimizer[:sequence] ...
import { parseArgs } from "node:util";
import path from "node:path";
import { defaultCorpus } from "@homegrown/data";
import { prepareText } from "@homegrown/lifecycle";
import { countParameters, resolveModelConfig } from "@homegrown/models";
import { planRun, train } from "@homegrown/training";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { home: { type: "string" }, minutes: { type: "string", default: "2.4" } },
});
const home = path.resolve(values.home ?? ".bench/first-recipe");
const minutes = Number(values.minutes);

console.log(
  "| size | parameters | vocabulary | batch x length | optimizer | tokens/s | tokens | steps | held-out bits/byte | peak memory |",
);
console.log("|---|---|---|---|---|---|---|---|---|---|");
for (const spec of positionals) {
  const [size = "micro", vocab = "2048", batch = "16", optimizer = "muon", sequence = "256"] =
    spec.split(":");
  const sequenceLength = Number(sequence);
  const { dataset } = await prepareText({
    home,
    sources: [defaultCorpus(process.cwd())],
    vocabSize: Number(vocab),
  });
  const { splits, tokenizer } = dataset.manifest;
  const model = resolveModelConfig(toRequest(size), tokenizer.vocabSize, sequenceLength);
  const manifest = await planRun({
    home,
    id: `sweep-${spec.replaceAll(":", "-")}-${Date.now()}`,
    kind: "pretrain",
    model,
    datasetFolder: dataset.folder,
    minutes,
    batch: { sequenceLength, sequencesPerStep: Number(batch) },
    optimizer: { kind: optimizer === "adamw" ? "adamw" : "muon" },
    evaluation: {
      numSequences: Math.floor(splits.heldOut.numTokens / sequenceLength) - 1,
      everySteps: 1_000_000,
    },
    code: { commit: "sweep", dirty: true },
  });
  const result = await train({ home, manifest });
  const bitsPerByte =
    ((result.heldOutLoss ?? NaN) / Math.LN2) * (splits.heldOut.numTokens / splits.heldOut.bytes);
  console.log(
    `| ${size} | ${(countParameters(model) / 1e6).toFixed(2)}M | ${tokenizer.vocabSize} | ${batch} x ${sequenceLength} | ${optimizer} | ` +
      `${result.tokensPerSecond.toFixed(0)} | ${(result.tokens / 1e6).toFixed(2)}M | ${result.steps} | ${bitsPerByte.toFixed(3)} | ${(result.peakMemoryBytes / 1e6).toFixed(0)} MB |`,
  );
}

function toRequest(size: string): Parameters<typeof resolveModelConfig>[0] {
  const shape = /^(\d+)x(\d+)$/.exec(size);
  return shape ? { numLayers: Number(shape[1]), hiddenSize: Number(shape[2]) } : size;
}
