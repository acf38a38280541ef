// How long from an installed clone to the first answer of a model that did not exist before, and how much
// memory that takes. Runs `homegrown up --once` in a home of its own.
// Usage: node bench/first-run/run.ts [--install] [--write]
//   --install  first times `npm ci` with an empty cache, in a fresh copy of the committed files
//   --write    writes bench/results/first-run.md
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import os from "node:os";
import path from "node:path";
import { watchMemory } from "./process-tree.ts";

const root = path.resolve(import.meta.dirname, "../..");
const scratch = mkdtempSync(path.join(os.tmpdir(), "homegrown-first-run-"));
const TARGETS = { minutes: 6, peakBytes: 1.2e9, installMinutes: 2, installMegabytes: 850 };

interface Card {
  version: string;
  answer: string;
  question: string;
  report: {
    model: { numParameters: number };
    heldOut: {
      bitsPerByte: { value: number; low: number; high: number };
      baselines: { name: string; bitsPerByte: number; primed: boolean }[];
    };
    checks: { name: string; passed: number; total: number }[];
    parity: {
      weightType: string;
      passed: boolean;
      maxLogProbabilityDifference: number;
      meanLogProbabilityDifference: number;
    }[];
    training: { tokens: number; tokensPerSecond: number; seconds: number };
  };
}

try {
  const install = process.argv.includes("--install") ? timeInstall() : undefined;
  const run = await timeUp();
  const page = toPage(run, install);
  console.log(page);
  if (process.argv.includes("--write")) writeFileSync(path.join(root, "bench/results/first-run.md"), page);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function timeInstall(): { seconds: number; megabytes: number } {
  const clone = path.join(scratch, "clone");
  execFileSync("git", ["clone", "--quiet", "--depth", "1", `file://${root}`, clone]);
  const started = performance.now();
  execFileSync("npm", ["ci", "--cache", path.join(scratch, "npm-cache")], { cwd: clone, stdio: "ignore" });
  const seconds = (performance.now() - started) / 1000;
  const megabytes = Number(
    execFileSync("du", ["-sm", path.join(clone, "node_modules")], { encoding: "utf8" }).split("\t")[0],
  );
  return { seconds, megabytes };
}

async function timeUp(): Promise<{
  seconds: number;
  peakBytes: number;
  peakLargestBytes: number;
  card: Card;
}> {
  const started = performance.now();
  const child = spawn(
    path.join(root, "node_modules/.bin/homegrown"),
    ["up", "--once", "--json", "--home", path.join(scratch, "home")],
    {
      cwd: root,
      env: {
        ...process.env,
        PATH: `${path.join(root, "node_modules/.bin")}${path.delimiter}${process.env["PATH"]}`,
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const memory = watchMemory(child.pid!);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`homegrown up --once ended with ${code}`);
  return { seconds: (performance.now() - started) / 1000, ...memory.stop(), card: JSON.parse(text) as Card };
}

function toPage(
  run: Awaited<ReturnType<typeof timeUp>>,
  install: ReturnType<typeof timeInstall> | undefined,
): string {
  const { report, question, answer } = run.card;
  const { bitsPerByte, baselines } = report.heldOut;
  const rows = [
    [
      "from installed to the first answer",
      `${(run.seconds / 60).toFixed(2)} min`,
      `≤ ${TARGETS.minutes} min`,
    ],
    [
      "peak memory, all processes together",
      `${(run.peakBytes / 1e6).toFixed(0)} MB`,
      `≤ ${TARGETS.peakBytes / 1e6} MB`,
    ],
    ["peak memory, largest process", `${(run.peakLargestBytes / 1e6).toFixed(0)} MB`, ""],
    ...(install
      ? [
          ["`npm ci`, empty cache", `${install.seconds.toFixed(0)} s`, `≤ ${TARGETS.installMinutes * 60} s`],
          ["`node_modules`", `${install.megabytes} MB`, `≤ ${TARGETS.installMegabytes} MB`],
        ]
      : []),
  ];
  return `# First run

\`node bench/first-run/run.ts --install --write\`, ${new Date().toISOString().slice(0, 10)}, ${os.cpus()[0]?.model.trim()} (${os.availableParallelism()} threads), Node ${process.versions.node}. One run.

| what | measured | target |
|---|---|---|
${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}

The model: ${(report.model.numParameters / 1e6).toFixed(2)}M parameters, ${(report.training.tokens / 1e6).toFixed(2)}M tokens in ${report.training.seconds.toFixed(0)} s of pretraining (${report.training.tokensPerSecond.toFixed(0)} tokens/s).

| predictor of the held-out bytes | bits/byte |
|---|---|
| this model | ${bitsPerByte.value.toFixed(3)} (${bitsPerByte.low.toFixed(3)} to ${bitsPerByte.high.toFixed(3)}) |
${baselines.map((b) => `| ${b.name}${b.primed ? ", has seen the training text" : ""} | ${b.bitsPerByte.toFixed(3)} |`).join("\n")}

${report.checks.map((c) => `${c.name}: ${c.passed} of ${c.total}.`).join(" ")} Parity: ${report.parity.map((p) => `${p.weightType} ${p.passed ? "passed" : "failed"} (mean ${p.meanLogProbabilityDifference.toExponential(1)}, max ${p.maxLogProbabilityDifference.toExponential(1)} nats)`).join("; ")}.

Asked “${question}”, it answered:

\`\`\`
${answer.replaceAll("`", "'")}
\`\`\`
`;
}
