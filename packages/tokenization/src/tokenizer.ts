// Text ↔ token ids by a byte-level BPE `tokenizer.json` of the qwen2 kind: normalise (NFC), cut into
// pre-tokens, merge inside each. Invariant: decode(encode(text)) is text's NFC form, whatever the text.
import { HomegrownError } from "@homegrown/contracts";
import type { TokenizerJson } from "@homegrown/contracts";
import { BYTE_TO_CHAR } from "./byte-alphabet.ts";
import { forEachPreToken } from "./pre-tokenizer.ts";
import { readTokenizerJson } from "./read-tokenizer-json.ts";
import type { TokenizerTables } from "./read-tokenizer-json.ts";

export interface EncodeOptions {
  /**
   * True: the text of a special token becomes its id (rendered conversations). Default false: it is plain
   * text like any other, so nothing that a user types can end a turn.
   */
  specialTokens?: boolean;
}

const CACHE_ENTRIES = 1 << 17;
const CACHED_LENGTH = 48;
const encoder = new TextEncoder();

export class Tokenizer {
  /** Ids are 0…vocabSize-1, special tokens included. */
  readonly vocabSize: number;
  /** The file that this tokenizer was made from. */
  readonly json: TokenizerJson;
  readonly #tables: TokenizerTables;
  readonly #byteIds: Int32Array;
  readonly #specialPattern: RegExp | undefined;
  readonly #cache = new Map<string, Int32Array>();
  #scratch = new Int32Array(256);
  #bytes = new Uint8Array(1024);

  private constructor(json: TokenizerJson, tables: TokenizerTables) {
    this.json = json;
    this.vocabSize = tables.tokens.length;
    this.#tables = tables;
    this.#byteIds = Int32Array.from(BYTE_TO_CHAR, (char) => tables.ids.get(char)!);
    this.#specialPattern = makeSpecialPattern([...tables.specialIds.keys()]);
  }

  /** @throws `tokenization/foreign-tokenizer` when the file is of another kind or contradicts itself. */
  static fromJson(json: unknown): Tokenizer {
    const { json: checked, tables } = readTokenizerJson(json);
    return new Tokenizer(checked, tables);
  }

  encode(text: string, options: EncodeOptions = {}): number[] {
    const ids: number[] = [];
    if (options.specialTokens !== true || this.#specialPattern === undefined) {
      this.#encodePlain(text, ids);
      return ids;
    }
    let plainStart = 0;
    for (const match of text.matchAll(this.#specialPattern)) {
      if (match.index > plainStart) this.#encodePlain(text.slice(plainStart, match.index), ids);
      ids.push(this.#tables.specialIds.get(match[0])!);
      plainStart = match.index + match[0].length;
    }
    if (plainStart < text.length) this.#encodePlain(plainStart === 0 ? text : text.slice(plainStart), ids);
    return ids;
  }

  /**
   * Bytes of the tokens, read as UTF-8; what is no whole sequence shows as U+FFFD, one for each maximal
   * part (Unicode 3.9, as llama.cpp's and Hugging Face's lossy decoding do).
   */
  decode(ids: Iterable<number>, options: { skipSpecial?: boolean } = {}): string {
    let length = 0;
    for (const id of ids) {
      if (options.skipSpecial === true && this.#tables.specialById.has(id)) continue;
      const bytes = this.tokenBytes(id);
      if (length + bytes.length > this.#bytes.length) {
        const grown = new Uint8Array(2 * (length + bytes.length));
        grown.set(this.#bytes);
        this.#bytes = grown;
      }
      this.#bytes.set(bytes, length);
      length += bytes.length;
    }
    // One decoder a call: a decoder that failed once would carry its state over.
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#bytes.subarray(0, length));
  }

  /** @throws `tokenization/unknown-token` for an id outside the vocabulary. */
  tokenBytes(id: number): Uint8Array {
    const bytes = this.#tables.tokens[id];
    if (bytes === undefined) {
      throw new HomegrownError({
        code: "tokenization/unknown-token",
        kind: "invalid-input",
        message: `token id ${id} is outside the vocabulary: expected 0 to ${this.vocabSize - 1}`,
        hint: "Use the tokenizer that these ids were made with.",
      });
    }
    return bytes;
  }

  /** @throws `tokenization/unknown-token` when the vocabulary has no such special token. */
  specialTokenId(content: string): number {
    const id = this.#tables.specialIds.get(content);
    if (id === undefined) {
      throw new HomegrownError({
        code: "tokenization/unknown-token",
        kind: "not-found",
        message: `no special token ${content}; this tokenizer has ${[...this.#tables.specialIds.keys()].join(", ") || "none"}`,
        hint: "Train the tokenizer with that special token, or use another template.",
      });
    }
    return id;
  }

  isSpecial(id: number): boolean {
    return this.#tables.specialById.has(id);
  }

  /** True when `text` holds the spelling of a special token. */
  holdsSpecialToken(text: string): boolean {
    return this.#specialPattern !== undefined && text.search(this.#specialPattern) >= 0;
  }

  #encodePlain(text: string, ids: number[]): void {
    const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
    forEachPreToken(this.#tables.normalize ? wellFormed.normalize("NFC") : wellFormed, (piece) => {
      const known = this.#cache.get(piece);
      if (known !== undefined) {
        for (let i = 0; i < known.length; i++) ids.push(known[i]!);
      } else {
        this.#encodePiece(piece, ids);
      }
    });
  }

  #encodePiece(piece: string, ids: number[]): void {
    const bytes = encoder.encode(piece);
    if (bytes.length > this.#scratch.length) this.#scratch = new Int32Array(2 * bytes.length);
    for (let i = 0; i < bytes.length; i++) this.#scratch[i] = this.#byteIds[bytes[i]!]!;
    const length = this.#tables.merges.merge(this.#scratch, bytes.length);
    for (let i = 0; i < length; i++) ids.push(this.#scratch[i]!);
    if (piece.length > CACHED_LENGTH) return;
    if (this.#cache.size >= CACHE_ENTRIES) this.#cache.clear();
    this.#cache.set(ownCopy(piece, bytes), this.#scratch.slice(0, length));
  }
}

/** A slice keeps its whole text alive: what is remembered must be a string of its own. */
function ownCopy(piece: string, bytes: Uint8Array): string {
  return piece.length < 13 ? piece : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

function makeSpecialPattern(contents: string[]): RegExp | undefined {
  if (contents.length === 0) return undefined;
  const longestFirst = contents.sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((content) => RegExp.escape(content)).join("|"), "gu");
}
