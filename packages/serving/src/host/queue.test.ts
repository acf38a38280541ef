import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { CompletionPart } from "@homegrown/contracts";
import { makeTinyModelFolder } from "../test-models/tiny-gguf.ts";
import type { TinyModelFolder } from "../test-models/tiny-gguf.ts";
import { startModelHost } from "./model-host.ts";
import type { ModelHost } from "./model-host.ts";

const CONTEXT_LENGTH = 2048;

let folder: TinyModelFolder;
let file: string;
before(async () => {
  folder = await makeTinyModelFolder();
  file = (await folder.make(1, CONTEXT_LENGTH)).file;
});
after(() => folder[Symbol.asyncDispose]());

/** A stream that ends only when its tokens are used up. */
async function openLong(host: ModelHost, maxOutputTokens: number): Promise<AsyncIterator<CompletionPart>> {
  const logitBias = Object.fromEntries((await host.inspection.stopIds()).map((id) => [id, -100]));
  const request = { prompt: "a", maxOutputTokens, temperature: 0, logitBias };
  return host.completion.complete(request)[Symbol.asyncIterator]();
}

async function readAll(stream: AsyncIterator<CompletionPart>): Promise<string> {
  let text = "";
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return text;
    if (value.type === "text-delta") text += value.text;
  }
}

test("one runs, one waits, the third is refused and may try again", async () => {
  const host = await startModelHost({ ggufFile: file, modelId: "tiny", parallelSequences: 1, maxQueue: 1 });
  try {
    const streams = [await openLong(host, 400), await openLong(host, 400), await openLong(host, 400)];
    // All three leave in one turn of the event loop: the host sees them before the first is done.
    const results = await Promise.allSettled(streams.map(readAll));
    const answered = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const refused = results.flatMap((result) =>
      result.status === "rejected" ? [result.reason as unknown] : [],
    );
    assert.equal(answered.length, 2);
    assert.equal(answered[0], answered[1]);
    assert.equal(refused.length, 1);
    const { code, kind, retryable } = refused[0] as { code: string; kind: string; retryable: boolean };
    assert.deepEqual(
      { code, kind, retryable },
      { code: "serving/queue-full", kind: "overloaded", retryable: true },
    );
    assert.equal(await readAll(await openLong(host, 400)), answered[0]);
  } finally {
    await host.close();
  }
});

test("leaving a stream frees its sequence long before its tokens are used up", async () => {
  const host = await startModelHost({ ggufFile: file, modelId: "tiny", parallelSequences: 1, maxQueue: 0 });
  try {
    const started = performance.now();
    await readAll(await openLong(host, CONTEXT_LENGTH - 8));
    const whole = performance.now() - started;

    const left = await openLong(host, CONTEXT_LENGTH - 8);
    const leaving = performance.now();
    await left.next();
    await assert.rejects(readAll(await openLong(host, 1)), { code: "serving/queue-full" });
    await left.return!();
    while (true) {
      const answer = await readAll(await openLong(host, 1)).catch((error: { code: string }) => error);
      if (typeof answer === "string") break;
      assert.equal(answer.code, "serving/queue-full");
      await sleep(5);
    }
    const freed = performance.now() - leaving;
    assert.ok(freed < whole / 2, `freed after ${freed} ms, a whole run takes ${whole} ms`);
  } finally {
    await host.close();
  }
});

test("a request past its time fails with `request-timeout`", async () => {
  const host = await startModelHost({ ggufFile: file, modelId: "tiny", requestTimeoutMs: 50 });
  try {
    await assert.rejects(readAll(await openLong(host, CONTEXT_LENGTH - 8)), {
      code: "serving/request-timeout",
    });
  } finally {
    await host.close();
  }
});
