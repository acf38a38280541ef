// What a front makes of a client's request: everything the core needs to admit, route, run, bill and
// record it, whichever dialect it came in.
import type {
  ChatCall,
  ChatResult,
  ChatStreamPart,
  CompletionModel,
  EmbeddingModel,
  SpeechModel,
  TranscriptionModel,
} from "@homegrown/contracts";
import type { Dialect } from "./dialect.ts";
import type { Modality } from "./target.ts";
import type { TokenUsage } from "./token-usage.ts";

export interface ModelRequest {
  dialect: Dialect;
  /** The model as the client named it: an alias of the configuration, or an own model's name. */
  alias: string;
  stream: boolean;
  needs: RequestNeeds;
  /** Never less than what any tokenizer makes of the prompt; see `bounds.ts`. */
  maxInputTokens: number;
  /**
   * The front's own guess at the prompt's tokens, where it has a better one than a share of the bound. A function,
   * as `conversation` is: few ask, and a getter in an object that is made for each request would keep it alive
   * until the next full collection (V8 keeps accessors with the object's shape).
   */
  estimatedInputTokens?(): number;
  /** The client's own limit on one choice's output, where it set one. */
  maxOutputTokens: number | undefined;
  numChoices: number;
  /** Equal for the requests of one conversation, where the front can tell; for sticky routing. */
  conversation(): string | undefined;
  /** The client's own labels (OpenAI `metadata`, `user`; Anthropic `metadata.user_id`), bounded in size. */
  labels: Readonly<Record<string, string>>;
  /** For passing through; undefined for requests whose body is rewritten by their nature. */
  bytes: RequestBytes | undefined;
  /** For translation; throws `gateway/invalid-request` where the ports cannot express the request. */
  translate(): Translation;
  /** The parsed body, for capture and hooks. */
  body: unknown;
  /** The same request with another body, checked as if the client had sent it; undefined where a body is no JSON. */
  reparse?: (body: unknown) => ModelRequest;
  /** Told the whole parsed answer (in the dialect's shape) of a request that passed through, once complete. */
  onPassedThrough?(answer: unknown): void;
}

export interface RequestNeeds {
  tools: boolean;
  input: ReadonlySet<Modality>;
  structuredOutput: boolean;
  logProbabilities: boolean;
  /** BCP 47, where the request names one (audio); conditions of routes read it. */
  language?: string;
}

/** The body as it came, and how to change single top-level members of it without touching the rest. */
export interface RequestBytes {
  readonly raw: Buffer;
  readonly contentType: string;
  /** A copy with these top-level members replaced or added, as JSON values; undefined removes one. */
  edit(changes: Readonly<Record<string, unknown>>): Buffer;
  /** Headers of the client that a provider of the same protocol should see (`anthropic-beta`, …). */
  readonly headers: Readonly<Record<string, string>>;
}

export type Translation =
  | ChatTranslation
  | CompletionTranslation
  | EmbeddingTranslation
  | TranscriptionTranslation
  | SpeechTranslation
  | CountTranslation;

/** What every chunk of one answer repeats. */
export interface AnswerHead {
  /** Unique part, without the dialect's prefix. */
  id: string;
  /** Unix time in seconds. */
  createdAt: number;
  /** The name that the client asked for. */
  model: string;
  /** The immutable version (own) or provider's model that answers. */
  version: string;
}

export interface ChatTranslation {
  port: "chat";
  call: Omit<ChatCall, "abortSignal" | "seed" | "maxOutputTokens" | "headers">;
  seed: number | undefined;
  /** Fields that the port has no place for and whose loss does not change the question, as clients write them. */
  dropped: readonly string[];
  /** One result for each choice, as JSON. */
  renderAnswer(results: readonly ChatResult[], usage: TokenUsage, head: AnswerHead): string;
  createStream(head: AnswerHead): ChatStreamRenderer;
}

/** The events of one streamed answer. Strings are joined, not objects serialised: hot path. */
export interface ChatStreamRenderer {
  /** Zero or more whole events, to be sent before anything else. */
  start(): string;
  /** Zero or more whole events for one part of one choice. Never called with `error` or `raw` parts. */
  render(choice: number, part: ChatStreamPart): string;
  /** The last events, once every choice has finished. */
  end(usage: TokenUsage): string;
}

export interface CompletionTranslation {
  port: "completion";
  /** As for chat. */
  dropped: readonly string[];
  run(model: CompletionModel, context: PortContext): PortRun;
}
export interface EmbeddingTranslation {
  port: "embedding";
  /** As for chat. */
  dropped: readonly string[];
  run(model: EmbeddingModel, context: PortContext): PortRun;
}
export interface TranscriptionTranslation {
  port: "transcription";
  /** As for chat. */
  dropped: readonly string[];
  run(model: TranscriptionModel, context: PortContext): PortRun;
}
export interface SpeechTranslation {
  port: "speech";
  /** As for chat. */
  dropped: readonly string[];
  run(model: SpeechModel, context: PortContext): PortRun;
}
/** Counting tokens needs no model's answer; the front renders a number. */
export interface CountTranslation {
  port: "count";
  render(inputTokens: number): string;
}

export interface PortContext {
  signal: AbortSignal;
  head: AnswerHead;
  /** The cap that budgets leave on each choice's output; undefined where the client's own limit holds. */
  maxOutputTokens: number | undefined;
  /** Choices that a model works on at once. */
  parallelChoices: number;
}

/** An answer of the ports other than chat: whole, or in parts, each part bytes of the dialect. */
export type PortRun =
  | { kind: "whole"; answer: Promise<{ body: Uint8Array | string; contentType?: string; usage: TokenUsage }> }
  | { kind: "stream"; contentType?: string; parts: AsyncIterable<PortPart> };

export interface PortPart {
  /** Bytes of the dialect. */
  text: string;
  /** Of the model's own text in it, for an estimate where the answer is broken off. */
  textBytes?: number;
  usage?: TokenUsage;
}
