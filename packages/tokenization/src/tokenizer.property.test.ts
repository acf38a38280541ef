import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as fc from "fast-check";
import type { TokenizerJson } from "@homegrown/contracts";
import { BYTE_ORDER } from "./byte-alphabet.ts";
import { Tokenizer, trainBpe } from "./index.ts";
import { forEachPreToken } from "./pre-tokenizer.ts";
import { TRAINING_TEXTS } from "./testing/hard-texts.ts";

let json: TokenizerJson;
let tokenizer: Tokenizer;
before(async () => {
  json = await trainBpe(TRAINING_TEXTS, { vocabSize: 600 });
  tokenizer = Tokenizer.fromJson(json);
});

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc
    .array(fc.constantFrom(" ", "\n", "\r", "\t", "'", "s", "1", "é", "日", "-", "<|im_end|>", "the"), {
      maxLength: 60,
    })
    .map((parts) => parts.join("")),
);

test("decode undoes encode, up to NFC, and ids lie in the vocabulary", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const ids = tokenizer.encode(text);
      assert.equal(tokenizer.decode(ids), text.normalize("NFC"));
      assert.ok(ids.every((id) => Number.isInteger(id) && id >= 0 && id < tokenizer.vocabSize));
      assert.equal(
        tokenizer.decode(tokenizer.encode(text, { specialTokens: true })).normalize("NFC"),
        text.normalize("NFC"),
      );
    }),
    { numRuns: 400 },
  );
});

test("pre-tokens joined are the text", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      let joined = "";
      forEachPreToken(text, (piece) => (joined += piece));
      assert.equal(joined, text);
    }),
    { numRuns: 300 },
  );
});

test("merging, by scan or by heap, equals the textbook rule: best rank first, leftmost of equals", () => {
  const ranks = new Map((json.model.merges as string[]).map((merge, rank) => [merge, rank]));
  const letters = fc.constantFrom("t", "h", "e", "o", "n", "a", "r", "i", "s", "export", "declare");
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 220 }), (parts) => {
      const word = parts.join("");
      const ids = tokenizer.encode(word);
      assert.deepEqual(
        ids.map((id) => new TextDecoder().decode(tokenizer.tokenBytes(id))),
        textbookMerge([...word], ranks),
      );
    }),
    { numRuns: 120 },
  );
});

/** One merge at a time over ASCII letters, whose spelling is themselves. */
function textbookMerge(symbols: string[], ranks: ReadonlyMap<string, number>): string[] {
  for (;;) {
    const ranked = symbols.slice(1).map((right, i) => ranks.get(`${symbols[i]!} ${right}`) ?? Infinity);
    const best = Math.min(...ranked, Infinity);
    if (best === Infinity) return symbols;
    const at = ranked.indexOf(best);
    symbols.splice(at, 2, symbols[at]! + symbols[at + 1]!);
  }
}

test("the byte alphabet orders all 256 bytes once", () => {
  assert.equal(new Set(BYTE_ORDER).size, 256);
});
