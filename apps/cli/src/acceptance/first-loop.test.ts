// The whole loop through the command line, on a corpus and a budget of seconds: grow, look, serve, swap,
// refuse what was tampered with.
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, writeFile, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { reportCardSchema, type ReportCard } from "@homegrown/contracts";
import { openDataset } from "@homegrown/data";
import type { AliasHistoryEntry, ModelSummary, VersionDetails } from "@homegrown/registry";
import { openAiContract, writeTinyCorpus } from "@homegrown/testing";
import { toPrintable } from "../terminal/format.ts";
import { extrapolateBitsPerByte } from "../up/extrapolate.ts";
import { runCommand, runJson, startCommand, startServer, untilPrinted } from "./command-line.ts";

interface UpResult {
  version: string;
  reused: boolean;
  folder: string;
  report: ReportCard;
  question: string;
  answer: string;
  answeredBy: string;
  champion: string;
  url: string;
}

const GROW = ["--size", "nano", "--vocab", "512", "--sequence", "128"];
/** By seed: few large steps for the first version, many small ones for the second. */
const BUDGETS = { 1: { minutes: 0.08, batch: 8 }, 2: { minutes: 0.12, batch: 2 } } as const;
/** Asked of both versions, to find one that they answer differently. */
const QUESTIONS = [
  "Declare a class that holds a list of names.",
  "Declare an interface for a table with columns.",
  "Declare a type that is a string or a number.",
  "Declare a function that deletes rows.",
  "Declare a constant.",
  "Continue: export interface",
  "What is a column?",
];

describe("the first loop", () => {
  let scratch = "";
  let home = "";
  let corpus = "";
  let first: UpResult;

  const upArguments = (seed: keyof typeof BUDGETS): string[] => {
    const { minutes, batch } = BUDGETS[seed];
    const budget = ["--minutes", `${minutes}`, "--batch", `${batch}`, "--seed", `${seed}`];
    return ["up", "--data", corpus, "--license", "MIT", "--home", home].concat(GROW, budget);
  };

  before(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), "homegrown-loop-"));
    home = path.join(scratch, "home");
    corpus = path.join(scratch, "corpus");
    await writeTinyCorpus(corpus);
    first = await runJson<UpResult>([...upArguments(1), "--once"]);
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
    assert.deepEqual([first.answeredBy, first.champion], ["first@v1", "first@v1"]);
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

  test("chat holds a conversation with piped lines and ends where they end", async () => {
    const outcome = await runCommand(
      ["chat", "first", "--temperature", "0", "--max-tokens", "12", "--home", home],
      { input: `${first.question}\nAnd another.\n` },
    );
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.match(outcome.stdout, /^Talking to first@v1\./);
    assert.equal(outcome.stdout.match(/^> /gm)?.length, 3, outcome.stdout);
    assert.ok(outcome.stdout.includes(`> ${toPrintable(first.answer).slice(0, 10)}`), outcome.stdout);
  });

  test("up in words: text, training, card, sources, outlook, and what to do next", async () => {
    const { code, stdout, stderr } = await runCommand([...upArguments(2), "--once", "--port", "0"], {
      cwd: scratch,
    });
    assert.equal(code, 0, stderr);
    const { reportCard: card, lineage } = await runJson<VersionDetails>([
      "models",
      "show",
      "first@v2",
      "--home",
      home,
    ]);
    assert.ok(card?.training && lineage.origin.kind === "trained");
    const { steps } = card.training;
    // More than 200 unless something else has the processor: minutes buy the steps that they buy, at least one.
    const sampled = [...[0, 50, 200].filter((step) => step < steps), steps];
    assert.ok(sampled.length >= 2, `${steps} steps`);
    const says = (text: string): void => assert.ok(stdout.includes(text), `${text}\nis not in\n${stdout}`);
    for (const step of sampled) says(`\n  step ${step}\n`);
    const shown = card.samples.filter(({ source }) => /^step|^order-5/.test(source));
    assert.deepEqual(
      shown.map(({ source }) => source),
      [...sampled.map((step) => `step ${step}`), "order-5 bytes"],
    );
    for (const { prompt, truth, completion } of shown)
      for (const text of [prompt, truth ?? "", completion]) says(`│ ${firstLine(text)}`);
    assert.match(stdout, /Held out: the model never sees \S+/);
    assert.match(stdout, /predictor +bits\/byte/);
    says(card.heldOut.bitsPerByte.value.toFixed(3));
    for (const { name, bitsPerByte } of card.heldOut.baselines) {
      says(name);
      says(bitsPerByte.toFixed(3));
    }
    assert.match(stdout, /parity F32: passed/);
    assert.match(stdout, /parity Q8_0: passed/);
    assert.match(stdout, /completions that parse as TypeScript: \d+ of 64/);
    assert.match(stdout, /\d+ files of \d+ packages or folders; rights: train/);
    assert.match(stdout, /licences: MIT \(/);
    const text = await openDataset(path.join(home, "data", lineage.origin.datasets[0]!.name));
    const outlook = extrapolateBitsPerByte(
      card,
      30 / BUDGETS[2].minutes,
      text.manifest.splits.train.numTokens,
    );
    if (outlook) says(`about ${outlook.low.toFixed(2)} to ${outlook.high.toFixed(2)} bits/byte`);
    else assert.doesNotMatch(stdout, /What 30 minutes would give/);
    const page = /^Report: (.+)$/m.exec(stdout)?.[1] ?? "";
    assert.match(await readFile(path.resolve(scratch, page), "utf8"), /<svg/);
    says("curl http://127.0.0.1:8080/v1/chat/completions");
    says('new OpenAI({ baseURL: "http://127.0.0.1:8080/v1"');
    assert.equal(stdout.split("\nNext:\n")[1]?.match(/^ {2}npx homegrown /gm)?.length, 3);
    assert.doesNotMatch(stdout, /The champion is/);
  });

  test("a second up trains nothing, answers with the card's version, names the champion, and serves on", async () => {
    const command = startCommand([...upArguments(1), "--port", "0", "--json"]);
    try {
      await untilPrinted(command, /"url": "[^"]+"\n\}\n$/);
      const again = JSON.parse(command.stdout()) as UpResult;
      assert.equal(again.reused, true);
      assert.equal(again.version, "first@v1");
      assert.equal(again.answeredBy, "first@v1");
      assert.equal(again.answer, first.answer);
      const [model] = await runJson<ModelSummary[]>(["models", "list", "--home", home]);
      assert.equal(again.champion, `first@${model?.aliases.champion}`);
      const served = (await (await fetch(`${again.url}/v1/models`)).json()) as { data: { id: string }[] };
      assert.deepEqual(
        served.data.map(({ id }) => id),
        ["first"],
      );
    } finally {
      command.child.kill("SIGINT");
    }
    assert.equal((await command.outcome).code, 0);
  });

  openAiContract({
    name: "a model grown a moment ago, behind homegrown serve",
    async start() {
      const server = await startServer(home);
      return { url: server.url, model: "first", close: async () => void (await server.stop()) };
    },
  });

  test("promote and rollback under 20 concurrent streams: nothing fails, nothing is mixed", async () => {
    await runJson(["models", "promote", "first@v1", "--reason", "begin with the first", "--home", home]);
    const server = await startServer(home);
    try {
      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
      const answers: Record<string, readonly string[]> = { "first@v1": await askAll(client) };
      await promoteAndWait(client, "first@v2");
      answers["first@v2"] = await askAll(client);
      await promoteAndWait(client, "first@v1");
      // Other seeds, other steps: all answers alike, 48 tokens each, would mean that one model answers for both.
      const differs = questions().findIndex((_, i) => answers["first@v1"]![i] !== answers["first@v2"]![i]);
      assert.ok(differs >= 0, "two trainings answer at least one question differently");
      const question = questions()[differs]!;
      const expected = (version: string): string => answers[version]![differs]!;

      const seen = new Set<string>();
      const swaps = new AbortController();
      const streams = Array.from({ length: 20 }, async () => {
        do {
          const { text, fingerprint } = await stream(client, question);
          seen.add(fingerprint);
          assert.equal(text, expected(fingerprint), `an answer of ${fingerprint} is whole and its own`);
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

  test("every move of the aliases is kept with who and why", async () => {
    const entries = await runJson<AliasHistoryEntry[]>(["models", "history", "first", "--home", home]);
    assert.deepEqual([entries[0]?.alias, entries[0]?.from, entries[0]?.to], ["champion", null, "v1"]);
    const last = entries.filter(({ alias }) => alias === "champion").at(-1);
    assert.deepEqual([last?.action, last?.from, last?.to], ["rollback", "v2", "v1"]);
    const { stdout } = await runCommand(["models", "history", "first", "--home", home]);
    assert.match(stdout, /champion +v2 to v1 +\S+ +rolled back by hand/);
    assert.equal(stdout.trim().split("\n").length, entries.length + 1);
  });

  test("a SIGTERM for serve's whole process group: streams finish, every request was logged", async () => {
    const server = await startServer(home, { detached: true });
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
    await assert.rejects(client.chat.completions.create({ ...request(), model: "nobody" }), { status: 404 });
    const tokenizer = JSON.parse(await readFile(path.join(first.folder, "tokenizer.json"), "utf8")) as {
      added_tokens: { id: number }[];
    };
    // No token may end an answer: the signal then comes in the middle of all four.
    const logit_bias = Object.fromEntries(tokenizer.added_tokens.map(({ id }) => [id, -100]));
    const streams = await Promise.all(
      Array.from({ length: 4 }, () =>
        client.chat.completions.create({ ...request(), logit_bias, stream: true }),
      ),
    );
    process.kill(-server.command.child.pid!, "SIGTERM");
    const reasons = await Promise.all(
      streams.map(async (chunks) => {
        let reason = "";
        for await (const { choices } of chunks) reason = choices[0]?.finish_reason ?? reason;
        return reason;
      }),
    );
    assert.deepEqual(reasons, ["length", "length", "length", "length"]);
    const { code, stderr } = await server.command.outcome;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^\S+Z \S+ POST \/v1\/chat\/completions 404 - \d+ ms \S+\/\S+$/m);
    const answered = /^\S+Z \S+ POST \/v1\/chat\/completions 200 first@v1 \d+\+48 tokens \d+ ms$/gm;
    assert.equal(stderr.match(answered)?.length, 4, stderr);
    assert.match(stderr, /first: process \d+ is ready/);
    assert.ok(!stderr.includes(first.question), "no prompt is logged");
  });

  test("eval measures a version again; an imported one has nothing to be measured with", async () => {
    const out = path.join(scratch, "report");
    const card = reportCardSchema.parse(
      await runJson(["eval", "first@v1", "--seconds", "5", "--out", out, "--home", home]),
    );
    assert.equal(card.version, "first@v1");
    assert.ok(card.parity.length === 2 && card.parity.every(({ passed }) => passed));
    assert.equal(card.heldOut.bytes, first.report.heldOut.bytes);
    const difference = card.heldOut.bitsPerByte.value - first.report.heldOut.bitsPerByte.value;
    assert.ok(Math.abs(difference) < 1e-3, `${difference} bits/byte`);
    assert.deepEqual((await readdir(out)).sort(), ["report.html", "report.json", "report.md"]);

    const weights = path.join(first.folder, "model-f32.gguf");
    await runJson(["models", "import", weights, "--name", "brought", "--license", "MIT", "--home", home]);
    const refused = await runCommand(["eval", "brought", "--home", home]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^lifecycle\/not-measurable: /m);
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

  function questions(): string[] {
    return [first.question, ...QUESTIONS];
  }

  function request(question = first.question): {
    model: string;
    messages: { role: "user"; content: string }[];
    max_tokens: number;
    temperature: number;
  } {
    return {
      model: "first",
      messages: [{ role: "user", content: question }],
      max_tokens: 48,
      temperature: 0,
    };
  }

  async function askAll(client: OpenAI): Promise<readonly string[]> {
    const answers: string[] = [];
    for (const question of questions()) {
      const { choices } = await client.chat.completions.create(request(question));
      answers.push(choices[0]?.message.content ?? "");
    }
    return answers;
  }

  async function stream(client: OpenAI, question: string): Promise<{ text: string; fingerprint: string }> {
    let text = "";
    let fingerprint = "";
    for await (const chunk of await client.chat.completions.create({ ...request(question), stream: true })) {
      text += chunk.choices[0]?.delta.content ?? "";
      fingerprint = chunk.system_fingerprint ?? fingerprint;
    }
    return { text, fingerprint };
  }
});

/** As the story shows it. */
function firstLine(text: string): string {
  return toPrintable(text).split("\n")[0]!.slice(0, 100);
}
