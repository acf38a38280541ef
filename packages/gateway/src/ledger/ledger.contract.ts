// What the ledger must do on every engine.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FinalLedgerEntry, NewLedgerEntry } from "./ledger-entry.ts";
import { listLedger, readTotals, readUsage } from "./usage.ts";
import { finalEntry, isCode, newEntry } from "../state/contract.fixture.ts";
import type { StateContext } from "../state/contract.fixture.ts";

export function ledgerContract(context: StateContext): void {
  test("a request that ends at once is one row with all it was told", async () => {
    await context.clear();
    const state = await context.openState();
    const entry = state.ledger.open(
      newEntry({
        requestId: "same",
        labels: { user: "u\0\ud800", long: "x".repeat(1000) },
        streamed: true,
      }),
    );
    const { id } = entry;
    entry.settle(
      finalEntry({ firstByteMs: 3.6, usage: { ...finalEntry().usage, audioSeconds: 1.5 }, own: true }),
    );
    assert.throws(() => entry.settle(finalEntry()), /once/);
    state.ledger
      .open(newEntry({ requestId: "same" }))
      .settle(finalEntry({ outcome: "failed", errorCode: "a/b" }));
    await state.writer.flush();
    const { records, next } = await listLedger(context.database, { requestId: "same" });
    assert.equal(next, undefined);
    assert.equal(records.length, 2);
    const record = records.find((one) => one.id === id);
    assert.deepEqual(
      { ...record, at: undefined },
      {
        id,
        requestId: "same",
        at: undefined,
        keyId: "aaaaaaaa",
        team: "search",
        alias: "fast",
        dialect: "openai/chat-completions",
        streamed: true,
        outcome: "completed",
        errorCode: undefined,
        route: "fast",
        target: "openai/gpt-5-mini",
        provider: "openai",
        version: "gpt-5-mini-2026",
        own: true,
        usage: {
          input: 50,
          cacheRead: 10,
          cacheWrite: 0,
          output: 20,
          reasoning: 5,
          audioSeconds: 1.5,
          estimated: false,
        },
        costNano: 700,
        mirrorOf: undefined,
        mirrorCostNano: null,
        priceSource: "config",
        latencyMs: 12,
        firstByteMs: 4,
        attempts: 1,
        cached: false,
        labels: { user: "u\u{fffd}\u{fffd}", long: "x".repeat(256) },
      },
    );
    assert.ok(Math.abs(record!.at.getTime() - Date.now()) < 60_000);
  });

  test("a request that runs longer has an open row soon, which its end replaces", async () => {
    await context.clear();
    const state = await context.openState();
    const entry = state.ledger.open(newEntry());
    await new Promise((resolve) => setTimeout(resolve, 60));
    await state.writer.flush();
    assert.deepEqual(
      (await listLedger(context.database)).records.map(({ outcome, usage }) => [
        outcome,
        usage.input,
        usage.estimated,
      ]),
      [["open", 100, true]],
    );
    assert.equal((await readTotals(context.database)).numRequests, 0);
    entry.settle(finalEntry());
    await state.writer.flush();
    assert.deepEqual(
      (await listLedger(context.database)).records.map(({ outcome, costNano, usage }) => [
        outcome,
        costNano,
        usage.input,
      ]),
      [["completed", 700, 50]],
    );
    const [row] = await context.database.queries.selectFrom("gateway_ledger").selectAll().execute();
    assert.equal(row?.reserved_nano_usd, null);
  });

  test("nonsense that a provider reports is bounded and harms no other row", async () => {
    await context.clear();
    const state = await context.openState();
    const usage = {
      input: 1e300,
      cacheRead: -5,
      cacheWrite: 0.4,
      output: NaN,
      reasoning: Infinity,
      estimated: false,
    };
    state.ledger.open(newEntry()).settle(finalEntry({ usage, costNano: 12.25, latencyMs: NaN }));
    state.ledger.open(newEntry()).settle(finalEntry({ costNano: NaN }));
    const running = state.ledger.open(newEntry({ inputTokens: 1.5, inputCostNano: 0.5 }));
    await new Promise((resolve) => setTimeout(resolve, 60));
    await state.writer.flush();
    assert.equal(state.writer.health.rejectedRows, 0);
    const totals = await readTotals(context.database);
    assert.deepEqual(
      [
        totals.numRequests,
        totals.inputTokens,
        totals.cacheReadTokens,
        totals.costNano,
        totals.numUnknownCosts,
      ],
      [2, 1e12 + 50, 10, 13, 1],
    );
    running.settle(finalEntry());
  });

  test("sums by every group: unknown costs are counted, not added; mirrored traffic stands apart", async () => {
    await context.clear();
    const state = await context.openState();
    const settle = (entry: Partial<NewLedgerEntry>, final: Partial<FinalLedgerEntry>): void =>
      state.ledger.open(newEntry(entry)).settle(finalEntry(final));
    settle({}, { costNano: 100 });
    settle({ keyId: "bbbbbbbb", team: undefined, alias: "slow" }, { costNano: 250, cached: true });
    settle({}, { costNano: null, outcome: "client-left" });
    settle({ mirrorOf: "1-1" }, { costNano: 40 });
    settle({ mirrorOf: "1-2" }, { costNano: null });
    await state.writer.flush();
    const totals = await readTotals(context.database);
    assert.deepEqual(totals, {
      numRequests: 3,
      outcomes: { completed: 2, failed: 0, "client-left": 1, refused: 0, interrupted: 0 },
      inputTokens: 150,
      cacheReadTokens: 30,
      cacheWriteTokens: 0,
      outputTokens: 60,
      reasoningTokens: 15,
      audioSeconds: 0,
      costNano: 350,
      numUnknownCosts: 1,
      numEstimated: 0,
      numCached: 1,
      numMirrored: 2,
      mirrorCostNano: 40,
      numUnknownMirrorCosts: 1,
    });
    const groups = async (by: Parameters<typeof readUsage>[1]["by"]): Promise<unknown[]> =>
      (await readUsage(context.database, { by })).map(({ group, costNano }) => [group, costNano]);
    assert.deepEqual(await groups("key"), [
      ["bbbbbbbb", 250],
      ["aaaaaaaa", 100],
    ]);
    assert.deepEqual(await groups("team"), [
      [undefined, 250],
      ["search", 100],
    ]);
    assert.deepEqual(await groups("alias"), [
      ["slow", 250],
      ["fast", 100],
    ]);
    assert.deepEqual(await groups("target"), [["openai/gpt-5-mini", 350]]);
    assert.deepEqual(await groups("day"), [[new Date().toISOString().slice(0, 10), 350]]);
    assert.equal((await readTotals(context.database, { keyId: "bbbbbbbb" })).numRequests, 1);
    assert.equal(
      (await readTotals(context.database, { from: new Date(Date.now() + 60_000) })).numRequests,
      0,
    );
    assert.equal(
      (await readTotals(context.database, { to: new Date(Date.now() + 60_000), team: "search" })).numRequests,
      2,
    );
  });

  test("pages give every row once, newest first", async () => {
    await context.clear();
    const state = await context.openState();
    for (let i = 0; i < 25; i += 1) state.ledger.open(newEntry({ requestId: `r${i}` })).settle(finalEntry());
    await state.writer.flush();
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await listLedger(context.database, { limit: 10, ...(after !== undefined && { after }) });
      seen.push(...page.records.map(({ requestId }) => requestId));
      after = page.next;
    } while (after !== undefined);
    assert.deepEqual(
      seen,
      Array.from({ length: 25 }, (_, i) => `r${24 - i}`),
    );
    await assert.rejects(
      listLedger(context.database, { after: "1; drop" }),
      isCode("gateway/invalid-cursor"),
    );
  });
}
