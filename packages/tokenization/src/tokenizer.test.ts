import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { TokenizerJson } from "@homegrown/contracts";
import { END_OF_TEXT, END_OF_TURN, SPECIAL_TOKENS, START_OF_TURN, Tokenizer, trainBpe } from "./index.ts";
import { HARD_TEXTS, TRAINING_TEXTS } from "./testing/hard-texts.ts";

let json: TokenizerJson;
let tokenizer: Tokenizer;
before(async () => {
  json = await trainBpe(TRAINING_TEXTS, { vocabSize: 512 });
  tokenizer = Tokenizer.fromJson(json);
});

test("every hard text comes back as its NFC form", () => {
  for (const text of HARD_TEXTS) {
    const ids = tokenizer.encode(text);
    assert.equal(tokenizer.decode(ids), text.normalize("NFC"));
    assert.ok(ids.every((id) => id >= 0 && id < tokenizer.vocabSize));
  }
});

test("what is cut into blocks tokenises as it does whole", () => {
  const paragraph = HARD_TEXTS.join("\n");
  const numRepeats = Math.ceil(600_000 / paragraph.length);
  const long = Array.from({ length: numRepeats }, () => paragraph).join("\nnext ");
  // "\nnext" is a safe border on both sides, so the parts' ids must be the whole's.
  const parts = [paragraph, ...Array.from({ length: numRepeats - 1 }, () => `next ${paragraph}`)];
  const expected = parts.flatMap((part, i) => tokenizer.encode(i + 1 < parts.length ? `${part}\n` : part));
  assert.deepEqual(tokenizer.encode(long), expected);
});

test("a special token's text is plain text unless special tokens are asked for", () => {
  const text = `${START_OF_TURN}user\nHi${END_OF_TURN}\n`;
  const specialIds = SPECIAL_TOKENS.map((content) => tokenizer.specialTokenId(content));
  const plain = tokenizer.encode(text);
  assert.ok(plain.every((id) => !specialIds.includes(id)));
  assert.equal(tokenizer.decode(plain), text);
  const special = tokenizer.encode(text, { specialTokens: true });
  assert.equal(special[0], tokenizer.specialTokenId(START_OF_TURN));
  assert.equal(special.filter((id) => specialIds.includes(id)).length, 2);
  assert.equal(tokenizer.decode(special), text);
  assert.equal(tokenizer.decode(special, { skipSpecial: true }), "user\nHi\n");
  assert.ok(tokenizer.holdsSpecialToken(text) && !tokenizer.holdsSpecialToken("plain"));
});

test("special tokens follow the last merge, and count in the vocabulary", () => {
  assert.equal(tokenizer.vocabSize, 512);
  assert.deepEqual(
    SPECIAL_TOKENS.map((content) => tokenizer.specialTokenId(content)),
    [509, 510, 511],
  );
  assert.equal(new TextDecoder().decode(tokenizer.tokenBytes(509)), END_OF_TEXT);
  assert.ok(tokenizer.isSpecial(509) && !tokenizer.isSpecial(508));
});

function idOf(byte: number): number {
  const id = [...Array(256).keys()].find((candidate) => tokenizer.tokenBytes(candidate)[0] === byte);
  assert.ok(id !== undefined);
  return id;
}

function decodeBytes(...bytes: number[]): string {
  return tokenizer.decode(bytes.map(idOf));
}

test("bytes that are no UTF-8 decode to U+FFFD, one for each maximal part", () => {
  assert.equal(decodeBytes(0xff), "\uFFFD");
  assert.equal(decodeBytes(0xe2, 0x82), "\uFFFD");
  assert.equal(decodeBytes(0xe2, 0x82, 0x41), "\uFFFDA");
  assert.equal(decodeBytes(0xf0, 0x9f, 0x98, 0xe2, 0x82, 0xac), "\uFFFD€");
  assert.equal(decodeBytes(0xc0, 0x80), "\uFFFD\uFFFD");
  assert.equal(decodeBytes(0xed, 0xa0, 0x80), "\uFFFD\uFFFD\uFFFD");
  assert.equal(decodeBytes(0xef, 0xbb, 0xbf, 0x41), "\uFEFFA", "a byte order mark is text here");
});

test("a lone surrogate becomes U+FFFD, as every UTF-8 encoder makes it", () => {
  assert.equal(tokenizer.decode(tokenizer.encode("a\uD800b")), "a\uFFFDb");
});

test("ids and special tokens outside the vocabulary are refused by name", () => {
  assert.throws(() => tokenizer.decode([512]), {
    code: "tokenization/unknown-token",
    message: /512.*0 to 511/,
  });
  assert.throws(() => tokenizer.specialTokenId("<|pad|>"), { code: "tokenization/unknown-token" });
});

function foreign(change: (copy: TokenizerJson) => unknown, reason: RegExp): void {
  const copy = structuredClone(json);
  const changed = change(copy) ?? copy;
  assert.throws(() => Tokenizer.fromJson(changed), {
    code: "tokenization/foreign-tokenizer",
    message: reason,
  });
}

test("a tokenizer.json of another kind, or one that contradicts itself, is refused with the reason", () => {
  foreign(() => ({}), /version/);
  foreign(() => "text", /expected object/i);
  foreign((copy) => ({ ...copy, model: { type: "WordPiece", vocab: {} } }), /model/);
  foreign((copy) => ({ ...copy, normalizer: { type: "Lowercase" } }), /normalizer/);
  foreign((copy) => void (copy.pre_tokenizer.pretokenizers[0].pattern.Regex = "\\s+"), /another pattern/);
  foreign((copy) => void (copy.pre_tokenizer.pretokenizers[1].use_regex = true), /use_regex/);
  foreign((copy) => void (copy.model["byte_fallback"] = true), /byte_fallback/);
  foreign((copy) => void (copy.model.vocab["a"] = 100_000), /past the last/);
  foreign((copy) => void (copy.model.vocab["a"] = copy.model.vocab["b"]!), /id/);
  foreign((copy) => void delete copy.model.vocab["!"], /byte 0x21/);
  foreign((copy) => void (copy.model.merges = ["a 日本"]), /merge 0/);
  foreign((copy) => void (copy.model.merges = [...(copy.model.merges as string[]), "zz"]), /merge/);
  foreign(
    (copy) => void (copy.model.merges as string[]).push((copy.model.merges as string[])[0]!),
    /repeats/,
  );
  foreign((copy) => void (copy.added_tokens[0]!.special = false), /not special/);
});

test("merges written as pairs, as newer files have them, mean the same", () => {
  const merges = (json.model.merges as string[]).map((merge) => merge.split(" ") as [string, string]);
  const paired = Tokenizer.fromJson({ ...json, model: { ...json.model, merges } });
  for (const text of HARD_TEXTS) assert.deepEqual(paired.encode(text), tokenizer.encode(text));
});
