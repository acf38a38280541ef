import { HomegrownError, type ChatMessage, type ChatModel } from "@homegrown/contracts";

export interface AnswerOptions {
  temperature: number;
  maxTokens: number;
  seed?: number;
  signal: AbortSignal;
  onText: (text: string) => void;
}

export interface Answer {
  text: string;
  finishReason: string;
  inputTokens: number | undefined;
  outputTokens: number | undefined;
}

/** One answer through the chat port, its text handed on as it comes. */
export async function streamAnswer(
  chat: ChatModel,
  messages: readonly ChatMessage[],
  options: AnswerOptions,
): Promise<Answer> {
  const { stream } = await chat.doStream({
    prompt: messages.map(({ role, content }) =>
      role === "system" ? { role, content } : { role, content: [{ type: "text", text: content }] },
    ),
    temperature: options.temperature,
    maxOutputTokens: options.maxTokens,
    ...(options.seed !== undefined && { seed: options.seed }),
    abortSignal: options.signal,
  });
  const answer: Answer = { text: "", finishReason: "other", inputTokens: undefined, outputTokens: undefined };
  for await (const part of stream) {
    if (part.type === "text-delta") {
      answer.text += part.delta;
      options.onText(part.delta);
    } else if (part.type === "finish") {
      answer.finishReason = part.finishReason.unified;
      answer.inputTokens = part.usage.inputTokens.total;
      answer.outputTokens = part.usage.outputTokens.total;
    } else if (part.type === "error") {
      throw part.error instanceof HomegrownError ? part.error : new Error(String(part.error));
    }
  }
  return answer;
}
