// The ports behind which own and rented models stand. Chat, embeddings, transcription and speech are the AI
// SDK's interfaces (specification v4); what chat lacks travels under the provider key `homegrown` and is typed
// here.
import type {
  EmbeddingModelV4,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  SpeechModelV4,
  TranscriptionModelV4,
} from "@ai-sdk/provider";

export type ChatModel = LanguageModelV4;
export type ChatCall = LanguageModelV4CallOptions;
export type ChatResult = LanguageModelV4GenerateResult;
export type ChatStreamPart = LanguageModelV4StreamPart;
export type EmbeddingModel = EmbeddingModelV4;
export type TranscriptionModel = TranscriptionModelV4;
export type SpeechModel = SpeechModelV4;

/** `providerOptions.homegrown` of a chat call. */
export interface ChatOptionsExtension {
  logProbabilities?: boolean;
  /** 0–20 alternatives for each token. */
  topLogProbabilities?: number;
  /** Token id → bias added to its logit, -100…100. */
  logitBias?: Readonly<Record<string, number>>;
}

/** `providerMetadata.homegrown` of a `text-delta` part and of generated text content. */
export interface ChatMetadataExtension {
  tokens?: readonly TokenLogProbability[];
}

export interface TokenLogProbability {
  id: number;
  /** The token's own text; bytes that are no whole UTF-8 sequence show as U+FFFD. */
  text: string;
  bytes: readonly number[];
  /** Natural logarithm, before temperature and sampling filters. */
  logProbability: number;
  top: readonly { id: number; text: string; bytes: readonly number[]; logProbability: number }[];
}

export interface CompletionRequest {
  prompt: string | readonly number[];
  maxOutputTokens?: number;
  temperature?: number;
  topP?: number;
  topK?: number;
  seed?: number;
  stopSequences?: readonly string[];
  presencePenalty?: number;
  frequencyPenalty?: number;
  logitBias?: Readonly<Record<string, number>>;
  topLogProbabilities?: number;
  logProbabilities?: boolean;
  abortSignal?: AbortSignal;
}

export type CompletionPart =
  | { type: "text-delta"; text: string; tokens: readonly TokenLogProbability[] }
  | {
      type: "finish";
      reason: "stop" | "length";
      usage: { inputTokens: number; outputTokens: number };
    };

/** Raw text (or ids) continued, without a chat template. Errors are thrown as `HomegrownError`. */
export interface CompletionModel {
  readonly modelId: string;
  complete(request: CompletionRequest): AsyncIterable<CompletionPart>;
}

/** What parity needs to see of a served model, from text on. */
export interface ModelInspection {
  /**
   * The chat template filled in. It ends with the generation prompt unless the last message is the
   * assistant's, so that the same call shows a request's prompt and a finished conversation.
   */
  renderChat(messages: readonly ChatMessage[]): Promise<string>;
  /** The ids that `renderChat`'s text becomes; special ids come from the template only, never from content. */
  encodeChat(messages: readonly ChatMessage[]): Promise<readonly number[]>;
  /** Plain text: `<|im_end|>` written in it stays text. */
  tokenize(text: string): Promise<readonly number[]>;
  stopIds(): Promise<readonly number[]>;
  /** Log-probability of ids[i] given ids[0..i-1], for i = 1…; result length is ids.length - 1. */
  scoreTokens(ids: readonly number[]): Promise<Float32Array>;
  readonly cacheType: string;
}

export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

/** One model as the gateway sees it, held while a request runs. Release exactly once. */
export interface ModelLease {
  /** The immutable version behind the alias at the time of the request. */
  readonly version: string;
  readonly chat: ChatModel;
  readonly completion: CompletionModel;
  readonly contextLength: number;
  release(): void;
}

export interface ListedModel {
  id: string;
  createdAt: Date;
  ownedBy: string;
}

/** Where a front finds models by the name that a client sent. */
export interface ModelDirectory {
  list(): Promise<readonly ListedModel[]>;
  /** Whether the name is served now; asked on every request. */
  has(name: string): boolean;
  /** Throws `HomegrownError` (`not-found`) for a name that is not served. */
  acquire(name: string): Promise<ModelLease>;
}
