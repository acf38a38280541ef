// Two protocols as a provider writes them, as far as the counting upstream needs.
interface Counted {
  id: string;
  model: string;
  input: number;
  cached: number;
  output: number;
}

export interface Wire {
  promptOf(body: Record<string, unknown>): string;
  limitOf(body: Record<string, unknown>): number | undefined;
  whole(entry: Counted, text: string, cut: boolean): string;
  start(entry: Counted): string;
  token(entry: Counted, text: string): string;
  end(entry: Counted, cut: boolean): string;
  error(type: string): string;
}

type Part = { type?: string; text?: string };
type Message = { role: string; content: string | Part[] };

/** The last message's text. */
function promptOf(body: Record<string, unknown>): string {
  const { content } = (body["messages"] as Message[]).at(-1)!;
  return typeof content === "string" ? content : content.map(({ text }) => text ?? "").join("");
}

const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

const chatUsage = ({ input, cached, output }: Counted): object => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached },
});

const chunk = ({ id, model }: Counted, fields: object): string =>
  `data: ${JSON.stringify({ id, object: "chat.completion.chunk", created: 1_700_000_000, model, ...fields })}\n\n`;

const choice = (delta: object, reason: string | null): object => ({
  choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
});

/** https://platform.openai.com/docs/api-reference/chat */
export const chatWire: Wire = {
  promptOf,
  limitOf: (body) => numberOf(body["max_completion_tokens"]) ?? numberOf(body["max_tokens"]),
  whole: (entry, content, cut) =>
    JSON.stringify({
      id: entry.id,
      object: "chat.completion",
      created: 1_700_000_000,
      model: entry.model,
      choices: [
        {
          index: 0,
          message: { role: "assistant", content, refusal: null },
          logprobs: null,
          finish_reason: cut ? "length" : "stop",
        },
      ],
      usage: chatUsage(entry),
    }),
  start: (entry) => chunk(entry, choice({ role: "assistant", content: "" }, null)),
  token: (entry, content) => chunk(entry, choice({ content }, null)),
  end: (entry, cut) =>
    chunk(entry, choice({}, cut ? "length" : "stop")) +
    chunk(entry, { choices: [], usage: chatUsage(entry) }) +
    "data: [DONE]\n\n",
  error: (type) => JSON.stringify({ error: { message: "on order", type, param: null, code: null } }),
};

const messagesUsage = ({ input, cached, output }: Counted): object => ({
  input_tokens: input - cached,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: cached,
  output_tokens: output,
});

const event = (type: string, fields: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

/** https://platform.claude.com/docs/en/api/messages */
export const messagesWire: Wire = {
  promptOf,
  limitOf: (body) => numberOf(body["max_tokens"]),
  whole: (entry, text, cut) =>
    JSON.stringify({
      id: entry.id,
      type: "message",
      role: "assistant",
      model: entry.model,
      content: [{ type: "text", text }],
      stop_reason: cut ? "max_tokens" : "end_turn",
      stop_sequence: null,
      usage: messagesUsage(entry),
    }),
  start: (entry) =>
    event("message_start", {
      message: {
        id: entry.id,
        type: "message",
        role: "assistant",
        model: entry.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: messagesUsage({ ...entry, output: 1 }),
      },
    }) + event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
  token: (_, text) => event("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
  end: (entry, cut) =>
    event("content_block_stop", { index: 0 }) +
    event("message_delta", {
      delta: { stop_reason: cut ? "max_tokens" : "end_turn", stop_sequence: null },
      usage: { output_tokens: entry.output },
    }) +
    event("message_stop", {}),
  error: (type) => JSON.stringify({ type: "error", error: { type, message: "on order" } }),
};
