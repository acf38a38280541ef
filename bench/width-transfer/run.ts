// Does one learning rate serve every width? Two-layer decoders of three widths, both optimizers, rates around the
// default, everything else equal; held-out loss after a fixed number of steps. Prints Markdown tables, one for
// each optimizer, best rate of each width in bold. Deterministic: a busy machine changes the time, not the figures.
// Usage: node bench/width-transfer/run.ts --dataset DIR [--steps 150]   (a dataset of `homegrown data`, inside --home)
import { rm } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { openDataset } from "@homegrown/data";
import { resolveModelConfig } from "@homegrown/models";
import { planRun, train } from "@homegrown/training";

const { values } = parseArgs({
  options: { dataset: { type: "string" }, steps: { type: "string", default: "150" } },
});
if (values.dataset === undefined) throw new Error("give --dataset, the folder of a dataset inside a home");
const datasetFolder = path.resolve(values.dataset);
const home = path.resolve(datasetFolder, "../..");
const totalSteps = Number(values.steps);

const WIDTHS = [64, 128, 256];
const FACTORS = [0.25, 0.5, 1, 2, 4];
const SEQUENCE = 128;

const { manifest: dataset } = await openDataset(datasetFolder);
for (const kind of ["muon", "adamw"] as const) {
  console.log(`\n${kind}, held-out nats per token after ${totalSteps} steps of ${8 * SEQUENCE} tokens\n`);
  console.log(`| width | ${FACTORS.map((factor) => `${factor} x default`).join(" | ")} |`);
  console.log(`|---|${FACTORS.map(() => "---|").join("")}`);
  for (const width of WIDTHS) {
    const losses: number[] = [];
    for (const factor of FACTORS) losses.push(await heldOutLoss(kind, width, factor));
    const best = Math.min(...losses);
    console.log(
      `| ${width} | ${losses.map((loss) => (loss === best ? `**${loss.toFixed(3)}**` : loss.toFixed(3))).join(" | ")} |`,
    );
  }
}

async function heldOutLoss(kind: "muon" | "adamw", width: number, factor: number): Promise<number> {
  const common = {
    home,
    kind: "pretrain" as const,
    model: resolveModelConfig(
      { hiddenSize: width, numLayers: 2, headDim: 32 },
      dataset.tokenizer.vocabSize,
      SEQUENCE,
    ),
    datasetFolder,
    totalSteps,
    numWorkers: 1,
    batch: { sequenceLength: SEQUENCE, sequencesPerStep: 8 },
    evaluation: { numSequences: 128, everySteps: totalSteps },
    checkpoints: { everySteps: totalSteps, keepLast: 1 },
    code: { commit: "bench", dirty: false },
  };
  const id = `width-${kind}-${width}-${String(factor).replace(".", "")}-${Date.now()}`;
  const { optimizer } = await planRun({ ...common, id, optimizer: { kind } });
  const manifest = await planRun({
    ...common,
    id,
    optimizer: {
      kind,
      learningRate: optimizer.learningRate * factor,
      ...(optimizer.matrixLearningRate !== undefined && {
        matrixLearningRate: optimizer.matrixLearningRate * factor,
      }),
    },
  });
  const { heldOutLoss: loss, runFolder } = await train({ home, manifest });
  await rm(runFolder, { recursive: true, force: true });
  return loss ?? Number.NaN;
}
