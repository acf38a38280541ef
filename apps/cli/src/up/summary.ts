import path from "node:path";
import type { DatasetManifest, ReportCard } from "@homegrown/contracts";
import type { Growth } from "@homegrown/lifecycle";
import { formatBytes, formatCount, formatSparkline, formatTable, indent } from "../terminal/format.ts";
import { extrapolateBitsPerByte } from "./extrapolate.ts";

const SPARKLINE_WIDTH = 60;
const MORE_MINUTES = 30;
const COMMAND_WIDTH = 46;
/** What `serve` and `up` take when nothing is said. */
const DEFAULT_PORT = "8080";
const DEFAULT_NAME = "first";

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

export function describeSources(manifest: Pick<DatasetManifest, "sources" | "rights">): string {
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

/** For a version that answered here although the name stands for another, or for none. */
export function describeChampion(champion: string | undefined, answered: string): string {
  return indent(
    `\nThis was ${answered}. ${champion === undefined ? "Its name has no champion" : `The champion is ${champion}: it answers to the name`}. To change that:\n` +
      `  npx homegrown models promote ${answered} --reason "..."`,
  );
}

/** What of a `Growth` the words are about. */
interface GrownHere extends Pick<Growth, "report"> {
  version: { name: string };
  text: { manifest: Pick<DatasetManifest, "splits"> };
}

export interface NextSteps {
  growth: GrownHere;
  minutes: number;
  question: string;
  /** Where clients find the server, without `/v1`. */
  url: string;
  /** This process goes on serving; else `homegrown serve` has to run first. */
  servesOn: boolean;
  reportPage: string;
}

export function describeNext(steps: NextSteps): string {
  const { growth, question, url, servesOn, reportPage } = steps;
  const { name } = growth.version;
  const outlook = describeOutlook(growth, steps.minutes);
  const request = JSON.stringify({ model: name, messages: [{ role: "user", content: question }] });
  const port = new URL(url).port;
  const serve = `npx homegrown serve${port === DEFAULT_PORT ? "" : ` --port ${port}`}`;
  const own = name === DEFAULT_NAME ? "" : ` --name ${name}`;
  return [
    "",
    ...(outlook === undefined ? [] : [outlook, ""]),
    `Report: ${path.relative(process.cwd(), reportPage)}`,
    "",
    servesOn ? "Call it:" : `Call it (while \`${serve}\` runs):`,
    `  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\`,
    `    -d '${request}'`,
    `  new OpenAI({ baseURL: "${url}/v1", apiKey: "none" })   // npm openai`,
    "",
    "Next:",
    `  npx homegrown chat ${name}`.padEnd(COMMAND_WIDTH) + "talk to it",
    `  npx homegrown up --minutes ${MORE_MINUTES}${own}`.padEnd(COMMAND_WIDTH) +
      `grow a better one: the next version of ${name}`,
    "  npx homegrown up --data DIR --name mine".padEnd(COMMAND_WIDTH) + "grow one from your own text",
  ].join("\n");
}

/** What more minutes would give; undefined when the run had as many or its curve says nothing. */
function describeOutlook({ report, text }: GrownHere, minutes: number): string | undefined {
  if (minutes >= MORE_MINUTES) return undefined;
  const { numTokens } = text.manifest.splits.train;
  const expected = extrapolateBitsPerByte(report, MORE_MINUTES / minutes, numTokens);
  return (
    expected &&
    `What ${MORE_MINUTES} minutes would give: about ${expected.low.toFixed(2)} to ${expected.high.toFixed(2)} bits/byte ` +
      `instead of ${report.heldOut.bitsPerByte.value.toFixed(2)} (this run's own curve, extrapolated).`
  );
}

function interval({ low, high, confidence }: ReportCard["heldOut"]["bitsPerByte"]): string {
  return `${low.toFixed(3)} to ${high.toFixed(3)} (${percent(confidence)})`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
