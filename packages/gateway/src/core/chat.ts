// Chat over the chat port: n choices by calling the model n times with seeds of their own.
import type { ChatMetadataExtension, ChatModel, TokenLogProbability } from "@homegrown/contracts";
import type {
  Answer,
  AnswerEvent,
  Choice,
  FinishReason,
  GenerationPart,
  RunOptions,
  Usage,
} from "./answer.ts";
import { collectChoices, streamChoices } from "./choices.ts";
import { modelFailed } from "./model-failed.ts";
import { seedOfChoice } from "./seeds.ts";

export type ChatCall = Parameters<ChatModel["doGenerate"]>[0];
type PortUsage = Awaited<ReturnType<ChatModel["doGenerate"]>>["usage"];
type PortFinish = Awaited<ReturnType<ChatModel["doGenerate"]>>["finishReason"];

export interface ChatRequest {
  call: Omit<ChatCall, "abortSignal" | "seed">;
  numChoices: number;
  seed: number | undefined;
}

/** The whole answer. Throws what the port throws, or `gateway/model-failed`. */
export function generateChat(request: ChatRequest, run: RunOptions): Promise<Answer> {
  return collectChoices(request.numChoices, request.numChoices, run, async (choice, signal) => {
    const result = await run.lease.chat.doGenerate(callOfChoice(request, choice, signal));
    let text = "";
    const tokens: TokenLogProbability[] = [];
    for (const content of result.content) {
      if (content.type !== "text") continue;
      text += content.text;
      tokens.push(...tokensOf(content.providerMetadata));
    }
    const { finishReason, usage } = result;
    return { text, tokens, reason: toReason(finishReason), usage: toUsage(usage) } satisfies Choice;
  });
}

/** The answer as it comes into being; ending the iteration early stops the model. */
export function streamChat(
  request: ChatRequest,
  run: RunOptions,
): AsyncGenerator<AnswerEvent, void, undefined> {
  const sources = Array.from(
    { length: request.numChoices },
    (_, choice) => (signal: AbortSignal) => chatParts(run.lease.chat, callOfChoice(request, choice, signal)),
  );
  return streamChoices(sources, request.numChoices, run);
}

function callOfChoice(request: ChatRequest, choice: number, abortSignal: AbortSignal): ChatCall {
  const seed = seedOfChoice(request.seed, choice);
  return { ...request.call, abortSignal, ...(seed === undefined ? {} : { seed }) };
}

async function* chatParts(model: ChatModel, call: ChatCall): AsyncGenerator<GenerationPart, void, undefined> {
  const { stream } = await model.doStream(call);
  for await (const part of stream) {
    switch (part.type) {
      case "text-delta":
        yield { type: "text", text: part.delta, tokens: tokensOf(part.providerMetadata) };
        break;
      case "finish":
        yield { type: "finish", reason: toReason(part.finishReason), usage: toUsage(part.usage) };
        break;
      case "error":
        throw part.error;
      default:
      // Starts, ends and metadata carry nothing that an answer shows.
    }
  }
}

function tokensOf(metadata: Record<string, unknown> | undefined): readonly TokenLogProbability[] {
  return (metadata?.["homegrown"] as ChatMetadataExtension | undefined)?.tokens ?? [];
}

function toReason(finish: PortFinish): FinishReason {
  if (finish.unified === "error") throw modelFailed("The model ended its answer with an error.");
  return finish.unified === "length" || finish.unified === "content-filter" ? finish.unified : "stop";
}

function toUsage(usage: PortUsage): Usage {
  return { inputTokens: usage.inputTokens.total ?? 0, outputTokens: usage.outputTokens.total ?? 0 };
}
