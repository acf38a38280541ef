// What parent and host child say to each other: plain data over `child_process` IPC with advanced
// serialisation. A message of another shape than its type demands is a bug or a damaged process, and ends
// the connection instead of being half believed.
import type { ChatMessage, ErrorRecord, TokenLogProbability } from "@homegrown/contracts";

/** Decided by the parent, complete: the child fills in no default. */
export interface GenerationRequest {
  prompt:
    | { kind: "text"; text: string }
    | { kind: "ids"; ids: readonly number[] }
    | { kind: "chat"; messages: readonly ChatMessage[] };
  /** Undefined: until the context is full. */
  maxOutputTokens?: number;
  /** 0: the most likely token. */
  temperature: number;
  topP: number;
  /** 0: every token. */
  topK: number;
  /** Unsigned 32 bits. */
  seed: number;
  stopSequences: readonly string[];
  presencePenalty: number;
  frequencyPenalty: number;
  logitBias: readonly (readonly [id: number, bias: number])[];
  /** Undefined: no log-probabilities. */
  topLogProbabilities?: number;
  /** GBNF with the rule `root`. */
  grammar?: string;
}

export interface LoadOptions {
  ggufFile: string;
  contextLength?: number;
  threads?: number;
  parallelSequences: number;
  maxQueue: number;
  cacheType?: "F32" | "F16";
}

export interface LoadedModelInfo {
  contextLength: number;
  vocabSize: number;
  cacheType: string;
  stopIds: readonly number[];
  hasChatTemplate: boolean;
}

export interface GenerationUsage {
  inputTokens: number;
  /** Of the input: those whose state a former request had left behind. */
  cachedTokens: number;
  outputTokens: number;
}

export type HostCall =
  | { method: "render-chat"; messages: readonly ChatMessage[] }
  | { method: "encode-chat"; messages: readonly ChatMessage[] }
  | { method: "tokenize"; text: string }
  | { method: "score"; ids: readonly number[] }
  | { method: "measure" };

export type ToHost =
  | { type: "load"; options: LoadOptions }
  | { type: "generate"; id: number; request: GenerationRequest }
  | { type: "call"; id: number; call: HostCall }
  | { type: "cancel"; id: number };

export type FromHost =
  | { type: "ready"; info: LoadedModelInfo }
  | { type: "start-error"; error: ErrorRecord }
  /** The prompt is tokenised, fits, and stands in the queue. */
  | { type: "accepted"; id: number; inputTokens: number }
  | { type: "delta"; id: number; text: string; tokens: readonly TokenLogProbability[] }
  | { type: "finish"; id: number; reason: "stop" | "length"; raw: string; usage: GenerationUsage }
  | { type: "result"; id: number; value: unknown }
  | { type: "error"; id: number; error: ErrorRecord }
  /** Work goes on although there is nothing to show yet. */
  | { type: "progress" };

type FieldKind = "string" | "number" | "object" | "array" | "any";
type Shapes<Message extends { type: string }> = {
  [Type in Message["type"]]: {
    [Field in Exclude<keyof Extract<Message, { type: Type }>, "type">]: FieldKind;
  };
};

const TO_HOST: Shapes<ToHost> = {
  load: { options: "object" },
  generate: { id: "number", request: "object" },
  call: { id: "number", call: "object" },
  cancel: { id: "number" },
};

const FROM_HOST: Shapes<FromHost> = {
  ready: { info: "object" },
  "start-error": { error: "object" },
  accepted: { id: "number", inputTokens: "number" },
  delta: { id: "number", text: "string", tokens: "array" },
  finish: { id: "number", reason: "string", raw: "string", usage: "object" },
  result: { id: "number", value: "any" },
  error: { id: "number", error: "object" },
  progress: {},
};

/** The message, or undefined when it has not the shape of one. */
export function asToHost(value: unknown): ToHost | undefined {
  return hasShape(value, TO_HOST) ? (value as unknown as ToHost) : undefined;
}

/** The message, or undefined when it has not the shape of one. */
export function asFromHost(value: unknown): FromHost | undefined {
  return hasShape(value, FROM_HOST) ? (value as unknown as FromHost) : undefined;
}

function hasShape(
  value: unknown,
  shapes: Readonly<Record<string, Readonly<Record<string, FieldKind>>>>,
): boolean {
  if (typeof value !== "object" || value === null) return false;
  const message = value as Readonly<Record<string, unknown>>;
  if (typeof message["type"] !== "string" || !Object.hasOwn(shapes, message["type"])) return false;
  return Object.entries(shapes[message["type"]]!).every(([field, kind]) => isKind(message[field], kind));
}

function isKind(value: unknown, kind: FieldKind): boolean {
  if (kind === "any") return true;
  if (kind === "array") return Array.isArray(value);
  if (kind === "object") return typeof value === "object" && value !== null;
  return typeof value === kind;
}
