import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import * as fc from "fast-check";
import { applyDamage, damageArbitrary } from "../fixtures/damage.ts";
import { temporaryFolder } from "../fixtures/temporary-folder.ts";
import { tinyModel } from "../fixtures/tiny-model.ts";
import { readHuggingFace } from "./read-folder.ts";
import { writeHuggingFace } from "./write-folder.ts";

test("a damaged folder loads or is refused with an error that names the file, and nothing else happens", async (t) => {
  const folder = await temporaryFolder(t);
  await writeHuggingFace(folder, tinyModel({ hiddenSize: 32, headDim: 8, numLayers: 1 }));
  const files = (await readdir(folder)).filter((name) => name !== "generation_config.json").sort();
  const originals = new Map<string, Buffer>();
  for (const name of files) originals.set(name, await readFile(join(folder, name)));
  const outcomes = { loaded: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), damageArbitrary, async (name, damage) => {
      const path = join(folder, name);
      const original = originals.get(name)!;
      await writeFile(path, applyDamage(original, damage));
      try {
        await readHuggingFace(folder);
        outcomes.loaded += 1;
      } catch (error) {
        assert.ok(error instanceof HomegrownError, `${String(error)} is no HomegrownError`);
        assert.ok(["models/malformed-file", "models/unsupported-model"].includes(error.code), error.code);
        assert.ok(error.message.includes(folder), error.message);
        outcomes.refused += 1;
      } finally {
        await writeFile(path, original);
      }
    }),
    { seed: 3, numRuns: 400 },
  );
  // A test in which everything loads, or nothing does, would show little.
  assert.ok(outcomes.loaded > 20 && outcomes.refused > 100, JSON.stringify(outcomes));
});
