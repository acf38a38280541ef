// The models that transformers was asked about: `generate.py` has them written by this script, and the parity
// test rebuilds the same bytes from the same seed. Run: node models.ts FOLDER
import { join } from "node:path";
import type { DecoderConfig } from "@homegrown/contracts";
import { tinyModel } from "../../fixtures/tiny-model.ts";
import { writeHuggingFace } from "../write-folder.ts";

export const FIXTURE_MODELS: Readonly<Record<string, Partial<DecoderConfig>>> = {
  "qwen3-tied": { architecture: "qwen3" },
  "qwen3-untied": { architecture: "qwen3", tieWordEmbeddings: false, ropeTheta: 1e6 },
  "llama-tied": { architecture: "llama", rmsNormEps: 1e-5 },
  "llama-untied": { architecture: "llama", tieWordEmbeddings: false, numKeyValueHeads: 4 },
};

export async function writeFixtureModels(folder: string): Promise<void> {
  for (const [name, overrides] of Object.entries(FIXTURE_MODELS)) {
    await writeHuggingFace(join(folder, name), tinyModel(overrides, 2));
  }
}

if (import.meta.main) await writeFixtureModels(process.argv[2] ?? ".");
