// The bytes behind every token id, from the GGUF's own vocabulary. llama.cpp hands out strings, in which a
// token that holds half a character is already lost.
import { HomegrownError } from "@homegrown/contracts";
import type { GgufHeader } from "@homegrown/models";
import { spellingToBytes } from "@homegrown/tokenization";
import { isForbiddenPair, isForbiddenByte } from "./utf8-rules.ts";

// `llama_token_type` of llama.cpp, as GGUF stores it.
const CONTROL = 3;
const USER_DEFINED = 4;
const BYTE = 6;

const EMPTY = new Uint8Array();

export class TokenTable {
  readonly #spellings: readonly string[];
  readonly #types: readonly number[];
  readonly #isByteLevel: boolean;
  readonly #notUtf8 = new Map<number | undefined, readonly number[]>();
  /** Spellings that stand for control: they are tokens only where a chat template writes them. */
  readonly controlSpellings: readonly string[];

  constructor(header: GgufHeader) {
    const model = header.metadata.get("tokenizer.ggml.model");
    if (model !== "gpt2" && model !== "llama") {
      throw new HomegrownError({
        code: "serving/unsupported-tokenizer",
        kind: "invalid-input",
        message: `the model's tokenizer is of kind ${JSON.stringify(String(model))}; "gpt2" (byte-level BPE) and "llama" (SentencePiece) are served`,
        hint: "Serve a model with a byte-level BPE or SentencePiece vocabulary.",
      });
    }
    this.#isByteLevel = model === "gpt2";
    this.#spellings = stringsOf(header, "tokenizer.ggml.tokens");
    this.#types = numbersOf(header, "tokenizer.ggml.token_type", this.#spellings.length);
    this.controlSpellings = this.#spellings.filter((_, id) => this.isControl(id));
  }

  get size(): number {
    return this.#spellings.length;
  }

  isControl(id: number): boolean {
    return this.#types[id] === CONTROL;
  }

  /** The bytes that the token adds to a text; a control token's own spelling. */
  bytes(id: number): Uint8Array {
    const spelling = this.#spellings[id];
    if (spelling === undefined) return EMPTY;
    const type = this.#types[id];
    if (type === CONTROL || type === USER_DEFINED) return Buffer.from(spelling);
    if (this.#isByteLevel) return spellingToBytes(spelling) ?? Buffer.from(spelling);
    const byte = type === BYTE ? /^<0x([0-9A-Fa-f]{2})>$/.exec(spelling) : null;
    return byte
      ? Uint8Array.of(Number.parseInt(byte[1]!, 16))
      : Buffer.from(spelling.replaceAll("\u2581", " "));
  }

  /** Tokens that no well-formed UTF-8 text goes on with after a character's first byte (or after none). */
  notUtf8After(lead: number | undefined): readonly number[] {
    const known = this.#notUtf8.get(lead);
    if (known !== undefined) return known;
    const found = this.#spellings.flatMap((_, id) => {
      const bytes = this.bytes(id);
      const joined = lead === undefined ? bytes : [lead, ...bytes.subarray(0, 1)];
      const isWrong = joined.some(
        (byte, index) => isForbiddenByte(byte) || isForbiddenPair(byte, joined[index + 1]),
      );
      return isWrong ? [id] : [];
    });
    this.#notUtf8.set(lead, found);
    return found;
  }

  /** What a generated token shows to a reader: nothing for control tokens. */
  visibleBytes(id: number): Uint8Array {
    return this.isControl(id) ? EMPTY : this.bytes(id);
  }
}

function stringsOf(header: GgufHeader, key: string): readonly string[] {
  const value = header.metadata.get(key);
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === "string")) {
    throw missing(key, "a list of strings");
  }
  return value as readonly string[];
}

function numbersOf(header: GgufHeader, key: string, length: number): readonly number[] {
  const value = header.metadata.get(key);
  if (!Array.isArray(value) || value.length !== length || !value.every((item) => typeof item === "number")) {
    throw missing(key, `a list of ${length} numbers`);
  }
  return value as readonly number[];
}

function missing(key: string, expected: string): HomegrownError {
  return new HomegrownError({
    code: "serving/incomplete-model",
    kind: "invalid-input",
    message: `the GGUF file's ${key} is absent or not ${expected}`,
    hint: "Export the model again with its tokenizer inside the file.",
  });
}
