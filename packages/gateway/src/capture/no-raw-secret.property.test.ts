// Whatever is planted wherever, none of it is in the database's files.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, it } from "node:test";
import * as fc from "fast-check";
import { factsOf } from "./capture-facts.fixture.ts";
import { openCaptureFile } from "./capture-file.fixture.ts";
import type { CaptureFile } from "./capture-file.fixture.ts";
import { CaptureStore } from "./capture-store.ts";
import { DIALECT_SAMPLES } from "./dialects.fixture.ts";
import type { Said } from "./dialects.fixture.ts";
import { MaskingThread } from "./masking-thread.ts";

const from = (letters: string, length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...letters), minLength: length, maxLength: length });
const LOWER = "abcdefghijkmnpqrstuvwxyz";
const DIGITS = "23456789";
const ALNUM = `${LOWER}${LOWER.toUpperCase()}${DIGITS}`;

const secret = fc.oneof(
  from(`${LOWER.toUpperCase()}234567`, 16).map((tail) => `AKIA${tail}`),
  from(ALNUM, 36).map((tail) => `ghp_${tail}`),
  from(ALNUM, 24).map((tail) => `sk_live_${tail}`),
  fc.tuple(from(LOWER, 9), from(LOWER, 11)).map(([name, host]) => `${name}@${host}.org`),
  fc.tuple(from(ALNUM, 30), from(ALNUM, 40)).map(([body, sign]) => `eyJhbGciOiJIUzI1NiJ9.eyJ${body}.${sign}`),
);
const sentence = fc
  .tuple(fc.constantFrom("Use", "Here is", "Write to", "It is"), secret)
  .map(([words, planted]) => ({ text: `${words} ${planted} for it.`, planted }));

const scene = fc.record({
  sample: fc.constantFrom(...DIALECT_SAMPLES),
  streamed: fc.boolean(),
  pieceLength: fc.integer({ min: 1, max: 12 }),
  parts: fc.tuple(sentence, sentence, sentence, sentence, sentence, sentence),
});

let file: CaptureFile;
const masking = new MaskingThread();
const faults: unknown[] = [];
let store: CaptureStore;

before(async () => {
  file = await openCaptureFile();
  store = new CaptureStore({
    database: file.database,
    masking,
    retentionDays: () => 0,
    onFault: (error) => faults.push(error),
  });
});
after(async () => {
  await store.close();
  await masking.close();
  await file.close();
});

it("no planted value reaches the files, in no dialect, streamed or not", async () => {
  const scenes = fc.sample(scene, { numRuns: 120, seed: 20261125 });
  const planted: string[] = [];
  for (const { sample, streamed, pieceLength, parts } of scenes) {
    planted.push(...parts.map((part) => part.planted));
    const [system, user, earlier, result, answer, argument] = parts.map(({ text }) => text);
    const said = { system, user, earlier, result, answer, argument } as Said;
    const cut = (text: string): string[] => text.match(new RegExp(`[^]{1,${pieceLength}}`, "g")) ?? [];
    store.record(
      factsOf({
        dialect: sample.dialect,
        streamed,
        request: { ...sample.request(said), user: parts[0].planted, metadata: { user_id: parts[1].planted } },
        answer: streamed ? sample.stream(said, cut) : sample.whole(said),
        labels: { user: parts[0].planted, user_id: parts[1].planted },
      }),
    );
  }
  await store.flush();
  assert.deepEqual(store.stats.dropped, {
    "too-large": 0,
    overloaded: 0,
    unreadable: 0,
    "masking-failed": 0,
    "store-refused": 0,
  });
  const rows = await file.database.queries.selectFrom("captures").selectAll().execute();
  assert.equal(rows.length, scenes.length);
  // What was said is there but for what was planted: six sentences each, and the answer put together from its parts.
  for (const { request, answer } of rows) {
    assert.equal(request.match(/ for it\./g)?.length, 4);
    assert.equal(answer.match(/ for it\./g)?.length, 2);
    assert.ok((request + answer).match(/\[masked:/g)!.length >= 6);
  }
  const text = JSON.stringify(rows);
  assert.deepEqual(
    planted.filter((value) => text.includes(value)),
    [],
  );
  const names = await readdir(file.folder);
  assert.ok(names.length >= 1);
  for (const name of names) {
    const bytes = await readFile(join(file.folder, name));
    assert.deepEqual(
      planted.filter((value) => bytes.includes(value)),
      [],
      name,
    );
  }
  assert.deepEqual(faults, []);
});
