// The contract of `Database` over a real Postgres server, and what only a server can do: go away and come back.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { startPostgres } from "@homegrown/testing";
import type { PostgresServer } from "@homegrown/testing";
import { sql } from "kysely";
import { INSERT, isError, valueOf } from "../contract-subject.fixture.ts";
import { databaseContract } from "../database-contract.ts";
import { COUNTERS } from "../database.fixture.ts";
import type { CounterTables } from "../database.fixture.ts";
import { openPostgres } from "./open-postgres.ts";
import type { OpenPostgresOptions } from "./open-postgres.ts";

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

databaseContract({ name: "Postgres", newStore: () => server.newDatabase() });

const open = async (options: OpenPostgresOptions = {}) =>
  openPostgres<CounterTables>(await server.newDatabase(), [COUNTERS], options);

const insert = (name: string) => [{ sql: INSERT, rows: [[name, 1, null]] }];

describe("Postgres's own", () => {
  test("connection that is lost is an error, and made again when the server is back", async () => {
    const database = await open({ connectTimeoutMs: 1000 });
    await database.batch(insert("before"));
    // While nothing is under way: nobody asked, so nobody must hear of it.
    await server.restart();
    await database.batch(insert("between")).catch((error: unknown) => {
      assert.ok(isError("storage/database-unavailable")(error));
      return database.batch(insert("between"));
    });
    await server.crash();
    for (const attempt of [
      database.batch(insert("refused")),
      sql`select 1`.execute(database.queries),
      database.transaction(() => Promise.resolve()),
    ]) {
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof HomegrownError && error.retryable, String(error));
        assert.equal(error.code, "storage/database-unavailable");
        assert.equal(error.details["outcome"], "not-done");
        return true;
      });
    }
    await assert.rejects(
      openPostgres(server.url, [], { connectTimeoutMs: 1000 }),
      isError("storage/database-unavailable"),
    );
    await server.start();
    await database.batch(insert("after"));
    const rows = await database.queries.selectFrom("counters").select("name").orderBy("name").execute();
    assert.deepEqual(
      rows.map((row) => row.name),
      ["after", "before", "between"],
    );
    await database.close();
  });

  test("crash in the middle of a transaction or batch leaves nothing by half", async () => {
    const database = await open();
    await database.batch(insert("n"));
    const waiting = "update counters set value = value + $1 where pg_sleep($2) is not null";
    const transaction = database.transaction(async (tx) => {
      await tx.updateTable("counters").set({ value: 7 }).execute();
      await sql`select pg_sleep(30)`.execute(tx);
    });
    const batch = database.batch([
      { sql: INSERT, rows: [["half", 1, null]] },
      { sql: waiting, rows: [[1, 30]] },
    ]);
    const failed = Promise.all([
      assert.rejects(transaction, (error) => outcomeOf(error) === "not-done"),
      assert.rejects(batch, (error) => outcomeOf(error) === "not-done" || outcomeOf(error) === "unknown"),
    ]);
    await untilRunning(database, "%pg_sleep%", 2);
    await server.restart();
    await failed;
    assert.deepEqual(await database.queries.selectFrom("counters").select(["name", "value"]).execute(), [
      { name: "n", value: 1 },
    ]);
    await database.close();
  });

  test("server that falls silent after it got a batch leaves the outcome unknown", async () => {
    const target = new URL(await server.newDatabase());
    const proxy = await startProxy(Number(target.port));
    target.port = String(proxy.port);
    const database = await openPostgres<CounterTables>(target.href, [COUNTERS]);
    await database.batch(insert("before"));
    proxy.dropAnswers();
    const batch = database.batch(insert("charged"));
    setTimeout(() => proxy.cut(), 200);
    await assert.rejects(
      batch,
      (error) => isError("storage/database-unavailable")(error) && outcomeOf(error) === "unknown",
    );
    // It was done; sending it again says so and does nothing.
    await assert.rejects(database.batch(insert("charged")), isError("storage/constraint"));
    await database.close();
    await proxy.stop();
  });

  test("refusals are named, without the password", async () => {
    const url = new URL(server.url);
    const { password } = url;
    url.password = "wrong-and-secret";
    await assert.rejects(openPostgres(url.href), (error) => {
      assert.ok(isError("storage/database-refused")(error));
      assert.doesNotMatch(JSON.stringify({ ...(error as Error), text: String(error) }), /wrong-and-secret/);
      return true;
    });
    url.password = password;
    url.pathname = "/missing";
    await assert.rejects(openPostgres(url.href), isError("storage/database-refused", "missing"));
    const database = await open();
    assert.match(database.location, /^postgres:\/\/homegrown@127\.0\.0\.1:\d+\/test_\d+$/);
    await assert.rejects(database.batch(insert("a\0b")), isError("storage/invalid-text"));
    await assert.rejects(
      sql`select cast(${"private words"} as bigint)`.execute(database.queries),
      (error) => error instanceof HomegrownError && !error.message.includes("private"),
    );
    await database.close();
  });

  test("number of connections and time of statements are bounded", async () => {
    const database = await open({ maxConnections: 2, connectTimeoutMs: 700, statementTimeoutMs: 1500 });
    const sleep = () => sql`select pg_sleep(30)`.execute(database.queries);
    const sleepers = Promise.all(
      [sleep(), sleep()].map((sleeper) => assert.rejects(sleeper, isError("storage/database-timeout"))),
    );
    await assert.rejects(sql`select 1`.execute(database.queries), isError("storage/database-busy"));
    await sleepers;
    await database.batch(insert("later"));
    assert.equal(await valueOf(database, "later"), 1);
    await database.close();
  });

  test("transactions that go on after a failed statement are undone and say so", async () => {
    const database = await open();
    await assert.rejects(
      database.transaction(async (tx) => {
        await tx.insertInto("counters").values({ name: "a", value: 1, bytes: null }).execute();
        await sql`select nonsense`.execute(tx).catch(() => undefined);
      }),
      isError("storage/transaction-undone"),
    );
    assert.deepEqual(await database.queries.selectFrom("counters").selectAll().execute(), []);
    await database.close();
  });

  test("commits wait for the disk unless told otherwise", async () => {
    for (const [options, expected] of [[{}, "on"] as const, [{ synchronous: "normal" }, "off"] as const]) {
      const database = await open(options);
      const { rows } = await sql<{
        setting: string;
      }>`select current_setting('synchronous_commit') as setting`.execute(database.queries);
      await database.close();
      assert.equal(rows[0]!.setting, expected);
    }
  });
});

function outcomeOf(error: unknown): unknown {
  return error instanceof HomegrownError ? error.details["outcome"] : undefined;
}

async function untilRunning(
  database: Awaited<ReturnType<typeof open>>,
  pattern: string,
  numStatements: number,
): Promise<void> {
  for (;;) {
    const { rows } = await sql`select 1 from pg_stat_activity
      where query like ${pattern} and state = 'active' and pid <> pg_backend_pid()`.execute(database.queries);
    if (rows.length === numStatements) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Between client and server, so that an answer can be lost which the server did give. */
async function startProxy(serverPort: number) {
  let drops = false;
  const clients = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(serverPort, "127.0.0.1");
    clients.add(client);
    client.pipe(upstream);
    upstream.on("data", (bytes) => {
      if (!drops) client.write(bytes);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    port: (proxy.address() as AddressInfo).port,
    dropAnswers: () => {
      drops = true;
    },
    cut: () => {
      drops = false;
      for (const client of clients) client.destroy();
      clients.clear();
    },
    stop: async () => {
      for (const client of clients) client.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
