// Training speed and memory beside PyTorch, one command:
//   node bench/training/run.ts --python VENV/bin/python [--quick] [--shapes S,M,L] [--rounds 5]
// The other side, once (it is for this bench only; torch.compile wants a C++ compiler on the PATH):
//   python3 -m venv .bench/torch && .bench/torch/bin/pip install torch numpy
// Contenders stay up and take turns, so that whatever else the machine does meets all of them. The full run
// takes about ten minutes and writes bench/results/training-speed.md; --quick takes two and only prints.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readFixedCorpus } from "@homegrown/testing";
import { startContender } from "./contender.ts";
import type { Contender, Measurement } from "./contender.ts";
import { COMPILED, COMPILED_BF16, EAGER, OURS, PRODUCTS, median, ratioOf, renderPage } from "./report.ts";
import type { ShapeResult } from "./report.ts";
import { CLIP_NORM, OPTIMIZER, SHAPES } from "./shapes.ts";
import type { BenchShape } from "./shapes.ts";

const folder = import.meta.dirname;
const page = resolve(folder, "../results/training-speed.md");

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env["HOMEGROWN_BENCH_PYTHON"] ?? ".bench/torch/bin/python" },
    quick: { type: "boolean", default: false },
    shapes: { type: "string", default: "S,M,L" },
    rounds: { type: "string" },
    /** Ours only: sequences that one worker holds at once; absent: its whole share. */
    "micro-batch": { type: "string" },
  },
});
/** What everybody trains on: the fixed corpus as one file of bytes; see `batchesOf` in shapes.ts. */
const scratch = await mkdtemp(join(tmpdir(), "homegrown-bench-"));
const corpus = join(scratch, "corpus.bin");
await writeFile(
  corpus,
  readFixedCorpus()
    .map(({ text }) => text)
    .join("\n"),
);
const numRounds = Number(options.rounds ?? (options.quick ? 2 : 5));

async function startAll(name: string, shape: BenchShape): Promise<Contender[]> {
  const microBatch = options["micro-batch"] === undefined ? [] : [options["micro-batch"]];
  const ours = (title: string, file: string): Promise<Contender> =>
    startContender(title, process.execPath, [join(folder, file), name, corpus, ...microBatch]);
  const task = {
    ...shape,
    optimizer: OPTIMIZER,
    clipNorm: CLIP_NORM,
    threads: availableParallelism(),
    corpus,
  };
  const torch = (title: string, mode: string): Promise<Contender> =>
    startContender(title, options.python, [join(folder, "pytorch.py"), JSON.stringify(task), mode]);
  return Promise.all([
    ours(OURS, "homegrown.ts"),
    ours(PRODUCTS, "products.ts"),
    torch(EAGER, "eager-f32"),
    ...(options.quick ? [] : [torch(COMPILED, "compile-f32")]),
    torch(COMPILED_BF16, "compile-bf16"),
  ]);
}

async function compare(name: string, shape: BenchShape): Promise<ShapeResult> {
  const contenders = await startAll(name, shape);
  try {
    console.log(`${name}: warming up (PyTorch compiles)`);
    await Promise.all(contenders.map((contender) => contender.measure(2)));
    const tokens = shape.batch * shape.sequenceLength * shape.stepsPerRound;
    const rounds: Measurement[][] = [];
    for (let round = 0; round < numRounds; round++) {
      const measured: Measurement[] = [];
      for (const contender of contenders) measured.push(await contender.measure(shape.stepsPerRound));
      rounds.push(measured);
      const shown = measured.map(
        ({ seconds }, i) => `${contenders[i]!.name} ${(tokens / seconds).toFixed(0)}`,
      );
      console.log(`${name}: round ${round + 1} of ${numRounds}, tokens/s: ${shown.join(", ")}`);
    }
    return {
      shape: name,
      description: describe(shape),
      series: contenders.map((contender, i) => ({
        name: contender.name,
        version: contender.version,
        tokensPerSecond: rounds.map((measured) => tokens / measured[i]!.seconds),
        peakBytes: rounds.at(-1)![i]!.peakBytes,
      })),
    };
  } finally {
    for (const contender of contenders) contender.close();
  }
}

function describe({ config, sequenceLength, batch }: BenchShape): string {
  return `${config.numLayers} layers, width ${config.hiddenSize}, ${config.numAttentionHeads} heads, feed-forward ${config.intermediateSize}, vocabulary ${config.vocabSize}, ${batch} sequences of ${sequenceLength}`;
}

if (!existsSync(options.python)) {
  console.error(
    `no Python at ${options.python}. Make one with PyTorch:\n  python3 -m venv .bench/torch && .bench/torch/bin/pip install torch numpy\nthen pass --python .bench/torch/bin/python`,
  );
  process.exit(2);
}
const results: ShapeResult[] = [];
for (const name of options.shapes.split(",")) {
  const shape = SHAPES[name];
  if (shape === undefined) {
    console.error(`no shape ${name}: choose among ${Object.keys(SHAPES).join(", ")}`);
    process.exit(2);
  }
  const result = await compare(name, shape);
  results.push(result);
  for (const { name: other, tokensPerSecond, peakBytes } of result.series) {
    const ratio = other === OURS ? "" : `, ours is ${ratioOf(result, other)!.toFixed(2)} of it`;
    console.log(
      `${name}: ${other}: ${median(tokensPerSecond).toFixed(0)} tokens/s, ${(peakBytes / 1e6).toFixed(0)} MB${ratio}`,
    );
  }
}
await rm(scratch, { recursive: true, force: true });
if (!options.quick) {
  await mkdir(resolve(page, ".."), { recursive: true });
  await writeFile(page, renderPage(results, "node bench/training/run.ts"));
  console.log(`written: ${page}`);
}
