// The AI SDK's prompt as plain messages. What this kind of model cannot see is an error, never left out.
import { HomegrownError } from "@homegrown/contracts";
import type { ChatMessage, ChatModel } from "@homegrown/contracts";

export type ChatCallOptions = Parameters<ChatModel["doGenerate"]>[0];

/** Throws `serving/unsupported-content` or `serving/unsupported-tools`. */
export function toChatMessages(prompt: ChatCallOptions["prompt"]): ChatMessage[] {
  return prompt.map((message) => {
    if (message.role === "tool") throw unsupportedTools("the conversation holds a tool's result");
    if (message.role === "system") return { role: "system", content: message.content };
    const texts = message.content.map((part) => {
      if (part.type === "text") return part.text;
      // Another model's thoughts in the history: templates leave those of earlier turns out, too.
      if (part.type === "reasoning") return "";
      if (part.type === "tool-call" || part.type === "tool-result") {
        throw unsupportedTools(`the conversation holds a part of type ${part.type}`);
      }
      throw new HomegrownError({
        code: "serving/unsupported-content",
        kind: "invalid-input",
        message: `a ${message.role} message holds a part of type ${part.type}; this model reads text only`,
        hint: "Send text parts only, or choose a model that accepts this kind of content.",
        details: { partType: part.type },
      });
    });
    return { role: message.role, content: texts.join("") };
  });
}

/** Tools may be listed as long as they are switched off by `toolChoice`. */
export function refuseTools(options: ChatCallOptions): void {
  const numTools = options.tools?.length ?? 0;
  if (numTools > 0 && options.toolChoice?.type !== "none")
    throw unsupportedTools(`${numTools} tools are offered`);
}

function unsupportedTools(found: string): HomegrownError {
  return new HomegrownError({
    code: "serving/unsupported-tools",
    kind: "invalid-input",
    message: `${found}; this model was not trained to call tools`,
    hint: "Leave out tools, or ask for a JSON schema through the response format.",
  });
}
