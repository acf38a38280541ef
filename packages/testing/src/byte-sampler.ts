// Choosing the next symbol as servers do: bias and penalties on the logits, temperature, top-k, top-p.

export interface SamplingOptions {
  temperature?: number | undefined;
  topK?: number | undefined;
  topP?: number | undefined;
  presencePenalty?: number | undefined;
  frequencyPenalty?: number | undefined;
  logitBias?: Readonly<Record<string, number>> | undefined;
}

/** Uniform numbers in [0, 1) from a 32-bit seed (mulberry32, T. Ettinger, public domain). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** `counts[symbol]`: how often the symbol was generated before. Temperature 0 takes the likeliest. */
export function sampleSymbol(
  logProbabilities: Float64Array,
  counts: ReadonlyMap<number, number>,
  options: SamplingOptions,
  isAllowed: (symbol: number) => boolean,
  random: () => number,
): number {
  const logits = Float64Array.from(logProbabilities, (value, symbol) =>
    isAllowed(symbol) ? value + (options.logitBias?.[symbol] ?? 0) : -Infinity,
  );
  for (const [symbol, count] of counts) {
    logits[symbol]! -= (options.presencePenalty ?? 0) + count * (options.frequencyPenalty ?? 0);
  }
  const ranked = [...logits.keys()].filter((symbol) => logits[symbol] !== -Infinity);
  ranked.sort((a, b) => logits[b]! - logits[a]! || a - b);
  const temperature = options.temperature ?? 1;
  const likeliest = ranked[0];
  if (likeliest === undefined) throw new Error("no symbol is allowed");
  if (temperature === 0) return likeliest;

  const candidates = ranked.slice(0, options.topK ?? ranked.length);
  const highest = logits[likeliest]!;
  const weights = candidates.map((symbol) => Math.exp((logits[symbol]! - highest) / temperature));
  const kept = nucleusSize(weights, options.topP ?? 1);
  let target = random() * sum(weights.slice(0, kept));
  for (let i = 0; i < kept; i++) {
    target -= weights[i]!;
    if (target < 0) return candidates[i]!;
  }
  return candidates[kept - 1]!;
}

/** How many of the descending weights make up the given share of their sum, at least one. */
function nucleusSize(weights: readonly number[], share: number): number {
  if (share >= 1) return weights.length;
  const needed = share * sum(weights);
  let held = 0;
  for (const [index, weight] of weights.entries()) {
    held += weight;
    if (held >= needed) return index + 1;
  }
  return weights.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
