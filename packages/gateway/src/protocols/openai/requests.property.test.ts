// Whatever a body says, each front answers with a request or with an error of ours: never a TypeError.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import * as fc from "fast-check";
import type { ModelRequest } from "../../core/model-request.ts";
import { parseJsonBody } from "../../server/json-body.ts";
import type { JsonBody } from "../../server/json-body.ts";
import { parseSpeech } from "./audio/speech/request.ts";
import { parseChatCompletion } from "./chat-completions/request.ts";
import { parseTextCompletion } from "./completions/request.ts";
import { parseEmbedding } from "./embeddings/request.ts";

const LIMITS = { maxChoices: 16 };
const junk = fc.jsonValue({ maxDepth: 3 });
const words = fc.string({ unit: "grapheme", maxLength: 10 });
/** Usually what it should be, now and then anything. */
const mostly = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 80, arbitrary: usual as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: junk });
const some = (
  model: Record<string, fc.Arbitrary<unknown>>,
  ...requiredKeys: string[]
): fc.Arbitrary<object> => fc.record(model, { requiredKeys });

const name = fc.constantFrom("f", "note", "1");
const typed = (type: string, member: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<object> =>
  fc.record({ type: mostly(fc.constant(type)), [member]: mostly(value) });
const url = fc.constantFrom("https://a.org/b", "data:image/png;base64,AA", "data:,%", "ftp://x", "");
const part = fc.oneof(
  typed("text", "text", words),
  typed("text", "text", words),
  typed("refusal", "refusal", words),
  typed("image_url", "image_url", fc.record({ url: mostly(url), detail: mostly(words) })),
  typed("input_audio", "input_audio", fc.record({ data: mostly(words), format: mostly(words) })),
  typed("file", "file", some({ file_data: mostly(words), file_id: mostly(words), filename: mostly(words) })),
  typed("video_url", "video_url", junk),
);
const toolCall = fc.record({
  id: mostly(name),
  type: mostly(fc.constantFrom("function", "custom")),
  function: mostly(fc.record({ name: mostly(name), arguments: mostly(fc.json({ maxDepth: 1 })) })),
  custom: mostly(fc.record({ name: mostly(name), input: mostly(words) })),
});
const message = some(
  {
    role: mostly(fc.constantFrom("system", "developer", "user", "user", "assistant", "assistant", "tool")),
    content: mostly(fc.oneof(words, fc.array(part, { maxLength: 3 }))),
    name: mostly(words),
    refusal: mostly(words),
    reasoning_content: mostly(words),
    tool_calls: mostly(fc.array(toolCall, { maxLength: 2 })),
    tool_call_id: mostly(name),
    function_call: mostly(fc.constant(null)),
    audio: mostly(fc.constant(null)),
  },
  "role",
);
const tool = fc.oneof(
  typed(
    "function",
    "function",
    some({ name: mostly(name), parameters: mostly(fc.object()), strict: mostly(fc.boolean()) }, "name"),
  ),
  typed(
    "custom",
    "custom",
    some({ name: mostly(name), format: mostly(fc.constant({ type: "text" })) }, "name"),
  ),
);
const choice = fc.oneof(
  fc.constantFrom("auto", "none", "required", "odd"),
  some({
    type: mostly(fc.constantFrom("function", "custom", "allowed_tools")),
    function: mostly(some({ name })),
    custom: mostly(some({ name })),
    allowed_tools: mostly(
      some({
        mode: fc.constantFrom("auto", "required"),
        tools: mostly(fc.array(mostly(some({ function: some({ name }) })))),
      }),
    ),
  }),
);
const shared = {
  model: mostly(fc.constant("m")),
  stream: mostly(fc.boolean()),
  stream_options: mostly(some({ include_usage: mostly(fc.boolean()) })),
  temperature: mostly(fc.double({ min: 0, max: 2, noNaN: true })),
  seed: mostly(fc.integer()),
  stop: mostly(fc.oneof(words, fc.array(words, { maxLength: 4 }))),
  n: mostly(fc.integer({ min: 1, max: 5 })),
  user: mostly(words),
  odd: junk,
};

const fronts: [name: string, body: fc.Arbitrary<object>, parse: (body: JsonBody) => ModelRequest][] = [
  [
    "chat completions",
    some(
      {
        ...shared,
        messages: mostly(fc.array(message, { minLength: 1, maxLength: 4 })),
        tools: mostly(fc.array(tool, { maxLength: 3 })),
        tool_choice: mostly(choice),
        response_format: mostly(
          some({
            type: mostly(fc.constantFrom("text", "json_object", "json_schema", "json_schema", "odd")),
            json_schema: mostly(
              some({ name: mostly(name), schema: mostly(fc.object()), strict: mostly(fc.boolean()) }, "name"),
            ),
          }),
        ),
        reasoning_effort: mostly(fc.constantFrom("low", "max")),
        metadata: mostly(fc.dictionary(words, words)),
        logprobs: mostly(fc.boolean()),
        functions: mostly(fc.constant([])),
        modalities: mostly(fc.constant(["text"])),
        prediction: mostly(some({ type: fc.constant("content") }, "type")),
      },
      "model",
      "messages",
    ),
    (body) => parseChatCompletion(body, LIMITS),
  ],
  [
    "completions",
    some(
      {
        ...shared,
        prompt: mostly(
          fc.oneof(words, fc.array(words, { minLength: 1 }), fc.array(fc.nat(9), { minLength: 1 })),
        ),
        echo: mostly(fc.boolean()),
        logprobs: mostly(fc.nat(5)),
        best_of: mostly(fc.nat(5)),
        max_tokens: mostly(fc.nat(5)),
        suffix: mostly(fc.constant("")),
      },
      "model",
      "prompt",
    ),
    (body) => parseTextCompletion(body, LIMITS),
  ],
  [
    "embeddings",
    some(
      {
        ...shared,
        input: mostly(
          fc.oneof(words, fc.array(words, { minLength: 1 }), fc.array(fc.nat(9), { minLength: 1 })),
        ),
        dimensions: mostly(fc.integer({ min: 1, max: 9 })),
        encoding_format: mostly(fc.constantFrom("float", "base64", "odd")),
      },
      "model",
      "input",
    ),
    parseEmbedding,
  ],
  [
    "speech",
    some(
      {
        ...shared,
        input: mostly(words),
        voice: mostly(fc.oneof(words, some({ id: mostly(words) }))),
        response_format: mostly(fc.constantFrom("mp3", "wav", "odd", "constructor")),
        stream_format: mostly(fc.constantFrom("sse", "audio", "odd")),
        speed: mostly(fc.double({ min: 0.25, max: 4, noNaN: true })),
      },
      "model",
      "input",
    ),
    parseSpeech,
  ],
];

describe("generated bodies are understood or refused", () => {
  for (const [name, body, parse] of fronts) {
    it(name, () => {
      const counts = { parsed: 0, translated: 0, refused: 0 };
      fc.assert(
        fc.property(fc.oneof({ weight: 20, arbitrary: body }, { weight: 1, arbitrary: junk }), (value) => {
          try {
            const request = parse(parseJsonBody(Buffer.from(JSON.stringify(value)), 100));
            counts.parsed++;
            assert.equal(typeof request.conversation(), name === "chat completions" ? "string" : "undefined");
            assert.ok(request.maxInputTokens > 0 && request.numChoices >= 1);
            request.translate();
            counts.translated++;
          } catch (error) {
            assert.ok(error instanceof HomegrownError, String((error as Error).stack));
            assert.equal(error.kind, "invalid-input");
            counts.refused++;
          }
        }),
        { numRuns: 1000, seed: 20_261_125 },
      );
      // The generator must reach all three, or the property says little.
      assert.ok(Math.min(counts.parsed, counts.translated, counts.refused) > 20, JSON.stringify(counts));
    });
  }
});
