// The command line as its users run it: a child process, its output, its exit code.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/homegrown.js", import.meta.url));
/** Generous: a test that needs it has failed. */
const TIMEOUT_MS = 200_000;

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly outcome: Promise<Outcome>;
}

export interface CommandOptions {
  cwd?: string;
  /** Piped in, then ended; default: nothing. */
  input?: string;
  /** Leads a process group of its own, which a signal to its negative id reaches as a whole. */
  detached?: boolean;
  /** On top of the test runner's own. */
  env?: Readonly<Record<string, string>>;
}

/** Starts `homegrown <args>`; environment variables of a test runner are not passed on. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", ...options.env };
  delete env["NODE_TEST_CONTEXT"];
  const child = spawn(process.execPath, [BIN, ...args], {
    env,
    stdio: ["pipe", "pipe", "pipe"],
    cwd: options.cwd ?? path.dirname(BIN),
    detached: options.detached ?? false,
  });
  // A command that ends without reading its input is no failure of the test.
  child.stdin.on("error", () => undefined).end(options.input ?? "");
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const outcome = once(child, "close").then(([code]) => {
    clearTimeout(timer);
    return { code: code as number | null, stdout, stderr };
  });
  return { child, stdout: () => stdout, stderr: () => stderr, outcome };
}

export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return startCommand(args, options).outcome;
}

/** Runs with `--json` and parses standard output; throws with both outputs when it did not end with 0. */
export async function runJson<Result>(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Result> {
  const outcome = await runCommand([...args, "--json"], options);
  if (outcome.code !== 0)
    throw new Error(
      `homegrown ${args.join(" ")} ended with ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`,
    );
  return JSON.parse(outcome.stdout) as Result;
}

/** Resolves once standard output and error together match; throws when the command ends before. */
export async function untilPrinted(command: RunningCommand, pattern: RegExp): Promise<void> {
  while (!pattern.test(command.stderr() + command.stdout())) {
    if (command.child.exitCode !== null) throw new Error(`ended early: ${command.stderr()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface RunningServer {
  readonly url: string;
  readonly command: RunningCommand;
  /** Ends it as a person would, with Ctrl+C, and returns how it ended. */
  stop(): Promise<Outcome>;
}

/** `homegrown serve` on a free port, once it has said where it listens. */
export async function startServer(
  home: string,
  { args = [], ...options }: CommandOptions & { args?: readonly string[] } = {},
): Promise<RunningServer> {
  const command = startCommand(["serve", "--home", home, "--port", "0", ...args], options);
  const url = await new Promise<string>((resolve, reject) => {
    const look = (): void => {
      const found = /http:\/\/[\d.]+:\d+/.exec(command.stdout());
      if (found) resolve(found[0]);
    };
    command.child.stdout!.on("data", look);
    void command.outcome.then(({ code, stderr }) => reject(new Error(`serve ended with ${code}: ${stderr}`)));
  });
  return {
    url,
    command,
    async stop() {
      command.child.kill("SIGINT");
      return command.outcome;
    },
  };
}
