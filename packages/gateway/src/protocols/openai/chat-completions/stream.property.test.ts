// However a model cuts its answer into parts, the client puts the same answer together.
import assert from "node:assert/strict";
import { it } from "node:test";
import type { ChatResult, ChatStreamPart } from "@homegrown/contracts";
import * as fc from "fast-check";
import { NO_USAGE } from "../../../core/token-usage.ts";
import { renderChatCompletion } from "./render.ts";
import { ChatCompletionStream } from "./stream.ts";

const HEAD = { id: "x", createdAt: 1, model: "m", version: "m@1" };
const OPTIONS = { includeUsage: true, logProbabilities: false, customTools: new Set(["note"]) };
const USAGE: ChatResult["usage"] = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

interface Said {
  text: string;
  reasoning: string;
  calls: { name: string; input: string; streamed: boolean; whole: boolean }[];
}

const text = fc.string({ unit: "binary", maxLength: 40 });
const call = fc.record({
  name: fc.constantFrom("f", "g", "note"),
  input: fc.json({ maxDepth: 1 }),
  streamed: fc.boolean(),
  whole: fc.boolean(),
});
const said: fc.Arbitrary<Said> = fc.record({
  text,
  reasoning: text,
  calls: fc.array(call, { maxLength: 4 }),
});
/** Where to cut, as fractions; and in which order the strands take turns. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
const turns = fc.array(fc.nat(), { minLength: 1, maxLength: 40 });

function cut(value: string, at: readonly number[]): string[] {
  const places = [0, ...at.map((share) => Math.floor(share * value.length)), value.length].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, index) => value.slice(places[index], end));
}

/** One strand for the text, one for the thoughts, one for each call. */
function strandsOf({ text, reasoning, calls }: Said, at: readonly number[]): ChatStreamPart[][] {
  return [
    [
      { type: "text-start", id: "t" },
      ...cut(text, at).map((delta) => ({ type: "text-delta", id: "t", delta }) as const),
      { type: "text-end", id: "t" },
    ],
    cut(reasoning, at).map((delta) => ({ type: "reasoning-delta", id: "r", delta })),
    ...calls.map(({ name, input, streamed, whole }, index): ChatStreamPart[] => {
      const id = `call-${index}`;
      const parts: ChatStreamPart[] = [];
      if (streamed) {
        parts.push({ type: "tool-input-start", id, toolName: name });
        for (const delta of cut(input, at)) parts.push({ type: "tool-input-delta", id, delta });
        parts.push({ type: "tool-input-end", id });
      }
      // A custom tool's text shows only when it is whole.
      if (whole || !streamed || name === "note") {
        parts.push({ type: "tool-call", toolCallId: id, toolName: name, input });
      }
      return parts;
    }),
  ];
}

function weave(strands: readonly ChatStreamPart[][], order: readonly number[]): ChatStreamPart[] {
  const left = strands.filter((strand) => strand.length > 0).map((strand) => [...strand]);
  const woven: ChatStreamPart[] = [];
  for (let turn = 0; left.length > 0; turn++) {
    const at = order[turn % order.length]! % left.length;
    woven.push(left[at]!.shift()!);
    if (left[at]!.length === 0) left.splice(at, 1);
  }
  return woven;
}

interface Message {
  content: string | null;
  reasoning_content: string;
  calls: Map<string, { type: string; name: string; input: string }>;
}

interface Delta {
  content?: string;
  reasoning_content?: string;
  tool_calls?: {
    index: number;
    id?: string;
    type?: string;
    function?: { name?: string; arguments?: string };
    custom?: { name: string; input: string };
  }[];
}

/** As clients put deltas together: by index. */
function assemble(events: string): { message: Message; reasons: unknown[] } {
  const message: Message = { content: "", reasoning_content: "", calls: new Map() };
  const byIndex = new Map<number, { type: string; name: string; input: string }>();
  const reasons: unknown[] = [];
  const lines = events.trimEnd().split("\n\n");
  assert.equal(lines.pop(), "data: [DONE]");
  for (const line of lines) {
    const chunk = JSON.parse(line.slice("data: ".length)) as {
      choices: { delta: Delta; finish_reason: unknown }[];
    };
    for (const { delta, finish_reason } of chunk.choices) {
      if (finish_reason !== null) reasons.push(finish_reason);
      message.content += delta.content ?? "";
      message.reasoning_content += delta.reasoning_content ?? "";
      for (const call of delta.tool_calls ?? []) {
        const known = byIndex.get(call.index);
        if (known) {
          assert.equal(call.id, undefined, "a call begins once");
          known.input += call.function?.arguments ?? "";
          continue;
        }
        assert.equal(call.index, byIndex.size, "calls are numbered as they begin");
        const begun = {
          type: call.type!,
          name: (call.function?.name ?? call.custom?.name)!,
          input: (call.function?.arguments ?? call.custom?.input)!,
        };
        byIndex.set(call.index, begun);
        message.calls.set(call.id!, begun);
      }
    }
  }
  return { message, reasons };
}

/** The same answer, given whole. */
function renderWhole({ text, reasoning, calls }: Said): { message: Message; reasons: unknown[] } {
  const content: ChatResult["content"] = [
    { type: "reasoning", text: reasoning },
    { type: "text", text },
    ...calls.map(
      ({ name, input }, index) =>
        ({ type: "tool-call", toolCallId: `call-${index}`, toolName: name, input }) as const,
    ),
  ];
  const result: ChatResult = {
    content,
    finishReason: { unified: "stop", raw: undefined },
    usage: USAGE,
    warnings: [],
  };
  const answer = JSON.parse(renderChatCompletion(HEAD, [result], NO_USAGE, OPTIONS)) as {
    choices: { message: Delta & { tool_calls?: { id: string }[] }; finish_reason: unknown }[];
  };
  const { message, finish_reason } = answer.choices[0]!;
  return {
    message: {
      content: message.content ?? "",
      reasoning_content: message.reasoning_content ?? "",
      calls: new Map(
        (message.tool_calls ?? []).map((call) => [
          call.id!,
          {
            type: call.type!,
            name: (call.function?.name ?? call.custom?.name)!,
            input: (call.function?.arguments ?? call.custom?.input)!,
          },
        ]),
      ),
    },
    reasons: [finish_reason],
  };
}

it("an answer cut and woven at random is the answer given whole", () => {
  fc.assert(
    fc.property(said, cuts, turns, (answer, at, order) => {
      const stream = new ChatCompletionStream(HEAD, OPTIONS);
      const parts = weave(strandsOf(answer, at), order);
      const finish: ChatStreamPart = {
        type: "finish",
        finishReason: { unified: "stop", raw: undefined },
        usage: USAGE,
      };
      const events =
        stream.start() +
        [...parts, finish].map((part) => stream.render(0, part)).join("") +
        stream.end(NO_USAGE);
      const streamed = assemble(events);
      const whole = renderWhole(answer);
      assert.deepEqual(streamed.reasons, whole.reasons);
      assert.equal(streamed.message.content, whole.message.content);
      assert.equal(streamed.message.reasoning_content, whole.message.reasoning_content);
      assert.deepEqual(new Map([...streamed.message.calls].sort()), new Map([...whole.message.calls].sort()));
    }),
    { numRuns: 400, seed: 20_261_125 },
  );
});
