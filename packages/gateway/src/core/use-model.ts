import { HomegrownError } from "@homegrown/contracts";
import type { ModelDirectory, ModelLease } from "@homegrown/contracts";

/**
 * Holds the named model while `use` runs, and lets go of it exactly once, however that ends.
 * Throws `gateway/model-not-found` for a name that the directory does not serve.
 */
export async function useModel<T>(
  directory: ModelDirectory,
  name: string,
  signal: AbortSignal,
  use: (lease: ModelLease) => Promise<T>,
): Promise<T> {
  const lease = await acquire(directory, name);
  try {
    signal.throwIfAborted();
    return await use(lease);
  } finally {
    lease.release();
  }
}

async function acquire(directory: ModelDirectory, name: string): Promise<ModelLease> {
  try {
    return await directory.acquire(name);
  } catch (error) {
    if (error instanceof HomegrownError && error.kind === "not-found") throw modelNotFound(name, error);
    throw error;
  }
}

export function modelNotFound(name: string, cause?: unknown): HomegrownError {
  return new HomegrownError({
    code: "gateway/model-not-found",
    kind: "not-found",
    message: `The model ${JSON.stringify(name)} does not exist here.`,
    hint: "Ask GET /v1/models for the names that are served.",
    cause,
  });
}
