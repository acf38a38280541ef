// Runs a script in a child process that is killed at a chosen durable step, or not at all. Together they make
// a crash matrix: record the steps of one whole run, then run once for every index below their number.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One message of the channel "homegrown:durable", as it was published. */
export interface RecordedStep {
  step: "write" | "fsync" | "rename" | "commit";
  when: "before" | "after";
  path: string;
  purpose: string;
}

export interface ChildOptions {
  /** A TypeScript or JavaScript file, run by this Node. */
  script: string;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Kill (SIGKILL) at the durable message of this index; absent: never. */
  crashAt?: number;
  /** Kill (SIGKILL) after this time, wherever the child is then; not an error. */
  crashAfterMs?: number;
  /** Kill after this time in any case; default 60 s. */
  timeoutMs?: number;
}

export interface ChildResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** True when the child died by SIGKILL before its time was up. */
  crashed: boolean;
}

/** For `node --import`: the file that watches durable steps inside the child. */
export const CRASH_AT_MODULE: string = new URL("./crash-at.ts", import.meta.url).href;

/** Runs `script` in a child process, killed at durable message `crashAt` if that is given. */
export async function runToCrash(options: ChildOptions): Promise<ChildResult> {
  const env: Record<string, string | undefined> = { ...process.env, ...options.env };
  delete env["HOMEGROWN_TEST_CRASH_AT"];
  // A child of node's test runner that thinks it is a test file prints for machines.
  delete env["NODE_TEST_CONTEXT"];
  if (options.crashAt !== undefined) env["HOMEGROWN_TEST_CRASH_AT"] = String(options.crashAt);
  const child = spawn(
    process.execPath,
    ["--import", CRASH_AT_MODULE, options.script, ...(options.args ?? [])],
    {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, options.timeoutMs ?? 60_000);
  const crashTimer =
    options.crashAfterMs === undefined
      ? undefined
      : setTimeout(() => child.kill("SIGKILL"), options.crashAfterMs);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve([code, signal]));
    });
    if (timedOut) throw new Error(`${options.script} did not end in time; it printed: ${stdout}${stderr}`);
    return { code, signal, stdout, stderr, crashed: signal === "SIGKILL" };
  } finally {
    clearTimeout(timer);
    clearTimeout(crashTimer);
  }
}

/** Runs `script` to its end and returns every durable message it published; throws unless it exits with 0. */
export async function recordDurableSteps(options: Omit<ChildOptions, "crashAt">): Promise<RecordedStep[]> {
  const folder = await mkdtemp(join(tmpdir(), "homegrown-steps-"));
  try {
    const file = join(folder, "steps.jsonl");
    const result = await runToCrash({ ...options, env: { ...options.env, HOMEGROWN_TEST_STEPS_FILE: file } });
    if (result.code !== 0) throw new Error(`${options.script} failed (${result.code}): ${result.stderr}`);
    const text = await readFile(file, "utf8").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as RecordedStep);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
