// The gateway's process side: a socket, a table of fronts, and an orderly end.
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { HomegrownError, toErrorRecord } from "@homegrown/contracts";
import type { RequestTrace } from "../core/request-trace.ts";
import { anthropic } from "../protocols/anthropic/protocol.ts";
import { homegrown } from "../protocols/homegrown/protocol.ts";
import { openAi } from "../protocols/openai/protocol.ts";
import { openAiResponses } from "../protocols/openai/responses/protocol.ts";
import type { Authenticator } from "./authentication.ts";
import { LOCAL_CALLER, identify } from "./authentication.ts";
import { Exchange } from "./exchange.ts";
import type { FrontContext, Protocol } from "./front.ts";
import type { GatewayLimits } from "./limits.ts";
import { listen } from "./listen.ts";
import { refuseMalformed } from "./refuse-malformed.ts";
import type { RequestRecord } from "./request-record.ts";
import { Router } from "./router.ts";
import { RunningExchanges } from "./running-exchanges.ts";
import { checkSameMachine, isLoopback } from "./same-machine.ts";

export interface ServerOptions {
  context: Omit<FrontContext, "limits">;
  keys: Authenticator | undefined;
  host: string;
  port: number;
  /** Further names that a Host or Origin header may carry before keys exist. */
  allowedHosts: readonly string[];
  limits: GatewayLimits;
  /** Pages for whoever runs the gateway, by path: health, readiness, metrics, the API's description. */
  pages: ReadonlyMap<string, Page>;
  onRequest: ((record: RequestRecord) => void) | undefined;
  observer?: RequestObserver | undefined;
  drainMs: number;
}

/** Follows each request from its header to its last byte. */
export interface RequestObserver {
  begin(headers: IncomingHttpHeaders): RequestTrace | undefined;
  /** May add to the record what `onRequest` is then told. */
  end(record: RequestRecord, trace: RequestTrace | undefined): void;
}

export interface Page {
  /** If not: for callers on this machine, who name it as such, and for others with a key. */
  isPublic: boolean;
  render(state: { draining: boolean }): Promise<RenderedPage> | RenderedPage;
}

export interface RenderedPage {
  status: number;
  body: string;
  contentType: string;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** How many requests are in work now, and how many of them stream. */
  activity(): { requests: number; streams: number };
  /** Refuses new connections, lets running requests finish within `drainMs`, then ends them. Idempotent. */
  close(): Promise<void>;
}

/** After the drain: for the last error events to reach their clients. */
const FAREWELL_MS = 500;
/** Imported, the module would evaluate all its exports, WebSocket and with it node's own undici among them. */
const { createServer } = process.getBuiltinModule("node:http");
export const PROTOCOLS: readonly Protocol[] = [openAi, openAiResponses, anthropic, homegrown];

/** Throws `gateway/loopback-only`, `gateway/port-in-use`, `gateway/port-forbidden`, `gateway/address-unavailable`. */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const { host, limits } = options;
  if (!isLoopback(host) && !options.keys?.hasKeys) throw loopbackOnly(host);
  const running = new RunningExchanges();
  const server = createServer({
    connectionsCheckingInterval: Math.max(
      100,
      Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs) / 4,
    ),
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
  });
  server.maxConnections = limits.maxConnections;
  const answer = createAnswerer(options, running, server);
  server.on("request", answer);
  // Left to itself node would ask for a body that is about to be refused.
  server.on("checkContinue", answer);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) =>
    refuseMalformed(error, socket, PROTOCOLS[0]!),
  );
  options.keys?.onRevoked((keyId) => {
    for (const exchange of running.exchanges.list()) {
      if (exchange.caller.id === keyId) exchange.cancel(revoked());
    }
  });
  await listen(server, host, options.port);
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`,
    port,
    activity: () => running.count(),
    close: () => (closed ??= drain(server, running, options.drainMs)),
  };
}

function createAnswerer(
  options: ServerOptions,
  running: RunningExchanges,
  server: Server,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { limits, keys, pages } = options;
  const router = new Router(PROTOCOLS);
  const context: FrontContext = { ...options.context, limits };
  const allowedHosts = new Set(options.allowedHosts.map((name) => name.toLowerCase()));

  const handle = async (exchange: Exchange, request: IncomingMessage): Promise<void> => {
    if (running.draining) exchange.closeConnectionAfterwards();
    const page = pages.get(request.url ?? "");
    if (page) return showPage(exchange, request, page);
    const route = router.find(request.method ?? "", request.url ?? "", request.headers);
    exchange.protocol = route.protocol;
    exchange.parameter = route.parameter;
    exchange.record.route = route.front.path;
    exchange.caller = identify(request, keys, allowedHosts);
    exchange.record.key = exchange.caller.id;
    const { endpoint } = route.front;
    if (keys?.hasKeys && endpoint !== undefined) keys.permits(exchange.caller, endpoint);
    if (running.draining) throw draining();
    if (running.exchanges.size > limits.maxConcurrentRequests) throw overloaded(limits.maxConcurrentRequests);
    await route.front.handle(exchange, context);
  };

  const showPage = async (exchange: Exchange, request: IncomingMessage, page: Page): Promise<void> => {
    exchange.record.route = request.url ?? "";
    if (!page.isPublic) {
      // A web page, and a proxy on this machine, are local peers too; both show in the headers.
      if (isLocalPeer(request)) checkSameMachine(request.headers, allowedHosts);
      else exchange.caller = identify(request, keys, allowedHosts);
    }
    const { status, body, contentType } = await page.render({ draining: running.draining });
    exchange.send(body, contentType, status);
  };

  const finish = async (exchange: Exchange, handled: Promise<void>): Promise<void> => {
    try {
      await handled;
    } catch (error) {
      try {
        exchange.fail(error);
      } catch (unspeakable) {
        // One request must not end the process, nor hang.
        exchange.drop();
        process.emitWarning(`an error could not be told: ${toErrorRecord(unspeakable).code}`, {
          code: "HOMEGROWN_UNTOLD",
        });
      }
    }
    const record = await exchange.closed();
    running.remove(exchange);
    if (running.draining) server.closeIdleConnections();
    report(options, record, exchange.trace);
  };

  return (request, response) => {
    const exchange = new Exchange(request, response, limits, PROTOCOLS[0]!, LOCAL_CALLER);
    exchange.trace = options.observer?.begin(request.headers);
    running.exchanges.add(exchange);
    void finish(exchange, handle(exchange, request));
  };
}

function isLocalPeer(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress ?? "";
  return isLoopback(address.replace(/^::ffff:/, ""));
}

/** A log that fails must not fail the request, nor go unseen. */
function report(
  { onRequest, observer }: ServerOptions,
  record: RequestRecord,
  trace: RequestTrace | undefined,
): void {
  try {
    observer?.end(record, trace);
    onRequest?.(record);
  } catch (error) {
    process.emitWarning(`onRequest threw: ${String(error)}`, { code: "HOMEGROWN_ON_REQUEST" });
  }
}

async function drain(server: Server, running: RunningExchanges, drainMs: number): Promise<void> {
  running.draining = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  for (const exchange of running.exchanges.list()) exchange.closeConnectionAfterwards();
  if (!(await running.empty(drainMs))) {
    for (const exchange of running.exchanges.list()) exchange.cancel(draining());
    await running.empty(FAREWELL_MS);
  }
  // A client that does not read its answer, or a model that does not stop, cannot hold the close up.
  const farewell = setTimeout(() => server.closeAllConnections(), FAREWELL_MS);
  server.closeIdleConnections();
  await closed;
  clearTimeout(farewell);
}

function draining(): HomegrownError {
  return new HomegrownError({
    code: "gateway/draining",
    kind: "unavailable",
    message: "The server is shutting down.",
    hint: "Send the request again in a moment.",
    retryable: true,
  });
}

function revoked(): HomegrownError {
  return new HomegrownError({
    code: "gateway/key-revoked",
    kind: "unauthenticated",
    message: "The key was revoked while this request ran.",
    hint: "Ask whoever runs the gateway for a new key.",
  });
}

function overloaded(maxConcurrentRequests: number): HomegrownError {
  return new HomegrownError({
    code: "gateway/too-many-requests",
    kind: "overloaded",
    message: `The server already works on ${maxConcurrentRequests} requests.`,
    hint: "Send the request again in a moment.",
    retryable: true,
  });
}

function loopbackOnly(host: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/loopback-only",
    kind: "invalid-input",
    message: `The gateway has no keys yet, so it listens on this machine only; got the host ${JSON.stringify(host)}.`,
    hint: "Make a key first (homegrown keys create), or use 127.0.0.1.",
  });
}
