// The registry's champions as a directory that a gateway can serve: each name stands for its champion,
// and a promotion made by any process is picked up without a restart.
import path from "node:path";
import { HomegrownError, toErrorRecord } from "@homegrown/contracts";
import { openRegistry, type Registry, type VersionDetails } from "@homegrown/registry";
import { createModelPool, type ModelPool, type ServedVersion } from "@homegrown/serving";
import type { ServingEvent } from "./terminal/serving-log.ts";

const POLL_MS = 250;

export interface OwnModels {
  readonly pool: ModelPool;
  readonly registry: Registry;
  close(): Promise<void>;
}

export interface OwnModelsOptions {
  home: string;
  onEvent?: (event: ServingEvent) => void;
}

export async function openOwnModels(options: OwnModelsOptions): Promise<OwnModels> {
  const { onEvent = () => undefined } = options;
  const registry = await openRegistry(path.resolve(options.home));
  const champions = new Champions(registry, onEvent);
  // Before the first list: a promotion that comes between the two is seen by the first poll.
  const revision = await registry.aliasRevision();
  const pool = await createModelPool({ source: champions, hostOptions: { onEvent }, onEvent });
  const watcher = watchAliases(registry, pool, revision);
  return {
    pool,
    registry,
    async close() {
      await watcher.stop();
      await pool.close();
      await registry.close();
    },
  };
}

/** Each name's champion. One that cannot be read is reported once and skipped: the others are served. */
class Champions {
  readonly #registry: Registry;
  readonly #onEvent: (event: ServingEvent) => void;
  /** What each name stood for when it could last be read. */
  readonly #known = new Map<string, ServedVersion>();
  readonly #reported = new Set<string>();

  constructor(registry: Registry, onEvent: (event: ServingEvent) => void) {
    this.#registry = registry;
    this.#onEvent = onEvent;
  }

  async list(): Promise<readonly ServedVersion[]> {
    const served: ServedVersion[] = [];
    for (const { name, aliases } of await this.#registry.list()) {
      if (aliases.champion === undefined) continue;
      const version = await this.#read(name, `${name}@${aliases.champion}`);
      if (version !== undefined) served.push(version);
    }
    return served;
  }

  async #read(name: string, reference: string): Promise<ServedVersion | undefined> {
    const known = this.#known.get(name);
    if (known?.version === reference) return known;
    try {
      const version = toServed(this.#registry, await this.#registry.show(reference));
      this.#known.set(name, version);
      return version;
    } catch (error) {
      if (!this.#reported.has(reference)) {
        this.#reported.add(reference);
        const kept = known && { kept: known.version };
        this.#onEvent({
          event: "model-skip",
          name,
          version: reference,
          ...kept,
          error: toErrorRecord(error),
        });
      }
      return known;
    }
  }
}

/** A version as a pool takes it; its files are verified before each load. */
export function toServed(registry: Registry, version: VersionDetails): ServedVersion {
  const { name, folder, reference, lineage, createdAt } = version;
  return {
    name,
    version: reference,
    ggufFile: path.join(folder, firstWeights(lineage.weights, reference)),
    createdAt: new Date(createdAt),
    ownedBy: "homegrown",
    verify: () => registry.verify(reference),
  };
}

function firstWeights(weights: readonly { file: string }[], reference: string): string {
  const first = weights[0];
  if (first) return first.file;
  throw new HomegrownError({
    code: "cli/no-weights",
    kind: "corrupt",
    message: `${reference} names no weights that a server can load`,
    hint: "Train or import the model again.",
  });
}

/** Refreshes the pool whenever an alias moved, also when another process moved it. */
function watchAliases(registry: Registry, pool: ModelPool, firstRevision: number): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let lastRevision = firstRevision;
  let running: Promise<void> = Promise.resolve();
  const poll = async (): Promise<void> => {
    const revision = await registry.aliasRevision();
    if (revision !== lastRevision) await pool.refresh();
    lastRevision = revision;
  };
  const schedule = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      // A database that is busy for a moment is asked again at the next poll.
      running = poll()
        .catch(() => undefined)
        .then(schedule);
    }, POLL_MS);
    timer.unref();
  };
  schedule();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
