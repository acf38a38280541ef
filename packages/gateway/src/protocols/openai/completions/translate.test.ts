import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMarkovModel } from "@homegrown/testing";
import type { CompletionTranslation, ModelRequest, PortContext } from "../../../core/model-request.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import { parseJsonBody } from "../../../server/json-body.ts";
import { parseTextCompletion } from "./request.ts";

const HEAD = { id: "x", createdAt: 1, model: "m", version: "m@1" };
const model = createMarkovModel({ modelId: "m" });

function parse(fields: object): ModelRequest {
  const body = { model: "m", prompt: "Once upon", temperature: 0, ...fields };
  return parseTextCompletion(parseJsonBody(Buffer.from(JSON.stringify(body)), 100), { maxChoices: 16 });
}

interface Whole {
  answer: {
    choices: { text: string; index: number; finish_reason: string }[];
    usage: { prompt_tokens: number };
  };
  usage: TokenUsage;
}

function contextOf(fields: Partial<PortContext>): PortContext {
  const { signal } = new AbortController();
  return { signal, head: HEAD, maxOutputTokens: undefined, parallelChoices: 2, ...fields };
}

async function runWhole(fields: object, context: Partial<PortContext> = {}): Promise<Whole> {
  const run = (parse(fields).translate() as CompletionTranslation).run(model.completion, contextOf(context));
  assert.ok(run.kind === "whole");
  const { body, usage } = await run.answer;
  return { answer: JSON.parse(body as string), usage };
}

async function runStream(fields: object): Promise<{ events: string[]; usage: TokenUsage | undefined }> {
  const translation = parse({ ...fields, stream: true }).translate() as CompletionTranslation;
  const run = translation.run(model.completion, contextOf({}));
  assert.ok(run.kind === "stream");
  let text = "";
  let usage: TokenUsage | undefined;
  for await (const part of run.parts) {
    text += part.text;
    usage = part.usage ?? usage;
  }
  return { events: text.trimEnd().split("\n\n"), usage };
}

describe("a completion over the port", () => {
  it("streams what it gives whole, in text, reasons and usage", async () => {
    const fields = { prompt: ["Once upon", "The quick"], n: 2, max_tokens: 6, echo: true };
    const { answer, usage } = await runWhole(fields);
    const { events, usage: streamedUsage } = await runStream({
      ...fields,
      stream_options: { include_usage: true },
    });
    assert.equal(events.pop(), "data: [DONE]");
    const chunks = events.map((event) => JSON.parse(event.slice("data: ".length)));
    const texts = ["", "", "", ""];
    for (const { choices } of chunks) for (const { index, text } of choices) texts[index] += text;
    assert.deepEqual(
      texts,
      answer.choices.map(({ text }) => text),
    );
    assert.ok(texts[2]!.startsWith("The quick"));
    assert.deepEqual(chunks.at(-1).usage, answer.usage);
    assert.deepEqual(streamedUsage, usage);
    assert.equal(usage.input, 18, "each prompt is counted once");
    assert.equal(usage.estimated, false);
  });

  it("never goes past the cap that budgets leave", async () => {
    const { usage } = await runWhole({ max_tokens: 12 }, { maxOutputTokens: 3 });
    assert.equal(usage.output, 3);
    const own = await runWhole({ max_tokens: 2 }, { maxOutputTokens: 3 });
    assert.equal(own.usage.output, 2);
  });

  it("tells the core how many choices a request costs", () => {
    assert.equal(parse({ prompt: ["a", "b"], n: 3 }).numChoices, 6);
    assert.equal(parse({ best_of: 5 }).numChoices, 5);
    assert.equal(parse({}).maxOutputTokens, 16);
    assert.equal(parse({ logprobs: 0 }).needs.logProbabilities, true);
  });

  const faults: [param: string, fields: object][] = [
    ["prompt", { prompt: [] }],
    ["prompt", { prompt: ["a", 1] }],
    ["prompt", { prompt: Array.from({ length: 17 }, () => "a") }],
    ["best_of", { best_of: 3 }],
    ["suffix", { suffix: "end" }],
    ["echo", { echo: true, logprobs: 1 }],
    ["echo", { echo: true, prompt: [1, 2] }],
    ["max_tokens", { max_tokens: 0 }],
    ["response_format", { response_format: { type: "text" } }],
  ];
  for (const [param, fields] of faults) {
    it(`refuses ${JSON.stringify(fields).slice(0, 60)} as ${param}`, () => {
      assert.throws(
        () => parse(fields).translate(),
        (error: { details: { param: string } }) => error.details.param === param,
      );
    });
  }

  it("passes on what a provider of this protocol takes", () => {
    for (const fields of [
      { best_of: 3 },
      { suffix: "end" },
      { max_tokens: 0 },
      { echo: true, logprobs: 1 },
    ]) {
      assert.ok(parse(fields).bytes);
    }
  });
});
