// Open weights small enough to make in a test: random, with a real vocabulary, template and file.
import type { DecoderConfig } from "@homegrown/contracts";
import { CHATML_SPECIAL_TOKENS, initializeParameters, writeGguf } from "@homegrown/models";
import { CHATML_TEMPLATE, Tokenizer, trainBpe } from "@homegrown/tokenization";

const TEXT = "export declare function startServer(options: ServerOptions): Promise<void>;\n";

/** A GGUF file that differs for every seed. */
export async function writeTinyWeights(file: string, seed: number): Promise<void> {
  const tokenizerJson = await trainBpe([TEXT], { vocabSize: 300 });
  const config: DecoderConfig = {
    architecture: "qwen3",
    vocabSize: Tokenizer.fromJson(tokenizerJson).vocabSize,
    hiddenSize: 32,
    intermediateSize: 64,
    numLayers: 1,
    numAttentionHeads: 2,
    numKeyValueHeads: 1,
    headDim: 16,
    maxPositionEmbeddings: 128,
    ropeTheta: 10_000,
    rmsNormEps: 1e-6,
    tieWordEmbeddings: true,
  };
  await writeGguf(file, {
    config,
    parameters: initializeParameters(config, seed),
    tokenizerJson,
    chatTemplate: CHATML_TEMPLATE,
    specialTokens: CHATML_SPECIAL_TOKENS,
    weightType: "F32",
    name: `tiny-${seed}`,
  });
}
