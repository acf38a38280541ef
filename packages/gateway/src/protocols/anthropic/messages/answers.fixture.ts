// Answers of ports in both forms, whole and streamed, as different providers give them; and a server that
// renders them for real clients.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ChatResult, ChatStreamPart } from "@homegrown/contracts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import { parseJsonBody } from "../../../server/json-body.ts";
import { renderError, renderStreamError } from "../errors.ts";
import { HEAD } from "./requests.fixture.ts";
import { parseMessages } from "./request.ts";

export interface PortAnswer {
  content: ChatResult["content"];
  parts: ChatStreamPart[];
  finish: Pick<ChatResult, "finishReason" | "providerMetadata">;
  usage: TokenUsage;
}

export const USAGE: TokenUsage = {
  input: 120,
  cacheRead: 70,
  cacheWrite: 20,
  output: 33,
  reasoning: 11,
  estimated: false,
};
export const PORT_USAGE: ChatResult["usage"] = {
  inputTokens: { total: 120, noCache: 30, cacheRead: 70, cacheWrite: 20 },
  outputTokens: { total: 33, text: 22, reasoning: 11 },
};

const stop = (unified: ChatResult["finishReason"]["unified"], raw?: string): PortAnswer["finish"] => ({
  finishReason: { unified, raw },
});

export function textParts(id: string, ...deltas: string[]): ChatStreamPart[] {
  return [
    { type: "text-start", id },
    ...deltas.map((delta): ChatStreamPart => ({ type: "text-delta", id, delta })),
    { type: "text-end", id },
  ];
}

export function callParts(id: string, toolName: string, ...deltas: string[]): ChatStreamPart[] {
  return [
    { type: "tool-input-start", id, toolName },
    ...deltas.map((delta): ChatStreamPart => ({ type: "tool-input-delta", id, delta })),
    { type: "tool-input-end", id },
    { type: "tool-call", toolCallId: id, toolName, input: deltas.join("") },
  ];
}

const signed = (
  id: string,
  text: string,
  metadata: NonNullable<ChatResult["providerMetadata"]>,
): ChatStreamPart[] => [
  { type: "reasoning-start", id },
  ...text.split(" ").map((word, index): ChatStreamPart => ({
    type: "reasoning-delta",
    id,
    delta: index === 0 ? word : ` ${word}`,
  })),
  { type: "reasoning-delta", id, delta: "", providerMetadata: metadata },
  { type: "reasoning-end", id },
];

const ANTHROPIC_CITATION = {
  type: "char_location",
  cited_text: "It is so.",
  document_index: 0,
  document_title: null,
  file_id: null,
  start_char_index: 0,
  end_char_index: 9,
};

const answer = (
  content: PortAnswer["content"],
  parts: ChatStreamPart[],
  finish: PortAnswer["finish"] = stop("stop", "end_turn"),
): PortAnswer => ({ content, parts, finish, usage: USAGE });

const LOOK = { type: "tool-call", toolCallId: "c1", toolName: "look", input: '{"q":"a"}' } as const;
const READ = { type: "tool-call", toolCallId: "c2", toolName: "read", input: "{}" } as const;
const openai = { openai: { reasoningEncryptedContent: "gAAA" } };

/** Each by the way in which its port differs. */
export const ANSWERS: Readonly<Record<string, PortAnswer>> = {
  "plain text": answer([{ type: "text", text: "Hello 🌍\n" }], textParts("0", "Hel", "lo ", "🌍\n")),
  "nothing at all": answer([], []),
  "empty text": answer([{ type: "text", text: "" }], textParts("0")),
  "parallel calls after text that ends late": answer(
    [{ type: "text", text: "So." }, LOOK, READ],
    [
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "So." },
      ...callParts("c1", "look", '{"q"', ':"a"}'),
      ...callParts("c2", "read"),
      { type: "text-end", id: "t" },
    ],
    stop("tool-calls"),
  ),
  "whole calls only, and a plain stop": answer([LOOK, READ], [LOOK, READ], stop("stop")),
  "calls whose inputs are interleaved": answer(
    [LOOK, { ...READ, input: '{"b":1}' }],
    [
      { type: "tool-input-start", id: "c1", toolName: "look" },
      { type: "tool-input-start", id: "c2", toolName: "read" },
      { type: "tool-input-delta", id: "c2", delta: '{"b"' },
      { type: "tool-input-delta", id: "c1", delta: '{"q":' },
      { type: "tool-input-delta", id: "c2", delta: ":1}" },
      { type: "tool-input-end", id: "c2" },
      { ...READ, input: '{"b":1}' },
      { type: "tool-input-delta", id: "c1", delta: '"a"}' },
      { type: "tool-input-end", id: "c1" },
      LOOK,
    ],
    stop("tool-calls"),
  ),
  "Anthropic's thinking, redacted thinking and citations": answer(
    [
      { type: "reasoning", text: "first then", providerMetadata: { anthropic: { signature: "EqQB" } } },
      { type: "reasoning", text: "", providerMetadata: { anthropic: { redactedData: "EmwK" } } },
      {
        type: "text",
        text: "It is.",
        citations: [
          {
            source: {
              type: "source",
              sourceType: "document",
              id: "0",
              mediaType: "text/plain",
              title: "Document 0",
              providerMetadata: { anthropic: ANTHROPIC_CITATION },
            },
            citedText: "It is so.",
          },
        ],
      },
    ],
    [
      ...signed("0", "first then", { anthropic: { signature: "EqQB" } }),
      { type: "reasoning-start", id: "1", providerMetadata: { anthropic: { redactedData: "EmwK" } } },
      { type: "reasoning-end", id: "1" },
      { type: "text-start", id: "2" },
      { type: "text-delta", id: "2", delta: "It is." },
      {
        type: "text-end",
        id: "2",
        citations: [
          {
            source: {
              type: "source",
              sourceType: "document",
              id: "0",
              mediaType: "text/plain",
              title: "Document 0",
              providerMetadata: { anthropic: ANTHROPIC_CITATION },
            },
            citedText: "It is so.",
          },
        ],
      },
    ],
  ),
  "OpenAI's reasoning and web citations": answer(
    [
      { type: "reasoning", text: "hm so", providerMetadata: openai },
      {
        type: "text",
        text: "See.",
        citations: [
          {
            source: { type: "source", sourceType: "url", id: "u", url: "https://example.org/", title: "Ex" },
          },
        ],
      },
    ],
    [
      ...signed("rs:0", "hm so", openai),
      { type: "text-start", id: "m" },
      { type: "text-delta", id: "m", delta: "See." },
      { type: "source", sourceType: "url", id: "u", url: "https://example.org/", title: "Ex" },
      {
        type: "text-end",
        id: "m",
        citations: [
          {
            source: { type: "source", sourceType: "url", id: "u", url: "https://example.org/", title: "Ex" },
          },
        ],
      },
    ],
  ),
  "a call that Google signed": answer(
    [{ ...LOOK, providerMetadata: { google: { thoughtSignature: "CiQB" } } }],
    [
      {
        type: "tool-input-start",
        id: "c1",
        toolName: "look",
        providerMetadata: { google: { thoughtSignature: "CiQB" } },
      },
      { type: "tool-input-delta", id: "c1", delta: '{"q":"a"}' },
      { type: "tool-input-end", id: "c1" },
      LOOK,
    ],
    stop("tool-calls"),
  ),
  "reasoning that ends after the text began": answer(
    [
      { type: "reasoning", text: "a b" },
      { type: "text", text: "So." },
    ],
    [
      { type: "reasoning-start", id: "r" },
      { type: "reasoning-delta", id: "r", delta: "a" },
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "So." },
      { type: "reasoning-delta", id: "r", delta: " b" },
      { type: "reasoning-end", id: "r" },
      { type: "text-end", id: "t" },
    ],
    stop("length", "length"),
  ),
  "a stop sequence, tokens known from the start": answer(
    [{ type: "text", text: "a" }],
    [
      {
        type: "custom",
        kind: "anthropic.message_start",
        providerMetadata: { anthropic: { usage: { input_tokens: 30, cache_read_input_tokens: 70 } } },
      },
      { type: "ping" },
      ...textParts("0", "a"),
    ],
    {
      finishReason: { unified: "stop", raw: "stop_sequence" },
      providerMetadata: { anthropic: { stopSequence: "END" } },
    },
  ),
  "a refusal": answer([{ type: "text", text: "No" }], textParts("0", "No"), {
    finishReason: { unified: "content-filter", raw: "refusal" },
    providerMetadata: { anthropic: { stopDetails: { type: "refusal", category: "bio" } } },
  }),
  "tools that the provider ran itself": answer(
    [
      { type: "tool-call", toolCallId: "p", toolName: "web", input: "{}", providerExecuted: true },
      { type: "tool-result", toolCallId: "p", toolName: "web", result: "r" },
      { type: "text", text: "Done." },
    ],
    [
      { type: "tool-input-start", id: "p", toolName: "web", providerExecuted: true },
      { type: "tool-input-delta", id: "p", delta: "{}" },
      { type: "tool-input-end", id: "p" },
      { type: "tool-call", toolCallId: "p", toolName: "web", input: "{}", providerExecuted: true },
      { type: "tool-result", toolCallId: "p", toolName: "web", result: "r" },
      ...textParts("0", "Done."),
    ],
  ),
};

export function toResult({ content, finish }: PortAnswer): ChatResult {
  return { content, ...finish, usage: PORT_USAGE, warnings: [] };
}

/** Every part of a stream, from its start to its finish. */
export function toParts({ parts, finish }: PortAnswer): ChatStreamPart[] {
  return [
    { type: "stream-start", warnings: [] },
    { type: "response-metadata", id: "r" },
    ...parts,
    { type: "finish", ...finish, usage: PORT_USAGE },
  ];
}

export interface AnsweringServer {
  url: string;
  /** Bodies as they came. */
  bodies: unknown[];
  /** What the next request gets that names none of the answers as its model; an error is rendered as one. */
  next: PortAnswer | Error;
  close(): Promise<void>;
}

/** The front without a core: parses, translates, and renders what a port is said to have answered. */
export async function startAnswering(): Promise<AnsweringServer> {
  const state: AnsweringServer = { url: "", bodies: [], next: ANSWERS["plain text"]!, close };
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      try {
        if (state.next instanceof Error) throw state.next;
        const body = parseJsonBody(Buffer.concat(chunks), 100);
        state.bodies.push(body.value);
        const request = parseMessages(body, incoming.headers);
        const translation = request.translate();
        if (translation.port !== "chat") throw new Error("not a chat");
        const head = { ...HEAD, model: request.alias };
        const answer = ANSWERS[request.alias] ?? state.next;
        if (!request.stream) {
          response.setHeader("content-type", "application/json");
          response.end(translation.renderAnswer([toResult(answer)], answer.usage, head));
          return;
        }
        response.setHeader("content-type", "text/event-stream");
        const renderer = translation.createStream(head);
        response.write(renderer.start());
        for (const part of toParts(answer)) {
          if (part.type === "error") {
            response.end(renderStreamError(part.error, "req_1"));
            return;
          }
          response.write(renderer.render(0, part));
        }
        response.end(renderer.end(answer.usage));
      } catch (error) {
        const { status, headers, body } = renderError(error, "req_1");
        response.writeHead(status, { ...headers, "content-type": "application/json" }).end(body);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return state;

  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
