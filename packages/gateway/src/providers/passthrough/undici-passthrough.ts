// Bytes to a provider and back over undici's dispatcher: no body object, no streams, no fetch. What `fetch`
// would cost instead stands in docs/decisions (about 100 µs a request).
import type { Dispatcher } from "undici";
import type {
  Passthrough,
  PassthroughControl,
  PassthroughHandler,
  PassthroughRequest,
} from "../../core/target.ts";
import { UpstreamError } from "../../core/upstream-errors.ts";
import type { UpstreamFault } from "../../core/upstream-errors.ts";
import { Agent } from "./undici-agent.ts";

/** Where one dialect of one model is served, and with which credentials. */
export interface PassthroughEndpoint {
  /** The target's id, for errors. */
  target: string;
  /** Absolute, http or https. */
  url: string;
  /** Lower-case names; sent with every request. */
  headers: Readonly<Record<string, string>>;
  /** Lower-case names; sent where the client sends none. */
  defaultHeaders?: Readonly<Record<string, string>>;
}

/** The connections of one gateway to all providers. */
export class UndiciConnections {
  readonly #agents = new Map<number, Agent>();

  createPassthrough(endpoint: PassthroughEndpoint): Passthrough {
    const { origin, pathname, search } = new URL(endpoint.url);
    const path = pathname + search;
    const headersOf = createHeaders(endpoint);
    return {
      dispatch: (request, handler) => {
        const headers = headersOf(request);
        this.#agentFor(request).dispatch(
          { origin, path, method: "POST", headers, body: request.body as Buffer },
          new HandlerAdapter(endpoint.target, handler),
        );
      },
    };
  }

  /** Ends idle connections now and busy ones when they are done, or breaks them off. */
  async close({ force }: { force: boolean }): Promise<void> {
    const agents = [...this.#agents.values()];
    await Promise.all(agents.map((agent) => (force ? agent.destroy() : agent.close())));
  }

  /** The connect time-out belongs to undici's connector, so each value in use has an agent of its own. */
  #agentFor({ connectTimeoutMs }: PassthroughRequest): Agent {
    let agent = this.#agents.get(connectTimeoutMs);
    if (!agent) {
      agent = new Agent({
        connect: { timeout: connectTimeoutMs },
        // The core's own clocks bound these.
        headersTimeout: 0,
        bodyTimeout: 0,
        pipelining: 1,
        keepAliveTimeout: 30_000,
        maxResponseSize: -1,
      });
      this.#agents.set(connectTimeoutMs, agent);
    }
    return agent;
  }
}

/** Names and values in turn: made for each request, an object of them costs undici and us twice as much. */
function createHeaders(endpoint: PassthroughEndpoint): (request: PassthroughRequest) => string[] {
  const ofBody = ["content-type", "content-length"];
  const own = Object.entries(endpoint.headers).filter(([name]) => !ofBody.includes(name));
  const fixed = own.flat();
  const taken = new Set([...ofBody, ...own.map(([name]) => name)]);
  const defaults = Object.entries(endpoint.defaultHeaders ?? {}).filter(([name]) => !taken.has(name));
  return ({ headers: given, contentType, body }) => {
    const headers = ["content-type", contentType, "content-length", String(body.byteLength), ...fixed];
    for (const name in given) if (!taken.has(name)) headers.push(name, given[name]!);
    for (const [name, value] of defaults) if (given[name] === undefined) headers.push(name, value);
    return headers;
  };
}

class HandlerAdapter implements Dispatcher.DispatchHandler {
  readonly #target: string;
  readonly #handler: PassthroughHandler;
  #over = false;

  constructor(target: string, handler: PassthroughHandler) {
    this.#target = target;
    this.#handler = handler;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const control: PassthroughControl = {
      pause: () => controller.pause(),
      resume: () => controller.resume(),
      abort: (reason) => {
        if (!this.#over && !controller.aborted) controller.abort(reason);
      },
    };
    this.#handler.onRequestStart(control);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // 1xx answers come before the one that counts.
    if (status < 200) return;
    this.#handler.onResponseStart(status, headers as Record<string, string | string[]>);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onData(chunk);
  }

  onResponseEnd(): void {
    this.#over = true;
    this.#handler.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#over = true;
    this.#handler.onError(toConnectionError(error, this.#target));
  }
}

const FAULT_OF_CODE: Readonly<Record<string, [UpstreamFault, string]>> = {
  ECONNREFUSED: ["refused", "it does not accept connections"],
  ENOTFOUND: ["refused", "its host name is not known"],
  EAI_AGAIN: ["refused", "its host name could not be looked up"],
  EHOSTUNREACH: ["refused", "its host cannot be reached"],
  ENETUNREACH: ["refused", "its network cannot be reached"],
  UND_ERR_CONNECT_TIMEOUT: ["connect-timeout", "it did not accept a connection in time"],
  ETIMEDOUT: ["connect-timeout", "it did not accept a connection in time"],
  ECONNRESET: ["reset", "it closed the connection"],
  EPIPE: ["reset", "it closed the connection"],
  UND_ERR_SOCKET: ["reset", "it closed the connection"],
  UND_ERR_HEADERS_OVERFLOW: ["malformed", "its headers are too large"],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ["cut-short", "its answer ended early"],
};

/** What undici or the socket reports as an `UpstreamError`; the core's own reasons for aborting stay as they are. */
export function toConnectionError(error: Error, target: string): Error {
  const code = "code" in error ? String(error.code) : "";
  const known = FAULT_OF_CODE[code];
  if (known) return new UpstreamError({ fault: known[0], target, message: known[1], cause: error });
  // undici gives its parser's errors a name, and not always a code.
  if (code.startsWith("HPE_") || error.name === "HTTPParserError") {
    return new UpstreamError({
      fault: "malformed",
      target,
      message: "what it sent is not HTTP",
      cause: error,
    });
  }
  if (code.startsWith("ERR_TLS") || code.startsWith("CERT_") || code.includes("CERT")) {
    return new UpstreamError({
      fault: "refused",
      target,
      message: `its certificate was not accepted (${code})`,
      cause: error,
    });
  }
  return error;
}
