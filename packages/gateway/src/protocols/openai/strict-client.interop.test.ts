// OpenAI's Python client refuses, in its strict mode, an answer that lacks a field or has another type in it.
// Left out is what its types refuse of OpenAI's own answers: the null finish_reason of streamed completions,
// streamed calls of custom tools, and vectors in base64.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { it } from "node:test";
import type { ChatResult, ChatStreamPart, TokenLogProbability } from "@homegrown/contracts";
import { ensurePython } from "@homegrown/testing";
import type { Answer } from "../../core/answer.ts";
import { NO_USAGE } from "../../core/token-usage.ts";
import { renderTranscription } from "./audio/transcriptions/render.ts";
import type { Transcript } from "./audio/transcriptions/render.ts";
import { renderTranscriptEvents } from "./audio/transcriptions/stream.ts";
import { renderChatCompletion } from "./chat-completions/render.ts";
import { ChatCompletionStream } from "./chat-completions/stream.ts";
import { renderTextCompletion } from "./completions/render.ts";
import { renderEmbeddings } from "./embeddings/render.ts";
import { renderModel, renderModelList } from "./models/render.ts";

const HEAD = { id: "x1", createdAt: 1_700_000_000, model: "m", version: "m@1" };
const USAGE = { ...NO_USAGE, input: 5, cacheRead: 1, output: 7, reasoning: 2 };
const PORT_USAGE: ChatResult["usage"] = {
  inputTokens: { total: 5, noCache: 4, cacheRead: 1, cacheWrite: 0 },
  outputTokens: { total: 7, text: 5, reasoning: 2 },
};
const TOKEN: TokenLogProbability = {
  id: 1,
  text: "Hi",
  bytes: [72, 105],
  logProbability: -0.5,
  top: [{ id: 2, text: "Ho", bytes: [72, 111], logProbability: -Infinity }],
};
const SOURCE = { type: "source", sourceType: "url", id: "s", url: "https://a.org" } as const;
const TRANSCRIPT: Transcript = {
  text: "Hello.",
  segments: [{ text: "Hello.", startSecond: 0, endSecond: 1 }],
  words: [{ text: "Hello.", startSecond: 0, endSecond: 1 }],
  language: undefined,
  durationInSeconds: 1.5,
  usage: { input_tokens: 3, output_tokens: 2 },
  warnings: [],
  response: { timestamp: new Date(0), modelId: "ears" },
};
const METADATA = { homegrown: { tokens: JSON.parse(JSON.stringify([TOKEN])) } };
const OPTIONS = { includeUsage: true, logProbabilities: true, customTools: new Set(["note"]) };

const RESULTS: ChatResult[] = [
  {
    content: [
      { type: "reasoning", text: "Hm." },
      { type: "text", text: "Hi", providerMetadata: METADATA, citations: [{ source: SOURCE }] },
      SOURCE,
      { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
    ],
    finishReason: { unified: "stop", raw: undefined },
    usage: PORT_USAGE,
    warnings: [],
  },
  {
    content: [
      { type: "tool-call", toolCallId: "a", toolName: "f", input: "{}" },
      { type: "tool-call", toolCallId: "b", toolName: "note", input: '{"input":"x"}' },
    ],
    finishReason: { unified: "tool-calls", raw: undefined },
    usage: PORT_USAGE,
    warnings: [],
  },
  {
    content: [],
    finishReason: { unified: "content-filter", raw: undefined },
    usage: PORT_USAGE,
    warnings: [],
  },
];

function streamChat(): string {
  const stream = new ChatCompletionStream(HEAD, OPTIONS);
  const parts: ChatStreamPart[] = [
    { type: "reasoning-delta", id: "r", delta: "Hm." },
    { type: "text-delta", id: "t", delta: "Hi", providerMetadata: METADATA },
    { type: "text-end", id: "t", citations: [{ source: SOURCE }] },
    { type: "tool-input-start", id: "a", toolName: "f" },
    { type: "tool-input-delta", id: "a", delta: "{}" },
    { type: "tool-call", toolCallId: "a", toolName: "f", input: "{}" },
    { type: "tool-call", toolCallId: "b", toolName: "g", input: "{}" },
    { type: "finish", finishReason: { unified: "length", raw: undefined }, usage: PORT_USAGE },
  ];
  return stream.start() + parts.map((part) => stream.render(0, part)).join("") + stream.end(USAGE);
}

const COMPLETION_OPTIONS = {
  includeUsage: true,
  logProbabilities: true,
  numChoicesPerPrompt: 1,
  echoes: ["a"],
};
const ANSWER: Answer = {
  choices: [{ text: "b", tokens: [TOKEN], reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } }],
  usage: { inputTokens: 1, outputTokens: 1 },
};

const JSON_TYPE = "application/json";
const EVENTS = "text/event-stream";
const model = { id: "m", createdAt: new Date(1e12), ownedBy: "homegrown" };

const cases: { call: string; contentType: string; body: string }[] = [
  { call: "chat", contentType: JSON_TYPE, body: renderChatCompletion(HEAD, RESULTS, USAGE, OPTIONS) },
  { call: "chat-stream", contentType: EVENTS, body: streamChat() },
  {
    call: "completion",
    contentType: JSON_TYPE,
    body: renderTextCompletion(HEAD, COMPLETION_OPTIONS, ANSWER),
  },
  { call: "embeddings", contentType: JSON_TYPE, body: renderEmbeddings("m", [[1, 0.5]], USAGE, "float") },
  { call: "models", contentType: JSON_TYPE, body: renderModelList([model]) },
  { call: "model", contentType: JSON_TYPE, body: renderModel(model) },
  { call: "transcription", contentType: JSON_TYPE, body: renderTranscription(TRANSCRIPT, "json").body },
  {
    call: "transcription-verbose",
    contentType: JSON_TYPE,
    body: renderTranscription({ ...TRANSCRIPT, usage: undefined as never }, "verbose_json", [
      "word",
      "segment",
    ]).body,
  },
  { call: "transcription-stream", contentType: EVENTS, body: renderTranscriptEvents(TRANSCRIPT).body },
];

it("OpenAI's Python client takes every answer in its strict mode", { timeout: 600_000 }, async () => {
  const python = await ensurePython(["openai==3.54.0"]);
  const child = spawn(python, [join(import.meta.dirname, "strict-client.py")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  // One that must fail, or the others say nothing.
  const broken = { call: "chat", contentType: JSON_TYPE, body: '{"id":"x","object":"chat.completion"}' };
  child.stdin.end([...cases, broken].map((one) => `${JSON.stringify(one)}\n`).join(""));
  const verdicts = (await text(child.stdout))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(verdicts.length, cases.length + 1);
  assert.ok("error" in verdicts.pop());
  const refused = verdicts.flatMap(({ error }, index) => (error ? [`${cases[index]!.call}: ${error}`] : []));
  assert.deepEqual(refused, []);
});
