// The card as one page: no script, no request, every text escaped. A strict content security policy in
// the page itself holds even if an escape were missing.
import type { ReportCard } from "@homegrown/contracts";
import { toLicenseRows, toLineageFacts, type ReportContext } from "./context.ts";
import { escapeHtml as esc } from "./escape.ts";
import { renderBaselineBars, renderShareBar } from "./bars.ts";
import { renderLossChart } from "./loss-chart.ts";
import { toBytes, toCount, toDuration, toInterval, toPercent, toScientific, toShort } from "./numbers.ts";
import { renderParity } from "./parity-table.ts";
import { renderSamples } from "./sample-list.ts";
import { REPORT_STYLE } from "./style.ts";

/** A whole HTML document; light and dark, from a phone's width up, printable. */
export function renderReportHtml(card: ReportCard, context: ReportContext = {}): string {
  const { model, machine } = card;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${esc(card.version)} · report card</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
<header>
<p class="kicker">Homegrown report card</p>
<h1>${esc(card.version)}</h1>
<p>${esc(model.architecture)}, ${toShort(model.numParameters)} parameters, vocabulary ${toCount(model.vocabSize)}, ${esc(model.weightType)} · ${esc(toDay(card.createdAt))}</p>
</header>
${[tiles(card), loss(card), baselines(card), samples(card), checks(card), renderParity(card.parity), costs(card), origin(context)].filter((part) => part !== "").join("\n")}
<footer>Measured ${esc(card.createdAt)} on ${esc(machine.processor)}, ${machine.cores} cores, ${toBytes(machine.memoryBytes)} memory, Node ${esc(machine.node)}. The interval of bits per byte: ${esc(card.heldOut.bitsPerByte.method)}.</footer>
</main>
</body>
</html>
`;
}

function tiles({ heldOut, checks, parity, training, serving }: ReportCard): string {
  const { value, low, high } = heldOut.bitsPerByte;
  const failed = parity.filter((one) => !one.passed).length;
  const list = [
    tile(value.toFixed(3), "bits per byte", `held-out text, ${low.toFixed(3)} – ${high.toFixed(3)}`),
    ...checks
      .slice(0, 1)
      .map((check) =>
        tile(toPercent(check.share.value), check.name, `${check.passed} of ${check.total} completions`),
      ),
    ...(parity.length > 0
      ? [
          tile(
            failed === 0 ? "Equal" : "Differs",
            "trainer and server",
            parity.map((one) => one.weightType).join(", "),
            failed === 0 ? "good" : "bad",
          ),
        ]
      : []),
    ...(serving
      ? [
          tile(
            toCount(serving.decodeTokensPerSecond),
            "tokens/s, answering",
            `${toBytes(serving.peakMemoryBytes)} memory`,
          ),
        ]
      : []),
    ...(training
      ? [
          tile(
            toDuration(training.seconds),
            "trained",
            `${toShort(training.tokens)} tokens, ${toCount(training.steps)} steps`,
          ),
        ]
      : []),
  ];
  return `<div class="tiles">${list.join("")}</div>`;
}

function tile(value: string, label: string, detail: string, kind = ""): string {
  return `<div class="tile ${kind}"><b>${esc(value)}</b><span>${esc(label)}</span><small>${esc(detail)}</small></div>`;
}

function loss({ training }: ReportCard): string {
  if (!training) return "";
  const chart = renderLossChart(training.lossCurve, training.heldOutCurve);
  if (chart === "") return "";
  const last = training.heldOutCurve.at(-1);
  return section(
    "Loss",
    `Nats per token; lower is better.${last ? ` Held-out at the end: ${last[1].toFixed(3)}.` : ""}`,
    `${chart}<ul class="keys"><li><i class="own"></i>training</li>${last ? '<li><i class="held"></i>held-out</li>' : ""}</ul>`,
  );
}

function baselines({ heldOut, version }: ReportCard): string {
  const of = heldOut.documentsAvailable ?? heldOut.documents;
  return section(
    "Held-out text, beside simpler predictors",
    `Bits per byte; lower is better. All on the same ${toBytes(heldOut.bytes)}: ${toCount(heldOut.documents)} of ${toCount(of)} held-out documents.`,
    renderBaselineBars(version, heldOut.bitsPerByte, heldOut.baselines),
  );
}

function samples({ samples }: ReportCard): string {
  if (samples.length === 0) return "";
  return section("Samples", "Written by a machine, not checked by anybody.", renderSamples(samples));
}

function checks({ checks }: ReportCard): string {
  if (checks.length === 0) return "";
  const rows = checks.map((check) =>
    renderShareBar(
      check.name,
      check.share,
      `${check.passed} of ${check.total}; ${toInterval(check.share, toPercent)}`,
    ),
  );
  return section("Checks", "Share of completions that pass; the line is Wilson's interval.", rows.join(""));
}

function costs({ training, serving }: ReportCard): string {
  const rows: [string, string][] = [];
  if (training) {
    rows.push(
      ["Training run", training.run],
      ["Training speed", `${toCount(training.tokensPerSecond)} tokens/s`],
      ["Training work", `${toScientific(training.flops)} FLOP`],
      ["Training memory, peak", toBytes(training.peakMemoryBytes)],
    );
  }
  if (serving) {
    rows.push(
      ["Reading a prompt", `${toCount(serving.promptTokensPerSecond)} tokens/s`],
      ["Writing an answer", `${toCount(serving.decodeTokensPerSecond)} tokens/s`],
      ["Serving memory, peak", toBytes(serving.peakMemoryBytes)],
    );
  }
  return rows.length === 0 ? "" : section("Speed and memory", "", facts(rows));
}

function origin(context: ReportContext): string {
  const parts: string[] = [];
  if (context.lineage) {
    const rows = toLineageFacts(context.lineage).map(({ label, value }): [string, string] => [label, value]);
    parts.push(section("Origin", "", facts(rows)));
  }
  const licenses = toLicenseRows(context);
  if (licenses.length > 0) {
    const counted = licenses.some((row) => row.packages !== undefined);
    const head = `<tr><th>Licence</th><th class="right">Bytes</th>${counted ? '<th class="right">Packages</th><th class="right">Files</th>' : ""}</tr>`;
    const rows = licenses.map(
      ({ license, bytes, packages = 0, files = 0 }) =>
        `<tr><td>${esc(license)}</td><td class="right">${toBytes(bytes)}</td>${counted ? `<td class="right">${toCount(packages)}</td><td class="right">${toCount(files)}</td>` : ""}</tr>`,
    );
    const table = `<div class="scroll"><table><thead>${head}</thead><tbody>${rows.join("")}</tbody></table></div>`;
    parts.push(section("Licences of the training text", "", table));
  }
  return parts.join("\n");
}

function facts(rows: readonly (readonly [string, string])[]): string {
  const body = rows.map(([label, value]) => `<tr><th>${esc(label)}</th><td>${esc(value)}</td></tr>`);
  return `<table><tbody>${body.join("")}</tbody></table>`;
}

function section(title: string, note: string, body: string): string {
  return `<section><h2>${esc(title)}</h2>${note === "" ? "" : `<p class="note">${esc(note)}</p>`}${body}</section>`;
}

/** "2026-11-22T09:40:59.000Z" → "22 November 2026"; anything else as it is. */
function toDay(timestamp: string): string {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime())) return timestamp;
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(date);
}
