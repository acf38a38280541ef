import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { NO_USAGE } from "../core/token-usage.ts";
import { AnswerCache } from "./answer-cache.ts";
import { AnswerCaches } from "./answer-caches.ts";

const SETTINGS = {
  ttlSeconds: 10,
  maxEntries: 4,
  maxBytes: 8000,
  maxAnswerBytes: 5000,
  scope: "key",
  when: "always",
} as const;
const ABOUT = { streamed: false, contentType: "application/json", usage: NO_USAGE, version: "v1" };

function put(cache: AnswerCache, key: string, ...parts: readonly (string | Uint8Array)[]): void {
  const recording = cache.record(key);
  for (const part of parts) recording.add(part);
  recording.finish(ABOUT);
}

describe("the cache of answers", () => {
  it("gives back the parts of a stream as they were sent, whatever became of their buffers", () => {
    const cache = new AnswerCache(SETTINGS, () => 0);
    const buffer = new Uint8Array([104, 105]);
    const recording = cache.record("k");
    recording.add(buffer);
    recording.add(" there");
    buffer.fill(0);
    assert.equal(cache.get("k"), undefined, "not before it is complete");
    recording.finish({ ...ABOUT, streamed: true, usage: { ...NO_USAGE, output: 2 } });
    const answer = cache.get("k")!;
    assert.deepEqual(
      answer.parts.map((part) => Buffer.from(part).toString()),
      ["hi", " there"],
    );
    assert.deepEqual([answer.streamed, answer.usage.output, answer.version], [true, 2, "v1"]);
  });

  it("keeps nothing that was not finished, is empty, or is too long", () => {
    const cache = new AnswerCache(SETTINGS, () => 0);
    cache.record("cut").add("half an ans");
    cache.record("empty").finish(ABOUT);
    const long = cache.record("long");
    long.add("x".repeat(5000));
    long.add("x");
    long.add("x");
    long.finish(ABOUT);
    assert.deepEqual([cache.size, cache.numBytes], [0, 0]);
    const twice = cache.record("twice");
    twice.add("x");
    twice.finish(ABOUT);
    twice.add("y");
    twice.finish(ABOUT);
    assert.equal(cache.get("twice")!.parts.length, 1);
  });

  it("forgets an answer when its time is over, and not when it is asked for", () => {
    const time = { now: 0 };
    const cache = new AnswerCache(SETTINGS, () => time.now);
    put(cache, "k", "answer");
    time.now = 9_999;
    assert.notEqual(cache.get("k"), undefined);
    time.now = 10_000;
    assert.equal(cache.get("k"), undefined);
    assert.deepEqual([cache.size, cache.numBytes], [0, 0]);
  });

  it("does as its model does, within its bounds", () => {
    const step = fc.oneof(
      fc.record({ put: fc.nat(6), numBytes: fc.integer({ min: 1, max: 5200 }) }),
      fc.record({ get: fc.nat(6) }),
      fc.record({ pass: fc.integer({ min: 0, max: 6000 }) }),
    );
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const time = { now: 0 };
      const cache = new AnswerCache(SETTINGS, () => time.now);
      // The oldest use first.
      let model: { key: string; numBytes: number; expiresAt: number }[] = [];
      const sizeOf = (): number => model.reduce((sum, entry) => sum + entry.numBytes + 1024 + 128, 0);
      for (const step of steps) {
        if ("pass" in step) time.now += step.pass;
        else if ("put" in step) {
          const key = `k${step.put}`;
          put(cache, key, "x".repeat(step.numBytes));
          if (step.numBytes > SETTINGS.maxAnswerBytes) continue;
          model = model.filter((entry) => entry.key !== key);
          model.push({ key, numBytes: step.numBytes, expiresAt: time.now + 10_000 });
          while (sizeOf() > SETTINGS.maxBytes || model.length > SETTINGS.maxEntries) model.shift();
        } else {
          const key = `k${step.get}`;
          const found = model.find((entry) => entry.key === key);
          model = model.filter((entry) => entry !== found);
          const isFresh = found !== undefined && found.expiresAt > time.now;
          if (isFresh) model.push(found);
          assert.equal(cache.get(key)?.parts[0]?.byteLength, isFresh ? found.numBytes : undefined);
        }
        assert.equal(cache.size, model.length);
        assert.equal(cache.numBytes, sizeOf());
        assert.ok(cache.numBytes <= SETTINGS.maxBytes);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe("the caches of all routes", () => {
  it("outlive a configuration that does not change them", () => {
    const caches = new AnswerCaches();
    const fast = caches.of("fast", SETTINGS)!;
    assert.equal(caches.of("fast", { ...SETTINGS }), fast);
    assert.notEqual(caches.of("fast", { ...SETTINGS, scope: "shared" }), fast);
    assert.equal(caches.of("none", undefined), undefined);
    const slow = caches.of("slow", SETTINGS);
    caches.retain(new Set(["slow"]));
    assert.equal(caches.of("slow", SETTINGS), slow);
  });
});
