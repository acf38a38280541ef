// The gateway's process side: a socket, a table of fronts, and an orderly end.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { HomegrownError } from "@homegrown/contracts";
import type { ModelDirectory } from "@homegrown/contracts";
import { openAi } from "../protocols/openai/protocol.ts";
import { Exchange } from "./exchange.ts";
import type { FrontContext } from "./front.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { GatewayLimits } from "./limits.ts";
import { listen } from "./listen.ts";
import { refuseMalformed } from "./refuse-malformed.ts";
import type { RequestRecord } from "./request-record.ts";
import { Router } from "./router.ts";
import { checkSameMachine, isLoopback } from "./same-machine.ts";

export interface GatewayOptions {
  directory: ModelDirectory;
  /** A loopback address or name: without keys the gateway listens nowhere else. Default 127.0.0.1. */
  host?: string;
  /** 0 (the default) takes a free port. */
  port?: number;
  /** Further names that a Host or Origin header may carry, for a reverse proxy on this machine. */
  allowedHosts?: readonly string[];
  limits?: Partial<GatewayLimits>;
  /** Called once when a request is over; holds no prompt and no answer. */
  onRequest?: (record: RequestRecord) => void;
  /** How long `close` lets running requests finish. Default 10 s. */
  drainMs?: number;
}

export interface Gateway {
  /** For example `http://127.0.0.1:8080`; OpenAI clients take `${url}/v1` as their base URL. */
  readonly url: string;
  readonly port: number;
  /** Refuses new connections, lets running requests finish within `drainMs`, then ends them. */
  close(): Promise<void>;
}

const DEFAULT_DRAIN_MS = 10_000;
/** After the drain: for the last error events to reach their clients. */
const FAREWELL_MS = 500;
const PROTOCOLS = [openAi];

/**
 * Serves the models of a directory over HTTP in OpenAI's protocol.
 * Throws `gateway/loopback-only`, `gateway/port-in-use`, `gateway/port-forbidden` or
 * `gateway/address-unavailable`.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const host = options.host ?? "127.0.0.1";
  if (!isLoopback(host)) throw loopbackOnly(host);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
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
  const answer = createAnswerer(options, limits, running, server);
  server.on("request", answer);
  // Left to itself node would ask for a body that is about to be refused.
  server.on("checkContinue", answer);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) =>
    refuseMalformed(error, socket, PROTOCOLS[0]!),
  );
  await listen(server, host, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    close: () => (closed ??= drain(server, running, options.drainMs ?? DEFAULT_DRAIN_MS)),
  };
}

/** Requests in work, and whether more may come. */
class RunningExchanges {
  readonly exchanges = new Set<Exchange>();
  draining = false;
  #onEmpty: (() => void) | undefined;

  remove(exchange: Exchange): void {
    this.exchanges.delete(exchange);
    if (this.exchanges.size === 0) this.#onEmpty?.();
  }

  /** True once nothing runs any more, false when `ms` went by first. */
  empty(ms: number): Promise<boolean> {
    if (this.exchanges.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms, false);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

function createAnswerer(
  options: GatewayOptions,
  limits: GatewayLimits,
  running: RunningExchanges,
  server: Server,
): (request: IncomingMessage, response: ServerResponse) => void {
  const router = new Router(PROTOCOLS);
  const context: FrontContext = { directory: options.directory, limits };
  const allowedHosts = new Set((options.allowedHosts ?? []).map((name) => name.toLowerCase()));

  const handle = async (exchange: Exchange, request: IncomingMessage): Promise<void> => {
    if (running.draining) exchange.closeConnectionAfterwards();
    checkSameMachine(request.headers, allowedHosts);
    if (request.url === "/healthz") {
      exchange.record.route = "/healthz";
      exchange.sendJson(running.draining ? 503 : 200, `{"status":"${running.draining ? "draining" : "ok"}"}`);
      return;
    }
    const route = router.find(request.method ?? "", request.url ?? "");
    exchange.protocol = route.protocol;
    exchange.parameter = route.parameter;
    exchange.record.route = route.front.path;
    if (running.draining) throw draining();
    if (running.exchanges.size > limits.maxConcurrentRequests) throw overloaded(limits.maxConcurrentRequests);
    await route.front.handle(exchange, context);
  };

  const finish = async (exchange: Exchange, handled: Promise<void>): Promise<void> => {
    try {
      await handled;
    } catch (error) {
      exchange.fail(error);
    }
    const record = await exchange.closed();
    running.remove(exchange);
    if (running.draining) server.closeIdleConnections();
    report(options.onRequest, record);
  };

  return (request, response) => {
    const exchange = new Exchange(request, response, limits, PROTOCOLS[0]!);
    running.exchanges.add(exchange);
    void finish(exchange, handle(exchange, request));
  };
}

/** A log that fails must not fail the request, nor go unseen. */
function report(onRequest: GatewayOptions["onRequest"], record: RequestRecord): void {
  try {
    onRequest?.(record);
  } catch (error) {
    process.emitWarning(`onRequest threw: ${String(error)}`, { code: "HOMEGROWN_ON_REQUEST" });
  }
}

async function drain(server: Server, running: RunningExchanges, drainMs: number): Promise<void> {
  running.draining = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  for (const exchange of running.exchanges) exchange.closeConnectionAfterwards();
  if (!(await running.empty(drainMs))) {
    for (const exchange of running.exchanges) exchange.cancel(draining());
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
    hint: "Use 127.0.0.1, and a reverse proxy that asks for a credential to serve other machines.",
  });
}
