// A gateway under load is killed at a random instant and another one starts on the same store. What it left is
// compared with the account that the provider kept, request by request.
import assert from "node:assert/strict";
import type { ShownKey } from "../keys/key-admin.ts";
import type { LedgerRecord } from "../ledger/ledger-entry.ts";
import { createDraw } from "./client.fixture.ts";
import type { Question, Seen } from "./client.fixture.ts";
import type { AccountEntry } from "./counting-upstream.fixture.ts";
import { MAX_OUTPUT_TOKENS, priceOf } from "./order.fixture.ts";
import { Scene, costOf, providersOf } from "./scene.fixture.ts";
import type { SceneStore } from "./scene.fixture.ts";

const PRICE = { input: 1, cacheRead: 0.1, output: 10 };
const NUM_CLIENTS = 40;
const LIMIT_USD = 10;
const WARM_UP = 100;

export interface KillReport {
  seed: number;
  afterMs: number;
  /** What the provider had answered whole before the kill. */
  numAnswered: number;
  /** Of these, not in the ledger as answered: the last ones. */
  numLost: number;
  /** How long before the kill the oldest of the lost was answered; 0 without any. */
  oldestLostMs: number;
  /** How late a timer of this process was at worst: how much this machine has beside this to do. */
  worstLagMs: number;
  /** Marked by the next gateway. */
  numInterrupted: number;
}

/** Loads a gateway, kills it after a random time, and checks everything but how much of the end was lost. */
export async function killUnderLoad(openStore: () => Promise<SceneStore>, seed: number): Promise<KillReport> {
  const scene = await Scene.open(await openStore());
  try {
    const key = await scene.createKey("client");
    await scene.setKeyBudget(key, LIMIT_USD);
    const draw = createDraw(seed);
    const afterMs = 200 + Math.floor(draw() * 800);
    const { seen, killedAt, worstLagMs } = await loadAndKill(scene, key, afterMs, draw);
    const next = await scene.startGateway(configOf(scene));
    await waitUntilNoneIsOpen(scene, key);
    const account = await scene.upstream.account();
    const ledger = await scene.ledgerOf(key);
    checkRows(ledger, account, seen);
    const lost = findLost(ledger, account, killedAt);
    const report = {
      seed,
      afterMs,
      numAnswered: account.filter(({ whole, endedAt }) => whole && endedAt <= killedAt).length,
      numLost: lost.length,
      oldestLostMs: lost.reduce((oldest, { endedAt }) => Math.max(oldest, killedAt - endedAt), 0),
      worstLagMs,
      numInterrupted: ledger.filter(({ outcome }) => outcome === "interrupted").length,
    };
    await checkBudget(scene, key, next.said);
    return report;
  } finally {
    await scene.close();
  }
}

function configOf({ upstream }: Scene) {
  return {
    providers: providersOf(upstream, { m: { price: PRICE, maxOutputTokens: MAX_OUTPUT_TOKENS } }),
    routes: { chat: "openai/m" },
  };
}

async function loadAndKill(
  scene: Scene,
  key: ShownKey,
  afterMs: number,
  draw: () => number,
): Promise<{ seen: Seen[]; killedAt: number; worstLagMs: number }> {
  const gateway = await scene.startGateway(configOf(scene));
  const seen: Seen[] = [];
  let number = 0;
  const load = { isOn: true };
  const client = async (): Promise<void> => {
    while (load.isOn) seen.push(await scene.clients.ask(gateway.said, toQuestion(key, number++, draw)));
  };
  const clients = Promise.all(Array.from({ length: NUM_CLIENTS }, client));
  // Warm first: what the first requests wait for is the compiler.
  while (seen.filter(({ whole }) => whole).length < WARM_UP) await pause(5);
  const worstLagMs = await pauseAndWatch(afterMs);
  const killing = scene.killGateway(gateway);
  const killedAt = Date.now();
  load.isOn = false;
  await killing;
  await clients;
  return { seen, killedAt, worstLagMs };
}

/** Most are short; some surely run when the end comes. */
function toQuestion({ text }: ShownKey, number: number, draw: () => number): Question {
  const isLong = draw() < 0.1;
  const stream = draw() < 0.5;
  return {
    key: text,
    alias: "chat",
    stream,
    order: {
      id: `r${number}`,
      output: 10 + Math.floor(draw() * 50),
      delayMs: isLong && !stream ? 500 : Math.floor(draw() * 10),
      ...(isLong && stream && { gapMs: 15 }),
    },
  };
}

async function waitUntilNoneIsOpen(scene: Scene, key: ShownKey): Promise<void> {
  for (let i = 0; (await scene.ledgerOf(key)).some(({ outcome }) => outcome === "open"); i += 1) {
    assert.ok(i < 100, "the next gateway finds what was open");
    await pause(20);
  }
}

/** Every row is right as far as it goes, and no request has two. */
function checkRows(
  ledger: readonly LedgerRecord[],
  account: readonly AccountEntry[],
  seen: readonly Seen[],
): void {
  const entries = new Map(account.map((entry) => [entry.id, entry]));
  const rows = new Map(ledger.map((row) => [row.requestId, row]));
  assert.equal(rows.size, ledger.length);
  for (const { requestId: id, outcome, usage, costNano } of ledger) {
    const entry = entries.get(id);
    if (outcome === "interrupted") {
      assert.ok(usage.estimated && costNano! > 0, id);
      continue;
    }
    assert.ok(entry?.whole, `${id} ${outcome}`);
    assert.deepEqual(
      [outcome, usage.input, usage.cacheRead, usage.output, usage.estimated, costNano],
      ["completed", entry.input, entry.cached, entry.output, false, priceOf(PRICE, entry)],
      id,
    );
  }
  assert.ok(seen.filter(({ whole }) => whole).length > WARM_UP, "it was a kill under load");
}

/** What the provider answered before the kill, and nobody charged for. */
function findLost(
  ledger: readonly LedgerRecord[],
  account: readonly AccountEntry[],
  killedAt: number,
): AccountEntry[] {
  const completed = new Set(
    ledger.filter(({ outcome }) => outcome === "completed").map(({ requestId }) => requestId),
  );
  return account.filter(({ id, whole, endedAt }) => whole && endedAt <= killedAt && !completed.has(id));
}

/** Nothing that the dead gateway held is held: what is not spent can be spent. */
async function checkBudget(scene: Scene, key: ShownKey, gateway: string): Promise<void> {
  const spent = costOf(await scene.ledgerOf(key));
  const before = await scene.budgetOf(key);
  assert.deepEqual([before.spentNanoUsd, before.heldNanoUsd], [spent, 0]);
  // Room for one long answer and no more: it fits only if nothing else is set aside.
  const roomNano = 1500 * PRICE.input * 1000 + MAX_OUTPUT_TOKENS * PRICE.output * 1000;
  await scene.setKeyBudget(key, (spent + roomNano) / 1e9);
  await pause(700);
  const order = { id: "after", output: MAX_OUTPUT_TOKENS };
  const answer = await scene.clients.ask(gateway, { key: key.text, alias: "chat", order });
  assert.ok(answer.whole, answer.text);
  await scene.endGateways();
  const entry = (await scene.upstream.account()).find(({ id }) => id === "after")!;
  assert.equal(entry.output, MAX_OUTPUT_TOKENS);
  const after = await scene.budgetOf(key);
  assert.deepEqual([after.spentNanoUsd, after.heldNanoUsd], [spent + priceOf(PRICE, entry), 0]);
}

/** Returns how late a timer was at worst meanwhile. */
async function pauseAndWatch(ms: number): Promise<number> {
  const endMs = performance.now() + ms;
  let worst = 0;
  for (let now = performance.now(); now < endMs;) {
    await pause(10);
    const then = now;
    now = performance.now();
    worst = Math.max(worst, now - then - 10);
  }
  return Math.round(worst);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
