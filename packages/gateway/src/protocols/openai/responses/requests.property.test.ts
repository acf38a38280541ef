import assert from "node:assert/strict";
import { it } from "node:test";
import * as fc from "fast-check";
import { HomegrownError } from "@homegrown/contracts";
import type { ChatStreamPart } from "@homegrown/contracts";
import { toForeignItems } from "./passthrough-bytes.ts";
import type { Item } from "./messages.ts";
import { openReasoning } from "./reasoning-envelope.ts";
import { finish, parse, readEvents, streamText, translate } from "./responses.fixture.ts";

const junk = fc.jsonValue({ maxDepth: 3 });
const oneOf = (...values: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 40, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: junk });

const part = fc.record(
  {
    type: oneOf("input_text", "output_text", "input_image", "input_file", "input_audio", "refusal"),
    text: oneOf("hi", ""),
    image_url: oneOf("data:image/png;base64,AA", "data:,", "https://a.b/c", "ftp://x"),
    file_data: oneOf("data:application/pdf;base64,AA", "AA"),
    file_id: oneOf("file_1", null),
    detail: oneOf("low", null),
    refusal: oneOf("no"),
    input_audio: oneOf({ data: "AA", format: "wav" }),
  },
  { requiredKeys: ["type"] },
);
const item = fc.record(
  {
    type: oneOf(
      "message",
      "reasoning",
      "function_call",
      "custom_tool_call",
      "function_call_output",
      "item_reference",
      "web_search_call",
      "additional_tools",
      "compaction",
    ),
    role: oneOf("user", "assistant", "developer"),
    content: fc.oneof(fc.constant("hi"), fc.array(part, { maxLength: 3 }), junk),
    output: fc.oneof(fc.constant("42"), fc.array(part, { maxLength: 2 }), junk),
    id: oneOf("msg_1", undefined),
    call_id: oneOf("c1", "c2"),
    name: oneOf("f", "g"),
    namespace: oneOf("ns", null),
    arguments: oneOf("{}", "{", "[1]"),
    input: oneOf("text"),
    summary: oneOf([], [{ type: "summary_text", text: "s" }]),
    encrypted_content: oneOf("gAAA", "hg1.AAAA", null),
    tools: fc.array(junk, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const tool = fc.record(
  {
    type: oneOf("function", "custom", "namespace", "web_search", "mcp"),
    name: oneOf("f", "ns", "x".repeat(120)),
    description: oneOf("does", null),
    parameters: oneOf({ type: "object" }, null),
    strict: oneOf(true, null),
    format: oneOf({ type: "text" }, { type: "grammar", syntax: "lark", definition: "x" }),
    tools: fc.array(fc.record({ type: oneOf("function", "custom"), name: oneOf("f") }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const body = fc.record(
  {
    model: oneOf("own"),
    input: fc.oneof(fc.constant("hi"), fc.array(item, { maxLength: 5 }), junk),
    instructions: oneOf("be", null),
    tools: fc.oneof(fc.array(tool, { maxLength: 4 }), junk),
    tool_choice: oneOf(
      "auto",
      "none",
      "required",
      { type: "function", name: "f" },
      { type: "allowed_tools" },
    ),
    text: oneOf({ format: { type: "json_object" } }, { verbosity: "low" }),
    reasoning: oneOf({ effort: "low", summary: "auto" }, {}),
    include: oneOf(["reasoning.encrypted_content"], []),
    previous_response_id: oneOf("resp_1", ...Array<null>(9).fill(null)),
    store: oneOf(true, ...Array<false>(9).fill(false)),
    top_logprobs: oneOf(3),
    metadata: oneOf({ a: "b" }),
    background: oneOf(true, ...Array<false>(9).fill(false)),
    stream: oneOf(true),
    __proto__: junk,
  },
  { requiredKeys: ["model"] },
);

it("whatever a body holds, it is parsed and translated, or refused in words of ours", async () => {
  let numTranslated = 0;
  await fc.assert(
    fc.asyncProperty(body, async (value) => {
      try {
        const request = await parse(value);
        JSON.parse(request.bytes!.edit({ model: "theirs" }).toString());
        const translation = request.translate();
        assert.ok(translation.port === "chat");
        for (const name of translation.dropped) assert.match(name, /^[\w.() -]{1,80}$/);
        readEvents(streamText(translation, [finish()]));
        numTranslated++;
      } catch (error) {
        assert.ok(error instanceof HomegrownError, String(error));
        assert.match(error.code, /^gateway\//);
      }
    }),
    { numRuns: 600 },
  );
  assert.ok(numTranslated > 20, `only ${numTranslated} bodies were translated`);
});

/** Blocks of an answer, each cut into parts of any size. */
const cut = (text: string): fc.Arbitrary<string[]> =>
  fc
    .uniqueArray(fc.integer({ min: 0, max: text.length }), { maxLength: 5 })
    .map((places) =>
      [0, ...places.toSorted((a, b) => a - b)].map((start, index, all) =>
        text.slice(start, all[index + 1] ?? text.length),
      ),
    );
const anyText = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const block = fc
  .tuple(fc.constantFrom("text", "reasoning", "call", "custom"), anyText)
  .chain(([kind, text]) => {
    const whole =
      kind === "call"
        ? JSON.stringify({ q: text })
        : kind === "custom"
          ? JSON.stringify({ input: text })
          : text;
    return cut(whole).map((deltas) => ({ kind, text, whole, deltas }));
  });

const TOOLS = [
  { type: "function", name: "call", parameters: {} },
  { type: "custom", name: "custom" },
];

it("however an answer is cut, its events and its object say the same", async () => {
  const translation = await translate({ tools: TOOLS, include: ["reasoning.encrypted_content"] });
  fc.assert(
    fc.property(fc.array(block, { maxLength: 6 }), (blocks) => {
      const parts = blocks.flatMap(({ kind, whole, deltas }, number): ChatStreamPart[] => {
        const id = String(number);
        if (kind === "text" || kind === "reasoning") {
          return [
            { type: `${kind}-start`, id },
            ...deltas.map((delta): ChatStreamPart => ({ type: `${kind}-delta`, id, delta })),
            { type: `${kind}-end`, id },
          ];
        }
        return [
          { type: "tool-input-start", id, toolName: kind },
          ...deltas.map((delta): ChatStreamPart => ({ type: "tool-input-delta", id, delta })),
          { type: "tool-input-end", id },
          { type: "tool-call", toolCallId: id, toolName: kind, input: whole },
        ];
      });
      const events = readEvents(streamText(translation, [...parts, finish()]));
      const response = events.at(-1)!["response"] as { output: Item[] };
      const done = events.filter(({ type }) => type === "response.output_item.done");
      assert.deepEqual(
        done.map((event) => event["item"]),
        response.output,
      );
      // Deltas by item and part add up to what is said to be done.
      const written = new Map<string, string>();
      for (const event of events) {
        const place = `${String(event["item_id"])} ${String(event["content_index"])}`;
        if (event.type.endsWith(".delta")) {
          written.set(place, (written.get(place) ?? "") + String(event["delta"]));
        }
        const end = event["text"] ?? event["arguments"] ?? event["input"];
        if (typeof end === "string") assert.equal(end, written.get(place));
      }
      const said = blocks.map(({ kind, whole, text }) => (kind === "custom" ? text : whole)).join("|");
      const shown = response.output.flatMap(textsOf).join("|");
      assert.equal(shown, said);
    }),
    { numRuns: 200 },
  );
});

function textsOf(item: Item): unknown[] {
  const parts = item["content"] as { text: string }[] | undefined;
  if (item["type"] === "reasoning") {
    assert.equal(openReasoning(String(item["encrypted_content"]))?.text, parts?.[0]?.text);
  }
  return parts?.map((part) => part.text) ?? [item["arguments"] ?? item["input"]];
}

it("no other server is ever sent a thought that this gateway sealed", () => {
  const sealed = fc.record({
    type: fc.constant("reasoning"),
    encrypted_content: oneOf("hg1.AAAA", "gAAA", null),
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(item, sealed), { maxLength: 5 }), (items) => {
      const foreign = toForeignItems(items as Item[]);
      assert.equal(
        foreign.some(
          (one) => one["type"] === "reasoning" && String(one["encrypted_content"]).startsWith("hg1."),
        ),
        false,
      );
    }),
    { numRuns: 200 },
  );
});
