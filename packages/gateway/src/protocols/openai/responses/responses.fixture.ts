// What the tests of this folder share: bodies, a key, port parts, and events read back.
import type { ChatResult, ChatStreamPart } from "@homegrown/contracts";
import type { Key } from "../../../core/key.ts";
import type { AnswerHead, ChatTranslation, ModelRequest } from "../../../core/model-request.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import { parseJsonBody } from "../../../server/json-body.ts";
import type { ResponseStore } from "../../../stored-responses/response-store.ts";
import { parseResponses } from "./request.ts";

export const HEAD: AnswerHead = { id: "0123abcd", createdAt: 1_800_000_000, model: "own", version: "own@1" };

export const USAGE: TokenUsage = {
  input: 10,
  cacheRead: 4,
  cacheWrite: 0,
  output: 7,
  reasoning: 2,
  estimated: false,
};

const PORT_USAGE: ChatResult["usage"] = {
  inputTokens: { total: 10, noCache: 6, cacheRead: 4, cacheWrite: 0 },
  outputTokens: { total: 7, text: 5, reasoning: 2 },
};

export function keyOf(id: string, fields: Partial<Key> = {}): Key {
  return {
    id,
    name: id,
    team: undefined,
    tags: [],
    aliases: undefined,
    endpoints: undefined,
    limits: {},
    rights: "metrics",
    mayStoreResponses: true,
    createdAt: new Date(0),
    expiresAt: undefined,
    revokedAt: undefined,
    ...fields,
  };
}

export function parse(
  body: object,
  context: { caller?: Key; store?: ResponseStore | undefined } = {},
): Promise<ModelRequest> {
  const { caller = keyOf("key-a"), store } = context;
  return parseResponses(parseJsonBody(Buffer.from(JSON.stringify(body)), 100), { caller, store });
}

/** The translation of a body; with `input` where it has none. */
export async function translate(
  body: object,
  context: { caller?: Key; store?: ResponseStore | undefined } = {},
): Promise<ChatTranslation> {
  const translation = (await parse({ model: "own", input: "hi", ...body }, context)).translate();
  if (translation.port !== "chat") throw new Error(`expected a chat, got ${translation.port}`);
  return translation;
}

export const text = (...deltas: string[]): ChatStreamPart[] => [
  { type: "text-start", id: "t" },
  ...deltas.map((delta) => ({ type: "text-delta" as const, id: "t", delta })),
  { type: "text-end", id: "t" },
];

export const finish = (unified: ChatResult["finishReason"]["unified"] = "stop"): ChatStreamPart => ({
  type: "finish",
  finishReason: { unified, raw: undefined },
  usage: PORT_USAGE,
});

export function resultOf(
  content: ChatResult["content"],
  unified: ChatResult["finishReason"]["unified"] = "stop",
): ChatResult {
  return { content, finishReason: { unified, raw: undefined }, usage: PORT_USAGE, warnings: [] };
}

/** The whole text of a stream, in the order in which the core writes it. */
export function streamText(translation: ChatTranslation, parts: readonly ChatStreamPart[]): string {
  const stream = translation.createStream(HEAD);
  const events = parts.map((part) => stream.render(0, part)).join("");
  return stream.start() + events + stream.end(USAGE);
}

export interface WireEvent {
  type: string;
  sequence_number: number;
  [field: string]: unknown;
}

/** Throws where the event's name, its type and its number do not agree. */
export function readEvents(stream: string): WireEvent[] {
  return stream
    .split("\n\n")
    .slice(0, -1)
    .map((block, index) => {
      const [name, data] = block.split("\n");
      const event = JSON.parse(data!.slice("data: ".length)) as WireEvent;
      if (name !== `event: ${event.type}`) throw new Error(`${name} carries ${event.type}`);
      if (event.sequence_number !== index)
        throw new Error(`event ${index} has number ${event.sequence_number}`);
      return event;
    });
}
