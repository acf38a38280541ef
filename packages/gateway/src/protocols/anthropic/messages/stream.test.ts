import assert from "node:assert/strict";
import { it } from "node:test";
import type { ChatStreamPart } from "@homegrown/contracts";
import { NO_USAGE } from "../../../core/token-usage.ts";
import { ANSWERS, USAGE, textParts, toParts, toResult } from "./answers.fixture.ts";
import { HEAD, translate } from "./requests.fixture.ts";
import { MessageStream } from "./stream.ts";

const OPTIONS = { stopSequences: [], display: "full" } as const;
const typesOf = (events: string): string[] =>
  events
    .split("\n\n")
    .slice(0, -1)
    .map((event) => event.slice("event: ".length, event.indexOf("\n")));

const reasonOf = (unified: string, raw: string | undefined, stops: string[] = []): unknown => {
  const finishReason = { unified, raw } as ReturnType<typeof toResult>["finishReason"];
  const result = { ...toResult(ANSWERS["plain text"]!), finishReason };
  const { stop_reason: reason, stop_sequence: sequence } = JSON.parse(
    translate({ stop_sequences: stops }).renderAnswer([result], USAGE, HEAD),
  ) as { stop_reason: string; stop_sequence: string | null };
  return sequence === null ? reason : [reason, sequence];
};

it("a stream is these bytes", () => {
  const stream = new MessageStream(HEAD, OPTIONS);
  let events = stream.start();
  for (const part of toParts({ ...ANSWERS["plain text"]!, parts: textParts("0", "Hi") })) {
    events += stream.render(0, part);
  }
  events += stream.end({ ...NO_USAGE, input: 7, output: 1 });
  assert.equal(
    events,
    `event: message_start
data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"first","content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0,"output_tokens_details":null,"server_tool_use":null,"cache_creation":null,"inference_geo":null,"service_tier":null,"speed":null}}}

event: ping
data: {"type":"ping"}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"","citations":null}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,"stop_details":null,"container":null},"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1,"output_tokens_details":null,"server_tool_use":null}}

event: message_stop
data: {"type":"message_stop"}

`,
  );
});

it("nothing leaves before there is something to show, so that another target can still be tried", () => {
  const stream = new MessageStream(HEAD, OPTIONS);
  assert.equal(stream.start(), "");
  const parts: ChatStreamPart[] = [
    { type: "stream-start", warnings: [] },
    { type: "response-metadata", id: "x" },
    { type: "text-start", id: "0" },
    { type: "text-delta", id: "0", delta: "" },
    { type: "reasoning-start", id: "1" },
  ];
  for (const part of parts) assert.equal(stream.render(0, part), "", part.type);
});

it("text that its port has not ended holds no call up", () => {
  const stream = new MessageStream(HEAD, OPTIONS);
  stream.render(0, { type: "text-start", id: "t" });
  stream.render(0, { type: "text-delta", id: "t", delta: "So." });
  assert.deepEqual(typesOf(stream.render(0, { type: "tool-input-start", id: "c", toolName: "look" })), [
    "content_block_stop",
    "content_block_start",
  ]);
  assert.deepEqual(typesOf(stream.render(0, { type: "tool-input-delta", id: "c", delta: "{" })), [
    "content_block_delta",
  ]);
  // More text waits for the call to end, and so does the call behind it.
  assert.equal(stream.render(0, { type: "text-delta", id: "t", delta: "More." }), "");
  assert.equal(stream.render(0, { type: "tool-input-start", id: "d", toolName: "read" }), "");
  assert.equal(stream.render(0, { type: "tool-input-delta", id: "d", delta: "{}" }), "");
  const end = stream.render(0, { type: "tool-call", toolCallId: "c", toolName: "look", input: "{" });
  assert.deepEqual(typesOf(end), [
    "content_block_stop",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "content_block_start",
    "content_block_delta",
  ]);
});

it("a call whose proof comes last is followed by it", () => {
  const stream = new MessageStream(HEAD, OPTIONS);
  stream.render(0, { type: "tool-input-start", id: "c", toolName: "look" });
  stream.render(0, { type: "tool-input-delta", id: "c", delta: "{}" });
  const events = stream.render(0, {
    type: "tool-call",
    toolCallId: "c",
    toolName: "look",
    input: "{}",
    providerMetadata: { google: { thoughtSignature: "CiQB" } },
  });
  assert.match(events, /content_block_stop.*"redacted_thinking","data":"homegrown-1\..*content_block_stop/s);
});

it("a port that ends without a call's end has its call ended", () => {
  const stream = new MessageStream(HEAD, OPTIONS);
  const start = stream.render(0, { type: "tool-input-start", id: "c", toolName: "look" });
  assert.match(start, /"type":"tool_use","id":"c","name":"look","input":\{\}/);
  const { finish } = ANSWERS["plain text"]!;
  const events = stream.render(0, {
    type: "finish",
    ...finish,
    usage: toResult(ANSWERS["plain text"]!).usage,
  });
  assert.deepEqual(typesOf(events), ["content_block_stop"]);
});

it("thinking is shown, hidden or left out, as the client wants it", () => {
  const answer = ANSWERS["reasoning that ends after the text began"]!;
  const signature = "homegrown-1.";
  for (const [thinking, expected] of [
    [undefined, [{ type: "thinking", thinking: "a b", signature }]],
    [{ type: "adaptive", display: "omitted" }, [{ type: "thinking", thinking: "", signature }]],
    [{ type: "disabled" }, []],
  ] as const) {
    const translation = translate({ thinking });
    const whole = JSON.parse(translation.renderAnswer([toResult(answer)], USAGE, HEAD)) as {
      content: object[];
    };
    assert.deepEqual(whole.content, [...expected, { type: "text", text: "So.", citations: null }]);
    const stream = translation.createStream(HEAD);
    const events = toParts(answer)
      .map((part) => stream.render(0, part))
      .join("");
    assert.equal(events.includes('"thinking_delta"'), thinking === undefined);
    assert.equal(events.includes('"signature_delta"'), expected.length > 0);
  }
});

it("a call whose input is no object keeps what the model wrote", () => {
  for (const input of ["[1]", '{"a":', '"x"']) {
    const content = [{ type: "tool-call", toolCallId: "c", toolName: "look", input } as const];
    const answer = { ...ANSWERS["plain text"]!, content };
    const whole = JSON.parse(translate().renderAnswer([toResult(answer)], USAGE, HEAD)) as {
      content: { input: unknown }[];
    };
    assert.deepEqual(whole.content[0]!.input, { INVALID_JSON: input });
  }
});

it("why an answer stopped, as each kind of provider says it", () => {
  assert.equal(reasonOf("stop", "stop"), "end_turn");
  assert.equal(reasonOf("length", "length"), "max_tokens");
  assert.equal(reasonOf("length", "context-full"), "model_context_window_exceeded");
  assert.equal(reasonOf("content-filter", "SAFETY"), "refusal");
  assert.equal(reasonOf("stop", "pause_turn"), "pause_turn");
  assert.equal(reasonOf("tool-calls", "tool_calls"), "end_turn");
  assert.deepEqual(reasonOf("stop", "stop-sequence", ["END"]), ["stop_sequence", "END"]);
  assert.equal(reasonOf("stop", "stop-sequence", ["END", "X"]), "stop_sequence");
});

it("ids of calls are such as Anthropic takes, whole and streamed", () => {
  const call = { type: "tool-call", toolCallId: "functions.look:0", toolName: "look", input: "{}" } as const;
  const google = { providerMetadata: { google: { thoughtSignature: "CiQB" } } };
  const answer = {
    ...ANSWERS["plain text"]!,
    content: [{ ...call, ...google }],
    parts: [{ ...call, ...google }],
  };
  for (const [thinking, types] of [
    [undefined, ["redacted_thinking", "tool_use"]],
    [{ type: "disabled" }, ["tool_use"]],
  ] as const) {
    const translation = translate({ thinking });
    const whole = JSON.parse(translation.renderAnswer([toResult(answer)], USAGE, HEAD)) as {
      content: { type: string; id?: string }[];
    };
    assert.deepEqual(
      whole.content.map(({ type }) => type),
      types,
    );
    assert.equal(whole.content.at(-1)?.id, "functions_look_0");
    const stream = translation.createStream(HEAD);
    const events = toParts(answer).map((part) => stream.render(0, part));
    assert.match(events.join(""), /"id":"functions_look_0"/);
    assert.equal(events.join("").includes("redacted_thinking"), types.length > 1);
  }
  const nameless = { ...ANSWERS["plain text"]!, content: [{ ...call, toolCallId: "" }] };
  assert.match(translate().renderAnswer([toResult(nameless)], USAGE, HEAD), /"id":"toolu_[0-9a-f]{32}"/);
});
