import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { currentProcess } from "@homegrown/storage";
import type { Database } from "@homegrown/storage";
import { enrolInstance, InstanceWatch, SILENCE_MS } from "./instances.ts";
import { createTestStore, TestClock } from "./store.fixture.ts";
import type { TestStore } from "./store.fixture.ts";
import type { GatewayTables } from "./tables.ts";

describe("instances", () => {
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

  test("a process that ended on this machine is dead at once, one that runs never", async () => {
    const clock = new TestClock();
    const own = await enrolInstance(database, clock);
    const alive = await enrolInstance(database, clock);
    const dead = await enrolInstance(database, clock);
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    await database.queries.updateTable("gateway_instances").set({ pid }).where("id", "=", dead).execute();
    const watch = new InstanceWatch(database, clock);
    assert.deepEqual(await watch.look(own), { numLiving: 2, dead: [{ id: dead, commits: 0 }] });
    clock.advance(10 * SILENCE_MS);
    const { dead: found } = await watch.look(own);
    assert.ok(!found.some(({ id }) => id === alive));
  });

  test("one elsewhere is dead after long silence by the observer's own time, whatever the clocks say", async () => {
    const clock = new TestClock();
    const own = await enrolInstance(database, clock);
    const far = await enrolInstance(database, clock);
    assert.notEqual(currentProcess().host, "ffffffff");
    await database.queries
      .updateTable("gateway_instances")
      .set({ host: "ffffffff", heartbeat_at: 0 })
      .where("id", "=", far)
      .execute();
    const watch = new InstanceWatch(database, clock);
    const isDead = async (): Promise<boolean> => (await watch.look(own)).dead.some(({ id }) => id === far);
    assert.equal(await isDead(), false);
    clock.wall += 86_400_000;
    assert.equal(await isDead(), false);
    clock.monotonic += SILENCE_MS - 1;
    assert.equal(await isDead(), false);
    await database.queries
      .updateTable("gateway_instances")
      .set({ commits: 7 })
      .where("id", "=", far)
      .execute();
    clock.monotonic += SILENCE_MS - 1;
    assert.equal(await isDead(), false);
    clock.monotonic += SILENCE_MS;
    assert.equal(await isDead(), true);
  });
});
