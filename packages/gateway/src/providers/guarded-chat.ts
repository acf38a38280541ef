// A provider package's chat model as the core wants it: every failure an `UpstreamError`, no answer that ends
// without its end, log-probabilities beside their text.
import type {
  ChatCall,
  ChatModel,
  ChatResult,
  ChatStreamPart,
  TokenLogProbability,
} from "@homegrown/contracts";
import { UpstreamError } from "../core/upstream-errors.ts";
import { addWarnings } from "./answer-warnings.ts";
import type { Warning } from "./answer-warnings.ts";
import { adaptCall } from "./common-options.ts";
import { errorInside, toUpstreamError } from "./port-errors.ts";
import type { ProviderDefinition } from "./provider-kind.ts";
import { readTokens, toMetadata } from "./token-log-probabilities.ts";

type ChatRules = Pick<
  ProviderDefinition,
  "kind" | "options" | "logProbabilities" | "billed" | "alwaysNamesReason"
>;

/** `target` names the model in errors. */
export function guardChat(model: ChatModel, definition: ChatRules, target: string): ChatModel {
  const translate = (error: unknown, signal: AbortSignal | undefined): Error =>
    signal?.aborted ? (signal.reason as Error) : toUpstreamError(error, target);
  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    async doGenerate(original) {
      try {
        const { call, tokens, lost } = adaptCall(original, definition, target);
        const result = await model.doGenerate(call);
        const ending = faultOfEnding(result.finishReason, definition, target);
        if (ending !== undefined) throw errorInside(result.response?.body, target) ?? ending;
        const usage = definition.billed?.(result.usage) ?? result.usage;
        const warnings = lost.length > 0 ? [...result.warnings, ...lost.map(toWarning)] : result.warnings;
        return { ...(tokens ? withTokens(result) : result), usage, warnings };
      } catch (error) {
        throw translate(error, original.abortSignal);
      }
    },
    async doStream(original) {
      try {
        const { call, tokens, lost } = adaptCall(original, definition, target);
        const result = await model.doStream(call);
        const stream = guardStream(result.stream, original, tokens, definition, target, translate);
        if (lost.length === 0) return { ...result, stream };
        return { ...result, stream: stream.pipeThrough(addWarnings(...lost.map(toWarning))) };
      } catch (error) {
        throw translate(error, original.abortSignal);
      }
    },
  };
}

function toWarning(feature: string): Warning {
  return { type: "unsupported", feature };
}

/** Packages that miss the provider's last word say so in different ways; undefined for a good ending. */
function faultOfEnding(
  { unified, raw }: ChatResult["finishReason"],
  definition: ChatRules,
  target: string,
): UpstreamError | undefined {
  if (unified === "error") {
    return new UpstreamError({
      fault: "server-error",
      target,
      message: "the provider says that answering failed",
    });
  }
  const nameless = raw === undefined && (unified === "other" || definition.alwaysNamesReason === true);
  return unified === "interrupted" || nameless ? cutShort(target) : undefined;
}

/**
 * Ends with a `finish` part, or with one `error` part holding an `UpstreamError` and nothing after it; it never
 * errors as a stream, except for the caller's own abort.
 */
function guardStream(
  stream: ReadableStream<ChatStreamPart>,
  call: ChatCall,
  wantsTokens: boolean,
  definition: ChatRules,
  target: string,
  translate: (error: unknown, signal: AbortSignal | undefined) => Error,
): ReadableStream<ChatStreamPart> {
  const reader = stream.getReader();
  let tokens: TokenLogProbability[] = [];
  let finished = false;

  const fail = (controller: ReadableStreamDefaultController<ChatStreamPart>, error: Error): void => {
    finished = true;
    reader.cancel(error).catch(() => {});
    if (call.abortSignal?.aborted) {
      controller.error(error);
      return;
    }
    controller.enqueue({ type: "error", error });
    controller.close();
  };

  return new ReadableStream<ChatStreamPart>(
    {
      async pull(controller) {
        try {
          for (;;) {
            const { done, value: part } = await reader.read();
            if (done) {
              if (finished) controller.close();
              else fail(controller, cutShort(target));
              return;
            }
            if (part.type === "raw" && wantsTokens) {
              for (const token of readTokens(part.rawValue)) tokens.push(token);
              if (!call.includeRawChunks) continue;
            } else if (part.type === "text-delta" && tokens.length > 0) {
              const providerMetadata = { ...part.providerMetadata, ...toMetadata(tokens) };
              tokens = [];
              controller.enqueue({ ...part, providerMetadata });
              return;
            } else if (part.type === "error") {
              fail(controller, translate(part.error, call.abortSignal));
              return;
            } else if (part.type === "finish") {
              const ending = faultOfEnding(part.finishReason, definition, target);
              if (ending !== undefined) return fail(controller, ending);
              finished = true;
              controller.enqueue({ ...part, usage: definition.billed?.(part.usage) ?? part.usage });
              return;
            }
            controller.enqueue(part);
            return;
          }
        } catch (error) {
          fail(controller, translate(error, call.abortSignal));
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function cutShort(target: string): UpstreamError {
  return new UpstreamError({
    fault: "cut-short",
    target,
    message: "the answer ended before the provider said that it was complete",
  });
}

function withTokens(result: ChatResult): ChatResult {
  const tokens = readTokens(result.response?.body);
  const first = result.content.findIndex((part) => part.type === "text");
  if (tokens.length === 0 || first < 0) return result;
  const content = result.content.map((part, index) =>
    index === first && part.type === "text"
      ? { ...part, providerMetadata: { ...part.providerMetadata, ...toMetadata(tokens) } }
      : part,
  );
  return { ...result, content };
}
