import type { AnswerEvent } from "../../../core/answer.ts";
import { renderHead, renderUsage } from "../answer-head.ts";
import type { AnswerHead } from "../answer-head.ts";
import { FINISH_REASON } from "../finish-reason.ts";
import { LogprobsRenderer } from "./logprobs.ts";
import type { TextCompletionRequest } from "./request.ts";

type StreamOptions = Pick<
  TextCompletionRequest,
  "includeUsage" | "logProbabilities" | "echoes" | "numChoicesPerPrompt"
>;

/** The `text_completion` events of one answer. Strings are joined, not objects serialised: hot path. */
export class TextCompletionStream {
  readonly #start: string;
  readonly #end: string;
  readonly #options: StreamOptions;
  readonly #logprobs = new Map<number, LogprobsRenderer>();

  constructor(head: AnswerHead, options: StreamOptions) {
    this.#start = `data: ${renderHead(head, "text_completion")},"choices":[`;
    this.#end = options.includeUsage ? `],"usage":null}\n\n` : `]}\n\n`;
    this.#options = options;
  }

  /** One or more whole events, or nothing. */
  render(event: AnswerEvent): string {
    if (event.type === "end") {
      return this.#options.includeUsage ? `${this.#start}],"usage":${renderUsage(event.usage)}}\n\n` : "";
    }
    const { choice } = event;
    const opening = this.#open(choice);
    if (event.type === "finish") {
      return `${opening}${this.#chunk(choice, "", "null", `"${FINISH_REASON[event.reason]}"`)}`;
    }
    if (event.text === "" && event.tokens.length === 0) return opening;
    const logprobs = this.#options.logProbabilities
      ? this.#logprobs.get(choice)!.render(event.tokens)
      : "null";
    return `${opening}${this.#chunk(choice, event.text, logprobs, "null")}`;
  }

  /** A choice that repeats its prompt begins with it. */
  #open(choice: number): string {
    if (this.#logprobs.has(choice)) return "";
    this.#logprobs.set(choice, new LogprobsRenderer());
    const echo = this.#options.echoes[Math.floor(choice / this.#options.numChoicesPerPrompt)] ?? "";
    return echo === "" ? "" : this.#chunk(choice, echo, "null", "null");
  }

  #chunk(choice: number, text: string, logprobs: string, finishReason: string): string {
    return `${this.#start}{"text":${JSON.stringify(text)},"index":${choice},"logprobs":${logprobs},"finish_reason":${finishReason}}${this.#end}`;
  }
}
