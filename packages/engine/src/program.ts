// What a model hands to the machinery that runs it: ONNX bytes plus a plan that says which named value is
// which. A program knows shapes and names, never weights: parameters are fed from outside, so that several
// sessions can read one copy in shared memory. Row order is time-major: row = t · sequences + s, which lets
// attention read heads as strided views instead of transposing.

/** How a parameter's first values are drawn. `std` is the standard deviation of a normal distribution. */
export type Initialisation = { kind: "normal"; std: number } | { kind: "ones" } | { kind: "zeros" };

/**
 * What a parameter is for, which decides how it is optimised: `matrix` is a linear map inside a layer,
 * `embedding` a lookup table (also when the head is tied to it), `head` an untied output map, `norm` a gain.
 */
export type ParameterRole = "matrix" | "embedding" | "head" | "norm";

export interface ParameterSpec {
  /** Hugging Face's name, for example `model.layers.0.self_attn.q_proj.weight`. */
  readonly name: string;
  /** Hugging Face's layout: `[out, in]` for linear maps. */
  readonly shape: readonly number[];
  readonly init: Initialisation;
  readonly role: ParameterRole;
  /** Whether weight decay applies. */
  readonly decay: boolean;
  /** Factor on AdamW's learning rate, so that one rate serves every width. */
  readonly learningRateScale: number;
}

/** Work and memory of one run of a graph. A multiply-add counts as two operations. */
export interface Cost {
  readonly flops: number;
  /** The share of `flops` that matrix products do. */
  readonly matmulFlops: number;
  readonly parameterBytes: number;
  /** Bytes of every value that the graph computes, as if none were freed. */
  readonly activationBytes: number;
}

/**
 * A gradient that the graph adds to: `output` = `input` + this micro-batch's share; both may be one buffer.
 * Without `input` the output is overwritten: such a program serves steps of one micro-batch only.
 */
export interface AccumulatedGradient {
  readonly parameter: string;
  readonly input?: string;
  readonly output: string;
}

/**
 * A gradient that is non-zero in few rows: the caller adds row r of `output` (float32 [numRows, width]) to
 * row `indices[r]` of the parameter's gradient, in order of r so that the sum is the same in every run.
 */
export interface ScatteredGradient {
  readonly parameter: string;
  readonly output: string;
  /** Which batch input holds the row numbers. */
  readonly indices: "ids" | "targets";
  readonly width: number;
}

interface BatchShape {
  readonly sequences: number;
  readonly sequenceLength: number;
  /** sequences · sequenceLength; row = t · sequences + s. */
  readonly numRows: number;
}

/**
 * One micro-batch of training: forward, loss, gradients. A parameter's whole gradient is the sum of its
 * entries in `accumulated` and `scattered`; every parameter has at least one entry. Gradient buffers are
 * float32, in the parameter's shape, and must be zero before the first micro-batch of a step.
 */
export interface StepProgram extends BatchShape {
  readonly onnx: Uint8Array;
  /** Each is also the name of a float32 graph input. */
  readonly parameters: readonly ParameterSpec[];
  /**
   * Graph inputs: ids and targets int64 [numRows], weights float32 [numRows]. Weights are already
   * normalised: over all micro-batches of a step they sum to one. A row of weight 0 does not count.
   */
  readonly inputs: { readonly ids: "ids"; readonly targets: "targets"; readonly weights: "weights" };
  /** float32 scalar: Σ weights · −ln p(target), so the step's loss is the plain sum over micro-batches. */
  readonly loss: "loss";
  readonly accumulated: readonly AccumulatedGradient[];
  readonly scattered: readonly ScatteredGradient[];
  readonly cost: Cost;
}

/** Forward only. `output` says what comes out. */
export interface ScoreProgram extends BatchShape {
  readonly onnx: Uint8Array;
  readonly parameters: readonly ParameterSpec[];
  readonly output: ScoreOutput;
  readonly cost: Cost;
}

export type ScoreOutput =
  /** Inputs ids, targets int64 [numRows], weights float32 [numRows]; output float32 scalar Σ w · −ln p. */
  | { readonly kind: "loss"; readonly name: "loss" }
  /** Inputs ids, targets int64 [numRows]; output float32 [numRows], natural logarithms. */
  | { readonly kind: "logProbabilities"; readonly name: "log_probabilities" }
  /**
   * Inputs ids int64 [numRows] and rows int64 [sequences] (which row of each sequence to read: later ones
   * may be padding, since attention is causal); output float32 [sequences, vocabSize].
   */
  | { readonly kind: "lastLogits"; readonly name: "logits" };
