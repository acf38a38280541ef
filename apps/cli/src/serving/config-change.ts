// What is different between two configurations, in the words of the file, and which of it waits for a restart.
import { isDeepStrictEqual } from "node:util";
import type { GatewayConfig } from "@homegrown/gateway";

export interface ConfigChange {
  /** For example `routes.fast added`, `providers.openai changed`, `exposeTargets`. */
  now: readonly string[];
  /** Settings that hold from the next start on. */
  afterRestart: readonly string[];
}

/** Read once, when a gateway starts. */
const AT_START: ReadonlySet<keyof GatewayConfig> = new Set([
  "host",
  "port",
  "processes",
  "state",
  "limits",
  "allowedHosts",
  "responses",
  "telemetry",
  "drainMs",
]);
/** Of these each entry has a name of its own. */
const NAMED: ReadonlySet<keyof GatewayConfig> = new Set(["providers", "routes", "hooks", "teams"]);

export function compareConfigs(before: GatewayConfig, after: GatewayConfig): ConfigChange {
  const now: string[] = [];
  const afterRestart: string[] = [];
  for (const name of Object.keys(after) as (keyof GatewayConfig)[]) {
    if (isDeepStrictEqual(before[name], after[name])) continue;
    if (AT_START.has(name)) afterRestart.push(name);
    else if (NAMED.has(name)) now.push(...compareNamed(name, before[name] as object, after[name] as object));
    else now.push(name);
  }
  return { now, afterRestart };
}

function compareNamed(name: string, before: object, after: object): string[] {
  const old = new Map(Object.entries(before));
  const young = new Map(Object.entries(after));
  return [...new Set([...old.keys(), ...young.keys()])].flatMap((key) => {
    if (!old.has(key)) return [`${name}.${key} added`];
    if (!young.has(key)) return [`${name}.${key} removed`];
    return isDeepStrictEqual(old.get(key), young.get(key)) ? [] : [`${name}.${key} changed`];
  });
}
