import { CommanderError } from "commander";
import { HomegrownError, toErrorRecord } from "@homegrown/contracts";
import { toPrintable } from "./terminal/format.ts";

/** 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Prints code, message and hint (a stack only with `--debug`) and returns the exit code. */
export function reportFailure(error: unknown, options: { debug: boolean; json: boolean }): number {
  if (error instanceof CommanderError) {
    // Commander has printed its own sentence; --help and --version end here too, with code 0.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  const record = toErrorRecord(error);
  if (record.kind === "cancelled") {
    if (options.json) process.stdout.write(`${JSON.stringify({ error: record }, null, 2)}\n`);
    process.stderr.write(toPrintable(`\n${record.message}\n  hint: ${record.hint}\n`));
    return EXIT.interrupted;
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ error: record }, null, 2)}\n`);
  process.stderr.write(toPrintable(`${record.code}: ${record.message}\n  hint: ${record.hint}\n`));
  if (options.debug && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ""}\n`);
    if (error.cause !== undefined)
      process.stderr.write(`cause: ${String((error.cause as Error).stack ?? error.cause)}\n`);
  }
  return error instanceof HomegrownError && error.code.startsWith("cli/usage") ? EXIT.usage : EXIT.failed;
}

/** Options that contradict each other or name what does not exist: exit code 2, like an unknown option. */
export function usage(message: string, hint: string): HomegrownError {
  return new HomegrownError({ code: "cli/usage", kind: "invalid-input", message, hint });
}
