import type { ModelDirectory } from "@homegrown/contracts";
import type { Router } from "../routing/router.ts";

/** Whether the configuration in force, or one of the own models, has this name. */
export function createAliasCheck(
  directory: ModelDirectory | undefined,
  routing: { readonly router: Router; readonly config: { own: { expose: boolean } } },
): (alias: string) => boolean {
  let router: Router | undefined;
  let aliases: ReadonlySet<string> = new Set();
  return (alias) => {
    if (router !== routing.router) {
      router = routing.router;
      aliases = new Set(router.aliases);
    }
    return aliases.has(alias) || (routing.config.own.expose && directory?.has(alias) === true);
  };
}
