// A model's own opinion of token ids, computed forward by the graph that trains it: what parity compares a
// server with, and what shows samples while training runs. Lengths are padded up to a few fixed ones (a
// session's shapes are static); attention is causal, so padding after a position never changes it.
// There is no cache of keys: a generated token costs one forward pass over its bucket.
import { HomegrownError } from "@homegrown/contracts";
import type { DecoderConfig } from "@homegrown/contracts";
import { createSession } from "@homegrown/engine";
import type { ParameterSpec, Session, Value } from "@homegrown/engine";
import { parameterSpecs } from "../decoder/parameters.ts";
import { buildScoringProgram } from "../decoder/programs.ts";
import { takeParameter } from "../weights/tensor-stream.ts";
import { sampleId } from "./sample-id.ts";

export interface ScorerOptions {
  /** Longest list of ids that will be scored or generated, prompt included. */
  maxSequenceLength: number;
  /** Threads of each session; default 1. Every call computes on the calling thread and blocks it meanwhile. */
  threads?: number;
}

export interface GenerateOptions {
  ids: readonly number[];
  maxTokens: number;
  /** 0 (default): the most likely token. */
  temperature?: number;
  /** Equal seeds give equal answers; default 0. */
  seed?: number;
  /** Generation ends before such an id; it is not part of the answer. */
  stopIds?: readonly number[];
  signal?: AbortSignal;
}

export interface Scorer {
  /** Natural log-probability of ids[i] given ids[0..i-1], i = 1…: length ids.length - 1. */
  logProbabilities(ids: readonly number[]): Promise<Float32Array>;
  /** Logits (length vocabSize) of what follows `ids`. */
  nextLogits(ids: readonly number[]): Promise<Float32Array>;
  /** New ids only; ends at a stop id, after `maxTokens`, or at `maxSequenceLength`. */
  generate(options: GenerateOptions): Promise<number[]>;
  close(): Promise<void>;
}

const SMALLEST_BUCKET = 32;

/**
 * @param parameters by Hugging Face name; read at every call, not copied, so views over a trainer's memory
 *   show the weights of the moment. Calls take turns.
 * Throws `models/missing-parameter`, `models/wrong-parameter-size`, `models/sequence-too-long`,
 * `models/empty-sequence`, `models/id-outside-vocabulary`.
 */
export async function createScorer(
  config: DecoderConfig,
  parameters: ReadonlyMap<string, Float32Array>,
  { maxSequenceLength, threads = 1 }: ScorerOptions,
): Promise<Scorer> {
  const weights = await bindParameters(parameterSpecs(config), parameters);
  const programs = new Map<string, Promise<ScoringSession>>();
  const programFor = (kind: ScoringKind, length: number): Promise<ScoringSession> => {
    const bucket = bucketOf(length, maxSequenceLength);
    const key = `${kind} ${bucket}`;
    const known = programs.get(key);
    if (known !== undefined) return known;
    const made = createScoringSession(config, weights, { kind, sequenceLength: bucket, threads });
    programs.set(key, made);
    made.catch(() => programs.delete(key));
    return made;
  };
  // Sessions write into buffers of their own: a second call must not fill them before the first has read.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };

  async function logProbabilities(ids: readonly number[]): Promise<Float32Array> {
    checkIds(ids, config.vocabSize, maxSequenceLength);
    const length = ids.length - 1;
    if (length === 0) return new Float32Array(0);
    return inTurn(async () => {
      const { inputs, output, run } = await programFor("logProbabilities", length);
      fill(inputs["ids"]!, ids.slice(0, -1));
      fill(inputs["targets"]!, ids.slice(1));
      await run();
      return output.slice(0, length);
    });
  }

  async function nextLogits(ids: readonly number[]): Promise<Float32Array> {
    checkIds(ids, config.vocabSize, maxSequenceLength);
    return inTurn(async () => {
      const { inputs, output, run } = await programFor("lastLogits", ids.length);
      fill(inputs["ids"]!, ids);
      inputs["rows"]![0] = BigInt(ids.length - 1);
      await run();
      return output.slice();
    });
  }

  async function generate(options: GenerateOptions): Promise<number[]> {
    const { maxTokens, temperature = 0, seed = 0, stopIds = [], signal } = options;
    checkIds(options.ids, config.vocabSize, maxSequenceLength);
    const ids = [...options.ids];
    const limit = Math.min(ids.length + maxTokens, maxSequenceLength);
    while (ids.length < limit) {
      signal?.throwIfAborted();
      const logits = await nextLogits(ids);
      const id = sampleId(logits, { temperature, seed, step: ids.length });
      if (stopIds.includes(id)) break;
      ids.push(id);
    }
    return ids.slice(options.ids.length);
  }

  async function close(): Promise<void> {
    await last;
    const open = [...programs.values()];
    programs.clear();
    for (const program of open) await (await program).session.close();
  }

  return { logProbabilities, nextLogits, generate, close };
}

type ScoringKind = "logProbabilities" | "lastLogits";

interface ScoringSession {
  readonly session: Session;
  /** int64 inputs, written before each run. */
  readonly inputs: Readonly<Record<string, BigInt64Array>>;
  readonly output: Float32Array;
  run(): Promise<void>;
}

async function createScoringSession(
  config: DecoderConfig,
  weights: Readonly<Record<string, Value>>,
  { kind, sequenceLength, threads }: { kind: ScoringKind; sequenceLength: number; threads: number },
): Promise<ScoringSession> {
  const program = buildScoringProgram(config, { sequences: 1, sequenceLength, output: kind });
  const session = await createSession(program.onnx, { threads });
  const tokens = (): BigInt64Array<ArrayBuffer> => new BigInt64Array(sequenceLength);
  const inputs: Record<string, BigInt64Array> =
    kind === "logProbabilities"
      ? { ids: tokens(), targets: tokens() }
      : { ids: tokens(), rows: new BigInt64Array(1) };
  const shape = kind === "logProbabilities" ? [sequenceLength] : [1, config.vocabSize];
  const output = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, data]) => [name, { data, shape: [data.length] }]),
  );
  const bound = session.bind({ ...weights, ...feeds }, { [program.output.name]: { data: output, shape } });
  return { session, inputs, output, run: () => bound.run() };
}

async function bindParameters(
  specs: readonly ParameterSpec[],
  parameters: ReadonlyMap<string, Float32Array>,
): Promise<Record<string, Value>> {
  const values: Record<string, Value> = {};
  for (const { name, shape } of specs) {
    values[name] = { data: await takeParameter(parameters, name, shape), shape };
  }
  return values;
}

/** The shortest fixed length that holds `length`: powers of two, and the maximum itself. */
function bucketOf(length: number, maxSequenceLength: number): number {
  let bucket = SMALLEST_BUCKET;
  while (bucket < length) bucket *= 2;
  return Math.min(bucket, maxSequenceLength);
}

/** Padding is id 0: it exists in every vocabulary, and what it computes is never read. */
function fill(target: BigInt64Array, ids: readonly number[]): void {
  target.fill(0n);
  for (let i = 0; i < ids.length; i += 1) target[i] = BigInt(ids[i]!);
}

function checkIds(ids: readonly number[], vocabSize: number, maxSequenceLength: number): void {
  if (ids.length === 0) {
    throw new HomegrownError({
      code: "models/empty-sequence",
      kind: "invalid-input",
      message: "there are no token ids; at least one is needed",
      hint: "Start from the end-of-text token when there is no prompt.",
    });
  }
  if (ids.length > maxSequenceLength) {
    throw new HomegrownError({
      code: "models/sequence-too-long",
      kind: "too-large",
      message: `${ids.length} token ids, more than the ${maxSequenceLength} that this scorer was made for`,
      hint: "Shorten the text, or create the scorer with a larger maxSequenceLength.",
    });
  }
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (bad !== undefined) {
    throw new HomegrownError({
      code: "models/id-outside-vocabulary",
      kind: "invalid-input",
      message: `token id ${bad} lies outside the vocabulary of ${vocabSize}`,
      hint: "Encode the text with the tokenizer of this model.",
    });
  }
}
