import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { startFailed } from "./host-errors.ts";

const TIMEOUT_MS = 60_000;

/** Run in a process of its own, as the hosts are: a binary that does not fit the processor ends only that. */
const PROBE = `
import { getLlama, getModuleVersion } from "node-llama-cpp";
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const { release } = llama.llamaCppRelease;
process.stdout.write("llama.cpp " + release + " (node-llama-cpp " + (await getModuleVersion()) + ", CPU)");
process.exit(0);
`;

/** Starts the serving engine and names it. Throws `serving/start-failed` where it does not start. */
export async function describeRuntime(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", PROBE], {
      cwd: import.meta.dirname,
      timeout: TIMEOUT_MS,
    });
    return stdout;
  } catch (error) {
    throw startFailed("the engine's own test", error instanceof Error ? error.message : String(error));
  }
}
