// What one kind of provider must say of itself. Sixteen files of this shape stand in `kinds/`.
import type {
  ChatModel,
  ChatResult,
  EmbeddingModel,
  SpeechModel,
  TranscriptionModel,
} from "@homegrown/contracts";
import type { JSONObject } from "@ai-sdk/provider";
import type { Dialect } from "../core/dialect.ts";
import type { Modality } from "../core/target.ts";
import type { ProviderConfig, ProviderConfigOf, ProviderKind, SecretReference } from "./provider-config.ts";

export interface ProviderDefinition<K extends ProviderKind = ProviderKind> {
  readonly kind: K;
  /** OpenTelemetry's `gen_ai.provider.name`. */
  readonly system: string;
  /** The provider's id in the price catalogue; undefined where list prices cannot be known. */
  readonly catalogue: string | undefined;
  /** The page that specifies the protocol: what the dialects and fixtures follow. */
  readonly documentation: string;
  /** Dialects whose bytes may pass through as they are. */
  dialects(config: ProviderConfigOf<K>): readonly Dialect[];
  /** Only for its `dialects`. */
  endpoint(connection: ProviderConnection<K>, dialect: Dialect, model: string): Endpoint;
  /** Imports the provider's package: nothing of it is loaded before the first translated request. */
  load(connection: ProviderConnection<K>): Promise<ProviderPorts>;
  /** What its models take at most; the configuration narrows it for single models. */
  readonly input: readonly Modality[];
  /**
   * Media types that the package shows the model inside a tool's result (`image/*`; `*` is any). Other media follow
   * in a user's message: the package would write them out as text, leave them out, or fail.
   */
  toolResultMedia(config: ProviderConfigOf<K>): readonly string[];
  /** `assistant`: the provider refuses a user's message directly after results of tools. */
  readonly toolTurnEnds?: "assistant";
  /** Whether chat answers can carry log-probabilities through the port. */
  readonly logProbabilities: boolean;
  /** Whether every complete answer names a reason; then one without is cut short. */
  readonly alwaysNamesReason?: boolean;
  /** Where the provider bills other counts than it reports as usage. */
  billed?(usage: ChatResult["usage"]): ChatResult["usage"];
  /** The provider's own words for options that dialects share; keys are those of `providerOptions`. */
  options?(common: CommonOptions): Readonly<Record<string, JSONObject>>;
}

export type ProviderConnection<K extends ProviderKind = ProviderKind> = Connection<ProviderConfigOf<K>>;

export interface Connection<C extends ProviderConfig> {
  readonly config: C;
  /** Throws `UpstreamError` (`unauthenticated`), naming the variable, when it is not set. */
  secret(reference: SecretReference): string;
  /** The configured headers, secrets resolved. */
  headers(): Record<string, string>;
  readonly fetch: typeof globalThis.fetch;
}

export interface Endpoint {
  readonly url: string;
  /** Lower-case names; authentication, and the configured ones. They replace a client's. */
  readonly headers: Readonly<Record<string, string>>;
  /** What a client that sends none gets. */
  readonly defaultHeaders?: Readonly<Record<string, string>>;
}

export interface ProviderPorts {
  chat(model: string): ChatModel;
  embedding?(model: string): EmbeddingModel;
  transcription?(model: string): TranscriptionModel;
  speech?(model: string): SpeechModel;
}

/** What clients of several protocols ask for and the chat port has no field for. */
export interface CommonOptions {
  /** Number of alternatives for each token, 0–20; undefined where none were asked for. */
  topLogProbabilities?: number;
  logitBias?: Readonly<Record<string, number>>;
  parallelToolCalls?: boolean;
  /** Whether the answer must keep to the schema by the provider's own means; packages take it for granted. */
  strictSchema?: boolean;
  topK?: number;
}
