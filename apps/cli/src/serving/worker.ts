// One of several processes that share a port. It opens the state for itself (budgets stay exact: each process
// holds what was granted to it) and does what the first process says; when that one is gone, it finishes what
// runs and ends.
import { toErrorRecord } from "@homegrown/contracts";
import { createLineWriter } from "../terminal/line-writer.ts";
import { createServingLog } from "../terminal/serving-log.ts";
import { openGateway } from "./open-gateway.ts";
import type { OpenedGateway } from "./open-gateway.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

/** Resolves when the worker has drained. */
export function runWorker(): Promise<void> {
  // Ctrl+C reaches the whole group; the first process decides what it means.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  return new Promise((resolve) => {
    let opening: Promise<OpenedGateway | undefined> | undefined;
    let isEnding = false;
    let isEnded = false;
    const end = async (): Promise<void> => {
      if (isEnding) return;
      isEnding = true;
      await (await opening)?.close();
      isEnded = true;
      if (process.connected) process.disconnect();
      resolve();
    };
    process.on("disconnect", () => {
      // The first process was told a second time to stop, at once.
      if (isEnding && !isEnded) process.exit(1);
      void end();
    });
    process.on("message", (message: ToWorker) => {
      switch (message.type) {
        case "start":
          opening = start(message, () => void end());
          return;
        case "reload":
          void reload(opening, message);
          return;
        case "drain":
          void end();
      }
    });
  });
}

async function start(
  { home, host, port, json, config }: Extract<ToWorker, { type: "start" }>,
  onFailure: () => void,
): Promise<OpenedGateway | undefined> {
  const log = createServingLog({ json, write: createLineWriter(process.stderr).write });
  try {
    const opened = await openGateway({ home, config, host, port, log, withOwnModels: false });
    tell({ type: "listening", listening: opened.listening });
    return opened;
  } catch (error) {
    tell({ type: "failed", error: toErrorRecord(error) });
    onFailure();
    return undefined;
  }
}

async function reload(
  opening: Promise<OpenedGateway | undefined> | undefined,
  { number, config }: Extract<ToWorker, { type: "reload" }>,
): Promise<void> {
  try {
    await (await opening)?.gateway.reload(config);
    tell({ type: "reloaded", number });
  } catch (error) {
    tell({ type: "reloaded", number, error: toErrorRecord(error) });
  }
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}
