import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { WordSearch } from "./word-search.ts";

const letters = (units: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...units), minLength, maxLength });

describe("the search for words", () => {
  const words = fc.array(letters("abA", 1, 4), { minLength: 1, maxLength: 6 });

  it("finds anywhere what looking for each word alone finds", () => {
    const property = fc.property(words, letters("abB c", 0, 30), (words, text) => {
      const expected = words.some((word) => text.toLowerCase().includes(word.toLowerCase()));
      assert.equal(new WordSearch(words, "anywhere").found(text), expected);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it("finds whole words as a regular expression for each does", () => {
    const property = fc.property(words, letters("ab -.", 0, 30), (words, text) => {
      const expected = words.some((word) => new RegExp(`\\b${word}\\b`, "i").test(text));
      assert.equal(new WordSearch(words, "word").found(text), expected);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it("knows words of any script, phrases and compatibility forms", () => {
    const search = new WordSearch(["Größe", "geheime Sache", "机密", "été"], "word");
    assert.ok(search.found("DIE GRÖSSE? Nein: die Größe!"));
    assert.ok(search.found("eine Geheime Sache."));
    assert.ok(search.found("这是 机密 文件"));
    assert.ok(search.found("l'e\u0301te\u0301 dernier"), "letters with combining accents");
    assert.ok(!search.found("Größen"));
    assert.ok(!search.found("𝒜été"), "a letter outside the basic plane is a letter");
    assert.ok(new WordSearch(["file"], "word").found("ﬁle"), "a ligature");
  });

  it("takes time in proportion to the text, however the text was chosen", () => {
    const search = new WordSearch(
      Array.from({ length: 100 }, (_, length) => `${"a".repeat(length + 1)}b`),
      "anywhere",
    );
    const timeOf = (numBytes: number): number => {
      const text = "a".repeat(numBytes);
      const startedAt = performance.now();
      assert.equal(search.found(text), false);
      return performance.now() - startedAt;
    };
    timeOf(100_000);
    assert.ok(timeOf(1_000_000) < 2000, "a million characters that begin every word");
  });
});
