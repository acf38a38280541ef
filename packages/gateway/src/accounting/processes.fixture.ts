// Starts the children of these tests and ends them, whatever happens to the test.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandStart } from "@homegrown/testing";
import type { AccountEntry, ModelSums } from "./counting-upstream.fixture.ts";
import type { GatewaySettings } from "./gateway.fixture.ts";

const START_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 15_000;
const PLAIN: CommandStart = { env: {}, flags: [] };

export class Child {
  readonly said: string;
  /** What it wrote to standard error: nothing, if all is well. */
  complaints = "";
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, said: string, complaints: string) {
    this.#process = process;
    this.said = said;
    this.complaints = complaints;
    process.stderr!.on("data", (text: string) => (this.complaints += text));
  }

  /** Resolves with what it prints behind "ready". */
  static start(script: string, args: readonly string[], as: CommandStart = PLAIN): Promise<Child> {
    // A child of node's test runner that thinks it is a test file prints for machines.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, [...as.flags, join(import.meta.dirname, script), ...args], {
      // Most of a start is the same work each time, and leaves 40 MB behind that an installed gateway does not have.
      env: { ...env, ...as.env, NODE_COMPILE_CACHE: join(tmpdir(), "homegrown-compile-cache") },
    });
    child.stdin.on("error", () => {});
    return new Promise((resolve, reject) => {
      let output = "";
      let complaints = "";
      const fail = (why: string): void => {
        clearTimeout(timer);
        child.kill("SIGKILL");
        reject(new Error(`${script} ${why}; it said: ${output}${complaints}`));
      };
      const timer = setTimeout(() => fail("was not ready in time"), START_TIMEOUT_MS);
      child.once("error", (error) => fail(error.message));
      child.once("exit", (code) => fail(`ended with ${code}`));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const match = /ready (\S+)\n/.exec(output);
        if (!match) return;
        clearTimeout(timer);
        child.removeAllListeners("exit");
        child.stderr.removeAllListeners("data");
        resolve(new Child(child, match[1]!, complaints));
      });
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** In good order; throws when it does not end so. */
  async end(): Promise<void> {
    const code = await this.#ended(() => this.#process.stdin!.end());
    if (code !== 0) throw new Error(`a child ended with ${code}; it said: ${this.complaints}`);
  }

  /** At once, as `kill -9` does. */
  async kill(): Promise<void> {
    await this.#ended(() => this.#process.kill("SIGKILL"));
  }

  async #ended(end: () => void): Promise<number | null> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const timer = setTimeout(() => child.kill("SIGKILL"), END_TIMEOUT_MS);
    const code = await new Promise<number | null>((resolve) => {
      child.once("exit", resolve);
      end();
    });
    clearTimeout(timer);
    return code;
  }
}

/** The counting upstream's address and account. */
export class Upstream {
  readonly child: Child;
  readonly url: string;

  private constructor(child: Child) {
    this.child = child;
    this.url = `http://127.0.0.1:${child.said}`;
  }

  /** `sums`: it keeps totals only. `delayMs` is before every answer. */
  static async start(keeps: "entries" | "sums" = "entries", { delayMs = 0 } = {}): Promise<Upstream> {
    return new Upstream(await Child.start("counting-upstream.fixture.ts", [keeps, String(delayMs)]));
  }

  async account(): Promise<AccountEntry[]> {
    return (await (await fetch(`${this.url}/account`)).json()) as AccountEntry[];
  }

  async sums(): Promise<Record<string, ModelSums>> {
    return (await (await fetch(`${this.url}/sums`)).json()) as Record<string, ModelSums>;
  }
}

/** A gateway in a process of its own; `said` is its address. */
export function startGatewayProcess(settings: GatewaySettings, start?: CommandStart): Promise<Child> {
  return Child.start("gateway.fixture.ts", [JSON.stringify(settings)], start);
}
