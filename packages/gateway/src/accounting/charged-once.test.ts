// Whatever happens to a request, it has one row and is charged once. One gateway in a process of its own; every
// test has a key, and with it a ledger and a budget, of its own.
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import type { ShownKey } from "../keys/key-admin.ts";
import type { LedgerRecord } from "../ledger/ledger-entry.ts";
import { readTotals } from "../ledger/usage.ts";
import type { Question, Seen } from "./client.fixture.ts";
import type { AccountEntry } from "./counting-upstream.fixture.ts";
import { priceOf } from "./order.fixture.ts";
import { Scene, costOf, createSqliteStore, providersOf } from "./scene.fixture.ts";

const PRICE = { input: 2, cacheRead: 0.2, output: 30 };
const DEAR = { input: 1000, cacheRead: 1000, output: 9000 };
const MIRROR = { input: 7, cacheRead: 7, output: 11 };
const BUDGET_USD = 0.5;
const NAMES = [
  "retry",
  "dear",
  "unknown",
  "nowhere",
  "free",
  "failed",
  "left",
  "early",
  "waits",
  "half",
  "mirror",
  "broke",
  "cache",
] as const;
type Name = (typeof NAMES)[number];

let scene: Scene;
let gateway: string;
const keys = new Map<Name, ShownKey>();

before(async () => {
  scene = await Scene.open(await createSqliteStore());
  for (const name of NAMES) {
    const key = await scene.createKey(name);
    keys.set(name, key);
    if (name !== "free") await scene.setKeyBudget(key, name === "broke" ? 0 : BUDGET_USD);
  }
  const providers = providersOf(scene.upstream, {
    m: { price: PRICE, maxOutputTokens: 100 },
    second: { price: PRICE, maxOutputTokens: 100 },
    dear: { price: DEAR, maxOutputTokens: 100 },
    mirror: { price: MIRROR, maxOutputTokens: 100 },
  });
  const once = { retry: { sameTarget: 0, baseMs: 1, maxMs: 2 }, breaker: { failures: 1000 } };
  const child = await scene.startGateway({
    providers,
    routes: {
      chat: { targets: ["openai/m"], ...once },
      claude: { targets: ["anthropic/m"], ...once },
      again: { targets: ["openai/m"], retry: { sameTarget: 1, budgetRatio: 1, baseMs: 1, maxMs: 2 } },
      failover: { targets: ["openai/m", "openai/second"], ...once },
      "failover-other": { targets: ["openai/m", "anthropic/second"], ...once },
      "then-dear": { targets: ["openai/m", "openai/dear"], ...once },
      "then-unknown": { targets: ["openai/m", "openai/nobody-knows"], ...once },
      unknown: "openai/nobody-knows",
      mirrored: { targets: ["openai/m"], shadow: { target: "anthropic/mirror", share: 1 } },
      cached: { targets: ["openai/m"], cache: { ttlSeconds: 60, when: "always" } },
    },
  });
  gateway = child.said;
});
after(() => scene.close());

function ask(name: Name, question: Omit<Question, "key">): Promise<Seen> {
  return scene.clients.ask(gateway, { key: keys.get(name)!.text, ...question });
}

/** Once so many rows are settled; polls for three seconds at most. */
async function rowsOf(name: Name, numRows: number): Promise<LedgerRecord[]> {
  for (let i = 0; ; i += 1) {
    const rows = await scene.ledgerOf(keys.get(name)!);
    if (rows.length >= numRows && rows.every(({ outcome }) => outcome !== "open")) {
      assert.equal(rows.length, numRows);
      return rows;
    }
    if (i === 150) throw new Error(`${rows.length} of ${numRows} rows of ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What the store says of the key's budget once its rows are written. */
async function spentOf(name: Name): Promise<number> {
  const { spentNanoUsd } = await scene.budgetOf(keys.get(name)!);
  return spentNanoUsd;
}

async function entriesOf(id: string): Promise<AccountEntry[]> {
  return (await scene.upstream.account()).filter((entry) => entry.id === id);
}

describe("a request that is tried again", () => {
  test("is one row with two attempts, charged with what the answer cost", async () => {
    const ways = (["again", "failover", "failover-other"] as const).flatMap((alias) =>
      (["openai", "anthropic"] as const).flatMap((protocol) =>
        [true, false].map((stream) => ({ alias, protocol, stream })),
      ),
    );
    for (const [n, { alias, protocol, stream }] of ways.entries()) {
      const order = { id: `retry-${n}`, output: 12, fault: "500" as const, numFaults: 1 };
      const seen = await ask("retry", { alias, protocol, stream, order, maxTokens: 50 });
      assert.ok(seen.whole, `${alias} ${protocol} ${seen.text}`);
    }
    const rows = await rowsOf("retry", ways.length);
    for (const { requestId, attempts, target, usage, costNano, outcome } of rows) {
      const entries = await entriesOf(requestId);
      const whole = entries.find((entry) => entry.whole)!;
      assert.deepEqual([entries.length, attempts, outcome], [2, 2, "completed"], requestId);
      assert.equal(target?.endsWith(`/${whole.model}`), true, requestId);
      assert.deepEqual([usage.estimated, costNano], [false, priceOf(PRICE, whole)], requestId);
    }
    assert.equal(await spentOf("retry"), costOf(rows));
  });

  test("and that the budget does not allow at the next target is refused, and frees what it held", async () => {
    for (let n = 0; n < 20; n += 1) {
      const order = { id: `dear-${n}`, output: 12, fault: "500" as const, numFaults: 1 };
      const seen = await ask("dear", { alias: "then-dear", order, stream: n % 2 === 0, maxTokens: 100 });
      assert.deepEqual([seen.status, seen.code], [429, "insufficient_quota"], seen.text);
    }
    const rows = await rowsOf("dear", 20);
    for (const { outcome, attempts, costNano, errorCode } of rows) {
      assert.deepEqual([outcome, attempts, costNano], ["refused", 2, 0]);
      assert.equal(errorCode, "gateway/budget-exhausted");
    }
    // Nothing was leaked: a request that needs most of the budget still fits.
    const seen = await ask("dear", { alias: "chat", order: { id: "dear-end", output: 100 }, maxTokens: 100 });
    assert.ok(seen.whole, seen.text);
  });

  test("and whose next target has no known price is refused by name", async () => {
    const order = { id: "unknown-next", output: 12, fault: "500" as const, numFaults: 1 };
    const seen = await ask("unknown", { alias: "then-unknown", order, maxTokens: 100 });
    assert.deepEqual([seen.status, seen.code], [403, "gateway/price-unknown"], seen.text);
    const [row] = await rowsOf("unknown", 1);
    assert.deepEqual([row!.outcome, row!.attempts, row!.costNano], ["refused", 2, 0]);
  });
});

describe("a model whose price nobody knows", () => {
  test("is not asked where a budget applies", async () => {
    const seen = await ask("nowhere", { alias: "unknown", order: { id: "no-price", output: 5 } });
    assert.deepEqual([seen.status, seen.code], [403, "gateway/price-unknown"]);
    const claude = await ask("nowhere", {
      alias: "unknown",
      protocol: "anthropic",
      order: { id: "no-price-either", output: 5 },
    });
    assert.deepEqual([claude.status, claude.code], [403, "permission_error"]);
    assert.deepEqual(await entriesOf("no-price"), []);
    const rows = await rowsOf("nowhere", 2);
    assert.deepEqual(
      rows.map(({ outcome, errorCode }) => [outcome, errorCode]),
      [
        ["refused", "gateway/price-unknown"],
        ["refused", "gateway/price-unknown"],
      ],
    );
  });

  test("costs an unknown amount without one, never nothing", async () => {
    assert.ok((await ask("free", { alias: "unknown", order: { id: "free-1", output: 5 } })).whole);
    assert.ok((await ask("free", { alias: "chat", order: { id: "free-2", output: 5 } })).whole);
    const [unknown, known] = await rowsOf("free", 2);
    assert.equal(unknown!.costNano, null);
    assert.equal(unknown!.priceSource, undefined);
    const [entry] = await entriesOf("free-1");
    assert.deepEqual([unknown!.usage.input, unknown!.usage.output], [entry!.input, 5]);
    const totals = await readTotals(scene.database, { keyId: keys.get("free")!.key.id });
    assert.deepEqual([totals.numUnknownCosts, totals.costNano], [1, known!.costNano]);
  });
});

describe("a request that fails or is left", () => {
  test("costs nothing when the provider only refused", async () => {
    for (const [n, fault] of (["500", "429", "reset"] as const).entries()) {
      const seen = await ask("failed", { alias: "chat", order: { id: `failed-${n}`, output: 5, fault } });
      assert.ok(seen.status >= 429, seen.text);
    }
    for (const { outcome, costNano, usage } of await rowsOf("failed", 3)) {
      assert.deepEqual([outcome, costNano, usage.output, usage.estimated], ["failed", 0, 0, false]);
    }
    assert.equal(await spentOf("failed"), 0);
  });

  test("in mid-stream is charged with our count, and with the provider's input where it came", async () => {
    for (const alias of ["chat", "claude"]) {
      for (const protocol of ["openai", "anthropic"] as const) {
        const order = { id: `left-${alias}-${protocol}`, output: 100, gapMs: 20 };
        const seen = await ask("left", {
          alias,
          protocol,
          order,
          stream: true,
          maxTokens: 80,
          leave: "first-part",
        });
        assert.ok(seen.left);
      }
    }
    const rows = await rowsOf("left", 4);
    for (const { requestId, outcome, usage, costNano, target } of rows) {
      const [entry, ...more] = await entriesOf(requestId);
      assert.deepEqual([outcome, usage.estimated, more.length], ["client-left", true, 0], requestId);
      assert.ok(usage.output >= 1 && usage.output <= 80, `${requestId}: ${usage.output}`);
      // Over the ports, a provider's usage comes with the end.
      if (target === "anthropic/m" && requestId.endsWith("anthropic")) {
        assert.deepEqual([usage.input, usage.cacheRead], [entry!.input, entry!.cached], requestId);
      }
      assert.equal(costNano, priceOf(PRICE, { ...usage, cached: usage.cacheRead }), requestId);
      assert.ok(entry!.output < 100 && !entry!.whole, `${requestId}: the provider went on`);
    }
    assert.equal(await spentOf("left"), costOf(rows));
  });

  test("before the first byte is charged with the prompt, which the provider had", async () => {
    for (const stream of [true, false]) {
      const order = { id: `early-${stream}`, output: 9, delayMs: 2000 };
      const seen = await ask("early", { alias: "chat", order, stream, leave: 100 });
      assert.ok(seen.left);
    }
    const rows = await rowsOf("early", 2);
    for (const { outcome, usage, costNano } of rows) {
      assert.deepEqual([outcome, usage.estimated, usage.output], ["client-left", true, 0]);
      assert.ok(usage.input > 0 && costNano === usage.input * PRICE.input * 1000);
    }
    assert.equal(await spentOf("early"), costOf(rows));
  });

  test("while it waits for its budget is neither sent nor charged", async () => {
    const { location } = scene.store;
    assert.ok(location.kind === "sqlite");
    const blocker = new DatabaseSync(location.file);
    blocker.exec("begin immediate");
    try {
      const seen = await ask("waits", { alias: "chat", order: { id: "waits", output: 9 }, leave: 150 });
      assert.ok(seen.left);
    } finally {
      blocker.exec("rollback");
      blocker.close();
    }
    const [row] = await rowsOf("waits", 1);
    assert.deepEqual([row!.outcome, row!.costNano, row!.usage.estimated], ["client-left", 0, false]);
    assert.deepEqual(await entriesOf("waits"), []);
    assert.ok((await ask("waits", { alias: "chat", order: { id: "waits-2", output: 9 } })).whole);
  });

  test("because the provider broke off is charged for what had come, or not at all", async () => {
    for (const stream of [true, false]) {
      const order = { id: `half-${stream}`, output: 9, fault: "half" as const };
      await ask("half", { alias: "chat", order, stream });
    }
    const [streamed, whole] = await rowsOf("half", 2);
    assert.deepEqual([streamed!.outcome, streamed!.usage.estimated], ["failed", true]);
    assert.ok(streamed!.usage.output >= 1 && streamed!.costNano! > 0);
    assert.deepEqual([whole!.outcome, whole!.costNano], ["failed", 0]);
    assert.equal(await spentOf("half"), streamed!.costNano);
  });
});

describe("a copy for another target", () => {
  test("has a row and a cost column of its own, names its original, and no budget pays for it", async () => {
    for (let n = 0; n < 4; n += 1) {
      const order = { id: `mirror-${n}`, output: 10 + n };
      const seen = await ask("mirror", { alias: "mirrored", order, stream: n % 2 === 0 });
      assert.ok(seen.whole);
      // One copy after another: more than a few at once are dropped.
      await rowsOf("mirror", 2 * (n + 1));
    }
    const rows = await rowsOf("mirror", 8);
    const copies = rows.filter(({ mirrorOf }) => mirrorOf !== undefined);
    assert.equal(copies.length, 4);
    for (const copy of copies) {
      const original = rows.find(({ id }) => id === copy.mirrorOf);
      assert.equal(original?.requestId, copy.requestId, copy.mirrorOf);
      const entry = (await entriesOf(copy.requestId)).find(({ model }) => model === "mirror")!;
      assert.deepEqual([copy.costNano, copy.mirrorCostNano], [null, priceOf(MIRROR, entry)]);
      assert.deepEqual([original!.mirrorCostNano, copy.target], [null, "anthropic/mirror"]);
    }
    assert.equal(await spentOf("mirror"), costOf(rows));
    const totals = await readTotals(scene.database, { keyId: keys.get("mirror")!.key.id });
    assert.deepEqual([totals.numRequests, totals.numMirrored], [4, 4]);
  });

  test("is not made of a request that the budget refuses", async () => {
    const seen = await ask("broke", { alias: "mirrored", order: { id: "broke", output: 5 } });
    assert.equal(seen.code, "insufficient_quota");
    await rowsOf("broke", 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await rowsOf("broke", 1);
    assert.deepEqual(await entriesOf("broke"), []);
  });
});

test("an answer from the cache costs nothing", async () => {
  const question = { alias: "cached", order: { id: "cached", output: 8 } };
  const first = await ask("cache", question);
  const second = await ask("cache", question);
  assert.equal(second.text, first.text);
  const rows = await rowsOf("cache", 2);
  const hits = rows.filter(({ cached }) => cached);
  assert.deepEqual(
    hits.map(({ costNano, outcome }) => [costNano, outcome]),
    [[0, "completed"]],
  );
  assert.equal((await entriesOf("cached")).length, 1);
});
