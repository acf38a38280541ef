import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as fc from "fast-check";
import { cutWindows, measureHeldOut, openHeldOut, toBitsPerByte, type HeldOutText } from "../index.ts";

// Ids are bytes, 256 is <|endoftext|>: every quantity below can be computed by hand.
const byteTokenizer = {
  encode: (text: string): number[] => [...Buffer.from(text)],
  tokenBytes: (id: number): Uint8Array => Uint8Array.of(id),
};
const uniform = {
  logProbabilities: async (ids: readonly number[]): Promise<Float32Array> =>
    new Float32Array(ids.length - 1).fill(-Math.log(257)),
};
const common = { tokenizer: byteTokenizer, scorer: uniform, endOfTextId: 256, windowTokens: 8 };

let folder = "";
before(async () => (folder = await mkdtemp(join(tmpdir(), "homegrown-held-out-"))));
after(() => rm(folder, { recursive: true }));

async function heldOutOf(texts: readonly string[], name = "held-out.jsonl"): Promise<HeldOutText> {
  const file = join(folder, name);
  await writeFile(file, texts.map((text, i) => `${JSON.stringify({ id: `d${i}`, text })}\n`).join(""));
  return openHeldOut(file);
}

test("a uniform model over V ids needs log2(V) bits for each token", async () => {
  const heldOut = await heldOutOf(["hello", "größer als", "x".repeat(100)]);
  const score = await measureHeldOut({ ...common, heldOut });
  assert.ok(Math.abs(score.bitsPerByte.value - Math.log2(257)) < 1e-5);
  assert.equal(score.bytes, 5 + 12 + 100);
  assert.equal(score.tokens, score.bytes);
  assert.equal(score.documents.length, 3);
  // Equal documents have no spread.
  assert.ok(score.bitsPerByte.high - score.bitsPerByte.low < 1e-5);
});

test("a token is scored once, in the right place: a model that knows position by content", async () => {
  // p(id) = 2^-(id % 7): the expected bits follow from the text alone, whatever the windows.
  const scorer = {
    logProbabilities: async (ids: readonly number[]): Promise<Float32Array> =>
      Float32Array.from(ids.slice(1), (id) => -Math.LN2 * (id % 7)),
  };
  const text = "The quick brown fox jumps over the lazy dog.";
  const expected = [...Buffer.from(text)].reduce((sum, id) => sum + (id % 7), 0);
  for (const [windowTokens, strideTokens] of [
    [2, 1],
    [8, 3],
    [9, 8],
    [500, 250],
  ] as const) {
    const heldOut = await heldOutOf([text]);
    const score = await measureHeldOut({ ...common, scorer, heldOut, windowTokens, strideTokens });
    assert.ok(Math.abs(score.documents[0]!.bits - expected) < 1e-3);
  }
});

test("a document's first token is conditioned on <|endoftext|>, its windows overlap", async () => {
  const calls: (readonly number[])[] = [];
  const scorer = {
    logProbabilities: async (ids: readonly number[]): Promise<Float32Array> => {
      calls.push(ids);
      return uniform.logProbabilities(ids);
    },
  };
  await measureHeldOut({
    ...common,
    scorer,
    heldOut: await heldOutOf(["abcdefg"]),
    windowTokens: 4,
    strideTokens: 2,
  });
  const [a, b, c, d, e, f, g] = Buffer.from("abcdefg");
  assert.deepEqual(calls, [
    [256, a, b, c],
    [b, c, d, e],
    [d, e, f, g],
  ]);
});

test("windows score every id but the first exactly once, within their size", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 2, max: 40 }),
      fc.nat(),
      (numIds, size, any) => {
        const stride = 1 + (any % (size - 1));
        const scored: number[] = [];
        for (const { start, end, scoreFrom } of cutWindows(numIds, size, stride)) {
          assert.ok(end - start <= size && start < scoreFrom && scoreFrom < end);
          assert.ok(start === 0 || scoreFrom - start >= size - stride);
          for (let i = scoreFrom; i < end; i++) scored.push(i);
        }
        assert.deepEqual(
          scored,
          Array.from({ length: numIds - 1 }, (_, i) => i + 1),
        );
      },
    ),
  );
});

test("a bounded measure takes the first documents of one fixed order and says how many", async () => {
  const texts = Array.from({ length: 50 }, (_, i) => `document number ${i}`);
  const heldOut = await heldOutOf(texts);
  const ids = async (documents: number): Promise<string[]> => {
    const score = await measureHeldOut({ ...common, heldOut, budget: { documents } });
    assert.equal(score.documentsAvailable, 50);
    return score.documents.map(({ id }) => id);
  };
  const [ten, twenty] = [await ids(10), await ids(20)];
  assert.equal(ten.length, 10);
  assert.deepEqual(twenty.slice(0, 10), ten);
  assert.notDeepEqual(ten.toSorted(), ["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9"]);
  // The order belongs to the documents, not to where they stand in the file.
  const again = await openHeldOut(await shuffled(texts));
  const score = await measureHeldOut({ ...common, heldOut: again, budget: { documents: 10 } });
  assert.deepEqual(
    score.documents.map(({ id }) => id),
    ten,
  );
  const inTime = await measureHeldOut({ ...common, heldOut, budget: { milliseconds: 0 } });
  assert.equal(inTime.documents.length, 1);
  const inBytes = await measureHeldOut({ ...common, heldOut, budget: { bytes: 30 } });
  assert.equal(inBytes.documents.length, 2);
});

async function shuffled(texts: readonly string[]): Promise<string> {
  const file = join(folder, "shuffled.jsonl");
  const lines = texts.map((text, i) => JSON.stringify({ id: `d${i}`, text })).reverse();
  await writeFile(file, lines.join("\n"));
  return file;
}

test("lines longer than a read, empty documents and decomposed text are read right", async () => {
  const long = "ß".repeat(1_500_000);
  const heldOut = await heldOutOf([long, "", "e\u0301"]);
  assert.equal(heldOut.numDocuments, 2);
  const texts = new Map<string, string>();
  for await (const { id, text } of heldOut.read()) texts.set(id, text);
  assert.ok(texts.get("d0") === long);
  assert.equal(texts.get("d2"), "\u00e9");
});

test("bad files, lossy tokenizers, impossible windows and NaN are refused with a reason", async () => {
  const heldOut = await heldOutOf(["hello"]);
  await writeFile(join(folder, "bad.jsonl"), '{"id":"a","text":"b"}\n{"id":7}\n');
  await writeFile(join(folder, "empty.jsonl"), "");
  const bad = { code: "evaluation/bad-held-out" };
  await assert.rejects(openHeldOut(join(folder, "bad.jsonl")), bad);
  await assert.rejects(openHeldOut(join(folder, "empty.jsonl")), bad);
  await assert.rejects(measureHeldOut({ ...common, heldOut, windowTokens: 1 }), {
    code: "evaluation/bad-window",
  });
  await assert.rejects(measureHeldOut({ ...common, heldOut, strideTokens: 8 }), {
    code: "evaluation/bad-window",
  });
  const lossy = { ...byteTokenizer, encode: (): number[] => [104] };
  await assert.rejects(measureHeldOut({ ...common, heldOut, tokenizer: lossy }), {
    code: "evaluation/lossy-tokenizer",
  });
  const broken = {
    logProbabilities: async (): Promise<Float32Array> => new Float32Array(5).fill(Number.NaN),
  };
  await assert.rejects(measureHeldOut({ ...common, heldOut, scorer: broken }), {
    code: "evaluation/bad-score",
  });
});

test("the interval counts documents, not tokens: one odd document widens it", () => {
  const even = Array.from({ length: 20 }, (_, i) => ({ id: `${i}`, bytes: 1000, tokens: 300, bits: 1200 }));
  const odd = even.map((one, i) => (i === 0 ? { ...one, bits: 6000 } : one));
  assert.deepEqual([toBitsPerByte(even).low, toBitsPerByte(even).high], [1.2, 1.2]);
  const { low, high } = toBitsPerByte(odd);
  assert.ok(low <= 1.2 + 1e-9 && high > 1.6);
});
