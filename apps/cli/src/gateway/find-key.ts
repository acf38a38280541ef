import { HomegrownError } from "@homegrown/contracts";
import { listKeys } from "@homegrown/gateway";
import type { GatewayDatabase, Key } from "@homegrown/gateway";

/** By its id, or by its whole name where only one key has it. Throws `cli/unknown-key` or `cli/ambiguous-key`. */
export async function findKey(database: GatewayDatabase, wanted: string): Promise<Key> {
  const keys = await listKeys(database);
  const found = keys.find(({ id }) => id === wanted);
  if (found !== undefined) return found;
  const named = keys.filter(({ name }) => name === wanted);
  if (named.length === 1) return named[0]!;
  throw named.length === 0 ? unknownKey(wanted) : ambiguousKey(wanted, named);
}

function unknownKey(wanted: string): HomegrownError {
  // Somebody may have pasted the key itself.
  const shown = wanted.startsWith("hg_") ? "with that text" : JSON.stringify(wanted.slice(0, 100));
  return new HomegrownError({
    code: "cli/unknown-key",
    kind: "not-found",
    message: `there is no key ${shown}`,
    hint: "Use the eight characters that `homegrown keys list` shows, or a name.",
  });
}

function ambiguousKey(wanted: string, named: readonly Key[]): HomegrownError {
  return new HomegrownError({
    code: "cli/ambiguous-key",
    kind: "invalid-input",
    message: `${named.length} keys are called ${JSON.stringify(wanted)}: ${named.map(({ id }) => id).join(", ")}`,
    hint: "Use the id of the one that is meant.",
  });
}
