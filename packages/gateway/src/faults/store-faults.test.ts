// The store is locked, full, gone or slow, and the clock is set: requests go on while there is room to remember
// them, then they are refused with a time to come back, and when the store is back nothing is missing.
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { RawAnswer } from "@homegrown/testing";
import { sql } from "@homegrown/storage";
import { createKey, listLedger, readTotals, setBudget } from "../index.ts";
import type { GatewayDatabase } from "../index.ts";
import { TestClock } from "../state/store.fixture.ts";
import { openRig } from "./fault-rig.fixture.ts";
import type { FaultRig } from "./fault-rig.fixture.ts";
import { FRONTS } from "./fronts.fixture.ts";

const [chat, messages] = FRONTS;
const MAX_ROWS = 25;
const ASK = chat!.body("chat/scripted", "say: hello", false);
const CHANGE = { actor: "test", reason: "test" };

const openSmall = (wrap?: (database: GatewayDatabase) => GatewayDatabase): Promise<FaultRig> =>
  openRig({ ...(wrap && { wrap }), gateway: { state: { writer: { maxRows: MAX_ROWS } } } });

describe("a store that is", () => {
  it("locked by another process", async () => {
    const rig = await openSmall();
    const child = fork(join(import.meta.dirname, "lock-store.fixture.ts"), [rig.database.location]);
    await once(child, "message");
    await outlive(rig, async () => {
      child.send("release");
      await once(child, "exit");
    });
  });

  it("full", async () => {
    const rig = await openSmall();
    // The pages that it has, and not one more.
    await sql`vacuum`.execute(rig.database.queries);
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(rig.database.queries);
    await sql`pragma max_page_count = ${sql.lit(rows[0]!.page_count)}`.execute(rig.database.queries);
    // What there is of room in pages is used up first.
    await outlive(
      rig,
      async () => {
        await sql`pragma max_page_count = 1000000`.execute(rig.database.queries);
      },
      400,
    );
  });

  it("gone: its file has another name", async () => {
    const rig = await openSmall();
    const { location } = rig.database;
    await rename(location, `${location}.away`);
    await outlive(rig, () => rename(`${location}.away`, location));
  });

  it("slow: nobody waits for it", async () => {
    let delayMs = 0;
    const rig = await openSmall((database) => ({
      ...database,
      batch: async (statements) => {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        return database.batch(statements);
      },
    }));
    await ask(rig);
    delayMs = 700;
    const startedAt = performance.now();
    for (let i = 0; i < MAX_ROWS - 5; i++) assert.equal((await ask(rig)).status, 200);
    assert.ok(performance.now() - startedAt < 650 * 3, "requests do not wait for batches");
    delayMs = 3_000;
    await outlive(rig, () => {
      delayMs = 0;
      return Promise.resolve();
    });
  });
});

async function ask(rig: FaultRig, key = rig.key): Promise<RawAnswer> {
  return rig.post(chat!.path, ASK, { authorization: `Bearer ${key}` });
}

/** Asks until there is no room, mends the store, and looks for every request that was answered. */
async function outlive(rig: FaultRig, mend: () => Promise<void>, most = 150): Promise<void> {
  try {
    let answered = (await rig.upstream.counts()).models["scripted"]?.completed ?? 0;
    let refused: RawAnswer | undefined;
    for (let i = 0; i < most && refused === undefined; i++) {
      const answer = await ask(rig);
      if (answer.status === 200) answered++;
      else refused = answer;
    }
    assert.ok(refused, `${answered} were answered and none refused`);
    assert.ok(answered >= MAX_ROWS - 1, `only ${answered} were answered`);
    assert.equal(refused.status, 503, refused.text);
    assert.equal(chat!.errorOf(refused), "gateway/store-behind");
    assert.equal(refused.headers["retry-after"], "2");
    const headers = { ...messages!.headers };
    const body = messages!.body("anthropic/scripted", "say: hello", false);
    const other = await rig.post(messages!.path, body, headers);
    assert.deepEqual([other.status, messages!.errorOf(other)], [529, "overloaded_error"]);
    const ready = await readiness(rig);
    assert.deepEqual([ready.status, ready.body.status], [503, "store-behind"]);
    assert.ok(ready.body.store.behindRows >= MAX_ROWS - 1);
    const alive = await fetch(`${rig.gateway.url}/healthz`);
    assert.equal(alive.status, 200, "alive all the same");
    const asked = (await rig.upstream.counts()).requests;
    assert.equal((await ask(rig)).status, 503);
    assert.equal((await rig.upstream.counts()).requests, asked, "what cannot be recorded is not asked");

    await mend();
    await untilReady(rig);
    assert.equal((await ask(rig)).status, 200);
    answered++;
    await untilWritten(rig, answered);
    const records = await readBack(rig);
    assert.equal(new Set(records.map(({ requestId }) => requestId)).size, answered, "each once");
    const upstream = (await rig.upstream.counts()).models["scripted"]!;
    const totals = await readTotals(rig.database);
    assert.equal(totals.outputTokens, upstream.outputTokens, "and with the tokens that the upstream counted");
    assert.equal(totals.inputTokens, upstream.inputTokens);
  } finally {
    await mend().catch(() => {});
    await rig.close();
  }
}

interface Readiness {
  status: number;
  body: { status: string; store: { behindRows: number } };
}

async function readiness(rig: FaultRig): Promise<Readiness> {
  const response = await fetch(`${rig.gateway.url}/readyz`);
  return { status: response.status, body: (await response.json()) as Readiness["body"] };
}

async function untilReady(rig: FaultRig): Promise<void> {
  const deadline = performance.now() + 8_000;
  while ((await readiness(rig)).status !== 200) {
    assert.ok(performance.now() < deadline, "the gateway is not ready again");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function readBack({ database }: FaultRig): Promise<{ requestId: string }[]> {
  const { records } = await listLedger(database, { limit: 1000, outcome: "completed" });
  return records;
}

async function untilWritten(rig: FaultRig, count: number): Promise<void> {
  let written = 0;
  const deadline = performance.now() + 5_000;
  while ((written = (await readBack(rig)).length) < count) {
    assert.ok(performance.now() < deadline, `${written} of ${count} rows were written`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(written, count);
}

describe("a clock that is set", () => {
  const DAY_MS = 86_400_000;

  it("forwards and backwards: keys expire by it, budgets turn by it, limits do not", async () => {
    const clock = new TestClock();
    const noon = clock.wall;
    const rig = await openRig({ gateway: { state: { clock, pollMs: 20 } } });
    try {
      const expiresAt = new Date(noon + DAY_MS);
      const limited = await createKey(
        rig.database,
        { name: "limited", expiresAt, limits: { requestsPerMinute: 2 } },
        CHANGE,
      );
      const budgeted = await createKey(rig.database, { name: "budgeted" }, CHANGE);
      const name = { scope: "key", scopeId: budgeted.key.id, period: "day" } as const;
      // Enough for one request, not for two.
      await setBudget(rig.database, { ...name, limitNanoUsd: 1_400_000 }, CHANGE);
      const statuses = async (key: string, count: number): Promise<number[]> => {
        const list: number[] = [];
        for (let i = 0; i < count; i++) list.push((await ask(rig, key)).status);
        return list;
      };
      await waitUntilKnown(rig, limited.text);
      await waitUntilKnown(rig, budgeted.text);

      assert.deepEqual(await statuses(limited.text, 3), [200, 200, 429]);
      clock.wall += 60 * 60 * 1000;
      assert.deepEqual(await statuses(limited.text, 1), [429], "an hour on the wall is no minute of waiting");
      clock.wall -= 3 * 60 * 60 * 1000;
      assert.deepEqual(await statuses(limited.text, 1), [429], "nor is an hour back");
      clock.monotonic += 61_000;
      assert.deepEqual(await statuses(limited.text, 1), [200]);

      clock.wall = noon + 2 * DAY_MS;
      const expired = await ask(rig, limited.text);
      assert.deepEqual([expired.status, chat!.errorOf(expired)], [401, "invalid_api_key"]);
      assert.equal((await ask(rig)).status, 200, "a key without an end");
      clock.wall = noon - 400 * DAY_MS;
      clock.monotonic += 61_000;
      assert.equal((await ask(rig)).status, 200, "more than a year back");
      assert.equal((await ask(rig, limited.text)).status, 200);

      // Time that leaps means that nobody has heard of this instance; it holds no budgets until it has written.
      await new Promise((resolve) => setTimeout(resolve, 150));
      clock.wall = noon;
      const spent = await untilRefused(rig, budgeted.text);
      assert.ok(spent >= 1);
      clock.wall = noon + DAY_MS;
      assert.equal((await ask(rig, budgeted.text)).status, 200, "a new day");
      clock.wall = noon;
      assert.equal((await ask(rig, budgeted.text)).status, 429, "the old day is as it was");
      const { numRequests, outcomes } = await settledTotals(rig);
      assert.ok(numRequests >= outcomes.completed && outcomes.completed > 5);
      assert.deepEqual(rig.faults, []);
    } finally {
      await rig.close();
    }
  });
});

async function waitUntilKnown(rig: FaultRig, key: string): Promise<void> {
  const deadline = performance.now() + 3_000;
  for (;;) {
    const response = await fetch(`${rig.gateway.url}/v1/models`, {
      headers: { authorization: `Bearer ${key}` },
    });
    await response.arrayBuffer();
    if (response.status === 200) return;
    assert.ok(performance.now() < deadline, "the gateway does not see the new key");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** How many were answered before the budget was used up. */
async function untilRefused(rig: FaultRig, key: string): Promise<number> {
  for (let answered = 0; answered < 500; answered++) {
    const answer = await ask(rig, key);
    if (answer.status === 200) continue;
    assert.deepEqual([answer.status, chat!.errorOf(answer)], [429, "insufficient_quota"]);
    return answered;
  }
  throw new Error("the budget was never used up");
}

async function settledTotals(rig: FaultRig): ReturnType<typeof readTotals> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return readTotals(rig.database);
}
