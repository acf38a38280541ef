// What the store of captures must do on every engine.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import type { BatchStatement, Database } from "@homegrown/storage";
import { createFeedbackStore } from "../feedback/create-feedback-store.ts";
import type { FeedbackContent, FeedbackStore } from "../feedback/feedback.ts";
import { LOCAL_CALLER } from "../server/authentication.ts";
import type { GatewayTables } from "../state/tables.ts";
import { chatAnswer, chatRequest, factsOf } from "./capture-facts.fixture.ts";
import type { FactsInput } from "./capture-facts.fixture.ts";
import { CaptureStore } from "./capture-store.ts";
import type { CaptureStoreOptions } from "./capture-store.ts";
import { exportCaptures } from "./export/export-captures.ts";
import { MaskingThread } from "./masking-thread.ts";
import { listCaptures } from "./read-captures.ts";
import { digestOfSubject } from "./subjects.ts";
import type { CaptureTables } from "./tables.ts";

export type CaptureTestDatabase = Database<GatewayTables & CaptureTables>;

const DAY_MS = 86_400_000;
const NOW = 1_800_000_000_000;
const SAID: FeedbackContent = {
  score: 1,
  metrics: undefined,
  outcome: undefined,
  choice: 0,
  correction: undefined,
  comment: undefined,
};

export function captureStoreContract(
  name: string,
  open: () => Promise<{ database: CaptureTestDatabase; remove(): Promise<void> }>,
): void {
  describe(`captures on ${name}`, () => {
    const masking = new MaskingThread();
    let subject: Awaited<ReturnType<typeof open>>;
    let database: CaptureTestDatabase;
    let store: CaptureStore;
    let feedback: FeedbackStore;
    let now = NOW;
    let retentionDays = 30;
    const faults: HomegrownError[] = [];

    const newStore = (options: Partial<CaptureStoreOptions> = {}): CaptureStore =>
      new CaptureStore({
        database,
        masking,
        retentionDays: () => retentionDays,
        now: () => now,
        onFault: (error) => faults.push(error as HomegrownError),
        ...options,
      });
    /** A request with its row in the ledger. */
    const record = async (facts: FactsInput): Promise<void> => {
      const { id = "1-1", requestId = `req-${id}`, keyId = "key-a", labels = {}, mirrorOf } = facts;
      const [instance, number] = id.split("-").map(Number);
      await database.queries
        .insertInto("gateway_ledger")
        .values(
          ledgerRow({
            instance: instance!,
            number: number!,
            request_id: requestId,
            key_id: keyId,
            labels,
            mirror_of: mirrorOf ?? null,
          }),
        )
        .execute();
      store.record(factsOf(facts));
    };
    const ids = async (): Promise<string[]> => {
      await store.flush();
      return (await listCaptures(database, { mirrors: "included" })).map(({ id }) => id);
    };
    const counts = async (): Promise<[captures: number, feedback: number, subjects: number]> => [
      await countRows(database, "captures"),
      await countRows(database, "feedback"),
      await countRows(database, "capture_subjects"),
    ];

    before(async () => {
      subject = await open();
      database = subject.database;
    });
    after(async () => {
      await masking.close();
      await subject.remove();
    });
    beforeEach(async () => {
      for (const table of ["captures", "feedback", "capture_subjects", "gateway_ledger"] as const) {
        await database.queries.deleteFrom(table).execute();
      }
      now = NOW;
      retentionDays = 30;
      faults.length = 0;
      store = newStore();
      feedback = createFeedbackStore({ database, masking, now: () => now, flushLedger: async () => {} });
    });
    afterEach(() => store.close());

    it("lists what was kept, by time and filter, page by page", async () => {
      await record({ id: "1-1", at: NOW - 3, keyId: "key-b" });
      await record({
        id: "1-2",
        at: NOW - 2,
        own: false,
        dialect: "anthropic/messages",
        answer: { content: [] },
      });
      await record({ id: "1-3", at: NOW - 2, mirrorOf: "1-2" });
      await record({ id: "1-4", at: NOW - 1, consent: "evaluate" });
      assert.deepEqual(await ids(), ["1-1", "1-2", "1-3", "1-4"]);
      const listed = async (filter: Parameters<typeof listCaptures>[1]): Promise<string[]> =>
        (await listCaptures(database, filter)).map(({ id }) => id);
      assert.deepEqual(await listed({}), ["1-1", "1-2", "1-4"]);
      assert.deepEqual(await listed({ mirrors: "only" }), ["1-3"]);
      assert.deepEqual(await listed({ own: false }), ["1-2"]);
      assert.deepEqual(await listed({ keyId: "key-b" }), ["1-1"]);
      assert.deepEqual(await listed({ right: "train" }), ["1-1"]);
      assert.deepEqual(await listed({ right: "evaluate", target: "own/first" }), ["1-1", "1-4"]);
      assert.deepEqual(await listed({ from: new Date(NOW - 2), to: new Date(NOW - 1) }), ["1-2"]);
      assert.deepEqual(await listed({ alias: "other" }), []);
      const [first] = await listCaptures(database, { mirrors: "included", limit: 1 });
      const rest = await listed({ mirrors: "included", limit: 2, after: first! });
      assert.deepEqual(rest, ["1-2", "1-3"]);
    });

    it("deletes by end user, under whatever name, what was kept and what was said", async () => {
      await record({ id: "1-1", labels: { user: "ada" } });
      await record({ id: "1-2", labels: { safety_identifier: "ada", user: "bob" } });
      await record({ id: "1-3", labels: { user_id: "bob" } });
      await store.flush();
      await feedback.add(caller("key-a"), "req-1-1", SAID);
      await feedback.add(caller("key-a"), "req-1-3", SAID);
      // Never captured, but spoken of.
      await record({ id: "1-4", labels: { user: "ada" }, policy: { right: "metrics", override: undefined } });
      await feedback.add(caller("key-a"), "req-1-4", SAID);
      assert.deepEqual(await store.delete({ subject: "ada" }), { captures: 2, feedback: 2 });
      assert.deepEqual(await ids(), ["1-3"]);
      assert.deepEqual(await store.delete({ subject: "ada" }), { captures: 0, feedback: 0 });
      assert.deepEqual(await store.delete({ subject: digestOfSubject("bob") }), { captures: 0, feedback: 0 });
      assert.deepEqual(await store.delete({ subject: "bob" }), { captures: 1, feedback: 1 });
      const subjects = await database.queries.selectFrom("capture_subjects").select("subject").execute();
      assert.equal(JSON.stringify(subjects).includes("ada"), false);
    });

    it("deletes by key and by request, with the feedback and the digests", async () => {
      await record({ id: "1-1", labels: { user: "ada" } });
      await record({ id: "1-2", labels: { user: "ada" }, keyId: "key-b" });
      await record({ id: "1-3", labels: { user: "ada" }, requestId: "req-1-2" });
      await store.flush();
      for (const id of ["req-1-1", "req-1-2"]) await feedback.add(caller("key-a"), id, SAID);
      await feedback.add(caller("key-b"), "req-1-2", SAID);
      assert.deepEqual(await counts(), [3, 3, 3]);
      assert.deepEqual(await store.delete({ keyId: "key-b" }), { captures: 1, feedback: 1 });
      assert.deepEqual(await counts(), [2, 2, 2]);
      assert.deepEqual(await store.delete({ requestId: "req-1-2" }), { captures: 1, feedback: 1 });
      assert.deepEqual(await counts(), [1, 1, 1]);
    });

    it("what is still being masked or written is deleted, too", async () => {
      await record({ id: "1-1", labels: { user: "ada" } });
      await record({ id: "1-2", labels: { user: "bob" } });
      assert.deepEqual(await store.delete({ subject: "ada" }), { captures: 1, feedback: 0 });
      assert.deepEqual(await ids(), ["1-2"]);
    });

    it("is gone once its retention is over, with what was said of it", async () => {
      await record({ id: "1-1", at: NOW, labels: { user: "ada" } });
      await record({ id: "1-2", at: NOW + DAY_MS });
      await record({ id: "1-3", consent: "metrics", labels: { user: "ada" } });
      await store.flush();
      for (const id of ["1-1", "1-3"]) await feedback.add(caller("key-a"), `req-${id}`, SAID);
      now = NOW + DAY_MS;
      await feedback.add(caller("key-a"), "req-1-2", SAID);
      now = NOW + 30 * DAY_MS;
      assert.deepEqual(await store.expire(), { captures: 0, feedback: 0 });
      now += 1;
      assert.deepEqual(await store.expire(), { captures: 1, feedback: 2 });
      assert.deepEqual(await counts(), [1, 1, 0]);
      retentionDays = 0;
      now += 1000 * DAY_MS;
      assert.deepEqual(await store.expire(), { captures: 0, feedback: 0 });
      retentionDays = 1;
      assert.deepEqual(await store.expire(), { captures: 1, feedback: 1 });
    });

    it("feedback that is taken back leaves nothing behind of requests that were not captured", async () => {
      await record({ id: "1-1", labels: { user: "ada" } });
      await record({ id: "1-2", labels: { user: "ada" }, consent: "metrics" });
      await store.flush();
      for (const id of ["req-1-1", "req-1-2"]) await feedback.add(caller("key-a"), id, SAID);
      assert.deepEqual(await counts(), [1, 2, 2]);
      assert.equal(await feedback.delete(caller("key-b"), "req-1-2"), 0);
      assert.equal(await feedback.delete(caller("key-a"), "req-1-2"), 1);
      assert.deepEqual(await counts(), [1, 1, 1]);
      assert.equal(await feedback.delete(caller("key-a"), "req-1-1"), 1);
      assert.deepEqual(await counts(), [1, 0, 1]);
      assert.deepEqual(await store.delete({ subject: "ada" }), { captures: 1, feedback: 0 });
    });

    it("of a request that was not captured everything goes with the first word about it", async () => {
      await record({ id: "1-1", consent: "metrics", labels: { user: "ada" } });
      await feedback.add(caller("key-a"), "req-1-1", SAID);
      now += DAY_MS;
      await feedback.add(caller("key-a"), "req-1-1", SAID);
      now = NOW + 30 * DAY_MS + 1;
      assert.deepEqual(await store.expire(), { captures: 0, feedback: 2 });
      assert.deepEqual(await counts(), [0, 0, 0]);
    });

    it("deletes, expires and exports more than fits into one go", async () => {
      for (let i = 0; i < 520; i++) store.record(factsOf({ id: `2-${i}`, at: NOW + (i % 7) }));
      await store.flush();
      const lines = new Set<string>();
      for await (const line of exportCaptures(database, {
        right: "train",
        shape: "messages",
        metadata: true,
      })) {
        lines.add((JSON.parse(line) as { metadata: { id: string } }).metadata.id);
      }
      assert.equal(lines.size, 520);
      assert.deepEqual(await store.delete({ keyId: "key-a" }), { captures: 520, feedback: 0 });
      for (let i = 0; i < 520; i++) store.record(factsOf({ id: `3-${i}` }));
      await store.flush();
      now = NOW + 40 * DAY_MS;
      assert.deepEqual(await store.expire(), { captures: 520, feedback: 0 });
    });

    it("keeps text of every kind, and refuses no row for it", async () => {
      const odd = "nul \0, half \ud800, quotes \"' and 🌱";
      await record({ request: chatRequest(odd), answer: chatAnswer(odd), labels: { user: odd } });
      assert.deepEqual(await ids(), ["1-1"]);
      assert.deepEqual(await store.delete({ subject: odd }), { captures: 1, feedback: 0 });
      assert.deepEqual(faults, []);
    });

    it("a store that fails is tried again; nothing is lost or told twice", async () => {
      let broken = true;
      const batch = (statements: readonly BatchStatement[]): ReturnType<CaptureTestDatabase["batch"]> =>
        broken ? Promise.reject(unavailable()) : database.batch(statements);
      await store.close();
      store = newStore({
        database: { queries: database.queries, transaction: (a) => database.transaction(a), batch },
      });
      store.record(factsOf({ id: "1-1" }));
      await assert.rejects(store.flush(), { code: "storage/database-unavailable" });
      broken = false;
      assert.deepEqual(await ids(), ["1-1"]);
      assert.equal(store.stats.dropped["store-refused"], 0);
    });
  });
}

function caller(id: string): typeof LOCAL_CALLER {
  return { ...LOCAL_CALLER, id };
}

async function countRows(
  { queries }: CaptureTestDatabase,
  table: "captures" | "feedback" | "capture_subjects",
): Promise<number> {
  return (await queries.selectFrom(table).selectAll().execute()).length;
}

function unavailable(): HomegrownError {
  return new HomegrownError({
    code: "storage/database-unavailable",
    kind: "unavailable",
    message: "The database is away.",
    hint: "Wait.",
    retryable: true,
  });
}

function ledgerRow({
  labels,
  ...row
}: {
  instance: number;
  number: number;
  request_id: string;
  key_id: string;
  mirror_of: string | null;
  labels: Record<string, string>;
}): GatewayTables["gateway_ledger"] {
  return {
    ...row,
    labels: JSON.stringify(labels),
    at: NOW,
    team: null,
    alias: "kept",
    route: null,
    target: null,
    provider: null,
    version: null,
    dialect: "openai/chat-completions",
    streamed: 0,
    own: 1,
    input_tokens: 0,
    cache_read_tokens: 0,
    cache_write_tokens: 0,
    output_tokens: 0,
    reasoning_tokens: 0,
    audio_ms: 0,
    estimated: 0,
    cost_nano_usd: 0,
    mirror_cost_nano_usd: null,
    price_source: null,
    latency_ms: 1,
    first_byte_ms: 1,
    attempts: 1,
    outcome: "completed",
    error_code: null,
    cached: 0,
    reserved_nano_usd: null,
    budget_day: null,
    budget_month: null,
  };
}
