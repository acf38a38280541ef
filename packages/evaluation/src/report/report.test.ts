import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { reportCardSchema, type Lineage, type ReportCard } from "@homegrown/contracts";
import { checkTypeScript, evaluateVersion, renderReportHtml, renderReportMarkdown } from "../index.ts";
import { toTicks } from "./loss-chart.ts";
import { toDuration, toShort } from "./numbers.ts";

const HOSTILE =
  "<script>alert(1)</script>\n```\n# owned\n````\n\"'><img src=x onerror=alert(2)>&amp;\u202e|\u0000";

const lineage: Lineage = {
  schemaVersion: 1,
  name: "<b>name</b>",
  createdAt: "2026-11-22T00:00:00.000Z",
  origin: {
    kind: "trained",
    runs: [{ id: "run-1", kind: "pretrain", manifestSha256: "a".repeat(64) }],
    datasets: [{ name: "<i>data</i>", manifestSha256: "b".repeat(64), bytes: 10, rights: "train" }],
    code: { commit: "c0ffee", dirty: true },
  },
  parent: null,
  licenses: [{ license: "MIT", bytes: 10 }],
  weights: [],
};

async function cardWith(changes: Partial<Parameters<typeof evaluateVersion>[0]> = {}): Promise<ReportCard> {
  const folder = await mkdtemp(join(tmpdir(), "homegrown-report-"));
  const heldOutFile = join(folder, "held-out.jsonl");
  const texts = ["export interface A {\n  a: string;\n}\n", "export type B = number;\n", "# Read me\n"];
  await writeFile(heldOutFile, texts.map((text, i) => JSON.stringify({ id: `${i}`, text })).join("\n"));
  try {
    return await evaluateVersion({
      version: "tiny@1",
      model: { architecture: "qwen3", numParameters: 1234, vocabSize: 257, weightType: "F32" },
      tokenizer: { encode: (text) => [...Buffer.from(text)], tokenBytes: (id) => Uint8Array.of(id) },
      scorer: { logProbabilities: async (ids) => new Float32Array(ids.length - 1).fill(-Math.log(4)) },
      endOfTextId: 256,
      heldOutFile,
      windowTokens: 16,
      generate: async ({ prompt, seed }) =>
        prompt.startsWith("export") ? ["string;\n", "))"][seed % 2]! : HOSTILE,
      prompts: [{ prompt: HOSTILE, truth: HOSTILE }],
      checks: [{ name: "TypeScript <x>", prompts: ["export type A = "], accepts: checkTypeScript }],
      samples: [{ prompt: HOSTILE, completion: "early", source: "step 0 <s>" }],
      training: {
        run: "run-1",
        steps: 3,
        tokens: 3000,
        seconds: 2,
        tokensPerSecond: 1500,
        flops: 1e9,
        peakMemoryBytes: 1e8,
        lossCurve: [
          [0, 6],
          [2, 4],
          [3, 3],
        ],
        heldOutCurve: [
          [0, 6.1],
          [3, 3.2],
        ],
      },
      serving: { promptTokensPerSecond: 100, decodeTokensPerSecond: 50, peakMemoryBytes: 1e8 },
      parity: [
        {
          weightType: "F32",
          cacheType: "F16",
          passages: 64,
          conversations: 16,
          tokensCompared: 100,
          renderedBytesEqual: false,
          idsEqual: true,
          stopIdsEqual: true,
          meanLogProbabilityDifference: 1e-4,
          maxLogProbabilityDifference: 2e-3,
          bound: { mean: 3e-4, max: 5e-3 },
          passed: false,
          failures: [`byte 3: ${HOSTILE}`],
        },
      ],
      now: new Date("2026-11-22T10:00:00Z"),
      ...changes,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("a version's card holds what was measured, and passes its schema", async () => {
  const card = await cardWith();
  reportCardSchema.parse(JSON.parse(JSON.stringify(card)));
  assert.ok(Math.abs(card.heldOut.bitsPerByte.value - 2) < 1e-6);
  assert.deepEqual([card.heldOut.documents, card.heldOut.documentsAvailable], [3, 3]);
  assert.deepEqual([card.checks[0]!.passed, card.checks[0]!.total], [32, 64]);
  assert.ok(card.heldOut.baselines.some(({ name, primed }) => name === "gzip -9" && !primed));
  assert.deepEqual(
    card.samples.map(({ source }) => source),
    ["step 0 <s>", "tiny@1"],
  );
  assert.match(card.machine.node, /^v\d+/);
});

test("the same input gives the same card", async () => {
  assert.deepEqual(await cardWith(), await cardWith());
});

test("an aborted evaluation stops", async () => {
  await assert.rejects(cardWith({ signal: AbortSignal.abort() }), { name: "AbortError" });
});

test("the page escapes every text, runs nothing and asks for nothing", async () => {
  const html = renderReportHtml(await cardWith({ version: "v<1>\"'" }), {
    lineage,
    sources: [{ name: "p", license: "<u>MIT</u>", rights: "train", files: 1, bytes: 5 }],
  });
  assert.doesNotMatch(html, /<script|<img|<b>name|<i>data|<u>|<s>|<x>|\u202e/);
  assert.ok(!html.includes("\0"));
  assert.match(html, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  assert.doesNotMatch(html, /\son\w+\s*=\s*["'a-z]+(?=[^<]*>)/i);
  assert.doesNotMatch(html, /(?:src|href|url\()\s*=?\s*["']?(?:https?:)?\/\//i);
  assert.match(html, /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/);
  assertWellFormed(html);
});

test("the page shows the curve, the bars, intervals, parity's failure and the origin", async () => {
  const card = await cardWith();
  const html = renderReportHtml(card, { lineage });
  assert.match(html, /<path class="train" d="M0\.00 [\d.]+L/);
  assert.match(html, /<path class="held-out" d="M/);
  assert.match(html, /class="bar own"/);
  for (const { note } of card.heldOut.baselines) assert.ok(html.includes(note), note);
  assert.match(html, /32 of 64; 50 % \(95 %: 38 % – 62 %\)/);
  assert.match(html, /<ul class="failures"><li>F32: byte 3: /);
  assert.match(html, /c0ffee with uncommitted changes/);
  assert.match(html, /<td>MIT<\/td><td class="right">10 B<\/td>/);
  assert.match(html, /prefers-color-scheme: dark/);
});

test("a card without training, samples, checks or parity renders too", async () => {
  const {
    training: _t,
    serving: _s,
    ...bare
  } = await cardWith({ parity: [], prompts: [], checks: [], samples: [] });
  const html = renderReportHtml(bare);
  assertWellFormed(html);
  assert.doesNotMatch(html, /<path|Samples|Speed and memory/);
  assert.match(renderReportMarkdown(bare), /^# tiny@1\n/);
});

test("Markdown keeps hostile text inside its fences and cells", async () => {
  const markdown = renderReportMarkdown(await cardWith({ version: "v|1 `x` <b>" }), { lineage });
  const outside: string[] = [];
  let fence = "";
  for (const line of markdown.split("\n")) {
    const run = /^`{3,}/.exec(line)?.[0] ?? "";
    if (fence === "" && run !== "") fence = run;
    else if (fence !== "" && line === fence) fence = "";
    else if (fence === "") outside.push(line);
  }
  assert.equal(fence, "", "a fence was never closed");
  assert.doesNotMatch(outside.join("\n"), /<script|<img|<b>|<s>|^# owned/m);
  const tables = outside.filter((line) => line.startsWith("|"));
  for (let i = 1; i < tables.length; i++) {
    if (tables[i]!.startsWith("| --- ")) assert.equal(numCells(tables[i]!), numCells(tables[i - 1]!));
  }
  assert.match(markdown, /^# v\\\|1 \\`x\\` &lt;b&gt;$/m);
  assert.match(markdown, /\*\*2\.000 \(95 %: /);
});

test("ticks are round, cover the data and are few", () => {
  assert.deepEqual(toTicks(0, 640, 5), [0, 200, 400, 600, 800]);
  assert.deepEqual(toTicks(3.1, 3.1, 5).length >= 2, true);
  for (const [low, high] of [
    [1.93, 7.9],
    [0.001, 0.0042],
    [0, 1],
    [5, 123456],
  ] as const) {
    const ticks = toTicks(low, high, 6);
    assert.ok(ticks[0]! <= low && ticks.at(-1)! >= high && ticks.length <= 9, ticks.join(" "));
  }
});

test("numbers read well", () => {
  assert.deepEqual([toShort(950), toShort(2_202_624), toShort(134_515_008)], ["950", "2.2 M", "135 M"]);
  assert.deepEqual(
    [toDuration(4.25), toDuration(165), toDuration(60), toDuration(9000)],
    ["4.3 s", "2:45 min", "1:00 min", "2.5 h"],
  );
});

/** Every element that is opened is closed, in order; attributes are quoted. */
function assertWellFormed(html: string): void {
  const empty = new Set(["meta", "br", "!doctype"]);
  const open: string[] = [];
  for (const [, closing, name, rest] of html
    .replace(/<style>[^]*?<\/style>/, "")
    .matchAll(/<(\/?)([!\w]+)([^>]*)>/g)) {
    if (closing === "/") assert.equal(open.pop(), name);
    else if (!empty.has(name!) && !rest!.endsWith("/")) open.push(name!);
  }
  assert.deepEqual(open, []);
}

function numCells(row: string): number {
  return row.replaceAll("\\|", "").split("|").length;
}
