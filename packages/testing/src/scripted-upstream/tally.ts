// What the upstream did, counted by itself: the other side of every ledger.

export interface ModelCount {
  requests: number;
  /** Answered whole. */
  completed: number;
  /** The client left before the answer was whole. */
  cancelled: number;
  /** Met a scripted fault. */
  faulted: number;
  /** Refused as invalid. */
  refused: number;
  inputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** Made, whether or not they arrived. */
  outputTokens: number;
  reasoningTokens: number;
}

/** One request, as its upstream saw it. */
export interface UpstreamRecord {
  /** The answer's id without its prefix; counts up. */
  id: string;
  /** What stood in the body as `#tag=NAME`. */
  tag: string | undefined;
  path: string;
  model: string;
  streamed: boolean;
  /** The scripted fault that it met. */
  fault: string | undefined;
  outcome: "running" | "completed" | "cancelled" | "faulted" | "refused";
  inputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  /** Milliseconds since 1970; 0 while it runs. */
  endedAt: number;
}

export interface SeenBody {
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: unknown;
}

export interface UpstreamCounts {
  requests: number;
  models: Readonly<Record<string, ModelCount>>;
  /** Answers not yet over, hanging ones too. */
  running: number;
  openConnections: number;
  /** Connections since the start. */
  connections: number;
  /** Clients that followed a redirect. */
  redirected: number;
}

const MAX_RECORDS = 100_000;
const MAX_BODIES = 200;
const MAX_MODELS = 2_000;

export class Tally {
  readonly records: UpstreamRecord[] = [];
  readonly bodies: SeenBody[] = [];
  readonly models = new Map<string, ModelCount>();
  requests = 0;
  running = 0;
  redirected = 0;
  #nextId = 1;

  begin(path: string, model: string, text: string, streamed: boolean): UpstreamRecord {
    const record: UpstreamRecord = {
      id: String(this.#nextId++).padStart(8, "0"),
      tag: /#tag=([\w.:-]{1,100})/.exec(text)?.[1],
      path,
      model,
      streamed,
      fault: undefined,
      outcome: "running",
      inputTokens: 0,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
      endedAt: 0,
    };
    this.requests++;
    this.running++;
    if (this.records.length < MAX_RECORDS) this.records.push(record);
    this.#countOf(model).requests++;
    return record;
  }

  /** Idempotent. */
  end(record: UpstreamRecord, outcome: Exclude<UpstreamRecord["outcome"], "running">): void {
    if (record.outcome !== "running") return;
    record.outcome = outcome;
    record.endedAt = Date.now();
    this.running--;
    const count = this.#countOf(record.model);
    count[outcome]++;
    count.inputTokens += record.inputTokens;
    count.cacheReadTokens += record.cacheReadTokens;
    count.cacheWriteTokens += record.cacheWriteTokens;
    count.outputTokens += record.outputTokens;
    count.reasoningTokens += record.reasoningTokens;
  }

  see(body: SeenBody): void {
    this.bodies.push(body);
    if (this.bodies.length > MAX_BODIES) this.bodies.shift();
  }

  /** What runs goes on, and is counted when it ends. */
  reset(): void {
    this.records.length = 0;
    this.bodies.length = 0;
    this.models.clear();
    this.requests = 0;
    this.redirected = 0;
  }

  #countOf(model: string): ModelCount {
    let count = this.models.get(model);
    if (count === undefined) {
      count = {
        requests: 0,
        completed: 0,
        cancelled: 0,
        faulted: 0,
        refused: 0,
        inputTokens: 0,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 0,
        reasoningTokens: 0,
      };
      if (this.models.size >= MAX_MODELS) return count;
      this.models.set(model, count);
    }
    return count;
  }
}
