// Good requests to each front, rich in members; the generator breaks them.

const IMAGE =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "array", items: { type: "integer" } } },
  required: ["city"],
  additionalProperties: false,
};

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export interface Example {
  path: string;
  bodies: readonly Json[];
  headers?: Readonly<Record<string, string>>;
}

const chatTools = [
  { type: "function", function: { name: "weather", description: "d", parameters: SCHEMA, strict: true } },
  { type: "function", function: { name: "time", parameters: { type: "object" } } },
];

export const EXAMPLES: Readonly<Record<string, Example>> = {
  chat: {
    path: "/v1/chat/completions",
    bodies: [
      {
        model: "",
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Hello", name: "ann" },
        ],
        temperature: 0.5,
        top_p: 0.9,
        max_tokens: 8,
        n: 2,
        stop: ["\n", "END"],
        seed: 7,
        logprobs: true,
        top_logprobs: 2,
        presence_penalty: 0.1,
        frequency_penalty: -0.1,
        logit_bias: { "50": -10 },
        user: "u",
        metadata: { a: "b" },
      },
      {
        model: "",
        stream: true,
        stream_options: { include_usage: true },
        max_completion_tokens: 12,
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "call weather" },
              { type: "image_url", image_url: { url: IMAGE, detail: "low" } },
            ],
          },
        ],
        tools: chatTools,
        tool_choice: "auto",
        parallel_tool_calls: true,
      },
      {
        model: "",
        max_tokens: 9,
        tools: chatTools,
        messages: [
          { role: "user", content: "call weather" },
          {
            role: "assistant",
            content: null,
            tool_calls: [
              { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } },
            ],
          },
          { role: "tool", tool_call_id: "call_1", content: [{ type: "text", text: "rain" }] },
        ],
      },
      {
        model: "",
        reasoning_effort: "low",
        max_tokens: 40,
        messages: [
          { role: "developer", content: "d" },
          { role: "user", content: "x" },
        ],
        response_format: { type: "json_schema", json_schema: { name: "n", schema: SCHEMA, strict: true } },
      },
    ],
  },
  completions: {
    path: "/v1/completions",
    bodies: [
      {
        model: "",
        prompt: "Once upon",
        max_tokens: 6,
        temperature: 0,
        logprobs: 2,
        echo: false,
        n: 1,
        stop: ".",
      },
      {
        model: "",
        prompt: ["Once", "Twice"],
        max_tokens: 5,
        stream: true,
        stream_options: { include_usage: true },
      },
      { model: "", prompt: [1, 2, 3], max_tokens: 4, best_of: 1, suffix: null, user: "u", seed: 1 },
    ],
  },
  embeddings: {
    path: "/v1/embeddings",
    bodies: [
      { model: "", input: "some text", encoding_format: "float" },
      { model: "", input: ["some", "texts"], encoding_format: "base64", dimensions: 4, user: "u" },
      { model: "", input: [[1, 2], [3]] },
    ],
  },
  responses: {
    path: "/v1/responses",
    bodies: [
      {
        model: "",
        input: "Hello",
        instructions: "Be brief.",
        max_output_tokens: 8,
        store: false,
        temperature: 1,
      },
      {
        model: "",
        stream: true,
        store: true,
        max_output_tokens: 16,
        input: [
          {
            role: "user",
            content: [
              { type: "input_text", text: "call weather" },
              { type: "input_image", image_url: IMAGE, detail: "auto" },
            ],
          },
        ],
        tools: [{ type: "function", name: "weather", parameters: SCHEMA, strict: true }],
        tool_choice: "required",
        include: ["reasoning.encrypted_content"],
      },
      {
        model: "",
        store: false,
        max_output_tokens: 16,
        reasoning: { effort: "low", summary: "auto" },
        input: [
          { type: "message", role: "user", content: "call weather" },
          { type: "function_call", call_id: "c1", name: "weather", arguments: "{}" },
          { type: "function_call_output", call_id: "c1", output: "rain" },
        ],
        text: { format: { type: "json_schema", name: "n", schema: SCHEMA }, verbosity: "low" },
        metadata: { a: "b" },
        previous_response_id: null,
        truncation: "disabled",
      },
    ],
  },
  messages: {
    path: "/v1/messages",
    headers: { "anthropic-version": "2023-06-01" },
    bodies: [
      {
        model: "",
        max_tokens: 8,
        system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
        messages: [{ role: "user", content: "Hello" }],
        temperature: 0.5,
        top_p: 0.9,
        top_k: 4,
        stop_sequences: ["END"],
        metadata: { user_id: "u" },
      },
      {
        model: "",
        max_tokens: 16,
        stream: true,
        tools: [{ name: "weather", description: "d", input_schema: SCHEMA }],
        tool_choice: { type: "any", disable_parallel_tool_use: true },
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "call weather" },
              { type: "image", source: { type: "base64", media_type: "image/png", data: IMAGE.slice(22) } },
            ],
          },
        ],
      },
      {
        model: "",
        max_tokens: 2000,
        thinking: { type: "enabled", budget_tokens: 1024 },
        tools: [{ name: "weather", input_schema: SCHEMA }],
        messages: [
          { role: "user", content: "x" },
          {
            role: "assistant",
            content: [
              { type: "thinking", thinking: "t", signature: "s" },
              { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Oslo" } },
            ],
          },
          {
            role: "user",
            content: [
              {
                type: "tool_result",
                tool_use_id: "toolu_1",
                content: [{ type: "text", text: "rain" }],
                is_error: false,
              },
            ],
          },
        ],
      },
    ],
  },
  "count-tokens": {
    path: "/v1/messages/count_tokens",
    headers: { "anthropic-version": "2023-06-01" },
    bodies: [
      {
        model: "",
        system: "Be brief.",
        messages: [
          { role: "user", content: "Hello" },
          { role: "assistant", content: [{ type: "text", text: "Hi" }] },
          { role: "user", content: "Bye" },
        ],
        tools: [{ name: "weather", input_schema: SCHEMA }],
      },
    ],
  },
  "input-tokens": {
    path: "/v1/responses/input_tokens",
    bodies: [
      { model: "", input: "Hello", instructions: "Be brief.", tools: [{ type: "function", name: "f" }] },
      { model: "", input: [{ role: "user", content: [{ type: "input_text", text: "Hello" }] }] },
    ],
  },
  feedback: {
    path: "/v1/feedback",
    bodies: [
      { request_id: "req_1", score: 0.5, comment: "good", metrics: { a: 1 } },
      { request_id: "req_2", correction: "better", outcome: "success" },
    ],
  },
  speech: {
    path: "/v1/audio/speech",
    bodies: [{ model: "", input: "Hello", voice: "alloy", response_format: "wav", speed: 1 }],
  },
};
