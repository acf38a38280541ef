// Several processes that share one port: this one accepts connections and hands them round, keeps the others
// alive, and tells them of configurations and of the end. It serves nothing itself.
import cluster from "node:cluster";
import type { Worker } from "node:cluster";
import { once } from "node:events";
import { HomegrownError, fromErrorRecord, toErrorRecord } from "@homegrown/contracts";
import type { GatewayConfig } from "@homegrown/gateway";
import { followConfig } from "./follow-config.ts";
import { hasOwnModels } from "./late-own-models.ts";
import type { Listening } from "./open-gateway.ts";
import type { ServeOptions } from "./serve-alone.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

export interface SharedOptions extends ServeOptions {
  processes: number;
  json: boolean;
}

const FIRST_RESTART_MS = 100;
const MAX_RESTART_MS = 10_000;
/** A process that lived for so long was well: the next one starts soon again. */
const WELL_MS = 10_000;
/** Beyond the drain itself, for the state's last batch. */
const END_MS = 10_000;
const RELOAD_MS = 30_000;

/** Serves until the signal comes. Throws `cli/own-models-need-one-process`, or what the first worker fails with. */
export async function serveShared(options: SharedOptions): Promise<void> {
  const { home, configuration, log, signal } = options;
  await refuseOwnModels(home, configuration.config);
  const group = new WorkerGroup(options);
  const killAll = (): void => group.kill();
  try {
    const listening = await group.start();
    const stopFollowing = followConfig({
      configuration,
      apply: async (config) => {
        await refuseOwnModels(home, config);
        await group.reload(config);
      },
      onEvent: log.event,
    });
    options.onListening(listening);
    // Whatever ends this process, the others must not outlive it for long; see `worker.ts` for signals.
    process.on("exit", killAll);
    if (!signal.aborted) await once(signal, "abort");
    stopFollowing();
  } finally {
    await group.close();
    process.off("exit", killAll);
  }
}

/** Each worker would start every model for itself, and hold it in memory once more. */
async function refuseOwnModels(home: string, { own, routes }: GatewayConfig): Promise<void> {
  const isNamed = Object.values(routes).some(({ targets, shadow }) =>
    [...targets.map(({ target }) => target), shadow?.target ?? ""].some((id) => id.startsWith("own/")),
  );
  if (!isNamed && !(own.expose && (await hasOwnModels(home)))) return;
  throw new HomegrownError({
    code: "cli/own-models-need-one-process",
    kind: "invalid-input",
    message: "own models are served by one process only, and several are asked for",
    hint: "Use `--processes 1`. Or serve own models by a second `homegrown serve` on another port, name that one here as a provider of the kind openai-compatible, and set own.expose to false.",
  });
}

class WorkerGroup {
  readonly #options: SharedOptions;
  readonly #workers = new Set<Worker>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #config: GatewayConfig;
  #isClosing = false;
  #numReloads = 0;
  /** Crashes in a row. */
  #numCrashes = 0;

  constructor(options: SharedOptions) {
    this.#options = options;
    this.#config = options.configuration.config;
    cluster.setupPrimary({ serialization: "advanced" });
  }

  /** The first alone: what is wrong with address or state is then said once. */
  async start(): Promise<Listening> {
    const listening = await this.#fork();
    const others = Array.from({ length: this.#options.processes - 1 }, () => this.#fork());
    await Promise.all(others);
    return listening;
  }

  /** All or none. */
  async reload(config: GatewayConfig): Promise<void> {
    const results = await Promise.all([...this.#workers].map((worker) => this.#reload(worker, config)));
    const failed = results.find((error) => error !== undefined);
    if (failed === undefined) {
      this.#config = config;
      return;
    }
    await Promise.all([...this.#workers].map((worker) => this.#reload(worker, this.#config)));
    throw failed;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const ended = [...this.#workers].map((worker) => once(worker, "exit"));
    for (const worker of this.#workers) send(worker, { type: "drain" });
    const timer = setTimeout(() => this.kill(), this.#config.drainMs + END_MS);
    await Promise.all(ended);
    clearTimeout(timer);
  }

  kill(): void {
    for (const { process: child } of this.#workers) child.kill("SIGKILL");
  }

  #fork(): Promise<Listening> {
    const { home, host, port, json } = this.#options;
    const worker = cluster.fork();
    this.#workers.add(worker);
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      let isListening = false;
      worker.on("message", (message: FromWorker) => {
        if (message.type === "listening") {
          isListening = true;
          resolve(message.listening);
        } else if (message.type === "failed") reject(fromErrorRecord(message.error));
      });
      worker.on("error", () => undefined);
      worker.once("exit", (code: number | null, signal: string | null) => {
        this.#workers.delete(worker);
        const reason = signal ?? `code ${code}`;
        reject(workerEnded(reason));
        if (!isListening && this.#numCrashes === 0) return;
        if (performance.now() - startedAt > WELL_MS) this.#numCrashes = 0;
        this.#startLater(worker.process.pid ?? 0, reason);
      });
      send(worker, { type: "start", home, host, port, json, config: this.#forWorker(this.#config) });
    });
  }

  #startLater(processId: number, reason: string): void {
    if (this.#isClosing) return;
    const restartInMs = Math.min(FIRST_RESTART_MS * 2 ** this.#numCrashes, MAX_RESTART_MS);
    this.#numCrashes++;
    this.#options.log.event({ event: "worker-exit", processId, reason, restartInMs });
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // One that fails to start ends, and is started again for that reason.
      this.#fork().catch((error: unknown) => {
        this.#options.log.event({ event: "fault", error: toErrorRecord(error) });
      });
    }, restartInMs);
    this.#timers.add(timer);
  }

  /** What the worker says against it; one that ends meanwhile starts again with the configuration that holds. */
  #reload(worker: Worker, config: GatewayConfig): Promise<HomegrownError | undefined> {
    const number = ++this.#numReloads;
    return new Promise((resolve) => {
      const finish = (error?: HomegrownError): void => {
        clearTimeout(timer);
        worker.off("message", onMessage).off("exit", onExit);
        resolve(error);
      };
      const onMessage = (message: FromWorker): void => {
        if (message.type !== "reloaded" || message.number !== number) return;
        finish(message.error && fromErrorRecord(message.error));
      };
      const onExit = (): void => finish();
      const timer = setTimeout(() => finish(reloadTimedOut(worker)), RELOAD_MS);
      worker.on("message", onMessage).on("exit", onExit);
      send(worker, { type: "reload", number, config: this.#forWorker(config) });
    });
  }

  /** The command line may ask for more processes than the file; metrics are told apart where there are several. */
  #forWorker(config: GatewayConfig): GatewayConfig {
    return { ...config, processes: this.#options.processes };
  }
}

function send(worker: Worker, message: ToWorker): void {
  // One that is gone says so by its exit.
  if (worker.isConnected()) worker.send(message, undefined, () => undefined);
}

function workerEnded(reason: string): HomegrownError {
  return new HomegrownError({
    code: "cli/worker-ended",
    kind: "unavailable",
    message: `a process of the gateway ended before it served (${reason})`,
    hint: "Look at what it wrote above this; with --processes 1 it says it here.",
  });
}

function reloadTimedOut({ process: { pid } }: Worker): HomegrownError {
  return new HomegrownError({
    code: "cli/reload-timeout",
    kind: "unavailable",
    message: `process ${pid} did not take the configuration over within ${RELOAD_MS} ms`,
    hint: "Change the file again, or restart the gateway.",
  });
}
