import { HomegrownError } from "@homegrown/contracts";
import type { ListedModel, ModelDirectory, ModelLease } from "@homegrown/contracts";
import type { MarkovModel } from "./markov-model.ts";

/** A directory that counts its leases, so that a test can see each given back exactly once. */
export class MarkovDirectory implements ModelDirectory {
  acquired = 0;
  released = 0;
  /** Releases of a lease that was released before. */
  releasedTwice = 0;
  readonly #models: ReadonlyMap<string, { version: string; model: MarkovModel }>;

  constructor(models: Readonly<Record<string, { version: string; model: MarkovModel }>>) {
    this.#models = new Map(Object.entries(models));
  }

  get held(): number {
    return this.acquired - this.released;
  }

  async list(): Promise<readonly ListedModel[]> {
    const createdAt = new Date("2026-01-02T03:04:05Z");
    return [...this.#models.keys()].map((id) => ({ id, createdAt, ownedBy: "homegrown" }));
  }

  has(name: string): boolean {
    return this.#models.has(name);
  }

  async acquire(name: string): Promise<ModelLease> {
    const entry = this.#models.get(name);
    if (!entry) {
      throw new HomegrownError({
        code: "testing/unknown-model",
        kind: "not-found",
        message: `No model is called ${JSON.stringify(name)}.`,
        hint: `Use one of ${[...this.#models.keys()].join(", ")}.`,
      });
    }
    this.acquired++;
    let released = false;
    const { version, model } = entry;
    return {
      version,
      chat: model.chat,
      completion: model.completion,
      contextLength: model.contextLength,
      release: () => {
        if (released) this.releasedTwice++;
        else this.released++;
        released = true;
      },
    };
  }
}
