// The AI SDK's language-model port (specification v4) over a host.
import { randomUUID } from "node:crypto";
import type {
  ChatMetadataExtension,
  ChatModel,
  ChatOptionsExtension,
  TokenLogProbability,
} from "@homegrown/contracts";
import type { GenerationMessage, HostSupervisor } from "../host/host-supervisor.ts";
import type { GenerationRequest, GenerationUsage, LoadedModelInfo } from "../host/messages.ts";
import { refuseTools, toChatMessages } from "./chat-prompt.ts";
import type { ChatCallOptions } from "./chat-prompt.ts";
import { JSON_OBJECT_SCHEMA, toGrammar } from "../grammar/json-schema-grammar.ts";
import { toGenerationRequest } from "./sampling.ts";

type GenerateResult = Awaited<ReturnType<ChatModel["doGenerate"]>>;
type StreamPart =
  Awaited<ReturnType<ChatModel["doStream"]>>["stream"] extends ReadableStream<infer Part> ? Part : never;
type Warnings = GenerateResult["warnings"];
type Finish = Extract<GenerationMessage, { type: "finish" }>;
type Metadata = NonNullable<GenerateResult["providerMetadata"]>;

const TEXT_ID = "0";
const KNOWN_OPTIONS: readonly (keyof ChatOptionsExtension)[] = [
  "logProbabilities",
  "topLogProbabilities",
  "logitBias",
];

export function createChatModel(
  modelId: string,
  supervisor: HostSupervisor,
  info: LoadedModelInfo,
): ChatModel {
  return {
    specificationVersion: "v4",
    provider: "homegrown",
    modelId,
    supportedUrls: {},

    async doGenerate(options) {
      const { request, warnings } = toRequest(options, info);
      let text = "";
      const tokens: TokenLogProbability[] = [];
      for await (const message of supervisor.generate(request, options.abortSignal)) {
        if (message.type === "delta") {
          text += message.text;
          tokens.push(...message.tokens);
        }
        if (message.type === "finish") {
          const isLogged = request.topLogProbabilities !== undefined;
          return {
            content: [
              { type: "text", text, ...(isLogged ? { providerMetadata: toMetadata({ tokens }) } : {}) },
            ],
            finishReason: { unified: message.reason, raw: message.raw },
            usage: toUsage(message.usage),
            response: { id: responseId(), modelId, timestamp: new Date() },
            warnings,
          };
        }
      }
      throw new Error("a generation ended without its finish message");
    },

    async doStream(options) {
      const { request, warnings } = toRequest(options, info);
      const left = new AbortController();
      const signals = options.abortSignal ? [options.abortSignal, left.signal] : [left.signal];
      const messages = supervisor.generate(request, AbortSignal.any(signals));
      // Until the host has accepted the prompt nothing has been promised: errors reject the call.
      await messages.next();
      const opening: StreamPart[] = [
        { type: "stream-start", warnings },
        { type: "response-metadata", id: responseId(), modelId, timestamp: new Date() },
        { type: "text-start", id: TEXT_ID },
      ];
      const stream = new ReadableStream<StreamPart>({
        start(controller) {
          for (const part of opening) controller.enqueue(part);
        },
        async pull(controller) {
          try {
            const { value: message, done } = await messages.next();
            if (done) return controller.close();
            if (message.type === "delta") controller.enqueue(toDelta(message));
            if (message.type === "finish") {
              for (const part of toClosing(message)) controller.enqueue(part);
            }
          } catch (error) {
            if (left.signal.aborted) return;
            controller.enqueue({ type: "error", error });
            controller.close();
          }
        },
        async cancel() {
          left.abort();
          await messages.return();
        },
      });
      return { stream };
    },
  };
}

function toRequest(
  options: ChatCallOptions,
  info: LoadedModelInfo,
): { request: GenerationRequest; warnings: Warnings } {
  refuseTools(options);
  const extension = (options.providerOptions?.["homegrown"] ?? {}) as ChatOptionsExtension;
  const { responseFormat } = options;
  const grammar =
    responseFormat?.type === "json" ? toGrammar(responseFormat.schema ?? JSON_OBJECT_SCHEMA) : undefined;
  const request = toGenerationRequest(
    { kind: "chat", messages: toChatMessages(options.prompt) },
    { ...options, ...extension },
    info.vocabSize,
    grammar,
  );
  return { request, warnings: toWarnings(options, extension) };
}

function toWarnings(options: ChatCallOptions, extension: ChatOptionsExtension): Warnings {
  const unknown = Object.keys(extension)
    .filter((key) => !KNOWN_OPTIONS.includes(key as keyof ChatOptionsExtension))
    .map((key) => `providerOptions.homegrown.${key}`);
  const asksReasoning =
    options.reasoning !== undefined && !["provider-default", "none"].includes(options.reasoning);
  return [...unknown, ...(asksReasoning ? ["reasoning"] : [])].map((feature) => ({
    type: "unsupported",
    feature,
  }));
}

function toDelta(message: Extract<GenerationMessage, { type: "delta" }>): StreamPart {
  const metadata =
    message.tokens.length > 0 ? { providerMetadata: toMetadata({ tokens: message.tokens }) } : {};
  return { type: "text-delta", id: TEXT_ID, delta: message.text, ...metadata };
}

function toClosing(message: Finish): StreamPart[] {
  return [
    { type: "text-end", id: TEXT_ID },
    {
      type: "finish",
      finishReason: { unified: message.reason, raw: message.raw },
      usage: toUsage(message.usage),
    },
  ];
}

function toMetadata(extension: ChatMetadataExtension): Metadata {
  // The same data; the SDK's JSON types know no readonly arrays.
  return { homegrown: extension as unknown as Metadata[string] };
}

function toUsage({ inputTokens, cachedTokens, outputTokens }: GenerationUsage): GenerateResult["usage"] {
  return {
    inputTokens: {
      total: inputTokens,
      noCache: inputTokens - cachedTokens,
      cacheRead: cachedTokens,
      cacheWrite: undefined,
    },
    outputTokens: { total: outputTokens, text: outputTokens, reasoning: undefined },
  };
}

function responseId(): string {
  return `response-${randomUUID()}`;
}
