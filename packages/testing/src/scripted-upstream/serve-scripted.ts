// The upstream's HTTP side: protocols by path, faults by the model's name, and a control page for whoever asks
// what happened.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { chatCompletions } from "./chat-completions.ts";
import { composeReply } from "./compose-reply.ts";
import { answerControl } from "./control.ts";
import { embeddings } from "./embeddings.ts";
import { runFault } from "./faults.ts";
import { countTokens, messages } from "./messages.ts";
import { readModelScript } from "./model-script.ts";
import type { ModelScript } from "./model-script.ts";
import { PromptCache } from "./prompt-cache.ts";
import type { Body, ScriptedProtocol, WireEvent } from "./protocol.ts";
import { responses } from "./responses.ts";
import { sendJson } from "./send-json.ts";
import { Tally } from "./tally.ts";
import type { UpstreamRecord } from "./tally.ts";
import { textCompletions } from "./text-completions.ts";
import { Refusal } from "./turn.ts";
import type { Reply } from "./turn.ts";

const PROTOCOLS = new Map(
  [chatCompletions, textCompletions, embeddings, responses, messages, countTokens].map((protocol) => [
    protocol.path,
    protocol,
  ]),
);
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export class ScriptedServer {
  readonly tally = new Tally();
  /** Faults set at run time, by model; `none` takes the name's own away. */
  readonly overrides = new Map<string, { fault: string | undefined; times: number }>();
  readonly sockets = new Set<Socket>();
  numConnections = 0;
  readonly #cache = new PromptCache();
  readonly #met = new Map<string, number>();
  readonly #server: Server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy());
  });

  async listen(): Promise<number> {
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on("connection", (socket) => {
      this.numConnections++;
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {}).once("close", () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  reset(): void {
    this.tally.reset();
    this.overrides.clear();
    this.#met.clear();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => {});
    const path = (request.url ?? "").split("?")[0]!;
    const text = await readText(request);
    if (path.startsWith("/control/")) return answerControl(this, request, response, text);
    if (path === "/v1/models") return sendJson(response, 200, MODELS);
    const protocol = PROTOCOLS.get(path);
    if (protocol === undefined || request.method !== "POST") {
      return sendJson(
        response,
        404,
        chatCompletions.error({ status: 404, message: `Unknown path: ${path}` }),
      );
    }
    const body = toBody(text);
    const model = String(body?.["model"] ?? "");
    const streams = body?.["stream"] === true && protocol.events !== undefined;
    const record = this.tally.begin(path, model, text ?? "", streams);
    response.once("close", () => {
      const isWhole = response.writableFinished;
      this.tally.end(record, record.fault !== undefined ? "faulted" : isWhole ? "completed" : "cancelled");
    });
    this.tally.see({ path, headers: request.headers, body });
    try {
      if (!isAuthorized(request)) throw new Refusal("Incorrect API key provided.", undefined, 401);
      if (body === undefined) throw new Refusal("The body is not a JSON object in UTF-8.");
      await this.#answer({ protocol, body, request, response, record, streams });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.tally.end(record, "refused");
      const { status, message, param } = error;
      sendJson(response, status, protocol.error({ status, message, param }));
    }
  }

  async #answer(work: Work): Promise<void> {
    const { protocol, body, request, response, record, streams } = work;
    const turn = protocol.read(body, request.headers);
    const script = toScript(turn.model);
    const replies = Array.from({ length: protocol.numChoices(body) }, (_, choice) =>
      composeReply(turn, choice),
    );
    const usage = this.#usageOf(protocol, body, replies);
    record.inputTokens = protocol.name === "count-tokens" ? 0 : usage.input;
    record.cacheReadTokens = usage.cacheRead;
    record.cacheWriteTokens = usage.cacheWrite;
    const facts = {
      id: record.id,
      body,
      turn,
      replies,
      usage: script.tellsUsage ? usage : undefined,
    };
    const events: WireEvent[] = streams
      ? protocol.events!(facts)
      : [{ text: JSON.stringify(protocol.whole(facts)), tokens: usage.output }];
    if (script.waitMs > 0) await sleep(script.waitMs);
    const fault = this.#faultOf(turn.model, script);
    const contentType = streams ? "text/event-stream; charset=utf-8" : "application/json";
    const sent = (index: number): void => {
      record.outputTokens += events[index]!.tokens;
      if (index === events.length - 1) record.reasoningTokens = usage.reasoning;
    };
    if (fault !== undefined) {
      const parts = events.map((event) => Buffer.from(event.text));
      const redirectTo = "/control/redirected";
      // Slow ways to answer well are no failures.
      if (fault !== "byte-per-chunk") record.fault = fault;
      await runFault(fault, { protocol, streams, contentType, parts, response, sent, redirectTo });
      return;
    }
    if (!streams) {
      sent(0);
      response.writeHead(200, { "content-type": contentType, "x-request-id": `req_${record.id}` });
      response.end(events[0]!.text);
      return;
    }
    response.writeHead(200, { "content-type": contentType, "x-request-id": `req_${record.id}` });
    await sendEvents(response, events, script.paceMs, sent);
  }

  #usageOf(protocol: ScriptedProtocol, body: Body, replies: readonly Reply[]): Reply["usage"] {
    const { input } = replies[0]!.usage;
    const sum = (count: (usage: Reply["usage"]) => number): number =>
      replies.reduce((total, reply) => total + count(reply.usage), 0);
    return {
      input,
      ...this.#cache.look(protocol.name, body, input),
      output: sum(({ output }) => output),
      reasoning: sum(({ reasoning }) => reasoning),
    };
  }

  #faultOf(model: string, script: ModelScript): string | undefined {
    const { fault, times } = this.overrides.get(model) ?? script;
    if (fault === undefined) return undefined;
    const met = (this.#met.get(model) ?? 0) + 1;
    if (this.#met.size < 10_000) this.#met.set(model, met);
    return met <= times ? fault : undefined;
  }
}

interface Work {
  protocol: ScriptedProtocol;
  body: Body;
  request: IncomingMessage;
  response: ServerResponse;
  record: UpstreamRecord;
  streams: boolean;
}

const MODELS = {
  object: "list",
  data: [{ id: "scripted", object: "model", created: 1_700_000_000, owned_by: "scripted" }],
};

async function sendEvents(
  response: ServerResponse,
  events: readonly WireEvent[],
  paceMs: number,
  sent: (index: number) => void,
): Promise<void> {
  for (const [index, { text }] of events.entries()) {
    if (response.destroyed) return;
    sent(index);
    if (!response.write(text)) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          response.off("drain", go).off("close", go);
          resolve();
        };
        response.on("drain", go).on("close", go);
      });
    }
    if (paceMs > 0) await sleep(paceMs);
  }
  response.end();
}

function toScript(model: string): ModelScript {
  try {
    return readModelScript(model);
  } catch (error) {
    throw new Refusal((error as Error).message, "model", 404);
  }
}

function isAuthorized({ headers }: IncomingMessage): boolean {
  const bearer = /^Bearer \S+$/.test(headers.authorization ?? "");
  return bearer || Boolean(headers["x-api-key"]) || Boolean(headers["api-key"]);
}

async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > MAX_BODY_BYTES) throw new Error("the body is too large");
    chunks.push(chunk as Buffer);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    return undefined;
  }
}

function toBody(text: string | undefined): Body | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Body) : undefined;
  } catch {
    return undefined;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
