// Any number of requests with faults of every kind, at random but the same for the same seed. Each kind has an
// alias and a model of its own, so that sums by alias (ledger), by model (provider) and by kind (clients) can be
// compared without remembering single requests: a million of them must fit.
import assert from "node:assert/strict";
import type { ShownKey } from "../keys/key-admin.ts";
import { readUsage } from "../ledger/usage.ts";
import type { UsageRow } from "../ledger/usage.ts";
import { askMany, createDraw } from "./client.fixture.ts";
import type { Question, Seen } from "./client.fixture.ts";
import type { ModelSums } from "./counting-upstream.fixture.ts";
import type { GatewaySettings } from "./gateway.fixture.ts";
import { MAX_OUTPUT_TOKENS, priceOf } from "./order.fixture.ts";
import type { Fault } from "./order.fixture.ts";
import { providersOf } from "./scene.fixture.ts";
import type { Scene } from "./scene.fixture.ts";

const PRICE = { input: 1, cacheRead: 0.1, output: 10 };

/** Shares of the traffic; they add up to 1. */
const SHARES = {
  /** Answered, some to clients that read slowly. */
  clean: 0.6,
  /** The first target fails before the first byte, the second answers. */
  retried: 0.12,
  /** Fails at every attempt; breakers open and close. */
  failing: 0.08,
  /** The provider breaks off in the middle. */
  broken: 0.05,
  /** The client leaves with the first part. */
  left: 0.1,
  /** The client leaves at any time, perhaps before the gateway has seen the whole request. */
  early: 0.05,
} as const;
/** Of the requests of each kind, how many go to a provider that speaks the other protocol. */
const TRANSLATED = 0.25;

type Kind = keyof typeof SHARES;
const KINDS = Object.keys(SHARES) as Kind[];
const BEFORE_FIRST_BYTE: readonly Fault[] = ["500", "429", "reset"];
const ANY_TIME: readonly Fault[] = [...BEFORE_FIRST_BYTE, "hang"];

export interface KindCounts {
  asked: number;
  whole: number;
  left: number;
  /** Answered with an error, or broken off. */
  failed: number;
}
export type ClientCounts = Record<Kind, KindCounts>;

export function faultyConfigOf({ upstream }: Scene): GatewaySettings["config"] {
  const model = { price: PRICE, maxOutputTokens: MAX_OUTPUT_TOKENS };
  const names = KINDS.flatMap((kind) => [kind, `${kind}-2`]);
  const routes = KINDS.flatMap((kind) =>
    (["openai", "anthropic"] as const).map((provider) => [
      `${kind}-${provider}`,
      {
        targets:
          kind === "retried" ? [`${provider}/${kind}`, `${provider}/${kind}-2`] : [`${provider}/${kind}`],
        retry: { sameTarget: kind === "failing" ? 1 : 0, baseMs: 1, maxMs: 5 },
        timeouts: { firstTokenMs: kind === "failing" ? 200 : 30_000 },
        breaker: kind === "failing" ? { openMs: 50, maxOpenMs: 200 } : { failures: 100_000 },
      },
    ]),
  );
  return {
    providers: providersOf(upstream, Object.fromEntries(names.map((name) => [name, model]))),
    routes: Object.fromEntries(routes) as Record<string, { targets: string[] }>,
  };
}

export interface FaultyLoad {
  gateway: string;
  key: ShownKey;
  numRequests: number;
  concurrency: number;
  seed: number;
  /** Called after each, with how many have ended. */
  onEnd?: (numEnded: number) => void;
}

export async function loadWithFaults(scene: Scene, load: FaultyLoad): Promise<ClientCounts> {
  const draw = createDraw(load.seed);
  const counts = Object.fromEntries(
    KINDS.map((kind) => [kind, { asked: 0, whole: 0, left: 0, failed: 0 }]),
  ) as ClientCounts;
  let numEnded = 0;
  await askMany(load.numRequests, load.concurrency, async (number) => {
    const kind = drawKind(draw);
    const seen = await scene.clients.ask(load.gateway, toQuestion(load.key, kind, number, draw));
    count(counts[kind], seen);
    numEnded += 1;
    load.onEnd?.(numEnded);
  });
  return counts;
}

function drawKind(draw: () => number): Kind {
  let rest = draw();
  for (const kind of KINDS) {
    rest -= SHARES[kind];
    if (rest < 0) return kind;
  }
  return "clean";
}

function toQuestion({ text }: ShownKey, kind: Kind, number: number, draw: () => number): Question {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!;
  const stream = kind === "left" || draw() < 0.4;
  const protocol = pick(["openai", "anthropic"] as const);
  const other = protocol === "openai" ? "anthropic" : "openai";
  const question: Question = {
    key: text,
    alias: `${kind}-${draw() < TRANSLATED ? other : protocol}`,
    protocol,
    stream,
    maxTokens: draw() < 0.5 ? 60 : undefined,
    padding: "x".repeat(Math.floor(draw() * 500)),
    order: { id: `n${number}`, output: 1 + Math.floor(draw() * 12) },
  };
  const { order } = question;
  if (kind === "clean" && stream && draw() < 0.02) question.pauseMs = 3;
  if (kind === "retried") Object.assign(order, { fault: pick(BEFORE_FIRST_BYTE), numFaults: 1 });
  if (kind === "failing") order.fault = pick(ANY_TIME);
  if (kind === "broken") order.fault = "half";
  if (kind === "left") Object.assign(question, { leave: "first-part" });
  if (kind === "early") question.leave = Math.floor(draw() * 20);
  if (kind === "left" || kind === "early") {
    Object.assign(order, { output: 30, gapMs: 2, delayMs: Math.floor(draw() * 5) });
  }
  return question;
}

function count(counts: KindCounts, { whole, left }: Seen): void {
  counts.asked += 1;
  if (whole) counts.whole += 1;
  else if (left) counts.left += 1;
  else counts.failed += 1;
}

export interface FaultyReport {
  numRows: number;
  costNano: number;
  numEstimated: number;
  kinds: Record<Kind, { clients: KindCounts; rows: UsageRow; upstream: ModelSums }>;
}

/** Call after the gateway has ended. Throws where the three accounts differ. */
export async function compareAccounts(
  scene: Scene,
  key: ShownKey,
  clients: ClientCounts,
): Promise<FaultyReport> {
  const usage = await readUsage(scene.database, { by: "alias", keyId: key.key.id });
  const sums = await scene.upstream.sums();
  const kinds = Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      {
        clients: clients[kind],
        rows: add(usage.filter(({ group }) => group!.startsWith(`${kind}-`))),
        upstream: add([sums[kind], sums[`${kind}-2`]].filter((one) => one !== undefined)),
      },
    ]),
  ) as FaultyReport["kinds"];
  for (const kind of KINDS) compareKind(kind, kinds[kind]);
  const all = add(usage);
  const { spentNanoUsd, heldNanoUsd } = await scene.budgetOf(key);
  assert.deepEqual([spentNanoUsd, heldNanoUsd], [all.costNano, 0], "the budget is the ledger's sum");
  assert.equal(all.outcomes.interrupted, 0);
  assert.equal(await countOpen(scene), 0);
  return { numRows: all.numRequests, costNano: all.costNano, numEstimated: all.numEstimated, kinds };
}

function compareKind(kind: Kind, { clients, rows, upstream }: FaultyReport["kinds"][Kind]): void {
  const { completed, failed, refused } = rows.outcomes;
  const left = rows.outcomes["client-left"];
  if (kind === "early") {
    assert.ok(rows.numRequests <= clients.asked && rows.numRequests >= upstream.requests, `${kind} rows`);
    return;
  }
  assert.equal(rows.numRequests, clients.asked, `${kind}: a row for each request`);
  if (kind === "clean" || kind === "retried") {
    assert.deepEqual([completed, rows.numEstimated], [clients.asked, 0], kind);
    assert.deepEqual([clients.whole, upstream.whole], [clients.asked, clients.asked], kind);
    assert.deepEqual(
      [rows.inputTokens, rows.cacheReadTokens, rows.outputTokens],
      [upstream.input, upstream.cached, upstream.output],
      `${kind}: tokens as the provider counted them`,
    );
    assert.equal(rows.costNano, priceOf(PRICE, upstream), kind);
    if (kind === "retried") assert.equal(upstream.requests, 2 * clients.asked);
  }
  if (kind === "failing") {
    assert.deepEqual(
      [failed + refused, rows.costNano, clients.failed],
      [clients.asked, 0, clients.asked],
      kind,
    );
  }
  if (kind === "broken") assert.deepEqual([failed, clients.failed], [clients.asked, clients.asked], kind);
  if (kind === "left") {
    assert.deepEqual([left + completed, clients.left + clients.whole], [clients.asked, clients.asked], kind);
    assert.equal(upstream.requests, clients.asked, kind);
    assert.ok(left > 0 && rows.costNano > 0, kind);
  }
}

function add<T extends object>(rows: readonly T[]): T {
  const total: Record<string, unknown> = {};
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      if (typeof value === "number") total[name] = Number(total[name] ?? 0) + value;
      else if (typeof value === "object") total[name] = add([total[name] ?? {}, value as object]);
    }
  }
  return total as T;
}

async function countOpen({ database }: Scene): Promise<number> {
  const rows = await database.queries
    .selectFrom("gateway_ledger")
    .select("number")
    .where("outcome", "=", "open")
    .execute();
  return rows.length;
}
