// Entry of a short-lived process: runs one configuration file and hands what it exports to the parent as JSON,
// over a pipe of its own, so that whatever the file prints cannot be taken for it. Loads nothing of the gateway.
import { writeSync } from "node:fs";
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import type { ConfigReport } from "./config-report.ts";
import { findNonJson } from "./find-non-json.ts";

/** What people import `defineConfig` from; here it must not start the whole package, nor need to be installed. */
const OWN_NAMES: ReadonlySet<string> = new Set(["homegrown", "@homegrown/gateway"]);
const DEFINE_CONFIG = new URL("./define-config.ts", import.meta.url).href;
const RESULT_PIPE = 3;

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    OWN_NAMES.has(specifier) ? { url: DEFINE_CONFIG, shortCircuit: true } : nextResolve(specifier, context),
});

report(await readConfig(pathToFileURL(process.argv[2]!).href));

async function readConfig(url: string): Promise<ConfigReport> {
  const module = await importConfig(url);
  const exported = "default" in module ? module["default"] : module["config"];
  if (exported === undefined) return { kind: "no-export" };
  if (typeof exported === "function") return { kind: "not-plain", path: [], found: "a function" };
  const value: unknown = await exported;
  const fault = findNonJson(value);
  return fault === undefined ? { kind: "config", value } : { kind: "not-plain", ...fault };
}

async function importConfig(url: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    const { name, message } =
      error instanceof Error ? error : { name: "Thrown", message: `a ${typeof error} instead of an error` };
    send({ kind: "threw", name, message });
    // Only what ends the process shows the line of a syntax error; the parent reads it from stderr.
    throw error;
  }
}

function report(result: ConfigReport): void {
  send(result);
  // Timers and servers of the file do not keep this process.
  process.exit(0);
}

function send(result: ConfigReport): void {
  const bytes = Buffer.from(JSON.stringify(result));
  for (let at = 0; at < bytes.length;) at += writeSync(RESULT_PIPE, bytes, at);
}
