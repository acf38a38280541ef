import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TranscriptionModel } from "@homegrown/contracts";
import OpenAI, { toFile } from "openai";
import type { ModelRequest, PortRun, TranscriptionTranslation } from "../../../../core/model-request.ts";
import { toFormBody } from "../form-body.ts";
import { parseMultipart } from "../multipart.ts";
import { parseTranslation } from "../translations/request.ts";
import { parseTranscription } from "./request.ts";

type Call = Parameters<TranscriptionModel["doGenerate"]>[0];
type Transcript = Awaited<ReturnType<TranscriptionModel["doGenerate"]>>;

const TRANSCRIPT: Transcript = {
  text: "Hello there. Bye & <b>.",
  segments: [
    { text: "Hello there.", startSecond: 0, endSecond: 1.5 },
    { text: " Bye & <b>.", startSecond: 3661.25, endSecond: 3662.0004 },
  ],
  words: [{ text: "Hello", startSecond: 0, endSecond: 0.5 }],
  language: "en",
  durationInSeconds: 12.5,
  warnings: [],
  response: { timestamp: new Date(0), modelId: "ears" },
};

function transcriber(transcript: Partial<Transcript> = {}): TranscriptionModel & { calls: Call[] } {
  const calls: Call[] = [];
  return {
    specificationVersion: "v4",
    provider: "test",
    modelId: "ears",
    calls,
    async doGenerate(call) {
      calls.push(call);
      return { ...TRANSCRIPT, ...transcript };
    },
  };
}

const HEAD = { id: "x", createdAt: 1, model: "m", version: "v" };

function runPort(request: ModelRequest, model: TranscriptionModel): PortRun {
  const { signal } = new AbortController();
  const context = { signal, head: HEAD, maxOutputTokens: undefined, parallelChoices: 1 };
  return (request.translate() as TranscriptionTranslation).run(model, context);
}

/** What a server would answer to this request of OpenAI's client. */
async function answer(init: RequestInit, model: TranscriptionModel): Promise<Response> {
  const incoming = new Request("http://x", { ...init, method: "POST" });
  const raw = Buffer.from(await incoming.arrayBuffer());
  const entries = await parseMultipart(raw, incoming.headers.get("content-type")!);
  const run = runPort(parseTranscription(toFormBody(entries)), model);
  if (run.kind === "whole") {
    const { body, contentType } = await run.answer;
    return new Response(body as string, { headers: { "content-type": contentType ?? "application/json" } });
  }
  let text = "";
  for await (const part of run.parts) text += part.text;
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}

function clientOf(model: TranscriptionModel): OpenAI {
  return new OpenAI({
    apiKey: "none",
    maxRetries: 0,
    fetch: async (_url, init) => await answer(init as RequestInit, model),
  });
}

const file = (): Promise<File> => toFile(Buffer.from("RIFF0000WAVE"), "speech.wav");

const usageOf = async (transcript: Partial<Transcript>): Promise<unknown> => {
  const run = runPort(
    parseTranscription(
      toFormBody([
        { name: "model", value: "m" },
        { name: "file", filename: "a.mp3", mediaType: "", data: Buffer.of(1) },
      ]),
    ),
    transcriber(transcript),
  );
  assert.ok(run.kind === "whole");
  const { usage } = await run.answer;
  return [usage.input, usage.output, usage.audioSeconds, usage.estimated];
};

describe("transcriptions", () => {
  it("come to OpenAI's client in every form", async () => {
    const { transcriptions } = clientOf(transcriber()).audio;
    const json = await transcriptions.create({ model: "m", file: await file() });
    assert.deepEqual(json, { text: TRANSCRIPT.text, usage: { type: "duration", seconds: 12.5 } });

    const text: unknown = await transcriptions.create({
      model: "m",
      file: await file(),
      response_format: "text",
    });
    assert.equal(text, `${TRANSCRIPT.text}\n`);

    const srt: unknown = await transcriptions.create({
      model: "m",
      file: await file(),
      response_format: "srt",
    });
    assert.equal(
      srt,
      "1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n2\n01:01:01,250 --> 01:01:02,000\nBye & <b>.\n\n",
    );
    const vtt: unknown = await transcriptions.create({
      model: "m",
      file: await file(),
      response_format: "vtt",
    });
    assert.equal(
      vtt,
      "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello there.\n\n01:01:01.250 --> 01:01:02.000\nBye &amp; &lt;b&gt;.\n\n",
    );

    const verbose = await transcriptions.create({
      model: "m",
      file: await file(),
      response_format: "verbose_json",
      timestamp_granularities: ["word", "segment"],
    });
    assert.deepEqual(verbose.words, [{ word: "Hello", start: 0, end: 0.5 }]);
    assert.deepEqual(
      verbose.segments?.map(({ id, start, text }) => [id, start, text]),
      [
        [0, 0, "Hello there."],
        [1, 3661.25, " Bye & <b>."],
      ],
    );
    assert.deepEqual([verbose.language, verbose.duration], ["en", 12.5]);
  });

  it("stream as events that add up to the text", async () => {
    const stream = await clientOf(
      transcriber({ usage: { type: "tokens", input_tokens: 5, output_tokens: 3 } }),
    ).audio.transcriptions.create({ model: "m", file: await file(), stream: true });
    let text = "";
    let done: unknown;
    for await (const event of stream) {
      if (event.type === "transcript.text.delta") text += event.delta;
      else done = event;
    }
    assert.equal(text, TRANSCRIPT.text);
    assert.deepEqual(done, {
      type: "transcript.text.done",
      text: TRANSCRIPT.text,
      usage: { type: "tokens", input_tokens: 5, output_tokens: 3, total_tokens: 8 },
    });
  });

  it("hand the model what it needs to know", async () => {
    const model = transcriber();
    await clientOf(model).audio.transcriptions.create({
      model: "m",
      file: await file(),
      language: "de",
      prompt: "Garten",
      temperature: 0.2,
      response_format: "srt",
    });
    const [call] = model.calls;
    assert.equal(call!.mediaType, "audio/wav");
    assert.equal(Buffer.from(call!.audio as Uint8Array).toString(), "RIFF0000WAVE");
    assert.deepEqual(call!.timestampGranularities, ["segment"]);
    for (const key of ["openai", "homegrown"]) {
      assert.deepEqual(call!.providerOptions?.[key], { language: "de", prompt: "Garten", temperature: 0.2 });
    }
  });

  it("tell the core who is asked, for what, and bound its cost by the recording", () => {
    const data = Buffer.alloc(100_000);
    const form = toFormBody([
      { name: "model", value: "m" },
      { name: "language", value: "de" },
      { name: "file", filename: "a.mp3", mediaType: "", data },
    ]);
    const request = parseTranscription(form);
    assert.deepEqual([request.dialect, request.alias, request.stream], ["openai/transcriptions", "m", false]);
    assert.deepEqual(request.needs.input, new Set(["audio"]));
    assert.equal(request.needs.language, "de");
    assert.ok(request.maxInputTokens > 100_000 && request.maxInputTokens < 110_000);
    assert.equal(JSON.stringify(request.body).length < 200, true, "the recording itself is no part of it");
    assert.match(request.bytes!.contentType, /^multipart\/form-data; boundary=/);
  });

  it("are billed by what is known: seconds, tokens, or our own count", async () => {
    assert.deepEqual(await usageOf({}), [0, 0, 12.5, false]);
    const silent = { durationInSeconds: undefined };
    assert.deepEqual(await usageOf({ ...silent, usage: { input_tokens: 5, output_tokens: 3 } }), [
      5,
      3,
      undefined,
      false,
    ]);
    assert.deepEqual(await usageOf({ ...silent, usage: { type: "duration", seconds: 4 } }), [0, 0, 4, false]);
    assert.deepEqual(await usageOf({ ...silent, text: "12345678" }), [0, 2, undefined, true]);
  });

  const faults: [param: string, fields: Record<string, string>, filename?: string][] = [
    ["model", {}],
    ["response_format", { model: "m", response_format: "diarized_json" }],
    ["stream", { model: "m", stream: "perhaps" }],
    ["stream", { model: "m", stream: "true", response_format: "srt" }],
    ["temperature", { model: "m", temperature: "hot" }],
    ["temperature", { model: "m", temperature: "1.5" }],
    ["include", { model: "m", "include[]": "logprobs" }],
    [
      "timestamp_granularities[0]",
      { model: "m", response_format: "verbose_json", "timestamp_granularities[]": "line" },
    ],
    ["file", { model: "m" }, "mystery"],
  ];
  for (const [param, fields, filename = "a.mp3"] of faults) {
    it(`refuse ${JSON.stringify(fields)} as ${param}`, () => {
      const entries = Object.entries(fields).map(([name, value]) => ({ name, value }));
      const audio = { name: "file", filename, mediaType: "application/octet-stream", data: Buffer.of(1, 2) };
      assert.throws(
        () => parseTranscription(toFormBody([...entries, audio])).translate(),
        (error: { code: string; details: { param: string } }) =>
          error.code === "gateway/invalid-request" && error.details.param === param,
      );
    });
  }
});

it("translations pass through, and are refused where they would have to be made", () => {
  const form = toFormBody([
    { name: "model", value: "m" },
    { name: "file", filename: "a.mp3", mediaType: "audio/mpeg", data: Buffer.of(1) },
  ]);
  const request = parseTranslation(form);
  assert.equal(request.dialect, "openai/translations");
  assert.ok(request.bytes!.edit({ model: "whisper-1" }).includes("whisper-1"));
  assert.throws(() => request.translate(), { code: "gateway/invalid-request" });
});
