// A provider in a process of its own that keeps its own account: what it answered, to whom, and what it counted.
// It speaks chat completions and messages, does what the order in the prompt says, and keeps to the limit that
// it is told.
//   node counting-upstream.fixture.ts entries|sums [DELAY_MS]
// Prints "ready PORT" and ends when its standard input does.
// GET /account gives one entry for each request (not with `sums`), GET /sums the totals by model.
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { MAX_OUTPUT_TOKENS, TOKEN_TEXT, cachedTokensOf, fromPrompt, inputTokensOf } from "./order.fixture.ts";
import type { Order } from "./order.fixture.ts";
import { chatWire, messagesWire } from "./wires.fixture.ts";
import type { Wire } from "./wires.fixture.ts";

export interface AccountEntry {
  id: string;
  model: string;
  input: number;
  cached: number;
  /** Tokens sent. */
  output: number;
  /** The limit that it was told. */
  limit: number | undefined;
  /** All of the answer has been handed to the kernel, its usage included. */
  whole: boolean;
  endedAt: number;
}

export interface ModelSums {
  requests: number;
  whole: number;
  /** Of whole answers. */
  input: number;
  cached: number;
  output: number;
}

const keepsEntries = process.argv[2] !== "sums";
const leastDelayMs = Number(process.argv[3] ?? 0);
const entries: AccountEntry[] = [];
const sums = new Map<string, ModelSums>();
/** How often each id that meets faults has come. */
const faultsSeen = new Map<string, number>();
const sockets = new Set<Socket>();

class Answer {
  readonly wire: Wire;
  readonly order: Order;
  readonly response: ServerResponse;
  readonly entry: AccountEntry;
  readonly streams: boolean;

  constructor(wire: Wire, body: Record<string, unknown>, response: ServerResponse) {
    const prompt = wire.promptOf(body);
    this.wire = wire;
    this.response = response;
    this.order = fromPrompt(prompt);
    this.streams = body["stream"] === true;
    this.entry = {
      id: this.order.id,
      model: String(body["model"]),
      input: inputTokensOf(prompt),
      cached: cachedTokensOf(prompt),
      output: 0,
      limit: wire.limitOf(body),
      whole: false,
      endedAt: 0,
    };
    response.once("finish", () => this.#end(true)).once("close", () => this.#end(false));
  }

  get numTokens(): number {
    return Math.min(this.order.output, this.entry.limit ?? Infinity, MAX_OUTPUT_TOKENS);
  }

  send(): void {
    const { response, wire, entry } = this;
    switch (this.#takeFault()) {
      case undefined:
        break;
      case "hang":
        return;
      case "reset":
        response.socket?.resetAndDestroy();
        return;
      case "half":
        return this.#sendHalf();
      case "429":
        response.writeHead(429, { "content-type": "application/json", "retry-after": "0" });
        response.end(wire.error("rate_limit_error"));
        return;
      case "500":
        response.writeHead(500, { "content-type": "application/json" });
        response.end(wire.error("api_error"));
        return;
    }
    if (this.streams) return this.#stream(this.numTokens);
    entry.output = this.numTokens;
    response.setHeader("content-type", "application/json");
    response.end(wire.whole(entry, TOKEN_TEXT.repeat(this.numTokens), this.numTokens < this.order.output));
  }

  #takeFault(): Order["fault"] {
    const { fault, id, numFaults = Infinity } = this.order;
    if (fault === undefined) return undefined;
    const seen = (faultsSeen.get(id) ?? 0) + 1;
    if (seen > numFaults) {
      faultsSeen.delete(id);
      return undefined;
    }
    if (numFaults !== Infinity) faultsSeen.set(id, seen);
    return fault;
  }

  /** As a connection that breaks: a stream in the middle of an event, an answer before its announced end. */
  #sendHalf(): void {
    const { response, wire, entry, streams } = this;
    if (streams) {
      response.setHeader("content-type", "text/event-stream");
      response.write(wire.start(entry));
      const token = wire.token(entry, TOKEN_TEXT);
      response.write(token + token.slice(0, token.length / 2));
    } else {
      response.writeHead(200, { "content-type": "application/json", "content-length": "10000" });
      response.write(wire.whole(entry, TOKEN_TEXT, true).slice(0, 40));
    }
    setImmediate(() => response.destroy());
  }

  #stream(numTokens: number): void {
    const { response, wire, entry, order } = this;
    response.setHeader("content-type", "text/event-stream");
    response.write(wire.start(entry));
    const token = wire.token(entry, TOKEN_TEXT);
    const next = (): void => {
      if (response.destroyed) return;
      if (entry.output >= numTokens) return void response.end(wire.end(entry, numTokens < order.output));
      entry.output += 1;
      const hasRoom = response.write(token);
      if (order.gapMs !== undefined) setTimeout(next, order.gapMs);
      else if (hasRoom) next();
      else response.once("drain", next);
    };
    next();
  }

  #end(whole: boolean): void {
    const { entry, response } = this;
    if (entry.endedAt !== 0) return;
    entry.endedAt = Date.now();
    entry.whole = whole && response.statusCode === 200;
    if (keepsEntries) entries.push(entry);
    let sum = sums.get(entry.model);
    if (sum === undefined) {
      sum = { requests: 0, whole: 0, input: 0, cached: 0, output: 0 };
      sums.set(entry.model, sum);
    }
    sum.requests += 1;
    if (!entry.whole) return;
    sum.whole += 1;
    sum.input += entry.input;
    sum.cached += entry.cached;
    sum.output += entry.output;
  }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === "/account") return void response.end(JSON.stringify(entries));
  if (request.url === "/sums") return void response.end(JSON.stringify(Object.fromEntries(sums)));
  if (request.url === "/connections") return void response.end(JSON.stringify(sockets.size));
  const wire = request.url?.endsWith("/messages") === true ? messagesWire : chatWire;
  const answer = new Answer(wire, JSON.parse(await readAll(request)) as Record<string, unknown>, response);
  const delayMs = Math.max(answer.order.delayMs ?? 0, leastDelayMs);
  if (delayMs === 0) answer.send();
  else setTimeout(() => response.destroyed || answer.send(), delayMs);
}

const server = createServer((request, response) => {
  response.on("error", () => {});
  // A client that leaves while it sends is not this provider's concern.
  serve(request, response).catch(() => response.destroy());
});
server.keepAliveTimeout = 60_000;
server.on("connection", (socket) => {
  sockets.add(socket);
  socket.setNoDelay(true).on("error", () => {});
  socket.once("close", () => sockets.delete(socket));
});
server.listen(0, "127.0.0.1", () => console.log(`ready ${(server.address() as AddressInfo).port}`));
process.stdin.resume().once("end", () => process.exit(0));
