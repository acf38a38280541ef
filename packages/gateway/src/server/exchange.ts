import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from "node:http";
import { HomegrownError, toErrorRecord } from "@homegrown/contracts";
import type { Delivery, DeliveryFacts } from "../core/delivery.ts";
import type { Rostered } from "../core/running/roster.ts";
import type { PermitState } from "../core/accounts.ts";
import type { Key } from "../core/key.ts";
import type { RequestTrace } from "../core/request-trace.ts";
import { EventStream } from "./event-stream.ts";
import type { Protocol, RenderedError } from "./front.ts";
import { parseJsonBody } from "./json-body.ts";
import type { JsonBody } from "./json-body.ts";
import type { GatewayLimits } from "./limits.ts";
import { checkJson, checkMediaType, clientLeft, readBody } from "./read-body.ts";
import { toRequestId } from "./request-id.ts";
import type { RequestRecord } from "./request-record.ts";

/** What node dumps by itself of an unread body while it keeps the connection. */
const SMALL_BODY_BYTES = 65_536;

const EVENT_STREAM = "text/event-stream; charset=utf-8";
const JSON_TYPE = "application/json; charset=utf-8";

const UNSPEAKABLE = /[^\x20-\x7e]/;

/** One request and its answer, in the words that fronts and the core need. */
export class Exchange implements Delivery, Rostered {
  place = -1;
  readonly requestId: string;
  /** Who asks; set before a front is called. */
  caller: Key;
  /** What a route's `{name}` stood for. */
  parameter = "";
  /** Set before the protocol is known; the router replaces it. */
  protocol: Protocol;
  readonly record: RequestRecord;
  /** Set when the request comes, where somebody follows it. */
  trace: RequestTrace | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #limits: GatewayLimits;
  readonly #annotations: Record<string, string> = {};
  #abort: AbortController | undefined;
  #cancelReason: HomegrownError | undefined;
  #onCancel: ((reason: HomegrownError) => void)[] = [];
  readonly #startedAt = performance.now();
  #stream: EventStream | undefined;
  #closing = false;
  /** The client holds its body back until it is asked for. */
  #awaitsContinue: boolean;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    limits: GatewayLimits,
    protocol: Protocol,
    caller: Key,
  ) {
    this.caller = caller;
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
      if (!response.writableFinished) this.cancel(clientLeft());
    });
    // A broken connection shows as 'close'; without a listener its error would end the process.
    request.on("error", () => {});
    response.on("error", () => {});
  }

  /** Fires when the client is gone, or when the server stops waiting for this request. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.onCancel((reason) => abort.abort(reason));
      this.#abort = abort;
    }
    return this.#abort.signal;
  }

  onCancel(listener: (reason: HomegrownError) => void): void {
    if (this.#cancelReason) listener(this.#cancelReason);
    else this.#onCancel.push(listener);
  }

  get headers(): IncomingMessage["headers"] {
    return this.#request.headers;
  }

  /** What stands behind the question mark of the address. */
  get query(): URLSearchParams {
    const url = this.#request.url ?? "";
    const mark = url.indexOf("?");
    return new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
  }

  /** Its answer comes in parts, and has begun. */
  get isStreaming(): boolean {
    return this.#stream !== undefined;
  }

  /** Ends the work on this request with the given error. */
  cancel(reason: HomegrownError): void {
    if (this.#cancelReason) return;
    this.#cancelReason = reason;
    for (const listener of this.#onCancel) listener(reason);
  }

  /** From now on answers tell the client not to reuse the connection. */
  closeConnectionAfterwards(): void {
    this.#closing = true;
  }

  async readJson(): Promise<JsonBody> {
    checkJson(this.#request.headers);
    return parseJsonBody(await this.#readBody(), this.#limits.maxJsonDepth);
  }

  /** A body of another kind than JSON; `accept` says which, by its whole Content-Type. */
  async readBytes(accept: RegExp): Promise<{ raw: Buffer; contentType: string }> {
    const contentType = checkMediaType(this.#request.headers, accept);
    return { raw: await this.#readBody(), contentType };
  }

  note(facts: DeliveryFacts): void {
    Object.assign(this.record, facts);
  }

  /** Names of targets are free text; what no header may hold is percent-encoded. */
  annotate(name: string, value: string): void {
    this.#annotations[name] = UNSPEAKABLE.test(value)
      ? value.toWellFormed().replace(/[^\x20-\x7e]+/g, encodeURIComponent)
      : value;
  }

  send(body: Uint8Array | string, contentType: string = JSON_TYPE, status = 200): void {
    this.#send(status, body, contentType);
  }

  showLimits(state: PermitState): void {
    Object.assign(this.#annotations, this.protocol.renderLimits(state));
  }

  sendJson(status: number, body: string, headers?: Readonly<Record<string, string>>): void {
    this.#send(status, body, JSON_TYPE, headers);
  }

  #readBody(): Promise<Buffer> {
    return readBody(this.#request, this.#limits.maxBodyBytes, () => {
      if (this.#awaitsContinue) this.#response.writeContinue();
      this.#awaitsContinue = false;
    });
  }

  #send(
    status: number,
    body: Uint8Array | string,
    contentType: string,
    headers?: Readonly<Record<string, string>>,
  ): void {
    this.record.status = status;
    const hasUnreadBody = this.#hasUnreadBody();
    if (hasUnreadBody) this.#closing = true;
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    const common = this.#commonHeaders();
    if (headers) Object.assign(common, headers);
    // Names and values in turn: another object would cost more.
    const head: OutgoingHttpHeader[] = ["content-type", contentType, "content-length", length];
    for (const name in common) head.push(name, common[name]!);
    this.#response.writeHead(status, head);
    if (hasUnreadBody && !this.#awaitsContinue) this.#linger(body);
    else this.#response.end(body);
  }

  /** Sends the status and turns the answer into a stream of events. Call when the first event is ready. */
  openStream(contentType: string = EVENT_STREAM): EventStream {
    this.record.status = 200;
    this.record.streamed = true;
    this.record.firstByteMs = performance.now() - this.#startedAt;
    const stream = new EventStream(
      this.#response,
      this.#limits.clientStallMs,
      contentType,
      this.#commonHeaders(),
    );
    this.#stream = stream;
    return stream;
  }

  /** Renders an error: as an answer, or as the last event of a stream that has begun. */
  fail(thrown: unknown): void {
    const reason = this.#cancelReason ?? thrown;
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

  /** Where not even an error can be said: ends the connection. */
  drop(): void {
    this.#response.destroy();
  }

  /** Call when the work is done; settles once the answer has left, or the client has. */
  async closed(): Promise<RequestRecord> {
    const response = this.#response;
    if (!response.closed) {
      // What the kernel has not taken by now waits for a client that may never read it.
      // Node's time-out of a socket looks at its queue: whoever takes something, however slowly, is not cut off.
      if (response.writableLength > 0) {
        response.setTimeout(this.#limits.clientStallMs, () => response.destroy());
      }
      await new Promise<void>((resolve) => response.once("close", () => resolve()));
    }
    if (!response.writableFinished && this.record.error === undefined) this.fail(clientLeft());
    this.record.durationMs = performance.now() - this.#startedAt;
    return this.record;
  }

  #commonHeaders(): Record<string, string> {
    const headers = this.#annotations;
    headers["x-request-id"] = this.requestId;
    if (this.#closing) headers["connection"] = "close";
    return headers;
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
  #linger(body: Uint8Array | string): void {
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
