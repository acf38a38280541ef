import type { ChatStreamPart } from "@homegrown/contracts";
import type { AnswerHead, ChatStreamRenderer } from "../../../core/model-request.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import { renderHead, renderUsage } from "../answer-head.ts";
import { toFinishReason } from "../finish-reason.ts";
import { renderCitations, renderSource } from "./annotations.ts";
import { renderImage } from "./images.ts";
import { renderChatLogprobs, tokensOf } from "./logprobs.ts";
import type { RenderOptions } from "./render.ts";
import { ToolCallDeltas } from "./tool-call-deltas.ts";

export interface StreamOptions extends RenderOptions {
  includeUsage: boolean;
}

interface Choice {
  /** Opening and end of the choice's chunks, which never change. */
  open: string;
  calls: ToolCallDeltas;
  textLength: number;
  /** Where each block of text began; citations count from there. */
  blockStarts: Map<string, number>;
}

/** The `chat.completion.chunk` events of one answer. Strings are joined, not objects serialised: hot path. */
export class ChatCompletionStream implements ChatStreamRenderer {
  readonly #start: string;
  readonly #end: string;
  readonly #options: StreamOptions;
  readonly #choices = new Map<number, Choice>();

  constructor(head: AnswerHead, options: StreamOptions) {
    this.#start = `data: ${renderHead(head, "chatcmpl", "chat.completion.chunk")},"choices":[`;
    this.#end = options.includeUsage ? `}],"usage":null}\n\n` : `}]}\n\n`;
    this.#options = options;
  }

  /** The first chunk names the role, and comes with the first part: until then an error has its own status. */
  start(): string {
    return "";
  }

  render(index: number, part: ChatStreamPart): string {
    switch (part.type) {
      case "text-delta":
        return this.#text(index, part);
      case "reasoning-delta":
        return part.delta === ""
          ? ""
          : this.#delta(index, `{"reasoning_content":${JSON.stringify(part.delta)}}`);
      case "tool-input-start":
        return this.#call(index, this.#calls(index).start(part));
      case "tool-input-delta":
        return this.#call(index, this.#calls(index).delta(part.id, part.delta));
      case "tool-call":
        return this.#call(index, this.#calls(index).whole(part));
      case "text-start": {
        const choice = this.#choice(index);
        choice.blockStarts.set(part.id, choice.textLength);
        return "";
      }
      case "text-end": {
        if (!part.citations || part.citations.length === 0) return "";
        const { blockStarts, textLength } = this.#choice(index);
        const start = blockStarts.get(part.id) ?? 0;
        return this.#annotations(index, renderCitations(part.citations, start, textLength));
      }
      case "source":
        return this.#annotations(index, renderSource(part, this.#choice(index).textLength));
      case "file": {
        const image = renderImage(part);
        return image === undefined ? "" : this.#delta(index, `{"images":[${image}]}`);
      }
      case "finish":
        return this.#finish(index, part);
      default:
        return "";
    }
  }

  end(usage: TokenUsage): string {
    const last = this.#options.includeUsage ? `${this.#start}],"usage":${renderUsage(usage)}}\n\n` : "";
    return `${last}data: [DONE]\n\n`;
  }

  #text(index: number, part: Extract<ChatStreamPart, { type: "text-delta" }>): string {
    const { delta, providerMetadata } = part;
    if (!this.#options.logProbabilities) {
      if (delta === "") return "";
      this.#choice(index).textLength += delta.length;
      return this.#delta(index, `{"content":${JSON.stringify(delta)}}`);
    }
    const tokens = tokensOf(providerMetadata);
    if (delta === "" && tokens.length === 0) return "";
    const choice = this.#choice(index);
    choice.textLength += delta.length;
    return this.#delta(
      index,
      `{"content":${JSON.stringify(delta)}}`,
      tokens.length > 0 ? renderChatLogprobs(tokens) : "null",
    );
  }

  #calls(index: number): ToolCallDeltas {
    return this.#choice(index).calls;
  }

  #call(index: number, delta: string | undefined): string {
    return delta === undefined ? "" : this.#delta(index, `{"tool_calls":[${delta}]}`);
  }

  #annotations(index: number, annotations: readonly string[]): string {
    return annotations.length === 0 ? "" : this.#delta(index, `{"annotations":[${annotations.join(",")}]}`);
  }

  #finish(index: number, part: Extract<ChatStreamPart, { type: "finish" }>): string {
    const choice = this.#choice(index);
    const reason = toFinishReason(part.finishReason, choice.calls.hasCalls);
    return this.#delta(index, "{}", "null", `"${reason}"`);
  }

  #choice(index: number): Choice {
    let choice = this.#choices.get(index);
    if (!choice) {
      choice = {
        open: "",
        calls: new ToolCallDeltas(this.#options.customTools),
        textLength: 0,
        blockStarts: new Map(),
      };
      this.#choices.set(index, choice);
    }
    return choice;
  }

  /** One chunk; before a choice's first one its role. */
  #delta(index: number, delta: string, logprobs = "null", finishReason = "null"): string {
    const choice = this.#choice(index);
    let opening = "";
    if (choice.open === "") {
      choice.open = `${this.#start}{"index":${index},"delta":`;
      const role = `{"role":"assistant","content":"","refusal":null}`;
      opening = `${choice.open}${role},"logprobs":null,"finish_reason":null${this.#end}`;
    }
    return `${opening}${choice.open}${delta},"logprobs":${logprobs},"finish_reason":${finishReason}${this.#end}`;
  }
}
