// The gateway as its operators run it: `homegrown serve` with a configuration before a provider that is a process
// of its own; keys, budgets and reports by other commands while it runs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import type { BudgetReport, Key, LedgerPage, ListedCapture, UsageRow, UsageTotals } from "@homegrown/gateway";
import { sendRequest } from "@homegrown/testing";
import type { RawAnswer } from "@homegrown/testing";
import { runCommand, runJson, startServer, untilPrinted } from "./command-line.ts";
import type { RunningServer } from "./command-line.ts";

type MadeKey = Key & { key: string };
interface Usage {
  rows: UsageRow[];
  totals: UsageTotals;
}
interface Routes {
  source: string;
  process: number;
  routes: { alias: string; targets: { target: string; state: string }[] }[];
}

const UPSTREAM = fileURLToPath(new URL("./markov-upstream.fixture.ts", import.meta.url));
/** Changes of keys, budgets and files are noticed within a second; this is what a busy machine gets. */
const SOON_MS = 15_000;

describe("the gateway", () => {
  let scratch = "";
  let home = "";
  let upstream: ChildProcess;
  let upstreamUrl = "";
  let server: RunningServer;
  /** What the answers said that they cost, in tokens. */
  const asked = { requests: 0, input: 0, output: 0 };

  const writeConfig = (more: string): Promise<void> =>
    writeFile(
      path.join(scratch, "homegrown.config.ts"),
      `import { defineConfig } from "homegrown";
      const price = { inputUsdPerMillion: 10, outputUsdPerMillion: 20, asOf: "2026-11-25" };
      export default defineConfig({
        providers: {
          up: { kind: "openai-compatible", baseUrl: process.env.UPSTREAM + "/v1", models: { quick: { price } } },
        },
        routes: { fast: "up/quick", slow: "up/slow" ${more} },
      });`,
    );
  const inScratch = (): { cwd: string; env: Record<string, string> } => ({
    cwd: scratch,
    env: { UPSTREAM: upstreamUrl },
  });
  const json = <Result>(...args: string[]): Promise<Result> =>
    runJson<Result>([...args, "--home", home], inScratch());
  const start = (...args: string[]): Promise<RunningServer> => startServer(home, { ...inScratch(), args });

  const ask = async (url: string, key: string | undefined, model = "fast"): Promise<RawAnswer> => {
    const answer = await sendRequest(`${url}/v1/chat/completions`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      body: { model, max_tokens: 12, seed: 1, messages: [{ role: "user", content: "Say hello." }] },
    });
    if (answer.status === 200) {
      const { usage } = JSON.parse(answer.text) as {
        usage: { prompt_tokens: number; completion_tokens: number };
      };
      asked.requests++;
      asked.input += usage.prompt_tokens;
      asked.output += usage.completion_tokens;
    }
    return answer;
  };
  before(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), "homegrown-gateway-"));
    home = path.join(scratch, "home");
    upstream = spawn(process.execPath, [UPSTREAM], { stdio: ["pipe", "pipe", "inherit"] });
    const [line] = (await once(upstream.stdout!, "data")) as [Buffer];
    upstreamUrl = line.toString().trim();
    await writeConfig("");
    server = await start();
  });
  after(async () => {
    await server?.stop();
    upstream.stdin!.end();
    if (upstream.exitCode === null) await once(upstream, "exit");
    await rm(scratch, { recursive: true, force: true });
  });

  test("before a key exists it answers this machine alone", async () => {
    assert.equal((await ask(server.url, undefined)).status, 200);
    const rebound = await sendRequest(`${server.url}/v1/models`, { headers: { host: "evil.example" } });
    assert.match(rebound.text, /gateway\/host-refused/);
    const page = await sendRequest(`${server.url}/routes`, { headers: { host: "evil.example" } });
    assert.match(page.text, /gateway\/host-refused/);
    const open = await runCommand(["serve", "--home", home, "--port", "0", "--host", "0.0.0.0"], inScratch());
    assert.equal(open.code, 1);
    assert.match(open.stderr, /gateway\/loopback-only/);
  });

  test("a key made, rotated and revoked by another command counts at once", async () => {
    const made = await json<MadeKey>(
      "keys",
      "create",
      "--name",
      "ci",
      "--team",
      "platform",
      "--alias",
      "fast",
    );
    await untilStatus(401, () => ask(server.url, undefined));
    assert.equal((await ask(server.url, made.key)).status, 200);
    const other = await ask(server.url, made.key, "slow");
    assert.deepEqual([other.status, /gateway\/alias-forbidden/.test(other.text)], [403, true]);

    const rotated = await json<MadeKey>("keys", "rotate", "ci", "--overlap", "0s");
    assert.equal(rotated.id, made.id);
    await untilStatus(401, () => ask(server.url, made.key));
    await untilStatus(200, () => ask(server.url, rotated.key));

    await json<Key>("keys", "update", "ci", "--alias", "*", "--reason", "streams");
    await untilStatus(200, () => ask(server.url, rotated.key, "slow"));
    const stream = await openStream(server.url, rotated.key);
    await json<Key>("keys", "revoke", "ci", "--reason", "lost");
    const text = await stream.text;
    assert.match(text, /gateway\/key-revoked|invalid_api_key/);
    assert.doesNotMatch(text, /\[DONE\]/);
    await untilStatus(401, () => ask(server.url, rotated.key));
    const { audit } = await json<{ audit: { action: string; actor: string; reason: string }[] }>(
      "keys",
      "show",
      made.id,
    );
    assert.deepEqual(
      audit.map(({ action, reason }) => [action, reason]),
      [
        ["revoke", "lost"],
        ["update", "streams"],
        ["rotate", ""],
        ["create", ""],
      ],
    );
    assert.ok(audit.every(({ actor }) => actor.includes("@")));
  });

  test("budgets hold, and the reports say what was asked", async () => {
    const made = await json<MadeKey>("keys", "create", "--name", "app", "--budget-month", "0");
    const refused = await untilStatus(429, () => ask(server.url, made.key));
    assert.match(refused.text, /insufficient_quota|budget/);
    const [budget] = await json<BudgetReport[]>("budgets", "list");
    assert.deepEqual([budget?.scopeId, budget?.limitNanoUsd, budget?.period], [made.id, 0, "month"]);
    await json("budgets", "remove", "--key", "app", "--month");
    await untilStatus(200, () => ask(server.url, made.key));

    const [{ totals }, slow, { records }, table] = await Promise.all([
      json<Usage>("usage", "--by", "alias", "--alias", "fast", "--from", "1h"),
      json<Usage>("usage", "--by", "key", "--alias", "slow", "--from", "1h"),
      json<LedgerPage>("ledger", "--outcome", "completed", "--limit", "1000"),
      runCommand(["usage", "--home", home], inScratch()),
    ]);
    const streamed = slow.rows.reduce((sum, { outcomes }) => sum + outcomes.failed, 0);
    assert.equal(streamed, 1, "the stream that the revocation ended");
    assert.equal(totals.outcomes.completed + slow.totals.outcomes.completed, asked.requests);
    // Each price is 10 and 20 dollars a million: 10,000 and 20,000 nano-dollars a token.
    assert.equal(totals.costNano, totals.inputTokens * 10_000 + totals.outputTokens * 20_000);
    assert.deepEqual([totals.numUnknownCosts, totals.numEstimated], [0, 0]);
    assert.equal(slow.totals.costNano, 0);
    assert.ok(slow.totals.numUnknownCosts >= 1, "a price that nobody stated is unknown, not zero");
    const sums = records.reduce((s, { usage }) => [s[0]! + usage.input, s[1]! + usage.output], [0, 0]);
    assert.deepEqual(sums, [asked.input, asked.output]);
    assert.equal(records.length, asked.requests);

    assert.equal(table.code, 0, table.stderr);
    assert.ok(Math.max(...table.stdout.split("\n").map(({ length }) => length)) <= 120, table.stdout);
  });

  test("a good configuration is taken over while it runs, a bad one is told and changes nothing", async () => {
    const { key } = await json<MadeKey>("keys", "create", "--name", "reload");
    await untilStatus(200, () => ask(server.url, key));
    assert.equal((await ask(server.url, key, "swift")).status, 404);
    await writeConfig(', swift: "up/quick"');
    await untilStatus(200, () => ask(server.url, key, "swift"));
    await untilPrinted(server.command, /taken over: routes\.swift added/);
    await writeConfig(', swift: "nobody/quick"');
    await untilPrinted(server.command, /last good configuration stays; gateway\/config-invalid: .*nobody/);
    assert.equal((await ask(server.url, key, "swift")).status, 200);
    server.command.child.kill("SIGHUP");
    await untilPrinted(server.command, /(last good configuration stays[^]*){2}/);
    await writeConfig(', swift: "up/quick"');
    await untilPrinted(server.command, /nothing is different/);

    const running = await json<Routes>("routes", "--url", server.url);
    assert.equal(running.source, "gateway");
    const swift = running.routes.find(({ alias }) => alias === "swift");
    assert.deepEqual(swift?.targets[0], { ...swift?.targets[0], target: "up/quick", state: "closed" });
  });

  test("what a route and a key allow is kept, masked, exported and deleted", async () => {
    await writeConfig(', kept: { targets: ["up/quick"], capture: "evaluate" }');
    const { key } = await json<MadeKey>("keys", "create", "--name", "kept", "--rights", "evaluate");
    const messages = [{ role: "user", content: "Say hello to anna.berger@gartenbau-berger.de." }];
    const body = { model: "kept", user: "user-7", max_tokens: 4, messages };
    const headers = { authorization: `Bearer ${key}` };
    await untilStatus(200, () => sendRequest(`${server.url}/v1/chat/completions`, { headers, body }));
    const deadline = performance.now() + SOON_MS;
    let kept: ListedCapture[] = [];
    while (kept.length === 0 && performance.now() < deadline) {
      kept = await json<ListedCapture[]>("captures", "list", "--key", "kept");
    }
    assert.deepEqual([kept.length, kept[0]?.right, kept[0]?.own], [1, "evaluate", false]);
    const out = path.join(scratch, "kept.jsonl");
    const counts = await Promise.all(
      ["train", "evaluate"].map((right) =>
        json<{ numExamples: number }>("captures", "export", "--right", right, "--out", `${out}.${right}`),
      ),
    );
    // A rented model's answer is never trained on by default.
    assert.deepEqual(
      counts.map(({ numExamples }) => numExamples),
      [0, 1],
    );
    const text = await readFile(`${out}.evaluate`, "utf8");
    assert.match(text, /Say hello to /);
    assert.doesNotMatch(text, /gartenbau-berger/);
    const deleted = await json<{ captures: number }>("captures", "delete", "--subject", "user-7");
    assert.equal(deleted.captures, 1);
  });

  test("it drains: a stream that runs is finished, then the process ends with 0", async () => {
    const { key } = await json<MadeKey>("keys", "create", "--name", "drain");
    await untilStatus(200, () => ask(server.url, key));
    const stream = await openStream(server.url, key);
    server.command.child.kill("SIGTERM");
    const text = await stream.text;
    assert.match(text, /\[DONE\]\s*$/);
    assert.equal((await server.command.outcome).code, 0);
    await assert.rejects(ask(server.url, key));
    const { records } = await json<LedgerPage>("ledger", "--key", "drain", "--alias", "slow");
    assert.deepEqual(
      records.map(({ outcome }) => outcome),
      ["completed"],
    );
  });

  test("two processes share port, keys and ledger; one that is killed is replaced", async () => {
    const { key } = await json<MadeKey>("keys", "create", "--name", "shared");
    server = await start("--processes", "2");
    const seen = new Set<number>();
    const look = async (): Promise<number> => {
      const { text } = await sendRequest(`${server.url}/routes`);
      return (JSON.parse(text) as Routes).process;
    };
    while (seen.size < 2) seen.add(await look());
    for (let i = 0; i < 10; i++) assert.equal((await ask(server.url, key)).status, 200);

    // Longer than a row waits to be written: what is younger may go with its process.
    await setTimeout(300);
    const [victim] = seen;
    process.kill(victim!, "SIGKILL");
    await untilPrinted(server.command, new RegExp(`process ${victim} ended \\(SIGKILL\\)`));
    for (let i = 0; i < 10; i++) assert.equal((await ask(server.url, key)).status, 200);
    const deadline = performance.now() + SOON_MS;
    while (seen.size < 3 && performance.now() < deadline) seen.add(await look());
    assert.equal(seen.size, 3, "another process took its place");

    await writeConfig(', both: "up/quick"');
    await untilPrinted(server.command, /taken over: routes\.kept removed, routes\.both added/);
    for (let i = 0; i < 4; i++) assert.equal((await ask(server.url, key, "both")).status, 200);
    const outcome = await server.stop();
    assert.equal(outcome.code, 0, outcome.stderr);
    const { totals } = await json<Usage>("usage", "--key", "shared");
    assert.equal(totals.outcomes.completed, 24);
  });

  test("wrong usage ends with 2, what failed with 1, and says what to do", async () => {
    const cases: [args: string[], code: number, words: RegExp][] = [
      [["keys", "create"], 2, /--name/],
      [["budgets", "set", "--month", "5"], 2, /--total, --team and --key/],
      [["keys", "show", "nobody"], 1, /cli\/unknown-key[^]*hint:/],
      [["serve", "--config", "missing.ts"], 1, /gateway\/config-not-found/],
      [["serve", "--processes", "2", "--config", "own.json"], 1, /cli\/own-models-need-one-process/],
      [["keys", "list", "--config", "postgres.json"], 1, /cli\/state-not-set[^]*HOMEGROWN_TEST_UNSET/],
      [["routes", "--url", "http://127.0.0.1:1"], 1, /cli\/no-gateway/],
    ];
    const provider = { up: { kind: "openai-compatible", baseUrl: "http://127.0.0.1:1/v1" } };
    const own = { providers: provider, routes: { mine: "own/first" } };
    await writeFile(path.join(scratch, "own.json"), JSON.stringify(own));
    const postgres = { state: { postgres: { env: "HOMEGROWN_TEST_UNSET" } } };
    await writeFile(path.join(scratch, "postgres.json"), JSON.stringify(postgres));
    await Promise.all(
      cases.map(async ([args, code, words]) => {
        const outcome = await runCommand([...args, "--home", home], inScratch());
        assert.equal(outcome.code, code, `${args.join(" ")}: ${outcome.stderr}`);
        assert.match(outcome.stderr, words);
      }),
    );
    const offline = await json<Routes>("routes");
    assert.equal(offline.source, "configuration");
    assert.deepEqual(
      offline.routes.map(({ alias }) => alias),
      ["fast", "slow", "both"],
    );
  });
});

/** Asks until the answer has the status, and returns it. */
async function untilStatus(status: number, send: () => Promise<RawAnswer>): Promise<RawAnswer> {
  const deadline = performance.now() + SOON_MS;
  for (;;) {
    const answer = await send();
    if (answer.status === status) return answer;
    if (performance.now() > deadline)
      assert.fail(`still ${answer.status} instead of ${status}: ${answer.text}`);
    await setTimeout(50);
  }
}

/** A stream that runs for seconds, once its first event has come. */
async function openStream(url: string, key: string): Promise<{ text: Promise<string> }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "slow",
      stream: true,
      max_tokens: 100,
      logit_bias: { "256": -100 },
      messages: [{ role: "user", content: "Count to ten." }],
    }),
  });
  assert.equal(response.status, 200);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader.read();
  const rest = async (): Promise<string> => {
    let text = first.value ?? "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    return text;
  };
  return { text: rest() };
}
