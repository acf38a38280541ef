import type { AnswerEvent } from "../../../core/answer.ts";
import { renderHead, renderUsage } from "../answer-head.ts";
import type { AnswerHead } from "../answer-head.ts";
import { FINISH_REASON } from "../finish-reason.ts";
import { renderChatLogprobs } from "./logprobs.ts";

/** The `chat.completion.chunk` events of one answer. Strings are joined, not objects serialised: hot path. */
export class ChatCompletionStream {
  readonly #start: string;
  readonly #end: string;
  readonly #includeUsage: boolean;
  readonly #logProbabilities: boolean;
  readonly #begun = new Set<number>();

  constructor(head: AnswerHead, options: { includeUsage: boolean; logProbabilities: boolean }) {
    this.#start = `data: ${renderHead(head, "chat.completion.chunk")},"choices":[`;
    this.#end = options.includeUsage ? `],"usage":null}\n\n` : `]}\n\n`;
    this.#includeUsage = options.includeUsage;
    this.#logProbabilities = options.logProbabilities;
  }

  /** One or more whole events, or nothing. */
  render(event: AnswerEvent): string {
    if (event.type === "end") {
      return this.#includeUsage ? `${this.#start}],"usage":${renderUsage(event.usage)}}\n\n` : "";
    }
    const opening = this.#open(event.choice);
    if (event.type === "finish") {
      return `${opening}${this.#chunk(event.choice, "{}", "null", `"${FINISH_REASON[event.reason]}"`)}`;
    }
    if (event.text === "" && event.tokens.length === 0) return opening;
    const logprobs = this.#logProbabilities ? renderChatLogprobs(event.tokens) : "null";
    const delta = `{"content":${JSON.stringify(event.text)}}`;
    return `${opening}${this.#chunk(event.choice, delta, logprobs, "null")}`;
  }

  /** Each choice begins with a chunk that names its role. */
  #open(choice: number): string {
    if (this.#begun.has(choice)) return "";
    this.#begun.add(choice);
    return this.#chunk(choice, `{"role":"assistant","content":"","refusal":null}`, "null", "null");
  }

  #chunk(choice: number, delta: string, logprobs: string, finishReason: string): string {
    return `${this.#start}{"index":${choice},"delta":${delta},"logprobs":${logprobs},"finish_reason":${finishReason}}${this.#end}`;
  }
}
