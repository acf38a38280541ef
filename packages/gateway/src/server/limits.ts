/** Bounds that keep one client from taking the server away from the others. */
export interface GatewayLimits {
  /** Largest request body, in bytes; a larger one is refused with 413 while it is still arriving. */
  maxBodyBytes: number;
  /** How deeply arrays and objects of a body may nest. */
  maxJsonDepth: number;
  /** Requests in work at once; one more is told to come back. */
  maxConcurrentRequests: number;
  /** Open TCP connections. */
  maxConnections: number;
  /** Choices of one request: prompts times `n`. */
  maxChoices: number;
  /** Choices of one request that the model works on at once. */
  maxParallelChoices: number;
  /** Of an answer that comes from a provider; a longer one is broken off. */
  maxAnswerBytes: number;
  /** Of one event of a provider's stream. */
  maxEventBytes: number;
  /** Of an answer that is kept for cache, capture or hooks; a longer one is not kept. */
  maxRecordedBytes: number;
  /** From the first byte of a request to the end of its header. */
  headersTimeoutMs: number;
  /** From the first byte of a request to the end of its body. */
  requestTimeoutMs: number;
  /** How long an idle connection is kept for the client's next request. */
  keepAliveTimeoutMs: number;
  /** A client that takes none of the waiting bytes for so long is treated as gone. */
  clientStallMs: number;
  /** How long the rest of a refused body is read and thrown away, so that the client sees the answer. */
  lingerMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  maxBodyBytes: 16 * 1024 * 1024,
  maxJsonDepth: 100,
  maxConcurrentRequests: 1024,
  maxConnections: 4096,
  maxChoices: 128,
  maxParallelChoices: 4,
  maxAnswerBytes: 64 * 1024 * 1024,
  maxEventBytes: 4 * 1024 * 1024,
  maxRecordedBytes: 4 * 1024 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 65_000,
  clientStallMs: 60_000,
  lingerMs: 2_000,
};
