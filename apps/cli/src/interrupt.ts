// SIGINT and SIGTERM as an AbortSignal: the first asks the work to stop at a safe point, the second of
// a kind ends the process at once (whatever was reported done is on disk already).
import { HomegrownError } from "@homegrown/contracts";

export interface Interruption {
  readonly signal: AbortSignal;
  dispose(): void;
}

export function listenForInterrupt(onFirst?: () => void): Interruption {
  const controller = new AbortController();
  const handle = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      // The system's own way to end: process.exit would run native destructors under computing threads.
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
      return;
    }
    onFirst?.();
    controller.abort(interrupted());
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  return {
    signal: controller.signal,
    dispose() {
      process.off("SIGINT", handle);
      process.off("SIGTERM", handle);
    },
  };
}

export function interrupted(): HomegrownError {
  return new HomegrownError({
    code: "cli/interrupted",
    kind: "cancelled",
    message: "Interrupted; everything reported as done is kept.",
    hint: "Run the same command again: it goes on from the last checkpoint.",
  });
}
