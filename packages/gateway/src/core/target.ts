// One model of one provider, as routing and the core see it: own or rented makes no difference here.
import type {
  ChatModel,
  CompletionModel,
  EmbeddingModel,
  Rights,
  SpeechModel,
  TranscriptionModel,
} from "@homegrown/contracts";
import type { Dialect } from "./dialect.ts";

export type Modality = "text" | "image" | "audio" | "video" | "file";

export interface Target {
  /** Unique name, `provider/model`, for example `openai/gpt-5-mini` or `own/first`. */
  readonly id: string;
  /** The configured provider's name; `own` for models of this organisation. */
  readonly provider: string;
  /** OpenTelemetry's `gen_ai.provider.name`, for example `openai`, `aws.bedrock`, `homegrown`. */
  readonly system: string;
  /** The provider's own name for the model. */
  readonly model: string;
  readonly own: boolean;
  /** Where it is served, as far as that is known; for metrics and traces. */
  readonly address?: { readonly host: string; readonly port: number } | undefined;
  /** What answers may be used for by the origin's terms: `train` for own models, `evaluate` for rented. */
  readonly rights: Rights;
  readonly price: Price | undefined;
  readonly capabilities: Capabilities;
  /** The way for bytes of this dialect to the provider as they are; undefined where it does not speak it. */
  passthrough(dialect: Dialect): Passthrough | undefined;
  /** Ports for translation. Held while a request runs; release exactly once. */
  acquire(): Promise<TargetLease>;
}

export interface Capabilities {
  /** Undefined means unknown: routing then assumes that it fits. */
  contextTokens?: number;
  maxOutputTokens?: number;
  input: ReadonlySet<Modality>;
  tools: boolean;
  structuredOutput: boolean;
  /** Log-probabilities of the answer's tokens. */
  logProbabilities: boolean;
}

export interface TargetLease {
  /** What answered: an own model's immutable version, or the provider's model name. */
  readonly version: string;
  readonly chat?: ChatModel;
  readonly completion?: CompletionModel;
  readonly embedding?: EmbeddingModel;
  readonly transcription?: TranscriptionModel;
  readonly speech?: SpeechModel;
  release(): void;
}

/** Nano-dollars (1e-9 USD) per token. */
export interface TokenRates {
  inputPerToken: number;
  outputPerToken: number;
  /** Default: as `inputPerToken`. */
  cacheReadPerToken?: number;
  /** Default: as `inputPerToken`. */
  cacheWritePerToken?: number;
  /** Default: as `cacheWritePerToken`. */
  cacheWriteHourPerToken?: number;
  /** Default: as `outputPerToken`. */
  reasoningPerToken?: number;
}

/**
 * Prices in nano-dollars (1e-9 USD) per token, second or character. `pricing/cost.ts` multiplies, and rounds
 * once, at the end, to whole nano-dollars.
 */
export interface Price extends TokenRates {
  /** Rates of requests with more input tokens than `aboveInputTokens`, for all their tokens; ascending. */
  tiers?: readonly (TokenRates & { aboveInputTokens: number })[];
  perAudioSecond?: number;
  /** What shorter audio is billed as. */
  minAudioSeconds?: number;
  perCharacter?: number;
  perRequest?: number;
  /** Where the price comes from, for example `genai-prices 0.1.8` or `config`, and its date (ISO 8601). */
  source: string;
  asOf: string;
}

/** Bytes of one dialect to one provider and back. Implementations bound connect time; the core the rest. */
export interface Passthrough {
  /** Starts the exchange; every call of the handler comes later, and after `onEnd` or `onError` none. */
  dispatch(request: PassthroughRequest, handler: PassthroughHandler): void;
}

export interface PassthroughRequest {
  dialect: Dialect;
  /** Names the provider's model already. */
  body: Uint8Array;
  contentType: string;
  /** Lower-case names; only those that the core lets through, for example `anthropic-beta`. */
  headers: Readonly<Record<string, string>>;
  connectTimeoutMs: number;
}

export interface PassthroughHandler {
  /** The request has been written, or is about to be; `abort` may be called from now on. */
  onRequestStart(control: PassthroughControl): void;
  onResponseStart(status: number, headers: Readonly<Record<string, string | string[]>>): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** A `HomegrownError`, see `upstream-errors.ts`: refused, reset, timed out, malformed. */
  onError(error: Error): void;
}

export interface PassthroughControl {
  pause(): void;
  resume(): void;
  /** Idempotent; `onError` follows unless the exchange is over. */
  abort(reason: Error): void;
}
