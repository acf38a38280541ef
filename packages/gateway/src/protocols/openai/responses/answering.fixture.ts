// A server whose every answer is rendered here, from the same content: for clients that read it.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ChatCall, ChatResult, ChatStreamPart } from "@homegrown/contracts";
import type { ResponseStore } from "../../../stored-responses/response-store.ts";
import type { Citation } from "./output-items.ts";
import { HEAD, USAGE, finish, resultOf, streamText, text, translate } from "./responses.fixture.ts";

const CITATIONS: Citation[] = [
  { source: { type: "source", sourceType: "url", id: "s", url: "https://a.b/", title: "A" }, endIndex: 4 },
];

const CONTENT: ChatResult["content"] = [
  { type: "reasoning", text: "Let me think.", providerMetadata: { anthropic: { signature: "sig" } } },
  {
    type: "text",
    text: "Bern is the capital.",
    citations: CITATIONS,
  },
  { type: "tool-call", toolCallId: "c1", toolName: "weather", input: '{"city":"Bern"}' },
  { type: "tool-call", toolCallId: "c2", toolName: "apply_patch", input: '{"input":"*** Patch"}' },
];

const PARTS: ChatStreamPart[] = [
  { type: "reasoning-start", id: "r" },
  { type: "reasoning-delta", id: "r", delta: "Let me " },
  { type: "reasoning-delta", id: "r", delta: "think." },
  { type: "reasoning-delta", id: "r", delta: "", providerMetadata: { anthropic: { signature: "sig" } } },
  { type: "reasoning-end", id: "r" },
  ...text("Bern is ", "the capital.").slice(0, 3),
  { type: "text-end", id: "t", citations: CITATIONS },
  { type: "tool-input-start", id: "c1", toolName: "weather" },
  { type: "tool-input-delta", id: "c1", delta: '{"city":' },
  { type: "tool-input-delta", id: "c1", delta: '"Bern"}' },
  { type: "tool-call", toolCallId: "c1", toolName: "weather", input: '{"city":"Bern"}' },
  { type: "tool-call", toolCallId: "c2", toolName: "apply_patch", input: '{"input":"*** Patch"}' },
  finish("tool-calls"),
];

export interface AnsweringServer {
  /** For clients: ends with `/v1`. */
  url: string;
  /** What the last request was translated to. */
  prompt(): ChatCall["prompt"];
  close(): void;
}

export async function startAnswering(store?: ResponseStore): Promise<AnsweringServer> {
  let prompt: ChatCall["prompt"] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const asked = JSON.parse(body) as { stream?: boolean };
    const translation = await translate(asked, { store });
    prompt = translation.call.prompt;
    if (asked.stream === true) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(streamText(translation, PARTS));
    } else {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(translation.renderAnswer([resultOf(CONTENT, "tool-calls")], USAGE, HEAD));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    prompt: () => prompt,
    close: () => server.close(),
  };
}
