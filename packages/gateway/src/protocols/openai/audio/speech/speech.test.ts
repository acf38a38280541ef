import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SpeechModel } from "@homegrown/contracts";
import type { PortRun, SpeechTranslation } from "../../../../core/model-request.ts";
import type { TokenUsage } from "../../../../core/token-usage.ts";
import { parseJsonBody } from "../../../../server/json-body.ts";
import { parseSpeech } from "./request.ts";

type Call = Parameters<SpeechModel["doGenerate"]>[0];
type Speech = Awaited<ReturnType<SpeechModel["doGenerate"]>>;

function speaker(speech: Partial<Speech> = {}): SpeechModel & { calls: Call[] } {
  const calls: Call[] = [];
  return {
    specificationVersion: "v4",
    provider: "test",
    modelId: "mouth",
    calls,
    async doGenerate(call) {
      calls.push(call);
      return {
        audio: new Uint8Array([1, 2, 3]),
        warnings: [],
        response: { timestamp: new Date(0), modelId: "mouth" },
        ...speech,
      };
    },
  };
}

function run(model: SpeechModel, fields: object): PortRun {
  const body = { model: "m", input: "Hello you", voice: "alloy", ...fields };
  const request = parseSpeech(parseJsonBody(Buffer.from(JSON.stringify(body)), 100));
  const { signal } = new AbortController();
  const head = { id: "x", createdAt: 1, model: "m", version: "v" };
  const context = { signal, head, maxOutputTokens: undefined, parallelChoices: 1 };
  return (request.translate() as SpeechTranslation).run(model, context);
}

describe("speech", () => {
  it("is the audio's bytes, with the format's own type", async () => {
    const model = speaker();
    const whole = run(model, {
      response_format: "wav",
      speed: 1.5,
      instructions: "Slowly",
      voice: { id: "v1" },
    });
    assert.ok(whole.kind === "whole");
    const { body, contentType, usage } = await whole.answer;
    assert.deepEqual([...(body as Uint8Array)], [1, 2, 3]);
    assert.equal(contentType, "audio/wav");
    assert.deepEqual([usage.input, usage.estimated], [3, true]);
    assert.equal((usage as TokenUsage).characters, 9);
    const { abortSignal, ...call } = model.calls[0]!;
    assert.ok(abortSignal);
    assert.deepEqual(call, {
      text: "Hello you",
      outputFormat: "wav",
      voice: "v1",
      instructions: "Slowly",
      speed: 1.5,
    });
  });

  it("in base64 is the same; counts that the provider gives are kept", async () => {
    const whole = run(speaker({ audio: "AQID", usage: { input_tokens: 4, output_tokens: 9 } }), {});
    assert.ok(whole.kind === "whole");
    const { body, contentType, usage } = await whole.answer;
    assert.deepEqual([...(body as Uint8Array)], [1, 2, 3]);
    assert.equal(contentType, "audio/mpeg");
    assert.deepEqual([usage.input, usage.output, usage.estimated], [4, 9, false]);
  });

  it("streams as events on request", async () => {
    const stream = run(speaker(), { stream_format: "sse" });
    assert.ok(stream.kind === "stream");
    const events: { type: string; audio?: string }[] = [];
    let billed = 0;
    for await (const { text, usage } of stream.parts) {
      events.push(JSON.parse(text.slice("data: ".length)));
      billed += usage?.input ?? 0;
    }
    assert.deepEqual(
      events.map(({ type, audio }) => [type, audio]),
      [
        ["speech.audio.delta", "AQID"],
        ["speech.audio.done", undefined],
      ],
    );
    assert.equal(billed, 3);
  });

  it("refuses what it cannot say", () => {
    for (const [param, fields] of [
      ["response_format", { response_format: "midi" }],
      ["response_format", { response_format: "constructor" }],
      ["stream_format", { stream_format: "carrier-pigeon" }],
      ["speed", { speed: 5 }],
      ["voice", { voice: 7 }],
      ["input", { input: null }],
    ] as const) {
      assert.throws(
        () => run(speaker(), fields),
        (error: { details: { param: string } }) => error.details.param === param,
      );
    }
  });
});
