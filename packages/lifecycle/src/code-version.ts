import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { RunManifest } from "@homegrown/contracts";

const run = promisify(execFile);

/** The commit that this code is, for the lineage; `unknown` where there is no git checkout. */
export async function readCodeVersion(): Promise<RunManifest["code"]> {
  try {
    const commit = await git("rev-parse", "HEAD");
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return { commit, dirty: changes !== "" };
  } catch {
    return { commit: "unknown", dirty: false };
  }
}

async function git(...args: string[]): Promise<string> {
  return (await run("git", args, { cwd: import.meta.dirname, timeout: 10_000 })).stdout.trim();
}
