// One attempt through the chat port: the front's translation asks, the port answers, the front's renderer
// writes the client's dialect. Choices are several calls of the port with seeds of their own.
import type { ChatCall, ChatModel, ChatResult, ChatStreamPart, HomegrownError } from "@homegrown/contracts";
import type { Delivery, StreamSink } from "../delivery.ts";
import { completeUsage } from "../estimate.ts";
import { modelFailed } from "../model-failed.ts";
import type { AnswerHead, ChatStreamRenderer, ChatTranslation, ModelRequest } from "../model-request.ts";
import { AttemptClock } from "../running/attempt-clock.ts";
import type { AttemptTimeouts } from "../running/attempt-clock.ts";
import type { AnswerListener } from "../running/recording.ts";
import type { RunOutcome } from "../running/run-outcome.ts";
import { seedOfChoice } from "../seeds.ts";
import { nameDropped } from "./dropped-fields.ts";
import { readUntilAborted, withinGrace } from "./abortable.ts";
import { interleave, runBounded } from "./interleave.ts";
import { ChoiceUsage, toTokenUsage } from "./port-usage.ts";

export interface ChatRun {
  request: ModelRequest;
  translation: ChatTranslation;
  chat: ChatModel;
  /** The target's id, for errors. */
  target: string;
  head: AnswerHead;
  /** The client's own limit, or the budget's cap below it. */
  maxOutputTokens: number | undefined;
  parallelChoices: number;
  delivery: Delivery;
  timeouts: AttemptTimeouts;
  totalLeftMs: number;
  /** For the provider, in a request that is traced. */
  traceparent?: string | undefined;
  recording: AnswerListener | undefined;
  /** Called once when the first part is about to leave for the client. */
  onCommit: () => void;
}

/** Settles when the attempt is over; never rejects. */
export async function translateChat(run: ChatRun): Promise<RunOutcome> {
  const attempt = new ChatAttempt(run);
  try {
    await (run.request.stream ? attempt.stream() : attempt.whole());
    return attempt.outcome(undefined);
  } catch (error) {
    return attempt.outcome(error instanceof Error ? error : modelFailed(String(error)));
  } finally {
    attempt.stop();
  }
}

class ChatAttempt {
  readonly #run: ChatRun;
  readonly #abort = new AbortController();
  readonly #clock: AttemptClock;
  readonly #usage = new ChoiceUsage();
  readonly #dropped: Set<string>;
  #committed = false;
  #textBytes = 0;
  #sink: StreamSink | undefined;

  constructor(run: ChatRun) {
    this.#run = run;
    this.#dropped = new Set(run.translation.dropped);
    const abort = (reason: HomegrownError): void => this.#abort.abort(reason);
    this.#clock = new AttemptClock(run.target, run.timeouts, run.totalLeftMs, abort);
    run.delivery.onCancel(abort);
  }

  stop(): void {
    this.#clock.stop();
  }

  outcome(error: Error | undefined): RunOutcome {
    const { signal } = this.#abort;
    return {
      error: error && signal.aborted ? (signal.reason as Error) : error,
      committed: this.#committed,
      usage: this.#usage.billed,
      textBytes: this.#textBytes,
      version: this.#run.head.version,
    };
  }

  async whole(): Promise<void> {
    const { chat, request, translation, head, delivery, recording, parallelChoices } = this.#run;
    const { signal } = this.#abort;
    const options = { signal, parallel: parallelChoices };
    const results = await runBounded(request.numChoices, options, async (choice, signal) => {
      const result = await withinGrace(chat.doGenerate(this.#call(choice, signal)), signal);
      // Paid for, whatever becomes of the other choices.
      this.#usage.add(toTokenUsage(result.usage));
      this.#textBytes += textBytesOf(result);
      this.#noteWarnings(result.warnings);
      refuseFailure(result.finishReason);
      return result;
    });
    const usage = completeUsage(this.#usage.shown, this.#textBytes, request, true);
    const body = translation.renderAnswer(results, usage, head);
    this.#commit();
    recording?.add(body);
    delivery.send(body);
  }

  async stream(): Promise<void> {
    const { request, translation, head, recording } = this.#run;
    const renderer = translation.createStream(head);
    let numFinished = 0;
    let early = "";
    for await (const [choice, part] of this.#parts()) {
      if (!this.#note(part)) continue;
      if (part.type === "finish") numFinished++;
      const events = renderer.render(choice, part);
      if (this.#sink) {
        this.#clock.part();
        if (events !== "") await this.#send(events);
      } else if (OPENING_PARTS.has(part.type)) {
        early += events;
      } else {
        // The first part that shows an answer: until here another target could still be tried.
        await this.#open(renderer, early + events);
      }
    }
    if (numFinished < request.numChoices) {
      throw modelFailed("The model's stream ended without saying that it was finished.");
    }
    const end = renderer.end(completeUsage(this.#usage.shown, this.#textBytes, request, true));
    recording?.add(end);
    this.#sink!.end(end);
  }

  /** Counts what a part tells; false for parts that no answer shows. */
  #note(part: ChatStreamPart): boolean {
    switch (part.type) {
      case "stream-start":
        this.#noteWarnings(part.warnings);
        return false;
      case "error":
        throw part.error;
      case "raw":
      case "ping":
      case "response-metadata":
        return false;
      case "finish":
        this.#usage.add(toTokenUsage(part.usage));
        refuseFailure(part.finishReason);
        return true;
      case "text-delta":
      case "reasoning-delta":
      case "tool-input-delta":
        this.#textBytes += Buffer.byteLength(part.delta);
        return true;
      default:
        return true;
    }
  }

  async #open(renderer: ChatStreamRenderer, events: string): Promise<void> {
    this.#clock.firstPart();
    this.#commit();
    this.#sink = this.#run.delivery.openStream();
    await this.#send(renderer.start() + events);
  }

  async #send(events: string): Promise<void> {
    this.#run.recording?.add(events);
    const drained = this.#sink!.send(events);
    if (!drained) return;
    this.#clock.awaitClient();
    await drained;
    this.#clock.clientTook();
  }

  #commit(): void {
    nameDropped(this.#run.delivery, this.#dropped);
    this.#committed = true;
    this.#run.onCommit();
  }

  #call(choice: number, abortSignal: AbortSignal): ChatCall {
    const { translation, maxOutputTokens, traceparent } = this.#run;
    const seed = seedOfChoice(translation.seed, choice);
    return {
      ...translation.call,
      abortSignal,
      ...(seed !== undefined && { seed }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      ...(traceparent !== undefined && { headers: { traceparent } }),
    };
  }

  async *#parts(): AsyncGenerator<[choice: number, part: ChatStreamPart], void, undefined> {
    const { request, parallelChoices } = this.#run;
    const { signal } = this.#abort;
    if (request.numChoices === 1) {
      for await (const part of this.#generate(0, signal)) yield [0, part];
      return;
    }
    const sources = Array.from(
      { length: request.numChoices },
      (_, choice) => (signal: AbortSignal) => this.#generate(choice, signal),
    );
    yield* interleave(sources, { signal, parallel: parallelChoices });
  }

  async *#generate(choice: number, signal: AbortSignal): AsyncGenerator<ChatStreamPart, void, undefined> {
    const { stream } = await withinGrace(this.#run.chat.doStream(this.#call(choice, signal)), signal);
    yield* readUntilAborted(stream, signal);
  }

  #noteWarnings(warnings: ChatResult["warnings"]): void {
    for (const warning of warnings) if (warning.type === "unsupported") this.#dropped.add(warning.feature);
  }
}

/** Parts that begin something, or tell of it, without showing any of the answer. */
const OPENING_PARTS: ReadonlySet<ChatStreamPart["type"]> = new Set([
  "text-start",
  "reasoning-start",
  "custom",
]);

function refuseFailure(reason: ChatResult["finishReason"]): void {
  if (reason.unified === "error") throw modelFailed("The model ended its answer with an error.");
}

function textBytesOf(result: ChatResult): number {
  let bytes = 0;
  for (const content of result.content) {
    if (content.type === "text" || content.type === "reasoning") bytes += Buffer.byteLength(content.text);
    if (content.type === "tool-call") bytes += Buffer.byteLength(content.input);
  }
  return bytes;
}
