// Two gateways on one Postgres: keys, budgets and ledger are one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import type { BudgetReport, UsageRow } from "@homegrown/gateway";
import { sendRequest, startPostgres } from "@homegrown/testing";
import { runCommand, runJson, startServer } from "./command-line.ts";

const UPSTREAM = fileURLToPath(new URL("./markov-upstream.fixture.ts", import.meta.url));
const NUM_REQUESTS = 20;

test("two gateways on one Postgres share keys, budgets and ledger", async (t) => {
  const scratch = await mkdtemp(path.join(tmpdir(), "homegrown-postgres-gateway-"));
  t.after(() => rm(scratch, { recursive: true, force: true }));
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const upstream = spawn(process.execPath, [UPSTREAM], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => upstream.stdin.end());
  const [line] = (await once(upstream.stdout, "data")) as [Buffer];
  const price = { inputUsdPerMillion: 10, outputUsdPerMillion: 20, asOf: "2026-11-25" };
  await writeFile(
    path.join(scratch, "homegrown.config.json"),
    JSON.stringify({
      state: { postgres: { env: "HOMEGROWN_TEST_STATE" } },
      providers: {
        up: {
          kind: "openai-compatible",
          baseUrl: `${line.toString().trim()}/v1`,
          models: { quick: { price } },
        },
      },
      routes: { fast: "up/quick" },
    }),
  );
  const inScratch = { cwd: scratch, env: { HOMEGROWN_TEST_STATE: await postgres.newDatabase() } };
  const home = path.join(scratch, "home");
  const json = <Result>(...args: string[]): Promise<Result> =>
    runJson<Result>([...args, "--home", home], inScratch);

  const { key } = await json<{ key: string }>("keys", "create", "--name", "both", "--budget-month", "1");
  const servers = await Promise.all([startServer(home, inScratch), startServer(home, inScratch)]);
  t.after(() => Promise.all(servers.map((server) => server.stop())));
  const answers = await Promise.all(
    Array.from({ length: NUM_REQUESTS }, (_, i) =>
      sendRequest(`${servers[i % 2]!.url}/v1/chat/completions`, {
        headers: { authorization: `Bearer ${key}` },
        body: { model: "fast", max_tokens: 8, messages: [{ role: "user", content: "Say hello." }] },
      }),
    ),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  await setTimeout(1_500);
  const { totals } = await json<{ totals: UsageRow }>("usage", "--key", "both");
  assert.equal(totals.outcomes.completed, NUM_REQUESTS);
  const [budget] = await json<BudgetReport[]>("budgets", "list");
  assert.equal(budget?.spentNanoUsd, totals.costNano);

  await json("keys", "revoke", "both", "--reason", "test");
  await setTimeout(1_500);
  for (const { url } of servers) {
    const { status } = await sendRequest(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal(status, 401);
  }
  // The password is in no output.
  const password = new URL(inScratch.env.HOMEGROWN_TEST_STATE).password;
  const listed = await runCommand(["keys", "list", "--all", "--home", home], inScratch);
  for (const text of [
    listed.stdout,
    listed.stderr,
    ...servers.map(({ command }) => command.stdout() + command.stderr()),
  ]) {
    assert.ok(!text.includes(password));
  }
});
