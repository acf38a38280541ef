import type { ParityResult } from "@homegrown/contracts";
import { escapeHtml as esc } from "./escape.ts";
import { toCount, toScientific } from "./numbers.ts";

const COLUMNS = ["Weights", "Cache", "Rendered", "Ids", "Stop ids", "Mean difference", "Largest", "Result"];

/** Trainer against server, a row for each weight type, with every failure below. */
export function renderParity(parity: readonly ParityResult[]): string {
  if (parity.length === 0) return "";
  const texts = parity.map(
    (one) =>
      `${one.weightType}: ${one.passages} passages, ${one.conversations} conversations, ${toCount(one.tokensCompared)} tokens`,
  );
  const failures = parity.flatMap((one) => one.failures.map((failure) => `${one.weightType}: ${failure}`));
  return `<section class="parity"><h2>Trainer and server</h2>
<p class="note">Does the server compute what was trained? From the same text: rendered bytes, ids, stop ids, then the log-probability of every observed token, in nats. ${esc(texts.join("; "))}.</p>
<div class="scroll"><table><thead><tr>${COLUMNS.map((name) => `<th>${name}</th>`).join("")}</tr></thead>
<tbody>${parity.map(row).join("")}</tbody></table></div>
${failures.length === 0 ? "" : `<ul class="failures">${failures.map((failure) => `<li>${esc(failure)}</li>`).join("")}</ul>`}</section>`;
}

function row(one: ParityResult): string {
  const cells = [
    esc(one.weightType),
    esc(one.cacheType),
    pill(one.renderedBytesEqual, "equal", "differ"),
    pill(one.idsEqual, "equal", "differ"),
    pill(one.stopIdsEqual, "equal", "differ"),
    bounded(one.meanLogProbabilityDifference, one.bound.mean),
    bounded(one.maxLogProbabilityDifference, one.bound.max),
    pill(one.passed, "passed", "failed"),
  ];
  return `<tr>${cells.map((cell, index) => `<td data-label="${COLUMNS[index]}">${cell}</td>`).join("")}</tr>`;
}

function bounded(value: number, bound: number): string {
  return `<span>${toScientific(value)}<br><small>≤ ${toScientific(bound)}</small></span>`;
}

function pill(good: boolean, yes: string, no: string): string {
  return `<span class="pill${good ? "" : " bad"}">${good ? yes : no}</span>`;
}
