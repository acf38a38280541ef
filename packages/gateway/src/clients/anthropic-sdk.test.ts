// Anthropic's own client.
import { Anthropic } from "@anthropic-ai/sdk";
import type { Message, MessageParam } from "@anthropic-ai/sdk/resources/messages";
import { startScriptedUpstream } from "@homegrown/testing";
import { toFinish } from "./conversation.fixture.ts";
import type { Answer, Conversation, ConversationOptions, Question } from "./conversation.fixture.ts";
import { testClients } from "./scenarios.fixture.ts";

testClients({ "@anthropic-ai/sdk": openMessages }, startScriptedUpstream);

function openMessages(options: ConversationOptions): Conversation {
  const { url, key, maxRetries } = options;
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries });
  const messages: MessageParam[] = [];

  async function run(question: Partial<Question> = {}): Promise<Answer> {
    const { stop, maxTokens, schema, signal, onText } = question;
    const body = {
      model: options.model,
      messages,
      max_tokens: maxTokens ?? 4096,
      ...(options.tools.length > 0 && {
        tools: options.tools.map(({ name, description, schema: input_schema }) => ({
          name,
          description,
          input_schema,
        })),
      }),
      ...(options.reasons && { thinking: { type: "enabled" as const, budget_tokens: 1024 } }),
      ...(stop && { stop_sequences: stop }),
      ...(schema && { output_config: { format: { type: "json_schema" as const, schema: { ...schema } } } }),
    };
    let message: Message;
    if (options.streamed) {
      const stream = client.messages.stream(body, { signal });
      stream.on("text", (piece) => onText?.(piece));
      message = await stream.finalMessage();
    } else {
      message = await client.messages.create(body, { signal });
    }
    const { content, usage } = message;
    messages.push({ role: "assistant", content });
    return {
      text: content.map((block) => (block.type === "text" ? block.text : "")).join(""),
      reasoning: content.map((block) => (block.type === "thinking" ? block.thinking : "")).join(""),
      calls: content.flatMap((block) =>
        block.type === "tool_use" ? [{ id: block.id, name: block.name, input: block.input }] : [],
      ),
      finish: toFinish(message.stop_reason),
      inputTokens:
        usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
      outputTokens: usage.output_tokens,
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
            : [
                {
                  type: "image" as const,
                  source: { type: "base64" as const, media_type: "image/png" as const, data: image },
                },
              ]),
        ],
      });
      return run(question);
    },
    answerTools(answers) {
      messages.push({
        role: "user",
        content: answers.map(({ call, text }) => ({
          type: "tool_result" as const,
          tool_use_id: call.id,
          content: text,
        })),
      });
      return run();
    },
  };
}
