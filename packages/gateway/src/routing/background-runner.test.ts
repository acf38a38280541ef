import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { BackgroundRunner } from "./background-runner.ts";

interface Held {
  ended: Promise<void>;
  end(): void;
}

function createHeld(): Held {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { ended: promise, end: resolve };
}

describe("background work", () => {
  it("never starts within the call that hands it over", async () => {
    const runner = new BackgroundRunner({ maxConcurrent: 1 });
    let started = false;
    const isTaken = runner.submit(() => {
      started = true;
      return Promise.resolve();
    }, 1);
    assert.ok(isTaken);
    assert.equal(started, false);
    await Promise.resolve();
    assert.equal(started, false);
    await turn();
    assert.equal(started, true);
  });

  it("runs a few at once, waits in a short queue, and is dropped beyond", async () => {
    const runner = new BackgroundRunner({ maxConcurrent: 2, maxQueued: 1 });
    const held = createHeld();
    const taken = Array.from({ length: 5 }, () => runner.submit(() => held.ended, 1));
    assert.deepEqual(taken, [true, true, true, false, false]);
    await turn();
    assert.deepEqual([runner.running, runner.queued, runner.dropped], [2, 1, 2]);
    held.end();
    await turn();
    await turn();
    assert.deepEqual([runner.running, runner.queued], [0, 0]);
  });

  it("is dropped where it would take too much memory", async () => {
    const runner = new BackgroundRunner({ maxConcurrent: 9, maxBytes: 100 });
    const held = createHeld();
    assert.equal(
      runner.submit(() => held.ended, 60),
      true,
    );
    assert.equal(
      runner.submit(() => held.ended, 60),
      false,
    );
    held.end();
    await turn();
    await turn();
    assert.equal(
      runner.submit(() => held.ended, 60),
      true,
    );
  });

  it("that fails or throws disturbs nobody", async () => {
    const runner = new BackgroundRunner({ maxConcurrent: 1 });
    runner.submit(() => Promise.reject(new Error("upstream")), 1);
    await turn();
    runner.submit(() => {
      throw new Error("at once");
    }, 1);
    await turn();
    await turn();
    assert.deepEqual([runner.running, runner.failed], [0, 2]);
  });

  it("ends when the gateway closes", async () => {
    const runner = new BackgroundRunner({ maxConcurrent: 1 });
    let reason: unknown;
    const untilAborted = async (signal: AbortSignal): Promise<void> => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      reason = signal.aborted;
    };
    runner.submit(untilAborted, 1);
    runner.submit(untilAborted, 1);
    await turn();
    await runner.close();
    assert.equal(reason, true);
    assert.deepEqual([runner.running, runner.queued, runner.dropped], [0, 0, 1]);
    assert.equal(runner.submit(untilAborted, 1), false);
  });

  it("keeps to its limits whatever comes", async () => {
    const step = fc.oneof(
      fc.record({ numBytes: fc.nat(50) }),
      fc.constant("end" as const),
      fc.constant("turn" as const),
    );
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.nat(3),
      fc.array(step, { maxLength: 40 }),
      async (maxConcurrent, maxQueued, steps) => {
        const runner = new BackgroundRunner({ maxConcurrent, maxQueued, maxBytes: 100 });
        const running = new Map<Held, number>();
        let [taken, ended, refused] = [0, 0, 0];
        for (const step of steps) {
          if (step === "turn") await turn();
          else if (step === "end") {
            const [first] = running.keys();
            first?.end();
          } else {
            const held = createHeld();
            const task = async (): Promise<void> => {
              running.set(held, step.numBytes);
              await held.ended;
              running.delete(held);
              ended++;
            };
            if (runner.submit(task, step.numBytes)) taken++;
            else refused++;
          }
          assert.ok(running.size <= maxConcurrent);
          assert.ok(runner.queued <= maxConcurrent + maxQueued);
          assert.ok([...running.values()].reduce((sum, bytes) => sum + bytes, 0) <= 100);
        }
        assert.equal(runner.dropped, refused);
        for (let i = 0; i < taken + 2; i++) {
          for (const held of running.keys()) held.end();
          await turn();
        }
        assert.equal(ended, taken, "every task that was taken was run");
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });
});
