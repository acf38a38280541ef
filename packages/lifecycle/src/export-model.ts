import path from "node:path";
import type { DecoderConfig, Lineage, TokenizerJson } from "@homegrown/contracts";
import { CHATML_SPECIAL_TOKENS, writeGguf, writeHuggingFace, type WeightType } from "@homegrown/models";
import { CHATML_TEMPLATE } from "@homegrown/tokenization";

export interface ExportOptions {
  folder: string;
  name: string;
  license: string;
  config: DecoderConfig;
  parameters: ReadonlyMap<string, Float32Array>;
  tokenizerJson: TokenizerJson;
  /** The first is the one that is served. */
  weightTypes: readonly WeightType[];
}

/** The Hugging Face layout and one GGUF for each weight type, side by side in `folder`. */
export async function exportModel(options: ExportOptions): Promise<Lineage["weights"]> {
  const { folder, name, license, config, parameters, tokenizerJson, weightTypes } = options;
  const model = {
    config,
    parameters: new Map(parameters),
    tokenizerJson,
    chatTemplate: CHATML_TEMPLATE,
    specialTokens: CHATML_SPECIAL_TOKENS,
  };
  await writeHuggingFace(folder, model);
  const weights: Lineage["weights"] = [];
  for (const weightType of weightTypes) {
    const file = `model-${weightType.toLowerCase()}.gguf`;
    await writeGguf(path.join(folder, file), { ...model, weightType, name, license });
    weights.push({ file, type: weightType });
  }
  return weights;
}
