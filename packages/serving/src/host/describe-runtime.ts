import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { HomegrownError } from "@homegrown/contracts";

const TIMEOUT_MS = 60_000;

/**
 * Starts the serving engine, in a process of its own as the hosts are, and names it. Throws
 * `serving/no-engine` where it does not start.
 */
export async function describeRuntime(): Promise<string> {
  const probe = fileURLToPath(new URL("./runtime-probe.ts", import.meta.url));
  try {
    return (await promisify(execFile)(process.execPath, [probe], { timeout: TIMEOUT_MS })).stdout;
  } catch (cause) {
    throw new HomegrownError({
      code: "serving/no-engine",
      kind: "unavailable",
      message: `llama.cpp does not start on this machine: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "Run `npm ci` again; if it persists this platform has no llama.cpp binary on the registry.",
      cause,
    });
  }
}
