import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import * as fc from "fast-check";
import { applyDamage, damageArbitrary } from "../fixtures/damage.ts";
import { temporaryFolder } from "../fixtures/temporary-folder.ts";
import { tinyModel } from "../fixtures/tiny-model.ts";
import { readGgufHeader } from "./reader.ts";
import { summariseGguf } from "./summary.ts";
import { readGgufTensor } from "./tensors.ts";
import { writeGguf } from "./writer.ts";

test("a damaged file is read or refused with an error that names it, and nothing else happens", async (t) => {
  const path = join(await temporaryFolder(t), "model.gguf");
  await writeGguf(path, {
    ...tinyModel({ hiddenSize: 32, headDim: 8, numLayers: 1 }),
    weightType: "Q8_0",
    name: "tiny",
  });
  const original = await readFile(path);
  const outcomes = { loaded: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(damageArbitrary, async (damage) => {
      await writeFile(path, applyDamage(original, damage));
      try {
        const header = await readGgufHeader(path);
        summariseGguf(header);
        for (const tensor of header.tensors) await readGgufTensor(path, tensor);
        outcomes.loaded += 1;
      } catch (error) {
        assert.ok(error instanceof HomegrownError, `${String(error)} is no HomegrownError`);
        assert.ok(["models/malformed-file", "models/unsupported-model"].includes(error.code), error.code);
        assert.ok(error.message.startsWith(path), error.message);
        outcomes.refused += 1;
      }
    }),
    { seed: 4, numRuns: 500 },
  );
  assert.ok(outcomes.loaded > 20 && outcomes.refused > 100, JSON.stringify(outcomes));
});

test("arbitrary bytes after a good start never crash the reader", async (t) => {
  const path = join(await temporaryFolder(t), "noise.gguf");
  const start = Buffer.from("474755460300000001000000000000000100000000000000", "hex");
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (noise) => {
      await writeFile(path, Buffer.concat([start, noise]));
      await readGgufHeader(path).catch((error: unknown) => assert.ok(error instanceof HomegrownError));
    }),
    { seed: 5, numRuns: 300 },
  );
});
