import { join } from "node:path";
import type { CorpusSource } from "./corpus-source.ts";

const DEFAULT_BYTES = 10_000_000;

/**
 * The text that every installation has: TypeScript declarations and Markdown of the packages under
 * `root`/node_modules, at most `maxBytes` (default 10 MB) of files.
 */
export function defaultCorpus(root: string, options: { maxBytes?: number } = {}): CorpusSource {
  return {
    path: join(root, "node_modules"),
    layout: "packages",
    kinds: ["declarations", "markdown"],
    maxBytes: options.maxBytes ?? DEFAULT_BYTES,
    name: "node_modules",
  };
}
