// Names → versions → hosts. A name's host starts at its first request. When the source names another version,
// the new host is started and warmed beside the old one; then the pointer moves, in one synchronous step: a
// request gets wholly the one or wholly the other, and the old host ends with its last request.
import { HomegrownError } from "@homegrown/contracts";
import type { ListedModel, ModelDirectory, ModelLease } from "@homegrown/contracts";
import { startModelHost } from "../host/model-host.ts";
import type { ModelHostOptions } from "../host/model-host.ts";
import { RunningVersion } from "./running-version.ts";

/** One name and the version that it stands for now. */
export interface ServedVersion {
  name: string;
  /** Immutable: a new content is a new version. */
  version: string;
  ggufFile: string;
  createdAt: Date;
  ownedBy: string;
  /** Checks what lies on disk; runs before each load, also after a crash. */
  verify?: () => Promise<unknown>;
}

/** Where the pool learns which names are served; read at start and at every `refresh`. */
export interface ModelSource {
  list(): Promise<readonly ServedVersion[]>;
}

export interface ModelPoolOptions {
  source: ModelSource;
  hostOptions?: Omit<ModelHostOptions, "ggufFile" | "modelId" | "beforeLoad">;
  onEvent?: (event: PoolEvent) => void;
}

export type PoolEvent =
  | { event: "version-swap"; name: string; from: string; to: string; milliseconds: number }
  | { event: "version-refuse"; name: string; kept: string; refused: string; error: HomegrownError }
  | { event: "version-retire"; name: string; version: string };

/** What one `refresh` did: names by outcome. */
export interface RefreshResult {
  swapped: readonly { name: string; from: string; to: string }[];
  /** The new version did not start: the old one goes on answering. */
  refused: readonly { name: string; kept: string; refused: string; error: HomegrownError }[];
  added: readonly string[];
  removed: readonly string[];
}

/** The directory of own models: hosts start on first use and are swapped without a gap. */
export interface ModelPool extends ModelDirectory {
  refresh(): Promise<RefreshResult>;
  /** Refuses new requests, waits for the running ones (at most `drainMs`, default 30,000), ends every host. */
  close(drainMs?: number): Promise<void>;
}

const DRAIN_MS = 30_000;

interface Slot {
  served: ServedVersion;
  /** Absent until the first request, after a start that failed, and once its host was given up. */
  running?: Promise<RunningVersion>;
}

/** Reads the source once; starts no host. */
export async function createModelPool(options: ModelPoolOptions): Promise<ModelPool> {
  const pool = new Pool(options);
  await pool.refresh();
  return pool;
}

class Pool implements ModelPool {
  readonly #options: ModelPoolOptions;
  readonly #slots = new Map<string, Slot>();
  /** Every version that has a host, those on their way out too. */
  readonly #alive = new Set<RunningVersion>();
  #refreshing: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: ModelPoolOptions) {
    this.#options = options;
  }

  async list(): Promise<readonly ListedModel[]> {
    return [...this.#slots.values()].map(({ served: { name, createdAt, ownedBy } }) => ({
      id: name,
      createdAt,
      ownedBy,
    }));
  }

  has(name: string): boolean {
    return this.#slots.has(name);
  }

  async acquire(name: string): Promise<ModelLease> {
    for (;;) {
      if (this.#isClosed) throw closing();
      const slot = this.#slots.get(name);
      if (slot === undefined) throw unknownModel(name, [...this.#slots.keys()]);
      const starting = (slot.running ??= this.#start(slot.served));
      try {
        const lease = (await starting).lease();
        if (lease !== undefined) return lease;
      } catch (error) {
        // The next request tries again.
        forget(slot, starting);
        throw error;
      }
      // Swapped meanwhile, then the slot has a newer one; or its host was given up, then this starts afresh.
      forget(slot, starting);
    }
  }

  /** One at a time: a second call sees what the first one left. */
  refresh(): Promise<RefreshResult> {
    const result = this.#refreshing.then(() => this.#refresh());
    this.#refreshing = result.catch(() => undefined);
    return result;
  }

  async close(drainMs = DRAIN_MS): Promise<void> {
    this.#isClosed = true;
    await this.#refreshing;
    await Promise.allSettled([...this.#slots.values()].map(({ running }) => running));
    await Promise.all([...this.#alive].map((running) => running.retire(drainMs)));
  }

  async #refresh(): Promise<RefreshResult> {
    const wanted = new Map((await this.#options.source.list()).map((served) => [served.name, served]));
    const removed = [...this.#slots.keys()].filter((name) => !wanted.has(name));
    for (const name of removed) {
      const { running } = this.#slots.get(name)!;
      this.#slots.delete(name);
      this.#retire(running);
    }
    const added = [...wanted.keys()].filter((name) => !this.#slots.has(name));
    const swapped: { name: string; from: string; to: string }[] = [];
    const refused: { name: string; kept: string; refused: string; error: HomegrownError }[] = [];
    for (const served of wanted.values()) {
      const slot = this.#slots.get(served.name);
      if (slot === undefined) this.#slots.set(served.name, { served });
      else if (slot.served.version === served.version) slot.served = served;
      else {
        const { name, version: from } = slot.served;
        try {
          await this.#swap(slot, served);
          swapped.push({ name, from, to: served.version });
        } catch (error) {
          if (!(error instanceof HomegrownError)) throw error;
          refused.push({ name, kept: from, refused: served.version, error });
          this.#options.onEvent?.({ event: "version-refuse", ...refused.at(-1)! });
        }
      }
    }
    return { swapped, refused, added, removed };
  }

  async #swap(slot: Slot, served: ServedVersion): Promise<void> {
    const started = performance.now();
    const next = await this.#start(served);
    const { served: former, running: old } = slot;
    slot.served = served;
    slot.running = Promise.resolve(next);
    this.#retire(old);
    const milliseconds = Math.round(performance.now() - started);
    const { name, version: to } = served;
    this.#options.onEvent?.({ event: "version-swap", name, from: former.version, to, milliseconds });
  }

  async #start(served: ServedVersion): Promise<RunningVersion> {
    const { name, version, ggufFile, verify } = served;
    const { hostOptions, onEvent } = this.#options;
    const givenUp = Promise.withResolvers<void>();
    const host = await startModelHost({
      ...hostOptions,
      ggufFile,
      modelId: name,
      ...(verify && { beforeLoad: verify }),
      onEvent: (event) => {
        hostOptions?.onEvent?.(event);
        if (event.event === "host-fail") givenUp.resolve();
      },
    });
    const running = new RunningVersion(version, host, () => {
      this.#alive.delete(running);
      onEvent?.({ event: "version-retire", name, version });
    });
    this.#alive.add(running);
    // A host that stays down gives no more leases: the name's next request starts another.
    void givenUp.promise.then(() => running.retire());
    return running;
  }

  /** Nobody waits for it: requests may still run for long. */
  #retire(running: Promise<RunningVersion> | undefined): void {
    void running?.then(
      (version) => version.retire(),
      () => undefined,
    );
  }
}

/** Unless another has taken its place. */
function forget(slot: Slot, running: Promise<RunningVersion>): void {
  if (slot.running === running) delete slot.running;
}

function unknownModel(name: string, known: readonly string[]): HomegrownError {
  return new HomegrownError({
    code: "serving/unknown-model",
    kind: "not-found",
    message: `no model named ${JSON.stringify(name)} is served here`,
    hint: known.length > 0 ? `Choose one of: ${known.join(", ")}.` : "Train or import a model first.",
    details: { name },
  });
}

function closing(): HomegrownError {
  return new HomegrownError({
    code: "serving/closing",
    kind: "unavailable",
    message: "the server is ending and takes no more requests",
    hint: "Try again when it is back.",
    retryable: true,
  });
}
