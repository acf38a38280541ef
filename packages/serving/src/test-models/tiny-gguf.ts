// Models small enough to make in a test: random weights with a real vocabulary, template and file. They say
// nothing sensible, but everything that serves a large model serves them.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DecoderConfig, TokenizerJson } from "@homegrown/contracts";
import { CHATML_SPECIAL_TOKENS, initializeParameters, writeGguf } from "@homegrown/models";
import { CHATML_TEMPLATE, Tokenizer, trainBpe } from "@homegrown/tokenization";

export interface TinyModel {
  file: string;
  config: DecoderConfig;
  parameters: Map<string, Float32Array>;
  tokenizer: Tokenizer;
}

export interface TinyModelFolder extends AsyncDisposable {
  path: string;
  /** A model of its own for every seed. */
  make(seed: number, contextLength?: number): Promise<TinyModel>;
}

/** Words with and without spaces, digits, JSON's marks, and characters of two to four bytes. */
const TEXT = `export interface ServerOptions { readonly port: number; host?: string; names: string[] }
/** Starts the server and resolves when it listens. */ export declare function startServer(options: ServerOptions): Promise<void>;
{"name": "café", "count": 12, "tags": ["a", "b"], "ok": true, "none": null}
The quick brown fox jumps over the lazy dog. Grüße aus Köln, 日本語 and 🙂.\n`;

const CONTEXT_LENGTH = 256;
const VOCAB_SIZE = 352;

/** Trained weights are larger than initial ones: at this scale some tokens become likely and others not. */
const WEIGHT_SCALE = 6;

export async function makeTinyModelFolder(): Promise<TinyModelFolder> {
  const path = await mkdtemp(join(tmpdir(), "homegrown-serving-"));
  const tokenizerJson = await trainBpe([TEXT.repeat(3)], { vocabSize: VOCAB_SIZE });
  return {
    path,
    make: (seed, contextLength = CONTEXT_LENGTH) =>
      makeModel(join(path, `model-${seed}.gguf`), tokenizerJson, seed, contextLength),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

async function makeModel(
  file: string,
  tokenizerJson: TokenizerJson,
  seed: number,
  contextLength: number,
): Promise<TinyModel> {
  const tokenizer = Tokenizer.fromJson(tokenizerJson);
  const config: DecoderConfig = {
    architecture: "qwen3",
    vocabSize: tokenizer.vocabSize,
    hiddenSize: 64,
    intermediateSize: 128,
    numLayers: 2,
    numAttentionHeads: 4,
    numKeyValueHeads: 2,
    headDim: 16,
    maxPositionEmbeddings: contextLength,
    ropeTheta: 10_000,
    rmsNormEps: 1e-6,
    tieWordEmbeddings: false,
  };
  const parameters = initializeParameters(config, seed);
  for (const [name, values] of parameters) {
    if (!name.includes("norm")) for (let i = 0; i < values.length; i += 1) values[i]! *= WEIGHT_SCALE;
  }
  await writeGguf(file, {
    config,
    parameters,
    tokenizerJson,
    chatTemplate: CHATML_TEMPLATE,
    specialTokens: CHATML_SPECIAL_TOKENS,
    weightType: "F32",
    name: `tiny-${seed}`,
  });
  return { file, config, parameters, tokenizer };
}
