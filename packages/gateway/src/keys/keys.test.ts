import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import type { Database } from "@homegrown/storage";
import { createTestStore, TestClock, waitFor } from "../state/store.fixture.ts";
import type { TestStore } from "../state/store.fixture.ts";
import type { GatewayTables } from "../state/tables.ts";
import { createKey, listKeys, readKeyAudit, revokeKey, rotateKey, updateKey } from "./key-admin.ts";
import { KeyRing } from "./key-ring.ts";
import { newKeyId, newKeyText } from "./key-text.ts";
import { LOCAL_CALLER } from "./local-caller.ts";

const BY = { actor: "ada", reason: "a test" };
const failsWith = (code: string, kind: string) => (error: unknown) =>
  error instanceof HomegrownError && error.code === code && error.kind === kind && error.hint !== "";

describe("keys", () => {
  let store: TestStore;
  let database: Database<GatewayTables>;
  before(async () => {
    store = await createTestStore();
    database = await store.open();
  });
  after(async () => {
    await database.close();
    await store.remove();
  });

  test("their text is the id and forty characters of all sixty-two, evenly", () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 2000; i += 1) {
      const text = newKeyText("Ab12Cd34");
      assert.match(text, /^hg_Ab12Cd34_[0-9A-Za-z]{40}$/);
      for (const character of text.slice(12)) counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    assert.equal(counts.size, 62);
    // 80,000 draws: 1290 of each expected, standard deviation 36. Modulo bias would give the first eight 1563.
    for (const [character, count] of counts)
      assert.ok(Math.abs(count - 1290) < 220, `${character}: ${count}`);
    assert.match(newKeyId(), /^[0-9A-Za-z]{8}$/);
  });

  test("before the first key nobody has one; afterwards the store holds digests alone", async () => {
    const ring = await KeyRing.open(database, { pollMs: 0 });
    assert.equal(ring.hasKeys, false);
    const { key, text } = await createKey(database, { name: "first", team: "search" }, BY);
    await ring.refresh();
    assert.equal(ring.hasKeys, true);
    assert.deepEqual(ring.authenticate(text), key);
    const tables = ["gateway_keys", "gateway_key_secrets", "gateway_key_audit"] as const;
    for (const table of tables) {
      const rows = await database.queries.selectFrom(table).selectAll().execute();
      assert.ok(rows.length > 0);
      assert.ok(!JSON.stringify(rows).includes(text.slice(12)), table);
    }
  });

  test("refuses what is missing, malformed, unknown or wrong, without telling one from another", async () => {
    const { text, key } = await createKey(database, { name: "k" }, BY);
    const ring = await KeyRing.open(database, { pollMs: 0 });
    for (const missing of [undefined, ""]) {
      assert.throws(() => ring.authenticate(missing), failsWith("gateway/key-missing", "unauthenticated"));
    }
    const wrong = [
      "hg_",
      text.slice(0, -1),
      `${text}0`,
      ` ${text}`.slice(0, text.length),
      newKeyText(key.id),
      newKeyText("00000000"),
      text.toLowerCase(),
      "x".repeat(1_000_000),
      `hg_${key.id}_${"é".repeat(40)}`,
    ];
    for (const presented of wrong) {
      assert.throws(() => ring.authenticate(presented), failsWith("gateway/key-invalid", "unauthenticated"));
    }
  });

  test("expires by the wall's clock", async () => {
    const clock = new TestClock(Date.now());
    const expiresAt = new Date(clock.wall + 60_000);
    const { text } = await createKey(database, { name: "short", expiresAt }, BY);
    const ring = await KeyRing.open(database, { pollMs: 0, clock });
    ring.authenticate(text);
    clock.advance(60_000);
    assert.throws(() => ring.authenticate(text), failsWith("gateway/key-expired", "unauthenticated"));
    clock.wall -= 120_000;
    ring.authenticate(text);
  });

  test("a rotation keeps the key; its old secret works until the overlap ends", async () => {
    const clock = new TestClock(Date.now());
    const first = await createKey(database, { name: "rotated", tags: ["prod"] }, BY);
    const ring = await KeyRing.open(database, { pollMs: 0, clock });
    const second = await rotateKey(database, first.key.id, 60_000, BY);
    await ring.refresh();
    assert.equal(second.key.id, first.key.id);
    assert.equal(ring.authenticate(first.text), ring.authenticate(second.text));
    const third = await rotateKey(database, first.key.id, 300_000, BY);
    await ring.refresh();
    clock.advance(61_000);
    assert.throws(() => ring.authenticate(first.text), failsWith("gateway/key-revoked", "unauthenticated"));
    ring.authenticate(second.text);
    clock.advance(300_000);
    assert.throws(() => ring.authenticate(second.text), failsWith("gateway/key-revoked", "unauthenticated"));
    ring.authenticate(third.text);
  });

  test("what another process makes or revokes is seen by the timer, and whoever runs for it is told", async () => {
    const other = await store.open();
    const ring = await KeyRing.open(database, { pollMs: 20 });
    const revoked: string[] = [];
    ring.onRevoked((id) => revoked.push(id));
    const { key, text } = await createKey(other, { name: "elsewhere" }, BY);
    await waitFor(() => ring.find(key.id) !== undefined);
    assert.equal(ring.authenticate(text).name, "elsewhere");
    await revokeKey(other, key.id, { actor: "bob", reason: "leaked" });
    await revokeKey(other, key.id, { actor: "bob", reason: "once more" });
    await waitFor(() => revoked.length > 0);
    assert.deepEqual(revoked, [key.id]);
    assert.throws(() => ring.authenticate(text), failsWith("gateway/key-revoked", "unauthenticated"));
    assert.throws(
      () => ring.authenticate(newKeyText(key.id)),
      failsWith("gateway/key-invalid", "unauthenticated"),
    );
    const audit = await readKeyAudit(database, { keyId: key.id });
    assert.deepEqual(
      audit.map(({ action, actor, reason }) => [action, actor, reason]),
      [
        ["revoke", "bob", "leaked"],
        ["create", "ada", "a test"],
      ],
    );
    assert.equal(ring.hasKeys, true);
    ring.close();
    await other.close();
  });

  test("permits what its scope says, and follows changes", async () => {
    const { key } = await createKey(
      database,
      { name: "scoped", aliases: ["fast", "team-*", "a*b*c"], endpoints: ["chat", "models"] },
      BY,
    );
    const ring = await KeyRing.open(database, { pollMs: 0 });
    const current = (): typeof key => ring.find(key.id)!;
    for (const alias of ["fast", "team-", "team-x", "abc", "axxbxxc"]) ring.permits(current(), "chat", alias);
    for (const alias of ["faster", "team", "Fast", "ab", "acb", "*"]) {
      assert.throws(
        () => ring.permits(current(), "chat", alias),
        failsWith("gateway/alias-forbidden", "forbidden"),
      );
      assert.equal(ring.seesAlias(current(), alias), false);
    }
    assert.throws(
      () => ring.permits(current(), "embeddings", "fast"),
      failsWith("gateway/endpoint-forbidden", "forbidden"),
    );
    await updateKey(
      database,
      key.id,
      { aliases: null, endpoints: null, limits: { requestsPerMinute: 5 } },
      BY,
    );
    await ring.refresh();
    ring.permits(current(), "embeddings", "anything");
    assert.deepEqual(current().limits, { requestsPerMinute: 5 });
    ring.permits(LOCAL_CALLER, "audio", "anything");
  });

  test("refuses settings that make no sense and keys that are not there", async () => {
    const invalid = failsWith("gateway/invalid-key-settings", "invalid-input");
    await assert.rejects(createKey(database, { name: "" }, BY), invalid);
    await assert.rejects(createKey(database, { name: "a\0b" }, BY), invalid);
    await assert.rejects(createKey(database, { name: "x", limits: { requestsPerMinute: 0 } }, BY), invalid);
    await assert.rejects(createKey(database, { name: "x", endpoints: ["nope" as never] }, BY), invalid);
    const unknown = failsWith("gateway/unknown-key", "not-found");
    await assert.rejects(rotateKey(database, "nobodyxx", 0, BY), unknown);
    await assert.rejects(revokeKey(database, "nobodyxx", BY), unknown);
    await assert.rejects(updateKey(database, "nobodyxx", { name: "y" }, BY), unknown);
    const keys = await listKeys(database);
    assert.ok(keys.length > 3);
    assert.ok(!JSON.stringify(keys).includes("sha256"));
  });
});
