import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { GenerationPart } from "./answer.ts";
import { collectChoices, streamChoices } from "./choices.ts";
import type { ChoiceSource } from "./choices.ts";
import { seedOfChoice } from "./seeds.ts";

const never = new AbortController().signal;

/** Sources that count: each says its number `length` times; one may fail at a step. */
class Sources {
  running = 0;
  mostRunning = 0;
  ended = 0;

  create(count: number, length: number, failing?: { choice: number; step: number }): ChoiceSource[] {
    return Array.from(
      { length: count },
      (_, choice) => (signal) => this.#run(choice, length, signal, failing),
    );
  }

  async *#run(
    choice: number,
    length: number,
    signal: AbortSignal,
    failing: { choice: number; step: number } | undefined,
  ): AsyncGenerator<GenerationPart> {
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    try {
      for (let step = 0; step < length; step++) {
        await setImmediate();
        signal.throwIfAborted();
        if (failing?.choice === choice && failing.step === step) throw new Error(`choice ${choice} broke`);
        yield { type: "text", text: String(choice), tokens: [] };
      }
      yield { type: "finish", reason: "stop", usage: { inputTokens: 7, outputTokens: length } };
    } finally {
      this.running--;
      this.ended++;
    }
  }
}

const silent: ChoiceSource = async function* () {
  yield { type: "text", text: "half", tokens: [] };
};

describe("streamed choices", () => {
  it("all arrive whole, a bounded number at once; shared prompts count once", async () => {
    const sources = new Sources();
    const texts = Array.from({ length: 6 }, () => "");
    let usage: unknown;
    const run = { signal: never, parallelChoices: 2 };
    for await (const event of streamChoices(sources.create(6, 5), 3, run)) {
      if (event.type === "text") texts[event.choice] += event.text;
      if (event.type === "end") usage = event.usage;
    }
    assert.deepEqual(texts, ["00000", "11111", "22222", "33333", "44444", "55555"]);
    assert.deepEqual(usage, { inputTokens: 14, outputTokens: 30 });
    assert.equal(sources.mostRunning, 2);
  });

  it("none is starved by one that is always ready", async () => {
    const order: number[] = [];
    const run = { signal: never, parallelChoices: 3 };
    for await (const event of streamChoices(new Sources().create(3, 10), 3, run)) {
      if (event.type === "text") order.push(event.choice);
    }
    for (const choice of [0, 1, 2]) assert.ok(order.indexOf(choice) < 6, order.join(""));
  });

  it("a failure, or a reader who leaves, ends every source before it shows", async () => {
    const failing = new Sources();
    const run = { signal: never, parallelChoices: 4 };
    await assert.rejects(async () => {
      for await (const _ of streamChoices(failing.create(4, 50, { choice: 2, step: 3 }), 4, run));
    }, /choice 2 broke/);
    assert.deepEqual([failing.running, failing.ended], [0, 4]);

    const left = new Sources();
    for await (const event of streamChoices(left.create(4, 50), 4, run)) if (event.type === "text") break;
    assert.deepEqual([left.running, left.ended], [0, 4]);
  });

  it("a source that ends without its finish is a failed model", async () => {
    const run = { signal: never, parallelChoices: 2 };
    for (const sources of [[silent], [silent, silent]]) {
      await assert.rejects(
        async () => {
          for await (const _ of streamChoices(sources, 1, run));
        },
        { code: "gateway/model-failed" },
      );
    }
  });
});

describe("collected choices", () => {
  it("keep their order, and the first failure stops the rest", async () => {
    const choice = { tokens: [], reason: "stop" as const, usage: { inputTokens: 1, outputTokens: 2 } };
    const run = { signal: never, parallelChoices: 2 };
    const answer = await collectChoices(5, 5, run, async (index) => {
      for (let wait = 5 - index; wait > 0; wait--) await setImmediate();
      return { ...choice, text: String(index) };
    });
    assert.equal(answer.choices.map(({ text }) => text).join(""), "01234");
    assert.deepEqual(answer.usage, { inputTokens: 1, outputTokens: 10 });

    let started = 0;
    let aborted = 0;
    const failing = collectChoices(9, 9, run, async (index, signal) => {
      started++;
      await setImmediate();
      if (index === 1) throw new Error("broke");
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      aborted++;
      throw new Error("aborted");
    });
    await assert.rejects(failing, /broke/);
    assert.deepEqual([started, aborted], [2, 1]);
  });
});

it("seeds: the first choice keeps its own, all are different, 32-bit and repeatable", () => {
  assert.equal(seedOfChoice(undefined, 3), undefined);
  for (const seed of [0, 1, 0xffff_ffff, Number.MAX_SAFE_INTEGER, -5]) {
    const seeds = Array.from({ length: 100 }, (_, choice) => seedOfChoice(seed, choice)!);
    assert.equal(new Set(seeds).size, 100);
    for (const value of seeds) assert.ok(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff);
    if (seed >= 0 && seed <= 0xffff_ffff) assert.equal(seeds[0], seed);
    assert.equal(seedOfChoice(seed, 7), seeds[7]);
  }
  assert.notEqual(seedOfChoice(2 ** 40, 0), seedOfChoice(2 ** 41, 0));
});
