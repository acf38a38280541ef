// The registry's champions as a directory that a gateway can serve: each name stands for its champion,
// and a promotion made by any process is picked up without a restart.
import path from "node:path";
import { HomegrownError } from "@homegrown/contracts";
import { openRegistry, type Registry, type VersionDetails } from "@homegrown/registry";
import {
  createModelPool,
  type ModelPool,
  type ModelPoolOptions,
  type ServedVersion,
} from "@homegrown/serving";

const POLL_MS = 250;

export interface OwnModels {
  readonly pool: ModelPool;
  readonly registry: Registry;
  close(): Promise<void>;
}

export interface OwnModelsOptions {
  home: string;
  onEvent?: ModelPoolOptions["onEvent"];
}

export async function openOwnModels(options: OwnModelsOptions): Promise<OwnModels> {
  const registry = await openRegistry(path.resolve(options.home));
  const known = new Map<string, ServedVersion>();
  const pool = await createModelPool({
    source: { list: () => listChampions(registry, known) },
    ...(options.onEvent && { onEvent: options.onEvent }),
  });
  const watcher = watchAliases(registry, pool);
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

async function listChampions(
  registry: Registry,
  known: Map<string, ServedVersion>,
): Promise<readonly ServedVersion[]> {
  const served: ServedVersion[] = [];
  for (const { name, aliases } of await registry.list()) {
    if (aliases.champion === undefined) continue;
    const reference = `${name}@${aliases.champion}`;
    let version = known.get(reference);
    if (version === undefined) {
      version = toServed(registry, await registry.show(reference));
      known.set(reference, version);
    }
    served.push(version);
  }
  return served;
}

function toServed(registry: Registry, version: VersionDetails): ServedVersion {
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
function watchAliases(registry: Registry, pool: ModelPool): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let lastRevision: number | undefined;
  let running: Promise<void> = Promise.resolve();
  const poll = async (): Promise<void> => {
    const revision = await registry.aliasRevision();
    if (lastRevision !== undefined && revision !== lastRevision) await pool.refresh();
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
