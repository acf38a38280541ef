// One life of a host child: forked, loaded, spoken to, ended.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { fromErrorRecord } from "@homegrown/contracts";
import type { HomegrownError } from "@homegrown/contracts";
import { startFailed } from "./host-errors.ts";
import { asFromHost } from "./messages.ts";
import type { FromHost, LoadOptions, LoadedModelInfo, ToHost } from "./messages.ts";

const HOST_MAIN = fileURLToPath(new URL("./host-main.ts", import.meta.url));
const KEPT_STDERR_CHARACTERS = 2000;
const CLOSE_PATIENCE_MS = 3000;

export interface LinkListener {
  message(message: FromHost): void;
  /** Once, after `ready`, when the process has ended without being asked to. */
  ended(reason: string): void;
}

export class ChildLink {
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  #stderr = "";
  #isClosing = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_STDERR_CHARACTERS);
    });
    // Its last words count: an end is complete when stderr is. (`close` is not emitted after a disconnect.)
    const said = new Promise((resolve) => child.stderr!.once("close", resolve));
    this.#exited = new Promise((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => {
        void said.then(() => resolve(toReason(code, signal, this.#stderr.trim())));
      });
    });
  }

  /** Throws the host's own start error, or `serving/start-failed` when it ends or is silent too long. */
  static async open(
    modelId: string,
    options: LoadOptions,
    timeoutMs: number,
    listener: LinkListener,
  ): Promise<{ link: ChildLink; info: LoadedModelInfo }> {
    const child = fork(HOST_MAIN, [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // Neither the parent's test runner nor its loaders belong into a host.
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    const link = new ChildLink(child);
    const info = await link.#load(modelId, options, timeoutMs);
    child.on("message", (value) => {
      const message = asFromHost(value);
      if (message === undefined) child.kill("SIGKILL");
      else listener.message(message);
    });
    void link.#exited.then((reason) => {
      if (!link.#isClosing) listener.ended(reason);
    });
    return { link, info };
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToHost): void {
    // A broken channel is followed by the end of the process, which is what gets reported.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#child.connected) this.#child.disconnect();
    const impatient = setTimeout(() => this.kill(), CLOSE_PATIENCE_MS);
    await this.#exited;
    clearTimeout(impatient);
  }

  async #load(modelId: string, options: LoadOptions, timeoutMs: number): Promise<LoadedModelInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<LoadedModelInfo>();
    const first = (value: unknown): void => {
      const message = asFromHost(value);
      if (message?.type === "ready") resolve(message.info);
      else if (message?.type === "start-error") reject(fromErrorRecord(message.error));
      else reject(startFailed(modelId, "its first message is of an unknown shape"));
    };
    const timer = setTimeout(
      () => reject(startFailed(modelId, `nothing heard for ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.#child.once("message", first);
    void this.#exited.then((reason) => reject(startFailed(modelId, reason)));
    this.send({ type: "load", options });
    try {
      return await promise;
    } catch (error) {
      await this.close();
      throw error as HomegrownError;
    } finally {
      clearTimeout(timer);
      this.#child.off("message", first);
    }
  }
}

/** How it ended and the line that says most: stacks and paths do not belong into what a client reads. */
function toReason(code: number | null, signal: NodeJS.Signals | null, said: string): string {
  const how = signal ? `signal ${signal}` : `exit code ${code}`;
  const lines = said.split("\n").map((line) => line.trim());
  const telling = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.findLast((line) => line !== "");
  return telling === undefined ? how : `${how}: ${telling.slice(0, 200)}`;
}
