import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DialectReader, EventVerdict, StreamReader } from "./dialect-reader.ts";
import { speechReader, transcriptionsReader } from "./openai-media.ts";

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const delta = (text: string, more: object = {}): string =>
  event({ type: "transcript.text.delta", delta: text, ...more });
const DONE = "data: [DONE]\n\n";
const TOKENS = {
  type: "tokens",
  input_tokens: 14,
  input_token_details: { text_tokens: 10, audio_tokens: 4 },
  output_tokens: 31,
  total_tokens: 45,
};
const COUNTED = { input: 14, cacheRead: 0, cacheWrite: 0, output: 31, reasoning: 0, estimated: false };
const LASTED = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, estimated: false };

const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
const usageOf = (answer: object): unknown => transcriptionsReader.usageOf({ text: "hi", ...answer });

function readAll(
  dialect: DialectReader,
  events: readonly string[],
): { reader: StreamReader; verdicts: EventVerdict[] } {
  const reader = dialect.createStreamReader!();
  return { reader, verdicts: events.map((text) => reader.read(Buffer.from(text))) };
}

describe("a transcript's events", () => {
  it("end with one that carries the tokens", () => {
    const done = event({ type: "transcript.text.done", text: "Grüße an alle", usage: TOKENS });
    const { reader, verdicts } = readAll(transcriptionsReader, [delta("Grüße"), delta(" an alle"), done]);
    assert.deepEqual(verdicts, ["pass", "pass", "pass"]);
    assert.equal(reader.isComplete, true);
    assert.deepEqual(reader.usage, COUNTED);
    assert.equal(reader.textBytes, Buffer.byteLength("Grüße an alle"));
  });

  it("end with one that carries the seconds", () => {
    const usage = { type: "duration", seconds: 7.5 };
    const { reader } = readAll(transcriptionsReader, [
      event({ usage, text: "hi", type: "transcript.text.done" }),
    ]);
    assert.equal(reader.isComplete, true);
    assert.deepEqual(reader.usage, { ...LASTED, audioSeconds: 7.5 });
  });

  it("may have carriage returns, names and comments", () => {
    const named = crlf(`event: transcript.text.delta\n${delta("hello")}`);
    const done = crlf(event({ type: "transcript.text.done", text: "hello", usage: TOKENS }));
    const { reader, verdicts } = readAll(transcriptionsReader, [": keep-alive\r\n\r\n", named, done]);
    assert.deepEqual(verdicts, ["idle", "pass", "pass"]);
    assert.deepEqual([reader.usage, reader.textBytes, reader.isComplete], [COUNTED, 5, true]);
  });

  it("are counted by their text where no end came", () => {
    const spoken = delta("one ", { logprobs: [{ token: "one ", logprob: -0.1, bytes: [111] }] });
    const { reader } = readAll(transcriptionsReader, [spoken, delta(""), delta("[DONE]")]);
    assert.deepEqual([reader.usage, reader.textBytes, reader.isComplete], [undefined, 10, false]);
  });

  it("say everything twice where speakers are told apart", () => {
    const segment = { type: "transcript.text.segment", id: "s", speaker: "A", start: 0, end: 1 };
    const { reader } = readAll(transcriptionsReader, [
      delta("hello "),
      delta("you"),
      event({ ...segment, text: "hello you", duration: 1 }),
    ]);
    assert.deepEqual([reader.usage, reader.textBytes], [undefined, 9]);
  });

  it("of other servers end in their own ways", () => {
    const usage = { prompt_tokens: 14, completion_tokens: 31, total_tokens: 45 };
    const chunk = { object: "transcription.chunk", choices: [{ delta: { content: "hello" } }], usage };
    const chunks = readAll(transcriptionsReader, [event({ ...chunk, usage: undefined }), event(chunk)]);
    assert.deepEqual([chunks.reader.isComplete, chunks.reader.textBytes], [false, 10]);
    assert.equal(chunks.reader.read(Buffer.from(DONE)), "pass");
    assert.deepEqual([chunks.reader.isComplete, chunks.reader.usage], [true, COUNTED]);
    const mistral = readAll(transcriptionsReader, [
      event({ type: "transcription.text.delta", text: "hello" }),
      event({ type: "transcription.done", text: "hello", segments: [], usage }),
    ]);
    assert.deepEqual([mistral.reader.isComplete, mistral.reader.usage], [true, COUNTED]);
  });

  it("may be an error", () => {
    for (const [text, said] of [
      [
        event({ error: { message: "no more", type: "server_error", at: { delta: "hello" } } }),
        { message: "no more", type: "server_error" },
      ],
      [
        event({ type: "error", message: "no more", code: "busy" }),
        { message: "no more", type: "error", code: "busy" },
      ],
      ["event: error\ndata: broken\n\n", { message: "The provider gave no reason." }],
    ] as const) {
      const { reader, verdicts } = readAll(transcriptionsReader, [delta("hello"), text]);
      assert.deepEqual(verdicts, ["pass", "error"], text);
      // Some servers end their streams in the usual way all the same.
      reader.read(Buffer.from(DONE));
      assert.deepEqual(reader.error, said);
    }
  });
});

describe("a whole transcript", () => {
  it("reports tokens, seconds or nothing", () => {
    assert.deepEqual(usageOf({ usage: TOKENS }), COUNTED);
    assert.deepEqual(usageOf({ usage: { type: "duration", seconds: 7 } }), { ...LASTED, audioSeconds: 7 });
    assert.deepEqual(usageOf({ duration: "8.5" }), { ...LASTED, audioSeconds: 8.5 });
    assert.equal(usageOf({}), undefined);
  });
});

describe("speech's events", () => {
  const sound = event({ type: "speech.audio.delta", audio: "AQID".repeat(1000) });

  it("end with one that carries the tokens; sound is no text", () => {
    const usage = { input_tokens: 14, output_tokens: 31, total_tokens: 45 };
    const { reader, verdicts } = readAll(speechReader, [sound, event({ type: "speech.audio.done", usage })]);
    assert.deepEqual(verdicts, ["pass", "pass"]);
    assert.deepEqual([reader.isComplete, reader.usage, reader.textBytes], [true, COUNTED, 0]);
  });

  it("need not carry any", () => {
    const { reader } = readAll(speechReader, [sound, event({ type: "speech.audio.done" }), DONE]);
    assert.deepEqual([reader.isComplete, reader.usage, reader.textBytes], [true, undefined, 0]);
  });

  it("may break off or be an error", () => {
    const { reader, verdicts } = readAll(speechReader, [sound, event({ error: { message: "hoarse" } })]);
    assert.deepEqual(verdicts, ["pass", "error"]);
    assert.deepEqual([reader.isComplete, reader.error], [false, { message: "hoarse" }]);
  });

  it("are no answer where an error stands in their place", () => {
    assert.equal(speechReader.isAnswer({ error: { message: "hoarse" } }), false);
    assert.equal(speechReader.isAnswer({ audio: "AQID" }), true);
  });
});
