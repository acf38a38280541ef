import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import * as fc from "fast-check";
import { UPSTREAM_FAULTS, UpstreamError } from "../core/upstream-errors.ts";
import type { UpstreamFault } from "../core/upstream-errors.ts";
import { Attempts } from "./attempts.ts";
import { ask, createBench } from "./fake-target.ts";
import type { Bench } from "./fake-target.ts";

const NEVER = new AbortController().signal;
const FAULTS = Object.keys(UPSTREAM_FAULTS) as UpstreamFault[];
const upstream = (fault: UpstreamFault, retryAfterMs?: number): UpstreamError =>
  new UpstreamError({
    fault,
    target: "t",
    message: fault,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });

const limited = (ms: number): UpstreamError => upstream("rate-limited", ms);

interface Scene {
  bench: Bench;
  waits: number[];
  start(stream?: boolean): Attempts;
}

function createScene(route: object, ids: readonly string[], random = 0.5): Scene {
  const targets = ids.map((id) => ({ id }));
  const bench = createBench({ r: { targets: ids, ...route } }, targets, { random: () => random });
  const waits: number[] = [];
  const wait = (ms: number, signal: AbortSignal): Promise<void> => {
    waits.push(ms);
    bench.time.now += ms;
    signal.throwIfAborted();
    return Promise.resolve();
  };
  const options = { clock: () => bench.time.now, random: () => random, wait };
  return {
    bench,
    waits,
    start: (stream = false) => new Attempts(bench.router.plan(ask("r", { stream })), options),
  };
}

/** Fails with each error in turn; the ids that were tried. */
async function failAll(attempts: Attempts, errors: readonly unknown[]): Promise<string[]> {
  const tried = [attempts.first().target.id];
  for (const error of errors) {
    try {
      tried.push((await attempts.retry(error, NEVER)).target.id);
    } catch (thrown) {
      assert.equal(thrown, error, "giving up is the last error itself");
      return tried;
    }
  }
  attempts.succeed();
  return tried;
}

describe("attempts", () => {
  const reset = upstream("reset");

  it("try the same target once more after a jittered pause, then the next", async () => {
    const { start, waits } = createScene({ retry: { maxAttempts: 9 } }, ["p/a", "p/b"]);
    assert.deepEqual(await failAll(start(), [reset, reset, reset, reset]), [
      "p/a",
      "p/a",
      "p/b",
      "p/b",
      "p/b",
    ]);
    assert.deepEqual(waits, [100, 100, 200], "half of 200, 200 and 400 ms");
  });

  it("go elsewhere at once where the same target will say the same, or took long", async () => {
    for (const fault of ["unauthenticated", "not-found", "redirect", "first-token-timeout"] as const) {
      const { start, waits } = createScene({}, ["p/a", "p/b"]);
      assert.deepEqual(await failAll(start(), [upstream(fault)]), ["p/a", "p/b"], fault);
      assert.deepEqual(waits, []);
    }
    const alone = createScene({}, ["p/a"]);
    assert.deepEqual(await failAll(alone.start(), [upstream("unauthenticated")]), ["p/a"]);
    assert.deepEqual(await failAll(alone.start(), [upstream("connect-timeout")]), ["p/a", "p/a"]);
  });

  it("give up at once on what a second try cannot mend", async () => {
    for (const error of [
      upstream("rejected"),
      upstream("content-filter"),
      upstream("total-timeout"),
      new Error("x"),
    ]) {
      const { start } = createScene({}, ["p/a", "p/b"]);
      assert.deepEqual(await failAll(start(), [error]), ["p/a"]);
    }
  });

  it("try an own model again when it says that this may help", async () => {
    const { start } = createScene({}, ["own/a", "p/b"]);
    const options = { message: "The host ended.", hint: "Try again.", kind: "unavailable" } as const;
    const ended = new HomegrownError({ code: "serving/host-ended", retryable: true, ...options });
    assert.deepEqual(await failAll(start(), [ended, ended]), ["own/a", "own/a", "p/b"]);
    const broken = new HomegrownError({ code: "serving/broken", ...options });
    assert.deepEqual(await failAll(start(), [broken]), ["own/a"]);
  });

  it("wait as Retry-After says where that is not too long, more patiently when nobody else is left", async () => {
    const two = createScene({}, ["p/a", "p/b"]);
    assert.deepEqual(await failAll(two.start(), [limited(2000)]), ["p/a", "p/a"]);
    assert.deepEqual(two.waits, [2100]);
    const again = createScene({}, ["p/a", "p/b"]);
    assert.deepEqual(await failAll(again.start(), [limited(2001)]), ["p/a", "p/b"]);
    const alone = createScene({}, ["p/a"]);
    assert.deepEqual(await failAll(alone.start(), [limited(5000)]), ["p/a", "p/a"]);
    assert.deepEqual(await failAll(alone.start(), [limited(5001)]), ["p/a"]);
  });

  it("keep to the total time", async () => {
    const { start, bench } = createScene({ timeouts: { totalMs: 1000 } }, ["p/a"]);
    const attempts = start();
    attempts.first();
    bench.time.now += 900;
    assert.equal(attempts.remainingMs, 100);
    await assert.rejects(attempts.retry(reset, NEVER), reset, "a pause of 100 ms would end at the deadline");
  });

  it("stop when the client leaves during a pause", async () => {
    const { start, bench } = createScene({}, ["p/a"]);
    const left = new AbortController();
    const attempts = start();
    attempts.first();
    const reason = new Error("left");
    left.abort(reason);
    await assert.rejects(attempts.retry(reset, left.signal), reason);
    assert.equal(bench.health.status()[0]!.state, "closed");
  });

  it("stop when the client leaves in a real pause", async () => {
    const { bench } = createScene({ retry: { baseMs: 60_000, maxMs: 60_000 } }, ["p/a"]);
    const attempts = new Attempts(bench.router.plan(ask("r")), { random: () => 0.9 });
    attempts.first();
    const left = new AbortController();
    const retried = attempts.retry(reset, left.signal);
    const reason = new Error("left");
    setTimeout(() => left.abort(reason), 5);
    await assert.rejects(retried, reason);
  });

  it("leave a target whose breaker opened under their hands", async () => {
    const { start } = createScene({ breaker: { failures: 2 }, retry: { sameTarget: 5 } }, ["p/a", "p/b"]);
    assert.deepEqual(await failAll(start(), [reset, reset]), ["p/a", "p/a", "p/b"]);
    assert.equal(start().first().target.id, "p/b");
  });

  it("measure the first token of streams and the end of whole answers", () => {
    const { start, bench } = createScene({}, ["p/a"]);
    const measure = (stream: boolean): void => {
      const attempts = start(stream);
      attempts.first();
      bench.time.now += 40;
      attempts.markFirstToken();
      bench.time.now += 60;
      attempts.markFirstToken();
      attempts.succeed();
    };
    measure(true);
    assert.equal(bench.health.status()[0]!.firstTokenMs, 40);
    assert.equal(bench.health.status()[0]!.wholeAnswerMs, undefined);
    measure(false);
    assert.equal(bench.health.status()[0]!.wholeAnswerMs, 100);
  });

  it("try an open target once", async () => {
    const { start } = createScene({ breaker: { failures: 1 } }, ["p/a", "p/b"]);
    assert.deepEqual(await failAll(start(), [reset, reset]), ["p/a", "p/b"]);
    assert.deepEqual(await failAll(start(), [reset, reset]), ["p/a"], "both are open");
    assert.deepEqual(await failAll(start(), []), ["p/a"]);
    assert.equal(start().first().target.id, "p/a", "that success lets probes in before the pause is over");
  });

  it("let only so many at an open target, and refuse the rest with the time to wait", () => {
    const { start } = createScene({ breaker: { failures: 1, lastResort: 2 } }, ["p/a"]);
    const attempts = start();
    attempts.first();
    attempts.fail(reset);
    const held = [start(), start()];
    for (const one of held) assert.equal(one.first().target.id, "p/a");
    assert.throws(
      () => start().first(),
      (error: HomegrownError) => {
        assert.equal(error.code, "gateway/no-healthy-target");
        assert.equal(error.details["retryAfterSeconds"], 10);
        return true;
      },
    );
    held[0]!.abandon();
    start().first();
  });
});

describe("attempts, whatever fails", () => {
  const route = fc.record({
    retry: fc.record({
      maxAttempts: fc.integer({ min: 1, max: 10 }),
      sameTarget: fc.integer({ min: 0, max: 9 }),
      budgetRatio: fc.constantFrom(0, 0.1, 0.5, 1),
    }),
    timeouts: fc.record({ totalMs: fc.integer({ min: 1, max: 20_000 }) }),
  });
  const error = fc.record({
    fault: fc.constantFrom(...FAULTS),
    retryAfterMs: fc.constantFrom(undefined, 1, 9999),
  });

  it("never more than allowed, never late, never the same target beyond the budget", async () => {
    const ids = fc.integer({ min: 1, max: 4 });
    const property = fc.asyncProperty(
      route,
      ids,
      fc.array(fc.array(error)),
      async (route, numIds, requests) => {
        const names = Array.from({ length: numIds }, (_, index) => `p/${index}`);
        const { start, bench } = createScene({ ...route, breaker: { failures: 100_000 } }, names);
        let repeats = 0;
        for (const [index, errors] of requests.entries()) {
          const startedAt = bench.time.now;
          const attempts = start();
          const tried = await failAll(
            attempts,
            errors.map(({ fault, retryAfterMs }) => upstream(fault, retryAfterMs)),
          );
          assert.ok(tried.length <= route.retry.maxAttempts);
          assert.equal(attempts.count, tried.length);
          assert.ok(bench.time.now - startedAt < route.timeouts.totalMs || tried.length === 1);
          repeats += tried.length - new Set(tried).size;
          const paid = 10 + route.retry.budgetRatio * (index + 1);
          assert.ok(repeats <= (route.retry.budgetRatio === 0 ? 0 : paid + 1e-9), `${repeats} of ${paid}`);
        }
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  it("an outage brings a target at most its requests and the budget on top", async () => {
    const { start } = createScene({ retry: { budgetRatio: 0.1 }, breaker: { failures: 100_000 } }, ["p/a"]);
    let tried = 0;
    for (let request = 0; request < 500; request++) {
      const errors = Array.from({ length: 10 }, () => upstream("overloaded"));
      tried += (await failAll(start(), errors)).length;
    }
    assert.ok(tried >= 540 && tried <= 560, `${tried} attempts for 500 requests`);
  });
});
