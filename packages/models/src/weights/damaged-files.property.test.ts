// Files damaged in transit or by intent: every reader answers with the model or with an error that names
// the file, and does nothing else.
import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import * as fc from "fast-check";
import { temporaryFolder } from "../fixtures/temporary-folder.ts";
import { tinyModel } from "../fixtures/tiny-model.ts";
import { readGgufHeader } from "../gguf/reader.ts";
import { summariseGguf } from "../gguf/summary.ts";
import { readGgufTensor } from "../gguf/tensors.ts";
import { writeGguf } from "../gguf/writer.ts";
import { readHuggingFace } from "../huggingface/read-folder.ts";
import { writeHuggingFace } from "../huggingface/write-folder.ts";

/** One way in which a file may be damaged on its way. */
type Damage =
  | { kind: "flip"; at: number; mask: number }
  | { kind: "overwrite"; at: number; bytes: Uint8Array }
  | { kind: "truncate"; at: number }
  | { kind: "append"; bytes: Uint8Array };

/**
 * Places in [0, 1), denser at the start, where headers are. Overwriting with extreme values reaches counts
 * and lengths that single flips rarely make dangerous.
 */
const place = fc
  .tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 1, max: 4 }))
  .map(([at, power]) => at ** power);
const extreme = fc.constantFrom(
  new Uint8Array(8).fill(0xff),
  new Uint8Array(8),
  Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
  Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80),
  Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0),
);

const damageArbitrary: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: place, mask: fc.integer({ min: 1, max: 255 }) }),
  fc.record({
    kind: fc.constant("overwrite" as const),
    at: place,
    bytes: fc.oneof(extreme, fc.uint8Array({ minLength: 1, maxLength: 16 })),
  }),
  fc.record({ kind: fc.constant("truncate" as const), at: place }),
  fc.record({ kind: fc.constant("append" as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
);

function applyDamage(original: Uint8Array, damage: Damage): Uint8Array {
  if (damage.kind === "append") return Buffer.concat([original, damage.bytes]);
  const at = Math.floor(damage.at * original.length);
  if (damage.kind === "truncate") return original.slice(0, at);
  const result = Uint8Array.from(original);
  if (damage.kind === "flip") result[at] = (result[at] ?? 0) ^ damage.mask;
  else result.set(damage.bytes.subarray(0, original.length - at), at);
  return result;
}

test("Hugging Face: a damaged folder loads or is refused with an error that names the file, and nothing else happens", async (t) => {
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

test("GGUF: a damaged file is read or refused with an error that names it, and nothing else happens", async (t) => {
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

test("GGUF: arbitrary bytes after a good start never crash the reader", async (t) => {
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
