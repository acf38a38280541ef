import type { TokenLogProbability } from "@homegrown/contracts";
import { toFiniteLogprob } from "../finite-logprob.ts";

/**
 * OpenAI's `logprobs` of a text completion: parallel arrays, and where in the choice's text each token
 * begins, in Unicode code points, counted over all parts of a stream.
 */
export class LogprobsRenderer {
  #offset = 0;

  render(tokens: readonly TokenLogProbability[]): string {
    const offsets = tokens.map((token) => {
      const offset = this.#offset;
      this.#offset += countCodePoints(token.bytes);
      return offset;
    });
    return JSON.stringify({
      tokens: tokens.map(tokenText),
      token_logprobs: tokens.map((token) => toFiniteLogprob(token.logProbability)),
      top_logprobs: tokens.every((token) => token.top.length === 0) ? null : tokens.map(topOf),
      text_offset: offsets,
    });
  }
}

/** As OpenAI does, up to one more than asked for: the token that was taken is always among them. */
function topOf(token: TokenLogProbability): Record<string, number> {
  const entries = token.top.map((other): [string, number] => [
    tokenText(other),
    toFiniteLogprob(other.logProbability),
  ]);
  const taken: [string, number] = [tokenText(token), toFiniteLogprob(token.logProbability)];
  return Object.fromEntries(entries.some(([text]) => text === taken[0]) ? entries : [...entries, taken]);
}

/** Bytes that are no text of their own are written out, so that different tokens stay different keys. */
function tokenText({ text, bytes }: { text: string; bytes: readonly number[] }): string {
  if (!text.includes("\u{fffd}")) return text;
  return `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
}

/** Counts the bytes that begin a code point in UTF-8: a token may hold a part of one. */
function countCodePoints(bytes: readonly number[]): number {
  let count = 0;
  for (const byte of bytes) if ((byte & 0xc0) !== 0x80) count++;
  return count;
}
