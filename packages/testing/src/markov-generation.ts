// One generation of a byte model as a stream of text: sampling, stop sequences, token limit, cancellation.
import { StringDecoder } from "node:string_decoder";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { TokenLogProbability } from "@homegrown/contracts";
import { END_OF_TEXT } from "./byte-markov.ts";
import type { ByteMarkov } from "./byte-markov.ts";
import { createRandom, sampleSymbol } from "./byte-sampler.ts";
import type { SamplingOptions } from "./byte-sampler.ts";
import type { JsonConstraint } from "./json-constraint.ts";

export interface MarkovGeneration extends SamplingOptions {
  prompt: readonly number[];
  maxTokens: number;
  seed?: number | undefined;
  stopSequences?: readonly string[] | undefined;
  logProbabilities?: boolean | undefined;
  topLogProbabilities?: number | undefined;
  constraint?: JsonConstraint | undefined;
  abortSignal?: AbortSignal | undefined;
  tokenDelayMs: number;
  /** Called for every token that the model has made. */
  onToken: () => void;
}

export type MarkovPart =
  | { type: "text"; text: string; tokens: TokenLogProbability[] }
  | { type: "finish"; reason: "stop" | "length"; outputTokens: number };

/** Tokens between two turns of the event loop when there is no delay. */
const TOKENS_PER_TURN = 32;
const EMPTY_TEXT = { text: "", tokens: [] };

/** Pulled, not pushed: nothing is generated before it is asked for. */
export async function* generateBytes(
  model: ByteMarkov,
  options: MarkovGeneration,
): AsyncGenerator<MarkovPart, void, undefined> {
  const random = createRandom(options.seed ?? Math.floor(Math.random() * 0x1_0000_0000));
  const history = [...options.prompt];
  const counts = new Map<number, number>();
  const held = new HeldText(options.stopSequences ?? []);
  const decoder = new StringDecoder("utf8");
  let allowed = options.constraint?.next();
  for (let numTokens = 0; numTokens < options.maxTokens; numTokens++) {
    if (options.tokenDelayMs > 0) await setTimeout(options.tokenDelayMs, undefined, signalOf(options));
    else if (numTokens % TOKENS_PER_TURN === 0) await setImmediate();
    options.abortSignal?.throwIfAborted();
    const logProbabilities = model.logProbabilities(history);
    const symbol = allowed?.done
      ? END_OF_TEXT
      : sampleSymbol(
          logProbabilities,
          counts,
          options,
          (candidate) => allowed === undefined || (!allowed.done && allowed.value.has(candidate)),
          random,
        );
    options.onToken();
    if (symbol === END_OF_TEXT) {
      yield { type: "text", ...held.flush(decoder.end()) };
      yield { type: "finish", reason: "stop", outputTokens: numTokens + 1 };
      return;
    }
    history.push(symbol);
    counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    allowed = options.constraint?.next(symbol);
    const token = options.logProbabilities
      ? describeToken(symbol, logProbabilities, options.topLogProbabilities ?? 0)
      : undefined;
    const { text, tokens, stopped } = held.push(decoder.write(Buffer.of(symbol)), token);
    if (text !== "" || tokens.length > 0) yield { type: "text", text, tokens };
    if (stopped) {
      yield { type: "finish", reason: "stop", outputTokens: numTokens + 1 };
      return;
    }
  }
  const rest = options.maxTokens > 0 ? held.flush(decoder.end()) : EMPTY_TEXT;
  if (rest.text !== "" || rest.tokens.length > 0) yield { type: "text", ...rest };
  yield { type: "finish", reason: "length", outputTokens: options.maxTokens };
}

function signalOf({ abortSignal }: MarkovGeneration): { signal?: AbortSignal } {
  return abortSignal ? { signal: abortSignal } : {};
}

/** Text is held back while it may be the beginning of a stop sequence, and tokens with their text. */
class HeldText {
  readonly #stopSequences: readonly string[];
  #text = "";
  #tokens: { start: number; token: TokenLogProbability }[] = [];

  constructor(stopSequences: readonly string[]) {
    this.#stopSequences = stopSequences;
  }

  push(
    text: string,
    token: TokenLogProbability | undefined,
  ): { text: string; tokens: TokenLogProbability[]; stopped: boolean } {
    if (token) this.#tokens.push({ start: this.#text.length, token });
    this.#text += text;
    const found = this.#stopSequences.map((stop) => this.#text.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) return { ...this.#take(Math.min(...found)), stopped: true };
    return { ...this.#take(this.#text.length - this.#heldLength()), stopped: false };
  }

  flush(rest: string): { text: string; tokens: TokenLogProbability[] } {
    this.#text += rest;
    const tokens = this.#tokens.map(({ token }) => token);
    return { text: this.#text, tokens };
  }

  /** Length of the longest end of the text with which a stop sequence begins. */
  #heldLength(): number {
    let longest = 0;
    for (const stop of this.#stopSequences) {
      for (let length = Math.min(stop.length - 1, this.#text.length); length > longest; length--) {
        if (this.#text.endsWith(stop.slice(0, length))) longest = length;
      }
    }
    return longest;
  }

  #take(length: number): { text: string; tokens: TokenLogProbability[] } {
    // With nothing held back the tokens of an unfinished character go out too, ahead of their text.
    const everything = length === this.#text.length;
    const taken = this.#tokens.filter(({ start }) => everything || start < length);
    const text = this.#text.slice(0, length);
    this.#tokens = this.#tokens
      .slice(taken.length)
      .map(({ start, token }) => ({ start: start - length, token }));
    this.#text = this.#text.slice(length);
    return { text, tokens: taken.map(({ token }) => token) };
  }
}

function describeToken(symbol: number, logProbabilities: Float64Array, numTop: number): TokenLogProbability {
  const describe = (id: number): Omit<TokenLogProbability, "top"> => ({
    id,
    text: id === END_OF_TEXT ? "" : Buffer.of(id).toString("utf8"),
    bytes: id === END_OF_TEXT ? [] : [id],
    logProbability: logProbabilities[id]!,
  });
  const ranked = [...logProbabilities.keys()].sort(
    (a, b) => logProbabilities[b]! - logProbabilities[a]! || a - b,
  );
  return { ...describe(symbol), top: ranked.slice(0, numTop).map(describe) };
}
