import type { ChatModel, CompletionModel, ModelInspection } from "@homegrown/contracts";
import { createChatModel } from "../ports/chat-model.ts";
import { createCompletionModel } from "../ports/completion-model.ts";
import { createInspection } from "../ports/inspection.ts";
import { HostSupervisor } from "./host-supervisor.ts";
import type { LoadOptions } from "./messages.ts";

export interface ModelHostOptions {
  ggufFile: string;
  /** Name under which the ports present themselves. */
  modelId: string;
  /** Tokens of prompt and answer together, per sequence. Default: the trained length, at most 4096. */
  contextLength?: number;
  /** Threads that evaluate. Default: every core. */
  threads?: number;
  /** Requests evaluated together. Default: 4. */
  parallelSequences?: number;
  /** Requests that may wait for a sequence before `serving/queue-full`. Default: 64. */
  maxQueue?: number;
  /** Type of the key-value cache. Default: F32 while it takes no more than 512 MiB, else F16. */
  cacheType?: "F32" | "F16";
  /** Default: 120,000. */
  startTimeoutMs?: number;
  /** Longest time from call to last token, waiting included. Default: 600,000. */
  requestTimeoutMs?: number;
  /** A busy host that says nothing for this long is killed and restarted. Default: 120,000. */
  stallTimeoutMs?: number;
  /** Crashes in a row after which the host stays down. Default: 5. */
  maxRestarts?: number;
  /** Runs before each load of the file, restarts included; when it throws, the file is not loaded. */
  beforeLoad?: () => Promise<unknown>;
  onEvent?: (event: HostEvent) => void;
}

export type HostEvent =
  | { event: "host-start"; modelId: string; processId: number; milliseconds: number }
  | { event: "host-crash"; modelId: string; reason: string; attempt: number; restartInMs: number }
  | { event: "host-fail"; modelId: string; reason: string };

/** Speed and memory of a served model, measured on the host while nothing else runs in it. */
export interface HostMeasurement {
  promptTokensPerSecond: number;
  decodeTokensPerSecond: number;
  /** Largest resident set of the host process so far. */
  peakMemoryBytes: number;
}

/** One own model, loaded in a child process of its own, behind the ports. */
export interface ModelHost {
  readonly modelId: string;
  readonly chat: ChatModel;
  readonly completion: CompletionModel;
  readonly inspection: ModelInspection;
  readonly contextLength: number;
  /** The child's process id; undefined while it is down. */
  readonly processId: number | undefined;
  measure(): Promise<HostMeasurement>;
  /** Ends the child. Requests still running fail with `serving/host-closed`. */
  close(): Promise<void>;
}

/**
 * Loads the model in a child process and resolves when it can answer. Throws what the file's reader found
 * (`models/…`), `serving/load-failed`, `serving/unsupported-tokenizer`, `serving/bad-context-length` or
 * `serving/start-failed`.
 */
export async function startModelHost(options: ModelHostOptions): Promise<ModelHost> {
  const { modelId } = options;
  const { supervisor, info } = await HostSupervisor.start({
    modelId,
    load: toLoadOptions(options),
    beforeLoad: options.beforeLoad ?? (async () => undefined),
    startTimeoutMs: options.startTimeoutMs ?? 120_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 600_000,
    stallTimeoutMs: options.stallTimeoutMs ?? 120_000,
    maxRestarts: options.maxRestarts ?? 5,
    onEvent: options.onEvent ?? (() => undefined),
  });
  return {
    modelId,
    contextLength: info.contextLength,
    chat: createChatModel(modelId, supervisor, info),
    completion: createCompletionModel(modelId, supervisor, info),
    inspection: createInspection(supervisor, info),
    get processId() {
      return supervisor.processId;
    },
    measure: async () => (await supervisor.call({ method: "measure" })) as HostMeasurement,
    close: () => supervisor.close(),
  };
}

function toLoadOptions(options: ModelHostOptions): LoadOptions {
  const { ggufFile, contextLength, threads, cacheType } = options;
  return {
    ggufFile,
    parallelSequences: options.parallelSequences ?? 4,
    maxQueue: options.maxQueue ?? 64,
    ...(contextLength === undefined ? {} : { contextLength }),
    ...(threads === undefined ? {} : { threads }),
    ...(cacheType === undefined ? {} : { cacheType }),
  };
}
