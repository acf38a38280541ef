import { HomegrownError, decoderConfigSchema } from "@homegrown/contracts";
import type { DecoderConfig } from "@homegrown/contracts";
import { countParameters, trainingMemoryBytes } from "./count-parameters.ts";
import { MODEL_SIZES } from "./model-sizes.ts";
import type { ModelShape, ModelSize } from "./model-sizes.ts";

/** A size by name, changed where the caller says so. Without `size`, `hiddenSize` and `numLayers` are needed. */
export interface ModelRequest extends Partial<DecoderConfig> {
  size?: string;
}

/** Q8_0 stores blocks of 32 along a row, so rows of other lengths could not be quantised. */
const ROW_MULTIPLE = 32;
/** One shared WebAssembly memory. */
const MAX_TRAINING_BYTES = 2 ** 32;

/**
 * The full configuration for a named size or a request, for a vocabulary and a training sequence length.
 * Defaults: Qwen3 with tied embeddings, RoPE base 10,000, context equal to `sequenceLength`.
 * Throws `models/unknown-size`, `models/impossible-size` (naming the field) or `models/too-large`, the
 * last when parameters, two optimizer moments and one gradient buffer for each of `numWorkers` workers
 * do not fit one WebAssembly memory of 4 GiB.
 */
export function resolveModelConfig(
  request: string | ModelRequest,
  vocabSize: number,
  sequenceLength: number,
  { numWorkers = 2 }: { numWorkers?: number } = {},
): DecoderConfig {
  const { size, ...overrides } = typeof request === "string" ? { size: request } : request;
  const shape = size === undefined ? shapeOfWidth(overrides) : shapeOfSize(size);
  const candidate = {
    architecture: "qwen3",
    vocabSize,
    maxPositionEmbeddings: sequenceLength,
    ropeTheta: 10_000,
    rmsNormEps: 1e-6,
    tieWordEmbeddings: true,
    ...shape,
    ...definedOnly(overrides),
  };
  const parsed = decoderConfigSchema.safeParse(candidate);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const field = issue.path.join(".");
    throw impossible(field === "" ? issue.message : `${field}: ${issue.message}`);
  }
  checkRows(parsed.data);
  if (sequenceLength > parsed.data.maxPositionEmbeddings) {
    throw impossible(
      `sequence length ${sequenceLength} is longer than maxPositionEmbeddings ${parsed.data.maxPositionEmbeddings}`,
    );
  }
  checkMemory(parsed.data, numWorkers);
  return parsed.data;
}

function shapeOfSize(size: string): ModelShape {
  if (Object.hasOwn(MODEL_SIZES, size)) return MODEL_SIZES[size as ModelSize];
  throw new HomegrownError({
    code: "models/unknown-size",
    kind: "invalid-input",
    message: `there is no model size '${size}'; sizes are ${Object.keys(MODEL_SIZES).join(", ")}`,
    hint: "Choose one of these sizes, or give hiddenSize and numLayers.",
  });
}

/** A sensible shape when only width and depth are given: heads of 32 or 64, four query heads per key head at most. */
function shapeOfWidth(request: Partial<DecoderConfig>): ModelShape {
  const { hiddenSize, numLayers } = request;
  if (hiddenSize === undefined || numLayers === undefined) {
    throw impossible("without a size name both hiddenSize and numLayers are needed");
  }
  const headDim = request.headDim ?? (hiddenSize < 384 ? 32 : 64);
  const numAttentionHeads = request.numAttentionHeads ?? Math.max(1, Math.round(hiddenSize / headDim));
  const groups = [4, 3, 2, 1].find((group) => numAttentionHeads % group === 0) ?? 1;
  return {
    numLayers,
    hiddenSize,
    intermediateSize: Math.max(ROW_MULTIPLE, Math.round((hiddenSize * 8) / 3 / ROW_MULTIPLE) * ROW_MULTIPLE),
    numAttentionHeads,
    numKeyValueHeads: numAttentionHeads / groups,
    headDim,
  };
}

function checkRows(config: DecoderConfig): void {
  const rows = [
    ["hiddenSize", config.hiddenSize],
    ["intermediateSize", config.intermediateSize],
    ["numAttentionHeads x headDim", config.numAttentionHeads * config.headDim],
  ] as const;
  for (const [field, value] of rows) {
    if (value % ROW_MULTIPLE !== 0) {
      throw impossible(`${field} is ${value}, not a multiple of ${ROW_MULTIPLE}, so Q8_0 could not store it`);
    }
  }
}

function checkMemory(config: DecoderConfig, numWorkers: number): void {
  const bytes = trainingMemoryBytes(config, numWorkers);
  if (bytes <= MAX_TRAINING_BYTES) return;
  const millions = Math.round(countParameters(config) / 1e6);
  throw new HomegrownError({
    code: "models/too-large",
    kind: "too-large",
    message:
      `a model of ${millions}M parameters needs ${(bytes / 2 ** 30).toFixed(1)} GiB of shared memory for its weights, ` +
      `optimizer and ${numWorkers} gradient buffers; one WebAssembly memory ends at 4 GiB`,
    hint: "Choose a smaller size (about 200M parameters at most), or run the same manifest on a cluster.",
    details: { parameters: countParameters(config), bytes, limitBytes: MAX_TRAINING_BYTES },
  });
}

function definedOnly(overrides: Partial<DecoderConfig>): Partial<DecoderConfig> {
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
}

function impossible(what: string): HomegrownError {
  return new HomegrownError({
    code: "models/impossible-size",
    kind: "invalid-input",
    message: `this model cannot be built: ${what}`,
    hint: `Change that value, or start from a size name (${Object.keys(MODEL_SIZES).join(", ")}).`,
  });
}
