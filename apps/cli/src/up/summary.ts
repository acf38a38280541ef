import path from "node:path";
import type { DatasetManifest, ReportCard } from "@homegrown/contracts";
import type { Growth } from "@homegrown/lifecycle";
import { formatBytes, formatCount, formatSparkline, formatTable, indent } from "../terminal/format.ts";
import { extrapolateBitsPerByte } from "./extrapolate.ts";

const SPARKLINE_WIDTH = 60;
const MORE_MINUTES = 30;

export function describeCard(card: ReportCard): string {
  const { bitsPerByte, baselines, bytes, documents } = card.heldOut;
  const rows = [
    [
      "this model",
      bitsPerByte.value.toFixed(3),
      `${interval(bitsPerByte)} on ${formatBytes(bytes)} of ${documents} held-out documents`,
    ],
    ...baselines.map((b) => [b.name, b.bitsPerByte.toFixed(3), b.note]),
  ];
  const lines = [formatTable(["predictor", "bits/byte", ""], rows)];
  if (card.training) {
    lines.push(
      "",
      `loss  ${formatSparkline(
        card.training.lossCurve.map(([, loss]) => loss),
        SPARKLINE_WIDTH,
      )}`,
    );
  }
  lines.push("");
  for (const check of card.checks) {
    lines.push(
      `${check.name}: ${check.passed} of ${check.total} (${percent(check.share.low)} to ${percent(check.share.high)})`,
    );
  }
  for (const parity of card.parity) {
    lines.push(
      `parity ${parity.weightType}: ${parity.passed ? "passed" : "FAILED"}, ${formatCount(parity.tokensCompared)} tokens, ` +
        `log-probability differs by ${parity.meanLogProbabilityDifference.toExponential(1)} on average, ${parity.maxLogProbabilityDifference.toExponential(1)} at most`,
    );
  }
  if (card.serving) {
    lines.push(
      `speed: ${formatCount(card.serving.promptTokensPerSecond)} tokens/s read, ${formatCount(card.serving.decodeTokensPerSecond)} written; ` +
        `server memory ${formatBytes(card.serving.peakMemoryBytes)}`,
    );
  }
  return indent(lines.join("\n"));
}

export function describeSources(manifest: DatasetManifest): string {
  const byLicense = new Map<string, { bytes: number; sources: number }>();
  for (const { license, bytes } of manifest.sources) {
    const sum = byLicense.get(license) ?? { bytes: 0, sources: 0 };
    byLicense.set(license, { bytes: sum.bytes + bytes, sources: sum.sources + 1 });
  }
  const licenses = [...byLicense].sort((a, b) => b[1].bytes - a[1].bytes);
  const files = manifest.sources.reduce((sum, source) => sum + source.files, 0);
  const largest = [...manifest.sources].sort((a, b) => b.bytes - a.bytes).slice(0, 5);
  return indent(
    [
      `${formatCount(files)} files of ${manifest.sources.length} packages or folders; rights: ${manifest.rights}`,
      `licences: ${licenses.map(([license, { bytes, sources }]) => `${license} (${sources}, ${formatBytes(bytes)})`).join(", ")}`,
      `largest: ${largest.map(({ name, version, bytes }) => `${name}${version ? `@${version}` : ""} (${formatBytes(bytes)})`).join(", ")}`,
    ].join("\n"),
  );
}

export interface NextSteps {
  growth: Growth;
  minutes: number;
  name: string;
  port: number;
  reportPage: string;
}

export function describeNext({ growth, minutes, name, port, reportPage }: NextSteps): string {
  const lines: string[] = [""];
  const expected =
    minutes < MORE_MINUTES
      ? extrapolateBitsPerByte(
          growth.report,
          MORE_MINUTES / minutes,
          growth.text.manifest.splits.train.numTokens,
        )
      : undefined;
  if (expected) {
    lines.push(
      `What ${MORE_MINUTES} minutes would give: about ${expected.low.toFixed(2)} to ${expected.high.toFixed(2)} bits/byte ` +
        `instead of ${growth.report.heldOut.bitsPerByte.value.toFixed(2)} (this run's own curve, extrapolated).`,
      "",
    );
  }
  lines.push(
    `Report: ${path.relative(process.cwd(), reportPage)}`,
    "",
    "Call it (while `homegrown serve` runs):",
    `  curl http://127.0.0.1:${port}/v1/chat/completions -H 'content-type: application/json' \\`,
    `    -d '{"model":"${name}","messages":[{"role":"user","content":"Declare a function that reads a file."}]}'`,
    `  new OpenAI({ baseURL: "http://127.0.0.1:${port}/v1", apiKey: "none" })   // npm openai`,
    "",
    "Next:",
    "  npx homegrown chat                          talk to it",
    `  npx homegrown up --minutes ${MORE_MINUTES}               grow a better one; it becomes ${name}@v2`,
    "  npx homegrown up --data DIR --name mine     grow one from your own text",
  );
  return lines.join("\n");
}

function interval({ low, high, confidence }: ReportCard["heldOut"]["bitsPerByte"]): string {
  return `${low.toFixed(3)} to ${high.toFixed(3)} (${percent(confidence)})`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
