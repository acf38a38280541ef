// What a caller may ask of sampling, checked once, with every default written out.
import { randomInt } from "node:crypto";
import { HomegrownError } from "@homegrown/contracts";
import type { GenerationRequest } from "../host/messages.ts";

export interface SamplingSettings {
  maxOutputTokens?: number | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  topK?: number | undefined;
  seed?: number | undefined;
  stopSequences?: readonly string[] | undefined;
  presencePenalty?: number | undefined;
  frequencyPenalty?: number | undefined;
  logitBias?: Readonly<Record<string, number>> | undefined;
  logProbabilities?: boolean | undefined;
  topLogProbabilities?: number | undefined;
}

const MAX_TOP_LOG_PROBABILITIES = 20;
const MAX_STOP_SEQUENCES = 64;
/** llama.cpp reads 2^32 - 1 as "choose a seed yourself". */
const UNUSABLE_SEED = 0xffff_ffff;

/** Throws `serving/bad-setting` naming the setting, what it is and what it may be. */
export function toGenerationRequest(
  prompt: GenerationRequest["prompt"],
  settings: SamplingSettings,
  vocabSize: number,
  grammar?: string,
): GenerationRequest {
  const { maxOutputTokens, seed, logProbabilities, topLogProbabilities } = settings;
  if (maxOutputTokens !== undefined)
    checkInteger("maxOutputTokens", maxOutputTokens, 0, Number.MAX_SAFE_INTEGER);
  if (seed !== undefined) checkInteger("seed", seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (topLogProbabilities !== undefined) {
    checkInteger("topLogProbabilities", topLogProbabilities, 0, MAX_TOP_LOG_PROBABILITIES);
  }
  const wantsLogProbabilities = logProbabilities ?? topLogProbabilities !== undefined;
  return {
    prompt,
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    temperature: checkNumber("temperature", settings.temperature ?? 1, 0, 100),
    topP: checkNumber("topP", settings.topP ?? 1, 0, 1),
    topK: checkInteger("topK", settings.topK ?? 0, 0, 0x7fff_ffff),
    seed: toNativeSeed(seed ?? randomInt(UNUSABLE_SEED)),
    stopSequences: checkStops(settings.stopSequences ?? []),
    presencePenalty: checkNumber("presencePenalty", settings.presencePenalty ?? 0, -2, 2),
    frequencyPenalty: checkNumber("frequencyPenalty", settings.frequencyPenalty ?? 0, -2, 2),
    logitBias: checkBias(settings.logitBias ?? {}, vocabSize),
    ...(wantsLogProbabilities ? { topLogProbabilities: topLogProbabilities ?? 0 } : {}),
    ...(grammar === undefined ? {} : { grammar }),
  };
}

/** Any whole number folded onto 32 bits: equal seeds stay equal. */
function toNativeSeed(seed: number): number {
  const folded = Number(BigInt.asUintN(32, BigInt(seed)));
  return folded === UNUSABLE_SEED ? UNUSABLE_SEED - 1 : folded;
}

function checkStops(stops: readonly string[]): readonly string[] {
  if (stops.length > MAX_STOP_SEQUENCES) {
    throw badSetting("stopSequences", `${stops.length} of them`, `at most ${MAX_STOP_SEQUENCES}`);
  }
  if (stops.some((stop) => stop === ""))
    throw badSetting("stopSequences", "an empty string", "strings with text");
  return stops;
}

function checkBias(
  bias: Readonly<Record<string, number>>,
  vocabSize: number,
): GenerationRequest["logitBias"] {
  return Object.entries(bias).map(([key, value]) => {
    const id = Number(key);
    if (!/^\d+$/.test(key) || id >= vocabSize) {
      throw badSetting("logitBias", `token id ${key}`, `ids from 0 to ${vocabSize - 1}`);
    }
    return [id, checkNumber(`logitBias of token ${key}`, value, -100, 100)] as const;
  });
}

function checkInteger(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw badSetting(name, String(value), `a whole number from ${low} to ${high}`);
}

function checkNumber(name: string, value: number, low: number, high: number): number {
  if (Number.isFinite(value) && value >= low && value <= high) return value;
  throw badSetting(name, String(value), `a number from ${low} to ${high}`);
}

function badSetting(name: string, found: string, expected: string): HomegrownError {
  return new HomegrownError({
    code: "serving/bad-setting",
    kind: "invalid-input",
    message: `${name} is ${found}, expected ${expected}`,
    hint: `Change or leave out ${name}.`,
    details: { setting: name },
  });
}
