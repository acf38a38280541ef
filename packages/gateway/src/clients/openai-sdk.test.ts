// OpenAI's own client, over both of its protocols.
import OpenAI from "openai";
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import type { Response, ResponseInputItem } from "openai/resources/responses/responses";
import { startScriptedUpstream } from "@homegrown/testing";
import { toFinish } from "./conversation.fixture.ts";
import type { Answer, Conversation, ConversationOptions, Question } from "./conversation.fixture.ts";
import { testClients } from "./scenarios.fixture.ts";

testClients(
  {
    "openai, chat completions": openChat,
    "openai, responses": openResponses,
  },
  startScriptedUpstream,
);

function newClient({ url, key, maxRetries }: ConversationOptions): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries });
}

function openChat(options: ConversationOptions): Conversation {
  const client = newClient(options);
  const messages: ChatCompletionMessageParam[] = [];

  async function run(question: Partial<Question> = {}): Promise<Answer> {
    const { stop, maxTokens, schema, signal, onText } = question;
    const body = {
      model: options.model,
      messages,
      ...(options.tools.length > 0 && {
        tools: options.tools.map(({ name, description, schema: parameters }) => ({
          type: "function" as const,
          function: { name, description, parameters: { ...parameters } },
        })),
      }),
      ...(options.reasons && { reasoning_effort: "medium" as const }),
      ...(stop && { stop }),
      ...(maxTokens !== undefined && { max_completion_tokens: maxTokens }),
      ...(schema && {
        response_format: {
          type: "json_schema" as const,
          json_schema: { name: "answer", strict: true, schema: { ...schema } },
        },
      }),
    };
    let completion: ChatCompletion;
    let reasoning = "";
    if (options.streamed) {
      const usage = { stream_options: { include_usage: true } };
      const stream = client.chat.completions.stream({ ...body, ...usage }, { signal });
      stream.on("content", (piece) => onText?.(piece));
      stream.on("chunk", ({ choices }) => (reasoning += thoughtOf(choices[0]?.delta)));
      completion = await stream.finalChatCompletion();
    } else {
      completion = await client.chat.completions.create(body, { signal });
      reasoning = thoughtOf(completion.choices[0]!.message);
    }
    const { message, finish_reason } = completion.choices[0]!;
    messages.push(message);
    return {
      text: message.content ?? "",
      reasoning,
      calls: (message.tool_calls ?? []).flatMap((call) =>
        call.type === "function"
          ? [{ id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) as unknown }]
          : [],
      ),
      finish: toFinish(finish_reason),
      inputTokens: completion.usage!.prompt_tokens,
      outputTokens: completion.usage!.completion_tokens,
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
            : [{ type: "image_url" as const, image_url: { url: `data:image/png;base64,${image}` } }]),
        ],
      });
      return run(question);
    },
    answerTools(answers) {
      for (const { call, text } of answers) {
        messages.push({ role: "tool", tool_call_id: call.id, content: text });
      }
      return run();
    },
  };
}

/** Not in the SDK's types, as it is not in OpenAI's protocol; every other server has it. */
function thoughtOf(
  holder: ChatCompletionChunk.Choice.Delta | ChatCompletion.Choice["message"] | undefined,
): string {
  return (holder as { reasoning_content?: string | null } | undefined)?.reasoning_content ?? "";
}

function openResponses(options: ConversationOptions): Conversation {
  const client = newClient(options);
  const input: ResponseInputItem[] = [];

  async function run(question: Partial<Question> = {}): Promise<Answer> {
    const { maxTokens, schema, signal, onText } = question;
    const body = {
      model: options.model,
      input,
      store: false,
      ...(options.tools.length > 0 && {
        tools: options.tools.map(({ name, description, schema: parameters }) => ({
          type: "function" as const,
          name,
          description,
          parameters: { ...parameters },
          strict: false,
        })),
      }),
      ...(options.reasons && {
        reasoning: { effort: "medium" as const, summary: "auto" as const },
        include: ["reasoning.encrypted_content" as const],
      }),
      ...(maxTokens !== undefined && { max_output_tokens: maxTokens }),
      ...(schema && {
        text: { format: { type: "json_schema" as const, name: "answer", schema: { ...schema } } },
      }),
    };
    let response: Response;
    if (options.streamed) {
      const stream = client.responses.stream(body, { signal });
      stream.on("response.output_text.delta", ({ delta }) => onText?.(delta));
      response = await stream.finalResponse();
    } else {
      response = await client.responses.create(body, { signal });
    }
    input.push(...(response.output as ResponseInputItem[]));
    const calls = response.output.flatMap((item) =>
      item.type === "function_call"
        ? [{ id: item.call_id, name: item.name, input: JSON.parse(item.arguments) as unknown }]
        : [],
    );
    return {
      text: response.output_text,
      reasoning: response.output
        .flatMap((item) => (item.type === "reasoning" ? item.summary.map(({ text }) => text) : []))
        .join(""),
      calls,
      finish:
        calls.length > 0 ? "tool-calls" : toFinish(response.incomplete_details?.reason ?? response.status),
      inputTokens: response.usage!.input_tokens,
      outputTokens: response.usage!.output_tokens,
    };
  }

  return {
    ask(question) {
      const { text, image } = question;
      input.push({
        role: "user",
        content: [
          { type: "input_text", text },
          ...(image === undefined
            ? []
            : [
                {
                  type: "input_image" as const,
                  detail: "auto" as const,
                  image_url: `data:image/png;base64,${image}`,
                },
              ]),
        ],
      });
      return run(question);
    },
    answerTools(answers) {
      for (const { call, text } of answers) {
        input.push({ type: "function_call_output", call_id: call.id, output: text });
      }
      return run();
    },
  };
}
