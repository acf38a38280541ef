import type { IncomingMessage, ServerResponse } from "node:http";
import { HomegrownError, toErrorRecord } from "@homegrown/contracts";
import { EventStream } from "./event-stream.ts";
import type { Protocol, RenderedError } from "./front.ts";
import { parseJsonBody } from "./json-body.ts";
import type { GatewayLimits } from "./limits.ts";
import { clientLeft, readBody } from "./read-body.ts";
import { toRequestId } from "./request-id.ts";
import type { RequestRecord } from "./request-record.ts";

/** What node dumps by itself of an unread body while it keeps the connection. */
const SMALL_BODY_BYTES = 65_536;

/** One request and its answer, in the words that fronts need. */
export class Exchange {
  readonly requestId: string;
  /** What a route's `{name}` stood for. */
  parameter = "";
  /** Set before the protocol is known; the router replaces it. */
  protocol: Protocol;
  readonly record: RequestRecord;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #limits: GatewayLimits;
  readonly #abort = new AbortController();
  readonly #startedAt = performance.now();
  #stream: EventStream | undefined;
  #closing = false;
  /** The client holds its body back until it is asked for. */
  #awaitsContinue: boolean;

  constructor(request: IncomingMessage, response: ServerResponse, limits: GatewayLimits, protocol: Protocol) {
    this.#request = request;
    this.#response = response;
    this.#limits = limits;
    this.protocol = protocol;
    this.requestId = toRequestId(request.headers["x-request-id"]);
    this.#awaitsContinue = request.headers.expect?.toLowerCase() === "100-continue";
    this.record = {
      requestId: this.requestId,
      method: request.method ?? "",
      route: "",
      status: 0,
      outcome: "completed",
      durationMs: 0,
      streamed: false,
    };
    response.once("close", () => {
      if (!response.writableFinished) this.#abort.abort(clientLeft());
    });
    // A broken connection shows as 'close'; without a listener its error would end the process.
    request.on("error", () => {});
    response.on("error", () => {});
  }

  /** Fires when the client is gone, or when the server stops waiting for this request. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get headers(): IncomingMessage["headers"] {
    return this.#request.headers;
  }

  /** Ends the work on this request with the given error. */
  cancel(reason: HomegrownError): void {
    this.#abort.abort(reason);
  }

  /** From now on answers tell the client not to reuse the connection. */
  closeConnectionAfterwards(): void {
    this.#closing = true;
  }

  async readJson(): Promise<unknown> {
    const body = await readBody(this.#request, this.#limits.maxBodyBytes, () => {
      if (this.#awaitsContinue) this.#response.writeContinue();
      this.#awaitsContinue = false;
    });
    return parseJsonBody(body, this.#limits.maxJsonDepth);
  }

  sendJson(status: number, body: string, headers?: Readonly<Record<string, string>>): void {
    this.record.status = status;
    const hasUnreadBody = this.#hasUnreadBody();
    if (hasUnreadBody) this.#closing = true;
    this.#response.writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      ...this.#commonHeaders(),
      ...headers,
    });
    if (hasUnreadBody && !this.#awaitsContinue) this.#linger(body);
    else this.#response.end(body);
  }

  /** Sends the status and turns the answer into a stream of events. Call when the first event is ready. */
  openEventStream(): EventStream {
    this.record.status = 200;
    this.record.streamed = true;
    this.record.firstByteMs = performance.now() - this.#startedAt;
    this.#stream = new EventStream(this.#response, this.#limits.clientStallMs, this.#commonHeaders());
    return this.#stream;
  }

  /** For the record: the model that answers. */
  noteModel(name: string, version: string): void {
    this.record.model = name;
    this.record.version = version;
  }

  noteUsage(inputTokens: number, outputTokens: number): void {
    this.record.inputTokens = inputTokens;
    this.record.outputTokens = outputTokens;
  }

  /** Renders an error: as an answer, or as the last event of a stream that has begun. */
  fail(thrown: unknown): void {
    const reason = this.#abort.signal.aborted ? this.#abort.signal.reason : thrown;
    const { code, kind, message } = toErrorRecord(reason);
    this.record.error = { code, kind, message };
    this.record.outcome = kind === "cancelled" ? "client-left" : "failed";
    if (this.#response.destroyed || this.#response.writableEnded) return;
    if (this.#stream) {
      this.#stream.end(this.protocol.renderStreamError(reason, this.requestId));
      return;
    }
    const rendered: RenderedError = this.protocol.renderError(reason, this.requestId);
    this.sendJson(rendered.status, rendered.body, rendered.headers);
  }

  /** Call when the work is done; settles once the answer has left, or the client has. */
  async closed(): Promise<RequestRecord> {
    const response = this.#response;
    if (!response.closed) {
      // What the kernel has not taken by now waits for a client that may never read it.
      const waits = response.writableLength > 0;
      const timer = waits ? setTimeout(() => response.destroy(), this.#limits.clientStallMs) : undefined;
      await new Promise<void>((resolve) => response.once("close", () => resolve()));
      clearTimeout(timer);
    }
    if (!response.writableFinished && this.record.error === undefined) this.fail(clientLeft());
    this.record.durationMs = performance.now() - this.#startedAt;
    return this.record;
  }

  #commonHeaders(): Record<string, string> {
    return this.#closing
      ? { "x-request-id": this.requestId, connection: "close" }
      : { "x-request-id": this.requestId };
  }

  #hasUnreadBody(): boolean {
    if (this.#request.complete) return false;
    const { "content-length": length, "transfer-encoding": coding } = this.#request.headers;
    return coding !== undefined || Number(length ?? 0) > SMALL_BODY_BYTES;
  }

  /**
   * To close while the client still sends would reset the connection, and with it the answer. So the answer
   * goes out whole, the rest of the body is thrown away for a while, and then the connection ends.
   */
  #linger(body: string): void {
    const response = this.#response;
    response.write(body);
    const end = (): void => {
      clearTimeout(timer);
      response.end();
    };
    const timer = setTimeout(end, this.#limits.lingerMs);
    this.#request.once("end", end).once("close", end).resume();
  }
}
