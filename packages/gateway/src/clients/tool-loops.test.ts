// The loops that SDKs bring along: they call the tools themselves, until the model has nothing more to ask. And
// Responses that are stored: the client sends what is new, and names what came before.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { Anthropic } from "@anthropic-ai/sdk";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import type { LanguageModel } from "ai";
import OpenAI from "openai";
import { startScriptedUpstream } from "@homegrown/testing";
import { PAIRINGS } from "./matrix.ts";
import type { FrontName, PairingName } from "./matrix.ts";
import { openWorld } from "./world.fixture.ts";
import type { World } from "./world.fixture.ts";

const PROMPT = 'call weather({"city":"Rome"}) and call weather({"city":"Oslo"})';
const ANSWER = "Results: weather=Rome: fine; weather=Oslo: fine";
const DESCRIPTION = "Tells the weather.";
const SCHEMA = { type: "object" as const, properties: { city: { type: "string" as const } } };

let world: World;
let asked: string[];

before(async () => {
  world = await openWorld(startScriptedUpstream);
});
after(() => world.close());
beforeEach(async () => {
  asked = [];
  await world.upstream.reset();
});

function weather({ city }: { city: string }): string {
  asked.push(city);
  return `${city}: fine`;
}

const openai = (): OpenAI =>
  new OpenAI({ baseURL: `${world.gateway.url}/v1`, apiKey: world.key, maxRetries: 0 });

function runWithAiSdk(model: LanguageModel, stream: boolean): PromiseLike<string> {
  const call = {
    model,
    prompt: PROMPT,
    stopWhen: stepCountIs(3),
    maxRetries: 0,
    reasoning: "medium" as const,
    tools: {
      weather: tool({
        description: DESCRIPTION,
        inputSchema: jsonSchema<{ city: string }>(SCHEMA),
        execute: async (input) => weather(input),
      }),
    },
  };
  return stream ? streamText(call).text : generateText(call).then(({ text }) => text);
}

type Loop = (model: string, stream: boolean) => PromiseLike<string | null>;

const LOOPS: Record<string, [front: FrontName, loop: Loop]> = {
  "OpenAI's runTools": [
    "chat",
    (model, stream) =>
      openai()
        .chat.completions.runTools({
          model,
          stream: stream as true,
          messages: [{ role: "user", content: PROMPT }],
          tools: [
            {
              type: "function",
              function: {
                name: "weather",
                description: DESCRIPTION,
                parameters: SCHEMA,
                parse: JSON.parse as (input: string) => { city: string },
                function: weather,
              },
            },
          ],
        })
        .finalContent(),
  ],
  "Anthropic's toolRunner": [
    "messages",
    async (model, stream) => {
      const client = new Anthropic({ baseURL: world.gateway.url, apiKey: world.key, maxRetries: 0 });
      const body = {
        model,
        max_tokens: 4096,
        thinking: { type: "enabled" as const, budget_tokens: 1024 },
        messages: [{ role: "user" as const, content: PROMPT }],
        tools: [
          {
            type: "custom" as const,
            name: "weather",
            description: DESCRIPTION,
            input_schema: SCHEMA,
            parse: (input: unknown) => input as { city: string },
            run: weather,
          },
        ],
      };
      const message = stream
        ? await client.beta.messages.toolRunner({ ...body, stream: true }).runUntilDone()
        : await client.beta.messages.toolRunner(body).runUntilDone();
      return message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
    },
  ],
  "the AI SDK over messages": [
    "messages",
    (model, stream) => {
      const provider = createAnthropic({ baseURL: `${world.gateway.url}/v1`, apiKey: world.key });
      return runWithAiSdk(provider.messages(model), stream);
    },
  ],
  // It stores by default, and refers to what was stored.
  "the AI SDK over stored responses": [
    "responses",
    (model, stream) => {
      const provider = createOpenAI({ baseURL: `${world.gateway.url}/v1`, apiKey: world.key });
      return runWithAiSdk(provider.responses(model), stream);
    },
  ],
};

for (const pairing of Object.keys(PAIRINGS) as PairingName[]) {
  describe(`loops over ${pairing}`, () => {
    for (const [name, [front, loop]] of Object.entries(LOOPS)) {
      for (const stream of [false, true]) {
        it(`${name}, ${stream ? "streamed" : "whole"}`, async () => {
          assert.equal(await loop(world.alias(pairing, front), stream), ANSWER);
          assert.deepEqual(asked, ["Rome", "Oslo"]);
          const completed = (await world.upstream.records()).filter(({ outcome }) => outcome === "completed");
          assert.equal(completed.length, 2);
        });
      }
    }
  });

  it(`a stored response is named by the next, over ${pairing}`, async () => {
    const model = world.alias(pairing, "responses");
    const tools = [
      {
        type: "function" as const,
        name: "weather",
        parameters: SCHEMA,
        strict: false,
        description: DESCRIPTION,
      },
    ];
    const first = await openai().responses.create({ model, tools, input: PROMPT });
    const results = first.output.flatMap((item) =>
      item.type === "function_call"
        ? [
            {
              type: "function_call_output" as const,
              call_id: item.call_id,
              output: weather(JSON.parse(item.arguments) as { city: string }),
            },
          ]
        : [],
    );
    const second = await openai()
      .responses.stream({ model, tools, input: results, previous_response_id: first.id })
      .finalResponse();
    assert.equal(second.output_text, ANSWER);
    assert.equal((await openai().responses.retrieve(second.id)).output_text, ANSWER);
  });
}
