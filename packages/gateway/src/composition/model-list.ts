import type { ListedModel, ModelDirectory } from "@homegrown/contracts";
import type { Key } from "../core/key.ts";
import type { Router } from "../routing/router.ts";

/** What decides which names a key may use. */
export interface AliasScopes {
  seesAlias(key: Key, alias: string): boolean;
}

const FIRST_SEEN = new Date();

/** The names that a caller may ask for: routes first, then own models that are served by their own names. */
export function createModelList(
  directory: ModelDirectory | undefined,
  routing: { readonly router: Router; readonly config: { own: { expose: boolean } } },
  scopes: AliasScopes | undefined,
): (caller: Key) => Promise<readonly ListedModel[]> {
  return async (caller) => {
    const listed = new Map<string, ListedModel>();
    for (const id of routing.router.aliases) {
      listed.set(id, { id, createdAt: FIRST_SEEN, ownedBy: "homegrown" });
    }
    if (directory && routing.config.own.expose) {
      for (const model of await directory.list()) {
        if (!listed.has(model.id)) listed.set(model.id, model);
      }
    }
    return [...listed.values()].filter(({ id }) => scopes?.seesAlias(caller, id) ?? true);
  };
}
