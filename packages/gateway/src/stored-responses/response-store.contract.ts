// What a store of responses must do on every engine.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import type { BatchResult, BatchStatement, Database } from "@homegrown/storage";
import { createResponseStore } from "./create-response-store.ts";
import type { ResponseStore, StoredResponse } from "./response-store.ts";
import type { StoredResponseTables } from "./tables.ts";

export interface StoreSubject {
  database: Database<StoredResponseTables>;
  remove(): Promise<void>;
}

const DAY_MS = 86_400_000;

function response(id: string, fields: Partial<StoredResponse> = {}): StoredResponse {
  return {
    id,
    keyId: "key-a",
    previousId: undefined,
    conversation: undefined,
    userLabel: undefined,
    safetyIdentifier: undefined,
    input: `["${id}"]`,
    response: `{"id":"${id}"}`,
    ...fields,
  };
}

export function responseStoreContract(name: string, open: () => Promise<StoreSubject>): void {
  describe(`stored responses on ${name}`, () => {
    let store: ResponseStore;
    let subject: StoreSubject;
    let database: Database<StoredResponseTables>;
    let now = 1_800_000_000_000;

    before(async () => {
      subject = await open();
      database = subject.database;
    });
    after(() => subject.remove());
    afterEach(() => store.close());
    beforeEach(async () => {
      await database.queries.deleteFrom("stored_responses").execute();
      store = createResponseStore({ database, now: () => now, maxTurns: 5, maxConversationChars: 200 });
    });

    const numRows = async (table: keyof StoredResponseTables): Promise<number> =>
      (await database.queries.selectFrom(table).selectAll().execute()).length;

    const settle = async (written: boolean): Promise<void> => {
      if (written) await store.flush();
    };

    /** Each test twice: with what still waits, and with what is written. */
    for (const written of [false, true]) {
      describe(written ? "once written" : "while it waits to be written", () => {
        it("gives back what was saved, to its key alone", async () => {
          const saved = response("r1", { conversation: "c", userLabel: "u", safetyIdentifier: "s" });
          store.save(saved, ["msg_1"]);
          await settle(written);
          assert.deepEqual(await store.get("key-a", "r1"), saved);
          assert.deepEqual(await store.findItem("key-a", "msg_1"), saved);
          assert.equal(await store.get("key-b", "r1"), undefined);
          assert.equal(await store.findItem("key-b", "msg_1"), undefined);
          assert.equal(await store.chain("key-b", "r1"), undefined);
          for (const odd of ["r\0", "", "r".repeat(500), "r 1"]) {
            assert.equal(await store.get("key-a", odd), undefined);
            assert.equal(await store.chain("key-a", odd), undefined);
            assert.equal(await store.findItem("key-a", odd), undefined);
            assert.equal(await store.delete("key-a", odd), false);
          }
          assert.equal(await store.delete("key-b", "r1"), false);
          assert.ok(await store.get("key-a", "r1"));
        });

        it("one id may be stored by two keys, and the newest answer under it counts", async () => {
          store.save(response("r1"), ["old"]);
          await settle(written);
          store.save(response("r1", { keyId: "key-b", input: "b" }), []);
          store.save(response("r1", { input: "new" }), ["new"]);
          await settle(written);
          assert.equal((await store.get("key-a", "r1"))?.input, "new");
          assert.equal((await store.get("key-b", "r1"))?.input, "b");
          await store.flush();
          assert.equal(await store.findItem("key-a", "old"), undefined);
          assert.ok(await store.findItem("key-a", "new"));
        });

        it("follows a conversation back, oldest first, also along a branch", async () => {
          store.save(response("r1"), []);
          await settle(written);
          store.save(response("r2", { previousId: "r1" }), []);
          store.save(response("r3", { previousId: "r2" }), []);
          store.save(response("other", { previousId: "r1" }), []);
          await settle(written);
          const ids = async (id: string): Promise<string[] | undefined> =>
            (await store.chain("key-a", id))?.map((turn) => turn.id);
          assert.deepEqual(await ids("r3"), ["r1", "r2", "r3"]);
          assert.deepEqual(await ids("other"), ["r1", "other"]);
          assert.equal(await ids("unknown"), undefined);
        });

        it("a conversation with a deleted turn cannot be continued", async () => {
          store.save(response("r1"), []);
          store.save(response("r2", { previousId: "r1" }), []);
          store.save(response("r3", { previousId: "r2" }), []);
          await settle(written);
          assert.equal(await store.delete("key-a", "r2"), true);
          assert.equal(await store.delete("key-a", "r2"), false);
          assert.equal(await store.chain("key-a", "r3"), undefined);
          assert.equal((await store.chain("key-a", "r1"))?.length, 1);
        });

        it("bounds a conversation's turns and size, a circle too", async () => {
          for (let turn = 1; turn <= 6; turn++) {
            store.save(response(`r${turn}`, turn > 1 ? { previousId: `r${turn - 1}` } : {}), []);
          }
          store.save(response("circle", { previousId: "circle" }), []);
          store.save(response("large", { input: "x".repeat(250) }), []);
          await settle(written);
          assert.equal((await store.chain("key-a", "r5"))?.length, 5);
          for (const id of ["r6", "circle", "large"]) {
            await assert.rejects(store.chain("key-a", id), { code: "gateway/conversation-too-long" });
          }
        });

        it("deletes by key and by end user, whichever field named it", async () => {
          store.save(response("r1", { userLabel: "ann" }), ["i1"]);
          store.save(response("r2", { safetyIdentifier: "ann", keyId: "key-b" }), ["i2"]);
          store.save(response("r3", { keyId: "key-b" }), ["i3"]);
          await settle(written);
          assert.equal(await store.deleteByUser("ann"), 2);
          assert.equal(await store.get("key-a", "r1"), undefined);
          assert.equal(await store.deleteByKey("key-b"), 1);
          await store.flush();
          assert.equal(await numRows("stored_responses"), 0);
          assert.equal(await numRows("stored_response_items"), 0);
        });
      });
    }

    it("is gone once its retention is over, and its rows with it", async () => {
      store.save(response("r1"), ["i1"]);
      now += DAY_MS;
      store.save(response("r2", { previousId: "r1" }), []);
      await store.flush();
      now += 29 * DAY_MS;
      assert.equal(await store.get("key-a", "r1"), undefined);
      assert.equal(await store.findItem("key-a", "i1"), undefined);
      assert.equal(await store.chain("key-a", "r2"), undefined);
      assert.ok(await store.get("key-a", "r2"));
      assert.equal(await store.expire(), 1);
      assert.equal(await numRows("stored_responses"), 1);
      assert.equal(await numRows("stored_response_items"), 0);
    });

    it("what could not be written waits, is told, and is written when the store is back", async () => {
      let fails = true;
      const faults: unknown[] = [];
      const flaky = createResponseStore({
        database: {
          queries: database.queries,
          batch: (statements: readonly BatchStatement[]): Promise<BatchResult[]> =>
            fails ? Promise.reject(new Error("locked")) : database.batch(statements),
        },
        onFault: (error) => faults.push(error),
      });
      flaky.save(response("r1"), []);
      await assert.rejects(flaky.flush(), /locked/);
      assert.equal(faults.length, 1);
      assert.ok(await flaky.get("key-a", "r1"));
      fails = false;
      await flaky.close();
      assert.equal(await numRows("stored_responses"), 1);
    });

    it("one that cannot be written does not stand in the way of others", async () => {
      const faults: unknown[] = [];
      const picky = createResponseStore({
        database: {
          queries: database.queries,
          batch: (statements: readonly BatchStatement[]): Promise<BatchResult[]> =>
            statements.some(({ rows }) => rows.some((row) => row.includes("bad")))
              ? Promise.reject(
                  new HomegrownError({
                    code: "storage/invalid-text",
                    kind: "invalid-input",
                    message: "",
                    hint: "",
                  }),
                )
              : database.batch(statements),
        },
        onFault: (error) => faults.push(error),
      });
      picky.save(response("r1"), []);
      picky.save(response("bad"), []);
      picky.save(response("r2", { userLabel: "a\0n\ud800", safetyIdentifier: "\0" }), []);
      await picky.flush();
      assert.equal(faults.length, 1);
      assert.equal(await numRows("stored_responses"), 2);
      assert.equal(await picky.deleteByUser("a\0n\ud800"), 1);
      await picky.close();
    });

    it("a response deleted while it is being written does not come back", async () => {
      store.save(response("r1"), []);
      await Promise.resolve();
      assert.equal(await store.delete("key-a", "r1"), true);
      await store.flush();
      assert.equal(await numRows("stored_responses"), 0);
      store.save(response("r2"), []);
      await Promise.resolve();
      assert.equal(await store.deleteByKey("key-a"), 1);
      assert.equal(await numRows("stored_responses"), 0);
    });
  });
}
