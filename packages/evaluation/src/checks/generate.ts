import type { EvaluationTokenizer } from "../held-out/bits-per-byte.ts";

export interface GenerationRequest {
  prompt: string;
  maxTokens: number;
  seed: number;
  /** 0 takes the likeliest token each time. */
  temperature: number;
  signal?: AbortSignal;
}

/** Continues a prompt; the answer does not repeat it. */
export type Generate = (request: GenerationRequest) => Promise<string>;

/** Generation with a scorer of `models`: the prompt is plain text after <|endoftext|>, as in training. */
export function toGenerate(parts: {
  scorer: {
    generate(options: {
      ids: readonly number[];
      maxTokens: number;
      temperature: number;
      seed: number;
      stopIds: readonly number[];
      signal?: AbortSignal;
    }): Promise<readonly number[]>;
  };
  tokenizer: EvaluationTokenizer & { decode(ids: readonly number[]): string };
  endOfTextId: number;
}): Generate {
  const { scorer, tokenizer, endOfTextId } = parts;
  return async ({ prompt, ...rest }) => {
    const ids = [endOfTextId, ...tokenizer.encode(prompt)];
    return tokenizer.decode(await scorer.generate({ ids, stopIds: [endOfTextId], ...rest }));
  };
}
