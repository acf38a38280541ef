// Tokens' bytes become text that may leave: whole UTF-8 characters only, no part of a stop sequence, and
// withheld no longer than it could still begin one. Invariant: what `push` and `finish` return, joined, does
// not depend on how the bytes were cut into tokens.
import type { TokenLogProbability } from "@homegrown/contracts";

export interface AssembledText {
  text: string;
  /** Records of the tokens whose text has left with this piece or before it. */
  tokens: TokenLogProbability[];
}

interface HeldToken {
  record: TokenLogProbability;
  /** Offsets into the whole text, in UTF-16 units. */
  start: number;
  end: number;
}

export class TextAssembly {
  readonly #stops: readonly string[];
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Bytes of a character whose end has not come yet. */
  #carry: Uint8Array = new Uint8Array();
  /** Decoded, not yet emitted. */
  #pending = "";
  #emitted = 0;
  /** Tokens whose text ends inside a character. */
  #open: { record: TokenLogProbability; start: number }[] = [];
  #held: HeldToken[] = [];

  constructor(stopSequences: readonly string[]) {
    this.#stops = stopSequences;
  }

  /** Bytes that begin a character and wait for its end: 0–3. */
  get unfinished(): Uint8Array {
    return this.#carry;
  }

  /** Adds one token. `stop` is the stop sequence that ended the text, if one did: push no more then. */
  push(bytes: Uint8Array, record?: TokenLogProbability): AssembledText & { stop: string | undefined } {
    const start = this.#emitted + this.#pending.length;
    const joined = this.#carry.length === 0 ? bytes : Buffer.concat([this.#carry, bytes]);
    const whole = joined.length - incompleteTail(joined);
    this.#carry = joined.slice(whole);
    this.#pending += this.#decoder.decode(joined.subarray(0, whole));
    if (record !== undefined) this.#open.push({ record, start });
    if (this.#carry.length === 0) this.#settle();
    return this.#release();
  }

  /** What was still withheld; an unfinished character shows as U+FFFD. */
  finish(): AssembledText {
    this.#pending += this.#decoder.decode(this.#carry);
    this.#carry = new Uint8Array();
    this.#settle();
    return this.#emit(this.#pending.length);
  }

  #settle(): void {
    const end = this.#emitted + this.#pending.length;
    this.#held.push(...this.#open.map(({ record, start }) => ({ record, start, end })));
    this.#open = [];
  }

  #release(): AssembledText & { stop: string | undefined } {
    const found = firstStop(this.#pending, this.#stops);
    if (found === undefined) {
      return {
        ...this.#emit(this.#pending.length - withheldLength(this.#pending, this.#stops)),
        stop: undefined,
      };
    }
    this.#settle();
    const cut = this.#emitted + found.at;
    const piece = this.#emit(found.at);
    piece.tokens.push(...this.#held.filter(({ start }) => start < cut).map(({ record }) => record));
    this.#held = [];
    return { ...piece, stop: found.stop };
  }

  #emit(length: number): AssembledText {
    const text = this.#pending.slice(0, length);
    this.#pending = this.#pending.slice(length);
    this.#emitted += length;
    let ready = 0;
    while (ready < this.#held.length && this.#held[ready]!.end <= this.#emitted) ready += 1;
    return { text, tokens: this.#held.splice(0, ready).map(({ record }) => record) };
  }
}

/** Number of bytes at the end that begin a UTF-8 character without completing it: 0–3. */
function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    return needed > back && byte < 0xf5 ? back : 0;
  }
  return 0;
}

function firstStop(text: string, stops: readonly string[]): { at: number; stop: string } | undefined {
  let first: { at: number; stop: string } | undefined;
  for (const stop of stops) {
    const at = text.indexOf(stop);
    if (at >= 0 && (first === undefined || at < first.at)) first = { at, stop };
  }
  return first;
}

/** Length of the longest end of `text` that could still become a stop sequence. */
function withheldLength(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
