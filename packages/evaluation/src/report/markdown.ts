import type { ReportCard } from "@homegrown/contracts";
import { toLicenseRows, toLineageFacts, type ReportContext } from "./context.ts";
import { escapeMarkdown as md, fenceMarkdown } from "./escape.ts";
import { toBytes, toCount, toDuration, toInterval, toPercent, toScientific, toShort } from "./numbers.ts";

/** The card as GitHub-flavoured Markdown. Text that a model or a file gave is escaped. */
export function renderReportMarkdown(card: ReportCard, context: ReportContext = {}): string {
  const { model } = card;
  return `${[
    `# ${md(card.version)}`,
    `${md(model.architecture)}, ${toShort(model.numParameters)} parameters, vocabulary ${toCount(model.vocabSize)}, ${md(model.weightType)}. Measured ${md(card.createdAt)} on ${md(card.machine.processor)}, ${card.machine.cores} cores, Node ${md(card.machine.node)}.`,
    ...heldOut(card),
    ...checks(card),
    ...samples(card),
    ...parity(card),
    ...costs(card),
    ...origin(context),
  ].join("\n\n")}\n`;
}

function heldOut({ heldOut, version }: ReportCard): string[] {
  const { bitsPerByte } = heldOut;
  const of = heldOut.documentsAvailable ?? heldOut.documents;
  const rows = [
    { name: version, bitsPerByte: bitsPerByte.value, seen: "training text", note: "this version", own: true },
    ...heldOut.baselines.map((one) => ({
      ...one,
      seen: one.primed ? "training text" : "nothing before",
      own: false,
    })),
  ].sort((a, b) => a.bitsPerByte - b.bitsPerByte);
  return [
    "## Held-out text",
    `**${toInterval(bitsPerByte, (x) => x.toFixed(3))} bits per byte**, lower is better: ${toCount(heldOut.documents)} of ${toCount(of)} held-out documents, ${toBytes(heldOut.bytes)}, ${toCount(heldOut.tokens)} tokens. Interval: ${md(bitsPerByte.method)}.`,
    table(
      ["Predictor", "Bits per byte", "Has seen", "Note"],
      rows.map((row) => {
        const name = row.own ? `**${md(row.name)}**` : md(row.name);
        return [name, row.bitsPerByte.toFixed(3), row.seen, md(row.note)];
      }),
    ),
  ];
}

function checks({ checks }: ReportCard): string[] {
  if (checks.length === 0) return [];
  return [
    "## Checks",
    table(
      ["Check", "Passed", "Share"],
      checks.map((check) => [
        md(check.name),
        `${check.passed} of ${check.total}`,
        `${toInterval(check.share, toPercent)}, ${md(check.share.method)}`,
      ]),
    ),
  ];
}

function samples({ samples }: ReportCard): string[] {
  if (samples.length === 0) return [];
  const parts = ["## Samples", "Written by the model, not checked by anybody."];
  for (const [prompt, group] of Map.groupBy(samples, (sample) => sample.prompt)) {
    parts.push("Prompt:", fenceMarkdown(prompt));
    for (const { source, completion } of group) parts.push(`${md(source)}:`, fenceMarkdown(completion));
    const truth = group.find((sample) => sample.truth !== undefined)?.truth;
    if (truth !== undefined) parts.push("What the held-out text says:", fenceMarkdown(truth));
  }
  return parts;
}

function parity({ parity }: ReportCard): string[] {
  if (parity.length === 0) return [];
  return [
    "## Parity of trainer and server",
    table(
      [
        "Weights",
        "Cache",
        "Texts",
        "Tokens",
        "Rendered bytes",
        "Ids",
        "Stop ids",
        "Mean difference",
        "Largest",
        "Result",
      ],
      parity.map((one) => [
        md(one.weightType),
        md(one.cacheType),
        `${one.passages} passages, ${one.conversations} conversations`,
        toCount(one.tokensCompared),
        sameness(one.renderedBytesEqual),
        sameness(one.idsEqual),
        sameness(one.stopIdsEqual),
        `${toScientific(one.meanLogProbabilityDifference)} (≤ ${toScientific(one.bound.mean)})`,
        `${toScientific(one.maxLogProbabilityDifference)} (≤ ${toScientific(one.bound.max)})`,
        one.passed ? "passed" : "**failed**",
      ]),
    ),
    ...parity.flatMap((one) => one.failures.map((failure) => `- ${md(one.weightType)}: ${md(failure)}`)),
  ];
}

function costs({ training, serving }: ReportCard): string[] {
  const rows: string[][] = [];
  if (training) {
    rows.push([
      "Training",
      `${toCount(training.steps)} steps, ${toShort(training.tokens)} tokens, ${toDuration(training.seconds)}`,
    ]);
    rows.push(["Training speed", `${toCount(training.tokensPerSecond)} tokens/s`]);
    rows.push(["Training work", `${toScientific(training.flops)} FLOP`]);
    rows.push(["Training memory, peak", toBytes(training.peakMemoryBytes)]);
  }
  if (serving) {
    rows.push(["Reading a prompt", `${toCount(serving.promptTokensPerSecond)} tokens/s`]);
    rows.push(["Writing an answer", `${toCount(serving.decodeTokensPerSecond)} tokens/s`]);
    rows.push(["Serving memory, peak", toBytes(serving.peakMemoryBytes)]);
  }
  return rows.length === 0 ? [] : ["## Speed and memory", table(["What", "Measured"], rows)];
}

function origin(context: ReportContext): string[] {
  const parts: string[] = [];
  if (context.lineage) {
    const facts = toLineageFacts(context.lineage).map(({ label, value }) => [label, md(value)]);
    parts.push("## Origin", table(["What", "Which"], facts));
  }
  const licenses = toLicenseRows(context);
  if (licenses.length > 0) {
    parts.push("## Licences of the training text");
    parts.push(
      table(
        ["Licence", "Bytes", "Packages", "Files"],
        licenses.map(({ license, bytes, packages, files }) => [
          md(license),
          toBytes(bytes),
          packages === undefined ? "" : toCount(packages),
          files === undefined ? "" : toCount(files),
        ]),
      ),
    );
  }
  return parts;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [toRow(head), toRow(head.map(() => "---")), ...rows.map(toRow)].join("\n");
}

function toRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function sameness(equal: boolean): string {
  return equal ? "equal" : "**differ**";
}
