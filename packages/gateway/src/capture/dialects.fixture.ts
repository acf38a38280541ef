// One conversation with a tool in each dialect: a user says something, a call and its result lie behind, the model
// answers with words and another call. Streams come in pieces that are cut anywhere.
import type { Dialect } from "../core/dialect.ts";
import { toEvents } from "./capture-facts.fixture.ts";

export interface Said {
  system: string;
  user: string;
  /** Argument of the call that lies behind, and its result. */
  earlier: string;
  result: string;
  answer: string;
  /** Argument of the call that the model makes. */
  argument: string;
}

export type Cut = (text: string) => readonly string[];

export interface DialectSample {
  dialect: Dialect;
  request(said: Said): object;
  whole(said: Said): object;
  stream(said: Said, cut: Cut): string;
}

const parameters = { type: "object", properties: { to: { type: "string" } } };

const chat: DialectSample = {
  dialect: "openai/chat-completions",
  request: ({ system, user, earlier, result }) => ({
    model: "kept",
    messages: [
      { role: "system", content: system },
      { role: "user", content: "Look it up." },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          {
            id: "c1",
            type: "function",
            function: { name: "look", arguments: JSON.stringify({ to: earlier }) },
          },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: result },
      { role: "user", content: [{ type: "text", text: user }] },
    ],
    tools: [{ type: "function", function: { name: "look", description: "Looks.", parameters } }],
  }),
  whole: ({ answer, argument }) => ({
    id: "chatcmpl-1",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: answer,
          tool_calls: [
            {
              id: "c2",
              type: "function",
              function: { name: "look", arguments: JSON.stringify({ to: argument }) },
            },
          ],
        },
        finish_reason: "tool_calls",
      },
    ],
  }),
  stream: ({ answer, argument }, cut) => {
    const call = { index: 0, id: "c2", type: "function", function: { name: "look", arguments: "" } };
    const deltas = [
      { role: "assistant", content: "" },
      ...cut(answer).map((content) => ({ content })),
      { tool_calls: [call] },
      ...cut(JSON.stringify({ to: argument })).map((piece) => ({
        tool_calls: [{ index: 0, function: { arguments: piece } }],
      })),
    ];
    const chunks = deltas.map((delta) => ({
      id: "chatcmpl-1",
      choices: [{ index: 0, delta, finish_reason: null }],
    }));
    const last = { id: "chatcmpl-1", choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] };
    return `${toEvents([...chunks, last])}data: [DONE]\n\n`;
  },
};

const toOutput = ({ answer, argument }: Said): object[] => [
  { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" },
  { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: answer }] },
  {
    type: "function_call",
    id: "fc_1",
    call_id: "c2",
    name: "look",
    arguments: JSON.stringify({ to: argument }),
  },
];

const responses: DialectSample = {
  dialect: "openai/responses",
  request: ({ system, user, earlier, result }) => ({
    model: "kept",
    instructions: system,
    input: [
      { role: "user", content: "Look it up." },
      { type: "function_call", call_id: "c1", name: "look", arguments: JSON.stringify({ to: earlier }) },
      { type: "function_call_output", call_id: "c1", output: result },
      { type: "message", role: "user", content: [{ type: "input_text", text: user }] },
    ],
    tools: [{ type: "function", name: "look", description: "Looks.", parameters }],
  }),
  whole: (said) => ({ id: "resp_1", object: "response", status: "completed", output: toOutput(said) }),
  stream: (said, cut) =>
    toEvents([
      { type: "response.created", response: { id: "resp_1", status: "in_progress", output: [] } },
      ...cut(said.answer).map((delta) => ({ type: "response.output_text.delta", delta })),
      {
        type: "response.completed",
        response: { id: "resp_1", object: "response", status: "completed", output: toOutput(said) },
      },
    ]),
};

const messages: DialectSample = {
  dialect: "anthropic/messages",
  request: ({ system, user, earlier, result }) => ({
    model: "kept",
    max_tokens: 100,
    system: [{ type: "text", text: system }],
    messages: [
      { role: "user", content: "Look it up." },
      { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "look", input: { to: earlier } }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: result }] },
          { type: "text", text: user },
        ],
      },
    ],
    tools: [{ name: "look", description: "Looks.", input_schema: parameters }],
  }),
  whole: ({ answer, argument }) => ({
    id: "msg_1",
    type: "message",
    role: "assistant",
    content: [
      { type: "text", text: answer },
      { type: "tool_use", id: "c2", name: "look", input: { to: argument } },
    ],
    stop_reason: "tool_use",
  }),
  stream: ({ answer, argument }, cut) =>
    toEvents([
      { type: "message_start", message: { id: "msg_1", type: "message", role: "assistant", content: [] } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      ...cut(answer).map((text) => ({
        type: "content_block_delta",
        index: 0,
        delta: { type: "text_delta", text },
      })),
      { type: "content_block_stop", index: 0 },
      {
        type: "content_block_start",
        index: 1,
        content_block: { type: "tool_use", id: "c2", name: "look", input: {} },
      },
      ...cut(JSON.stringify({ to: argument })).map((partial_json) => ({
        type: "content_block_delta",
        index: 1,
        delta: { type: "input_json_delta", partial_json },
      })),
      { type: "content_block_stop", index: 1 },
      { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 3 } },
      { type: "message_stop" },
    ]),
};

const completions: DialectSample = {
  dialect: "openai/completions",
  request: ({ system, user, earlier, result }) => ({
    model: "kept",
    prompt: [system, earlier, result, user].join("\n"),
  }),
  whole: ({ answer, argument }) => ({
    choices: [{ index: 0, text: `${answer}\n${argument}`, finish_reason: "length" }],
  }),
  stream: ({ answer, argument }, cut) => {
    const pieces = cut(`${answer}\n${argument}`).map((text) => ({ index: 0, text, finish_reason: null }));
    const choices = [...pieces, { index: 0, text: "", finish_reason: "length" }];
    return `${toEvents(choices.map((choice) => ({ choices: [choice] })))}data: [DONE]\n\n`;
  },
};

export const DIALECT_SAMPLES: readonly DialectSample[] = [chat, responses, messages, completions];
