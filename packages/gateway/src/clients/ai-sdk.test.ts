// The AI SDK with each of its packages that speak a protocol of the gateway's.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, Output, streamText, tool } from "ai";
import type { LanguageModel, ModelMessage, ToolSet } from "ai";
import { startScriptedUpstream } from "@homegrown/testing";
import { toFinish } from "./conversation.fixture.ts";
import type { Answer, Conversation, ConversationOptions, Question } from "./conversation.fixture.ts";
import { testClients } from "./scenarios.fixture.ts";

type GenerateOptions = Parameters<typeof generateText>[0];

testClients(
  {
    "AI SDK, openai.chat": (options) =>
      openConversation(options, (url) => newOpenAi(options, url).chat(options.model)),
    "AI SDK, openai.responses": (options) =>
      openConversation(options, (url) => newOpenAi(options, url).responses(options.model), {
        openai: { store: false, ...(options.reasons && { reasoningSummary: "auto" }) },
      }),
    "AI SDK, openai-compatible": (options) =>
      openConversation(options, (baseURL) => {
        const provider = createOpenAICompatible({
          name: "gateway",
          baseURL,
          apiKey: options.key,
          includeUsage: true,
          supportsStructuredOutputs: true,
        });
        return provider.chatModel(options.model);
      }),
    "AI SDK, anthropic": (options) =>
      openConversation(options, (baseURL) =>
        createAnthropic({ baseURL, apiKey: options.key }).messages(options.model),
      ),
  },
  startScriptedUpstream,
);

function newOpenAi({ key }: ConversationOptions, baseURL: string): ReturnType<typeof createOpenAI> {
  return createOpenAI({ baseURL, apiKey: key });
}

function openConversation(
  options: ConversationOptions,
  createModel: (baseUrl: string) => LanguageModel,
  providerOptions: NonNullable<GenerateOptions["providerOptions"]> = {},
): Conversation {
  const model = createModel(`${options.url}/v1`);
  const messages: ModelMessage[] = [];
  const tools: ToolSet = Object.fromEntries(
    options.tools.map(({ name, description, schema }) => [
      name,
      tool({ description, inputSchema: jsonSchema(schema as Parameters<typeof jsonSchema>[0]) }),
    ]),
  );

  async function run(question: Partial<Question> = {}): Promise<Answer> {
    const { stop, maxTokens, schema, signal, onText } = question;
    const call = {
      model,
      messages,
      tools,
      maxRetries: options.maxRetries,
      providerOptions,
      ...(options.reasons && { reasoning: "medium" as const }),
      ...(stop && { stopSequences: stop }),
      ...(maxTokens !== undefined && { maxOutputTokens: maxTokens }),
      ...(signal && { abortSignal: signal }),
      ...(schema && {
        output: Output.object({ schema: jsonSchema(schema as Parameters<typeof jsonSchema>[0]) }),
      }),
    };
    if (!options.streamed) return read(await generateText(call));
    const result = streamText({ ...call, onError: () => {} });
    for await (const part of result.fullStream) {
      if (part.type === "error") throw part.error;
      if (part.type === "abort") throw new Error("aborted");
      if (part.type === "text-delta") onText?.(part.text);
    }
    return read({
      text: await result.text,
      reasoningText: await result.reasoningText,
      toolCalls: await result.toolCalls,
      finishReason: await result.finishReason,
      usage: await result.usage,
      response: await result.response,
    });
  }

  type Result = Pick<
    Awaited<ReturnType<typeof generateText>>,
    "text" | "reasoningText" | "toolCalls" | "finishReason" | "usage"
  > & { response: { messages: readonly ModelMessage[] } };

  function read({ text, reasoningText, toolCalls, finishReason, usage, response }: Result): Answer {
    messages.push(...response.messages);
    return {
      text,
      reasoning: reasoningText ?? "",
      calls: toolCalls.map(({ toolCallId, toolName, input }) => ({
        id: toolCallId,
        name: toolName,
        input: input as unknown,
      })),
      finish: toFinish(finishReason),
      inputTokens: usage.inputTokens!,
      outputTokens: usage.outputTokens!,
    };
  }

  return {
    ask(question) {
      const { text, image } = question;
      messages.push({
        role: "user",
        content: [
          { type: "text", text },
          ...(image === undefined
            ? []
            : [{ type: "file" as const, mediaType: "image/png", data: Buffer.from(image, "base64") }]),
        ],
      });
      return run(question);
    },
    answerTools(answers) {
      messages.push({
        role: "tool",
        content: answers.map(({ call, text }) => ({
          type: "tool-result" as const,
          toolCallId: call.id,
          toolName: call.name,
          output: { type: "text" as const, value: text },
        })),
      });
      return run();
    },
  };
}
