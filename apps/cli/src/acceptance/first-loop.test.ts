// The whole loop through the command line, on a corpus and a budget of seconds: grow, look, serve, swap,
// refuse what was tampered with.
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, writeFile, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { reportCardSchema, type ReportCard } from "@homegrown/contracts";
import type { ModelSummary, VersionDetails } from "@homegrown/registry";
import { openAiContract, writeTinyCorpus } from "@homegrown/testing";
import { runCommand, runJson, startServer } from "./command-line.ts";

interface UpResult {
  version: string;
  reused: boolean;
  folder: string;
  report: ReportCard;
  question: string;
  answer: string;
}

const GROW = ["--minutes", "0.08", "--size", "nano", "--vocab", "512", "--sequence", "128", "--batch", "8"];

describe("the first loop", () => {
  let scratch = "";
  let home = "";
  let corpus = "";
  let first: UpResult;

  const up = (seed: string): Promise<UpResult> =>
    runJson<UpResult>([
      "up",
      "--once",
      "--data",
      corpus,
      "--license",
      "MIT",
      "--home",
      home,
      "--seed",
      seed,
      ...GROW,
    ]);

  before(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), "homegrown-loop-"));
    home = path.join(scratch, "home");
    corpus = path.join(scratch, "corpus");
    await writeTinyCorpus(corpus);
    first = await up("1");
  });
  after(() => rm(scratch, { recursive: true, force: true }));

  test("up ends with a measured, signed version that answers", () => {
    assert.equal(first.version, "first@v1");
    assert.equal(first.reused, false);
    const card = reportCardSchema.parse(first.report);
    assert.deepEqual(
      card.parity.map(({ weightType, passed }) => [weightType, passed]),
      [
        ["F32", true],
        ["Q8_0", true],
      ],
    );
    for (const parity of card.parity)
      assert.ok(parity.tokensCompared > 1000, `${parity.tokensCompared} tokens compared`);
    assert.ok(
      card.heldOut.bitsPerByte.value > 0.3 && card.heldOut.bitsPerByte.value < 7,
      `${card.heldOut.bitsPerByte.value}`,
    );
    assert.equal(card.checks[0]?.total, 64);
    assert.ok(first.answer.length > 0);
  });

  test("a second up reuses everything and trains nothing", async () => {
    const started = performance.now();
    const again = await up("1");
    assert.equal(again.reused, true);
    assert.equal(again.version, "first@v1");
    assert.equal(again.answer, first.answer);
    assert.ok(performance.now() - started < 30_000);
  });

  test("the report lies in the version's folder as JSON, Markdown and a page", async () => {
    assert.deepEqual(
      JSON.parse(await readFile(path.join(first.folder, "report.json"), "utf8")),
      first.report,
    );
    assert.match(await readFile(path.join(first.folder, "report.md"), "utf8"), /bits/i);
    assert.match(await readFile(path.join(first.folder, "report.html"), "utf8"), /<svg/);
  });

  test("models list, show and verify say what there is", async () => {
    const models = await runJson<ModelSummary[]>(["models", "list", "--home", home]);
    assert.deepEqual(
      models.map(({ name, aliases }) => [name, aliases.champion]),
      [["first", "v1"]],
    );
    const version = await runJson<VersionDetails>(["models", "show", "first", "--home", home]);
    assert.equal(version.lineage.origin.kind, "trained");
    assert.equal(version.license, "MIT");
    const verified = await runJson<{ reference: string; ok: boolean }[]>([
      "models",
      "verify",
      "--home",
      home,
    ]);
    assert.deepEqual(verified, [{ reference: "first@v1", ok: true }]);
  });

  test("chat answers from the command line", async () => {
    const answer = await runJson<{ text: string; finishReason: string }>([
      "chat",
      "first",
      "-m",
      first.question,
      "--temperature",
      "0",
      "--max-tokens",
      "160",
      "--home",
      home,
    ]);
    assert.equal(answer.text, first.answer);
  });

  openAiContract({
    name: "a model grown a moment ago, behind homegrown serve",
    async start() {
      const server = await startServer(home);
      return { url: server.url, model: "first", close: async () => void (await server.stop()) };
    },
  });

  test("promote and rollback under 20 concurrent streams: nothing fails, nothing is mixed", async () => {
    const second = await up("2");
    assert.equal(second.version, "first@v2");
    await runJson(["models", "promote", "first@v1", "--reason", "begin with the first", "--home", home]);
    const server = await startServer(home);
    try {
      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
      const expected = new Map<string, string>();
      expected.set("first@v1", await ask(client));
      await promoteAndWait(client, "first@v2");
      expected.set("first@v2", await ask(client));
      await promoteAndWait(client, "first@v1");
      assert.notEqual(expected.get("first@v1"), expected.get("first@v2"), "two seeds answer differently");

      const seen = new Set<string>();
      const swaps = new AbortController();
      const streams = Array.from({ length: 20 }, async () => {
        do {
          const { text, fingerprint } = await stream(client);
          seen.add(fingerprint);
          assert.equal(text, expected.get(fingerprint), `an answer of ${fingerprint} is whole and its own`);
        } while (!swaps.signal.aborted);
      });
      await promoteAndWait(client, "first@v2");
      await runJson(["models", "rollback", "first", "--home", home]);
      await waitForVersion(client, "first@v1");
      swaps.abort();
      await Promise.all(streams);
      assert.deepEqual([...seen].sort(), ["first@v1", "first@v2"]);
    } finally {
      assert.equal((await server.stop()).code, 0);
    }
  });

  test("one changed byte anywhere in a version refuses to load and names the file", async () => {
    const folder = first.folder;
    for (const file of await readdir(folder)) {
      const full = path.join(folder, file);
      const bytes = await readFile(full);
      await chmod(full, 0o644);
      const changed = Buffer.from(bytes);
      changed[Math.floor(changed.length / 2)]! ^= 1;
      await writeFile(full, changed);
      const outcome = await runCommand(["models", "verify", "first@v1", "--home", home]);
      await writeFile(full, bytes);
      assert.equal(outcome.code, 1, `${file}: ${outcome.stdout}`);
      assert.ok(
        outcome.stdout.includes(file) || outcome.stderr.includes(file),
        `${file} is named in: ${outcome.stdout}`,
      );
    }
    assert.equal((await runCommand(["models", "verify", "first@v1", "--home", home])).code, 0);
  });

  test("a tampered champion is not served: the request fails with the file's name, restored it answers", async () => {
    const version = await runJson<VersionDetails>(["models", "show", "first", "--home", home]);
    const weights = path.join(version.folder, "model-f32.gguf");
    const bytes = await readFile(weights);
    await chmod(weights, 0o644);
    const changed = Buffer.from(bytes);
    changed[changed.length - 100]! ^= 1;
    await writeFile(weights, changed);
    const refused = await runCommand(["chat", "first", "-m", "x", "--home", home]);
    await writeFile(weights, bytes);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /model-f32\.gguf/);
    assert.equal((await runCommand(["chat", "first", "-m", "x", "--home", home])).code, 0);
  });

  async function promoteAndWait(client: OpenAI, reference: string): Promise<void> {
    await runJson(["models", "promote", reference, "--reason", "test", "--home", home]);
    await waitForVersion(client, reference);
  }

  async function waitForVersion(client: OpenAI, reference: string): Promise<void> {
    for (let i = 0; i < 200; i++) {
      const { system_fingerprint } = await client.chat.completions.create({ ...request(), max_tokens: 1 });
      if (system_fingerprint === reference) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the server never served ${reference}`);
  }

  function request(): {
    model: string;
    messages: { role: "user"; content: string }[];
    max_tokens: number;
    temperature: number;
  } {
    return {
      model: "first",
      messages: [{ role: "user", content: first.question }],
      max_tokens: 48,
      temperature: 0,
    };
  }

  async function ask(client: OpenAI): Promise<string> {
    return (await client.chat.completions.create(request())).choices[0]?.message.content ?? "";
  }

  async function stream(client: OpenAI): Promise<{ text: string; fingerprint: string }> {
    let text = "";
    let fingerprint = "";
    for await (const chunk of await client.chat.completions.create({ ...request(), stream: true })) {
      text += chunk.choices[0]?.delta.content ?? "";
      fingerprint = chunk.system_fingerprint ?? fingerprint;
    }
    return { text, fingerprint };
  }
});
