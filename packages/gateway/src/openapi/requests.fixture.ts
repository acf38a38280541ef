// Requests for each schema of the document.
const TOOL = {
  type: "function",
  function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};

/** As clients send them, by the name of the schema that describes them; and one each that must not fit. */
export const REQUESTS: Readonly<Record<string, { fits: object[]; fails: object }>> = {
  ChatCompletionRequest: {
    fits: [
      { model: "m", messages: [{ role: "user", content: "Hi" }] },
      {
        model: "m",
        stream: true,
        stream_options: { include_usage: true },
        n: 2,
        seed: 7,
        stop: ["a", "b"],
        tools: [TOOL],
        tool_choice: "auto",
        response_format: { type: "json_schema", json_schema: { name: "x", schema: { type: "object" } } },
        messages: [
          { role: "system", content: "Be brief." },
          {
            role: "user",
            content: [
              { type: "text", text: "What is this?" },
              { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
            ],
          },
          { role: "assistant", content: null, tool_calls: [{ id: "c", type: "function", function: {} }] },
          { role: "tool", tool_call_id: "c", content: "sunny" },
        ],
        something_new: true,
      },
    ],
    fails: { model: "m", messages: "Hi" },
  },
  CompletionRequest: {
    fits: [
      { model: "m", prompt: "Once" },
      { model: "m", prompt: [[1, 2], [3]], logprobs: 2, echo: true },
    ],
    fails: { model: "m", prompt: [] },
  },
  EmbeddingRequest: {
    fits: [{ model: "m", input: ["a", "b"], encoding_format: "base64" }],
    fails: { model: "m" },
  },
  SpeechRequest: { fits: [{ model: "m", input: "Hi", voice: "alloy" }], fails: { model: "m" } },
  TranscriptionForm: {
    fits: [{ model: "m", language: "de", timestamp_granularities: ["word"], stream: false }],
    fails: { model: "m", temperature: 9 },
  },
  TranslationForm: { fits: [{ model: "m" }], fails: {} },
  ResponseRequest: {
    fits: [
      { model: "m", input: "Hi" },
      {
        model: "m",
        stream: true,
        store: false,
        include: ["reasoning.encrypted_content"],
        input: [{ role: "user", content: [{ type: "input_text", text: "Hi" }] }],
        tools: [{ type: "function", name: "weather", parameters: {}, strict: true }],
        text: { format: { type: "json_schema", name: "x", schema: { type: "object" } } },
        reasoning: { effort: "low", summary: "auto" },
      },
    ],
    fails: { model: "m", max_output_tokens: 0 },
  },
  MessagesRequest: {
    fits: [
      { model: "m", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] },
      {
        model: "m",
        max_tokens: 10,
        system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
        thinking: { type: "enabled", budget_tokens: 1024 },
        tools: [{ name: "weather", input_schema: { type: "object" } }],
        tool_choice: { type: "auto" },
        messages: [
          { role: "user", content: [{ type: "text", text: "Hi" }] },
          { role: "assistant", content: [{ type: "tool_use", id: "t", name: "weather", input: {} }] },
          { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "sunny" }] },
        ],
      },
    ],
    fails: { model: "m", messages: [] },
  },
  CountTokensRequest: {
    fits: [{ model: "m", messages: [{ role: "user", content: "Hi" }] }],
    fails: { model: "m" },
  },
  FeedbackRequest: { fits: [{ request_id: "req_1", score: 1 }], fails: { request_id: "req_1", score: 2 } },
};
