import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { test } from "node:test";
import { durableStep } from "./durable-steps.ts";
import type { DurableStepMessage } from "./durable-steps.ts";

test("a step is announced around its action, and not at all when nobody listens", async () => {
  const seen: string[] = [];
  const listen = (message: unknown): void => {
    const { step, when, path, purpose } = message as DurableStepMessage;
    seen.push(`${when} ${step} ${path} ${purpose}`);
  };
  const durable = channel("homegrown:durable");
  durable.subscribe(listen);
  try {
    const result = await durableStep("fsync", "/x", "test", async () => {
      seen.push("action");
      return 7;
    });
    assert.equal(result, 7);
    assert.deepEqual(seen, ["before fsync /x test", "action", "after fsync /x test"]);
    await assert.rejects(durableStep("write", "/y", "test", () => Promise.reject(new Error("failed"))));
    assert.deepEqual(seen.slice(3), ["before write /y test"]);
  } finally {
    durable.unsubscribe(listen);
  }
  await durableStep("write", "/z", "test", async () => {});
  assert.equal(seen.length, 4);
});
