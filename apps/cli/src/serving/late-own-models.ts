// Own models of a gateway that may have none: what serves them is loaded once there is a first one, also while
// the gateway runs, because it costs more to load than the rest of the gateway together.
import { readdir } from "node:fs/promises";
import { HomegrownError } from "@homegrown/contracts";
import type { ListedModel, ModelDirectory, ModelLease } from "@homegrown/contracts";
import { homePaths } from "@homegrown/storage";
import type { OwnModels } from "../own-models.ts";
import type { ServingEvent } from "../terminal/serving-log.ts";

const LOOK_MS = 1000;

export interface LateOwnModelsOptions {
  home: string;
  onEvent: (event: ServingEvent) => void;
  /** Told once of each kind of failure; the look goes on. */
  onFault: (error: unknown) => void;
}

/** Whether any version was ever registered here. */
export async function hasOwnModels(home: string): Promise<boolean> {
  try {
    return (await readdir(homePaths(home).models)).length > 0;
  } catch {
    return false;
  }
}

export class LateOwnModels implements ModelDirectory {
  readonly #options: LateOwnModelsOptions;
  readonly #told = new Set<string>();
  #opened: OwnModels | undefined;
  #opening: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  static async open(options: LateOwnModelsOptions): Promise<LateOwnModels> {
    const models = new LateOwnModels(options);
    if (await hasOwnModels(options.home)) await models.#load();
    else models.#lookLater();
    return models;
  }

  private constructor(options: LateOwnModelsOptions) {
    this.#options = options;
  }

  get isLoaded(): boolean {
    return this.#opened !== undefined;
  }

  list(): Promise<readonly ListedModel[]> {
    return this.#opened?.pool.list() ?? Promise.resolve([]);
  }

  has(name: string): boolean {
    return this.#opened?.pool.has(name) ?? false;
  }

  acquire(name: string): Promise<ModelLease> {
    return this.#opened?.pool.acquire(name) ?? Promise.reject(noModels(name));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#opening;
    await this.#opened?.close();
  }

  async #load(): Promise<void> {
    const { openOwnModels } = await import("../own-models.ts");
    const { home, onEvent } = this.#options;
    this.#opened = await openOwnModels({ home, onEvent });
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => {
      this.#opening = this.#look();
    }, LOOK_MS);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    try {
      if (await hasOwnModels(this.#options.home)) await this.#load();
    } catch (error) {
      this.#tell(error);
    }
    if (this.#opened === undefined && !this.#isClosed) this.#lookLater();
  }

  #tell(error: unknown): void {
    const name = error instanceof HomegrownError ? error.code : String(error);
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.#options.onFault(error);
  }
}

function noModels(name: string): HomegrownError {
  return new HomegrownError({
    code: "cli/unknown-model",
    kind: "not-found",
    message: `no model of this organisation is called ${JSON.stringify(name)}`,
    hint: "List the models to see what there is.",
  });
}
