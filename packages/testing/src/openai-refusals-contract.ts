import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { APIError, BadRequestError } from "openai";
import { PROMPT, QUESTION } from "./openai-subject.ts";
import type { OpenAiSubject } from "./openai-subject.ts";

/** What a model of text refuses, or its server for it, and that the refusal names the field. */
export function describeRefusals(subject: () => OpenAiSubject): void {
  const chat = (fields: object): Promise<unknown> => {
    const { client, model } = subject();
    const request = { model, messages: QUESTION, max_tokens: 4, ...fields };
    return Promise.resolve(client.chat.completions.create(request as never));
  };
  const text = (fields: object): Promise<unknown> => {
    const { client, model } = subject();
    return Promise.resolve(
      client.completions.create({ model, prompt: PROMPT, max_tokens: 4, ...fields } as never),
    );
  };
  describe("refusals name what is wrong", () => {
    const tool = { type: "function", function: { name: "f", parameters: {} } };
    const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
    const cases: [param: string, call: () => Promise<unknown>, code?: string][] = [
      ["tools", () => chat({ tools: [tool] }), "unsupported_parameter"],
      ["functions", () => chat({ functions: [{ name: "f" }] }), "unsupported_parameter"],
      ["modalities", () => chat({ modalities: ["audio"] }), "unsupported_parameter"],
      ["audio", () => chat({ audio: { voice: "x", format: "mp3" } }), "unsupported_parameter"],
      ["messages", () => chat({ messages: undefined }), "missing_required_parameter"],
      ["messages", () => chat({ messages: [] }), "invalid_value"],
      ["messages[0].role", () => chat({ messages: [{ role: "wizard", content: "" }] }), "invalid_value"],
      ["messages[0].content", () => chat({ messages: [{ role: "user" }] }), "missing_required_parameter"],
      ["messages", () => chat({ messages: [{ role: "user", content: [image] }] }), "unsupported_parameter"],
      [
        "messages[0].content[0].type",
        () => chat({ messages: [{ role: "user", content: [{ type: "odd" }] }] }),
      ],
      [
        "messages[0].content[0].text",
        () => chat({ messages: [{ role: "user", content: [{ type: "text" }] }] }),
      ],
      ["tools", () => chat({ messages: [{ role: "tool", content: "" }] }), "unsupported_parameter"],
      ["tool_choice", () => chat({ tool_choice: "required" }), "invalid_value"],
      ["web_search_options", () => chat({ web_search_options: {} }), "unsupported_parameter"],
      ["reasoning_effort", () => chat({ reasoning_effort: "heroic" }), "invalid_value"],
      ["temperature", () => chat({ temperature: 2.5 }), "invalid_value"],
      ["temperature", () => chat({ temperature: "hot" }), "invalid_type"],
      ["top_p", () => chat({ top_p: 1.5 }), "invalid_value"],
      ["presence_penalty", () => chat({ presence_penalty: -3 }), "invalid_value"],
      ["frequency_penalty", () => chat({ frequency_penalty: 3 }), "invalid_value"],
      ["logit_bias.5", () => chat({ logit_bias: { 5: 101 } }), "invalid_value"],
      ["n", () => chat({ n: 129 }), "invalid_value"],
      ["stop", () => chat({ stop: ["a", "b", "c", "d", "e"] }), "invalid_value"],
      ["max_tokens", () => chat({ max_tokens: 0 }), "invalid_value"],
      ["top_logprobs", () => chat({ top_logprobs: 2 }), "invalid_value"],
      ["top_logprobs", () => chat({ logprobs: true, top_logprobs: 21 }), "invalid_value"],
      ["response_format.json_schema", () => chat({ response_format: { type: "json_schema" } })],
      ["best_of", () => text({ best_of: 3 }), "unsupported_parameter"],
      ["suffix", () => text({ suffix: "end" }), "unsupported_parameter"],
      ["echo", () => text({ echo: true, logprobs: 1 }), "unsupported_parameter"],
      ["prompt", () => text({ prompt: [] }), "invalid_value"],
      ["prompt", () => text({ prompt: Array.from({ length: 129 }, () => "a") }), "invalid_value"],
    ];
    for (const [param, call, code] of cases) {
      it(`${param}: ${code ?? "400"}`, async () => {
        await assert.rejects(call, (error: unknown) => {
          assert.ok(error instanceof BadRequestError, String(error));
          assert.equal(error.param, param);
          assert.equal(error.type, "invalid_request_error");
          if (code) assert.equal(error.code, code);
          assert.ok(error.requestID);
          return true;
        });
      });
    }

    it("a prompt past the context: context_length_exceeded", async () => {
      const messages = [{ role: "user" as const, content: "word ".repeat(200_000) }];
      for (const stream of [false, true]) {
        await assert.rejects(
          subject().client.chat.completions.create({
            model: subject().model,
            messages,
            stream,
            max_tokens: 1,
          }),
          (error: unknown) => error instanceof APIError && error.code === "context_length_exceeded",
        );
      }
    });
  });
}
