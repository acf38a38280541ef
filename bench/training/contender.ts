// One side of the comparison: a child process that stays up, sets itself up once, and on request runs some
// steps and says how long they took. JSON lines both ways, so that any language can be a contender.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Measurement {
  readonly seconds: number;
  readonly loss: number;
  /** Largest resident size of the process so far. */
  readonly peakBytes: number;
}

export interface Contender {
  readonly name: string;
  /** What it calls itself: library and version. */
  readonly version: string;
  measure(steps: number): Promise<Measurement>;
  close(): void;
}

export async function startContender(
  name: string,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Contender> {
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (cause) => reject(new Error(`${name} did not start`, { cause })));
    child.once("exit", (code, signal) => reject(new Error(`${name} ended early (${code ?? signal})`)));
  });
  failed.catch(() => {});
  const next = async (): Promise<Record<string, unknown>> => {
    const line = await Promise.race([lines.next(), failed]);
    if (line.done === true) return failed;
    return JSON.parse(line.value) as Record<string, unknown>;
  };
  const { version } = await next();
  return {
    name,
    version: String(version),
    async measure(steps) {
      child.stdin.write(`${JSON.stringify({ steps })}\n`);
      return (await next()) as unknown as Measurement;
    },
    close: () => void child.kill(),
  };
}

/** The other end, for contenders written here: answers each request until the pipe closes. */
export async function serveMeasurements(
  version: string,
  measure: (steps: number) => Promise<{ seconds: number; loss: number }>,
): Promise<void> {
  reply({ version });
  for await (const line of createInterface({ input: process.stdin })) {
    const { steps } = JSON.parse(line) as { steps: number };
    const result = await measure(steps);
    reply({ ...result, peakBytes: process.resourceUsage().maxRSS * 1024 });
  }
}

function reply(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
