/** One finished request as a log line: who asked what of which model; with which words only on demand. */
export interface RequestRecord {
  requestId: string;
  /** The key's public id, `local` before keys exist. */
  key?: string;
  method: string;
  /** The route's pattern, not the client's path: bounded, and free of what a client may write there. */
  route: string;
  status: number;
  /** `client-left`: the connection ended before the answer did. */
  outcome: "completed" | "failed" | "client-left";
  durationMs: number;
  /** Until the first byte of a streamed answer. */
  firstByteMs?: number;
  streamed: boolean;
  /** Name as the client sent it, only once a model of that name was found. */
  model?: string;
  version?: string;
  target?: string;
  attempts?: number;
  /** In a request that belongs to a trace. */
  traceId?: string;
  /** Null: unknown. */
  costUsd?: number | null;
  /** Answered from the cache. */
  cached?: boolean;
  /** Prompt and answer, cut to size; only where whoever runs the gateway asked for them. */
  content?: { request: string; answer: string | undefined };
  inputTokens?: number;
  outputTokens?: number;
  error?: { code: string; kind: string; message: string };
}
