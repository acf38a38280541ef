// One ONNX Runtime session on the CPU. `run` computes on the calling thread and blocks its event loop:
// servers and interactive programs call it in a worker thread. Values are typed arrays, and may be views
// over a shared WebAssembly memory: inputs are read and preallocated outputs written in place, without a
// copy, and one array may be input and output of the same run.
import { HomegrownError } from "@homegrown/contracts";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { COPY_STOPPER } from "./onnx/model.ts";

export interface SessionOptions {
  /** Threads inside one matrix product. Workers that share a machine use 1 each. */
  readonly threads: number;
  /** File prefix of ONNX Runtime's own profile; absent: no profile. */
  readonly profilePrefix?: string;
}

/** What onnxruntime-node says when it reaches an output that is no tensor; see `COPY_STOPPER`. */
const STOPPED_COPIES = "Non tensor type is temporarily not supported.";

/** A named value. float32 pairs with Float32Array, int64 with BigInt64Array. */
export interface Value {
  readonly data: Float32Array | BigInt64Array;
  readonly shape: readonly number[];
}

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the graph once. Every input must be fed; every output must be given a value to be written into.
   * Throws `engine/run-failed`.
   */
  run(feeds: Readonly<Record<string, Value>>, fetches: Readonly<Record<string, Value>>): Promise<void>;
  /** Like `run` for values bound once: no per-call allocation. The arrays must stay alive. */
  bind(
    feeds: Readonly<Record<string, Value>>,
    fetches: Readonly<Record<string, Value>>,
  ): { run(): Promise<void> };
  /** Writes the profile, if one was asked for: `profilePrefix`, an underscore and the time, `.json`. */
  endProfiling(): void;
  close(): Promise<void>;
}

/** Throws `engine/bad-graph` when ONNX Runtime refuses the bytes. */
export async function createSession(onnx: Uint8Array, options: SessionOptions): Promise<Session> {
  const { threads, profilePrefix } = options;
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(onnx, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      // Plans one block for all activations; measured 878 MB against 587 MB without, at no cost in time.
      enableMemPattern: false,
      logSeverityLevel: 3,
      ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
    });
  } catch (cause) {
    throw new HomegrownError({
      code: "engine/bad-graph",
      kind: "internal",
      message: `ONNX Runtime refused a graph of ${onnx.byteLength} bytes: ${messageOf(cause)}`,
      hint: "Report this with the model's configuration: a graph that builds must also load.",
      cause,
    });
  }
  const stopsCopies = session.outputNames.includes(COPY_STOPPER);
  const run = async (feeds: Record<string, Tensor>, fetches: Record<string, Tensor>): Promise<void> => {
    try {
      await session.run(feeds, stopsCopies ? { ...fetches, [COPY_STOPPER]: null } : fetches);
    } catch (cause) {
      // By then everything has been computed and written into the fetches.
      if (stopsCopies && messageOf(cause) === STOPPED_COPIES) return;
      throw new HomegrownError({
        code: "engine/run-failed",
        kind: "internal",
        message: `running the graph failed: ${messageOf(cause)}`,
        hint: "Check that ids lie inside the vocabulary; otherwise report this with the model's configuration.",
        cause,
      });
    }
  };
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames.filter((name) => name !== COPY_STOPPER),
    run: (feeds, fetches) => run(toTensors(feeds), toTensors(fetches)),
    bind: (feeds, fetches) => {
      const boundFeeds = toTensors(feeds);
      const boundFetches = toTensors(fetches);
      return { run: () => run(boundFeeds, boundFetches) };
    },
    endProfiling: () => session.endProfiling(),
    close: () => session.release(),
  };
}

function toTensors(values: Readonly<Record<string, Value>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(values).map(([name, { data, shape }]) => [
      name,
      data instanceof Float32Array ? new Tensor("float32", data, shape) : new Tensor("int64", data, shape),
    ]),
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
