import type { TokenLogProbability } from "@homegrown/contracts";

export type FinishReason = "stop" | "length" | "content-filter";

export interface Usage {
  inputTokens: number;
  outputTokens: number;
}

/** One step of one generation, whichever port it came through. `tokens` is empty unless asked for. */
export type GenerationPart =
  | { type: "text"; text: string; tokens: readonly TokenLogProbability[] }
  | { type: "finish"; reason: FinishReason; usage: Usage };

export interface Choice {
  text: string;
  tokens: readonly TokenLogProbability[];
  reason: FinishReason;
  usage: Usage;
}

export interface Answer {
  choices: readonly Choice[];
  usage: Usage;
}

/** What a streamed answer is made of; `end` comes once, last, unless the stream fails. */
export type AnswerEvent =
  | { type: "text"; choice: number; text: string; tokens: readonly TokenLogProbability[] }
  | { type: "finish"; choice: number; reason: FinishReason }
  | { type: "end"; usage: Usage };
