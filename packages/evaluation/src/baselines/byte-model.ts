// The order-n byte model: what counting alone can predict, a baseline beside a trained network.
//   p_k(b | c_k) = max(count_k(b) - d_k, 0) / total_k + d_k · distinct_k / total_k · p_{k-1}(b | c_{k-1})
// down to p_{-1} = 1/256: interpolated Kneser–Ney. Lower orders count a byte once for each longer
// context in which it was new (the "update exclusion" of PPM), which is Kneser–Ney's continuation count.
// Sources: Kneser and Ney, ICASSP 1995; Chen and Goodman, "An empirical study of smoothing techniques for
// language modeling", Harvard TR-10-98 (1998), section 3; d_k = n1 / (n1 + 2·n2) from Ney, Essen and Kneser (1994).
// Invariant: over the 256 bytes the probabilities of any context sum to 1.
import { HomegrownError } from "@homegrown/contracts";
import { createRandom } from "@homegrown/statistics";
import { ContextTable, MAX_ORDER, type ContextTableLimits } from "./context-table.ts";

export interface ByteModelOptions {
  /** Bytes of context, 1 … 6. */
  order: number;
  /** About 74 MB at the default; past it the rarest long contexts are forgotten. */
  limits?: ContextTableLimits;
  /** Stop reading after this much text. */
  maxBytes?: number;
  signal?: AbortSignal;
}

export interface ByteModel {
  readonly order: number;
  /** Bytes of text that it was trained on. */
  readonly numBytes: number;
  /** Σ -log2 p over the text's UTF-8 bytes; the model does not learn from it. */
  bits(text: string): number;
  /** `bits` / bytes. */
  bitsPerByte(text: string): number;
  /** p(byte | context), 256 values; only the last `order` bytes of the context count. */
  distribution(context: Uint8Array): Float64Array;
  /**
   * Continues a prefix by sampling, up to `maxBytes` bytes; a multi-byte character cut at the end is left out.
   * @param temperature 1 by default; 0 takes the likeliest byte
   */
  complete(prefix: string, maxBytes: number, seed: number, temperature?: number): string;
}

/** Documents are independent: each starts without context. @throws HomegrownError `evaluation/bad-order` */
export async function trainByteModel(
  texts: AsyncIterable<string> | Iterable<string>,
  options: ByteModelOptions,
): Promise<ByteModel> {
  const model = new KneserNeyModel(options);
  for await (const text of texts) {
    options.signal?.throwIfAborted();
    model.learn(text);
    if (model.numBytes >= (options.maxBytes ?? Infinity)) break;
  }
  return model;
}

/**
 * Σ -log2 p when each byte is predicted from the documents and bytes before it, then learnt: what the
 * same model needs without any training text. Comparable with a compressor run on these bytes alone.
 */
export async function measureAdaptiveBits(
  texts: AsyncIterable<string> | Iterable<string>,
  options: ByteModelOptions,
): Promise<number> {
  const model = new KneserNeyModel(options);
  let bits = 0;
  for await (const text of texts) {
    options.signal?.throwIfAborted();
    bits += model.learn(text, { predictFirst: true });
  }
  return bits;
}

const DEFAULT_LIMITS: ContextTableLimits = { maxContexts: 2 ** 21, maxSuccessors: 2 ** 22 };

class KneserNeyModel implements ByteModel {
  readonly order: number;
  numBytes = 0;
  readonly #table: ContextTable;

  constructor({ order, limits = DEFAULT_LIMITS }: ByteModelOptions) {
    if (!Number.isInteger(order) || order < 1 || order > MAX_ORDER) {
      throw new HomegrownError({
        code: "evaluation/bad-order",
        kind: "invalid-input",
        message: `a byte model of order ${order} was asked for, expected a whole number from 1 to ${MAX_ORDER}`,
        hint: "Use order 5: longer contexts rarely pay on a few megabytes.",
      });
    }
    this.order = order;
    this.#table = new ContextTable(limits);
  }

  learn(text: string, { predictFirst = false } = {}): number {
    const bytes = Buffer.from(text);
    let bits = 0;
    for (let at = 0; at < bytes.length; at++) {
      if (predictFirst) bits -= Math.log2(this.#probability(bytes, at, bytes[at]!));
      let order = Math.min(this.order, at);
      while (
        order >= 0 &&
        !this.#table.increment(highBytes(bytes, at, order), lowBytes(bytes, at, order), order, bytes[at]!)
      ) {
        order--;
      }
    }
    this.numBytes += bytes.length;
    return bits;
  }

  bits(text: string): number {
    const bytes = Buffer.from(text);
    let bits = 0;
    for (let at = 0; at < bytes.length; at++) bits -= Math.log2(this.#probability(bytes, at, bytes[at]!));
    return bits;
  }

  bitsPerByte(text: string): number {
    return this.bits(text) / Buffer.byteLength(text);
  }

  distribution(context: Uint8Array): Float64Array {
    const probabilities = new Float64Array(256).fill(1 / 256);
    for (let order = 0; order <= Math.min(this.order, context.length); order++) {
      const slot = this.#find(context, context.length, order);
      if (slot < 0) continue;
      const total = this.#table.total(slot);
      const discount = this.#discount(order);
      const backoff = (discount * this.#table.distinct(slot)) / total;
      for (let byte = 0; byte < 256; byte++) probabilities[byte]! *= backoff;
      this.#table.forEachSuccessor(slot, (byte, count) => {
        probabilities[byte]! += (count - discount) / total;
      });
    }
    return probabilities;
  }

  complete(prefix: string, maxBytes: number, seed: number, temperature = 1): string {
    const random = createRandom(seed);
    const start = Buffer.from(prefix).subarray(-this.order);
    const bytes = Buffer.concat([start, Buffer.alloc(maxBytes)]);
    for (let at = start.length; at < bytes.length; at++) {
      bytes[at] = draw(
        this.distribution(bytes.subarray(Math.max(0, at - this.order), at)),
        random(),
        temperature,
      );
    }
    return wholeCharacters(bytes.subarray(start.length));
  }

  #probability(bytes: Uint8Array, at: number, byte: number): number {
    let probability = 1 / 256;
    for (let order = 0; order <= Math.min(this.order, at); order++) {
      const slot = this.#find(bytes, at, order);
      if (slot < 0) continue;
      const discount = this.#discount(order);
      const count = this.#table.count(slot, byte);
      probability =
        (Math.max(count - discount, 0) + discount * this.#table.distinct(slot) * probability) /
        this.#table.total(slot);
    }
    return probability;
  }

  #find(bytes: Uint8Array, at: number, order: number): number {
    return this.#table.find(highBytes(bytes, at, order), lowBytes(bytes, at, order), order);
  }

  /** Kept inside (0, 1): an order whose successors were all seen once, or never once, still backs off. */
  #discount(order: number): number {
    const once = this.#table.seenOnce[order]!;
    const twice = this.#table.seenTwice[order]!;
    return once === 0 ? 0.5 : Math.min(0.95, Math.max(0.05, once / (once + 2 * twice)));
  }
}

/** The context's bytes before its last four, as a number below 2^16. */
function highBytes(bytes: Uint8Array, at: number, order: number): number {
  if (order < 5) return 0;
  return order === 5 ? bytes[at - 5]! : bytes[at - 6]! * 256 + bytes[at - 5]!;
}

/** The context's last four bytes, as an unsigned 32-bit number. */
function lowBytes(bytes: Uint8Array, at: number, order: number): number {
  let low = 0;
  for (let back = Math.min(order, 4); back >= 1; back--) low = (low << 8) | bytes[at - back]!;
  return low >>> 0;
}

function draw(probabilities: Float64Array, uniform: number, temperature: number): number {
  if (temperature === 0) return probabilities.indexOf(Math.max(...probabilities));
  const weights = temperature === 1 ? probabilities : probabilities.map((p) => p ** (1 / temperature));
  let left = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [byte, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return byte;
  }
  return weights.findLastIndex((weight) => weight > 0);
}

/** The bytes as text; a character that the end cuts is dropped, other invalid bytes show as U+FFFD. */
function wholeCharacters(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes, { stream: true });
}
