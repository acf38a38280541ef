// How the command starts itself: its first line, for what must run as an installed command does.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const COMMAND = resolve(import.meta.dirname, "../../../apps/cli/bin/homegrown.js");

export interface CommandStart {
  readonly env: Readonly<Record<string, string>>;
  /** For node. */
  readonly flags: readonly string[];
}

/** Throws where the first line does not name node. */
export function readCommandStart(): CommandStart {
  const firstLine = readFileSync(COMMAND, "utf8").split("\n", 1)[0]!;
  const words = /^#!\/usr\/bin\/env -S (.+)$/.exec(firstLine)?.[1]?.split(" ") ?? [];
  const node = words.indexOf("node");
  if (node < 0) throw new Error(`${COMMAND} begins with ${firstLine}`);
  return {
    env: Object.fromEntries(words.slice(0, node).map((word) => word.split("=", 2) as [string, string])),
    flags: words.slice(node + 1),
  };
}
