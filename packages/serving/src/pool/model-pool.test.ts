import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { CompletionModel } from "@homegrown/contracts";
import type { HostEvent } from "../host/model-host.ts";
import { makeTinyModelFolder } from "../test-models/tiny-gguf.ts";
import type { TinyModelFolder } from "../test-models/tiny-gguf.ts";
import { createModelPool } from "./model-pool.ts";
import type { ModelPool, PoolEvent, ServedVersion } from "./model-pool.ts";

let folder: TinyModelFolder;
const files: string[] = [];
before(async () => {
  folder = await makeTinyModelFolder();
  for (const seed of [1, 2]) files.push((await folder.make(seed)).file);
});
after(() => folder[Symbol.asyncDispose]());

const served = (version: string, ggufFile: string): ServedVersion => ({
  name: "champion",
  version,
  ggufFile,
  createdAt: new Date(0),
  ownedBy: "us",
});

interface TestPool extends AsyncDisposable {
  pool: ModelPool;
  current: ServedVersion[];
  events: PoolEvent[];
}

async function makePool(first: ServedVersion): Promise<TestPool> {
  const current = [first];
  const events: PoolEvent[] = [];
  const pool = await createModelPool({
    source: { list: async () => [...current] },
    hostOptions: { parallelSequences: 4 },
    onEvent: (event) => events.push(event),
  });
  return { pool, current, events, [Symbol.asyncDispose]: () => pool.close() };
}

async function greedy(completion: CompletionModel): Promise<string> {
  const parts = await Array.fromAsync(
    completion.complete({ prompt: "export declare", maxOutputTokens: 40, temperature: 0 }),
  );
  return parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
}

async function ask(pool: ModelPool): Promise<{ version: string; text: string }> {
  const lease = await pool.acquire("champion");
  try {
    return { version: lease.version, text: await greedy(lease.completion) };
  } finally {
    lease.release();
  }
}

test("swapped and swapped back under twenty streams: nothing fails, nothing is mixed", async () => {
  await using made = await makePool(served("v1", files[0]!));
  const { pool, current, events } = made;
  const texts = new Map([["v1", (await ask(pool)).text]]);
  const seen: { version: string; text: string }[] = [];
  const over = new AbortController();
  const streams = Array.from({ length: 20 }, async () => {
    while (!over.signal.aborted) seen.push(await ask(pool));
  });
  for (const [version, file] of [
    ["v2", files[1]!],
    ["v1", files[0]!],
  ] as const) {
    current[0] = served(version, file);
    const { swapped, refused } = await pool.refresh();
    assert.equal(swapped[0]?.to, version);
    assert.equal(refused.length, 0);
    const now = await ask(pool);
    assert.equal(now.version, version);
    if (!texts.has(version)) texts.set(version, now.text);
  }
  over.abort();
  // A failed request would reject here.
  await Promise.all(streams);
  assert.notEqual(texts.get("v1"), texts.get("v2"));
  for (const { version, text } of seen) assert.equal(text, texts.get(version));
  assert.deepEqual(new Set(seen.map(({ version }) => version)), new Set(["v1", "v2"]));
  assert.equal(events.filter(({ event }) => event === "version-swap").length, 2);
});

test("a running request finishes on the version it began with, whose host then ends", async () => {
  await using made = await makePool(served("v1", files[0]!));
  const { pool, current, events } = made;
  const old = await pool.acquire("champion");
  current[0] = served("v2", files[1]!);
  await pool.refresh();
  assert.equal((await ask(pool)).version, "v2");
  assert.ok((await greedy(old.completion)).length > 0);
  assert.ok(events.every(({ event }) => event !== "version-retire"));
  old.release();
  old.release();
  while (events.every(({ event }) => event !== "version-retire")) await new Promise(setImmediate);
  await assert.rejects(greedy(old.completion), { code: "serving/host-closed" });
});

test("a version that does not start is refused, and the old one goes on", async () => {
  const broken = join(folder.path, "broken.gguf");
  await writeFile(broken, "GGUF and nothing more");
  await using made = await makePool(served("v1", files[0]!));
  const { pool, current } = made;
  const before = await ask(pool);
  current[0] = served("v2", broken);
  const { swapped, refused } = await pool.refresh();
  assert.equal(swapped.length, 0);
  assert.equal(refused[0]?.kept, "v1");
  assert.match(refused[0].error.message, /broken\.gguf/);
  assert.deepEqual(await ask(pool), before);
});

test("one start serves all who come at once; names come, go and are unknown", async () => {
  await using made = await makePool(served("v1", files[0]!));
  const { pool, current } = made;
  assert.deepEqual(await pool.list(), [{ id: "champion", createdAt: new Date(0), ownedBy: "us" }]);
  const leases = await Promise.all(Array.from({ length: 5 }, () => pool.acquire("champion")));
  assert.equal(new Set(leases.map(({ completion }) => completion)).size, 1);
  for (const lease of leases) lease.release();
  await assert.rejects(pool.acquire("other"), { code: "serving/unknown-model", kind: "not-found" });
  current[0] = { ...served("v1", files[0]!), name: "other" };
  assert.deepEqual(await pool.refresh(), {
    swapped: [],
    refused: [],
    added: ["other"],
    removed: ["champion"],
  });
  await assert.rejects(pool.acquire("champion"), { code: "serving/unknown-model" });
  await pool.close();
  await assert.rejects(pool.acquire("other"), { code: "serving/closing" });
});

test("a host that was given up leaves its place: the next request starts afresh", async () => {
  const hosts: HostEvent[] = [];
  const ended: PoolEvent[] = [];
  const pool = await createModelPool({
    source: { list: async () => [served("v1", files[0]!)] },
    hostOptions: { maxRestarts: 0, onEvent: (event) => hosts.push(event) },
    onEvent: (event) => ended.push(event),
  });
  try {
    const before = await ask(pool);
    const [first] = hosts;
    assert.ok(first?.event === "host-start");
    process.kill(first.processId, "SIGKILL");
    while (hosts.length < 2) await sleep(5);
    assert.equal(hosts[1]?.event, "host-fail");
    assert.deepEqual(await ask(pool), before);
    assert.deepEqual(
      hosts.map(({ event }) => event),
      ["host-start", "host-fail", "host-start"],
    );
    assert.deepEqual(
      ended.map(({ event }) => event),
      ["version-retire"],
    );
  } finally {
    await pool.close();
  }
});
