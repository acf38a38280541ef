import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import * as fc from "fast-check";
import type { Key, KeyLimits } from "../core/key.ts";
import { LOCAL_CALLER } from "../keys/local-caller.ts";
import { TestClock } from "../state/store.fixture.ts";
import { Limiter } from "./limiter.ts";
import type { Permit } from "./limiter.ts";

const keyWith = (limits: KeyLimits, more: Partial<Key> = {}): Key => ({
  ...LOCAL_CALLER,
  id: "aaaaaaaa",
  ...more,
  limits,
});
const whole = { tokens: 10, stream: false };

function refusal(action: () => unknown): Record<string, unknown> {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof HomegrownError);
    assert.equal(error.code, "gateway/rate-limited");
    assert.equal(error.kind, "overloaded");
    assert.equal(error.retryable, true);
    return error.details;
  }
  throw new assert.AssertionError({ message: "was admitted" });
}

describe("limiter", () => {
  test("without limits nothing is counted", () => {
    const permit = new Limiter().admit(keyWith({}), whole);
    assert.deepEqual(permit.state, { requests: undefined, tokens: undefined });
    permit.settle(5);
    permit.settle(5);
  });

  test("requests: a minute's worth at once, then as they refill, and it says when", () => {
    const clock = new TestClock();
    const limiter = new Limiter({ clock });
    const key = keyWith({ requestsPerMinute: 6 });
    for (let i = 5; i >= 0; i -= 1) {
      const { requests } = limiter.admit(key, whole).state;
      assert.deepEqual([requests?.limit, requests?.remaining], [6, i]);
    }
    assert.deepEqual(
      refusal(() => limiter.admit(key, whole)),
      {
        scope: "key",
        name: "requests",
        limit: 6,
        remaining: 0,
        resetSeconds: 60,
        retryAfterSeconds: 10,
      },
    );
    clock.monotonic += 9_999;
    refusal(() => limiter.admit(key, whole));
    clock.monotonic += 2;
    limiter.admit(key, whole);
    refusal(() => limiter.admit(key, whole));
  });

  test("setting the wall's clock opens and closes nothing", () => {
    const clock = new TestClock();
    const limiter = new Limiter({ clock });
    const key = keyWith({ requestsPerMinute: 1 });
    limiter.admit(key, whole);
    clock.wall += 86_400_000;
    refusal(() => limiter.admit(key, whole));
    clock.wall -= 10 * 86_400_000;
    clock.monotonic += 60_000;
    limiter.admit(key, whole);
  });

  test("tokens: what was not used comes back, what was used beyond the bound is owed", () => {
    const clock = new TestClock();
    const limiter = new Limiter({ clock });
    const key = keyWith({ tokensPerMinute: 1000 });
    const first = limiter.admit(key, { tokens: 600, stream: false });
    assert.equal(refusal(() => limiter.admit(key, { tokens: 600, stream: false }))["retryAfterSeconds"], 12);
    first.settle(100);
    const second = limiter.admit(key, { tokens: 900, stream: false });
    assert.equal(second.state.tokens?.remaining, 0);
    second.settle(1900);
    assert.equal(second.state.tokens?.remaining, 0);
    clock.monotonic += 60_000;
    refusal(() => limiter.admit(key, { tokens: 10, stream: false }));
    clock.monotonic += 1_000;
    limiter.admit(key, { tokens: 10, stream: false }).settle(10);
  });

  test("a bound above the limit passes with a full bucket, so that long prompts are not locked out", () => {
    const limiter = new Limiter({ clock: new TestClock() });
    const key = keyWith({ tokensPerMinute: 1000 });
    const permit = limiter.admit(key, { tokens: 50_000, stream: false });
    refusal(() => limiter.admit(key, { tokens: 1, stream: false }));
    permit.settle(400);
    limiter.admit(key, { tokens: 600, stream: false });
  });

  test("streams at once; ending one makes room, once", () => {
    const limiter = new Limiter({ clock: new TestClock() });
    const key = keyWith({ concurrentStreams: 2 });
    const stream = { tokens: 1, stream: true };
    const [first] = [limiter.admit(key, stream), limiter.admit(key, stream)];
    assert.equal(refusal(() => limiter.admit(key, stream))["name"], "streams");
    limiter.admit(key, whole);
    first.settle(0);
    assert.throws(() => first.settle(0), /once/);
    limiter.admit(key, stream);
    refusal(() => limiter.admit(key, stream));
  });

  test("a team's limit binds its keys together, and a refusal uses up nothing of the key's", () => {
    const limiter = new Limiter({
      clock: new TestClock(),
      teamLimits: (team) => (team === "search" ? { requestsPerMinute: 3 } : undefined),
    });
    const a = keyWith({ requestsPerMinute: 100 }, { id: "a", team: "search" });
    const b = keyWith({}, { id: "b", team: "search" });
    limiter.admit(a, whole);
    limiter.admit(b, whole);
    assert.equal(limiter.admit(a, whole).state.requests?.remaining, 0);
    assert.equal(refusal(() => limiter.admit(a, whole))["scope"], "team");
    assert.equal(refusal(() => limiter.admit(b, whole))["scope"], "team");
    limiter.admit(keyWith({}, { id: "c", team: "other" }), whole);
  });

  test("changed limits hold at once and forget nothing that was used", () => {
    const limiter = new Limiter({ clock: new TestClock() });
    for (let i = 0; i < 4; i += 1) limiter.admit(keyWith({ requestsPerMinute: 5 }), whole);
    refusal(() => limiter.admit(keyWith({ requestsPerMinute: 4 }), whole));
    assert.equal(limiter.admit(keyWith({ requestsPerMinute: 6 }), whole).state.requests?.remaining, 1);
    limiter.admit(keyWith({}), whole);
  });

  test("several instances divide the limit", () => {
    const limiter = new Limiter({ clock: new TestClock() });
    limiter.setInstances(2);
    const key = keyWith({ requestsPerMinute: 10, concurrentStreams: 5 });
    for (let i = 0; i < 5; i += 1) limiter.admit(key, whole);
    refusal(() => limiter.admit(key, whole));
    limiter.setInstances(1);
    for (let i = 0; i < 5; i += 1) limiter.admit(key, whole);
    refusal(() => limiter.admit(key, whole));
  });

  test("keys that came once take no memory for ever", () => {
    const clock = new TestClock();
    const limiter = new Limiter({ clock });
    const limits = { requestsPerMinute: 60 };
    for (let i = 0; i < 60_000; i += 1) {
      limiter.admit(keyWith(limits, { id: String(i) }), whole).settle(0);
      clock.monotonic += 10;
    }
    assert.ok(limiter.numMeters <= 10_001, String(limiter.numMeters));
  });

  test("property: over any minute no more is admitted than the limit and one refill; streams never exceed theirs", () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 30_000 }),
      settle: fc.boolean(),
      actual: fc.integer({ min: 0, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const clock = new TestClock();
        const limiter = new Limiter({ clock });
        const key = keyWith({ requestsPerMinute: 10, concurrentStreams: 3 });
        const open: Permit[] = [];
        const admittedAt: number[] = [];
        for (const { waitMs, settle, actual } of steps) {
          clock.monotonic += waitMs;
          if (settle) open.shift()?.settle(actual);
          try {
            open.push(limiter.admit(key, { tokens: 100, stream: true }));
            admittedAt.push(clock.monotonic);
          } catch (error) {
            assert.ok(error instanceof HomegrownError && error.code === "gateway/rate-limited");
          }
          assert.ok(open.length <= 3);
          assert.ok(admittedAt.filter((at) => at > clock.monotonic - 60_000).length <= 20);
        }
      }),
      { numRuns: 100 },
    );
  });
});
