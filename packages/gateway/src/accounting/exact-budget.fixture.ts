// Many clients against one small budget, through gateways in processes of their own. What is compared: the budget
// as the store has it, the ledger's rows, and the account that the provider kept, request by request.
import assert from "node:assert/strict";
import { listBudgets } from "../budgets/budget-admin.ts";
import type { ShownKey } from "../keys/key-admin.ts";
import type { LedgerRecord } from "../ledger/ledger-entry.ts";
import { askMany, createDraw } from "./client.fixture.ts";
import type { Question, Seen } from "./client.fixture.ts";
import type { AccountEntry } from "./counting-upstream.fixture.ts";
import type { GatewaySettings } from "./gateway.fixture.ts";
import { MAX_OUTPUT_TOKENS, priceOf } from "./order.fixture.ts";
import { Scene, costOf, providersOf } from "./scene.fixture.ts";
import type { SceneStore } from "./scene.fixture.ts";

const PRICE = { input: 0.5, cacheRead: 0.05, output: 20 };
const MODEL = { price: PRICE, maxOutputTokens: MAX_OUTPUT_TOKENS };
const TEAM = "search";
/** Twice as many as a dollar buys, with the refusals at the end. */
const MAX_REQUESTS = 4000;
export const NUM_CLIENTS = 200;
export const LIMIT_NANO = 1_000_000_000;
/** Of any prompt here: its bytes as tokens, and what a provider may add out of sight. */
const MAX_PROMPT_NANO = 1400 * PRICE.input * 1000;
const MAX_COST_NANO = MAX_PROMPT_NANO + MAX_OUTPUT_TOKENS * PRICE.output * 1000;
/** Statuses that no client tries again by itself, and the protocols' own names. */
const REFUSALS: Readonly<Record<string, string>> = { "429": "insufficient_quota", "402": "billing_error" };

/** The clients have spent what they could, and the gateways have ended. */
export interface Spending {
  scene: Scene;
  key: ShownKey;
  seen: readonly Seen[];
  ledger: readonly LedgerRecord[];
  account: ReadonlyMap<string, AccountEntry>;
}

/** The caller closes the scene. */
export async function spendBudget(
  openStore: () => Promise<SceneStore>,
  numGateways: number,
  seed: number,
): Promise<Spending> {
  const scene = await Scene.open(await openStore());
  try {
    const key = await scene.createKey("spender", { team: TEAM });
    await scene.setKeyBudget(key, LIMIT_NANO / 1e9);
    // Wider ones, which every request counts in, too.
    await scene.setBudget({ scope: "team", scopeId: TEAM, period: "month" }, 1.2);
    await scene.setBudget({ scope: "total", scopeId: "", period: "month" }, 5);
    const seen = await spendAll(scene, key, numGateways, seed);
    await scene.endGateways();
    const account = byId(await scene.upstream.account());
    return { scene, key, seen, ledger: await scene.ledgerOf(key), account };
  } catch (error) {
    await scene.close();
    throw error;
  }
}

/** No more than the budget, and the ledger's rows are its sum. */
export async function checkSum({ scene, key, ledger, seen }: Spending): Promise<void> {
  const { spentNanoUsd } = await scene.budgetOf(key);
  assert.ok(spentNanoUsd <= LIMIT_NANO, `spent ${spentNanoUsd}`);
  const budgets = await listBudgets(scene.database);
  assert.equal(budgets.length, 3);
  for (const { scope, spentNanoUsd, heldNanoUsd } of budgets) {
    assert.deepEqual([spentNanoUsd, heldNanoUsd], [costOf(ledger), 0], scope);
  }
  assert.ok(seen.filter(({ whole }) => whole).length > 300);
}

/** One row for each request, with what the provider counted. */
export function checkRows({ ledger, seen, account }: Spending): void {
  assert.equal(ledger.length, seen.length);
  const rows = byRequestId(ledger);
  assert.equal(rows.size, seen.length);
  let numLeft = 0;
  for (const { id, whole, status, left } of seen) {
    const row = rows.get(id)!;
    const entry = account.get(id);
    if (left) {
      numLeft += 1;
      assertLeft(row, entry);
    } else if (status !== 200) {
      assert.deepEqual([row.outcome, row.errorCode], ["refused", "gateway/budget-exhausted"], id);
      assert.deepEqual([row.costNano, entry], [0, undefined], id);
    } else {
      assert.ok(whole, `${id} was answered with ${status}`);
      assertSettled(row, entry!);
    }
  }
  assert.ok(numLeft > 20, `${numLeft} left`);
}

/** As each protocol says it, and only when nothing more fits. */
export function checkRefusals({ ledger, seen }: Spending): void {
  const refusals = seen.filter(({ status, left }) => status !== 200 && !left);
  assert.ok(refusals.length >= NUM_CLIENTS);
  for (const { status, code, headers } of refusals) {
    assert.equal(code, REFUSALS[status]);
    assert.equal(headers["x-should-retry"], "false");
    assert.equal(headers["retry-after"], undefined);
  }
  const first = refusals.reduce((a, b) => (a.endedAt < b.endedAt ? a : b));
  // What may have been spent or set aside by then: everything that had been sent.
  const rows = byRequestId(ledger);
  const sent = seen.filter(
    ({ sentAt, status }) => sentAt <= first.endedAt && (status === 200 || status === 0),
  );
  const ended = sent.filter(({ endedAt }) => endedAt < first.sentAt);
  const most = costOf(ended.map(({ id }) => rows.get(id)!)) + (sent.length - ended.length) * MAX_COST_NANO;
  assert.ok(most + MAX_COST_NANO >= LIMIT_NANO, `${most} of ${LIMIT_NANO} could be in use`);
}

/** What is left can be spent to the last request, which is cut to fit. Returns what then remains, in nano-dollars. */
export async function spendTheRest({ scene, key }: Spending): Promise<number> {
  const gateway = await scene.startGateway(configOf(scene));
  const drained: Seen[] = [];
  for (let n = 0; drained.at(-1)?.status !== 429; n += 1) {
    const order = { id: `drain-${n}`, output: MAX_OUTPUT_TOKENS };
    drained.push(await scene.clients.ask(gateway.said, { key: key.text, alias: "chat", order }));
    assert.ok(n < 1000);
  }
  await scene.endGateways();
  const { spentNanoUsd, heldNanoUsd } = await scene.budgetOf(key);
  assert.ok(spentNanoUsd <= LIMIT_NANO && heldNanoUsd === 0);
  const leftNano = LIMIT_NANO - spentNanoUsd;
  assert.ok(leftNano < MAX_PROMPT_NANO + PRICE.output * 1000, `left ${leftNano}`);
  assert.equal(costOf(await scene.ledgerOf(key)), spentNanoUsd);
  return leftNano;
}

function configOf({ upstream }: Scene): GatewaySettings["config"] {
  return {
    providers: providersOf(upstream, { m: MODEL }),
    routes: { chat: "openai/m", claude: "anthropic/m" },
  };
}

async function spendAll(scene: Scene, key: ShownKey, numGateways: number, seed: number): Promise<Seen[]> {
  const gateways: string[] = [];
  for (let n = 0; n < numGateways; n += 1) gateways.push((await scene.startGateway(configOf(scene))).said);
  const seen: Seen[] = [];
  const draw = createDraw(seed);
  let number = 0;
  await askMany(NUM_CLIENTS, NUM_CLIENTS, async (client) => {
    for (let refused = 0; refused < 2;) {
      assert.ok(number < MAX_REQUESTS, "the budget is never used up");
      const answer = await scene.clients.ask(
        gateways[client % numGateways]!,
        toQuestion(key, number++, draw),
      );
      seen.push(answer);
      if (answer.status !== 200 && !answer.left) refused += 1;
    }
  });
  return seen;
}

function toQuestion({ text }: ShownKey, number: number, draw: () => number): Question {
  const stream = draw() < 0.5;
  const leaves = stream && draw() < 0.2;
  return {
    key: text,
    alias: draw() < 0.5 ? "chat" : "claude",
    protocol: draw() < 0.5 ? "openai" : "anthropic",
    stream,
    // Chat completions may leave the limit to the model.
    maxTokens: draw() < 0.7 ? 40 : undefined,
    ...(leaves && { leave: "first-part" as const }),
    order: {
      id: `r${number}`,
      output: 5 + Math.floor(draw() * 70),
      delayMs: Math.floor(draw() * 20),
      ...(leaves && { gapMs: 5 }),
    },
  };
}

function assertSettled(row: LedgerRecord, entry: AccountEntry): void {
  const { usage, costNano, outcome } = row;
  const { id, input, cached, output } = entry;
  assert.equal(entry.whole, true, id);
  assert.deepEqual(
    [outcome, usage.input, usage.cacheRead, usage.output, usage.estimated, costNano],
    ["completed", input, cached, output, false, priceOf(PRICE, entry)],
    id,
  );
}

/** Charged once: with the provider's words where they came, with our count of what it may have sent where not. */
function assertLeft(row: LedgerRecord, entry: AccountEntry | undefined): void {
  const { usage, costNano, outcome, requestId: id } = row;
  assert.ok(entry !== undefined && costNano !== null, id);
  if (!usage.estimated) {
    assert.equal(costNano, priceOf(PRICE, entry), id);
    return;
  }
  assert.equal(outcome, "client-left", id);
  const most = entry.limit ?? MAX_OUTPUT_TOKENS;
  assert.ok(usage.output <= most, `${id}: ${usage.output} of ${most} tokens`);
  assert.equal(costNano, priceOf(PRICE, { ...usage, cached: usage.cacheRead }), id);
}

function byId(entries: readonly AccountEntry[]): Map<string, AccountEntry> {
  const map = new Map(entries.map((entry) => [entry.id, entry]));
  assert.equal(map.size, entries.length, "the provider was asked once for each request");
  return map;
}

function byRequestId(records: readonly LedgerRecord[]): Map<string, LedgerRecord> {
  return new Map(records.map((record) => [record.requestId, record]));
}
