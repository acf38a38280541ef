import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Tokenizer, trainBpe } from "./index.ts";
import { countPieces } from "./piece-counts.ts";
import { forEachPreToken } from "./pre-tokenizer.ts";
import { TRAINING_TEXTS } from "./testing/hard-texts.ts";

// The example of Sennrich et al. 2016, with a space before each word.
const SENNRICH = [
  ..." low".repeat(5),
  ..." lower".repeat(2),
  ..." newest".repeat(6),
  ..." widest".repeat(3),
].join("");

test("golden: the paper's example", async () => {
  const json = await trainBpe([SENNRICH], { vocabSize: 256 + 3 + 10 });
  // e-s and s-t tie at 9 occurrences, Ġ-lo and lo-w at 7: the smaller ids win.
  assert.equal(
    (json.model.merges as string[]).join(", "),
    "e s, es t, l o, Ġ lo, Ġlo w, e w, n ew, Ġ new, Ġnew est, d est",
  );
});

test("equals the textbook trainer, which counts everything anew for each merge", async () => {
  const words = fc.array(fc.constantFrom("a", "b", "ab", "aa", "aaa", "ba", "abc", "c"), {
    minLength: 1,
    maxLength: 6,
  });
  const texts = fc.array(
    words.map((parts) => parts.join("")),
    { minLength: 1, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(texts, async (list) => {
      const text = list.join(" ");
      const json = await trainBpe([text], { vocabSize: 256 + 3 + 12 });
      assert.deepEqual(json.model.merges, textbookTrain(text, 12));
    }),
    { numRuns: 80 },
  );
});

/** Merges over ASCII text, as `a b` lines; stops where no pair occurs twice. */
function textbookTrain(text: string, numTokens: number): string[] {
  const words: string[][] = [];
  forEachPreToken(text, (piece) => words.push([...piece.replaceAll(" ", "Ġ")]));
  // Ids as the vocabulary has them: printable bytes in their order, the space's spelling after them.
  const ids = new Map<string, number>();
  for (let byte = 33; byte < 127; byte++) ids.set(String.fromCharCode(byte), byte - 33);
  ids.set("Ġ", 220);
  const merges: string[] = [];
  for (let made = 0; made < numTokens;) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        const pair = `${word[i]!} ${word[i + 1]!}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const idsOf = (pair: string): number[] => pair.split(" ").map((symbol) => ids.get(symbol)!);
    const best = [...counts]
      .filter(([pair, count]) => count >= 2 && !merges.includes(pair))
      .sort((x, y) => {
        const [a, b] = [idsOf(x[0]), idsOf(y[0])];
        return y[1] - x[1] || a[0]! - b[0]! || a[1]! - b[1]!;
      })[0]?.[0];
    if (best === undefined) break;
    const [left, right] = best.split(" ") as [string, string];
    merges.push(best);
    if (!ids.has(left + right)) {
      ids.set(left + right, 256 + made);
      made++;
    }
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) word.splice(i, 2, left + right);
      }
    }
  }
  return merges;
}

test("the same texts give the same file, whatever their division", async () => {
  const whole = await trainBpe([TRAINING_TEXTS.join("\n")], { vocabSize: 500 });
  const streamed = await trainBpe(
    (async function* () {
      yield TRAINING_TEXTS.join("\n");
    })(),
    { vocabSize: 500 },
  );
  assert.deepEqual(streamed, whole);
});

test("a text too poor for the vocabulary gives fewer tokens, ids still without a gap", async () => {
  const json = await trainBpe(["ab ab ab"], { vocabSize: 2048 });
  const tokenizer = Tokenizer.fromJson(json);
  assert.ok(tokenizer.vocabSize < 300);
  assert.equal(tokenizer.decode(tokenizer.encode("ab ab xyz")), "ab ab xyz");
});

test("impossible sizes and no text are refused", async () => {
  for (const vocabSize of [0, 258, 300.5, Number.NaN, 2 ** 21]) {
    await assert.rejects(trainBpe(["text"], { vocabSize }), { code: "tokenization/impossible-vocabulary" });
  }
  await assert.rejects(trainBpe([], { vocabSize: 300 }), { code: "tokenization/no-text" });
  await assert.rejects(trainBpe([""], { vocabSize: 300 }), { code: "tokenization/no-text" });
  await assert.rejects(trainBpe(["text"], { vocabSize: 300, signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
});

test("the number of pieces held is bounded, and frequent ones survive the bound", async () => {
  const texts = Array.from({ length: 50 }, (_, i) =>
    Array.from(
      { length: 40 },
      (_, k) => `the w${String.fromCharCode(97 + (i % 26), 97 + (k % 26), 97 + ((i * k) % 26))}`,
    ).join(" "),
  );
  const all = await countPieces(texts, 1e6);
  const bounded = await countPieces(texts, 100);
  assert.ok(all.size > 200 && bounded.size <= 100);
  assert.equal(bounded.get(" the"), all.get(" the"));
});
