import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { HomegrownError } from "@homegrown/contracts";
import type { ChatResult, ChatStreamPart } from "@homegrown/contracts";
import { parseJsonBody } from "../../../server/json-body.ts";
import { parseCountTokens } from "../count-tokens/request.ts";
import { PORT_USAGE, USAGE, callParts, textParts } from "./answers.fixture.ts";
import { HEAD } from "./requests.fixture.ts";
import { renderMessage } from "./render.ts";
import { parseMessages } from "./request.ts";
import { MessageStream } from "./stream.ts";

const OPTIONS = { stopSequences: [], display: "full" } as const;
const FINISH = { finishReason: { unified: "stop", raw: undefined } } as const;

interface Block {
  type: string;
  [field: string]: unknown;
}
interface Event {
  type: string;
  index: number;
  content_block: Block;
  delta: { type: string; text: string; thinking: string; signature: string; partial_json: string };
}

/** The events of a stream of these parts, put together; checks that they follow the protocol's grammar. */
function replay(parts: readonly ChatStreamPart[]): { content: Block[]; stopReason: unknown } {
  const renderer = new MessageStream(HEAD, OPTIONS);
  let text = renderer.start();
  for (const part of parts) text += renderer.render(0, part);
  text += renderer.render(0, { type: "finish", ...FINISH, usage: PORT_USAGE });
  text += renderer.end(USAGE);
  const events = text.split("\n\n").slice(0, -1).map(toEvent);
  assert.equal(events.shift()?.type, "message_start");
  assert.equal(events.shift()?.type, "ping");
  assert.equal(events.pop()?.type, "message_stop");
  const last = events.pop()!;
  assert.equal(last.type, "message_delta");
  const content: Block[] = [];
  let isOpen = false;
  let json = "";
  for (const { type, index, content_block: block, delta } of events) {
    if (type === "content_block_start") {
      assert.equal(isOpen, false, "a block begins in another");
      assert.equal(index, content.length);
      content.push(block);
      isOpen = true;
      json = "";
      continue;
    }
    assert.ok(isOpen, `${type} outside of a block`);
    assert.equal(index, content.length - 1);
    const open = content[index]!;
    if (type === "content_block_stop") {
      if (open.type === "tool_use" && json !== "") open["input"] = JSON.parse(json);
      isOpen = false;
    } else if (delta.type === "text_delta") {
      assert.equal(open.type, "text");
      open["text"] += delta.text;
    } else if (delta.type === "input_json_delta") {
      assert.equal(open.type, "tool_use");
      json += delta.partial_json;
    } else {
      assert.equal(open.type, "thinking");
      if (delta.type === "thinking_delta") open["thinking"] += delta.thinking;
      else open["signature"] = delta.signature;
    }
  }
  assert.equal(isOpen, false, "the last block never ends");
  return { content, stopReason: (last.delta as unknown as { stop_reason: unknown }).stop_reason };
}

function toEvent(text: string): Event {
  const [name, data, ...rest] = text.split("\n");
  assert.deepEqual(rest, []);
  const event = JSON.parse(data!.slice("data: ".length)) as Event;
  assert.equal(name, `event: ${event.type}`);
  return event;
}

const deltas = fc.array(fc.string({ unit: "grapheme", maxLength: 8 }), { maxLength: 5 });
const metadata = fc.constantFrom(
  undefined,
  { anthropic: { signature: "EqQB" } },
  { openai: { reasoningEncryptedContent: "gAAA" } },
);
type Metadata = ChatResult["providerMetadata"];

/** What a port says of one block, and the content that it means. */
interface Source {
  content: ChatResult["content"][number];
  parts: ChatStreamPart[];
}

const textSource = fc.tuple(fc.uuid(), deltas).map(([id, chunks]): Source => ({
  content: { type: "text", text: chunks.join("") },
  parts: textParts(id, ...chunks),
}));
const reasoningSource = fc.tuple(fc.uuid(), deltas, metadata).map(([id, chunks, proof]): Source => ({
  content: { type: "reasoning", text: chunks.join(""), ...withMetadata(proof) },
  parts: [
    { type: "reasoning-start", id },
    ...chunks.map((delta): ChatStreamPart => ({ type: "reasoning-delta", id, delta })),
    { type: "reasoning-end", id, ...withMetadata(proof) },
  ],
}));
const callSource = fc
  .tuple(
    fc.uuid(),
    fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue()),
    fc.nat({ max: 9 }),
    fc.boolean(),
  )
  .map(([id, input, size, isWhole]): Source => {
    const json = JSON.stringify(input);
    const chunks = size === 0 ? [json] : (json.match(new RegExp(`[^]{1,${size}}`, "gu")) ?? []);
    const content = { type: "tool-call", toolCallId: id, toolName: "look", input: json } as const;
    return { content, parts: isWhole ? [content] : callParts(id, "look", ...chunks) };
  });
const sources = fc.array(fc.oneof(textSource, reasoningSource, callSource), { maxLength: 6 });

function withMetadata(proof: Metadata): { providerMetadata?: NonNullable<Metadata> } {
  return proof === undefined ? {} : { providerMetadata: proof };
}

function whole(content: ChatResult["content"]): { content: Block[]; stop_reason: string } {
  const result: ChatResult = { content, ...FINISH, usage: PORT_USAGE, warnings: [] };
  return JSON.parse(renderMessage(result, USAGE, HEAD, OPTIONS)) as { content: Block[]; stop_reason: string };
}

describe("streams", () => {
  it("in whatever chunks an answer comes, it is the whole one", () => {
    fc.assert(
      fc.property(sources, (blocks) => {
        const expected = whole(blocks.map(({ content }) => content));
        const { content, stopReason } = replay(blocks.flatMap(({ parts }) => parts));
        assert.deepEqual(content, expected.content);
        assert.equal(stopReason, expected.stop_reason);
      }),
      { numRuns: 150 },
    );
  });

  it("however blocks are interleaved, each keeps its own, and text its order", () => {
    const picks = fc.array(fc.nat(), { minLength: 80, maxLength: 80 });
    fc.assert(
      fc.property(sources, picks, (blocks, choices) => {
        const rows = blocks.map(({ parts }) => [...parts]);
        const mixed: ChatStreamPart[] = [];
        for (let i = 0; rows.some((row) => row.length > 0); i++) {
          const left = rows.filter((row) => row.length > 0);
          mixed.push(left[choices[i % choices.length]! % left.length]!.shift()!);
        }
        const expected = whole(blocks.map(({ content }) => content)).content;
        const { content } = replay(mixed);
        assert.deepEqual(ofType(content, "thinking"), ofType(expected, "thinking"));
        assert.deepEqual(ofType(content, "tool_use"), ofType(expected, "tool_use"));
        assert.equal(lengthOfText(content), lengthOfText(expected));
        if (expected.filter(({ type }) => type === "text").length === 1) {
          assert.equal(textOf(content), textOf(expected));
        }
      }),
      { numRuns: 150 },
    );
  });

  it("a port that forgets, doubles or swaps parts still gives a stream that clients can read", () => {
    const spoiled = fc.tuple(sources, fc.array(fc.nat(), { maxLength: 20 })).map(([blocks, cuts]) => {
      const parts = blocks.flatMap((block) => block.parts);
      for (const cut of cuts) {
        if (parts.length === 0) break;
        const [part] = parts.splice(cut % parts.length, 1);
        if (cut % 3 === 0) parts.splice(cut % (parts.length + 1), 0, part!, part!);
      }
      return parts.filter(({ type }) => type !== "tool-input-delta");
    });
    fc.assert(
      fc.property(spoiled, (parts) => void replay(parts)),
      { numRuns: 150 },
    );
  });
});

const GOOD = {
  model: "m",
  max_tokens: 5,
  system: [{ type: "text", text: "s", cache_control: { type: "ephemeral" } }],
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "a" },
        { type: "image", source: { type: "url", url: "https://x/" } },
        { type: "document", source: { type: "content", content: [{ type: "text", text: "b" }] }, title: "t" },
        { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JV" } },
        { type: "search_result", source: "s", title: "t", content: [{ type: "text", text: "c" }] },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "h", signature: "homegrown-1.e30" },
        { type: "redacted_thinking", data: "homegrown-1.e30" },
        { type: "text", text: "t", citations: [{ type: "char_location" }] },
        { type: "tool_use", id: "c", name: "n", input: {} },
      ],
    },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "c", content: [{ type: "text", text: "r" }] }],
    },
  ],
  tools: [{ name: "n", input_schema: { type: "object" }, input_examples: [{}] }],
  tool_choice: { type: "any" },
  thinking: { type: "enabled", budget_tokens: 2000 },
  output_config: { effort: "low", format: { type: "json_schema", schema: { type: "object" } } },
  stop_sequences: ["x"],
  metadata: { user_id: '{"session_id":"s"}' },
};

/** The good request with some values, wherever they stand, replaced. */
const mutated = fc
  .array(fc.tuple(fc.array(fc.nat({ max: 7 }), { maxLength: 6 }), fc.jsonValue({ maxDepth: 2 })), {
    minLength: 1,
    maxLength: 3,
  })
  .map((changes) => {
    const body = structuredClone(GOOD) as unknown;
    for (const [path, value] of changes) {
      let holder = body as Record<string, unknown>;
      for (const [depth, step] of path.entries()) {
        const keys = Object.keys(holder);
        const key = keys[step % Math.max(1, keys.length)];
        if (key === undefined) break;
        const inner = holder[key];
        if (depth === path.length - 1 || typeof inner !== "object" || inner === null) {
          holder[key] = value;
          break;
        }
        holder = inner as Record<string, unknown>;
      }
    }
    return body;
  });

it("whatever a body holds, it is understood or refused in our own words", () => {
  let understood = 0;
  fc.assert(
    fc.property(
      fc.oneof({ weight: 9, arbitrary: mutated }, { weight: 1, arbitrary: fc.jsonValue() }),
      (value) => {
        const body = parseJsonBody(Buffer.from(JSON.stringify(value)), 100);
        try {
          const request = parseMessages(body, {});
          void [request.conversation(), request.estimatedInputTokens(), request.bytes!.raw];
          parseCountTokens(body, {}).translate();
          request.translate();
          understood++;
        } catch (error) {
          assert.ok(error instanceof HomegrownError, String(error));
          assert.equal(error.kind, "invalid-input");
          assert.equal(typeof error.details["param"], "string");
        }
      },
    ),
    { numRuns: 1000 },
  );
  assert.ok(understood > 25, `${understood} of 1000 bodies were understood`);
});

function ofType(all: Block[], type: string): unknown[] {
  return all
    .filter((block) => block.type === type)
    .map((block) => JSON.stringify(block))
    .toSorted();
}

function textOf(content: Block[]): string {
  return content.map((block) => (block.type === "text" ? String(block["text"]) : "")).join("");
}

function lengthOfText(content: Block[]): number {
  return textOf(content).length;
}
