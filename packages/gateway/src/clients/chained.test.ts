// Client → gateway with a key, a budget and a ledger → second gateway in a process of its own → its own model.
// What the client was told, what both ledgers hold and what the budget has spent must be the same.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Anthropic } from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { listBudgets, setBudget } from "../budgets/budget-admin.ts";
import { openGatewayDatabase } from "../composition/gateway-database.ts";
import type { GatewayDatabase } from "../composition/gateway-database.ts";
import { startGateway } from "../composition/start-gateway.ts";
import type { Gateway } from "../composition/start-gateway.ts";
import { createKey } from "../keys/key-admin.ts";
import { listLedger } from "../ledger/usage.ts";
import type { LedgerRecord } from "../ledger/ledger-entry.ts";
import { startGatewayProcess } from "./world.fixture.ts";
import type { GatewayProcess } from "./world.fixture.ts";

const BY = { actor: "chain", reason: "a test" };
const QUESTION = "What is the capital of France?";
const INPUT_USD = 2;
const OUTPUT_USD = 10;
const price = {
  inputUsdPerMillion: INPUT_USD,
  outputUsdPerMillion: OUTPUT_USD,
  asOf: "2026-11-01",
};

let folder: string;
let far: GatewayDatabase;
let near: GatewayDatabase;
let second: GatewayProcess;
let first: Gateway;
let key: string;

const openDatabase = (name: string): Promise<GatewayDatabase> =>
  openGatewayDatabase({ kind: "sqlite", file: join(folder, name), synchronous: "normal" });

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "homegrown-chain-"));
  far = await openDatabase("far.db");
  near = await openDatabase("near.db");
  const between = await createKey(far, { name: "first gateway" }, BY);
  process.env["HOMEGROWN_TEST_SECOND_KEY"] = between.text;
  second = await startGatewayProcess({
    config: {},
    database: join(folder, "far.db"),
    models: import.meta.resolve("@homegrown/testing"),
  });
  const apiKey = { env: "HOMEGROWN_TEST_SECOND_KEY" };
  const baseUrl = `${second.url}/v1`;
  const models = { garden: { price } };
  const shown = await createKey(near, { name: "client" }, BY);
  key = shown.text;
  await setBudget(near, { scope: "key", scopeId: shown.key.id, period: "day", limitNanoUsd: 1e9 }, BY);
  first = await startGateway({
    database: near,
    config: {
      providers: {
        chat: { kind: "openai-compatible", baseUrl, apiKey, models },
        responses: { kind: "openai", api: "responses", baseUrl, apiKey, models },
        anthropic: { kind: "anthropic-compatible", baseUrl, apiKey, models },
      },
      exposeTargets: true,
    },
  });
});
after(async () => {
  await first.close();
  second.stop();
  await near.close();
  await far.close();
  await rm(folder, { recursive: true, force: true });
});

interface Told {
  text: string;
  input: number;
  output: number;
}

const openai = (): OpenAI => new OpenAI({ baseURL: `${first.url}/v1`, apiKey: key, maxRetries: 0 });
const anthropic = (): Anthropic => new Anthropic({ baseURL: first.url, apiKey: key, maxRetries: 0 });

const ASK: Record<string, (model: string, stream: boolean) => Promise<Told>> = {
  async chat(model, stream) {
    const body = {
      model,
      messages: [{ role: "user" as const, content: QUESTION }],
      temperature: 0,
      max_tokens: 60,
    };
    const usage = { stream_options: { include_usage: true } };
    const { choices, usage: told } = stream
      ? await openai()
          .chat.completions.stream({ ...body, ...usage })
          .finalChatCompletion()
      : await openai().chat.completions.create(body);
    return {
      text: choices[0]!.message.content ?? "",
      input: told!.prompt_tokens,
      output: told!.completion_tokens,
    };
  },
  async responses(model, stream) {
    const body = { model, input: QUESTION, temperature: 0, max_output_tokens: 60, store: false };
    const { output_text: text, usage } = stream
      ? await openai().responses.stream(body).finalResponse()
      : await openai().responses.create(body);
    return { text, input: usage!.input_tokens, output: usage!.output_tokens };
  },
  async messages(model, stream) {
    const body = {
      model,
      messages: [{ role: "user" as const, content: QUESTION }],
      temperature: 0,
      max_tokens: 60,
    };
    const { content, usage } = stream
      ? await anthropic().messages.stream(body).finalMessage()
      : await anthropic().messages.create(body);
    const text = content.map((block) => (block.type === "text" ? block.text : "")).join("");
    return { text, input: usage.input_tokens, output: usage.output_tokens };
  },
};

/** At temperature 0 it is the same whichever way the question takes. */
let firstText: string | undefined;

for (const [front, ask] of Object.entries(ASK)) {
  for (const provider of ["chat", "responses", "anthropic"]) {
    describe(`${front} → ${provider} → own model`, () => {
      for (const stream of [false, true]) {
        it(stream ? "streamed" : "whole", async () => {
          const from = new Date();
          const spentBefore = await spent();
          const told = await ask(`${provider}/garden`, stream);
          assert.notEqual(told.text, "");
          assert.equal(told.text, (firstText ??= told.text), "the same question got another answer");
          const [mine, theirs] = [await lastRow(near, from), await lastRow(far, from)];
          for (const { outcome, streamed, usage } of [mine, theirs]) {
            assert.deepEqual([outcome, streamed, usage.estimated], ["completed", stream, false]);
            assert.deepEqual([usage.input, usage.output], [told.input, told.output]);
          }
          assert.equal(theirs.own, true);
          assert.equal(theirs.version, "garden@1");
          const cost = (told.input * INPUT_USD + told.output * OUTPUT_USD) * 1000;
          assert.equal(mine.costNano, cost);
          assert.equal((await spent()) - spentBefore, cost);
        });
      }
    });
  }
}

it("a context too long for the own model is said so in the client's own words, through both gateways", async () => {
  const content = "word ".repeat(1000);
  const messages = [{ role: "user" as const, content }];
  for (const provider of ["chat", "responses", "anthropic"]) {
    const model = `${provider}/garden`;
    await assert.rejects(openai().chat.completions.create({ model, messages }), {
      status: 400,
      code: "context_length_exceeded",
    });
    await assert.rejects(anthropic().messages.create({ model, messages, max_tokens: 5 }), (error) => {
      assert.ok(error instanceof Anthropic.BadRequestError);
      assert.match(error.message, /prompt is too long/);
      return true;
    });
  }
});

async function lastRow(database: GatewayDatabase, from: Date): Promise<LedgerRecord> {
  for (let tries = 0; tries < 1000; tries++) {
    const { records } = await listLedger(database, { from });
    if (records[0] && records[0].outcome !== "open") {
      assert.equal(records.length, 1);
      return records[0];
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("the ledger has no settled row");
}

async function spent(): Promise<number> {
  const [budget] = await listBudgets(near);
  return budget!.spentNanoUsd;
}
