// Writes bench/results/gateway.md from what the runs appended to .bench/gateway.jsonl: the newest row of each
// mode, setting and contender counts.
//   node bench/gateway/report.ts
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { VERSIONS } from "./install-peers.ts";

interface Figure {
  median: number;
  min: number;
  max: number;
}
interface Row {
  at: string;
  mode: string;
  setting: string;
  name: string;
  rounds: number;
  figures: Record<string, Figure>;
}

const source = resolve(import.meta.dirname, "../../.bench/gateway.jsonl");
const page = resolve(import.meta.dirname, "../results/gateway.md");
const newest = new Map<string, Row>();
for (const line of readFileSync(source, "utf8").trim().split("\n")) {
  const row = JSON.parse(line) as Row;
  newest.set(`${row.mode} ${row.setting} ${row.name}`, row);
}
const rows = [...newest.values()];

function find(mode: string, setting: string, name: string): Row | undefined {
  return rows.find((row) => row.mode === mode && row.setting === setting && row.name === name);
}

function show(figure: Figure | undefined, digits = 3): string {
  if (figure === undefined || Number.isNaN(figure.median)) return "–";
  const value = figure.median;
  return Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(digits)));
}

function table(
  mode: string,
  setting: string,
  columns: readonly [title: string, key: string, minusDirect?: boolean][],
): string {
  const direct = find(mode, setting, "direct");
  const lines = rows
    .filter((row) => row.mode === mode && row.setting === setting)
    .map((row) => {
      const cells = columns.map(([, key, minusDirect]) => {
        const figure = row.figures[key];
        if (!minusDirect || row.name === "direct" || figure === undefined) return show(figure);
        const base = direct?.figures[key]?.median ?? 0;
        return `+${show({ median: figure.median - base, min: 0, max: 0 })}`;
      });
      return `| ${row.name} | ${cells.join(" | ")} | ${row.rounds} |`;
    });
  return [
    `| contender | ${columns.map(([title]) => title).join(" | ")} | rounds |`,
    `|---${"|---".repeat(columns.length + 1)}|`,
    ...lines,
  ].join("\n");
}

interface Target {
  what: string;
  target: string;
  value: number | undefined;
  isMet: (value: number) => boolean;
  unit: string;
}

const ours = (mode: string, setting: string, key: string, name = "homegrown"): number | undefined =>
  find(mode, setting, name)?.figures[key]?.median;
const ratio = (mode: string, setting: string, key: string, peer: string): number | undefined => {
  const value = ours(mode, setting, key);
  const other = ours(mode, setting, key, peer);
  return value === undefined || other === undefined ? undefined : value / other;
};
const added = (mode: string, setting: string, key: string, name = "homegrown"): number | undefined => {
  const value = ours(mode, setting, key, name);
  const direct = ours(mode, setting, key, "direct");
  return value === undefined || direct === undefined ? undefined : value - direct;
};

const RATE = "d0 1000/s";
const STREAMS = "20 streams";
const targets: Target[] = [
  {
    what: "CPU per request, passed through",
    target: "≤ 100 µs",
    value: ours("max", "d0", "cpuMicroseconds"),
    isMet: (v) => v <= 100,
    unit: "µs",
  },
  {
    what: "CPU per request, OpenAI → Anthropic",
    target: "≤ 250 µs",
    value: ours("max", "d0", "cpuMicroseconds", "homegrown-translated"),
    isMet: (v) => v <= 250,
    unit: "µs",
  },
  {
    what: "CPU per request, Anthropic → OpenAI",
    target: "≤ 250 µs",
    value: ours("max", "d0", "cpuMicroseconds", "homegrown-from-anthropic"),
    isMet: (v) => v <= 250,
    unit: "µs",
  },
  {
    what: "requests/s against TensorZero",
    target: "≥ 1.3 x",
    value: ratio("max", "d0", "requestsPerSecond", "tensorzero"),
    isMet: (v) => v >= 1.3,
    unit: "x",
  },
  {
    what: "requests/s against Portkey",
    target: "≥ 4 x",
    value: ratio("max", "d0", "requestsPerSecond", "portkey"),
    isMet: (v) => v >= 4,
    unit: "x",
  },
  {
    what: "requests/s against LiteLLM",
    target: "≥ 60 x",
    value: ratio("max", "d0", "requestsPerSecond", "litellm"),
    isMet: (v) => v >= 60,
    unit: "x",
  },
  {
    what: "added latency at 1000/s, p50",
    target: "≤ 0.25 ms",
    value: added("rate", RATE, "p50"),
    isMet: (v) => v <= 0.25,
    unit: "ms",
  },
  {
    what: "added latency at 1000/s, p95",
    target: "≤ 0.6 ms",
    value: added("rate", RATE, "p95"),
    isMet: (v) => v <= 0.6,
    unit: "ms",
  },
  {
    what: "p99 at 1000/s against TensorZero",
    target: "≤ 1 x",
    value: ratio("rate", RATE, "p99", "tensorzero"),
    isMet: (v) => v <= 1,
    unit: "x",
  },
  {
    what: "added latency of a streamed chunk, p50",
    target: "≤ 0.1 ms",
    value: added("stream", STREAMS, "chunk50"),
    isMet: (v) => v <= 0.1,
    unit: "ms",
  },
  {
    what: "CPU per chunk, passed through",
    target: "≤ 45 µs",
    value: ours("stream", STREAMS, "cpuMicroseconds"),
    isMet: (v) => v <= 45,
    unit: "µs",
  },
  {
    what: "CPU per chunk, translated",
    target: "≤ 100 µs",
    value: ours("stream", STREAMS, "cpuMicroseconds", "homegrown-translated"),
    isMet: (v) => v <= 100,
    unit: "µs",
  },
  {
    what: "time to first chunk against TensorZero",
    target: "≤ 1 x",
    value: ratio("stream", STREAMS, "first50", "tensorzero"),
    isMet: (v) => v <= 1,
    unit: "x",
  },
  {
    what: "cold start to the first answer",
    target: "≤ 400 ms",
    value: ours("cold", "first answer", "startMs", "homegrown-serve"),
    isMet: (v) => v <= 400,
    unit: "ms",
  },
  {
    what: "resident memory with 1000 open streams",
    target: "≤ 400 MB",
    value: ours("open", "1000 streams at once", "peakRss"),
    isMet: (v) => v <= 400,
    unit: "MB",
  },
];

/** The targets were set on a machine on which the bare floor takes 44 µs. */
const FLOOR_MICROSECONDS = 44;
for (const [name, what, microseconds] of [
  ["homegrown", "passed through", 100],
  ["homegrown-translated", "OpenAI → Anthropic", 250],
  ["homegrown-from-anthropic", "Anthropic → OpenAI", 250],
] as const) {
  const own = ours("max", "d0", "cpuMicroseconds", name);
  const floor = ours("max", "d0", "cpuMicroseconds", "floor");
  const most = microseconds / FLOOR_MICROSECONDS;
  targets.push({
    what: `the same against the bare floor, ${what}`,
    target: `≤ ${most.toFixed(2)} x (${microseconds} / ${FLOOR_MICROSECONDS})`,
    value: own === undefined || floor === undefined ? undefined : own / floor,
    isMet: (v) => v <= most,
    unit: "x",
  });
}

const PAIRS = { sqlite: "two gateways, one SQLite", postgres: "two gateways, one Postgres" };
const onPostgres = ours("shared", "d0", "cpuMicroseconds", PAIRS.postgres);
const onSqlite = ours("shared", "d0", "cpuMicroseconds", PAIRS.sqlite);
targets.push({
  what: "CPU of two gateways on one Postgres against SQLite",
  target: "≤ 2 x",
  value: onPostgres === undefined || onSqlite === undefined ? undefined : onPostgres / onSqlite,
  isMet: (v) => v <= 2,
  unit: "x",
});

const verdicts = targets.map(({ what, target, value, isMet, unit }) => {
  const shown = value === undefined ? "not measured" : `${Number(value.toPrecision(3))} ${unit}`;
  const verdict = value === undefined ? "" : isMet(value) ? "met" : "**missed**";
  return `| ${what} | ${target} | ${shown} | ${verdict} |`;
});
const latest = rows.reduce((last, { at }) => (at > last ? at : last), "");
const requestColumns: [string, string][] = [
  ["requests/s", "requestsPerSecond"],
  ["CPU µs/request", "cpuMicroseconds"],
  ["p50 ms", "p50"],
  ["p99 ms", "p99"],
  ["RSS MB", "rss"],
  ["errors", "errors"],
];
const rateColumns: [string, string, boolean?][] = [
  ["p50 ms", "p50", true],
  ["p95 ms", "p95", true],
  ["p99 ms", "p99", true],
  ["CPU µs/request", "cpuMicroseconds"],
  ["errors", "errors"],
];

writeFileSync(
  page,
  `# Gateways side by side

${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores; Node ${process.versions.node}; oha ${VERSIONS.oha}. Written by \`node bench/gateway/report.ts\` from runs of \`node bench/gateway/run.ts\`, the last on ${latest.slice(0, 10)}.

The gateway has core 0, upstream and load have core 1. 2 KB chat requests with a tool, 200-byte answers. Contenders stay up and take turns; medians over the rounds. Homegrown runs with everything on: key check, a budget reserved and settled, limits, a ledger row in SQLite, metrics, 1 % traces to a collector, every body parsed and checked; V8 flags and compile cache are those of the command line, which the cold start runs itself (\`homegrown serve\`, a JSON configuration, state in SQLite). \`floor\` is the least that node and undici can do. The others run as they come, without keys, budgets or a database (Portkey ${VERSIONS.portkey}, TensorZero ${VERSIONS.tensorzero}, LiteLLM ${VERSIONS.litellm} with one worker). "+" is over asking the upstream directly.

| what | target | measured | |
|---|---|---|---|
${verdicts.join("\n")}

## As fast as it goes, 32 connections, upstream answers at once
${table("max", "d0", requestColumns)}

## 1000 requests a second, upstream answers at once
${table("rate", RATE, rateColumns)}

## 1000 requests a second, upstream answers after 20 ms
${table("rate", "d20 1000/s", rateColumns)}

## 20 streams of 200 chunks a second
${table("stream", STREAMS, [
  ["first chunk p50 ms", "first50", true],
  ["chunk p50 ms", "chunk50", true],
  ["chunk p95 ms", "chunk95", true],
  ["chunk p99 ms", "chunk99", true],
  ["CPU µs/chunk", "cpuMicroseconds"],
  ["errors", "errors"],
])}

## From start to first answer
${table("cold", "first answer", [
  ["ms", "startMs"],
  ["RSS MB", "rss"],
])}

## 1000 streams open at once, a chunk each 100 ms
${table("open", "1000 streams at once", [
  ["peak RSS MB", "peakRss"],
  ["chunk p50 ms", "chunk50"],
  ["chunk p99 ms", "chunk99"],
  ["errors", "errors"],
])}

## Two gateways that share keys, budgets and ledger
16 connections each; the time of the gateways, without that of the Postgres server. That budgets stay exact is
measured in gateway-accounting.md.

${table("shared", "d0", [
  ["requests/s", "requestsPerSecond"],
  ["CPU µs/request", "cpuMicroseconds"],
  ["p50 ms", "p50"],
  ["p99 ms", "p99"],
  ["errors", "errors"],
])}
`,
);
console.log(`wrote ${page}`);
