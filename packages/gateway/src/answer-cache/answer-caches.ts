import { toMonotonic } from "../routing/clock.ts";
import type { AnswerCacheSettings } from "../routing/route-config.ts";
import { AnswerCache } from "./answer-cache.ts";

/** The caches of all routes. A new configuration keeps the ones whose settings it does not change. */
export class AnswerCaches {
  readonly #clock: () => number;
  readonly #caches = new Map<string, AnswerCache>();

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = toMonotonic(clock);
  }

  /** Undefined where the route keeps no answers. */
  of(alias: string, settings: AnswerCacheSettings | undefined): AnswerCache | undefined {
    if (settings === undefined) return undefined;
    const known = this.#caches.get(alias);
    if (known !== undefined && isEqual(known.settings, settings)) return known;
    const cache = new AnswerCache(settings, this.#clock);
    this.#caches.set(alias, cache);
    return cache;
  }

  /** Forgets the caches of all other routes. */
  retain(aliases: ReadonlySet<string>): void {
    for (const alias of this.#caches.keys()) if (!aliases.has(alias)) this.#caches.delete(alias);
  }
}

function isEqual(a: AnswerCacheSettings, b: AnswerCacheSettings): boolean {
  return (Object.keys(a) as (keyof AnswerCacheSettings)[]).every((name) => a[name] === b[name]);
}
