// What the three conversational fronts are asked and how their answers are read, for tests that ask all of them.
import assert from "node:assert/strict";
import type { RawAnswer } from "@homegrown/testing";

export interface FrontUnderTest {
  name: "chat" | "messages" | "responses";
  path: string;
  headers: Record<string, string>;
  body(model: string, text: string, stream: boolean): Record<string, unknown>;
  /** The text of a good answer; throws for anything else. */
  textOf(answer: RawAnswer, stream: boolean): string;
  /** Checks the protocol's own error body and returns its code (OpenAI) or type (Anthropic). */
  errorOf(answer: RawAnswer): string;
  /** Checks that a broken stream is well-formed and ends in the protocol's error event; returns its message. */
  brokenOf(answer: RawAnswer): string;
}

const chat: FrontUnderTest = {
  name: "chat",
  path: "/v1/chat/completions",
  headers: {},
  body: (model, text, stream) => ({ model, stream, messages: [{ role: "user", content: text }] }),
  textOf(answer, stream) {
    assert.equal(answer.status, 200, answer.text);
    if (!stream) return String(dig(parse(answer.text), "choices", 0, "message", "content"));
    const events = readEvents(answer);
    assert.equal(events.pop()?.data, "[DONE]");
    return events.map(({ data }) => dig(parse(data), "choices", 0, "delta", "content") ?? "").join("");
  },
  errorOf: openAiErrorOf,
  brokenOf(answer) {
    const events = readEvents(answer);
    const last = parse(events.pop()!.data);
    for (const { data } of events) assert.ok(Array.isArray(dig(parse(data), "choices")));
    assert.equal(typeof dig(last, "error", "type"), "string");
    return String(dig(last, "error", "message"));
  },
};

const messages: FrontUnderTest = {
  name: "messages",
  path: "/v1/messages",
  headers: { "anthropic-version": "2023-06-01" },
  body: (model, text, stream) => ({
    model,
    stream,
    max_tokens: 100,
    messages: [{ role: "user", content: text }],
  }),
  textOf(answer, stream) {
    assert.equal(answer.status, 200, answer.text);
    if (!stream) return String(dig(parse(answer.text), "content", 0, "text"));
    const events = readEvents(answer);
    assert.equal(events.at(-1)?.event, "message_stop");
    return events.map(({ data }) => dig(parse(data), "delta", "text") ?? "").join("");
  },
  errorOf(answer) {
    const body = parse(answer.text);
    assert.equal(dig(body, "type"), "error");
    assert.ok(isText(dig(body, "error", "message")));
    assert.ok(isText(dig(body, "request_id")));
    return String(dig(body, "error", "type"));
  },
  brokenOf(answer) {
    const events = readEvents(answer);
    const last = events.pop()!;
    assert.equal(last.event, "error");
    for (const { event, data } of events) assert.equal(dig(parse(data), "type"), event);
    return String(dig(parse(last.data), "error", "message"));
  },
};

const responses: FrontUnderTest = {
  name: "responses",
  path: "/v1/responses",
  headers: {},
  body: (model, text, stream) => ({ model, stream, store: false, input: text }),
  textOf(answer, stream) {
    assert.equal(answer.status, 200, answer.text);
    const response = stream ? dig(parse(readEvents(answer).at(-1)!.data), "response") : parse(answer.text);
    assert.equal(dig(response, "status"), "completed");
    return String(dig(response, "output", 0, "content", 0, "text"));
  },
  errorOf: openAiErrorOf,
  brokenOf(answer) {
    const events = readEvents(answer);
    const last = parse(events.pop()!.data);
    for (const { event, data } of events) assert.equal(dig(parse(data), "type"), event);
    assert.match(String(dig(last, "type")), /^(?:error|response\.failed)$/);
    return String(dig(last, "message") ?? dig(last, "response", "error", "message"));
  },
};

export const FRONTS: readonly FrontUnderTest[] = [chat, messages, responses];

function openAiErrorOf(answer: RawAnswer): string {
  const error = dig(parse(answer.text), "error");
  assert.ok(isText(dig(error, "message")));
  assert.ok(isText(dig(error, "type")));
  const param = dig(error, "param");
  assert.ok(param === null || isText(param));
  const code = dig(error, "code");
  assert.ok(isText(code), answer.text);
  return code;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function parse(text: string): unknown {
  return JSON.parse(text);
}

/** A value inside a value; undefined where the path leads nowhere. */
function dig(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], value);
}

/** Whole events only: what does not end in a blank line is no event. */
function readEvents(answer: RawAnswer): { event: string | undefined; data: string }[] {
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers["content-type"] ?? "", /^text\/event-stream/);
  assert.ok(answer.text.endsWith("\n\n"), `it ends in the middle of an event: ${answer.text.slice(-100)}`);
  return answer.text
    .trimEnd()
    .split("\n\n")
    .flatMap((text) => {
      const lines = text.split("\n");
      const data = lines.find((line) => line.startsWith("data: "))?.slice("data: ".length);
      const event = lines.find((line) => line.startsWith("event: "))?.slice("event: ".length);
      return data === undefined ? [] : [{ event, data }];
    });
}
