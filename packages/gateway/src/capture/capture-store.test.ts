import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { openDatabase } from "@homegrown/storage";
import type { BatchStatement } from "@homegrown/storage";
import type { GatewayTables } from "../state/tables.ts";
import { GATEWAY_MIGRATIONS } from "../state/tables.ts";
import { chatRequest, factsOf } from "./capture-facts.fixture.ts";
import { captureStoreContract } from "./capture-store.contract.ts";
import { CaptureStore } from "./capture-store.ts";
import type { CaptureStoreOptions } from "./capture-store.ts";
import type { MaskedContent } from "./masked-content.ts";
import { MaskingThread } from "./masking-thread.ts";
import { CAPTURE_MIGRATIONS } from "./tables.ts";
import type { CaptureTables } from "./tables.ts";

captureStoreContract("SQLite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "captures-"));
  const database = await openDatabase<GatewayTables & CaptureTables>(
    join(folder, "test.db"),
    [GATEWAY_MIGRATIONS, CAPTURE_MIGRATIONS],
    { synchronous: "normal" },
  );
  return {
    database,
    remove: async () => {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe("what is not kept", () => {
  const faults: HomegrownError[] = [];
  const written: BatchStatement[] = [];
  const database = {
    batch: async (statements: readonly BatchStatement[]) => {
      written.push(...statements.filter(({ rows }) => rows.length > 0));
      return [];
    },
  } as unknown as CaptureStoreOptions["database"];
  const masked: MaskedContent = { request: "{}", answer: "{}", masked: "{}", answerId: undefined };
  const newStore = (options: Partial<CaptureStoreOptions> = {}): CaptureStore => {
    faults.length = 0;
    written.length = 0;
    return new CaptureStore({
      database,
      masking: { maskContent: async () => masked },
      retentionDays: () => 0,
      onFault: (error) => faults.push(error as HomegrownError),
      ...options,
    });
  };

  it("is counted by reason, told once a minute, and never written", async () => {
    let now = 0;
    const mask = { maskContent: (): Promise<MaskedContent | undefined> => Promise.reject(new Error("x")) };
    const store = newStore({ now: () => now, maxBytes: 1000, masking: mask });
    store.record(factsOf({ request: chatRequest("x".repeat(1000)) }));
    store.record(factsOf({ answer: "x".repeat(1001) }));
    store.record({ ...factsOf(), answer: undefined });
    assert.equal(store.stats.dropped["too-large"], 3);
    assert.equal(faults.length, 1);
    assert.deepEqual(faults[0]!.details, { reason: "too-large", count: 1 });
    now = 60_000;
    store.record(factsOf());
    store.record(factsOf());
    store.record(factsOf({ answer: "x".repeat(1001) }));
    await store.close();
    assert.deepEqual(
      faults.map(({ code, details }) => [code, details["reason"]]),
      [
        ["gateway/capture-dropped", "too-large"],
        ["gateway/capture-dropped", "too-large"],
        ["gateway/capture-dropped", "masking-failed"],
      ],
    );
    const { kept, dropped, waitingBytes } = store.stats;
    assert.deepEqual([kept, dropped["masking-failed"], waitingBytes], [0, 2, 0]);
    assert.deepEqual(written, []);
  });

  it("more than may wait is dropped, and there is room again afterwards", async () => {
    const store = newStore({ maxWaitingBytes: 500 });
    for (let i = 0; i < 10; i++) store.record(factsOf());
    const { overloaded } = store.stats.dropped;
    assert.ok(overloaded > 0 && overloaded < 10, String(overloaded));
    assert.ok(store.stats.waitingBytes <= 500);
    await store.flush();
    assert.equal(store.stats.kept, 10 - overloaded);
    store.record(factsOf());
    await store.close();
    assert.equal(store.stats.kept, 11 - overloaded);
  });

  it("a row that the database refuses is given up and counted, and does not stand in the way", async () => {
    const refusing = {
      batch: (statements: readonly BatchStatement[]) => {
        if (statements[0]!.rows.some(([id]) => id === "1-bad")) {
          const [code, kind] = ["storage/constraint", "conflict"] as const;
          return Promise.reject(new HomegrownError({ code, kind, message: "no", hint: "none" }));
        }
        written.push(...statements.filter(({ rows }) => rows.length > 0));
        return Promise.resolve([]);
      },
    } as unknown as CaptureStoreOptions["database"];
    const store = newStore({ database: refusing });
    for (const id of ["1-a", "1-bad", "1-c"]) store.record(factsOf({ id }));
    await store.close();
    assert.equal(store.stats.dropped["store-refused"], 1);
    assert.deepEqual(
      written.flatMap(({ rows }) => rows.map(([id]) => id)),
      ["1-a", "1-c"],
    );
  });

  it("what was not answered to its end, and other dialects, are no captures", async () => {
    const store = newStore();
    store.record(factsOf({ outcome: "failed" }));
    store.record(factsOf({ dialect: "openai/embeddings" }));
    store.record(factsOf({ policy: { right: "metrics", override: undefined } }));
    await store.close();
    assert.equal(store.stats.kept, 0);
    assert.deepEqual(written, []);
  });

  it("answers that are not what their dialect says are dropped", async () => {
    const masking = new MaskingThread();
    const store = newStore({ masking });
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    for (const answer of ["not json", '"text"', "", deep, Buffer.from([0xff, 0xfe, 0])]) {
      store.record(factsOf({ answer }));
    }
    store.record(factsOf({ answer: "data: {}\n\n", streamed: true, dialect: "anthropic/messages" }));
    await store.close();
    await masking.close();
    const { dropped, kept } = store.stats;
    assert.equal(kept, 0);
    assert.equal(dropped.unreadable + dropped["masking-failed"], 6);
    assert.deepEqual(written, []);
  });
});
