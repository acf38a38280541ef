// One model of one configured provider, as routing and the core see it.
import type { Dialect } from "../core/dialect.ts";
import type { Capabilities, Passthrough, Price, Target, TargetLease } from "../core/target.ts";
import type { ModelFacts } from "../pricing/price-of.ts";
import { guardChat } from "./guarded-chat.ts";
import { guardEmbedding, guardSpeech, guardTranscription } from "./guarded-ports.ts";
import { toUpstreamError } from "./port-errors.ts";
import type { ModelConfig, ProviderConfig } from "./provider-config.ts";
import type { Connection, Endpoint, ProviderDefinition, ProviderPorts } from "./provider-kind.ts";
import { withShownToolResults } from "./tool-result-media.ts";

/** What the models of one provider share. */
export interface RentedProvider {
  name: string;
  definition: ProviderDefinition;
  connection: Connection<ProviderConfig>;
  /** Loads the provider's package once, for all its models. */
  ports(): Promise<ProviderPorts>;
  createPassthrough(endpoint: Endpoint, target: string): Passthrough;
}

export class RentedTarget implements Target {
  readonly id: string;
  readonly provider: string;
  readonly system: string;
  readonly model: string;
  readonly own = false;
  readonly rights = "evaluate";
  readonly capabilities: Capabilities;
  /** Providers with an address of their own package's choice show it only where bytes can pass through. */
  address: Target["address"];
  #provider: RentedProvider;
  #facts: ModelFacts;
  #lease: Promise<TargetLease> | undefined;
  #passthroughs = new Map<Dialect, Passthrough | undefined>();

  constructor(
    provider: RentedProvider,
    model: string,
    overrides: ModelConfig | undefined,
    facts: ModelFacts,
  ) {
    this.id = `${provider.name}/${model}`;
    this.provider = provider.name;
    this.system = provider.definition.system;
    this.model = model;
    this.#provider = provider;
    this.#facts = facts;
    const { baseUrl } = provider.connection.config;
    this.address = baseUrl === undefined ? undefined : toAddress(baseUrl);
    const contextTokens = facts.contextTokens();
    const maxOutputTokens = overrides?.maxOutputTokens;
    this.capabilities = {
      ...(contextTokens !== undefined && { contextTokens }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      input: new Set(overrides?.input ?? provider.definition.input),
      tools: overrides?.tools ?? true,
      structuredOutput: overrides?.structuredOutput ?? true,
      logProbabilities: overrides?.logProbabilities ?? provider.definition.logProbabilities,
    };
  }

  get price(): Price | undefined {
    return this.#facts.price();
  }

  passthrough(dialect: Dialect): Passthrough | undefined {
    if (this.#passthroughs.has(dialect)) return this.#passthroughs.get(dialect);
    const { definition, connection, createPassthrough } = this.#provider;
    if (!definition.dialects(connection.config).includes(dialect)) {
      this.#passthroughs.set(dialect, undefined);
      return undefined;
    }
    try {
      const endpoint = definition.endpoint(connection, dialect, this.model);
      this.address ??= toAddress(endpoint.url);
      const passthrough = createPassthrough(endpoint, this.id);
      this.#passthroughs.set(dialect, passthrough);
      return passthrough;
    } catch (error) {
      // A missing secret fails the request, not the routing; it is looked for again the next time.
      const failure = toUpstreamError(error, this.id);
      return { dispatch: (_, handler) => queueMicrotask(() => handler.onError(failure)) };
    }
  }

  acquire(): Promise<TargetLease> {
    this.#lease ??= this.#load().catch((error: unknown) => {
      this.#lease = undefined;
      throw toUpstreamError(error, this.id);
    });
    return this.#lease;
  }

  async #load(): Promise<TargetLease> {
    const ports = await this.#provider.ports();
    const { definition, connection } = this.#provider;
    const { model, id } = this;
    const shown = definition.toolResultMedia(connection.config);
    const chat = withShownToolResults(ports.chat(model), shown, definition);
    const embedding = unlessRefused(() => ports.embedding?.(model));
    const transcription = unlessRefused(() => ports.transcription?.(model));
    const speech = unlessRefused(() => ports.speech?.(model));
    return {
      version: model,
      chat: guardChat(chat, definition, id),
      ...(embedding && { embedding: guardEmbedding(embedding, id) }),
      ...(transcription && { transcription: guardTranscription(transcription, id) }),
      ...(speech && { speech: guardSpeech(speech, id) }),
      // Rented models are held by nobody.
      release() {},
    };
  }
}

function toAddress(url: string): Target["address"] {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port) };
}

/** Some packages refuse a port for some names or credentials by throwing when it is made. */
function unlessRefused<T>(make: () => T | undefined): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
