// Conversations as the text that a model reads, by a Jinja template: the same string that llama.cpp's and
// transformers' Jinja make of it.
import { HomegrownError } from "@homegrown/contracts";
import type { ChatMessage } from "@homegrown/contracts";
import { Template } from "@huggingface/jinja";
import { END_OF_TEXT } from "./special-tokens.ts";

/** ChatML as Qwen writes it, without tools: each turn `<|im_start|>role\n…<|im_end|>\n`. */
export const CHATML_TEMPLATE: string =
  "{%- for message in messages %}" +
  "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}" +
  "{%- endfor %}" +
  "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";

export interface RenderChatOptions {
  messages: readonly ChatMessage[];
  /** True: the text ends where the assistant's answer begins. */
  addGenerationPrompt: boolean;
  /** What the template's `bos_token` and `eos_token` stand for; by default those of our own models. */
  bosToken?: string;
  eosToken?: string;
}

const MAX_TEMPLATE_LENGTH = 1 << 20;
const parsed = new Map<string, Template>();

/** The conversation as text. Throws `tokenization/bad-chat-template` for a template that fails. */
export function renderChat(template: string, options: RenderChatOptions): string {
  try {
    return parse(template).render({
      messages: options.messages.map(({ role, content }) => ({ role, content })),
      add_generation_prompt: options.addGenerationPrompt,
      bos_token: options.bosToken ?? "",
      eos_token: options.eosToken ?? END_OF_TEXT,
    });
  } catch (cause) {
    if (cause instanceof HomegrownError) throw cause;
    throw badTemplate(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function parse(template: string): Template {
  const known = parsed.get(template);
  if (known) return known;
  if (template.length > MAX_TEMPLATE_LENGTH) {
    throw badTemplate(`${template.length} characters, at most ${MAX_TEMPLATE_LENGTH} expected`);
  }
  const made = new Template(template);
  // A process sees a handful of templates; the bound only guards against one made per request.
  if (parsed.size >= 16) parsed.clear();
  parsed.set(template, made);
  return made;
}

function badTemplate(what: string, cause?: unknown): HomegrownError {
  return new HomegrownError({
    code: "tokenization/bad-chat-template",
    kind: "invalid-input",
    message: `the chat template does not render: ${what}`,
    hint: "Check chat_template.jinja; Homegrown's own is CHATML_TEMPLATE.",
    cause,
  });
}
