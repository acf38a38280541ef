// One attempt over the passthrough: the provider speaks the client's dialect, so its bytes go on as they are,
// and a reader beside them sees usage, end and errors. Nothing reaches the client before the answer (or, in a
// stream, its first event) is known to be one: until then another target may still be tried.
import { isUtf8 } from "node:buffer";
import type { Delivery, StreamSink } from "../delivery.ts";
import { ENDPOINT_OF_DIALECT } from "../dialect.ts";
import { DIALECT_READERS } from "../dialects/dialect-readers.ts";
import type { StreamReader } from "../dialects/dialect-reader.ts";
import { eventEnd, parseData } from "../dialects/event-scan.ts";
import type { ModelRequest } from "../model-request.ts";
import { AttemptClock } from "../running/attempt-clock.ts";
import type { AttemptTimeouts } from "../running/attempt-clock.ts";
import type { AnswerListener } from "../running/recording.ts";
import type { RunOutcome } from "../running/run-outcome.ts";
import type { Passthrough, PassthroughControl, PassthroughHandler, Target } from "../target.ts";
import type { TokenUsage } from "../token-usage.ts";
import { UpstreamError } from "../upstream-errors.ts";
import type { UpstreamFault } from "../upstream-errors.ts";
import { errorNames, faultOfAnswer } from "../provider-fault.ts";
import { EventAssembly } from "./event-assembly.ts";
import { toStatusError } from "./status-error.ts";

export interface PassRequest {
  request: ModelRequest;
  target: Target;
  passthrough: Passthrough;
  body: Uint8Array;
  contentType: string;
  headers: Readonly<Record<string, string>>;
  /** The stream reports usage because the gateway asked: the client does not see that event. */
  hidesUsage: boolean;
  delivery: Delivery;
  timeouts: AttemptTimeouts;
  totalLeftMs: number;
  limits: PassLimits;
  recording: AnswerListener | undefined;
  /** Called once when the first part is about to leave for the client. */
  onCommit: () => void;
}

export interface PassLimits {
  maxAnswerBytes: number;
  maxEventBytes: number;
}

/** A longer answer is sent as the bytes that it came in: to encode it again would cost more than a write. */
const MAX_TEXT_BYTES = 65_536;
/** Of a provider's error, as much as is read. */
const MAX_ERROR_BYTES = 65_536;
const EVENT_END = Buffer.from("\n\n");

/** Settles when the attempt is over; never rejects. */
export function passThrough(pass: PassRequest): Promise<RunOutcome> {
  return new Promise((resolve) => new PassRun(pass, resolve).start());
}

class PassRun implements PassthroughHandler {
  readonly #pass: PassRequest;
  readonly #resolve: (outcome: RunOutcome) => void;
  readonly #clock: AttemptClock;
  readonly #reader: StreamReader | undefined;
  readonly #assembly: EventAssembly;
  #control: PassthroughControl | undefined;
  #stopReason: Error | undefined;
  #over = false;
  #status = 0;
  #headers: Readonly<Record<string, string | string[]>> = {};
  #chunks: Buffer[] = [];
  #numBytes = 0;
  /** Events before the first that shows an answer: comments, pings. */
  #held: Buffer[] = [];
  #sink: StreamSink | undefined;
  #committed = false;
  #told = false;
  #textBytes = 0;
  #usage: TokenUsage | undefined;

  constructor(pass: PassRequest, resolve: (outcome: RunOutcome) => void) {
    this.#pass = pass;
    this.#resolve = resolve;
    this.#clock = new AttemptClock(pass.target.id, pass.timeouts, pass.totalLeftMs, (error) =>
      this.#stop(error),
    );
    this.#reader = pass.request.stream
      ? DIALECT_READERS[pass.request.dialect].createStreamReader?.()
      : undefined;
    this.#assembly = new EventAssembly(pass.target.id, maxEventBytes(pass));
  }

  start(): void {
    const { delivery, request, passthrough, body, contentType, headers, timeouts } = this.#pass;
    delivery.onCancel((reason) => this.#stop(reason));
    if (this.#over) return;
    const { dialect } = request;
    try {
      passthrough.dispatch(
        { dialect, body, contentType, headers, connectTimeoutMs: timeouts.connectMs },
        this,
      );
    } catch (error) {
      this.#finish(error instanceof Error ? error : new Error(String(error)));
    }
  }

  onRequestStart(control: PassthroughControl): void {
    this.#control = control;
    if (this.#stopReason) control.abort(this.#stopReason);
  }

  onResponseStart(status: number, headers: Readonly<Record<string, string | string[]>>): void {
    this.#status = status;
    this.#headers = headers;
  }

  onData(chunk: Buffer): void {
    if (this.#over) return;
    try {
      if (this.#isEventStream()) this.#onEvents(chunk);
      else this.#collect(chunk);
    } catch (error) {
      this.#stop(error as Error);
    }
  }

  onEnd(): void {
    if (this.#over) return;
    try {
      if (this.#isEventStream()) this.#endStream();
      else this.#endWhole();
    } catch (error) {
      this.#finish(error as Error);
    }
  }

  onError(error: Error): void {
    if (this.#over) return;
    // How the connection ends is nobody's business once the stream has said its last word.
    const hasEnded =
      this.#sink !== undefined && (this.#reader?.isComplete || this.#reader?.error !== undefined);
    if (hasEnded && (this.#stopReason === undefined || this.#reader?.error !== undefined)) this.onEnd();
    else this.#finish(this.#stopReason ?? this.#afterFirst(error));
  }

  #isEventStream(): boolean {
    return this.#reader !== undefined && this.#status === 200 && this.#type().includes("text/event-stream");
  }

  #collect(chunk: Buffer): void {
    if (this.#numBytes === 0 && this.#status === 200) this.#clock.firstPart();
    else this.#clock.part();
    this.#numBytes += chunk.length;
    if (this.#status >= 300) {
      // Of an error only its beginning counts; the rest is read and forgotten, up to the limit below.
      if (this.#numBytes - chunk.length < MAX_ERROR_BYTES) this.#chunks.push(chunk);
    } else {
      this.#chunks.push(chunk);
    }
    const { maxAnswerBytes } = this.#pass.limits;
    if (this.#numBytes > maxAnswerBytes) {
      throw this.#fault("too-large", `its answer is larger than ${maxAnswerBytes} bytes`);
    }
  }

  #endWhole(): void {
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const { request, target, delivery, recording } = this.#pass;
    if (this.#status < 200 || this.#status >= 300) {
      throw toStatusError(target.id, this.#status, this.#headers, body);
    }
    const isAudio = ENDPOINT_OF_DIALECT[request.dialect] === "audio";
    if (this.#reader && !isAudio) {
      // A stream was asked for; what came is no stream. An error in disguise says what it is. Of audio's models
      // some cannot stream and answer whole all the same.
      throw toStatusError(target.id, this.#status, this.#headers, body);
    }
    const type = this.#type();
    const reader = DIALECT_READERS[request.dialect];
    let sent: Buffer | string = body;
    if (type.includes("json")) {
      const text = isUtf8(body) ? body.toString("utf8") : undefined;
      const answer = text === undefined ? undefined : parseAnswer(text);
      if (answer === undefined || !reader.isAnswer(answer)) {
        throw toStatusError(target.id, this.#status, this.#headers, body);
      }
      this.#usage = reader.usageOf(answer);
      this.#textBytes = reader.textBytesOf(answer);
      request.onPassedThrough?.(answer);
      // Head and text then leave in one write, where head and bytes would take two.
      if (body.length <= MAX_TEXT_BYTES) sent = text!;
    } else if (isAudio) {
      // Transcripts as text or subtitles, and sound.
      this.#textBytes = type.startsWith("text/") ? body.length : 0;
    } else {
      throw this.#fault("malformed", "its answer is not JSON");
    }
    this.#commit();
    recording?.add(body);
    delivery.send(sent, type);
    this.#finish(undefined);
  }

  #onEvents(chunk: Buffer): void {
    this.#numBytes += chunk.length;
    if (this.#sink) this.#clock.part();
    const { maxAnswerBytes } = this.#pass.limits;
    if (this.#numBytes > maxAnswerBytes) {
      throw this.#fault("too-large", `its stream is longer than ${maxAnswerBytes} bytes`);
    }
    const events = this.#assembly.push(chunk);
    if (events) this.#passEvents(events);
  }

  #passEvents(events: Buffer): void {
    if (!isUtf8(events)) throw this.#fault("malformed", "its stream is not valid UTF-8");
    const reader = this.#reader!;
    let from = 0;
    for (let at = 0; at < events.length;) {
      const end = eventEnd(events, at) || events.length;
      const verdict = reader.read(events.subarray(at, end));
      // A client may come back with the answer's id as soon as it has seen the end.
      if (reader.answer !== undefined && reader.error === undefined) this.#tellAnswer(reader.answer);
      if (verdict === "error" && !this.#sink) throw this.#providerError(reader);
      if (verdict === "pass" || verdict === "error") this.#open();
      if (verdict === "hide" && this.#pass.hidesUsage) {
        this.#forward(events.subarray(from, at));
        from = end;
      }
      at = end;
    }
    this.#forward(from === 0 ? events : events.subarray(from));
  }

  #open(): void {
    if (this.#sink) return;
    this.#clock.firstPart();
    this.#commit();
    this.#sink = this.#pass.delivery.openStream(this.#type());
    for (const events of this.#held) this.#forward(events);
    this.#held = [];
  }

  #forward(events: Buffer): void {
    if (events.length === 0) return;
    if (!this.#sink) {
      this.#held.push(events);
      return;
    }
    this.#pass.recording?.add(events);
    const drained = this.#sink.send(events);
    if (!drained) return;
    // A client that reads slowly slows its provider, instead of filling memory.
    this.#control?.pause();
    this.#clock.awaitClient();
    drained.then(
      () => {
        this.#clock.clientTook();
        this.#control?.resume();
      },
      (error: Error) => this.#stop(error),
    );
  }

  #endStream(): void {
    const reader = this.#reader!;
    const rest = this.#assembly.rest();
    // Some servers leave the blank line after the last event out. Half an event goes to nobody: clients that
    // parse it would fail before they see the error that follows.
    if (rest && isUtf8(rest) && isWholeEvent(rest)) this.#passEvents(Buffer.concat([rest, EVENT_END]));
    if (!this.#sink) throw this.#fault("cut-short", "its stream ended before it began");
    if (reader.error) {
      // The provider's own error event has gone to the client; nothing of ours may follow it.
      this.#sink.end();
      return this.#finish(this.#providerError(reader));
    }
    if (!reader.isComplete) throw this.#fault("cut-short", "its stream ended in the middle of the answer");
    this.#sink.end();
    this.#finish(undefined);
  }

  #tellAnswer(answer: unknown): void {
    if (this.#told) return;
    this.#told = true;
    this.#pass.request.onPassedThrough?.(answer);
  }

  #commit(): void {
    this.#committed = true;
    this.#pass.onCommit();
  }

  /** Ends the exchange with the provider; the outcome follows from its end. */
  #stop(reason: Error): void {
    if (this.#over || this.#stopReason) return;
    this.#stopReason = reason;
    if (this.#control) this.#control.abort(reason);
    else this.#finish(reason);
  }

  #finish(error: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#clock.stop();
    // An exchange that never started, or that goes on after its answer was refused.
    if (error) this.#control?.abort(error);
    const reader = this.#isEventStream() ? this.#reader : undefined;
    this.#resolve({
      error,
      committed: this.#committed,
      unsent: this.#control === undefined,
      usage: reader ? reader.usage : this.#usage,
      textBytes: reader ? reader.textBytes : this.#textBytes,
      version: this.#pass.target.model,
    });
  }

  /** A connection that breaks in the middle of an answer has cut it short. */
  #afterFirst(error: Error): Error {
    if (this.#status === 0 || !(error instanceof UpstreamError) || error.fault !== "reset") return error;
    return this.#fault("cut-short", "it closed the connection in the middle of the answer");
  }

  #providerError(reader: StreamReader): UpstreamError {
    const error = { error: reader.error };
    return this.#fault(faultOfAnswer(undefined, errorNames(error)), "it sent an error in its stream", error);
  }

  #fault(fault: UpstreamFault, message: string, providerError?: unknown): UpstreamError {
    return new UpstreamError({
      fault,
      target: this.#pass.target.id,
      message,
      ...(this.#status !== 0 && { status: this.#status }),
      ...(providerError !== undefined && { providerError }),
    });
  }

  #type(): string {
    const type = this.#headers["content-type"];
    return (Array.isArray(type) ? type[0] : type) ?? "";
  }
}

/** Some servers send all of a sound in one event: it may be as large as the sound itself. */
function maxEventBytes({ request, limits }: PassRequest): number {
  return request.dialect === "openai/speech" ? limits.maxAnswerBytes : limits.maxEventBytes;
}

/** Whether an event whose blank line is missing has all of its data. */
function isWholeEvent(event: Buffer): boolean {
  return parseData(event) !== undefined || /(?:^|\n)data: ?\[DONE\]\s*$/.test(event.toString("latin1"));
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
