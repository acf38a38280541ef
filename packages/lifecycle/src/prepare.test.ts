import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, test } from "node:test";
import { preparePairs, prepareText } from "./index.ts";
import { prepareNotes, temporaryFolder, writeNotes } from "./testing/notes.ts";

describe("pairs from prose", () => {
  test("short notes give a pair each, half of the note asked and half answered", async (context) => {
    const { home, dataset: text } = await prepareNotes(await temporaryFolder(context), {
      count: 200,
      numWords: 60,
    });
    const { dataset: pairs } = await preparePairs({ home, text, sequenceLength: 512 });
    const { train, heldOut } = pairs.manifest.splits;
    assert.equal(train.documents, text.manifest.splits.train.documents);
    assert.equal(heldOut.documents, text.manifest.splits.heldOut.documents);
    const documents = new Map<string, string>();
    for await (const { id, text: document } of text.heldOutDocuments()) documents.set(id, document.trim());
    for await (const { id, messages } of pairs.heldOutDocuments()) {
      const [question, answer] = messages!.map(({ content }) => content);
      const document = documents.get(id.replace(/#0$/, ""))!;
      const prompt = question!.replace(/^Continue: /, "");
      assert.ok(document.startsWith(prompt) && document.endsWith(answer!), question);
      const share = prompt.length / document.length;
      assert.ok(share > 0.4 && share <= 0.5, `${share}`);
    }
    assert.ok((await preparePairs({ home, text, sequenceLength: 512 })).reused);
  });

  test("text of three bytes a character gives pairs that fit their rows", async (context) => {
    const folder = await temporaryFolder(context);
    const corpus = path.join(folder, "notes");
    await mkdir(corpus);
    for (let i = 0; i < 60; i++) await writeFile(path.join(corpus, `${i}.txt`), chineseNote(i));
    const home = path.join(folder, "home");
    const { dataset: text } = await prepareText({ home, sources: [{ path: corpus }], vocabSize: 512 });
    const { dataset: pairs } = await preparePairs({ home, text, sequenceLength: 128 });
    const render = pairs.manifest.steps.find(({ name }) => name === "render")!;
    assert.ok(render.documentsIn >= 60);
    assert.ok(render.documentsOut > 0.9 * render.documentsIn, JSON.stringify(render));
  });

  test("a context too short for any pair is refused at once", async (context) => {
    const { home, dataset: text } = await prepareNotes(await temporaryFolder(context), {
      count: 20,
      numWords: 60,
    });
    await assert.rejects(preparePairs({ home, text, sequenceLength: 16 }), { code: "lifecycle/no-pairs" });
  });
});

describe("a dataset's name", () => {
  test("is refused for other text, another vocabulary or another share; the same is found again", async (context) => {
    const folder = await temporaryFolder(context);
    const [home, corpus, other] = ["home", "corpus", "other"].map((name) => path.join(folder, name));
    await writeNotes(corpus!, 20, 60);
    await writeNotes(other!, 21, 60);
    const options = { home: home!, sources: [{ path: corpus! }], vocabSize: 400, name: "mine" };
    const first = await prepareText(options);
    assert.equal(first.reused, false);
    const again = await prepareText(options);
    assert.deepEqual([again.reused, again.dataset.manifestSha256], [true, first.dataset.manifestSha256]);
    for (const change of [{ sources: [{ path: other! }] }, { vocabSize: 420 }, { heldOutFraction: 0.1 }]) {
      await assert.rejects(prepareText({ ...options, ...change }), {
        code: "lifecycle/dataset-exists",
        kind: "conflict",
        message: new RegExp(
          `'mine' exists and was made of corpus \\(vocabulary 400, .*asked for is ${folder}`,
        ),
      });
    }
  });

  test("two that build it at once end with the same dataset", async (context) => {
    const folder = await temporaryFolder(context);
    const [home, corpus] = [path.join(folder, "home"), path.join(folder, "corpus")];
    await writeNotes(corpus, 20, 60);
    const prepare = () => prepareText({ home, sources: [{ path: corpus }], vocabSize: 400 });
    const both = await Promise.all([prepare(), prepare()]);
    assert.deepEqual(both.map(({ reused }) => reused).sort(), [false, true]);
    assert.equal(both[0].dataset.manifestSha256, both[1].dataset.manifestSha256);
  });
});

function chineseNote(seed: number): string {
  let state = seed + 1;
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const sentence = (): string =>
    `${Array.from({ length: 24 }, () => String.fromCodePoint(0x4e00 + next(900))).join("")}。`;
  return `${Array.from({ length: 12 }, sentence).join("\n")}\n`;
}
