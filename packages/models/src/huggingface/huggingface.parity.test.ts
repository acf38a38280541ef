// Referee: transformers 5 on PyTorch, whose answers about the same bytes are kept in
// transformers-fixture/fixture.json beside the script that made them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import type { TestContext } from "node:test";
import { z } from "zod";
import { temporaryFolder } from "../fixtures/temporary-folder.ts";
import { createScorer } from "../scoring/create-scorer.ts";
import type { Scorer } from "../scoring/create-scorer.ts";
import { readHuggingFace } from "./read-folder.ts";
import { FIXTURE_MODELS, writeFixtureModels } from "./transformers-fixture/models.ts";

/** Float32 on both sides, sums in other orders; logits here reach ±8. */
const TOLERANCE = 1e-4;

const fixtureSchema = z.object({
  ids: z.array(z.number()),
  models: z.record(
    z.string(),
    z.object({
      class: z.string(),
      missingKeys: z.array(z.string()),
      unexpectedKeys: z.array(z.string()),
      mismatchedKeys: z.array(z.string()),
      files: z.record(z.string(), z.string()),
      logProbabilities: z.array(z.number()),
      logits: z.record(z.string(), z.array(z.number())),
      greedy: z.array(z.number()),
      stopIds: z.array(z.number()),
      renderedChat: z.string(),
    }),
  ),
});
let fixture: z.infer<typeof fixtureSchema>;

before(async () => {
  const file = join(import.meta.dirname, "transformers-fixture", "fixture.json");
  fixture = fixtureSchema.parse(JSON.parse(await readFile(file, "utf8")));
});

test("the folders are byte for byte those that transformers loaded, without missing or unexpected keys", async (t) => {
  const folder = await temporaryFolder(t);
  await writeFixtureModels(folder);
  for (const [name, seen] of Object.entries(fixture.models)) {
    assert.deepEqual(
      [seen.missingKeys, seen.unexpectedKeys, seen.mismatchedKeys],
      [[], [], []],
      `${name}: transformers complained`,
    );
    assert.deepEqual(
      await hashes(join(folder, name)),
      seen.files,
      `${name}: the exporter's bytes changed; run transformers-fixture/generate.py and look at the difference`,
    );
  }
  assert.deepEqual(Object.keys(fixture.models), Object.keys(FIXTURE_MODELS).sort());
});

for (const name of Object.keys(FIXTURE_MODELS)) {
  test(`${name}: transformers' log-probabilities, logits and greedy answer are ours`, async (t) => {
    const seen = fixture.models[name]!;
    const scorer = await scorerOf(t, name);
    const scores = await scorer.logProbabilities(fixture.ids);
    assertClose([...scores], seen.logProbabilities, "log-probabilities");
    for (const [length, logits] of Object.entries(seen.logits)) {
      const ours = await scorer.nextLogits(fixture.ids.slice(0, Number(length)));
      assertClose([...ours], logits, `logits after ${length} ids`);
    }
    const greedy = await scorer.generate({ ids: fixture.ids.slice(0, 8), maxTokens: 12 });
    assert.deepEqual(greedy, seen.greedy);
    assert.deepEqual(seen.stopIds, [266, 264]);
    assert.equal(seen.renderedChat, "<|im_start|>user\nthe one<|im_end|>\n<|im_start|>assistant\n");
  });
}

async function scorerOf(t: TestContext, name: string): Promise<Scorer> {
  const folder = await temporaryFolder(t);
  await writeFixtureModels(folder);
  const { config, parameters } = await readHuggingFace(join(folder, name));
  const scorer = await createScorer(config, parameters, { maxSequenceLength: 128 });
  t.after(() => scorer.close());
  return scorer;
}

async function hashes(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const entries = await Promise.all(
    names.map(async (name) => [
      name,
      createHash("sha256")
        .update(await readFile(join(folder, name)))
        .digest("hex"),
    ]),
  );
  return Object.fromEntries(entries);
}

function assertClose(ours: readonly number[], theirs: readonly number[], what: string): void {
  assert.equal(ours.length, theirs.length);
  ours.forEach((value, i) => {
    const difference = Math.abs(value - theirs[i]!);
    assert.ok(difference <= TOLERANCE, `${what}, ${i}: ${value} here, ${theirs[i]} in transformers`);
  });
}
