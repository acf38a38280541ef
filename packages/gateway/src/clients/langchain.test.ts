// LangChain's models over OpenAI's and Anthropic's protocols.
import { ChatAnthropic } from "@langchain/anthropic";
import { AIMessageChunk, HumanMessage, ToolMessage } from "@langchain/core/messages";
import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { startScriptedUpstream } from "@homegrown/testing";
import { toFinish } from "./conversation.fixture.ts";
import type { Answer, Conversation, ConversationOptions, Question } from "./conversation.fixture.ts";
import { testClients } from "./scenarios.fixture.ts";

testClients(
  {
    "LangChain, ChatOpenAI": (options) =>
      openConversation(options, (question) => newOpenAi(options, question, false)),
    "LangChain, ChatOpenAI over responses": (options) =>
      openConversation(options, (question) => newOpenAi(options, question, true)),
    "LangChain, ChatAnthropic": (options) =>
      openConversation(options, (question) => newAnthropic(options, question)),
  },
  startScriptedUpstream,
);

interface Runnable {
  invoke(messages: BaseMessage[], options?: { signal?: AbortSignal }): Promise<AIMessage>;
  stream(messages: BaseMessage[], options?: { signal?: AbortSignal }): Promise<AsyncIterable<AIMessageChunk>>;
}

function newOpenAi(
  { url, key, model, maxRetries, tools, reasons }: ConversationOptions,
  { maxTokens, stop, schema }: Partial<Question>,
  useResponsesApi: boolean,
): Runnable {
  const chat = new ChatOpenAI({
    model,
    apiKey: key,
    configuration: { baseURL: `${url}/v1` },
    maxRetries,
    useResponsesApi,
    ...(useResponsesApi && { zdrEnabled: true }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(stop && { stop }),
    ...(reasons && { reasoning: { effort: "medium" as const, summary: "auto" as const } }),
  });
  if (tools.length > 0) return chat.bindTools(tools.map(toFunction)) as unknown as Runnable;
  if (!schema) return chat as unknown as Runnable;
  return chat.withConfig({
    response_format: {
      type: "json_schema",
      json_schema: { name: "answer", strict: true, schema: { ...schema } },
    },
  }) as unknown as Runnable;
}

function newAnthropic(
  { url, key, model, maxRetries, tools, reasons }: ConversationOptions,
  { maxTokens, stop, schema }: Partial<Question>,
): Runnable {
  const chat = new ChatAnthropic({
    model,
    apiKey: key,
    anthropicApiUrl: url,
    maxRetries,
    maxTokens: maxTokens ?? 4096,
    ...(stop && { stopSequences: stop }),
    ...(reasons && { thinking: { type: "enabled" as const, budget_tokens: 1024 } }),
    ...(schema && { outputConfig: { format: { type: "json_schema" as const, schema: { ...schema } } } }),
  });
  if (tools.length > 0) return chat.bindTools(tools.map(toFunction)) as unknown as Runnable;
  return chat as unknown as Runnable;
}

function toFunction({ name, description, schema }: ConversationOptions["tools"][number]): {
  type: "function";
  function: { name: string; description: string; parameters: Record<string, unknown> };
} {
  return { type: "function", function: { name, description, parameters: { ...schema } } };
}

function openConversation(
  options: ConversationOptions,
  createModel: (question: Partial<Question>) => Runnable,
): Conversation {
  const messages: BaseMessage[] = [];

  async function run(question: Partial<Question> = {}): Promise<Answer> {
    const model = createModel(question);
    const { signal, onText } = question;
    let message: AIMessage | AIMessageChunk;
    if (options.streamed) {
      let whole: AIMessageChunk | undefined;
      for await (const chunk of await model.stream(messages, { ...(signal && { signal }) })) {
        whole = whole === undefined ? chunk : whole.concat(chunk);
        if (chunk.text !== "") onText?.(chunk.text);
      }
      message = whole!;
    } else {
      message = await model.invoke(messages);
    }
    messages.push(message);
    const calls = message.tool_calls ?? [];
    const { response_metadata: facts } = message;
    const usage = message.usage_metadata as unknown as { input_tokens: number; output_tokens: number };
    const details = facts["incomplete_details"] as { reason?: string } | null | undefined;
    const reason = details?.reason ?? facts["finish_reason"] ?? facts["stop_reason"] ?? facts["status"];
    return {
      text: message.text,
      reasoning: thoughtsOf(message),
      calls: calls.map(({ id, name, args }) => ({ id: id!, name, input: args })),
      finish:
        calls.length > 0
          ? "tool-calls"
          : toFinish((reason ?? message.additional_kwargs["stop_reason"]) as string),
      inputTokens: usage.input_tokens,
      outputTokens: usage.output_tokens,
    };
  }

  return {
    ask(question) {
      const { text, image } = question;
      messages.push(
        new HumanMessage({
          content: [
            { type: "text", text },
            ...(image === undefined
              ? []
              : [{ type: "image_url", image_url: { url: `data:image/png;base64,${image}` } }]),
          ],
        }),
      );
      return run(question);
    },
    answerTools(answers) {
      for (const { call, text } of answers) {
        messages.push(new ToolMessage({ tool_call_id: call.id, name: call.name, content: text }));
      }
      return run();
    },
  };
}

function thoughtsOf(message: AIMessage | AIMessageChunk): string {
  return message.contentBlocks.map((block) => (block.type === "reasoning" ? block.reasoning : "")).join("");
}
